"""What Slack says somebody pressed → a Click, or why it is none. Pure; the same for both ways it comes.

Everything in it is outside input, also where the signature is right: an extension of the browser, a workspace beside ours, another app's
button. So it is read by a list of what we want, and nothing else of it goes any further. Who pressed is the member id alone.

A button of ours is named after its action (`action_id`) and carries the incident (`value`); of a menu, the chosen option carries
"4h:incident". A statement's button carries "incident#hash". A form is named after its action too (`callback_id`), and carries where it
was opened. https://docs.slack.dev/reference/interaction-payloads (read 2026-11)
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Annotated, Any, get_args
from urllib.parse import parse_qs

import msgspec

from carebot.effects.harmless import clean, person
from carebot.model import Click, ClickAction

ACTIONS: tuple[ClickAction, ...] = get_args(ClickAction)
MOST_TYPED = 3000  # characters of one field, as Slack's own forms allow
MOST_FIELDS = 10

_Id = Annotated[str, msgspec.Meta(pattern=r"^[A-Z][A-Z0-9]{1,30}\Z")]
_Member = Annotated[str, msgspec.Meta(pattern=r"^[UW][A-Z0-9]{1,30}\Z")]
_Short = Annotated[str, msgspec.Meta(max_length=255)]
_Value = Annotated[str, msgspec.Meta(max_length=2000)]


class Unreadable(ValueError):
    """It is no click of ours. The text says why, without a word of what was sent."""


class Whence(msgspec.Struct, frozen=True):
    """What a form takes with it and brings back: Slack keeps it (`private_metadata`), nobody else sees it."""

    incident: _Value
    channel: str = ""
    hash: str = ""


class Pressed(msgspec.Struct, frozen=True):
    """A click, and what it came with: whose workspace and app, and, for three seconds, leave to open a form."""

    click: Click
    team: str = ""
    app: str = ""
    trigger: str = ""
    submitted: bool = False


class _Person(msgspec.Struct):
    id: _Member
    name: str = ""
    username: str = ""
    team_id: str = ""


class _Team(msgspec.Struct):
    id: _Id


class _Option(msgspec.Struct):
    value: _Value


class _Action(msgspec.Struct):
    action_id: _Short
    value: _Value = ""
    selected_option: _Option | None = None
    action_ts: _Short = ""
    block_id: _Short = ""


class _Container(msgspec.Struct):
    channel_id: _Id | None = None
    message_ts: _Short = ""


class _BlockActions(msgspec.Struct, tag="block_actions", tag_field="type"):
    user: _Person
    actions: Annotated[list[_Action], msgspec.Meta(min_length=1, max_length=25)]
    team: _Team | None = None
    api_app_id: str = ""
    trigger_id: _Short = ""
    container: _Container = msgspec.field(default_factory=_Container)


class _Typed(msgspec.Struct):
    value: str | None = None
    selected_option: _Option | None = None


class _State(msgspec.Struct):
    values: dict[str, dict[str, _Typed]] = {}


class _View(msgspec.Struct):
    id: _Short
    callback_id: _Short = ""
    private_metadata: Annotated[str, msgspec.Meta(max_length=3000)] = ""
    state: _State | None = None


class _ViewSubmission(msgspec.Struct, tag="view_submission", tag_field="type"):
    user: _Person
    view: _View
    team: _Team | None = None
    api_app_id: str = ""


_PAYLOAD = msgspec.json.Decoder(_BlockActions | _ViewSubmission)
_WHENCE = msgspec.json.Decoder(Whence)


def of_form(body: bytes) -> bytes:
    """The payload of a signed request: the one field of that name. Raises Unreadable."""
    try:
        fields = parse_qs(body.decode("ascii"), strict_parsing=True, max_num_fields=20, errors="strict")
    except ValueError:  # which a UnicodeError is too
        raise Unreadable("the body is no form") from None
    if len(found := fields.get("payload", [])) != 1:
        raise Unreadable("the form has no payload, or several")
    return found[0].encode("utf-8", "surrogatepass")


def read(payload: bytes, now: datetime) -> Pressed:
    """What was pressed. Raises Unreadable, and nothing else, whatever the bytes are."""
    try:
        said = _PAYLOAD.decode(payload)
        return _pressed(said, now) if isinstance(said, _BlockActions) else _submitted(said, now)
    except Unreadable:
        raise
    except msgspec.ValidationError:
        raise Unreadable("it is not the shape of a press of ours") from None
    except (msgspec.DecodeError, UnicodeError, RecursionError, ValueError, OverflowError):
        raise Unreadable("it is no JSON we read") from None


def _pressed(said: _BlockActions, now: datetime) -> Pressed:
    action = said.actions[0]
    choice, value = "", action.value
    if action.selected_option:
        choice, _, value = action.selected_option.value.partition(":")
    incident, _, hash_ = value.partition("#")
    channel = said.container.channel_id
    if not channel:
        raise Unreadable("it was pressed in no channel")
    click = Click(
        id=_id(said.team, said.user.id, action.action_id, action.block_id, value, channel, said.container.message_ts, action.action_ts),
        action=_action(action.action_id),
        user=said.user.id,
        name=_name(said.user),
        incident=_there(incident),
        at=now,
        choice=_one_line(choice)[:40],
        channel=channel,
        hash=_one_line(hash_)[:128],
    )
    return Pressed(click, _workspace(said.user, said.team), said.api_app_id, said.trigger_id)


def _submitted(said: _ViewSubmission, now: datetime) -> Pressed:
    whence = _WHENCE.decode(said.view.private_metadata)
    fields: dict[str, str] = {}
    choice = ""
    for block in (said.view.state or _State()).values.values():
        for name, typed in block.items():
            if typed.selected_option:
                choice = _one_line(typed.selected_option.value)[:40]
            elif typed.value is not None and len(fields) < MOST_FIELDS:
                fields[_one_line(name)[:80]] = clean(typed.value[:MOST_TYPED])
    click = Click(
        id=_id(said.team, said.user.id, "form", said.view.id),
        action=_action(said.view.callback_id),
        user=said.user.id,
        name=_name(said.user),
        incident=_there(whence.incident),
        at=now,
        choice=choice,
        text=next(iter(fields.values()), "") if len(fields) == 1 else "",
        fields=fields if len(fields) > 1 else {},
        channel=_one_line(whence.channel)[:32],
        hash=_one_line(whence.hash)[:128],
    )
    return Pressed(click, _workspace(said.user, said.team), said.api_app_id, submitted=True)


def _id(team: _Team | None, *parts: str) -> str:
    """The same for the same press, whichever way and however often it comes."""
    told = "\n".join((team.id if team else "", *parts))
    return "slack:" + hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _action(name: str) -> ClickAction:
    for action in ACTIONS:
        if name == action:
            return action
    raise Unreadable("it is a button nobody here knows")


def _there(incident: str) -> str:
    if not (told := _one_line(incident)[:200]):
        raise Unreadable("it names no incident")
    return told


def _workspace(user: _Person, team: _Team | None) -> str:
    """Where the person belongs: in a channel shared with another company, that is another workspace than the message's."""
    return user.team_id or (team.id if team else "")


def _name(user: _Person) -> str:
    return person((user.name or user.username)[:300])[:80]


def _one_line(text: Any) -> str:
    return " ".join(clean(str(text)[:3000]).split())
