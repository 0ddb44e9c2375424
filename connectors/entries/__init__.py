"""What a page of newest entries says, whatever dialect it is written in: RSS, Atom, RDF, JSON Feed.

A page is a stranger's file, and one of 2 MB can keep feedparser busy for minutes in a single regular expression, with every
other thread waiting (measured 2026-11). So `read_apart` reads it in a process of its own that holds no secrets and is ended when it
takes too long. That process imports this folder and little else: a page costs 0.1 s of a processor, not the 0.2 s of a whole connector.
"""

from connectors.entries.apart import read_apart
from connectors.entries.page import MOST, Page, Said, read

__all__ = ["MOST", "Page", "Said", "read", "read_apart"]
