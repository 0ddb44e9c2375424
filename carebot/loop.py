"""One micro-batch, from what was heard to what is committed: screen → understand → decide → commit.

`run`, `demo` and `replay` all go through `Loop.take`; only the clock and the ends differ. One loop a database, used by one thread
at a time.
"""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec
import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from carebot.config.schema import Classifier, Rulebook
from carebot.decide.heard import Heard
from carebot.decide.state import State
from carebot.decide.step import Outcome, step
from carebot.effects.clicks import intake
from carebot.effects.database import edits
from carebot.effects.database.former_cases import former_cases
from carebot.effects.database.store import Store
from carebot.model import Alert, Batch, Deleted, Delivery, Event, Message, Refusal
from carebot.understand.embedded import Reader
from carebot.understand.screen import Screened, screen, screen_others
from carebot.understand.services import BUILT_IN
from carebot.understand.verdicts import Verdicts, overruled, unread

if TYPE_CHECKING:
    from carebot.effects.reading.models import Models  # loaded only where rules ask for it

log = logging.getLogger("carebot")

CANARY = "the canary"  # no source can be called so: names have no spaces
CHUNK = 4000  # messages understood at once; more only costs memory
Route = Callable[[Alert], Sequence[str]]  # an alert's destinations


class Took(msgspec.Struct, frozen=True, kw_only=True):
    """What one micro-batch came to."""

    new: int
    duplicates: int
    refused: tuple[Refusal, ...]
    outcome: Outcome


class Stopwatch:
    """Adds up the seconds each stage takes."""

    def __init__(self, spent: dict[str, float]) -> None:
        self._spent, self._last = spent, time.perf_counter()

    def lap(self, stage: str) -> None:
        now = time.perf_counter()
        self._spent[stage] += now - self._last
        self._last = now


class Loop:
    """The heart. Holds the state between micro-batches; the store holds the same, durably.

    models_for   starts the models that rules name under `classifier`; without it none is asked, as in a replay, where the same input gives
                 the same bytes however fast the machine is
    """

    def __init__(
        self,
        store: Store,
        rulebook: Rulebook,
        *,
        secret: bytes,
        destinations: Route,
        models_for: Callable[[Classifier], Models] | None = None,
    ) -> None:
        self.store = store
        self.secret = secret
        self.models: Models | None = None
        self._destinations, self._models_for = destinations, models_for
        self._readers_noted: dict[str, str] | None = None
        self.spent: dict[str, float] = dict.fromkeys(("screen", "understand", "decide", "commit"), 0.0)  # seconds
        self.use(rulebook)
        self.state: State = store.state()
        self.canary_at: datetime | None = None

    def use(self, rulebook: Rulebook) -> None:
        """From the next micro-batch on, these rules hold."""
        self.rulebook = rulebook
        self.reader = reader_for(rulebook)
        self.brands = {source.name: source.whose for source in rulebook.file.sources if source.whose}
        wanted = rulebook.file.classifier if self._models_for else None
        if self.models and self.models.classifier != wanted:
            self.close()
        if self._models_for and wanted and self.models is None:
            self.models = self._models_for(wanted)

    def close(self) -> None:
        """Ends the processes of the rules' models, if there are any."""
        if self.models:
            self.models.close()
        self.models = None

    def readers(self) -> dict[str, str]:
        """Who reads now, and how each is."""
        return {"fast tier": "ready", **(self.models.states() if self.models else {})}

    def take(self, batches: Sequence[Batch], now: datetime) -> Took:
        """One micro-batch, committed. An item that breaks a stage is set aside with its reason and the rest goes on.

        Trouble with the disk, the database or memory is ours, not an item's: it rises, nothing is committed, nothing is set aside.
        """
        try:
            return self._take(batches, now, self.models)
        except (OSError, sqlite3.Error, MemoryError):
            raise
        except Exception as error:  # the one place: a poison item must not stop the desk from hearing the others
            log.error("poison now=%s items=%d error=%s", now, sum(len(batch.events) for batch in batches), type(error).__name__)
            return self._one_by_one(batches, now, error)

    def _one_by_one(self, batches: Sequence[Batch], now: datetime, error: Exception) -> Took:
        """Each item alone, and without the rules' models, which may be slow; the ones that still break become refusals. The cursors move
        only with the last commit.

        Where every one of several breaks, the fault is ours: the error rises as it was.
        """
        poison: list[Refusal] = []
        items = [(batch.source, event) for batch in batches for event in batch.events]
        for source, event in items:
            try:
                self._take([Batch(source=source, events=(event,))], now)
            except (OSError, sqlite3.Error, MemoryError):
                raise
            except Exception as broken:
                poison.append(Refusal(source=source, item=event.id[:200], reason=f"broke carebot: {type(broken).__name__}", at=now))
        if len(poison) == len(items) != 1:
            raise error
        bare = [replace(batch, events=()) for batch in batches]
        bare[0] = replace(bare[0], refused=(*bare[0].refused, *poison))
        return self._take(bare, now)

    def _sung(self, canaries: Sequence[Event], now: datetime) -> bool:
        """Did a canary come through? It is screened, understood and decided as a customer is, on a state of its own, which is forgotten."""
        if not canaries:
            return False
        screened = screen([one for one in canaries if isinstance(one, Message)], secret=self.secret, now=now, brand="")
        verdicts = understand(self.reader, screened)
        step(State(), Heard(screened.messages, screened.plain, verdicts, ()), self.rulebook, now)
        return bool(screened.messages) and verdicts.row(0).outage.label

    def _take(self, batches: Sequence[Batch], now: datetime, models: Models | None = None) -> Took:
        watch = Stopwatch(self.spent)
        sung = self._sung([event for batch in batches if batch.source == CANARY for event in batch.events], now)
        said, other = _sorted_out([batch for batch in batches if batch.source != CANARY], self.brands)
        other, misnamed = screen_others(other, now)
        other, elsewhere = intake.once(self.store.db.conn, other)
        known = self.store.known([message.id for message in said]) if said else {}
        fresh = _unseen(said, known)
        brand = self.rulebook.file.brand.name
        screened = screen(fresh, secret=self.secret, now=now, brand=brand)
        gone = {event.id for event in other if isinstance(event, Deleted)}
        edited = edits.edited(self.store.db.conn, said, known, gone, secret=self.secret, now=now, brand=brand)
        read = Screened((*screened.messages, *edited.messages), (*screened.plain, *edited.plain), ())
        watch.lap("screen")
        verdicts = understand(self.reader, read, models)
        if models:
            other += models.report(now)
        watch.lap("understand")
        memory_before = self.state.memory
        since = now - self.rulebook.file.cases.reopen_within
        former = former_cases(self.store.db.conn, read.messages, self.rulebook.own_accounts, self.state.desk, since)
        aside = sum(len(batch.refused) for batch in batches) + len(screened.refused) + len(misnamed)
        taken_for = edits.taken_for(self.store.db.conn, edited.messages)
        heard = Heard(read.messages, read.plain, verdicts, tuple(other), former, aside, taken_for)
        outcome = step(self.state, heard, self.rulebook, now)
        if elsewhere:
            outcome = replace(outcome, acted=(*outcome.acted, *elsewhere))
        watch.lap("decide")
        refused = (*(one for batch in batches for one in batch.refused), *screened.refused, *misnamed, *outcome.refused)
        self.store.commit(
            now=now,
            outcome=outcome,
            messages=screened.messages,
            edited=edited.messages,
            deleted=sorted(gone),
            refused=refused,
            batches=batches,
            deliveries=[
                *(delivery for alert in outcome.alerts for delivery in deliveries(alert, self._destinations(alert))),
                *(delivery for card in outcome.cards for delivery in deliveries(card, self._destinations(card), quiet=True)),
            ],
            memory_before=memory_before,
            rules=self.rulebook.fingerprint,
            duplicates=len(said) - len(fresh),
            secret=self.secret,
        )
        if models:
            models.told()
        if self._models_for and self.readers() != self._readers_noted:  # for `carebot status`
            self._readers_noted = self.readers()
            self.store.put("readers", self._readers_noted)
        if sung:
            self.store.put("canary", now)
            self.canary_at = now
        self.state = outcome.state.settled()
        watch.lap("commit")
        return Took(new=len(screened.messages), duplicates=len(said) - len(fresh), refused=tuple(refused), outcome=outcome)


def canary(now: datetime) -> Message:
    """What it sings. It is never counted, stored or told: only that it came through is."""
    words = "La app no funciona, no puedo entrar"
    return Message(id=f"canary:{now:%Y%m%d%H%M%S}", source=CANARY, author="canary", text=words, posted_at=now, seen_at=now)


def reader_for(rulebook: Rulebook) -> Reader:
    """The reader that knows this rules file's words."""
    return _reader(tuple((name, service.words) for name, service in rulebook.file.services.items()))


@lru_cache(maxsize=2)  # building one takes a second; most new versions of a rules file have the old words
def _reader(words: tuple[tuple[str, tuple[str, ...]], ...]) -> Reader:
    return Reader(BUILT_IN.with_rules(dict(words)))


def understand(reader: Reader, screened: Screened, models: Models | None = None) -> Verdicts:
    """Verdicts of a screened batch; verdicts that came with a message are taken as they are, and no model is asked about it."""
    messages, plain = screened.messages, screened.plain
    lang, stars = [message.lang for message in messages], [message.stars for message in messages]
    if messages and all(message.verdict is not None for message in messages):  # a millisecond each where they come one by one
        return overruled(unread(lang, reader.services, reader.symptoms), [message.verdict for message in messages])
    verdicts = reader.read(plain, lang, stars)
    if models:

        def again(rows: Sequence[int], logits: NDArray[np.float32]) -> Verdicts:
            return reader.read([plain[row] for row in rows], [lang[row] for row in rows], [stars[row] for row in rows], logits)

        verdicts = models.read(verdicts, plain, [message.text if message.verdict is None else None for message in messages], again)
    if any(message.verdict is not None for message in messages):
        return overruled(verdicts, [message.verdict for message in messages])
    return verdicts


def _sorted_out(batches: Sequence[Batch], brands: Mapping[str, str]) -> tuple[list[Message], list[Event]]:
    """Messages, and everything else. `brands`: whose customers speak in which source, where a message does not say."""
    said: list[Message] = []
    other: list[Event] = []
    for batch in batches:
        for event in batch.events:
            if isinstance(event, Message):
                brand = brands.get(batch.source) if brands and not event.brand else None
                said.append(replace(event, brand=brand) if brand else event)
            else:
                other.append(event)
    return said, other


def _unseen(said: Sequence[Message], known: Mapping[str, str | None]) -> list[Message]:
    """The first of each id that the store does not have, with the words of the last."""
    fresh: dict[str, Message] = {}
    for message in said:
        if message.id not in known:
            first = fresh.setdefault(message.id, message)
            if first.text != message.text:
                fresh[message.id] = replace(first, text=message.text, lang=message.lang, stars=message.stars, verdict=message.verdict)
    return list(fresh.values())


def deliveries(alert: Alert, destinations: Sequence[str], quiet: bool = False) -> list[Delivery]:
    """The outbox rows of an alert: one a destination."""
    return [Delivery(id=f"{alert.alert}@{name}", alert=alert, destination=name, quiet=quiet) for name in destinations]
