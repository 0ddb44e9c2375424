"""Whose voice counts? Of one person's posts, and of one text that goes round, the first that was posted, in whatever order they are read.

A run of posts no further apart than an hour is one voice, that of its first post, however long the run: who writes every forty minutes
all morning is one customer. Runs are kept of each text, and of each person's own words, about a service and in a conversation; a post
counts if it is the first of all its runs. So what counts follows from what was posted, and not from what was read before it: an earlier
post that is read late takes the voice of the one that had it until then, or joins two runs to one.

A copy is nobody's own words. Who passed a text on and then says something themselves is counted for that.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, MutableMapping
from datetime import datetime, timedelta

import msgspec
from msgspec.structs import replace

from carebot.decide.draft import draft, settled
from carebot.model import Signal

SILENT = timedelta(minutes=60)  # after which one author speaks anew of a service, and one text goes round anew
ASIDE = timedelta(minutes=240)  # in a conversation: "thanks", "iOS 11" and "still nothing" are the same person's same trouble
LONG = 32  # posts of a run after which those in its midst go that change nothing

Post = tuple[datetime, str]  # posted_at, id
Voice = tuple[str, str, str]  # (brand, "", text), (brand, service or "-", author), or (brand, "@" conversation, author)


class Voices(msgspec.Struct):
    """The outage posts of the last hours. `decide.step` writes on a draft of it; nobody else changes one."""

    own: MutableMapping[str, Signal] = msgspec.field(default_factory=dict)  # by id, but for copies; `counted` by what was read so far
    runs: MutableMapping[Voice, tuple[Post, ...]] = msgspec.field(default_factory=dict)  # each voice's posts, in the order of posting
    oldest: datetime | None = None  # no post was said before this

    def draft(self) -> Voices:
        return Voices(draft(self.own), draft(self.runs), self.oldest)

    def settled(self) -> Voices:
        """The voices once their draft is committed; those it was drafted on are changed."""
        return Voices(settled(self.own), settled(self.runs), self.oldest)


def heard(voices: Voices, signal: Signal) -> tuple[Signal, list[Signal]]:
    """One more post as it counts, and the later ones it takes their voice from or gives it back to, as those count now.

    A copy takes nobody's own voice. So an original that is read after its copy gives back what the copy's author said next.
    """
    post, turned = (signal.posted_at, signal.id), list[Signal]()
    if signal.id in voices.own:
        return replace(signal, counted=False), turned
    voices.oldest = min(signal.posted_at, voices.oldest or signal.posted_at)
    if signal.fingerprint:
        before, after = _put(voices, (signal.brand, "", str(signal.fingerprint)), post, SILENT)
        if after and after[1] in voices.own and _follows(after, post, SILENT):
            turned += _silenced(voices, voices.own[after[1]])
        if _follows(post, before, SILENT):
            return replace(signal, counted=False), turned
    first, next_ones = True, list[Post]()
    for voice, silent in _own(signal):
        before, after = _put(voices, voice, post, silent)
        first = first and not _follows(post, before, silent)
        if after:
            next_ones.append(after)
    mine = voices.own[signal.id] = signal if first else replace(signal, counted=False)
    return mine, turned + _counted_again(voices, next_ones)


def unsaid(voices: Voices, signal: Signal) -> list[Signal]:
    """A post has other words now: these have no voice any more. The later ones that count now, and did not.

    What was said after it in the same words stays a copy.
    """
    text = (signal.brand, "", str(signal.fingerprint))
    if text in voices.runs:
        voices.runs[text] = tuple(post for post in voices.runs[text] if post[1] != signal.id)
    if signal.id not in voices.own:
        return []
    return [other for other in _silenced(voices, voices.own[signal.id]) if other.id != signal.id]


def kept(voices: Voices, signal: Signal) -> None:
    """A post as it was stored. What was before the first that is known still decides whether it counts."""
    heard(voices, signal)
    if signal.id in voices.own:
        voices.own[signal.id] = signal


def forget(voices: Voices, before: datetime) -> None:
    """Posts that were said so long ago that no vote hangs on them any more."""
    if voices.oldest is None or voices.oldest >= before:
        return
    voices.oldest = before
    for voice, run in list(voices.runs.items()):
        if not run or run[0][0] < before:
            if left := run[bisect_left(run, (before, "")) :]:
                voices.runs[voice] = left
            else:
                del voices.runs[voice]
    for id_ in [id_ for id_, signal in voices.own.items() if signal.posted_at < before]:
        del voices.own[id_]


def _own(signal: Signal) -> Iterator[tuple[Voice, timedelta]]:
    """The voices of its author that a post in their own words uses, and after what silence each speaks anew."""
    yield (signal.brand, signal.service or "-", signal.author_key), SILENT
    yield (signal.brand, f"@{signal.conversation or signal.id}", signal.author_key), ASIDE


def _follows(post: Post, before: Post | None, silent: timedelta) -> bool:
    return before is not None and post[0] - before[0] < silent


def _is_first(voices: Voices, signal: Signal) -> bool:
    post = (signal.posted_at, signal.id)
    for voice, silent in _own(signal):
        run = voices.runs.get(voice, ())
        place = bisect_left(run, post)
        if place and _follows(post, run[place - 1], silent):
            return False
    return True


def _put(voices: Voices, voice: Voice, post: Post, silent: timedelta) -> tuple[Post | None, Post | None]:
    """The post in its place among those of a voice; the one before it and the one after it."""
    run = voices.runs.get(voice, ())
    place = bisect_left(run, post)
    before, after = run[place - 1] if place else None, run[place] if place < len(run) else None
    run = (*run[:place], post, *run[place:])
    voices.runs[voice] = _thinned(run, silent) if len(run) >= LONG and len(run).bit_count() == 1 else run
    return before, after


def _thinned(run: tuple[Post, ...], silent: timedelta) -> tuple[Post, ...]:
    """The run without posts between two that follow each other all the same: a storm has thousands, and an hour is covered by two."""
    left = [run[0]]
    for place in range(1, len(run) - 1):
        if not _follows(run[place + 1], left[-1], silent):
            left.append(run[place])
    return (*left, run[-1])


def _silenced(voices: Voices, copy: Signal) -> list[Signal]:
    """This post turns out to be a copy: it has no voice, and is none of its author's own words. What that changes, itself included."""
    del voices.own[copy.id]
    post, next_ones = (copy.posted_at, copy.id), list[Post]()
    for voice, _ in _own(copy):
        left = tuple(other for other in voices.runs.get(voice, ()) if other != post)
        next_ones += left[(place := bisect_left(left, post)) : place + 1]
        voices.runs[voice] = left
    taken = [replace(copy, counted=False)] if copy.counted else []
    return taken + _counted_again(voices, next_ones)


def _counted_again(voices: Voices, posts: Iterable[Post]) -> list[Signal]:
    """Those of these posts that count now and did not, or no longer do."""
    turned: list[Signal] = []
    for _, id_ in posts:
        signal = voices.own[id_]
        if (first := _is_first(voices, signal)) != signal.counted:
            voices.own[id_] = replace(signal, counted=first)
            turned.append(voices.own[id_])
    return turned
