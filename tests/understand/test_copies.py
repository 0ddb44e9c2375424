"""One text going round is one voice; whoever says it in words of their own is a second one."""

from __future__ import annotations

import os
import subprocess
import sys
from random import Random

import msgspec
import pytest

from benchmarks.copies import STREAMS, by_window, on_stream, score, voices
from benchmarks.storms import told
from carebot.understand.copies import MOST, STORM, SWEEP, WIDTH, Known, Said, Window, clusters, restored, without
from carebot.understand.normalise import fingerprint, plain, tame

SAID = "Firmad la petición para que Banco Lumbre compense a los afectados por la caída de hoy, ya somos cinco mil en Vigo"


def said(texts: list[str], minutes: list[int] | None = None) -> list[Said]:
    words = [plain(tame(text)) for text in texts]
    return [Said(f"x:{row}", words[row], fingerprint(words[row]), (minutes or [0] * len(texts))[row]) for row in range(len(texts))]


def ids(*texts: str, minutes: list[int] | None = None, window: Window | None = None) -> list[int]:
    return clusters(said(list(texts), minutes), window or Window())[0]


def stream(seed: int, most: int) -> list[Said]:
    posts = told(seed)[:most]
    return said([post.text for post in posts], [post.minute for post in posts])


@pytest.mark.parametrize(
    "again",
    [
        f"RT @ana_1: {SAID}",
        f"Esto es una vergüenza: «{SAID}»",
        f"{SAID} Lo que yo llevo diciendo toda la semana",
        f"RT @bot: {SAID[:80]}…",
        f"🚨🚨 {SAID} #LumbreCaido @BancoLumbre https://t.example/x",
        SAID.replace("cinco mil", "6.312"),
        SAID.replace("petición", "peticon").replace("compense", "compesne").replace("caída", "caida"),
        SAID.upper(),
        f"{SAID} xqzkwv",
        f"{SAID} a8f3k2",
        SAID.replace("Vigo", "San Sebastián"),
    ],
    ids=[
        "retweet",
        "quoted",
        "commented",
        "cut",
        "decorated",
        "other figure",
        "mistyped",
        "shouted",
        "bot",
        "bot with figures",
        "other town",
    ],
)
def test_a_copy_that_differs_a_little_is_still_a_copy(again):
    first, second = ids(SAID, again, minutes=[0, 1])
    assert first == second == fingerprint(plain(tame(SAID)))


@pytest.mark.parametrize(
    ("one", "another"),
    [
        ("la app no funciona", "la app no funciona"),
        ("A mí tampoco me va la app de Lumbre desde esta mañana", "A mí tampoco me va la app de Lumbre, y tengo que pagar el alquiler"),
        ("No puedo entrar en la app de Lumbre desde hace una hora", "Llevo una hora y no puedo entrar en la app de Lumbre"),
        ("Se ha caído la app de Banco Lumbre otra vez, qué vergüenza", "Otra vez se ha caído la app de Banco Lumbre? Aquí en León sí"),
        (
            "Can't log in to the Lumbre app since noon, anyone else?",
            "Lumbre app won't let me log in since noon. Is anyone else locked out?",
        ),
        ("I have been on hold for over an hour because of my card", "Been on hold for over an hour, nobody at Lumbre can tell me why"),
    ],
)
def test_who_has_the_same_trouble_keeps_a_voice(one, another):
    first, second = ids(one, another, minutes=[0, 1])
    assert first == second == 0 or first != second


@pytest.mark.parametrize("seed", [1, 4])
def test_storms_collapse_and_three_thousand_people_are_heard(seed):
    one = score(told(seed), by_window)
    assert one.collapsed >= 0.995
    assert one.merged <= 0.005
    assert one.votes <= 2


def test_most_of_the_demo_customers_are_heard_though_they_speak_in_frames():
    people, heard = voices()
    assert heard >= 0.85 * people


def test_halves_of_a_storm_that_began_with_cut_copies_become_one():
    words = plain(SAID).split()
    start, end, whole = " ".join(words[:11]), " ".join(words[10:]), " ".join(words)
    found, window = clusters(said([start, end, whole, end, start], [0, 1, 2, 3, 4]), Window())
    assert found[0] != found[1]
    assert len(set(found[2:])) == 1
    assert set(window.known.storms) == set(found[2:])


def test_eight_words_are_enough_of_a_text_that_is_known_to_go_round():
    eight = "firmad la petición para que Banco Lumbre compense"
    assert len(set(ids(SAID, eight, minutes=[0, 1]))) == 2
    assert len(set(ids(*[SAID] * STORM, eight, minutes=[0] * STORM + [1]))) == 1


def test_asking_again_gives_the_same_and_changes_nothing_that_was_handed_in():
    posts = [one._replace(minute=0) for one in stream(2, 1500)]
    first, window = clusters(posts, Window())
    before = window.copy()
    again, _ = clusters(posts, window)
    assert window == before
    moved = [(a, b) for a, b in zip(first, again, strict=True) if a != b]
    assert all(b in window.known.storms for _, b in moved)  # only who stood in a half that has since been joined to the other
    assert len(moved) <= 0.005 * len(posts)


def test_the_order_within_a_batch_does_not_matter():
    posts = stream(3, 1500)
    shuffled = posts.copy()
    Random(5).shuffle(shuffled)
    one, window = clusters(posts, Window())
    other, again = clusters(shuffled, Window())
    assert dict(zip(posts, one, strict=True)) == dict(zip(shuffled, other, strict=True))
    assert window == again


def test_posts_that_arrive_in_any_order_within_ten_minutes_are_as_many_voices():
    posts = stream(3, 3000)
    late = Random(7)
    arrived = sorted(posts, key=lambda one: one.minute + late.uniform(0, 10))
    voices = []
    for order in (posts, arrived):
        window, found = Window(), set()
        for start in range(0, len(order), 50):
            ids, window = clusters(order[start : start + 50], window)
            found |= set(ids)
        voices.append(len(found))
    assert abs(voices[0] - voices[1]) <= 0.01 * voices[0], voices


@pytest.mark.parametrize("seed", [1, 6])
def test_a_restart_at_any_moment_changes_nothing(seed):
    posts, rng = stream(seed, 2500), Random(seed)
    words = {one.id: one.plain for one in posts}
    whole = restarted = Window()
    while posts:
        batch, posts = posts[: (size := rng.randint(1, 60))], posts[size:]
        known = msgspec.json.decode(msgspec.json.encode(restarted.known), type=Known)
        restarted = restored(known, {text.id: words[text.id] for text in known.texts.values()})
        one, whole = clusters(batch, whole)
        other, restarted = clusters(batch, restarted)
        assert one == other
        assert whole == restarted
        assert list(whole.known.texts) == list(restarted.known.texts)  # `==` does not look at the order


def test_what_is_deleted_leaves_no_words_behind_and_repeated_exactly_it_is_still_a_copy():
    _, window = clusters(said([SAID, f"{SAID} Tal cual"]), Window())
    left = without(window, {"x:0", "x:1", "x:77"})
    assert not left.having and not any(left.pairs.values())
    assert window.having, "what was handed in is changed"
    assert ids(SAID, f"{SAID} Ojalá sea mentira", minutes=[1, 1], window=left) == [
        fingerprint(plain(SAID)),
        fingerprint(plain(f"{SAID} Ojalá sea mentira")),
    ]
    assert restored(left.known, {}) == left
    assert without(window, {"x:77"}) is window


def test_another_process_gives_the_same_numbers():
    asks = (
        "from benchmarks.storms import told; from benchmarks.copies import by_window; from carebot.understand.normalise import plain, tame; "
        "posts = told(1)[:1500]; print(by_window([plain(tame(p.text)) for p in posts], [p.minute for p in posts], 100))"
    )
    heard = {
        subprocess.run([sys.executable, "-c", asks], env=os.environ | {"PYTHONHASHSEED": seed}, capture_output=True, check=True).stdout
        for seed in ("1", "2")
    }
    assert len(heard) == 1


def test_a_text_is_forgotten_an_hour_after_its_last_copy():
    commented = f"{SAID} Tal cual"
    _, window = clusters(said([SAID]), Window())
    assert ids(commented, minutes=[WIDTH - 1], window=window) == [fingerprint(plain(SAID))]
    assert ids(commented, minutes=[WIDTH], window=window) == [fingerprint(plain(commented))]
    _, window = clusters(said([SAID], [WIDTH - 1]), window)
    assert ids(commented, minutes=[2 * WIDTH - 2], window=window) == [fingerprint(plain(SAID))]


def test_a_message_read_hours_late_is_compared_with_its_own_time_only():
    _, window = clusters(said([SAID], [1000]), Window())
    late, after = clusters(said([f"{SAID} Tal cual"], [1000 - WIDTH]), window)
    assert late == [fingerprint(plain(f"{SAID} Tal cual"))]
    assert set(after.known.texts) == set(window.known.texts)


def test_a_week_of_chatter_takes_no_more_memory_than_an_hour():
    rng, window, most = Random(1), Window(), 0
    words = [
        f"{first}{second}{third}" for first in ("ba", "co", "di", "fu") for second in ("la", "me", "no", "ri") for third in ("s", "n", "")
    ]
    for minute in range(0, 7 * 24 * 60, 20):
        texts = [" ".join(rng.choices(words, k=rng.randint(8, 30))) for _ in range(30)]
        _, window = clusters(said(texts, [minute + rng.randrange(20) for _ in texts]), window)
        most = max(most, len(window.known.texts))
        assert set(window.known.storms) == {text.cluster for text in window.known.texts.values()}
    assert most <= 30 * (WIDTH + SWEEP + 20) / 20
    assert {mark for marks in window.having.values() for mark in marks} <= set(window.known.texts) == set(window.pairs)
    _, window = clusters(said([SAID], [8 * 24 * 60]), window)
    assert len(window.known.texts) == 1
    assert len(window.having) == len(window.pairs[fingerprint(plain(SAID))])


def test_a_flood_of_different_texts_in_one_minute_stays_within_the_cap():
    rng, window = Random(2), Window()
    flood = [" ".join("".join(rng.choices("abcdefgh", k=5)) for _ in range(12)) for _ in range(2 * MOST)]
    for start in range(0, len(flood), 100):
        _, window = clusters(said(flood[start : start + 100]), window)
        assert len(window.known.texts) == len(window.known.storms) == len(window.pairs) <= MOST
    assert len(window.known.texts) > MOST / 2


def test_what_is_made_to_hurt_does_not():
    hostile = ["", " ", "  ", "a" * 10_000, "a " * 5_000, " ".join(map(str, range(2_000))), "🔥" * 10_000, "\ud800 " * 20, f"{SAID} " * 80]
    found, window = clusters(said([*hostile, *[SAID] * 1000]), Window())
    assert found[:4] == [0, 0, 0, 0]
    assert len(set(found[len(hostile) :])) == 1
    assert max(map(len, window.pairs.values())) < 100


def test_nothing_in_nothing_out():
    found, window = clusters([], empty := Window())
    assert found == []
    assert window is empty


@pytest.mark.data
@pytest.mark.skipif(not STREAMS.exists(), reason=f"the recorded streams are not at {STREAMS}")
def test_reposts_are_found_without_their_flag():
    heard = [on_stream(path) for path in sorted(STREAMS.glob("tags2020_*.jsonl"))]
    assert sum(one["original in the file"] for one in heard) >= 40
    assert sum(one["found"] for one in heard) >= 0.97 * sum(one["original in the file"] for one in heard)


@pytest.mark.data
@pytest.mark.skipif(not STREAMS.exists(), reason=f"the recorded streams are not at {STREAMS}")
def test_on_recorded_days_hardly_anything_is_joined_beyond_equal_words():
    heard = [on_stream(path) for path in sorted(STREAMS.glob("*.jsonl"))]
    assert sum(one["joined beyond equal words"] for one in heard) <= 0.005 * sum(one["messages"] for one in heard)
