"""Which minutes were heard? What nobody could read is missing, and missing is not zero.

Each source says how far it has been heard (`model.Coverage`): a poll that brought everything covers what was posted until it began. A
source that fails or hangs says nothing, so after its last word nothing counts as heard; when it comes back with what it missed, the
gap is heard after all, late. What can never be read is a gap that stays. Of a minute of which a source brought a sample, that share is
heard. Sources that only send to us cannot say, and count as heard, as does everything where nobody ever said anything: a recording, a
network that no source has brought yet.

Counts belong to networks (`Signal.source`), word comes from sources: of a network that several sources bring, the part is heard that the
heard ones usually bring.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime

import msgspec
import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from carebot.decide.detecting.cells import minute_of
from carebot.model import Coverage

KEPT = 400  # minutes a gap is remembered one by one: what `baseline` learned of older hours has their share in it
HALF_LIFE = 7 * 1440.0  # minutes after which what a source brought counts half
MOST_NETWORKS, MOST_GAPS, LONGEST_NAME = 50, 50, 100  # of one source, whatever strangers send
MOST_POSTS = 10**9  # in one word, whatever a server counts
LEAST = 1 / 60  # of a minute: what is said at its very beginning speaks for so much of it

Part = tuple[int, float, float]  # a minute of which a sample was read: so many posts, of so many


class Ear(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is known of one source. `until`: the last minute heard, None for one that cannot say; `gaps`: first and last minutes not
    heard before that; `brought`: messages by network, forgetting; `at`: the minute of its last word; `partly`: the minutes of which only a
    sample was read, and `said_to`: where its last word ended, in minutes and parts of one, while there are such."""

    until: int | None = None
    gaps: tuple[tuple[int, int], ...] = ()
    brought: dict[str, float] = {}
    at: int = 0
    partly: tuple[Part, ...] = ()
    said_to: float = 0.0


Ears = Mapping[str, Ear]  # by the source's name
Shares = NDArray[np.float64]


def noted(ears: Ears, word: Coverage) -> dict[str, Ear]:
    """What is known after a source's word. Words of one source come in the order in which they were said."""
    ear = ears.get(word.source, Ear())
    at = max(ear.at, minute_of(word.at))
    oldest = at - KEPT
    after = _reached(ear, word, min(word.to, word.at), oldest) if word.to else ear  # nothing is heard before it is said
    gaps = tuple(sorted((first, last) for first, last in after.gaps if first <= last and last >= oldest))[-MOST_GAPS:]
    partly = tuple(part for part in after.partly if part[0] >= oldest)
    return {**ears, word.source: Ear(after.until, gaps, _brought(ear, word, at), at, partly, after.said_to if partly else 0.0)}


def listening(ears: Ears, sources: Iterable[str]) -> dict[str, Ear]:
    """Only these sources are listened to: what is known of others no longer says anything about a network."""
    still = set(sources)
    return {name: ear for name, ear in ears.items() if name in still}


def _reached(ear: Ear, word: Coverage, to: datetime, oldest: int) -> Ear:
    """What is known of the minutes up to `to`. oldest: what was before that need not be known."""
    last, until = minute_of(to), ear.until
    first = minute_of(word.from_) if word.from_ else last if until is None else min(until, last)
    if not word.heard:
        return replace(ear, gaps=(*ear.gaps, (first, last - 1)))
    gaps = _without(ear.gaps, first, last) if word.from_ else list(ear.gaps)
    if until is not None and first > until + 1:
        gaps.append((until + 1, first - 1))
    if is_sample(word):
        begins = _exactly(word.from_) if word.from_ else ear.said_to or (last if until is None else min(until + 0.5, last))
        partly = _sampled(ear, word, begins, max(_exactly(to), last + LEAST), oldest)
    else:
        partly = tuple(part for part in ear.partly if not first <= part[0] <= last)
    return replace(ear, gaps=tuple(gaps), until=last if until is None else max(until, last), partly=partly, said_to=_exactly(to))


def is_sample(word: Coverage) -> bool:
    """Did it bring less than there was?"""
    return word.heard and word.of > _posts(word)


def _posts(word: Coverage) -> int:
    return sum(max(0, posts) for posts in word.networks.values())


def _sampled(ear: Ear, word: Coverage, begins: float, ends: float, oldest: int) -> tuple[Part, ...]:
    """The minutes of which a sample is known, with those of this word. A page of the newest was read whole, and what was posted before its
    oldest not at all: spread over five minutes, its posts would look like a burst at the end of them."""
    read, of = min(_posts(word), MOST_POSTS), min(word.of, MOST_POSTS)
    begins = min(begins, ends - LEAST)
    since = min(max(begins, _exactly(word.oldest)), ends - LEAST) if word.oldest else begins
    known = {part[0]: part for part in ear.partly}
    for minute in range(max(int(begins), oldest), int(ends) + 1):
        share, share_read = (max(0.0, min(minute + 1, ends) - max(minute, start)) / (ends - start) for start in (begins, since))
        if not share or (minute not in known and _was_heard(ear, minute)):
            continue  # of a minute that was heard so far the rest counts as heard too: that errs on the quiet side
        _, before, of_before = known.get(minute, (minute, 0.0, 0.0))
        known[minute] = (minute, round(before + read * share_read, 4), round(of_before + of * share, 4))
    return tuple(known[minute] for minute in sorted(known))


def _was_heard(ear: Ear, minute: int) -> bool:
    return ear.until is not None and minute <= ear.until and not any(first <= minute <= last for first, last in ear.gaps)


def _exactly(moment: datetime) -> float:
    """In minutes, and parts of one."""
    return moment.timestamp() / 60


def _without(gaps: Iterable[tuple[int, int]], first: int, last: int) -> list[tuple[int, int]]:
    parts = [part for begin, end in gaps for part in ((begin, min(end, first - 1)), (max(begin, last + 1), end))]
    return [(begin, end) for begin, end in parts if begin <= end]


def _brought(ear: Ear, word: Coverage, at: int) -> dict[str, float]:
    fades = 0.5 ** ((at - ear.at) / HALF_LIFE) if ear.at else 1.0
    found = {network: messages * fades for network, messages in ear.brought.items()}
    times = min(word.of, MOST_POSTS) / _posts(word) if is_sample(word) and _posts(word) else 1
    for network, messages in word.networks.items():
        if messages > 0 and len(network) <= LONGEST_NAME:
            found[network] = found.get(network, 0.0) + messages * times
    most = sorted(found, key=lambda network: (-found[network], network))[:MOST_NETWORKS]
    return {network: found[network] for network in sorted(most)}


# ── asking ───────────────────────────────────────────────────────────────────────────────────────────────────────


def heard(ears: Ears, network: str, first_minute: int, minutes: int) -> Shares:
    """Of each of these epoch minutes: 1.0 what was posted on this network is heard, 0.0 it is not; between, with several sources or a
    sample."""
    missing = np.zeros(minutes)
    for weight, ear in _weighed(ears, network):
        share = _read(ear, first_minute, minutes)
        for first, last in ear.gaps:
            share[max(0, first - first_minute) : max(0, last + 1 - first_minute)] = 0.0
        if ear.until is not None:
            share[max(0, ear.until + 1 - first_minute) :] = 0.0
        missing += weight * (1.0 - share)
    return np.clip(1.0 - missing, 0.0, 1.0)


def read(ears: Ears, network: str, first_minute: int, minutes: int) -> Shares:
    """The same where something was heard: what a sample left out, and nothing else. 1.0 where nothing at all was read."""
    missing = np.zeros(minutes)
    for weight, ear in _weighed(ears, network):
        share = _read(ear, first_minute, minutes)
        missing += weight * (1.0 - np.where(share > 0, share, 1.0))
    return np.clip(1.0 - missing, 0.0, 1.0)


def _weighed(ears: Ears, network: str) -> Iterator[tuple[float, Ear]]:
    """The sources of a network, each with its part of what they bring."""
    parts = sorted((ear.brought[network], name) for name, ear in ears.items() if ear.brought.get(network))
    whole = sum(weight for weight, _ in parts)
    for weight, name in parts:
        yield weight / whole, ears[name]


def _read(ear: Ear, first_minute: int, minutes: int) -> Shares:
    share = np.ones(minutes)
    for minute, some, of in ear.partly:
        if 0 <= minute - first_minute < minutes:
            share[minute - first_minute] = min(1.0, some / of)
    return share


def sample(ears: Ears, networks: Collection[str], first: int, last: int) -> tuple[int, int]:
    """Of the sources that bring these networks, in the minutes in which they were sampled: so many posts were read, of about so many."""
    mine = [ear for ear in ears.values() if any(ear.brought.get(network) for network in networks)]
    parts = [part for ear in mine for part in ear.partly if first <= part[0] <= last]
    return round(sum(part[1] for part in parts)), round(sum(part[2] for part in parts))


def unread(ear: Ear, minute: int, most: int) -> int:
    """For how many minutes up to this one, `most` at the most, posts were only counted and none was read."""
    known = {part[0]: part[1] for part in ear.partly}
    return next((ago for ago in range(most) if known.get(minute - ago, 1.0) > 0), most)


def of_rollup(shares: Mapping[str, float], parts: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
    """The same for counts of several networks, or of several services: each part by its usual share of the traffic.

    shares   need not add up to one; where they are all zero each part weighs the same
    parts    minute by minute, as of `heard` or `calendar.factors`; at least one, all of one length
    """
    names = sorted(parts)
    weights = np.array([max(shares.get(name, 0.0), 0.0) for name in names])
    if not weights.any():
        weights = np.ones(len(names))
    mean: NDArray[np.float64] = weights @ np.stack([parts[name] for name in names]) / weights.sum()
    return mean
