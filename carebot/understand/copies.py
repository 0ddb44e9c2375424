"""Which messages are one text going round? Retweets with a comment, cut quotes, bots, campaigns with the town exchanged.

A storm of copies is one voice, and has one vote; whoever says in words of their own that it does not work for them either is a
second voice and must never be lost in one. So two messages are copies only if one of them consists mostly of the other's pairs of
neighbouring words, and of enough of them that nobody writes that by chance. A comment, a cut end, a changed name and a slip of the
thumb cost a few pairs; what two customers share is a turn of phrase ("on hold for over an hour"), which is fewer still.

A cluster is known by its first few members, so that it does not drift. A copy of two clusters shows that they are one, and joins
them. Not seen: a text retold in other words, and a text of less than ten words that is not passed on word for word. Taken for copies
though they are not: two people who quote the same long error message and add hardly anything.

A restart must change nothing, and what a window holds depends on everything before it. So what was `Known` is stored whole with each
batch; the words are not: they are read again from the messages, and one that was deleted has none.

On 16,000 recorded messages of eight words or more (2026-11) 36 are joined within the hour beyond equal words: headlines passed on,
retweets, people who repeat themselves. In a window a week wide (and of 2,000 texts) it was 84, among those looked at six by two
people who had the same trouble. All 49 reposts whose original is in the files are found without their flag.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Mapping, Sequence
from itertools import chain, pairwise
from typing import NamedTuple

import msgspec

WIDTH = 60  # minutes after its last copy in which a text has copies: as long as its vote lasts (`decide.voices.SILENT`)
SWEEP = 20  # minutes between two looks for texts that are older
MOST = 1000  # texts remembered at a time, 3 MB; when there are more, the quarter longest unheard goes
VERSIONS = 3  # texts a cluster is known by, its first: the very first may be cut or mistyped
READ = 100  # words of a text that are compared
SHARE = 0.5  # and of the shorter one's pairs
FEWEST = 9  # pairs that two texts share: ten words in a row, more than a turn of phrase
STORM = 10  # copies after which a text is known to go round, and …
FEWEST_OF_STORM = 7  # … fewer will do, for cut and mistyped copies: 1.15 votes a storm in the bench, not 1.34, and no more people lost
COMMON = 3  # texts that a pair leads to, the first that had it. What more say ("app de") tells nothing; rarer pairs lead there too
HITS = 3  # pairs that lead to a text before it is compared

Pairs = frozenset[int]
_NONE: Pairs = frozenset()


class Said(NamedTuple):
    """A message, as far as its words go. `plain` and `mark`: what `normalise.plain` and `normalise.fingerprint` gave."""

    id: str
    plain: str
    mark: int
    minute: int  # in which it was posted


class Text(msgspec.Struct, frozen=True, gc=False):
    """One version of a text: the cluster it is of, the message it was first heard in, and when it was last heard."""

    cluster: int
    id: str
    minute: int


class Cluster(msgspec.Struct, frozen=True, gc=False):
    """How many messages were taken for copies of each other, and the texts they are known by."""

    heard: int
    texts: tuple[int, ...]


class Known(msgspec.Struct):
    """What must outlast a restart. No words: those are in the messages."""

    texts: dict[int, Text] = {}  # by fingerprint, in the order they were heard first
    storms: dict[int, Cluster] = {}  # by the fingerprint of the first member
    minute: int = 0  # the latest minute heard


class Window(msgspec.Struct):
    """The texts of the last minutes. `clusters` works on a copy and hands that back: nobody else changes one."""

    known: Known = msgspec.field(default_factory=Known)
    pairs: dict[int, Pairs] = {}  # of each text
    having: dict[int, tuple[int, ...]] = {}  # pair → the first COMMON texts that have it

    def copy(self) -> Window:
        known = Known(dict(self.known.texts), dict(self.known.storms), self.known.minute)
        return Window(known, dict(self.pairs), dict(self.having))


def clusters(said: Sequence[Said], window: Window) -> tuple[list[int], Window]:
    """Each message's cluster, and the window with these messages in it. Copies have equal numbers.

    A batch is gone through by minute and words, so that its own order does not matter. The number is the fingerprint of the cluster's
    first member, so it is the same tomorrow and on another machine. 0: too short to be a copy.
    """
    found = [0] * len(said)
    rows = sorted((row for row, one in enumerate(said) if one.mark), key=lambda row: (said[row].minute, said[row].plain, said[row].id))
    if rows:
        window = window.copy()
    for row in rows:
        found[row] = _joined(window, said[row])
    return found, window


def restored(known: Known, words: Mapping[str, str]) -> Window:
    """The window that knew this. `words`: the plain text of each message in it by id, but of those deleted since."""
    window = Window(known, {mark: _pairs(words.get(text.id, "")) for mark, text in known.texts.items()})
    _index(window)
    return window


def without(window: Window, ids: Container[str]) -> Window:
    """The window with the words of these messages forgotten, as they are deleted. Who repeats them exactly is still a copy."""
    gone = [mark for mark, text in window.known.texts.items() if text.id in ids]
    if gone:
        window = window.copy()
        window.pairs |= dict.fromkeys(gone, _NONE)
        _index(window)
    return window


def _pairs(plain: str) -> Pairs:
    """Hashes of the pairs of neighbouring words. Figures, emoji, links and handles are no words: bots change them."""
    words = list(filter(str.isalpha, plain.replace(" rt @ ", " ").split(None, 2 * READ)[: 2 * READ]))[:READ]
    return frozenset(map(hash, pairwise(words)))


def _joined(window: Window, one: Said) -> int:
    """The cluster of one message: that of the texts it is a copy of, or a new one."""
    known, minute = window.known, one.minute
    if minute > known.minute:
        due = minute // SWEEP > known.minute // SWEEP
        known.minute = minute
        if due:
            _drop(window, [mark for mark, text in known.texts.items() if minute - text.minute >= WIDTH])
    if one.mark in known.texts:
        return _heard(known, one.mark, minute)
    pairs = _pairs(one.plain)
    originals = _originals(window, pairs, minute)
    cluster = _heard(known, originals[0], minute) if originals else one.mark
    for original in originals[1:]:
        _unite(known, cluster, _heard(known, original, minute))
    storm = known.storms.get(cluster)
    if (storm is None or len(storm.texts) < VERSIONS) and known.minute - minute < WIDTH:
        known.storms[cluster] = Cluster(storm.heard, (*storm.texts, one.mark)) if storm else Cluster(1, (one.mark,))
        _remember(window, one, Text(cluster, one.id, minute), pairs)
    return cluster


def _heard(known: Known, mark: int, minute: int) -> int:
    """One more copy of a known text: it is remembered longer. Gives its cluster."""
    text = known.texts[mark]
    known.texts[mark] = Text(text.cluster, text.id, max(text.minute, minute))
    storm = known.storms[text.cluster]
    known.storms[text.cluster] = Cluster(storm.heard + 1, storm.texts)
    return text.cluster


def _originals(window: Window, pairs: Pairs, minute: int) -> list[int]:
    """The texts this one is a copy of, one of each cluster at the most, that of the most copied first."""
    having = list(filter(None, map(window.having.get, pairs)))
    if len(having) < FEWEST_OF_STORM:
        return []
    leads = Counter(chain.from_iterable(having))
    enough = max(HITS, max(leads.values()) // 2)
    texts, storms = window.known.texts, window.known.storms
    found: dict[int, int] = {}
    for mark in sorted(mark for mark, hits in leads.items() if hits >= enough):
        text = texts[mark]
        if text.cluster not in found and abs(minute - text.minute) < WIDTH:
            fewest = FEWEST if storms[text.cluster].heard < STORM else FEWEST_OF_STORM
            if _is_copy(pairs, window.pairs[mark], fewest):
                found[text.cluster] = mark
    return [found[cluster] for cluster in sorted(found, key=lambda cluster: (-storms[cluster].heard, cluster))]


def _is_copy(pairs: Pairs, others: Pairs, fewest: int) -> bool:
    shared = len(pairs & others)
    return shared >= fewest and shared >= SHARE * min(len(pairs), len(others))


def _unite(known: Known, cluster: int, other: int) -> None:
    """A copy of two texts shows that they are one: a storm whose first copies were cut or mistyped starts as several."""
    one, two = known.storms[cluster], known.storms.pop(other)
    known.storms[cluster] = Cluster(one.heard + two.heard, one.texts + two.texts)
    for mark in two.texts:
        text = known.texts[mark]
        known.texts[mark] = Text(cluster, text.id, text.minute)


def _remember(window: Window, one: Said, text: Text, pairs: Pairs) -> None:
    texts = window.known.texts
    texts[one.mark] = text
    window.pairs[one.mark] = pairs
    _lead(window.having, one.mark, pairs)
    if len(texts) > MOST:
        _drop(window, sorted(texts, key=lambda mark: texts[mark].minute)[: MOST // 4])


def _drop(window: Window, marks: Sequence[int]) -> None:
    """The window without these texts, as if the others had been heard alone."""
    known = window.known
    for mark in marks:
        del window.pairs[mark]
        storm = known.storms.pop(cluster := known.texts.pop(mark).cluster)
        if len(storm.texts) > 1:
            known.storms[cluster] = Cluster(storm.heard, tuple(other for other in storm.texts if other != mark))
    if marks:
        _index(window)


def _index(window: Window) -> None:
    """`having`, from nothing: 2 ms for a thousand texts. So it is the same before and after a restart."""
    window.having = {}
    for mark in window.known.texts:
        _lead(window.having, mark, window.pairs[mark])


def _lead(having: dict[int, tuple[int, ...]], mark: int, pairs: Pairs) -> None:
    alone = (mark,)
    for pair in pairs:  # set operations on the keys take longer
        first = having.setdefault(pair, alone)
        if first is not alone and len(first) < COMMON:
            having[pair] = first + alone
