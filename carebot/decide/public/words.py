"""The words offered to the desk: what is said of an incident at its stage, from the rules' templates, or ours where there is none.

Of a mere possibility nothing is offered, and no all-clear for what nobody was told.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from carebot.config.schema import Rulebook
from carebot.config.statements import PLACE, Words
from carebot.decide.public.lengths import MOST, NAMES, counted, too_long
from carebot.decide.telling import plainly
from carebot.model import Incident, Language, Phase, Post, Stage, Statement, Text
from carebot.understand import visible
from carebot.understand.promises import promised

STAGES: Mapping[Phase, Stage] = {"confirmed": "confirmed", "monitoring": "monitoring", "resolved": "resolved"}
LONGEST = 1400  # characters as a card shows them: nobody approves words that were cut
ROUND = timedelta(minutes=5)  # "at 12:40" is easier to read, and to keep, than "at 12:37"

STANDARD: Mapping[Stage, Text] = {
    "confirmed": Text(
        "Sabemos que hay problemas con {service} desde las {since} y ya trabajamos en ello. {meanwhile}"
        " Volvemos a informar aquí a las {next_update}.",
        "We know that there have been problems with {service} since {since} and we are working on it. {meanwhile}"
        " We will update you here at {next_update}.",
    ),
    "monitoring": Text(
        "Los problemas con {service} parecen resueltos. Seguimos pendientes y lo confirmamos aquí a las {next_update}.",
        "The problems with {service} seem to be over. We keep watching. We will update you here at {next_update}.",
    ),
    "resolved": Text(
        "Los problemas con {service} que empezaron a las {since} están resueltos. Gracias por la paciencia.",
        "The problems with {service} that began at {since} are over. Thank you for your patience.",
    ),
}
_LA_UNA = re.compile(r"\b([Ll])as (?=01:\d\d\b)")  # a template says "las": to one o'clock only, it is "la"
_ALL_OF_IT = Text("nuestros servicios", "our services")


def draft(id_: str, incident: Incident, rulebook: Rulebook, now: datetime, *, told: bool) -> Statement | None:
    """What could be said of it now; None: nothing.

    told   something was said of it before
    """
    stage = STAGES.get(incident.phase)
    if stage is None or (stage != "confirmed" and not told):
        return None
    words, values = template(incident.service, stage, rulebook), _values(incident, rulebook, now)
    texts = {"es": _LA_UNA.sub(r"\1a ", filled(words.es, values["es"])), "en": filled(words.en, values["en"])}
    return Statement(id=id_, incident=incident.id, stage=stage, texts=texts)


def template(service: str, stage: Stage, rulebook: Rulebook) -> Text:
    """The service's own, or everybody's, or ours."""
    known, general = rulebook.file.services.get(service), rulebook.file.statements
    own: Words | None = known.statement if known else None
    if known and known.statement and stage != "confirmed":
        own = known.statement.monitoring if stage == "monitoring" else known.statement.resolved
    words = own or {"confirmed": general.confirmed, "monitoring": general.monitoring, "resolved": general.resolved}[stage]
    return Text(words.es, words.en) if words else STANDARD[stage]


def filled(words: str, values: Mapping[str, str]) -> str:
    return re.sub(r" {2,}", " ", PLACE.sub(lambda found: values[found[1]], words)).strip()


def _values(incident: Incident, rulebook: Rulebook, now: datetime) -> dict[str, dict[str, str]]:
    known, brand = rulebook.file.services.get(incident.service), rulebook.file.brand
    zone = ZoneInfo(brand.time_zone)
    since = plainly.time(incident.onset_at, zone, now)
    next_update = rounded(now + rulebook.file.statements.next_update).astimezone(zone)
    return {
        language: {
            "service": getattr(known.name if known else _ALL_OF_IT, language),
            "brand": brand.name,
            "since": getattr(since, language),
            "next_update": f"{next_update:%H:%M}",
            "meanwhile": getattr(known.meanwhile, language) if known and known.meanwhile else "",
        }
        for language in ("es", "en")
    }


def rounded(at: datetime) -> datetime:
    """The next moment that people would name."""
    over = timedelta(minutes=at.minute, seconds=at.second, microseconds=at.microsecond) % ROUND
    return at + (ROUND - over if over else over)


def promise(texts: Mapping[str, str], at: datetime, rulebook: Rulebook) -> datetime | None:
    """The moment by which these words, said at `at`, promise that customers hear again; None: they name none."""
    zone = ZoneInfo(rulebook.file.brand.time_zone)
    words = [promised(text, language, at, zone, holidays=rulebook.days_off) for language, text in sorted(texts.items())]
    return min((made.due for made in words if made), default=None)


def promised_time(texts: Mapping[str, str], at: datetime, rulebook: Rulebook) -> datetime | None:
    """The same, where the words name a time of day: after it they are not true any more, whenever they are said."""
    due = promise(texts, at, rulebook)
    return due if due and due == promise(texts, at + timedelta(minutes=1), rulebook) else None


# ── where it goes, and whether it fits there ─────────────────────────────────────────────────────────────────────


def posts(texts: Mapping[str, str], rulebook: Rulebook) -> tuple[Post, ...]:
    asked = rulebook.file.statements
    if not asked.publish:
        return ()
    return tuple(Post(source=source, language=each) for source in asked.publish_on for each in languages(rulebook) if each in texts)


def languages(rulebook: Rulebook) -> tuple[Language, ...]:
    """The languages that are published."""
    ours: tuple[Language, ...] = tuple(each for each in ("es", "en") if each in rulebook.file.brand.languages)
    first = min(ours, key=rulebook.file.brand.languages.index, default=rulebook.file.brand.staff_language)
    return rulebook.file.statements.languages or (first,)


def kind_of(source: str, rulebook: Rulebook) -> str:
    return next((one.kind for one in rulebook.file.sources if one.name == source), "")


def does_not_fit(texts: Mapping[str, str], posts: Sequence[Post], rulebook: Rulebook) -> Text | None:
    for post in posts:
        kind, text = kind_of(post.source, rulebook), texts[post.language]
        if over := too_long(text, kind):
            has, most, network = counted(text, kind), MOST[kind], NAMES[kind]
            more = plainly.counted(over, ("carácter", "caracteres"), ("character", "characters"))
            return Text(
                f"{network}: {'sobra' if over == 1 else 'sobran'} {more.es} del texto «{post.language}» ({has} de {most}). Acórtalo.",
                f'{network}: the text "{post.language}" is {more.en} too long ({has} of {most}). Shorten it.',
            )
    if max(map(_shown_length, texts.values())) > LONGEST:
        return Text(f"Como mucho {LONGEST} caracteres.", f"{LONGEST} characters at most.")
    return None


def _shown_length(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2 + 4 * text.count("&") + 3 * (text.count("<") + text.count(">"))


def clean(text: str) -> str:
    """As it is published: nothing in it that cannot be seen. Emoji keep the joiners they are built with."""
    return visible.clean(unicodedata.normalize("NFC", visible.clean(text)))
