"""Figures people compare: `make bench` prints them, always beside a named peer measured in the same run."""
