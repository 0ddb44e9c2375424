"""Who may press which button? By member id, never by name: a name is whatever its owner types today.

Three roles. Everybody who sees a card may say whether they see the failure too: a poll is no order. To act on an incident is for those in
`roles.act`, or for everybody where the rules leave that out. To approve and to publish is for those in `roles.publish` and for nobody
else. What is in no table here is nobody's to press.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

from carebot.config.schema import Rulebook
from carebot.model import Click, ClickAction, Text

Role = Literal["see", "act", "publish"]

ROLE_FOR: dict[ClickAction, Role] = {
    "see_yes": "see",
    "see_no": "see",
    "take": "act",
    "confirm": "act",
    "not_incident": "act",
    "snooze": "act",
    "resolve": "act",
    "correct": "act",
    "propose": "act",
    "withdraw": "act",  # to stop something is never a privilege
    "approve": "publish",
    "publish": "publish",
    "it_is_there": "publish",
    "it_is_not_there": "publish",
    "said_it": "act",  # that people have said it is a fact: who hears of it decides nothing
}

_NOBODY = Text(
    "Nadie puede publicar todavía: faltan roles.publish en rules.yaml.", "Nobody may publish yet: rules.yaml has no roles.publish."
)
_NOT_YOU: dict[Role, Text] = {
    "act": Text(
        "No estás en la lista de quienes atienden incidencias (roles.act en rules.yaml). Pide que te añadan: tu id es {}.",
        "You are not on the list of those who handle incidents (roles.act in rules.yaml). Ask to be added: your id is {}.",
    ),
    "publish": Text(
        "No estás en la lista de quienes publican (roles.publish en rules.yaml). Pide que te añadan: tu id es {}.",
        "You are not on the list of those who publish (roles.publish in rules.yaml). Ask to be added: your id is {}.",
    ),
}


def why_not(click: Click, rulebook: Rulebook) -> Text | None:
    """None if this person may press this; else what they are told."""
    role = ROLE_FOR.get(click.action)
    if role is None:
        return Text("Ese botón no es de carebot.", "That is no button of carebot's.")
    allowed = holders(role, rulebook)
    if allowed is None or click.user in allowed:
        return None
    if role == "publish" and not allowed:
        return _NOBODY
    said = _NOT_YOU[role]
    return Text(said.es.format(click.user), said.en.format(click.user))


def holders(role: Role, rulebook: Rulebook) -> Collection[str] | None:
    """Who has this role, by member id; None: everybody in the channel."""
    given = rulebook.file.roles
    match role:
        case "see":
            return None
        case "act":
            return given.act
        case "publish":
            return given.publish


def is_named(user: str, rulebook: Rulebook) -> bool:
    """Do the rules name this very person, whatever workspace they belong to?"""
    given = rulebook.file.roles
    return user in (given.act or ()) or user in given.publish
