"""How well, and how fast, copies are known: `python -m benchmarks.copies`.

Beside it, in the same run: equal words only (`normalise.fingerprint`), and, where it is installed, the usual library, `rapidfuzz`
(token_set_ratio of at least 85 with one of the last 400 texts). The storms are invented (`benchmarks.storms`); on the recorded
streams beside the checkout, reposts are looked for without their flag. Times are microseconds of processor time a message.

Then the whole loop, on days with a complaint every twenty minutes: which storms open an incident, and which real failures do. The
worst is assumed of a storm: every copy is read as an outage of the app, and every account writes once.
"""

from __future__ import annotations

import json
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from benchmarks.storms import TEXTS, Post, copy, in_own_words, told
from carebot.demo.write_day import stories
from carebot.model import Choice, Mark, Message, Verdict
from carebot.understand.copies import Said, Window, clusters
from carebot.understand.normalise import fingerprint, plain, tame

STREAMS = Path(__file__).resolve().parents[2] / "shared" / "data" / "streams"
BATCH = 1000
Method = Callable[[Sequence[str], Sequence[int]], list[int]]


class Score(NamedTuple):
    """collapsed: copies that are in the cluster most of their storm is in, as a share; votes: clusters a storm has, at the mean;
    merged: genuine posts in a cluster with something they are no copy of, as a share."""

    collapsed: float
    votes: float
    merged: float
    us: float


# ── three ways ───────────────────────────────────────────────────────────────────────────────────────────────────


def by_window(texts: Sequence[str], minutes: Sequence[int], batch: int = BATCH) -> list[int]:
    window, found = Window(), list[int]()
    said = [Said(str(row), text, fingerprint(text), minutes[row]) for row, text in enumerate(texts)]
    for start in range(0, len(said), batch):
        ids, window = clusters(said[start : start + batch], window)
        found += ids
    return found


def by_equal_words(texts: Sequence[str], minutes: Sequence[int]) -> list[int]:
    return [fingerprint(text) for text in texts]


def by_rapidfuzz(texts: Sequence[str], minutes: Sequence[int]) -> list[int]:
    from rapidfuzz import fuzz, process

    known: dict[int, str] = {}
    found = []
    for text in texts:
        mark = fingerprint(text)
        nearest = process.extractOne(text, known, scorer=fuzz.token_set_ratio, score_cutoff=85) if mark and mark not in known else None
        if mark and not nearest and mark not in known:
            known[mark] = text
            if len(known) > 400:
                del known[next(iter(known))]
        found.append(nearest[2] if nearest else mark)
    return found


def score(posts: Sequence[Post], method: Method) -> Score:
    texts, minutes = [plain(tame(post.text)) for post in posts], [post.minute for post in posts]
    started = time.process_time()
    found = method(texts, minutes)
    us = (time.process_time() - started) / len(posts) * 1e6
    by_storm, truths = defaultdict[str, Counter[int]](Counter), defaultdict[int, set[str]](set)
    for post, cluster in zip(posts, found, strict=True):
        if post.storm:
            by_storm[post.truth][cluster] += 1
        truths[cluster].add(post.truth)
    storms = sum(post.storm for post in posts)
    collapsed = sum(count.most_common(1)[0][1] for count in by_storm.values()) / storms
    wrong = sum(not post.storm and cluster != 0 and len(truths[cluster]) > 1 for post, cluster in zip(posts, found, strict=True))
    return Score(collapsed, sum(map(len, by_storm.values())) / len(by_storm), wrong / (len(posts) - storms), us)


# ── the whole loop ───────────────────────────────────────────────────────────────────────────────────────────────

BEGINS = 20 * 60  # minute of the day in which the storm or the failure begins


@cache
def _own(half: int) -> list[str]:
    """What people say in words of their own, in two halves: the usual complaints, and a failure's."""
    return in_own_words(Random(1))[half::2]


def opens(posts: Sequence[Post], seed: int) -> bool:
    """Do these posts open an incident, in the evening of a day with a complaint every twenty minutes?"""
    from carebot.commands import PACKAGED_RULES, rules_in
    from carebot.effects.database.store import Store
    from carebot.loop import Loop
    from carebot.replay import play, slots

    rng = Random(seed)
    usual = [Post(text, rng.randrange(BEGINS + 60), "", False) for text in rng.sample(_own(0), (BEGINS + 60) // 20)]
    loop = Loop(Store(None), rules_in(PACKAGED_RULES), secret=b"bench", destinations=lambda alert: ())
    said = [_message(post, 0, f"usual{number}", rng) for number, post in enumerate(usual)]
    said += [_message(post, BEGINS, f"new{number}", rng) for number, post in enumerate(posts)]
    said.sort(key=lambda one: one.posted_at)
    for _ in play(loop, slots(said)):
        pass
    found = loop.store.incidents()
    loop.store.close()
    return any(id_.startswith("new") for incident in found for id_ in incident.messages)


def _message(post: Post, after: int, name: str, rng: Random) -> Message:
    at = datetime(2026, 3, 12, tzinfo=UTC) + timedelta(minutes=after + post.minute, seconds=rng.randrange(60))
    means = Verdict(outage=Mark(0.95, True), service=Choice("app", 0.9))
    return Message(id=name, text=post.text, posted_at=at, seen_at=at, source="x", author=name, verdict=means)


def storms_that_open() -> list[str]:
    """Of the forty, each of 30 to 300 copies, those that open an incident."""
    opened = []
    for number, text in enumerate(TEXTS):
        rng = Random(number)
        storm = [Post(copy(text, rng), int(rng.expovariate(1 / 6)), text, True) for _ in range(rng.randint(30, 300))]
        opened += [text] if opens(storm, number) else []
    return opened


def failures_that_open(times: int = 40, people: int = 12) -> int:
    """Of as many real failures, each with a dozen people who say so in words of their own within ten minutes."""
    said = [Random(number).sample(_own(1), people) for number in range(times)]
    return sum(opens([Post(text, row % 10, "", False) for row, text in enumerate(texts)], number) for number, texts in enumerate(said))


# ── recorded streams ─────────────────────────────────────────────────────────────────────────────────────────────


def _stream(path: Path) -> list[dict[str, Any]]:
    rows = {row["id"]: row for row in map(json.loads, path.read_text(encoding="utf-8").splitlines()) if not row.get("by_brand")}
    return sorted(rows.values(), key=lambda row: (row["posted_at"], row["id"]))


def on_stream(path: Path) -> dict[str, int]:
    """Messages; reposts of eight words or more, those whose original is in the file, those found; texts joined though not equal."""
    rows = _stream(path)
    texts = [plain(tame(row["text"])) for row in rows]
    found = by_window(texts, [int(datetime.fromisoformat(row["posted_at"]).timestamp()) // 60 for row in rows])
    members = Counter(found)
    words = [" ".join(word for word in text.split() if word.isalpha() and word != "rt") for text in texts]
    said = {text for text, row in zip(words, rows, strict=True) if not row.get("repost")}
    reposts = [place for place, row in enumerate(rows) if row.get("repost") and found[place]]
    there = [place for place in reposts if any(words[place][:-12] in text for text in said)]
    joined = len(set(map(fingerprint, texts))) - len(set(found))
    heard = {"found": sum(members[found[place]] > 1 for place in there), "joined beyond equal words": joined}
    return {"messages": len(rows), "reposts": len(reposts), "original in the file": len(there)} | heard


def voices() -> tuple[int, int]:
    """Those who complain in the demo's outage, and how many of them still have a voice of their own."""
    said = [plain(tame(line["text"])) for line in stories()["outage"] if "repost_of" not in line and "opia y pega" not in line["text"]]
    found = by_window(said, [0] * len(said))
    return len(said), found.count(0) + len(set(found) - {0})


def main() -> None:
    methods: dict[str, Method] = {"clusters": by_window, "equal words": by_equal_words}
    try:
        import rapidfuzz
    except ImportError:
        print("rapidfuzz is not installed: without it in the table.")
    else:
        methods[f"rapidfuzz {rapidfuzz.__version__}"] = by_rapidfuzz
    print(f"{'seed':6}{'':20}{'collapsed':>10}{'votes':>7}{'merged':>9}{'µs':>7}")
    for seed in range(1, 4):
        for name, method in methods.items():
            one = score(told(seed), method)
            print(f"{seed:<6}{name:20}{one.collapsed:>10.2%}{one.votes:>7.2f}{one.merged:>9.2%}{one.us:>7.1f}")
    print(f"\nincidents opened by {len(TEXTS)} storms: {len(storms_that_open())}; by 40 failures of a dozen people: {failures_that_open()}")
    print("the demo's outage: {} who complain, {} voices".format(*voices()))
    for path in sorted(STREAMS.glob("*.jsonl")):
        print(f"{path.stem:28}" + "  ".join(f"{what} {count}" for what, count in on_stream(path).items()))


if __name__ == "__main__":
    main()
