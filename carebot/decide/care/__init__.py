"""Each customer's matter: what they need, what they were answered and promised, and its clocks."""
