"""What is going on: from evidence to incidents, and their course until they are over."""
