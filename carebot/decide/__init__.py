"""What it amounts to. Pure: old state + what is new + now → new state + what to tell."""
