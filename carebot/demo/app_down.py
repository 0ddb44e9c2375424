"""The hour the app was gone: those who complain, those who pass it on, the desk, an impostor and a joke."""

from __future__ import annotations

from datetime import datetime, timedelta

from carebot.demo import scenes, sentences
from carebot.demo.voices import DESK, Crowd, Line, Person, addressed, after, author, local, post, posted, reply, repost, scripted

KINDS = {"own words": 51, "me too": 16, "copy": 7, "repost": 17, "review": 9}  # of a hundred messages


def outage(crowd: Crowd) -> list[Line]:
    """Everybody who says that the app is gone, as many in each minute as OUTAGE_PER_MINUTE says."""
    told = list(scripted(scenes.OUTAGE_OPENS).values())
    for minute, count in enumerate(scenes.OUTAGE_PER_MINUTE):
        start = after(local("12:08:00"), minute)
        for second in sorted(crowd.rng.sample(range(60), count)):
            told.append(_one_more(start + timedelta(seconds=second), told, crowd))
    return told


def _one_more(at: datetime, before: list[Line], crowd: Crowd) -> Line:
    """One more message, given those before it."""
    posts = _posts(before)
    match crowd.rng.choices(list(KINDS), list(KINDS.values()))[0]:
        case "me too":
            to = crowd.rng.choice(posts[-12:])
            return reply(at, to, crowd.someone(), crowd.words(scenes.ME_TOO_EN if to["lang"] == "en" else scenes.ME_TOO_ES))
        case "copy":
            return post(at, crowd.someone(), crowd.rng.choice(scenes.COPIED))
        case "repost":
            return repost(at, crowd.someone(), crowd.rng.choice(posts[:3]))
        case "review":
            lang = crowd.language()
            words = crowd.words(scenes.OUTAGE_REVIEWS_EN if lang == "en" else scenes.OUTAGE_REVIEWS_ES, sentences.CROSS_EMOJI)
            return post(at, crowd.someone(), words, lang, source="app_store", stars=1)
    if crowd.rng.random() < 0.15:
        again = crowd.rng.choice(posts)
        return _complaint(at, author(again), again["lang"], crowd)
    return _complaint(at, crowd.someone(), crowd.language(), crowd)


def _complaint(at: datetime, who: Person, lang: str, crowd: Crowd) -> Line:
    choices = scenes.OUTAGE_EN if lang == "en" else scenes.OUTAGE_ES
    text = addressed(crowd.words(choices, sentences.CROSS_EMOJI, _so_long(at, lang)), crowd.rng)
    return post(at, who, text, lang, source="mastodon" if crowd.rng.random() < 0.05 else "x")


def _so_long(at: datetime, lang: str) -> str:
    """How long the app has been gone, as people say it."""
    minutes = (at - local("12:05:00")).total_seconds() / 60
    return [english if lang == "en" else spanish for since, spanish, english in scenes.SO_LONG if since <= minutes][-1]


def _posts(told: list[Line]) -> list[Line]:
    """What people wrote themselves on x: what others reply to and pass on."""
    return [line for line in told if "repost_of" not in line and line["source"] == "x"]


def desk_answers(cries: list[Line], crowd: Crowd) -> list[Line]:
    """Five answers that do not know yet; after the statement of 12:41, twenty that do."""
    told = []
    spanish_only = [line for line in _posts(cries) if line["lang"] == "es"]
    for first, last, count, asking in (("12:16:00", "12:39:00", 5, spanish_only), ("12:42:00", "13:14:00", 20, _posts(cries))):
        start, end = local(first), local(last)
        for cry in crowd.rng.sample([line for line in asking if posted(line) < after(end, -3)], count):
            soonest = max(start, after(posted(cry), 2))
            knowing = scenes.DESK_DURING_EN if cry["lang"] == "en" else scenes.DESK_DURING
            words = crowd.rng.choice(knowing if count > 5 else scenes.DESK_BEFORE)
            told.append(reply(soonest + (end - soonest) * crowd.rng.random(), cry, DESK, words))
    return told


def impostor(cries: list[Line], crowd: Crowd) -> list[Line]:
    """Somebody who calls himself the desk answers people who complained one to twelve minutes before."""
    told = []
    for clock, lang, text in scenes.PHISHING:
        at = local(clock)
        near = [line for line in _posts(cries) if after(at, -12) < posted(line) < after(at, -1)]
        same_language = [line for line in near if line["lang"] == lang]
        told.append(reply(at, crowd.rng.choice(same_language or near), Person(*scenes.IMPOSTOR, 12), text) | {"lang": lang})
    return told


def joke(crowd: Crowd) -> list[Line]:
    (original,) = scripted([scenes.JOKE]).values()
    later = sorted(1 + crowd.rng.expovariate(1 / 18) for _ in range(scenes.JOKE_REPOSTS))
    return [original, *(repost(after(posted(original), minutes), crowd.someone(), original) for minutes in later)]
