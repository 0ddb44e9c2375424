"""What people asked for: the rules file, read and checked. Pure: text in, values and problems out."""
