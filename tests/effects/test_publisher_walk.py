"""Can any words reach the public without those who must agree? Whoever presses whatever, whenever carebot stops, whatever networks answer.

A walk at random through the real loop, the real database and the real hand that publishes. Beside it an account that is kept of presses
alone: who was shown which words under which hash, and who pressed what. Each post is held against that account, and not against carebot's.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter, defaultdict
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from carebot.decide.public.statements import LIVE
from carebot.effects.telling.publisher import Publisher, publisher
from carebot.errors import Refused, Throttled, Unreachable
from carebot.model import Batch, Click
from tests.effects.publishing import PEOPLE, Desk
from tests.saying import at, say

STRANGER, NOWHERE = "USTRANGE1", "http://127.0.0.1:1"
TEXTS = ("Falla la app.", "Falla la app\u200b.", "Fálla la app.", "Fa\u0301lla la app.", "Ya está.", " ", "Más en https://bаnco.com")
PRESSES = ("propose", "approve", "publish", "withdraw", "said_it", "it_is_there", "it_is_not_there")


class Walk:
    """One desk, its public, and the account of presses."""

    def __init__(self, db: Path, chance: random.Random) -> None:
        self.db, self.chance, self.minute = db, chance, 10.0
        self.shown: dict[str, dict[str, str]] = {}  # by hash: what a card showed under it
        self.proposed: dict[str, tuple[str, float]] = {}  # by hash: by whom, when
        self.pressed: dict[tuple[str, str], set[str]] = defaultdict(set)  # by action and hash
        self.said: Counter[tuple[str, str]] = Counter()  # by hash and source
        self.posts = 0
        self.publishing = True
        self.desk = Desk(db, NOWHERE, NOWHERE)
        self.desk.fails()

    def step(self) -> None:
        while not self.desk.loop.state.incidents:  # the last one is long over
            self.minute += 1
            self.take(*(say(f"otra vez no va nada {by}", minute=self.minute, by=f"{by}{self.minute}") for by in "abcdefgh"))
            if self.desk.loop.state.incidents:
                self.press("confirm", "")
        match self.chance.choice(["press"] * 4 + ["day"] * 6 + ["hand"] * 6 + ["wait", "restart", "rules"]):
            case "press":
                self.press(self.chance.choice(PRESSES), self.hash())
            case "day":
                self.good_day()
            case "hand":
                asyncio.run(self.hand())
            case "wait":
                for _ in range(self.chance.choice([1, 1, 2, 5, 31])):  # and it goes on failing
                    self.minute += 1
                    self.take(*(say(f"sigue sin ir {by}", minute=self.minute, by=f"{by}{self.minute}") for by in "abc"))
            case "restart":
                self.desk.store.close()
                self.desk = Desk(self.db, NOWHERE, NOWHERE)
                self.desk.use(publish=self.publishing)
                asyncio.run(self.stopped())
            case "rules":
                self.publishing = self.chance.random() < 0.8
                self.desk.use(publish=self.publishing)

    def take(self, *events: Any) -> Any:
        self.desk.minute = self.minute
        took = self.desk.take(*events)
        for alert in took.outcome.alerts:
            if (told := alert.facts.get("statement")) and told["hash"]:
                assert self.shown.setdefault(told["hash"], told["texts"]) == told["texts"], "one hash, two texts"
        return took

    def good_day(self) -> None:
        """What a desk does that agrees, mostly: now and then somebody is missing, presses twice, or presses on what is gone."""
        if self.desk.loop.state.statements and self.desk.statement.state == "unsure":
            self.press("it_is_there", self.desk.statement.hash)
        self.press("propose", self.desk.statement.hash if self.is_live() else "")
        for action in ("approve", "approve", "approve", "approve", "publish", "publish"):
            self.press(action, self.hash() if self.chance.random() < 0.1 else self.desk.statement.hash if self.proposed else "")

    def is_live(self) -> bool:
        return bool(self.desk.loop.state.statements) and self.desk.statement.state in LIVE

    def hash(self) -> str:
        known = list(self.shown)[-3:]
        return self.chance.choice([*known, "", "0" * 64])

    def press(self, action: Any, hash_: str) -> None:
        by = STRANGER if self.chance.random() < 0.08 else self.chance.choice(PEOPLE)
        fields = {"es": self.chance.choice(TEXTS), "en": self.chance.choice(TEXTS)} if action == "propose" else {}
        click = Click(
            id=f"{self.chance.randrange(10**12)}",
            action=action,
            user=by,
            incident=self.desk.incident,
            at=at(self.minute),
            hash=hash_,
            fields=fields,
        )
        (acted,) = self.take(click).outcome.acted
        self.pressed[action, hash_].add(by)
        if action == "propose" and acted.outcome == "done":
            self.proposed[self.desk.statement.hash] = (by, self.minute)
        if self.chance.random() < 0.1:
            assert not self.take(click).outcome.acted, "a replay has no effect"

    def hand_of(self) -> Publisher:
        async def in_loop(work: Any, *values: Any) -> Any:
            return work(*values)

        async def commit(batch: Batch) -> None:
            if self.chance.random() < 0.1:
                raise KilledError
            self.take(*batch.events)
            if self.chance.random() < 0.1:
                raise KilledError

        return publisher(self.desk.store, in_loop, commit, lambda name: Network(self, name), lambda: at(self.minute))

    async def hand(self) -> None:
        try:
            await self.hand_of().round()
        except KilledError:
            self.desk.store.close()
            self.desk = Desk(self.db, NOWHERE, NOWHERE)
            self.desk.use(publish=self.publishing)
            await self.stopped()

    async def stopped(self) -> None:
        try:
            await self.hand_of().after_a_stop()
        except KilledError:
            await self.stopped()

    def lands(self, text: str, source: str) -> None:
        """A post reached the public: is it one that may have?"""
        self.posts += 1
        hashes = [hash_ for hash_, texts in self.shown.items() if text in texts.values() and hash_ in self.proposed]
        good = [hash_ for hash_ in hashes if self.may(hash_)]
        assert good, f"said without those who must agree: {text!r}"
        assert any(not self.said[hash_, source] for hash_ in good), f"said twice on {source}"
        self.said[next(hash_ for hash_ in reversed(good) if not self.said[hash_, source]), source] += 1

    def may(self, hash_: str) -> bool:
        by, since = self.proposed[hash_]
        others = self.pressed["approve", hash_] - {by, STRANGER}
        return (
            len(others) >= 2
            and bool(self.pressed["publish", hash_] - {STRANGER})
            and self.minute < since + timedelta(minutes=30).total_seconds() / 60
            and self.publishing
            and hash_ == list(self.proposed)[-1]
        )


class KilledError(BaseException):
    """carebot stops here."""


class Network:
    """Where the brand speaks: it takes a post, refuses it, or loses the answer, before or after the public has seen it."""

    def __init__(self, walk: Walk, source: str) -> None:
        self.walk, self.source = walk, source

    async def publish(self, text: str) -> str:
        match self.walk.chance.choice(["said", "said", "lost", "never came", "refused", "wait", "killed"]):
            case "said":
                self.walk.lands(text, self.source)
                return f"https://{self.source}.example/1"
            case "lost":
                self.walk.lands(text, self.source)
                raise Unreachable("no answer")
            case "killed":
                self.walk.lands(text, self.source)
                raise KilledError
            case "never came":
                raise Unreachable("no answer")
            case "refused":
                raise Refused("no", "Do something.")
            case _:
                raise Throttled("wait", timedelta(seconds=1))


@pytest.mark.parametrize(("seed", "steps"), [(2, 70), pytest.param(3, 2000, marks=pytest.mark.long)])
def test_whatever_is_pressed_nothing_is_said_without_two_others_who_saw_it(seed: int, steps: int, tmp_path: Path) -> None:
    walk = Walk(tmp_path / "walk.db", random.Random(seed))
    for _ in range(steps):
        walk.step()
    assert walk.posts > 2, "a walk in which hardly anything was said shows nothing"
