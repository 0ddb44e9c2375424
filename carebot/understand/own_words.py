"""What a customer says of who they are: "soy @ana_x en Twitter", "I'm @ana on X", "my case number is AB-12345".

Only what is said of oneself counts, with the network named: a handle that is merely mentioned is somebody else's. Anybody can say anything
of themselves, so what follows from it is bounded where it is used (`decide.care.joining`), and shown with these words.
"""

from __future__ import annotations

import re
from typing import NamedTuple

MOST = 2_000  # characters that are read

_NETWORKS = {
    "twitter": "x", "x": "x", "instagram": "instagram", "insta": "instagram", "ig": "instagram", "facebook": "facebook", "fb": "facebook",
    "bluesky": "bluesky", "mastodon": "mastodon", "reddit": "reddit", "telegram": "telegram", "youtube": "youtube",
    "app store": "app_store", "google play": "google_play", "play store": "google_play",
}  # fmt: skip
_NAMES = "|".join(sorted(_NETWORKS, key=len, reverse=True))
_ME = r"(?:soy|i'm|i’m|i am|im|aquí|this is|me llamo|escribo como|también escribo como|escribí como|i wrote as|posting as|i post as)"
_MY = r"(?:mi (?:usuario|cuenta|perfil|nombre|arroba|nick)|my (?:user ?name|account|handle|profile|user|nick))"
_IS = r"(?: (?:es|is|:)|:)?"
_HANDLE = r"@?(?P<{}>[\w][\w.-]{{1,38}}\w)"
_IN = r"(?:en|de|on|in|por|at|from)"
_NOT = r"(?<!\bno )(?<!\bnot )"  # "no soy @ana"
_SAME = r"(?:,? (?:la misma|el mismo|la misma persona|yo|the same(?: person| one| customer)?)(?: que| as)?,?)?"
_WROTE = r"(?:(?:os|te|les|le) (?:escrib[ií]|he escrito|habl[eé])|(?:wrote|messaged|tweeted|dm'?e?d|contacted)(?: to)? you)"
_CLAIMS = (
    re.compile(rf"{_NOT}\b{_ME}{_SAME} @(?P<a>[\w][\w.-]{{1,38}}\w),? {_IN} (?P<na>{_NAMES})\b", re.IGNORECASE),
    re.compile(rf"\b{_MY} {_IN} (?P<nb>{_NAMES}){_IS} {_HANDLE.format('b')}", re.IGNORECASE),
    re.compile(rf"\bmy (?P<nc>{_NAMES}) (?:user ?name|account|handle|profile|user|nick){_IS} {_HANDLE.format('c')}", re.IGNORECASE),
    re.compile(rf"{_NOT}\b{_ME} (?P<nd>{_NAMES}) @(?P<d>[\w][\w.-]{{1,38}}\w)", re.IGNORECASE),
    re.compile(rf"\b{_IN} (?P<ne>{_NAMES}),? {_ME} @(?P<e>[\w][\w.-]{{1,38}}\w)", re.IGNORECASE),
    re.compile(rf"\b(?:mi|my) (?P<nf>{_NAMES})(?: (?:es|is)|:) @(?P<f>[\w][\w.-]{{1,38}}\w)", re.IGNORECASE),
    re.compile(rf"\b{_WROTE} {_IN} (?P<ng>{_NAMES}) (?:como|con|desde|as|from|with) @(?P<g>[\w][\w.-]{{1,38}}\w)", re.IGNORECASE),
)
_ANY_NETWORK = re.compile(rf"\b(?:{_NAMES})\b", re.IGNORECASE)  # most messages name none, and cost no more than this
_FIGURES = re.compile(r"\d{4}")
_NUMBER = re.compile(
    r"\b(?:(?:n[uú]mero|n[º°o]\.?|number|no\.?|id) (?:de |of )?(?:mi |tu |su |your |my |the )?)?"
    r"(?:caso|case|incidencia|reclamaci[oó]n|expediente|ticket|referencia|reference|ref|complaint)"
    r"[ .:]{1,3}(?:(?:n[uú]mero|n[º°o]|number|num|no|id|es|is)[ .:]{1,3}){0,2}#?(?P<number>[A-Z]{0,6}-?\d{4,12}(?:[-/]\d{1,8})?)(?![\w-])",
    re.IGNORECASE,
)


class Claim(NamedTuple):
    """An account they say is theirs: its network, its handle in small letters, and the words."""

    source: str
    handle: str
    words: str


def claim(text: str) -> Claim | None:
    """The account of another network that somebody says is theirs, or None."""
    for pattern in _CLAIMS if _ANY_NETWORK.search(text, 0, MOST) else ():
        if found := pattern.search(text, 0, MOST):
            network, handle = (next(value for name, value in found.groupdict().items() if (name[0] == "n") is of) for of in (True, False))
            return Claim(_NETWORKS[network.lower()], handle.lower(), found[0])
    return None


def case_numbers(text: str) -> tuple[str, ...]:
    """The case numbers that are quoted: five figures at least, and called one."""
    if not _FIGURES.search(text, 0, MOST):
        return ()
    found = (match["number"].upper() for match in _NUMBER.finditer(text, 0, MOST))
    return tuple(dict.fromkeys(number for number in found if sum(map(str.isdigit, number)) >= 5))[:3]
