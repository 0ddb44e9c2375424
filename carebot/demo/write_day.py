"""A day of Banco Lumbre, a bank that does not exist: Thursday 12 March 2026, told in the messages of its customers.

    all day      chatter, thanks, questions and grumbles; the desk answers nearly all, some late, some only "call us"
    03:00–04:00  announced maintenance of the cash machines
    09:05        a customer of fourteen years asks about a receipt; nobody answers at 11:50 nor 15:10; at 18:20 he leaves
    09:20–11:40  shops decline Lumbre cards: a message every six to ten minutes; the processor admits it at 11:06
    10:12–16:33  telephone → branch → telephone: one customer is handed on three times
    10:48        a daughter who buries her father
    11:02–18:43  "we'll write to you today before 18:00", and nobody does
    12:04        the app's probe fails, and is asked again every two minutes until it is well at 13:12
    12:05:30     the first complaint about the app; six to eight a minute from 12:25; 12:41 the bank says it knows
    12:30–13:00  "Lumbre Soporte 24h" asks those who complain for codes and telephone numbers
    12:31:40     the joke everybody passes on
    13:15        "it works again"; 13:25 the bank says so too
    13:33, 19:22 two families robbed by a text message
    16:40        a mother and a child without a card in Lisbon airport; the desk answers in sixteen minutes
    21:14        a customer mugged in Barcelona

It is for `carebot demo` and for tests: `python -m carebot.demo.write_day` writes day.jsonl.gz, which `carebot replay`
reads. The same seed gives the same day, and the file holds no hint of what is what: `stories` does, for tests.
The clock on the wall is Madrid's (UTC+1 that day); what is written is UTC.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import chain
from pathlib import Path

from carebot.demo import scenes, sentences
from carebot.demo.app_down import desk_answers, impostor, joke, outage
from carebot.demo.measured import announced, probes
from carebot.demo.sentences import Topic
from carebot.demo.voices import (
    BANK,
    DESK,
    Crowd,
    Line,
    addressed,
    after,
    author,
    brief,
    local,
    post,
    posted,
    reply,
    repost,
    scripted,
    spoken,
    stamp,
    typed,
)

FILE = Path(__file__).with_name("day.jsonl.gz")
HOURS = (10, 6, 3, 2, 2, 4, 10, 28, 45, 62, 66, 64, 60, 62, 58, 50, 54, 62, 66, 66, 62, 56, 40, 22)  # how much people write, by local hour
CHATTER, PRAISE, REVIEWS, QUESTIONS, COMPLAINTS = 380, 90, 40, 140, 130
ANSWERED = {"not": 3, "fast": 86, "late": 5, "sent elsewhere": 6}  # of a hundred questions or grumbles
WAITED = {"not": (1440, 1440), "fast": (2, 14), "late": (70, 260), "sent elsewhere": (9, 60)}  # minutes

# ── the quiet day ────────────────────────────────────────────────────────────────────────────────────────────────


def sometime(crowd: Crowd) -> datetime:
    hour = crowd.rng.choices(range(24), HOURS)[0]
    return local("00:00:00") + timedelta(hours=hour, seconds=crowd.rng.randrange(3600))


def chatter(count: int, spanish: Sequence[str], english: Sequence[str], crowd: Crowd) -> list[Line]:
    told = []
    for _ in range(count):
        lang, source = crowd.language(), crowd.rng.choices(("x", "mastodon", "feed"), (88, 8, 4))[0]
        text = addressed(crowd.words(english if lang == "en" else spanish), crowd.rng)
        told.append(post(sometime(crowd), crowd.someone(), text, lang, source=source))
    return told


def reviews(crowd: Crowd) -> list[Line]:
    told = []
    for _ in range(REVIEWS):
        lang = crowd.language()
        by_stars = sentences.REVIEWS_EN if lang == "en" else sentences.REVIEWS_ES
        stars = crowd.rng.choices(list(by_stars), (55, 25, 12, 8)[: len(by_stars)])[0]
        told.append(post(sometime(crowd), crowd.someone(), crowd.words(by_stars[stars]), lang, source="app_store", stars=stars))
    return told


def asked(topics: Sequence[Topic], count: int, crowd: Crowd, emoji: Sequence[str]) -> list[Line]:
    """Questions or grumbles, and what the desk made of them: about one in three is answered."""
    told = []
    for _ in range(count):
        topic, lang = crowd.rng.choice(topics), crowd.language()
        text = addressed(crowd.words(topic.en if lang == "en" else topic.es, emoji), crowd.rng)
        question = post(sometime(crowd), crowd.someone(), text, lang, source=crowd.rng.choices(("x", "mastodon"), (93, 7))[0])
        told += [question, *answers(question, topic, crowd)]
    return told


def answers(question: Line, topic: Topic, crowd: Crowd) -> list[Line]:
    """Nothing, or the desk's answer, and for some a thank-you. The desk works from 8 to 22."""
    how = crowd.rng.choices(list(ANSWERED), list(ANSWERED.values()))[0]
    at = after(max(posted(question), local("08:00:00")), crowd.rng.uniform(*WAITED[how]))
    if at > local("22:00:00"):
        return []
    spanish, english = (sentences.HAND_OFFS_ES, sentences.HAND_OFFS_EN) if how == "sent elsewhere" else (topic.answer_es, topic.answer_en)
    words = crowd.rng.choice(english if question["lang"] == "en" else spanish)
    answer = reply(at, question, DESK, f"{words} ^{crowd.rng.choice(('IR', 'MJ', 'TO', 'Lu'))}")
    if how != "fast" or topic in sentences.COMPLAINTS or crowd.rng.random() < 0.4:
        return [answer]
    return [answer, thanks(answer, question, crowd)]


def thanks(answer: Line, question: Line, crowd: Crowd) -> Line:
    words = crowd.rng.choice(sentences.THANKS_EN if answer["lang"] == "en" else sentences.THANKS_ES)
    return reply(after(posted(answer), crowd.rng.uniform(1, 25)), answer, author(question), typed(spoken(words, crowd.rng), crowd.rng))


def our_posts(crowd: Crowd) -> list[Line]:
    """The bank's own posts of the day, each passed on by a few."""
    told = []
    for clock, text in sentences.OUR_POSTS:
        told.append(ours := post(local(clock), BANK, text, by_brand=True))
        later = [crowd.rng.expovariate(1 / 25) for _ in range(crowd.rng.randint(5, 9))]
        told += [repost(after(local(clock), minutes), crowd.someone(), ours) for minutes in later]
    return told


# ── the whole day ────────────────────────────────────────────────────────────────────────────────────────────────

WORD_FOR_WORD = {
    "news": scenes.NEWS, "statements": scenes.STATEMENTS, "moments": scenes.MOMENTS, "churn": scenes.CHURN,
    "hand_offs": scenes.HAND_OFF_CHAIN, "promise": scenes.PROMISE, "fraud": scenes.FRAUD,
    "personal_data": scenes.PERSONAL_DATA, "hostile": scenes.HOSTILE,
}  # fmt: skip


def stories(seed: int = 2026) -> dict[str, list[Line]]:
    """The day by storyline: what the file does not say."""
    crowd = Crowd(seed)
    # First those whose words are given, so that a new sentence elsewhere leaves their authors, and their ids, as they are.
    short = {
        "card": scenes.CARD,
        "gripes": scenes.GRIPES,
        "irony": scenes.IRONY,
        "recovered": scenes.RECOVERED,
        "afterwards": scenes.AFTERWARDS,
    }
    told = {story: brief(crowd, scene) for story, scene in short.items()}
    told |= {story: list(scripted(scene).values()) for story, scene in WORD_FOR_WORD.items()}
    told["outage"] = cries = outage(crowd)
    told |= {"outage_answers": desk_answers(cries, crowd), "impostor": impostor(cries, crowd), "joke": joke(crowd)}
    told["chatter"] = chatter(CHATTER, sentences.CHATTER_ES, sentences.CHATTER_EN, crowd)
    told["praise"] = chatter(PRAISE, sentences.PRAISE_ES, sentences.PRAISE_EN, crowd)
    told["questions"] = asked(sentences.QUESTIONS, QUESTIONS, crowd, sentences.EMOJI)
    told["complaints"] = asked(sentences.COMPLAINTS, COMPLAINTS, crowd, sentences.CROSS_EMOJI)
    told |= {"reviews": reviews(crowd), "our_posts": our_posts(crowd), "probes": probes(crowd.rng), "announced": announced()}
    return told | {story: some_late(told[story], crowd) for story in ("chatter", "questions", "outage")}


def named() -> dict[str, Line]:
    """The posts that are always there, word for word and with the same id in every edition, by their key in `scenes`."""
    return {key: line for scene in (*WORD_FOR_WORD.values(), scenes.OUTAGE_OPENS, (scenes.JOKE,)) for key, line in scripted(scene).items()}


def some_late(told: list[Line], crowd: Crowd) -> list[Line]:
    """Eight of them reach us two to ten minutes after they were posted; never the first twenty, which time the story."""
    late = crowd.rng.sample([line["id"] for line in told[20:] if "by_brand" not in line], 8)
    seen_at = {ident: crowd.rng.uniform(2, 10) for ident in late}
    return [line | {"seen_at": stamp(after(posted(line), seen_at[line["id"]]))} if line["id"] in seen_at else line for line in told]


def seen(line: Line) -> str:
    """When carebot gets to see the line: the order of the file. Stamps sort as text."""
    return str(line.get("seen_at") or line.get("posted_at") or line.get("at") or line["from"])


def day(seed: int = 2026) -> list[Line]:
    """The lines of the day, in the order carebot gets to see them."""
    return sorted(chain.from_iterable(stories(seed).values()), key=lambda line: (seen(line), line["id"]))


def rendered(told: Iterable[Line]) -> str:
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in told)


def main() -> None:
    told = day()
    FILE.write_bytes(gzip.compress(rendered(told).encode(), mtime=0))
    print(f"{FILE}: {len(told)} lines, {sum('text' in line for line in told)} of them messages")


if __name__ == "__main__":
    main()
