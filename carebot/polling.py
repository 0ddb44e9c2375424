"""When is each source asked next, how is it doing, how far has it been heard, and when is it deaf?

Pure decisions about one source at a time; `daemon` carries them out. Trouble is told when it starts and when it is over, never in between.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Container
from datetime import datetime, timedelta

import msgspec
from msgspec.structs import replace

from carebot.decide.telling.plainly import span
from carebot.errors import Refused, Throttled, Trouble
from carebot.model import Batch, Coverage, Gap, Message, Reason, SelfReport, Text

SLOWEST = timedelta(minutes=10)  # a source in trouble is asked at least this often
LONGEST = timedelta(hours=1)  # a source that asks for more patience (a feed's ttl of a day) is asked this often all the same
REFUSED_LOOKS = 2  # a refused token is told after two looks
AT_LEAST = timedelta(minutes=1)  # for a source that is asked every few seconds: one look may take as long
DEAF_LOOKS, DEAF_FOR = 3, timedelta(minutes=3)  # an unreachable source is deaf after three looks and three minutes


class Health(msgspec.Struct, frozen=True, omit_defaults=True):
    """How one source has been doing. `trouble_since` None: well."""

    source: str
    last_ok: datetime | None = None
    trouble_since: datetime | None = None
    failures: int = 0
    what: str = ""  # the trouble, in the operator's words
    told: bool = False
    wait_until: datetime | None = None  # they asked us to wait
    requests: int = 0
    sweep_began: datetime | None = None  # when the look began whose further pages are being read
    heard_until: datetime | None = None  # what was posted until then has been read


def answered(health: Health, requests: int, now: datetime) -> tuple[Health, SelfReport | None]:
    """The source answered: well again."""
    well = Health(
        health.source,
        last_ok=now,
        requests=health.requests + requests,
        sweep_began=health.sweep_began,
        heard_until=health.heard_until,
    )
    if not health.told:
        return well, None
    return well, _report(
        health.source, "source_back", now, Text(f"Volvemos a oír {health.source}", f"Hearing {health.source} again"), _lasted(health, now)
    )


def troubled(health: Health, trouble: Trouble, now: datetime) -> tuple[Health, SelfReport | None]:
    """The source gave trouble: how it stands now, and what staff must be told, once."""
    health = replace(
        health,
        trouble_since=health.trouble_since or now,
        failures=health.failures + 1,
        what=str(trouble),
        wait_until=now + trouble.wait if isinstance(trouble, Throttled) else None,
        requests=health.requests + 1,
    )
    assert health.trouble_since is not None
    if isinstance(trouble, Refused):
        deaf = health.failures >= REFUSED_LOOKS
    else:
        deaf = health.failures >= DEAF_LOOKS and now - health.trouble_since >= DEAF_FOR
    if health.told or not deaf:
        return health, None
    headline = Text(f"Sordos en {health.source}: no leemos mensajes", f"Deaf on {health.source}: no messages are read")
    report = _report(health.source, "source_silent", now, headline, Text(health.what, health.what), health.trouble_since)
    return replace(health, told=True), report


def matters(before: Health, now: Health) -> bool:
    """Must a restart know of this at once? Not that all went well once more: each time is a write that waits for the disk."""
    return replace(before, last_ok=now.last_ok, requests=now.requests, heard_until=now.heard_until) != now


def only_says_how_far(batch: Batch) -> bool:
    """Is there nothing in it but how far its source has been heard? Then the next one, which says further, is as good as this."""
    if batch.cursor is not None or batch.refused or batch.gaps or batch.checked or not batch.events:
        return False
    return all(isinstance(one, Coverage) and one.heard and not (one.from_ or one.networks or one.of) for one in batch.events)


def covered(health: Health, batch: Batch, began: datetime, known: Container[str] = ()) -> tuple[Health, Batch]:
    """The batch with the source's word on how far it has been heard now, and on its gaps; without, where that would say nothing new.

    began   when this look began. What is posted later may be missing from it, also from further pages that are read minutes later.
    known   ids we had before: a look goes back a little further than it must, and what it brings twice it brought once
    """
    batch = _with_gaps(batch, health, began)
    since = health.sweep_began or began
    if batch.more:
        return replace(health, sweep_began=since), brought(batch, since, known=known)
    before = health.heard_until and health.heard_until.replace(second=0, microsecond=0)
    news = before != since.replace(second=0, microsecond=0) or _networks(batch, known)
    return replace(health, sweep_began=None, heard_until=since), brought(batch, since, since, known) if news else batch


def brought(batch: Batch, at: datetime, to: datetime | None = None, known: Container[str] = ()) -> Batch:
    """The batch with its source's word on what it brought. `to`: how far the source has been heard; None: it cannot say."""
    networks = _networks(batch, known)
    if to is None and not networks:
        return batch
    oldest = min((event.posted_at for event in batch.events if isinstance(event, Message)), default=None) if batch.of else None
    word = Coverage(id=f"heard:{batch.source}", source=batch.source, at=at, to=to, networks=networks, of=batch.of, oldest=oldest)
    return replace(batch, events=(*batch.events, word))


def _with_gaps(batch: Batch, health: Health, now: datetime) -> Batch:
    """Each gap with its beginning known, said to the detector (what nobody heard is not silence) and to staff."""
    known = [(replace(gap, from_=gap.from_ or health.heard_until), min(gap.to, now)) for gap in batch.gaps]
    gaps = tuple(replace(gap, to=to) for gap, to in known if gap.from_ and gap.from_ < to)
    if not batch.gaps:
        return batch
    words = [word for gap in gaps for word in _of_gap(gap, batch.source, now)]
    return replace(batch, gaps=gaps, events=(*batch.events, *words))


def _of_gap(gap: Gap, source: str, now: datetime) -> tuple[Coverage, SelfReport]:
    assert gap.from_
    lasted = span(gap.to - gap.from_)
    headline = Text(f"Hueco en {source}: {lasted.es} sin leer", f"Gap in {source}: {lasted.en} not read")
    unheard = Coverage(id=f"gap:{source}:{gap.from_:%Y%m%d%H%M}", source=source, at=now, from_=gap.from_, to=gap.to, heard=False)
    told = SelfReport(id=f"gap:{source}:{gap.from_:%Y%m%d%H%M}", reason="gap", headline=headline, at=now, detail=gap.why, since=gap.from_)
    return unheard, told


def _networks(batch: Batch, known: Container[str]) -> dict[str, int]:
    """How many messages of each network are news; of a sample, how many it holds, as `Batch.of` counts what it has again as well."""
    said = (event for event in batch.events if isinstance(event, Message) and event.source)
    return dict(Counter(message.source for message in said if batch.of or message.id not in known))


def _lasted(health: Health, now: datetime) -> Text:
    lasted = span(now - (health.trouble_since or now))
    return Text(f"No se oyó durante {lasted.es}. Motivo: {health.what}", f"It was not heard for {lasted.en}. Because: {health.what}")


def _report(source: str, reason: Reason, now: datetime, headline: Text, detail: Text, since: datetime | None = None) -> SelfReport:
    return SelfReport(id=f"source:{source}", reason=reason, headline=headline, at=now, detail=detail, since=since)


def heard_in_time(health: Health, every: timedelta, wait: timedelta, now: datetime) -> bool:
    """Was it heard within three times as long as it is asked? `wait`: what it asked for itself with its last good answer."""
    usual = max(every, min(wait, LONGEST))
    return health.last_ok is not None and now - health.last_ok <= max(3 * usual, AT_LEAST)


def next_look(health: Health, every: timedelta, more: bool, now: datetime, wait: timedelta | None = None) -> datetime:
    """When the source is asked next: at once while it has more, as often as the rules say while it is well, ever slower in trouble.

    wait   what the source itself asks for with a good answer. The longest of all hints holds, but LONGEST is the longest.
    The jitter comes from the source's name, so that two hundred sources do not ask in the same second, and stays the same.
    """
    share = hashlib.blake2b(health.source.encode(), digest_size=1).digest()[0] / 255
    asked = min(wait, LONGEST) if wait else timedelta()
    if health.trouble_since is None:
        return now + (asked if more else max(every, asked * (1 + 0.1 * share)))
    slower = min(every * (1 << min(health.failures, 10)), max(every, SLOWEST))
    due = now + slower * (0.9 + 0.2 * share)
    return max(due, health.wait_until) if health.wait_until else due
