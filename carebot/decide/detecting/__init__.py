"""Is there more than usual, and who else says so? From signals to evidence."""
