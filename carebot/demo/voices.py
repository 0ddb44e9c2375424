"""How the people of the recorded day sound, and what a post of theirs looks like in the file.

Nobody here exists: names and handles are put together by chance from the lists in `sentences`. The same seed brings the
same people in the same order, with the same words.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any, NamedTuple
from zlib import crc32
from zoneinfo import ZoneInfo

from carebot.demo import sentences
from carebot.demo.scenes import Said

Line = dict[str, Any]

BRAND = "Banco Lumbre"
DATE, ZONE = date(2026, 3, 12), ZoneInfo("Europe/Madrid")
X_EPOCH_MS = 1_288_834_974_657  # X counts the milliseconds in its ids from here


class Person(NamedTuple):
    handle: str
    name: str
    audience: int


DESK = Person("LumbreResponde", "Lumbre Responde", 41_300)
BANK = Person("BancoLumbre", BRAND, 286_000)


def local(clock: str) -> datetime:
    """The moment a clock in Madrid showed this on the day: local("12:05:30") is 11:05:30Z."""
    return datetime.combine(DATE, time.fromisoformat(clock), ZONE).astimezone(UTC)


def after(at: datetime, minutes: float) -> datetime:
    return at + timedelta(minutes=minutes)


def stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def posted(line: Line) -> datetime:
    return datetime.fromisoformat(line["posted_at"])


# ── words and people ─────────────────────────────────────────────────────────────────────────────────────────────


def plain(text: str) -> str:
    """What is left of a text without accents, case, handles, links and punctuation: copies of the same words are equal."""
    bare = unicodedata.normalize("NFKD", re.sub(r"@\w+|https?://\S+", "", text)).casefold()
    return "".join(letter for letter in bare if letter.isalnum())


def spoken(sentence: str, rng: Random) -> str:
    """One way of saying it: each `{a|b}` decided."""
    said = re.sub(r"\{([^{}]*)\}", lambda choice: rng.choice(choice[1].split("|")), sentence)
    return said[0].upper() + said[1:]


def typed(text: str, rng: Random, emoji: Sequence[str] = sentences.EMOJI) -> str:
    """The same words from a thumb on a telephone: fewer accents and capitals, a slip, an emoji. Handles stay whole."""
    if rng.random() < 0.55:
        text = text.replace("¿", "").replace("¡", "")
    if rng.random() < 0.3:
        text = re.sub("[áéíóú]", lambda vowel: "aeiou"["áéíóú".index(vowel[0])], text)
    if rng.random() < 0.2:
        text = text.lower().replace("@bancolumbre", "@BancoLumbre").replace("@lumbreresponde", "@LumbreResponde")
    if rng.random() < 0.12:
        text = re.sub(r"\bque\b", "q", re.sub(r"\bpor ?qu[eé]\b", "xq", text))
    if rng.random() < 0.08:
        text = re.sub(r"(?<![@\w])([a-zñ]{2,})([a-zñ])([a-zñ])([a-zñ]{2,})\b", r"\1\3\2\4", text, count=1)
    return f"{text} {rng.choice(emoji)}" if rng.random() < 0.16 else text


class Crowd:
    """People who have not spoken yet and words that have not been said yet; `rng` is all the chance there is in a day."""

    def __init__(self, seed: int) -> None:
        self.rng = Random(seed)  # noqa: S311 — a story, not a secret
        names = [(given, surname) for given in sentences.GIVEN_NAMES for surname in sentences.SURNAMES]
        self.rng.shuffle(names)
        self._waiting = iter(names)
        self._said: set[str] = set()
        self._used: Counter[str] = Counter()

    def someone(self) -> Person:
        """Somebody new. Most are read by a few hundred people, a few by many."""
        given, surname = next(self._waiting)
        first, last = (unicodedata.normalize("NFKD", part).encode("ascii", "ignore").decode().lower() for part in (given, surname))
        year = self.rng.randrange(60, 99)
        handle = self.rng.choice(
            (f"{first}{last}", f"{first}_{last}", f"{first}{last}{year}", f"{last}_{first}", f"{last}{first[:3]}_{year}")
        )
        name = self.rng.choice((f"{given} {surname}", given, f"{given} {surname[0]}.", handle))
        return Person(handle, name, int(self.rng.lognormvariate(5.2, 1.2)))

    def words(self, choices: Sequence[str], emoji: Sequence[str] = sentences.EMOJI, so_long: str = "") -> str:
        """One of the sentences in words nobody has used today. Raises ValueError when all of them are used up."""
        for _ in range(20 * len(choices)):
            fewest = min(self._used[sentence] for sentence in choices)
            sentence = self.rng.choice([sentence for sentence in choices if self._used[sentence] == fewest])
            self._used[sentence] += 1
            text = spoken(sentence.replace("<so long>", so_long), self.rng)
            if plain(text) not in self._said:
                self._said.add(plain(text))
                return typed(text, self.rng, emoji)
        raise ValueError(f"nobody can say {choices[0]!r} in new words any more: write more sentences")

    def language(self) -> str:
        return "en" if self.rng.random() < 0.14 else "es"


def addressed(text: str, rng: Random) -> str:
    """To the bank, where the words alone do not say which bank."""
    if "lumbre" in text.lower():
        return text
    handle = rng.choice(("@BancoLumbre", "@LumbreResponde"))
    return rng.choice((f"{handle} {text}", f"{text} {handle}"))


# ── one line of the file ─────────────────────────────────────────────────────────────────────────────────────────


def name_of(source: str, at: datetime, what: str) -> str:
    """An id in the shape of its network's own; the same post has the same id in every edition of the day."""
    salt, millis = crc32(what.encode()), int(at.timestamp() * 1000)
    match source:
        case "x":
            return f"x:{(millis - X_EPOCH_MS << 22) + salt % (1 << 22)}"
        case "mastodon":
            return f"mastodon:{(millis << 16) + salt % (1 << 16)}"
        case "app_store":
            return f"app_store:{12_000_000_000 + salt}"
    return f"{source}:{salt:08x}"


def post(at: datetime, who: Person, text: str, lang: str = "es", *, source: str = "x", to: Line | None = None, **more: Any) -> Line:
    """One message; `to` is what it replies to. What is empty is left out."""
    ident = name_of(source, at, f"{who.handle} {text}")
    on_a_network = source in ("x", "mastodon")
    fields: Line = {"id": ident, "source": source, "brand": BRAND, "author": who.handle, "author_name": who.name, "lang": lang}
    fields |= {"text": text, "posted_at": stamp(at), "audience": who.audience if on_a_network else 0}
    fields |= {"conversation": to.get("conversation", to["id"]) if to else ident if on_a_network else ""}
    fields |= {"in_reply_to": to["id"] if to else "", "url": _address(ident, who) if source in ("x", "feed") else ""} | more
    return {name: value for name, value in fields.items() if value}


def _address(ident: str, who: Person) -> str:
    source, number = ident.split(":")
    return f"https://x.example/{who.handle}/{number}" if source == "x" else f"https://foros.example/{number}"


def reply(at: datetime, to: Line, who: Person, text: str) -> Line:
    return post(at, who, text, to["lang"], source=to["source"], to=to, by_brand=who == DESK)


def repost(at: datetime, who: Person, original: Line) -> Line:
    return post(at, who, f"RT @{original['author']}: {original['text']}", original["lang"], repost_of=original["id"])


def author(line: Line) -> Person:
    return Person(line["author"], line["author_name"], line.get("audience", 0))


def scripted(scene: Iterable[Said]) -> dict[str, Line]:
    """The posts of a scene by their key, each tied to the one it answers."""
    told: dict[str, Line] = {}
    for said in scene:
        who = Person(said.by, said.name, said.audience)
        more = {"stars": said.stars, "direct": said.direct, "by_brand": said.by_brand}
        told[said.key] = post(local(said.at), who, said.text, said.lang, source=said.source, to=told.get(said.answers), **more)
    return told


def brief(crowd: Crowd, scene: Iterable[tuple[str, str, str]]) -> list[Line]:
    """Single posts (local time, language, words), each by somebody else."""
    return [post(local(clock), crowd.someone(), text, lang) for clock, lang, text in scene]
