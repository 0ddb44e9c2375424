"""Numbers, times, networks and names as the desk says them aloud, in both languages: one place, whatever is told.

A time is the clock on the desk's wall, with its day where that is not today. In the hour that the clocks bring twice it has its zone, as
02:30 is two moments that night. How long something took is real time, also over such a night. The same bytes whatever the machine's
locale is: a few lines of ours instead of Babel's 30 MB, as what is written here are counts, spans and moments. Spanish is marked as in
Spain (1234, 12.345 and 0,5).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from carebot.model import Language, Text

MONTHS = {
    "es": ("ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sep", "oct", "nov", "dic"),
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
}
NETWORKS = {  # as people call them
    "x": Text("X", "X"),
    "app_store": Text("App Store", "App Store"),
    "google_play": Text("Google Play", "Google Play"),
    "bluesky": Text("Bluesky", "Bluesky"),
    "mastodon": Text("Mastodon", "Mastodon"),
    "reddit": Text("Reddit", "Reddit"),
    "youtube": Text("YouTube", "YouTube"),
    "telegram": Text("Telegram", "Telegram"),
    "facebook": Text("Facebook", "Facebook"),
    "instagram": Text("Instagram", "Instagram"),
    "discourse": Text("el foro", "the forum"),
    "feed": Text("foros y blogs", "forums and blogs"),
    "mail": Text("correo", "e-mail"),
}
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def network(source: str) -> Text:
    return NETWORKS.get(source) or Text(source, source)


def who(handle: str, source: str) -> Text:
    """A person and where they wrote: @ana (X)."""
    there = network(source)
    if not handle:
        return Text(f"alguien en {there.es}", f"somebody on {there.en}")
    return Text(*(f"@{handle.lstrip('@')} ({name})" for name in (there.es, there.en)))


def listed(names: Sequence[str], language: Language) -> str:
    """a, b y c; "e" before the sound of an i, as Spanish has it."""
    *first, last = names or ("",)
    if not first:
        return last
    joint = "and" if language == "en" else "e" if re.match(r"(?i)h?[ií](?![aeo])", last) else "y"
    return f"{', '.join(first)} {joint} {last}"


def figure(count: int, language: Language) -> str:
    """With a mark each three figures: in Spanish from five figures on."""
    if language == "en":
        return f"{count:,}"
    return f"{count:,}".replace(",", ".") if abs(count) >= 10_000 else str(count)


def counted(count: int, es: tuple[str, str], en: tuple[str, str]) -> Text:
    """1 queja, 2 quejas. `es`, `en`: the word for one, and for more."""
    return Text(f"{figure(count, 'es')} {es[count != 1]}", f"{figure(count, 'en')} {en[count != 1]}")


def about(count: float) -> Text:
    """In two figures, as one would say it: 4127 → 4,100."""
    places = max(0, len(str(int(count))) - 2)
    said = round(count / 10**places) * 10**places
    return Text(figure(said, "es"), figure(said, "en"))


def span(time: timedelta) -> Text:
    """How long, at a glance. A minute is the least anybody speaks of."""
    minutes = max(1, time // MINUTE)
    if minutes < 60:
        return Text(f"{minutes} min", f"{minutes} min")
    hours, over = divmod(minutes, 60)
    if hours < 24:
        said = f"{hours} h {over} min" if over else f"{hours} h"
        return Text(said, said)
    days = counted(hours // 24, ("día", "días"), ("day", "days"))
    return Text(f"{days.es} {hours - 24} h", f"{days.en} {hours - 24} h") if 24 < hours < 48 else days


def left(time: timedelta) -> Text:
    """Quedan 9 min."""
    said = span(time)
    return Text(f"{'Queda' if said.es.startswith('1 ') and said.es.count(' ') == 1 else 'Quedan'} {said.es}", f"{said.en} left")


def clock(at: datetime) -> str:
    """On the desk's wall; with the zone's short name in an hour that comes twice. `at` is local already."""
    first, second = at.replace(fold=0).utcoffset(), at.replace(fold=1).utcoffset()
    twice = first is not None and second is not None and first > second
    return f"{at:%H:%M} {at:%Z}" if twice else f"{at:%H:%M}"


def day(on: date) -> Text:
    """With its month by name: 3/4 is another day in half of the world."""
    return Text(*(f"{on.day} {MONTHS[language][on.month - 1]}" for language in ("es", "en")))


def time(at: datetime, zone: ZoneInfo, now: datetime) -> Text:
    """10:42 · 10:42 de ayer · 10:42 del 21 nov."""
    local, today = at.astimezone(zone), now.astimezone(zone).date()
    known = {0: Text("", ""), -1: Text(" de ayer", " yesterday"), 1: Text(" de mañana", " tomorrow")}
    on = day(local.date())
    said = known.get((local.date() - today).days) or Text(f" del {on.es}", f" on {on.en}")
    return Text(clock(local) + said.es, clock(local) + said.en)


def moment(at: datetime, zone: ZoneInfo, now: datetime) -> Text:
    """The same as part of a sentence: desde *las 10:42*, a *la 01:05*; since *10:42*."""
    said = time(at, zone, now)
    return Text(f"{'la' if said.es.startswith('01') else 'las'} {said.es}", said.en)


def sentence(parts: Sequence[Text]) -> Text:
    """Clauses as one sentence."""
    said = ("; ".join(part.es for part in parts), "; ".join(part.en for part in parts))
    return Text(*(f"{one[:1].upper()}{one[1:]}." for one in said))
