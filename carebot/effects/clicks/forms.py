"""Forms (Slack's modals) that ask for more than a button can say. Pure: what a form looks like; who opens it is `door`.

A form is named after the action it completes and comes back as that Click: the one menu as `choice`, the one field as `text`, several
fields as `fields` by their names. https://docs.slack.dev/surfaces/modals (read 2026-11)
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from carebot.decide.pressing.pressed import WHY_NOT
from carebot.effects.card import Language
from carebot.effects.card.blocks import Block
from carebot.effects.clicks.payload import Whence
from carebot.effects.harmless import cut
from carebot.model import Click, ClickAction, Text


class Form(msgspec.Struct, frozen=True):
    """title: at most 24 characters · submit: the word on its button · blocks: inputs, whose `action_id` names the field
    · hash: of the text it shows, which comes back with it"""

    title: Text
    submit: Text
    blocks: list[Block]
    hash: str = ""


OTHER = "other"  # of `WHY_NOT`: the one that needs words
FormFor = Callable[[Click], Awaitable[Form | None]]  # None: the press says it all


def view(form: Form, click: Click, language: Language) -> dict[str, Any]:
    """The form as `views.open` takes it."""
    whence = Whence(incident=click.incident, channel=click.channel, hash=form.hash or click.hash)
    return {
        "type": "modal",
        "callback_id": click.action,
        "private_metadata": msgspec.json.encode(whence).decode(),
        "title": words(form.title, language, 24),
        "submit": words(form.submit, language, 24),
        "close": words(Text("Volver", "Back"), language, 24),
        "blocks": form.blocks,
    }


def words(text: Text, language: Language, most: int) -> Block:
    return {"type": "plain_text", "text": cut(getattr(text, language), most), "emoji": True}


def why_not(language: Language, choice: str = "") -> Form:
    """Why it is no incident: one choice, and a line if they wish. For who chose *another reason*: that, in their words."""
    return Form(
        Text("No es incidencia", "Not an incident"),
        Text("Cerrarla", "Close it"),
        [
            {
                "type": "input",
                "block_id": "why",
                "label": words(Text("¿Por qué?", "Why?"), language, 100),
                "element": {
                    "type": "static_select",
                    "action_id": "why",
                    "options": [{"text": words(said, language, 75), "value": name} for name, said in WHY_NOT.items()],
                }
                | ({"initial_option": {"text": words(WHY_NOT[choice], language, 75), "value": choice}} if choice in WHY_NOT else {}),
            },
            {
                "type": "input",
                "block_id": "text",
                "optional": choice != OTHER,
                "label": words(Text("En tus palabras", "In your own words"), language, 100),
                "element": {"type": "plain_text_input", "action_id": "text", "max_length": 300},
            },
        ],
    )


def forms(language: Callable[[], Language]) -> dict[ClickAction, FormFor]:
    """The buttons that open a form, each with what makes it. A button that is not here is its own word."""

    async def why(click: Click) -> Form | None:
        return None if click.choice in WHY_NOT and click.choice != OTHER else why_not(language(), click.choice)

    return {"not_incident": why}
