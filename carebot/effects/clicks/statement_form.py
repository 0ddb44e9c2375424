"""The form in which the words for customers are changed before they are proposed. Pure.

It comes back with the hash of the words it was opened with: who wrote meanwhile is not overwritten.
"""

from __future__ import annotations

from carebot.config.schema import Rulebook
from carebot.decide.public.lengths import MOST, NAMES, counted
from carebot.decide.public.words import LONGEST, kind_of, posts
from carebot.effects.card.blocks import Block, context
from carebot.effects.clicks.forms import Form, words
from carebot.model import Language, Statement, Text


def form(one: Statement, rulebook: Rulebook, language: Language) -> Form:
    """The form in which its words are changed. Its fields are called `es` and `en`, and come back as the click's."""
    asked = rulebook.file.statements
    who = f"Tienen que aprobarlo otras {asked.approvals} personas" if asked.approvals > 1 else "Tiene que aprobarlo 1 persona"
    must = f"{asked.approvals} people other than you" if asked.approvals > 1 else "1 person"
    rule = Text(
        f"Lo leerán los clientes. {who}; si alguien cambia una letra, se empieza de nuevo.",
        f"Customers will read it. {must} must approve it; if anybody changes one letter, it starts again.",
    )
    names = {"es": Text("En español", "In Spanish"), "en": Text("En inglés", "In English")}
    fields: list[Block] = [
        {
            "type": "input",
            "block_id": f"statement-{each}",
            "label": words(label, language, 100),
            "element": {
                "type": "plain_text_input",
                "action_id": each,
                "multiline": True,
                "min_length": 1,
                "max_length": LONGEST,
                **({"initial_value": one.texts[each]} if one.texts.get(each) else {}),
            },
        }
        for each, label in names.items()
    ]
    return Form(
        Text("Mensaje a clientes", "Statement"),
        Text("Proponer", "Propose"),
        [{"type": "section", "text": words(rule, language, 500)}, *fields, context(getattr(_room(one, rulebook), language))],
        hash=one.hash,
    )


def _room(one: Statement, rulebook: Rulebook) -> Text:
    """Where it goes, how much of each network's room it takes, and what it costs."""
    room = []
    for post in posts(one.texts, rulebook):
        kind = kind_of(post.source, rulebook)
        most = f" {counted(one.texts[post.language], kind)}/{MOST[kind]}" if kind in MOST else ""
        room.append(f"{NAMES.get(kind, kind)} ({post.language}){most}")
    if not room:
        return Text("carebot no lo publica: se copia y se pega.", "carebot does not publish it: it is copied and pasted.")
    es, en = (" Con un enlace, X cobra 0,20 $ en vez de 0,015 $.", " With a link, X charges $0.20 instead of $0.015.")
    dear = any(kind_of(post.source, rulebook) == "x" for post in posts(one.texts, rulebook))
    where = ", ".join(room)
    return Text(f"Se publicará en: {where}.{es if dear else ''}", f"It will be published on: {where}.{en if dear else ''}")
