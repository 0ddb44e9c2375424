"""HTML as the words a reader sees.

A post's markup is a stranger's: it is read in one pass, and nothing in it is followed, loaded or believed.
Not html.parser: 64 KB of "<a <a <a " kept that of Python 3.11.7 busy for 50 s, and "<![<![" made it fail (measured 2026-11).
"""

from __future__ import annotations

import html

MAX_HTML, MAX_TEXT = 65_536, 10_000
BLOCKS = frozenset(("p", "br", "div", "li", "tr", "h1", "h2", "h3", "h4", "blockquote", "pre"))
UNSEEN = frozenset(("script", "style", "template", "noscript"))


def words_of(html_: str) -> str:
    """What a reader would see, one line a block. Reads the first 64 KB only, each letter once."""
    shown, *rest = html_[:MAX_HTML].split("<!--")
    first, *tagged = "".join((shown, *(part.partition("-->")[2] for part in rest))).split("<")
    words, unseen = [first], ""
    for part in tagged:
        inside, closed, after = part.partition(">")
        if not closed or not (inside[:1].isalpha() or inside[:1] in ("/", "!", "?")):
            words.append("" if unseen else f"<{part}")  # a person's own "<": I <3 you
            continue
        name = inside[:20].lstrip("/").split("/")[0].split(" ")[0].strip().lower()
        if unseen:
            unseen = "" if inside.startswith("/") and name == unseen else unseen
        elif name in UNSEEN and not inside.startswith("/"):
            unseen = name
        if not unseen:
            words.append(f"\n{after}" if name in BLOCKS else after)
    lines = (" ".join(line.split()) for line in html.unescape("".join(words)).split("\n"))
    return "\n".join(line for line in lines if line)[:MAX_TEXT]
