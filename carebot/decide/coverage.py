"""Which minutes were heard? What nobody could read is missing, and missing is not zero.

Each source says how far it has been heard (`model.Coverage`): a poll that brought everything covers what was posted until it began. A
source that fails or hangs says nothing, so after its last word nothing counts as heard; when it comes back with what it missed, the
gap is heard after all, late. What can never be read is a gap that stays. Sources that only send to us cannot say, and count as heard,
as does everything where nobody ever said anything: a recording, a network that no source has brought yet.

Counts belong to networks (`Signal.source`), word comes from sources: of a network that several sources bring, the part is heard that the
heard ones usually bring.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec
import numpy as np
from numpy.typing import NDArray

from carebot.decide.cells import minute_of
from carebot.model import Coverage

KEPT = 400  # minutes a gap is remembered one by one: what `baseline` learned of older hours has their share in it
HALF_LIFE = 7 * 1440.0  # minutes after which what a source brought counts half
MOST_NETWORKS, MOST_GAPS, LONGEST_NAME = 50, 50, 100  # of one source, whatever strangers send


class Ear(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is known of one source. `until`: the last minute heard, None for one that cannot say; `gaps`: first and last minutes not
    heard before that; `brought`: messages by network, forgetting; `at`: the minute of its last word."""

    until: int | None = None
    gaps: tuple[tuple[int, int], ...] = ()
    brought: dict[str, float] = {}
    at: int = 0


Ears = Mapping[str, Ear]  # by the source's name


def noted(ears: Ears, word: Coverage) -> dict[str, Ear]:
    """What is known after a source's word. Words of one source come in the order in which they were said."""
    ear = ears.get(word.source, Ear())
    at = max(ear.at, minute_of(word.at))
    gaps, until = list(ear.gaps), ear.until
    if word.to is not None:
        last = minute_of(min(word.to, word.at))  # nothing is heard before it is said, whatever a wrong clock says
        first = minute_of(word.from_) if word.from_ else last if until is None else min(until, last)
        if not word.heard:
            gaps.append((first, last - 1))
        else:
            gaps = _without(gaps, first, last) if word.from_ else gaps
            if until is not None and first > until + 1:
                gaps.append((until + 1, first - 1))
            until = last if until is None else max(until, last)
    oldest = at - KEPT
    kept = tuple(sorted((first, last) for first, last in gaps if first <= last and last >= oldest))[-MOST_GAPS:]
    return {**ears, word.source: Ear(until, kept, _brought(ear, word, at), at)}


def listening(ears: Ears, sources: Iterable[str]) -> dict[str, Ear]:
    """Only these sources are listened to: what is known of others no longer says anything about a network."""
    still = set(sources)
    return {name: ear for name, ear in ears.items() if name in still}


def _without(gaps: list[tuple[int, int]], first: int, last: int) -> list[tuple[int, int]]:
    parts = [part for begin, end in gaps for part in ((begin, min(end, first - 1)), (max(begin, last + 1), end))]
    return [(begin, end) for begin, end in parts if begin <= end]


def _brought(ear: Ear, word: Coverage, at: int) -> dict[str, float]:
    fades = 0.5 ** ((at - ear.at) / HALF_LIFE) if ear.at else 1.0
    found = {network: messages * fades for network, messages in ear.brought.items()}
    for network, messages in word.networks.items():
        if messages > 0 and len(network) <= LONGEST_NAME:
            found[network] = found.get(network, 0.0) + messages
    most = sorted(found, key=lambda network: (-found[network], network))[:MOST_NETWORKS]
    return {network: found[network] for network in sorted(most)}


# ── asking ───────────────────────────────────────────────────────────────────────────────────────────────────────


def heard(ears: Ears, network: str, first_minute: int, minutes: int) -> NDArray[np.float64]:
    """Of each of these epoch minutes: 1.0 what was posted on this network is heard, 0.0 it is not; between, with several sources."""
    parts = sorted((ear.brought[network], name) for name, ear in ears.items() if ear.brought.get(network))
    whole = sum(weight for weight, _ in parts)
    missing = np.zeros(minutes)
    for weight, name in parts:
        missing[_deaf(ears[name], first_minute, minutes)] += weight / whole
    return np.clip(1.0 - missing, 0.0, 1.0)


def _deaf(ear: Ear, first_minute: int, minutes: int) -> NDArray[np.bool_]:
    deaf = np.zeros(minutes, np.bool_)
    for first, last in ear.gaps:
        deaf[max(0, first - first_minute) : max(0, last + 1 - first_minute)] = True
    if ear.until is not None:
        deaf[max(0, ear.until + 1 - first_minute) :] = True
    return deaf


def share_of_hour(ears: Ears, network: str, hour: int) -> float:
    """How much of an epoch hour was heard: what one hour more is worth to what is usual. To be asked within KEPT minutes."""
    return float(heard(ears, network, hour * 60, 60).mean())


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
