"""Who praised us, how often, and whether anybody thanked them."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import timedelta

from carebot.decide.match import own_accounts
from carebot.decide.telling.thanks import suggested
from carebot.effects.praise import praised
from carebot.effects.store import Store
from carebot.loop import Loop
from carebot.model import Batch, Deleted, Text
from tests.saying import at, rulebook, say

DAY = 1440


def thanks(by: str, day: float, means: str = "praise"):
    return say("thank you, brilliant service", by=by, minute=day * DAY, means=means, about="app", id=f"x:{by}-{day:g}")


def test_praise_of_the_week_is_kept_with_who_speaks_up_again_and_who_was_thanked():
    book = rulebook()
    one = Loop(Store(None), book, secret=b"k", destinations=lambda alert: ())
    answer = say("@eva thank you!", by="LumbreResponde", minute=DAY + 5, in_reply_to="x:eva-1", means="", about="none", id="x:us")
    said = (
        thanks("ana", -120),
        thanks("ana", -20),
        thanks("ana", 2),
        thanks("eva", 1),
        thanks("luz", 2, "praise complaint"),
        thanks("sol", 3),
    )
    one.take([Batch(source="x", events=(*said, answer))], at(4 * DAY))
    one.take([Batch(source="x", events=(Deleted(id="x:sol-3", at=at(4 * DAY)),))], at(4 * DAY))
    found = praised(one.store.db.conn, own_accounts(book), at(0), at(7 * DAY))
    assert [(each.message, each.author, each.service, each.times, each.thanked) for each in found] == [
        ("x:eva-1", "eva", "app", 1, True),
        ("x:ana-2", "ana", "app", 2, False),
    ]


def test_of_a_busy_season_each_is_counted_as_if_one_had_looked_through_all():
    one = Loop(Store(None), rulebook(), secret=b"k", destinations=lambda alert: ())
    chance = random.Random(7)
    said = [thanks(f"p{chance.randrange(5)}", day=chance.randrange(-2000, 100) / 10) for _ in range(150)]
    one.take([Batch(source="x", events=tuple(said))], at(11 * DAY))
    days: dict[str, list[float]] = defaultdict(list)
    for message in {message.id: message for message in said}.values():
        days[message.author].append((message.posted_at - at(0)) / timedelta(days=1))
    found = praised(one.store.db.conn, frozenset(), at(0), at(10 * DAY))
    assert found and [(each.author, each.times) for each in found] == [
        (each.author, sum(day - 90 <= other <= day for other in days[each.author]))
        for each in found
        for day in [(each.at - at(0)) / timedelta(days=1)]
    ]


def test_the_thank_you_names_what_they_liked_and_that_they_came_again():
    assert suggested("ana", "app", 2, rulebook()) == Text(
        "@ana ¡Mil gracias por tus palabras! Se las pasamos al equipo de la app. Y gracias por acordarte otra vez de nosotros.",
        "@ana Thank you so much for your kind words! We are passing them on to the people behind the app. And thank you for speaking up for us once more.",
    )
    assert suggested("", "none", 1, rulebook()).es == "¡Mil gracias por tus palabras! Se las pasamos al equipo."
