"""What people at the desk press: who may, what it does, and what it teaches."""
