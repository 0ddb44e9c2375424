"""What is kept, and what no longer may be: one SQLite file, one writer."""
