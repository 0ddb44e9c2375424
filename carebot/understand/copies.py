"""Which messages are one text going round? Retweets with a comment, cut quotes, bots, campaigns with the town exchanged.

A storm of copies is one voice, and has one vote; whoever says in words of their own that it does not work for them either is a
second voice and must never be lost in one. So two messages are copies only if one of them consists mostly of the other's pairs of
neighbouring words, and of enough of them that nobody writes that by chance. A comment, a cut end, a changed name and a slip of the
thumb cost a few pairs; what two customers share is a turn of phrase ("on hold for over an hour"), which is fewer still.

A cluster is known by its first few members, so that it does not drift. A copy of two clusters shows that they are one, and joins
them. No words are kept, only their hashes, and those no longer than the window is wide. Not seen: a text retold in other words, and
a text of less than ten words that is not passed on word for word. Taken for copies though they are not: two people who quote the
same long error message and add hardly anything.

On 16,000 recorded messages of eight words or more (2026-11) 36 are joined within the hour beyond equal words: headlines passed on,
retweets, people who repeat themselves. In a window a week wide (and of 2,000 texts) it was 84, among those looked at six by two
people who had the same trouble. All 49 reposts whose original is in the files are found without their flag.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import chain, pairwise

import msgspec
import numpy as np
from numpy.typing import NDArray

from carebot.understand.normalise import fingerprint

WIDTH = 60  # minutes after its last copy in which a text is remembered: as long as its vote lasts (`decide.state.VOTE`)
MOST = 1000  # texts remembered at a time, 3 MB; the longest unheard goes first
VERSIONS = 3  # texts a cluster is known by, its first: the very first may be cut or mistyped
READ = 100  # words of a text that are compared
SHARE = 0.5  # and of the shorter one's pairs
FEWEST = 9  # pairs that two texts share: ten words in a row, more than a turn of phrase
COMMON = 3  # texts that a pair leads to, the first that had it. What more say ("app de") tells nothing; rarer pairs lead there too
HITS = 3  # pairs that lead to a text before it is compared

Pairs = frozenset[int]


class _Text(msgspec.Struct, frozen=True, gc=False):
    """One version of a text: the cluster it is of, its pairs of neighbouring words, and when it was last heard."""

    cluster: int
    pairs: Pairs
    minute: int


class _Cluster(msgspec.Struct, frozen=True, gc=False):
    """How many messages were taken for copies of each other, and the texts they are known by."""

    heard: int
    texts: tuple[int, ...]


class Window(msgspec.Struct):
    """The texts of the last minutes. `clusters` works on a copy and hands that back: nobody else changes one."""

    texts: dict[int, _Text] = {}  # by fingerprint, the longest unheard first
    storms: dict[int, _Cluster] = {}  # by the fingerprint of the first member
    having: dict[int, tuple[int, ...]] = {}  # pair → the first COMMON texts that have it
    minute: int = 0  # the latest minute heard

    def copy(self) -> Window:
        return Window(dict(self.texts), dict(self.storms), dict(self.having), self.minute)


def clusters(plain: Sequence[str], minutes: Sequence[int], window: Window) -> tuple[NDArray[np.int64], Window]:
    """Each message's cluster, and the window with these messages in it. Copies have equal numbers.

    plain     what `normalise.plain` gave
    minutes   when each was posted; a batch is gone through by minute and words, so that its own order does not matter

    The number is the `fingerprint` of the cluster's first member, so it is the same tomorrow and on another machine. 0: too
    short to be a copy.
    """
    found = np.zeros(len(plain), np.int64)
    marks = [fingerprint(text) for text in plain]
    rows = sorted((row for row, mark in enumerate(marks) if mark), key=lambda row: (minutes[row], plain[row]))
    if not rows:
        return found, window
    window = window.copy()
    for row in rows:
        found[row] = _joined(window, plain[row], marks[row], minutes[row])
    return found, window


def _pairs(plain: str) -> Pairs:
    """Hashes of the pairs of neighbouring words. Figures, emoji, links and handles are no words: bots change them."""
    words = list(filter(str.isalpha, plain.replace(" rt @ ", " ").split(None, 2 * READ)[: 2 * READ]))[:READ]
    return frozenset(map(hash, pairwise(words)))


def _joined(window: Window, plain: str, mark: int, minute: int) -> int:
    """The cluster of one message: that of the texts it is a copy of, or a new one."""
    if minute > window.minute:
        window.minute = minute
        _forget(window)
    if mark in window.texts:
        return _heard(window, mark, minute)
    pairs = _pairs(plain)
    known = _originals(window, pairs, minute)
    cluster = _heard(window, known[0], minute) if known else mark
    for original in known[1:]:
        _unite(window, cluster, _heard(window, original, minute))
    storm = window.storms.get(cluster)
    if (storm is None or len(storm.texts) < VERSIONS) and window.minute - minute < WIDTH:
        _remember(window, mark, _Text(cluster, pairs, minute))
        window.storms[cluster] = _Cluster(storm.heard, (*storm.texts, mark)) if storm else _Cluster(1, (mark,))
        if len(window.texts) > MOST:
            _drop(window, next(iter(window.texts)))
    return cluster


def _heard(window: Window, mark: int, minute: int) -> int:
    """One more copy of a known text: it is remembered longer. Gives its cluster."""
    text = window.texts.pop(mark)
    window.texts[mark] = _Text(text.cluster, text.pairs, max(text.minute, minute))
    storm = window.storms[text.cluster]
    window.storms[text.cluster] = _Cluster(storm.heard + 1, storm.texts)
    return text.cluster


def _originals(window: Window, pairs: Pairs, minute: int) -> list[int]:
    """The texts this one is a copy of, one of each cluster at the most, that of the most copied first."""
    having = list(filter(None, map(window.having.get, pairs)))
    if len(having) < FEWEST:
        return []
    leads = Counter(chain.from_iterable(having))
    enough = max(HITS, max(leads.values()) // 2)
    found: dict[int, int] = {}
    for mark in sorted(mark for mark, hits in leads.items() if hits >= enough):
        if window.texts[mark].cluster not in found and _is_copy(pairs, window.texts[mark], minute):
            found[window.texts[mark].cluster] = mark
    return [found[cluster] for cluster in sorted(found, key=lambda cluster: (-window.storms[cluster].heard, cluster))]


def _is_copy(pairs: Pairs, text: _Text, minute: int) -> bool:
    shared = len(pairs & text.pairs)
    return shared >= FEWEST and shared >= SHARE * min(len(pairs), len(text.pairs)) and abs(minute - text.minute) < WIDTH


def _unite(window: Window, cluster: int, other: int) -> None:
    """A copy of two texts shows that they are one: a storm whose first copies were cut or mistyped starts as several."""
    one, two = window.storms[cluster], window.storms.pop(other)
    window.storms[cluster] = _Cluster(one.heard + two.heard, one.texts + two.texts)
    for mark in two.texts:
        text = window.texts[mark]
        window.texts[mark] = _Text(cluster, text.pairs, text.minute)


def _remember(window: Window, mark: int, text: _Text) -> None:
    window.texts[mark] = text
    having, alone = window.having, (mark,)
    for pair in text.pairs:
        known = having.setdefault(pair, alone)
        if known is not alone and len(known) < COMMON:
            having[pair] = known + alone


def _forget(window: Window) -> None:
    """Texts not heard for WIDTH minutes go."""
    while window.texts:
        oldest = next(iter(window.texts))
        if window.minute - window.texts[oldest].minute < WIDTH:
            return
        _drop(window, oldest)


def _drop(window: Window, mark: int) -> None:
    text = window.texts.pop(mark)
    storm = window.storms.pop(text.cluster)
    if len(storm.texts) > 1:
        window.storms[text.cluster] = _Cluster(storm.heard, tuple(other for other in storm.texts if other != mark))
    having, alone = window.having, (mark,)
    for pair in text.pairs:
        known = having.get(pair, ())
        if known == alone:
            del having[pair]
        elif mark in known:
            having[pair] = tuple(other for other in known if other != mark)
