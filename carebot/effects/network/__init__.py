"""The one way out to the web, and the one way in."""
