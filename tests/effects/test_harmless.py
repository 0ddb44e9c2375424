"""No customer's text does anything in Slack, wherever it stands: card, thread, fallback text, digest."""

from __future__ import annotations

import os
import random
from datetime import timedelta
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carebot.decide.telling.delivery import digest
from carebot.effects.card import Card, card, line
from carebot.effects.harmless import clean, cut, defang, mrkdwn, permalink, words
from carebot.model import Alert, Delivery, Phase, Quote, Reason, StatementState, Text
from tests.effects.cards import MADRID, TEN, facts, incident
from tests.effects.slack_limits import assert_slack_takes_it
from tests.effects.slack_marks import called, marks, strays, texts, urls

TRICKS = (
    "<!channel>", "<!here|x>", "<@U123ABC>", "<#C1|general>", "<!subteam^S1>", "<http://evil.com|bank.com>", "<!date^1^{date}^https://evil.com|x>",
    "&lt;!everyone&gt;", "@channel", "*bold*", "_it_", "~no~", "`code`", "```", "\n> quote", "\n", ":rotating_light:", ":alert:" * 9,
    "https://evil.com/a?b=c", "HTTP://EVIL.COM", "www.evil.com", "evil.com", "evil\u200b.com", "h\u200dttps://evil.com", "evil\u200d.com", "xn--80ak6aa92e.com",
    "bаnco.com", "аррӏе.com", "ana@evil.com", "slack://user?id=1", "tel:+34600000000", "mailto:a@evil.com",
    ":100:", ":1234:", ":+1:", ":wave::skin-tone-3:", "10:42:30", "💩.la", "बैंक.भारत", "evil\ufe0f.com", "😀" + "\ufe00\ufe01" * 40, "ก" + "\u0e47" * 60,
    "\u202egnp.exe", "\u2066\u2069", "\u200f", "\u00ad", "\u3164", "\U000e0041", "\x1b[2J", "\x1b]8;;https://evil.com\x07", "\x00", "\x9b", "\ud800",
    "😀" * 200, "👨‍👩‍👧", "e" + "\u0301" * 400, "&" * 40, "<" * 4000, '"\\' * 900, "ñ" * 3000, "[red]", "{channel}", "%s", "](http://evil.com)",
)  # fmt: skip
HOSTILE = st.one_of(st.text(max_size=120), st.lists(st.sampled_from(TRICKS) | st.text(max_size=4), max_size=8).map("".join))
OURS = ("*", "\n")  # the bold label of a field


def everything(words: list[str], reason: Reason, phase: Phase | None, *, case: bool = False) -> Alert:
    """An alert with a stranger's words wherever one can have any. `case`: of one customer's matter."""
    a, b, c, d, e, f, g, h, i, j, k, m = words
    return incident(
        reason=reason,
        phase=phase,
        case="ca-1" if case else None,
        brand=k,
        symptom=m,
        headline=Text(a, a),
        detail=Text(b, b),
        say=Text(c, c),
        act=Text(j, j),
        region=d,
        service=e,
        quotes=(
            Quote(f, f, g, "x", TEN, "https://x.com/i/" + f),
            Quote(g, g, h, "bluesky", TEN, i),
            Quote(h, h, i, j, TEN, "javascript:" + h),
        ),
        facts={
            "sources": {i: 3},
            "owner": j,
            "also": [k],
            "waiting": b,
            "rule": m,
            "rules": c,
            "why": words,
            "usual": float("nan"),
            "count": 10**30,
            "due_at": a,
            "next_update_at": b,
            "false_alarms_a_month": [float("inf"), float("nan"), 5e-324, -1.0, a][len(b) % 5],
            "trend": [a, float("nan"), -1, 3, 10**20],
            "votes": {"yes": 10**20, "no": a},
            "like": k,
            "asks_for": words,
            "told_via": words,
            "sampled": {"read": a, "of": b},
            "volume": {"posts": 5, "usual": a, "window_min": b},
            "severity_was": a,
            "window_min": m,
            **(stated(words) if len(m) % 2 else {}),
            "hidden": {a: 3, b: b},
            "cases": [c] if len(c) % 2 else [],
            "promise": d,
            "policy": e,
            "contacts": f,
            "answers": g,
            "hand_offs": h,
            "digest": {"kind": a, "counts": {b: 3}, "since": c, "until": d},
            "flaps": {"times": a, "since": b},
            "escalation": {"to": a, "unanswered_min": b, "steps_left": c},
            "account": a,
            "upstream": [b],
            "others": [c],
            "severity_because": [d],
        },
    )


def stated(words: list[str]) -> dict[str, Any]:
    """The facts of a statement; its words have been through `decide.public.words.clean`, its times and its hash are ours."""
    a, b, c, d, e, f, g, h, i, j, k, m = words
    es, en = clean(a) or "x", clean(b) or "x"
    return {
        "next_update_at": "2026-11-21T10:30:00Z",
        "statement": {
            "state": get_args(StatementState)[len(a) % len(get_args(StatementState))],
            "hash": "3f" * 32,
            "texts": {"es": es, "en": en} if len(c) % 2 else {"en": en},
            "proposed_by": d,
            "approved_by": [e, f],
            "approvals_missing": len(g) % 3,
            "expires_at": "2026-11-21T10:30:00Z",
            "by_hand": not len(h) % 2,
            "links": True,
            "posts": [{"source": i, "language": "es", "state": "refused", "url": "https://evil.com", "because": j}],
            "because": {"es": k, "en": m},
        },
    }


def assert_it_is_only_text(made: Card, *, whole: bool = True) -> None:
    if whole:
        assert_slack_takes_it(made)
    assert not marks(made.text), marks(made.text)
    for kind, text in texts(made.blocks):
        label, _, value = text.partition("\n")
        told = value if kind == "mrkdwn" and label.startswith("*") and label.endswith("*") else text
        assert not marks(told, kind), (kind, marks(told, kind))
    assert not called(made.blocks)
    assert not list(strays(made.blocks))
    assert all(url.startswith("https://x.com/i/") for url in urls(made.blocks))


@settings(max_examples=80, deadline=None)
@given(
    st.lists(HOSTILE, min_size=12, max_size=12), st.sampled_from(get_args(Reason)), st.sampled_from([*get_args(Phase), None]), st.booleans()
)
def test_whatever_people_write_it_is_only_text(words: list[str], reason: Reason, phase: Phase | None, case: bool) -> None:
    hostile = everything(words, reason, phase, case=case)
    for language in ("es", "en"):
        assert_it_is_only_text(card(hostile, language=language, zone=MADRID, service_name=Text(words[0], words[0])))  # type: ignore[arg-type]
        assert_it_is_only_text(line(hostile, language), whole=False)  # type: ignore[arg-type]


@settings(max_examples=40, deadline=None)
@given(st.lists(HOSTILE, min_size=2, max_size=15))
def test_several_alerts_in_one_message_are_only_text_too(heads: list[str]) -> None:
    held = [
        Delivery(id=str(n), alert=incident(alert=str(n), headline=Text(head, head)), destination="desk") for n, head in enumerate(heads)
    ]
    told = digest(held, TEN + timedelta(minutes=1)).alert
    assert_it_is_only_text(card(told, language="es", zone=MADRID, service_name=None))


@pytest.mark.long
def test_a_million_tricks_do_nothing() -> None:
    """The renderer under fire, for as long as CAREBOT_FUZZ_S says: tricks cut, joined and nested at random, from a seed that is printed."""
    import time

    seed = int(os.environ.get("CAREBOT_FUZZ_SEED", "0")) or random.randrange(2**32)
    chance, until = random.Random(seed), time.monotonic() + float(os.environ.get("CAREBOT_FUZZ_S", "60"))
    print(f"seed {seed}")
    while time.monotonic() < until:
        words = [_mixed(chance) for _ in range(12)]
        hostile = everything(words, chance.choice(get_args(Reason)), chance.choice([*get_args(Phase), None]), case=chance.random() < 0.3)
        assert_it_is_only_text(card(hostile, language=chance.choice(["es", "en"]), zone=MADRID, service_name=None))  # type: ignore[arg-type]
        assert_it_is_only_text(line(hostile, "en"), whole=False)


def _mixed(chance: random.Random) -> str:
    parts = [chance.choice(TRICKS) for _ in range(chance.randrange(6))]
    cuts = [part[: chance.randrange(len(part) + 1)] if chance.random() < 0.4 else part for part in parts]
    noise = [
        chr(chance.choice([chance.randrange(0x20, 0x7F), chance.randrange(0x110000), 0x200D, 0x2E, 0x3C]))
        for _ in range(chance.randrange(8))
    ]
    mixed = [*cuts, *noise]
    chance.shuffle(mixed)
    return "".join(mixed)


def test_only_what_the_rules_file_says_calls_anybody() -> None:
    made = card(incident(), language="es", zone=MADRID, service_name=None, mention="here")
    assert called(made.blocks) == ["here"] and made.text.startswith("<!here> ") and made.text.count("<") == 1
    assert_slack_takes_it(made)


@pytest.mark.parametrize(
    ("said", "harmless"),
    [
        ("go to https://evil.com/a?b=c now", "go to hxxps://evil[.]com/a?b=c now"),
        ("HTTP://EVIL.COM", "hxxP://EVIL[.]COM"),
        ("www.evil.com and evil.co.uk", "www[.]evil[.]com and evil[.]co[.]uk"),
        ("slack://user?id=1", "slack[:]//user?id=1"),
        ("xhttp://evil.com", "xhttp[:]//evil[.]com"),
        ("write to ana@evil.com", "write to ana@evil[.]com"),
        ("evil。com", "evil[.]com"),
        ("evil\u200b.com evil\u200d.com", "evil[.]com evil[.]com"),
        ("it costs 3.50 at 10.42. Why?", "it costs 3.50 at 10.42. Why?"),
        ("entra en bаnco.com", "entra en xn--bnco-53d[.]com"),  # a Cyrillic а
        ("аррӏе.com", "xn--80ak6aa92e[.]com"),
        ("españa.com", "españa[.]com"),
        ("привет.как дела", "привет[.]как дела"),
        ("💩.la", "💩[.]la"),
        ("बैंक.भारत", "बैंक[.]भारत"),
        ("10.42.30 y 3.5", "10.42.30 y 3.5"),
    ],
)
def test_addresses_in_a_customers_words_are_broken(said: str, harmless: str) -> None:
    assert defang(said) == harmless


def test_characters_that_deceive_the_eye_are_dropped_and_emoji_families_stay() -> None:
    assert clean("ok\t\u202egnp.exe\u2066 a\u200bb \x1b[31mred\x9b\x07 \ud800 👨‍👩‍👧 ñ") == "ok gnp.exe ab [31mred  👨‍👩‍👧 ñ"
    assert clean("a\u3164\u2800b" + "\u0301" * 50) == "ab\u0301\u0301"


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("*hola* _qué_ ~tal~ `x`", "∗hola∗ ˍquéˍ ∼tal∼ ‵x‵"),
        ("@ana_perez_22", "@ana_perez_22"),
        ("a < b & c", "a &lt; b &amp; c"),
        (":tada: a las 10:42", "∶tada: a las 10:42"),
        ("😀😀😀😀😀😀 noooooo!!!!!!!", "😀😀😀 noooooo!!!"),
    ],
)
def test_marks_become_signs_that_mean_nothing(said: str, shown: str) -> None:
    assert mrkdwn(said, 100) == shown


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)", "ftp://x.com/a", "http://x.com/a", "https://bank.com@x.com/", "https://a|b.com", "https://x.com/\x1b]8;;", "//x.com/a",
        "https://ex ample.com/", "https://[bad/", "https://x.com/>", "", "https://x.com/" + "a" * 600, "https://аррӏе.com/",
        "https://evil.com/x.com", "https://x.com.evil.com/i/1", "https://evilx.com/1", "https://x.com:8443/1", "https://x.com:bad/1",
    ],
)  # fmt: skip
def test_only_an_address_of_its_own_network_becomes_a_link(url: str) -> None:
    assert permalink(url, "x") == ""
    made = card(incident(quotes=(Quote("x:1", "hola", "ana", "x", TEN, url),)), language="es", zone=MADRID, service_name=None)
    assert urls(made.blocks) == []


@pytest.mark.parametrize(
    ("url", "source"),
    [
        ("https://x.com/i/status/1", "x"),
        ("https://mobile.twitter.com/ana/status/1", "x"),
        ("https://www.reddit.com/r/bancos/comments/1", "reddit"),
        ("https://foro.bancos.es/t/7", "foro"),
        ("https://mastodon.social/@ana/1", "mastodon"),
        ("https://x.example/ana/1", "x"),  # a name that leads nowhere
    ],
)
def test_the_posts_own_address_can_be_clicked(url: str, source: str) -> None:
    assert permalink(url, source) == url


@given(st.text(), st.integers(1, 50))
def test_a_cut_text_fits_even_when_escaped(text: str, room: int) -> None:
    for kept in (cut(text, room), words(text, room)):
        escaped = kept.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        assert len(escaped.encode("utf-16-le")) // 2 <= room


def test_the_reader_of_marks_sees_what_slack_would() -> None:
    seen: Any = [name for name, _ in marks("<!here> *b* _i_ ~s~ `c` :tada: https://evil.com &copy; \u202e")]
    assert sorted(set(seen)) == ["address", "control", "emoji", "entity", "format", "invisible"]
    assert not marks("ana_perez a*b 3 &lt; 4, 10:42:30, hxxps://evil[.]com 👨‍👩‍👧 ❤️ ñ\u0303")
    assert [name for name, _ in marks("e" + "\u0e47" * 6 + " a\ufe0f a\u200db :100:", "plain")] == [
        "emoji",
        "tower",
        "tower",
        "invisible",
        "invisible",
    ]
    unknown = [{"type": "image", "image_url": "https://evil.com", "alt_text": "x"}, {"type": "text", "text": "hola", "title": "y"}]
    assert [key for key, _ in strays(unknown)] == ["type", "image_url", "alt_text", "title"]
    assert list(strays({"type": "button", "action_id": "evil", "value": "a b"})) == [("action_id", "evil"), ("value", "a b")]
    assert facts()["rule"] == "login-down"
