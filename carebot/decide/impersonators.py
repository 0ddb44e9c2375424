"""Does an account that is not ours look like ours and answer our customers?

The phisher's pattern during an outage: a name close to the brand's, replies to people who complain, asks them to write, call or click.
Looking alike is enough to warn when it also replies to somebody; what it says may be an image we cannot read.
"""

from __future__ import annotations

from difflib import SequenceMatcher
from functools import lru_cache

from carebot.config.schema import Rulebook
from carebot.model import Message

ALIKE = 0.86


def looks_like_us(message: Message, rulebook: Rulebook) -> bool:
    """A reply by somebody whose handle is nearly one of ours, or whose name is the brand's with a word of service."""
    if not (message.in_reply_to or message.text.startswith("@")) or not message.author:
        return False
    brand = rulebook.file.brand
    ours = tuple(handle for handles in brand.accounts.values() for handle in handles)
    return _lookalike(message.author, message.author_name, ours, brand.name)


@lru_cache(maxsize=10_000)
def _lookalike(author: str, author_name: str, ours: tuple[str, ...], brand: str) -> bool:
    handle = _bare(author)
    if any(own in handle or _alike(own, handle) for own in map(_bare, ours) if own):
        return True
    name, brand = _bare(author_name), _bare(brand)
    return bool(brand) and brand in name and any(word in name for word in ("soporte", "ayuda", "atencion", "support", "help", "care"))


def _alike(own: str, handle: str) -> bool:
    return abs(len(own) - len(handle)) <= 3 and SequenceMatcher(None, own, handle).ratio() >= ALIKE


def _bare(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum()).translate(str.maketrans("áéíóú01", "aeiouol"))
