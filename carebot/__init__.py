"""carebot watches where customers talk and tells the care desk what is breaking, before it is a crisis."""

__version__ = "0.2.0"
