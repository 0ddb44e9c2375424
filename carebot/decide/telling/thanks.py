"""A suggested thank-you for who praised us, in both languages: to be read by a person, made their own, and sent or not."""

from __future__ import annotations

from carebot.config.schema import Rulebook
from carebot.decide.telling.sentences import service_name
from carebot.model import Text


def suggested(author: str, service: str, times: int, rulebook: Rulebook) -> Text:
    """The words. `times`: how often they praised us lately; who does so again is thanked for that."""
    to = f"@{author.lstrip('@')} " if author else ""
    name = service_name(rulebook, service, "") if service in rulebook.file.services else None
    es, en = f"{to}¡Mil gracias por tus palabras!", f"{to}Thank you so much for your kind words!"
    if name:
        es, en = (
            f"{es} Se las pasamos al equipo de {name.es}.".replace(" de el ", " del "),
            f"{en} We are passing them on to the people behind {name.en}.",
        )
    else:
        es, en = f"{es} Se las pasamos al equipo.", f"{en} We are passing them on to the team."
    if times > 1:
        es, en = f"{es} Y gracias por acordarte otra vez de nosotros.", f"{en} And thank you for speaking up for us once more."
    return Text(es, en)
