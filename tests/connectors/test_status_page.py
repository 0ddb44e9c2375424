"""A provider's status page tells only what changed, once, in the words of our own states."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from carebot.effects.network.http import Client
from carebot.errors import Refused, Unreachable
from carebot.model import Batch, Notice, Status, StatusState
from connectors import base, entries, status_page
from connectors.status_page.history import history, state_of
from tests.connectors.loopback_web import NOON, Loopback, serving, world


def page(*components: tuple[str, str], updated_at: str | None = "2026-11-21T11:50:00.123Z", **more: object) -> bytes:
    said = [
        {"id": name.lower(), "name": name, "status": status, "updated_at": updated_at, "position": 1, **more} for name, status in components
    ]
    return json.dumps({"page": {"id": "p"}, "status": {"indicator": "none"}, "components": said, "incidents": []}).encode()


def cards(them: Loopback, http: Client) -> base.Connector:
    made = status_page.connect("cards", status_page.Options(url=them.url + "/", provider="Example Pay", allow_private=True), world(http))
    assert isinstance(made, base.Connector)
    return made


def states(events: tuple[object, ...]) -> list[tuple[str, str]]:
    return [(event.component, event.state) for event in events if isinstance(event, Status)]


async def test_only_what_changed_is_told_and_getting_well_is_a_change(http: Client) -> None:
    async with serving(page(("Cards", "operational"), ("ATM", "partial_outage"))) as them:
        first = await cards(them, http).fetch(None)
        assert them.asked[0].path == "/api/v2/summary.json"
        assert states(first.events) == [("ATM", "partial_outage")]
        assert first.events[0] == Status(
            id="status:Example Pay:atm:partial_outage:1795261800",
            provider="Example Pay",
            component="ATM",
            state="partial_outage",
            at=datetime(2026, 11, 21, 11, 50, 0, 123000, tzinfo=UTC),
        )
        assert (await cards(them, http).fetch(None)).events == first.events  # asking twice is harmless
        assert (await cards(them, http).fetch(first.cursor)).events == ()
        them.answer = page(("Cards", "degraded_performance"), ("ATM", "operational"))
        second = await cards(them, http).fetch(first.cursor)
        assert states(second.events) == [("Cards", "degraded"), ("ATM", "operational")]


def test_every_state_of_theirs_is_one_of_ours() -> None:
    read = status_page.read(page(*((name, name) for name in status_page.STATES)), None, "cards", "Example Pay", NOON)
    assert {state for _, state in states(read.events)} | {"operational"} == set(get_args(StatusState))


def test_a_state_nobody_knows_is_refused_once_and_the_rest_is_told() -> None:
    body = page(("Cards", "on_fire"), ("ATM", "major_outage"))
    first = status_page.read(body, None, "cards", "Example Pay", NOON)
    assert states(first.events) == [("ATM", "major_outage")]
    assert [(refusal.item, refusal.reason) for refusal in first.refused] == [("cards", "has a state nobody knows: 'on_fire'")]
    assert status_page.read(body, first.cursor, "cards", "Example Pay", NOON).refused == ()


def test_a_group_of_components_is_not_counted_beside_its_members() -> None:
    assert status_page.read(page(("All", "major_outage"), group=True), None, "cards", "Example Pay", NOON).events == ()


@pytest.mark.parametrize(
    ("updated_at", "at"),
    [(None, NOON), ("2026-11-21T13:00:00Z", NOON), ("2026-11-21T12:30:00+01:00", datetime(2026, 11, 21, 11, 30, tzinfo=UTC))],
)
def test_a_change_is_never_later_than_now(updated_at: str | None, at: datetime) -> None:
    (event,) = status_page.read(page(("ATM", "major_outage"), updated_at=updated_at), None, "cards", "Example Pay", NOON).events
    assert isinstance(event, Status)
    assert event.at == at


@pytest.mark.parametrize(
    "body", [b"", b"<html>down</html>", b"[]", b"{}", b'{"components": {}}', b'{"components": [{"id": 1}]}', b"[" * 100_000, b"\xff"]
)
async def test_a_page_that_speaks_otherwise_makes_no_sense_now(http: Client, body: bytes) -> None:
    async with serving(body) as them:
        with pytest.raises(Unreachable, match="cards: did not answer as a status page does"):
            await cards(them, http).fetch(None)


@pytest.mark.parametrize(("status", "trouble"), [(403, Refused), (404, Refused), (500, Unreachable), (304, Unreachable)])
async def test_a_page_that_is_not_there_is_told_by_whose_turn_it_is(http: Client, status: int, trouble: type[Exception]) -> None:
    async with serving(status) as them:
        with pytest.raises(trouble, match=r"^cards: "):
            await cards(them, http).fetch(None)


# ── incidents and maintenance of a summary ───────────────────────────────────────────────────────────────────────


def incident(name: str, impact: str, status: str = "investigating", *parts: str, **more: Any) -> dict[str, Any]:
    components = [{"id": part.lower(), "name": part, "status": "operational"} for part in parts]
    return {"id": name.lower(), "name": name, "impact": impact, "status": status, "components": components, **more}


def summary(*components: tuple[str, str], **more: Any) -> bytes:
    return json.dumps({**json.loads(page(*components)), **more}).encode()


def read(body: bytes, cursor: str | None = None, **services: str) -> Batch:
    named = {name.replace("_", " "): service for name, service in services.items()}
    return status_page.read(body, cursor, "cards", "Example Pay", NOON, named)


def test_an_incident_speaks_for_a_component_that_was_left_on_green_and_ends_with_it() -> None:
    first = read(summary(("Cards", "operational"), incidents=[incident("Slow", "major", "identified", "Cards")]))
    assert states(first.events) == [("Cards", "partial_outage")]
    calm = read(summary(("Cards", "operational"), incidents=[incident("Slow", "major", "monitoring", "Cards")]), first.cursor)
    assert calm.events == ()
    assert states(read(summary(("Cards", "operational"), incidents=[]), calm.cursor).events) == [("Cards", "operational")]
    worse = read(summary(("Cards", "major_outage"), incidents=[incident("Slow", "minor", "identified", "Cards")]))
    assert states(worse.events) == [("Cards", "major_outage")]


def test_an_incident_that_names_no_component_stands_for_itself_until_it_is_gone() -> None:
    first = read(summary(("Cards", "operational"), incidents=[incident("Pagos lentos", "critical"), incident("Aviso", "none")]))
    assert states(first.events) == [("Pagos lentos", "major_outage")]
    assert read(summary(("Cards", "operational"), incidents=[incident("Pagos lentos", "critical")]), first.cursor).events == ()
    assert states(read(summary(("Cards", "operational")), first.cursor).events) == [("Pagos lentos", "operational")]
    over = read(summary(("Cards", "operational"), incidents=[incident("Pagos lentos", "critical", "resolved")]), first.cursor)
    assert states(over.events) == [("Pagos lentos", "operational")]


def test_two_parts_of_one_name_are_one_part_as_bad_as_the_worse() -> None:
    """Of 760 real incidents two had the same name and were open at once: the end of one was told as the end of both."""
    both = [incident("Pagos lentos", "minor"), {**incident("Pagos lentos", "major"), "id": "second"}]
    first = read(summary(("API", "operational"), incidents=both))
    assert states(first.events) == [("Pagos lentos", "partial_outage")]
    left = read(summary(("API", "operational"), incidents=both[:1]), first.cursor)
    assert states(left.events) == [("Pagos lentos", "degraded")]
    apis = [
        {"id": number, "name": "API", "status": status}
        for number, status in (("1", "operational"), ("2", "major_outage"), ("3", "operational"))
    ]
    assert states(read(json.dumps({"components": apis}).encode()).events) == [("API", "major_outage")]


def test_an_incident_in_no_shape_at_all_is_refused_alone() -> None:
    batch = read(summary(("Cards", "major_outage"), incidents=[7, {"id": "hush"}, incident("Lento", "minor")]))
    assert states(batch.events) == [("Cards", "major_outage"), ("Lento", "degraded")]
    assert [refusal.item for refusal in batch.refused] == ["incident 1", "incident 2"]


def maintenance(status: str, begins: str = "2026-11-22T01:00:00Z", ends: str = "2026-11-22T03:00:00+01:00") -> dict[str, Any]:
    return incident("Nuevo núcleo", "maintenance", status, "Card payments", "ATM", scheduled_for=begins, scheduled_until=ends)


def test_a_providers_maintenance_is_a_state_once_it_began() -> None:
    parts = (("Card payments", "operational"), ("ATM", "operational"))
    parts_by_id = [{"id": name.lower(), "name": name, "status": status} for name, status in parts]
    ahead = json.dumps({"components": parts_by_id, "scheduled_maintenances": [maintenance("scheduled")]}).encode()
    assert read(ahead).events == ()
    now = json.dumps({"components": parts_by_id, "scheduled_maintenances": [maintenance("in_progress")]}).encode()
    assert states(read(now).events) == [("Card payments", "maintenance"), ("ATM", "maintenance")]


def test_maintenance_on_our_own_page_is_announced_once_for_each_service_and_again_when_it_moves() -> None:
    body = summary(
        ("Cards", "operational"), scheduled_maintenances=[maintenance("scheduled", "2026-11-22T01:00:00Z", "2026-11-22T03:00:00Z")]
    )
    first = read(body, Card_payments="card")
    assert first.events == (
        Notice(
            id="notice:Example Pay:nuevo núcleo:card:1795309200:1795316400",
            what="maintenance",
            service="card",
            from_=datetime(2026, 11, 22, 1, tzinfo=UTC),
            to=datetime(2026, 11, 22, 3, tzinfo=UTC),
        ),
    )
    assert read(body, first.cursor, Card_payments="card").events == ()
    moved = summary(
        ("Cards", "operational"), scheduled_maintenances=[maintenance("scheduled", "2026-11-23T01:00:00Z", "2026-11-23T03:00:00Z")]
    )
    (again,) = read(moved, first.cursor, Card_payments="card").events
    assert isinstance(again, Notice)
    assert again.from_ == datetime(2026, 11, 23, 1, tzinfo=UTC)
    assert (
        read(
            summary(("Cards", "operational"), scheduled_maintenances=[maintenance("scheduled", ends="2026-11-22T00:00:00Z")]),
            Card_payments="card",
        ).events
        == ()
    )


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inside: (
        st.lists(inside, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["id", "name", "status", "components", "impact", "updated_at", "scheduled_for", "data", "pagination", "next_page"]
            ),
            inside,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(anything, st.sampled_from(["components", "incidents", "scheduled_maintenances"]), st.text(max_size=20))
def test_whatever_a_page_says_it_is_a_batch_or_unreachable(said: Any, where: str, cursor: str) -> None:
    for body in (json.dumps(said).encode(), summary(("Cards", "major_outage"), **{where: [said, incident("a", "minor")]})):
        try:
            batch = read(body, cursor, Card_payments="card")
        except Unreachable:
            continue
        assert all(event.id.encode() for event in batch.events if isinstance(event, Status))


GITHUB = Path(__file__).parents[3] / "shared/data/streams/status_incidents_github_2020_2026.json"


@pytest.mark.data
@pytest.mark.skipif(not GITHUB.exists(), reason="the recorded incidents lie beside the checkout, in ../shared")
def test_six_years_of_real_incidents_each_begin_and_each_end() -> None:
    """Each incident's updates are put on a page in the order in which they were, and the page is looked at after each."""
    recorded = json.loads(GITHUB.read_text("utf-8"))
    changes = sorted(
        (datetime.fromisoformat(at.replace("Z", "+00:00")), id_, status) for id_, one in recorded.items() for status, at in one["statuses"]
    )
    names = sorted({part for one in recorded.values() for part in one["components"]})
    parts = [{"id": f"part:{name}", "name": name, "status": "operational"} for name in names]
    open_now: dict[str, dict[str, Any]] = {}
    cursor, ailing, began, seen = None, dict[str, str](), set[str](), 0
    for at, id_, status in changes:
        one = recorded[id_]
        touched = [part for part in parts if part["name"] in one["components"]]
        open_now[id_] = {
            "id": id_,
            "name": one["name"],
            "impact": one["impact"],
            "status": status,
            "components": touched,
            "updated_at": at.isoformat(),
        }
        if status in ("resolved", "postmortem"):
            del open_now[id_]
        for old in [old for old, each in open_now.items() if at - datetime.fromisoformat(each["updated_at"]) > timedelta(days=1)]:
            del open_now[old]  # of some the end was not recorded
        body = json.dumps({"components": parts, "incidents": list(open_now.values())}).encode()
        batch = status_page.read(body, cursor, "github", "GitHub", at + timedelta(seconds=1))
        assert batch.refused == ()
        for event in batch.events:
            assert isinstance(event, Status)
            assert ailing.get(event.component, "operational") != event.state  # nothing is told twice
            ailing[event.component] = event.state
        cursor, seen = batch.cursor, seen + len(batch.events)
        if id_ in open_now and one["impact"] not in ("none", "maintenance"):
            began.add(id_)
            assert all(ailing[name] != "operational" for name in (one["components"] or [one["name"]]))
        assert {name for name, state in ailing.items() if state != "operational"} == {
            name
            for each in open_now.values()
            if each["impact"] != "none"
            for name in ([c["name"] for c in each["components"]] or [each["name"]])
        }
    assert (len(recorded), len(began) > 600, seen > 1200) == (760, True, True)


# ── StatusGator ──────────────────────────────────────────────────────────────────────────────────────────────────


def monitors(*said: tuple[str, str | None], next_page: int | None = None) -> bytes:
    data = [{"id": name, "display_name": name, "filtered_status": status, "paused_at": None} for name, status in said]
    return json.dumps({"success": True, "data": data, "pagination": {"next_page": next_page}}).encode()


def gathered_from(them: Loopback, http: Client) -> base.Connector:
    options = status_page.Options(url=f"{them.url}/api/v3/boards/b/monitors", provider="StatusGator", format="statusgator", token="gator")
    made = status_page.connect("cards", options.model_copy(update={"allow_private": True}), world(http, gator="hush-token\n"))
    assert isinstance(made, base.Connector)
    return made


async def test_statusgators_monitors_are_read_to_the_last_page_with_our_token(http: Client) -> None:
    async def pages(request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != "Bearer hush-token":
            return web.Response(status=401)
        first = request.query["page"] == "1"
        return web.Response(
            body=monitors(("Visa", "down"), ("AWS", "up"), next_page=2) if first else monitors(("Bizum", "warn"), ("Old", None))
        )

    async with serving(pages) as them:
        batch = await gathered_from(them, http).fetch(None)
        assert states(batch.events) == [("Visa", "major_outage"), ("Bizum", "degraded")]
        assert batch.requests == 2
        them.answer = monitors(("Visa", "up"), ("Bizum", "warn"), ("New", "on fire"))
        after = await gathered_from(them, http).fetch(batch.cursor)
        assert states(after.events) == [("Visa", "operational")]
        assert [refusal.item for refusal in after.refused] == ["New"]
        for status, trouble, said in (
            (401, Refused, "refused our token.*systemctl restart"),
            (404, Refused, "no such board"),
            (500, Unreachable, "500"),
        ):
            them.answer = status
            with pytest.raises(trouble, match=said) as raised:
                await gathered_from(them, http).fetch(None)
            assert "hush" not in str(raised.value)
        for body in (monitors(("Visa", "up"), next_page=2), b"<html>", b"[]"):
            them.answer = body
            with pytest.raises(Unreachable):
                await gathered_from(them, http).fetch(None)


@pytest.mark.parametrize(
    "options",
    [
        {"format": "statusgator"},
        {"token": "gator"},
        {"format": "statusgator", "token": "gator", "url": "https://statusgator.com.eve.example/api"},
        {"format": "feed", "services": {"a": "card"}},
    ],
)
def test_a_token_goes_to_statusgator_and_to_nobody_else(options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        status_page.Options(**{"url": "https://status.example.com", "provider": "Visa", **options})


# ── history feeds ────────────────────────────────────────────────────────────────────────────────────────────────


def rss(*items: tuple[str, str, datetime]) -> bytes:
    said = "".join(
        f"<item><title>{title}</title><guid>https://status.example.com/incidents/{number}</guid>"
        f"<pubDate>{at:%a, %d %b %Y %H:%M:%S} +0000</pubDate><description>{body}</description></item>"
        for number, (title, body, at) in enumerate(items)
    )
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>Historia</title>{said}</channel></rss>'.encode()


def update(label: str, words: str) -> str:
    return f"&lt;p&gt;&lt;small&gt;Nov 21, 11:50 UTC&lt;/small&gt;&lt;br&gt;&lt;strong&gt;{label}&lt;/strong&gt; - {words}&lt;/p&gt;"


async def test_a_history_feed_tells_of_the_first_word_and_of_the_last(http: Client) -> None:
    began, long_ago = NOON - timedelta(minutes=20), NOON - timedelta(days=30)
    old = ("Cortes de red", update("Investigating", "We look."), long_ago)
    async with serving(rss(("Pagos lentos", update("Investigating", "We are looking into it."), began), old)) as them:
        made = status_page.connect(
            "cards", status_page.Options(url=them.url, provider="Example Pay", format="feed", allow_private=True), world(http)
        )
        assert isinstance(made, base.Connector)
        first = await made.fetch(None)
        assert first.events == (
            Status(
                id=f"status:Example Pay:feed:https://status.example.com/incidents/0:degraded:{int(began.timestamp())}",
                provider="Example Pay",
                component="Pagos lentos",
                state="degraded",
                at=began,
            ),
        )
        assert (await made.fetch(first.cursor)).events == ()
        both = update("Resolved", "All is well.") + update("Investigating", "We are looking into it.")
        them.answer = rss(("Pagos lentos", both, began), old)
        after = await made.fetch(first.cursor)
        assert states(after.events) == [("Pagos lentos", "operational")]
        assert (await made.fetch(after.cursor)).events == ()
        them.answer = b"<html>no feed</html>"
        with pytest.raises(Unreachable):
            await made.fetch(after.cursor)


@pytest.mark.parametrize(
    ("title", "body", "state"),
    [
        ("Slow payments", "Nov 21, 11:50 UTC\nResolved - It is over.\nNov 21, 11:00 UTC\nInvestigating - We look.", "operational"),
        ("Slow payments", "Nov 21, 11:50 UTC\nMonitoring - A fix is in place.\nInvestigating - It will be resolved soon.", "degraded"),
        ("Slow payments", "Identified - It is not resolved yet.", "degraded"),
        ("[Resolved] Slow payments", "The issue was found and repaired.", "operational"),
        ("Pagos lentos", "21 nov, 11:50 UTC\nResuelto - Ya funciona.\nInvestigando - Lo miramos.", "operational"),
        ("Pagos lentos", "Identificado: trabajamos en ello.", "degraded"),
        ("Caída total de Bizum", "Investigando: lo miramos.", "major_outage"),
        ("Mantenimiento programado", "Programado - Esta noche.", "maintenance"),
        ("Database upgrade", "In progress - It has begun.\nScheduled - Tonight.", "maintenance"),
        ("Database upgrade", "Completed - It is done.\nIn progress - It has begun.", "operational"),
        ("Service is operating normally: payments", "", "operational"),
        ("Elevated error rates", "Some customers may see errors.", "degraded"),
    ],
)
def test_an_incidents_words_say_how_it_is(title: str, body: str, state: str) -> None:
    assert state_of(title, body) == state


@given(st.text(max_size=200), st.text(max_size=400))
def test_any_words_have_some_state(title: str, body: str) -> None:
    assert state_of(title, body) in get_args(StatusState)


@pytest.mark.data
@pytest.mark.skipif(not GITHUB.exists(), reason="the recorded incidents lie beside the checkout, in ../shared")
def test_a_years_real_incidents_told_as_a_feed_each_begin_and_each_end() -> None:
    recorded = {id_: one for id_, one in json.loads(GITHUB.read_text("utf-8")).items() if one["created_at"][:4] == "2025"}
    told = 0
    for id_, one in recorded.items():
        cursor, heard = None, []
        for number, (_, at) in enumerate(one["statuses"], 1):
            now = datetime.fromisoformat(at.replace("Z", "+00:00")) + timedelta(seconds=1)
            body = "".join(update(status.capitalize(), "…") for status, _ in reversed(one["statuses"][:number]))
            feed_page = rss((re.sub("[<>&]", "", one["name"]), body, datetime.fromisoformat(one["created_at"].replace("Z", "+00:00"))))
            batch = history(entries.read(entries.Page(feed_page, "", "github", "", now)).messages, cursor, "github", "GitHub", now)
            heard += [state for _, state in states(batch.events)]
            cursor = batch.cursor
        ended = one["statuses"][-1][0] == "resolved"
        began = any(status in ("investigating", "identified", "monitoring") for status, _ in one["statuses"])
        short = ended and one["statuses"][0][0] == "resolved"
        assert heard == ([] if short or not began else ["degraded", "operational"] if ended else ["degraded"]) or heard[:1] == [
            "major_outage"
        ], id_
        told += bool(heard)
    assert told > 50
