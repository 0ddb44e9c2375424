"""Whose voice counts is a matter of what was posted, never of the order in which it is read."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from carebot.decide.detecting.voices import ASIDE, LONG, SILENT, Voices, forget, heard, kept
from carebot.model import Signal
from tests.saying import at


def post(minute: float, by: str = "ana", text: int = 0, service: str = "app", conversation: str = "", id: str = "") -> Signal:
    """An outage signal; without a `text`, the author's own words."""
    return Signal(
        id=id or f"x:{by}-{minute:g}", kind="outage", rule="down", brand="Banco Lumbre", service=service, symptom="", source="x",
        author_key=by, posted_at=at(minute), seen_at=at(minute), fingerprint=text, conversation=conversation,
    )  # fmt: skip


def counted(said: Iterable[Signal]) -> set[str]:
    """Who counts when all of them are heard in this order."""
    voices, count = Voices(), dict[str, bool]()
    for signal in said:
        mine, turned = heard(voices, signal)
        count |= {one.id: one.counted for one in (mine, *turned)}
        voices = voices.draft().settled()
    return {id_ for id_, counts in count.items() if counts}


def by_definition(said: list[Signal]) -> set[str]:
    """The rule of `decide.detecting.voices`, word by word, with all posts in view."""

    def before(one: Signal, others: list[Signal], within: timedelta) -> list[Signal]:
        return [o for o in others if (o.posted_at, o.id) < (one.posted_at, one.id) and one.posted_at - o.posted_at < within]

    own = [s for s in said if not s.fingerprint or all(o.fingerprint != s.fingerprint for o in before(s, said, SILENT))]

    def is_first(one: Signal) -> bool:
        mine = [o for o in own if o.author_key == one.author_key]
        again = [o for o in before(one, mine, SILENT) if o.service == one.service]
        return not again and not [o for o in before(one, mine, ASIDE) if (o.conversation or o.id) == (one.conversation or one.id)]

    return {one.id for one in own if is_first(one)}


@st.composite
def talk(draw: st.DrawFn) -> list[Signal]:
    """A few people who say much: about two services, in two conversations or none, in their own words or with one of two texts."""
    people, texts, places = st.sampled_from("abcd"), st.sampled_from((0, 0, 0, 1, 2)), st.sampled_from(("", "", "x:1", "x:2"))
    minutes = draw(st.lists(st.integers(0, 400), min_size=1, max_size=24))
    return [
        post(minute, draw(people), draw(texts), draw(st.sampled_from(("app", "app", "card"))), draw(places), id=f"x:{n}")
        for n, minute in enumerate(minutes)
    ]


@settings(max_examples=300, deadline=None, derandomize=True)
@given(said=talk(), chance=st.randoms(use_true_random=False))
def test_whatever_is_read_first_the_same_posts_count(said: list[Signal], chance: random.Random) -> None:
    shuffled = chance.sample(said, len(said))
    assert counted(shuffled) == counted(said) == by_definition(said)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(said=talk(), chance=st.randoms(use_true_random=False))
def test_a_restart_amid_it_changes_nobodys_voice(said: list[Signal], chance: random.Random) -> None:
    shuffled = chance.sample(said, len(said))
    stored: dict[str, Signal] = {}
    for n, signal in enumerate(shuffled):
        if n % 3 == 0:
            voices = Voices()
            for one in sorted(stored.values(), key=lambda one: (one.posted_at, one.id)):
                kept(voices, one)
        mine, turned = heard(voices, signal)
        stored |= {one.id: one for one in (mine, *turned)}
    assert {one.id for one in stored.values() if one.counted} == by_definition(said)


def test_who_writes_every_forty_minutes_all_morning_is_one_voice_until_an_hour_of_silence() -> None:
    said = [post(minute) for minute in (0, 40, 80, 120, 160, 221)]
    assert counted(said) == counted(said[::-1]) == {"x:ana-0", "x:ana-221"}


def test_an_original_read_after_its_copy_takes_the_voice_and_gives_the_copyist_theirs_back() -> None:
    copy, own_words, original = post(5, "eva", text=7), post(9, "eva"), post(0, "ana", text=7)
    voices = Voices()
    assert heard(voices, copy)[0].counted and not heard(voices, own_words)[0].counted
    mine, turned = heard(voices, original)
    assert mine.counted and {(one.id, one.counted) for one in turned} == {("x:eva-5", False), ("x:eva-9", True)}


def test_thanks_and_ios_eleven_are_the_same_trouble_for_four_hours_and_me_too_is_another_persons() -> None:
    thread = [post(minute, conversation="x:0", service=service) for minute, service in ((0, "app"), (90, ""), (200, "card"), (439, "app"))]
    me_too = [post(minute, by, conversation="x:0") for minute, by in ((3, "luis"), (91, "eva"))]
    assert counted([*thread, *me_too]) == {"x:ana-0", "x:luis-3", "x:eva-91"}
    assert counted([thread[0], post(440, conversation="x:0")]) == {"x:ana-0", "x:ana-440"}


def test_a_storm_of_thousands_is_remembered_by_a_few_of_its_posts() -> None:
    voices, chance = Voices(), random.Random(1)
    said = [replace(post(chance.random() * 240, text=7), id=f"x:{n}", author_key=f"bot{n}") for n in range(5000)]
    for signal in said:
        heard(voices, signal)
    first = min(said, key=lambda signal: signal.posted_at)
    assert [signal.id for signal in voices.own.values() if signal.counted] == [first.id]
    assert max(map(len, voices.runs.values())) <= LONG


def test_what_is_long_over_is_forgotten() -> None:
    voices = Voices()
    for minute in (0, 50, 300):
        heard(voices, post(minute, text=7))
    forget(voices, at(60))
    assert set(voices.own) == {"x:ana-300"} and all(said_at >= at(60) for run in voices.runs.values() for said_at, _ in run)
    forget(voices, at(600))
    assert not voices.own and not voices.runs
