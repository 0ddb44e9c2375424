"""Telling the public, as part of a step: clicks on a statement, what the hand that publishes reports, our own posts, and time.

Each turn is in the statement's ledger and in its incident's, and the desk is told. What moves a statement: `statements`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from carebot.config.schema import Rulebook
from carebot.decide.incidents import course, phases
from carebot.decide.incidents.phases import Move, is_open
from carebot.decide.pressing import pressed
from carebot.decide.public import shown, statements
from carebot.decide.public.lengths import links
from carebot.decide.public.words import STAGES, kind_of
from carebot.decide.state import State, incident_now
from carebot.decide.telling.alerts import alert_id
from carebot.decide.telling.plainly import left, moment
from carebot.model import SHOWN, Acted, Alert, Click, Incident, Message, Posted, Reason, Stage, Statement, Text
from carebot.understand.normalise import plain, tame
from carebot.understand.redact import redact

ACTIONS = frozenset({"propose", "approve", "publish", "withdraw", "said_it", "it_is_there", "it_is_not_there"})
WARN = timedelta(minutes=5)  # before what was promised is due
SKEW = timedelta(minutes=10)  # between a network's clock and ours
LOOK_FOR = timedelta(days=1)  # how long after it was proposed a text is looked for among our own posts

_NOTHING_TO_SAY = Text(
    "De una posible incidencia no se dice nada todavía: confírmala antes.",
    "Nothing is said of a mere possibility yet: confirm it first.",
)


def clicked(state: State, click: Click, rulebook: Rulebook, now: datetime) -> tuple[Acted, Alert | None]:
    """A person's word on a statement, and what the desk is told of it."""
    incident = pressed.meant(state, click, rulebook)
    if isinstance(incident, Acted):
        return incident, None
    before = _meant(state, incident, click, rulebook, now)
    if before and click.hash == SHOWN:
        click = replace(click, hash=before.hash)
    after = _after(before, incident, click, rulebook, now) if before else _NOTHING_TO_SAY
    if isinstance(after, Text):
        return Acted(click=click, outcome="nothing", because=after), None
    _keep(state, state.statements.get(after.id), after, now)
    return Acted(click=click), _told(state, after, "acted", _line(click, after, rulebook), f"click {click.id}", rulebook, now)


def _meant(state: State, incident: Incident, click: Click, rulebook: Rulebook, now: datetime) -> Statement | None:
    """The statement a click is about: the one under way; to propose, or for what was said by hand, also a draft."""
    one = shown.under_way(state, incident)
    if click.action == "propose" and one and one.said_at and one.state == "approved":  # partly said: that one is done
        _keep(state, one, statements.moved(one, statements.Push.said, now, click.user), now)
        one = None
    if one or click.action not in ("propose", "said_it"):
        return one or next(reversed(shown.statements(state, incident)), None)
    return shown.draft(state, incident, rulebook, now)


def _after(one: Statement, incident: Incident, click: Click, rulebook: Rulebook, now: datetime) -> Statement | Text:
    match click.action:
        case "propose":
            written = {language: click.fields[language] for language in ("es", "en") if language in click.fields}
            return statements.proposed(one, one.texts | written, click, rulebook, now)
        case "approve":
            return statements.approved(one, click, rulebook, now)
        case "publish":
            return statements.published(one, click, STAGES.get(incident.phase), rulebook, now)
        case "withdraw":
            return statements.withdrawn(one, click, now)
        case "said_it":
            return statements.said_by_hand(one, click, rulebook, now)
        case _:
            return statements.looked(one, click, click.action == "it_is_there", rulebook, now)


def reported(state: State, posted: Posted, rulebook: Rulebook, now: datetime) -> list[Alert]:
    """A word of the hand that publishes."""
    before = state.statements.get(posted.statement)
    if before is None:
        return []
    after = statements.reported(before, posted, _stage(state, before), rulebook, now)
    return list(_moved(state, before, after, posted.id, rulebook, now))


def seen(
    state: State, messages: Sequence[Message], words: Sequence[str], ours: NDArray[np.bool_], rulebook: Rulebook, now: datetime
) -> list[Alert]:
    """Our own posts, as they are read back: a statement that is there was said, whoever said it, and is not said again."""
    told: list[Alert] = []
    for row in np.flatnonzero(ours).tolist() if state.statements else ():
        message = messages[row]
        if message.direct or message.in_reply_to or message.repost_of:
            continue
        for before in [one for one in state.statements.values() if _may_be(one, message)]:
            same = [language for language, text in before.texts.items() if _words(text) == words[row]]
            if same:
                after = statements.found(before, message.source, same, message.posted_at, rulebook, now)
                told += _moved(state, before, after, message.id, rulebook, now)
    return told


def _may_be(one: Statement, message: Message) -> bool:
    return one.state != "published" and bool(one.proposed_at) and one.proposed_at - SKEW <= message.posted_at <= one.proposed_at + LOOK_FOR  # type: ignore[operator]


@lru_cache(maxsize=64)
def _words(text: str) -> str:
    """As a message of these words is kept, for comparing."""
    return plain(redact([tame(text)])[0])


def time_passed(state: State, rulebook: Rulebook, now: datetime) -> list[Alert]:
    """Words that became too old to be said, and promises that fall due."""
    told: list[Alert] = []
    for before in list(state.statements.values()):
        told += _moved(state, before, statements.aged(before, _stage(state, before), now), "time", rulebook, now)
        one = state.statements[before.id]
        incident = incident_now(state, one.incident)
        if not one.next_update_at or one.met_at or incident is None:
            continue
        if not is_open(incident):  # the all-clear: its card offers the last words to say
            state.statements[one.id] = replace(one, met_at=now)
        elif now >= one.next_update_at and not one.due_told:
            state.statements[one.id] = replace(one, warned=True, due_told=True)
            told.append(_told(state, one, "update_due", _due(one, rulebook, now), "due", rulebook, now))
        elif now >= one.next_update_at - WARN and not one.warned:
            state.statements[one.id] = replace(one, warned=True)
            told.append(_told(state, one, "update_due", _due(one, rulebook, now), "warned", rulebook, now))
    return told


# ── keeping and telling ──────────────────────────────────────────────────────────────────────────────────────────


def _stage(state: State, one: Statement) -> Stage | None:
    incident = incident_now(state, one.incident)
    return STAGES.get(incident.phase) if incident else None


def _keep(state: State, before: Statement | None, after: Statement, now: datetime) -> None:
    """The statement as it is now, its turns in its incident's ledger too; what is said meets what was promised before."""
    state.statements[after.id] = after
    incident = incident_now(state, after.incident)
    if incident is None:
        return
    known = before.turns if before else ()
    for turn in after.turns if not known else after.turns[after.turns.index(known[-1]) + 1 :]:
        incident = phases.turned(incident, f"statement_{turn.push}", now, by=turn.by)
    state.incidents[incident.id] = incident
    if after.said_at and not (before and before.said_at):
        for one in shown.statements(state, incident):
            if one.id != after.id and one.next_update_at and not one.met_at:
                state.statements[one.id] = replace(one, met_at=after.said_at)


def _moved(state: State, before: Statement, after: Statement, subject: str, rulebook: Rulebook, now: datetime) -> Iterator[Alert]:
    """What is told of a turn that no person made; nothing of the first step of a post on its way."""
    if after is before:
        return
    _keep(state, before, after, now)
    if after.state != before.state or (after.said_at and not before.said_at):
        yield _told(state, after, "statement", _outcome(after, rulebook), subject, rulebook, now)


def _told(state: State, one: Statement, reason: Reason, act: Text, subject: str, rulebook: Rulebook, now: datetime) -> Alert:
    incident = incident_now(state, one.incident)
    assert incident
    alert = course.tell(state, Move(incident.id, reason, 60, by_evidence=False), rulebook, now)
    return replace(alert, alert=alert_id(incident.id, f"{one.id} {reason} {subject}", now), act=act)


def _line(click: Click, one: Statement, rulebook: Rulebook) -> Text:
    """Who did what, for everybody in the thread."""
    who, lacks = click.name or click.user, statements.missing(one, rulebook)
    missing = statements.lacking(lacks) if lacks else Text("ya se puede decir", "it may be said now")
    match click.action:
        case "propose":
            dear = any(links(text) for text in one.texts.values()) and any(kind_of(post.source, rulebook) == "x" for post in one.posts)
            es, en = (" Lleva un enlace: en X cuesta 0,20 $ en vez de 0,015 $.", " It has a link: on X it costs $0.20, not $0.015.")
            return Text(
                f"{who} propone qué decir a los clientes; {missing.es}.{es if dear else ''}",
                f"{who} proposes what to tell customers; {missing.en}.{en if dear else ''}",
            )
        case "approve":
            return Text(f"{who} aprueba el texto; {missing.es}", f"{who} approves the text; {missing.en}")
        case "publish":
            return Text(f"{who} lo publica", f"{who} publishes it")
        case "withdraw":
            return Text(f"{who} retira el texto", f"{who} withdraws the text")
        case "said_it":
            return Text(
                f"{who} ya se lo ha dicho a los clientes{_until(one, rulebook).es}", f"{who} has told customers{_until(one, rulebook).en}"
            )
        case "it_is_there":
            return Text(f"{who} lo ha visto publicado", f"{who} has seen that it is there")
        case _:
            return Text(f"{who} ha mirado: no está publicado", f"{who} has looked: it is not there")


def _outcome(one: Statement, rulebook: Rulebook) -> Text:
    why = one.because or Text("", "")
    match one.state:
        case "published":
            there = "".join(f" {post.url}" for post in one.posts if post.url)
            until = _until(one, rulebook)
            return Text(f"El texto está publicado{until.es}.{there}", f"The text is public{until.en}.{there}")
        case "unsure":
            return Text(
                "No se sabe si el texto llegó a publicarse. Mira si está: carebot no lo repite.",
                "Nobody knows whether the text was published. Look whether it is there: carebot does not repeat it.",
            )
        case "expired":
            return Text(f"El texto ya no se puede decir. {why.es}", f"The text can no longer be said. {why.en}")
        case "approved":
            return Text(f"No se ha publicado: {why.es}", f"It was not published: {why.en}")
        case _:
            return Text("El texto ya está en parte publicado.", "The text is public in part already.")


def _until(one: Statement, rulebook: Rulebook) -> Text:
    if not one.next_update_at:
        return Text("", "")
    at = moment(one.next_update_at, ZoneInfo(rulebook.file.brand.time_zone), one.said_at or one.next_update_at)
    return Text(f"; toca informar otra vez a {at.es}", f"; the next update is due at {at.en}")


def _due(one: Statement, rulebook: Rulebook, now: datetime) -> Text:
    assert one.next_update_at
    at = moment(one.next_update_at, ZoneInfo(rulebook.file.brand.time_zone), now)
    if now >= one.next_update_at:
        return Text(f"Prometimos informar a {at.es}: es la hora", f"We promised an update at {at.en}: it is due now")
    remains = left(one.next_update_at - now)
    return Text(f"Prometimos informar a {at.es}: {remains.es.lower()}", f"We promised an update at {at.en}: {remains.en}")
