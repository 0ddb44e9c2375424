"""The JSON lines other programs speak with carebot (`docs/reference/contracts.md`), to and from the model.

Unknown fields in are ignored; a line that cannot be read becomes a Refusal with its number and a reason, and the next
line is read. Nothing here looks at a clock or a file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import TypeVar

import msgspec

from carebot.model import SHOWN, Alert, Click, Coverage, Deleted, Event, Message, Notice, Probe, Refusal, Status, Verdict, Volume

_T = TypeVar("_T")
_UNDATED = datetime(1970, 1, 1, tzinfo=UTC)
_QUOTED = re.compile(r" '.*'", re.DOTALL)  # msgspec repeats a word that it does not know: "Invalid enum value 'fine' - at `$.state`"
BOM = b"\xef\xbb\xbf"  # Windows begins a file with it
YEARS = range(1970, 2200)  # one line from the year 1 or 9999 must not end a run
A_DAY = 1440  # minutes, the longest that is counted in one
MAX_LINE = 1_000_000  # bytes; a 10 MB text is somebody's mistake or somebody's weapon


class _Kind(msgspec.Struct):
    kind: str | None = None


class _Said(msgspec.Struct):
    """A message as other people's programs write it: numbers for ids, nulls for what they do not know."""

    id: str | int
    text: str
    posted_at: datetime | None = None
    seen_at: datetime | None = None
    edited_at: datetime | None = None
    source: str | None = None
    brand: str | None = None
    lang: str | None = None
    author: str | int | float | None = None
    author_name: str | None = None
    author_since: datetime | None = None
    audience: int | float | None = None
    stars: int | float | None = None
    by_brand: bool | None = None
    direct: bool | None = None
    in_reply_to: str | int | None = None
    conversation: str | int | None = None
    repost_of: str | int | None = None
    url: str | None = None
    region: str | None = None
    verdict: Verdict | None = None


class _Asked(msgspec.Struct):
    """What a verdict is made of. Whatever else stands beside it, in whatever form, is no reason to refuse the line."""

    id: str | int
    text: str
    lang: str | None = None
    stars: int | float | None = None
    verdict: Verdict | None = None


_ASKED = msgspec.json.Decoder(_Asked)
_KIND = msgspec.json.Decoder(_Kind)
_SAID = msgspec.json.Decoder(_Said)
_OTHER = msgspec.json.Decoder(Probe | Status | Notice | Deleted | Click | Coverage | Volume)
_ENCODE = msgspec.json.Encoder()


def events(
    lines: Iterable[bytes], *, source: str, seen_at: datetime | None, first_line: int = 1, undated: datetime | None = None
) -> Iterator[Event | Refusal]:
    """Each line's event, or why there is none; blank lines are passed over.

    source    the network of messages that do not name one
    seen_at   when they were seen, where a line does not say; None: when they were posted
    undated   the time of messages that have none; None: a message without a time is refused
    """
    return _read(lines, lambda line: _event(line, source, seen_at, undated), source, first_line)


def asked(lines: Iterable[bytes], *, source: str, first_line: int = 1) -> Iterator[Message | Refusal]:
    """Each line as a message that is only to be understood: when it was said, where and by whom does not matter."""
    return _read(lines, _to_understand, source, first_line)


def _read(lines: Iterable[bytes], read: Callable[[bytes], _T], source: str, first_line: int) -> Iterator[_T | Refusal]:
    for number, line in enumerate(lines, first_line):
        if not (line := line.strip().removeprefix(BOM)):
            continue
        try:
            if len(line) > MAX_LINE:
                raise ValueError(f"is {len(line):,} bytes long; the limit is {MAX_LINE:,}")
            yield read(line)
        except (msgspec.DecodeError, UnicodeDecodeError, ValueError, RecursionError, OverflowError) as error:
            yield Refusal(source=source, item=f"line {number}", reason=_plainly(error))


def _event(line: bytes, source: str, seen_at: datetime | None, undated: datetime | None) -> Event:
    if b'"kind"' in line and (kind := _KIND.decode(line).kind or "message") != "message":
        if kind not in ("probe", "status", "notice", "deleted", "click", "coverage", "volume"):
            raise ValueError(f"has a kind nobody knows, {kind[:40]!r}: message, probe, status, notice, deleted, click, coverage or volume")
        event: Probe | Status | Notice | Deleted | Click | Coverage | Volume = _OTHER.decode(line)
        if isinstance(event, Notice):
            return msgspec.structs.replace(event, from_=_aware(event.from_, "from"), to=_aware(event.to, "to"))
        if isinstance(event, Coverage):
            return _coverage(event)
        if isinstance(event, Volume) and (event.posts < 0 or not 1 <= event.minutes <= A_DAY):
            raise ValueError(f"counts what cannot be; `posts` is 0 or more, `minutes` from 1 to {A_DAY}")
        if isinstance(event, Click):
            event = msgspec.structs.replace(event, hash=event.hash or SHOWN)
        return msgspec.structs.replace(event, at=_aware(event.at, "at"))
    return _message(_SAID.decode(line), source, seen_at, undated)


def _to_understand(line: bytes) -> Message:
    said = _ASKED.decode(line)
    stars = None if said.stars is None else int(said.stars)
    return Message(
        id=str(said.id), text=said.text, posted_at=_UNDATED, seen_at=_UNDATED, lang=said.lang or "", stars=stars, verdict=said.verdict
    )


def _coverage(event: Coverage) -> Coverage:
    start, end = _utc(event.from_, "from"), _utc(event.to, "to")
    if not event.heard and not (start and end):
        raise ValueError("says that something was not heard, but not when; write `from` and `to`")
    if start and end and end < start:
        raise ValueError("ends before it begins; write the earlier time in `from`")
    if event.of < 0 or any(posts < 0 for posts in event.networks.values()):
        raise ValueError("counts what cannot be; `of` and the counts in `networks` are 0 or more")
    return msgspec.structs.replace(event, at=_aware(event.at, "at"), from_=start, to=end, oldest=_utc(event.oldest, "oldest"))


def _message(said: _Said, source: str, seen_at: datetime | None, undated: datetime | None) -> Message:
    posted_at = _utc(said.posted_at, "posted_at") or undated
    if posted_at is None:
        raise ValueError("has no `posted_at`; write when it was posted: 2026-03-12T11:05:30Z")
    seen = _utc(said.seen_at, "seen_at") or seen_at or posted_at
    edited_at = _utc(said.edited_at, "edited_at")
    return Message(
        id=str(said.id),
        text=said.text,
        posted_at=posted_at,
        seen_at=max(seen, edited_at) if edited_at else seen,  # these words were not there before
        source=said.source or source,
        brand=said.brand or "",
        lang=said.lang or "",
        author="" if said.author is None else str(said.author),
        author_name=said.author_name or "",
        author_since=_utc(said.author_since, "author_since"),
        audience=int(said.audience or 0),
        stars=None if said.stars is None else int(said.stars),
        by_brand=bool(said.by_brand),
        direct=bool(said.direct),
        in_reply_to="" if said.in_reply_to is None else str(said.in_reply_to),
        conversation="" if said.conversation is None else str(said.conversation),
        repost_of="" if said.repost_of is None else str(said.repost_of),
        url=said.url or "",
        region=said.region or "",
        verdict=said.verdict,
    )


def _utc(at: datetime | None, name: str) -> datetime | None:
    return None if at is None else _aware(at, name)


def _aware(at: datetime, name: str) -> datetime:
    if at.tzinfo is None:
        raise ValueError(f"has no time zone in `{name}`; write 2026-03-12T11:05:30Z")
    if at.year not in YEARS:
        raise ValueError(f"is dated {at.year} in `{name}`; a clock is wrong")
    return at.astimezone(UTC)


def _plainly(error: Exception) -> str:
    """Why a line was refused, without a word of the line itself."""
    if isinstance(error, msgspec.ValidationError):
        return f"is not in the contract's shape: {_QUOTED.sub('', str(error))}"
    if isinstance(error, msgspec.DecodeError | UnicodeDecodeError):
        return f"is not JSON in UTF-8: {str(error)[:120]}"
    if isinstance(error, RecursionError):
        return "is nested too deeply"
    return str(error)[:200]


def verdict_line(id_: str, verdict: Verdict) -> bytes:
    """One line of `carebot classify`."""
    return _ENCODE.encode({"id": id_, **msgspec.structs.asdict(verdict)}) + b"\n"


def alert_line(alert: Alert) -> bytes:
    """One line of `carebot replay --json`: every field of the contract, null where there is nothing to say."""
    fields = msgspec.structs.asdict(alert)
    return _ENCODE.encode({name: fields[name] for name in fields if name != "quotes"}) + b"\n"
