"""How well, and how fast, the understanding room works: `python -m benchmarks.understand`.

Scores are on the labelled messages beside the checkout (../shared/data/text), which were also looked at while the words were
written: they are an upper bound. Half of those messages were picked because they look like an outage, so precision on a normal day is
higher for chatter; the unlabelled streams say how often an outage is heard there. Times are microseconds a message on one core.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from carebot.model import Message
from carebot.understand.embedded import Reader
from carebot.understand.language import languages
from carebot.understand.normalise import fingerprint, plain, tame
from carebot.understand.redact import redact
from carebot.understand.screen import screen

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
GOLD = DATA / "text" / "care_gold_dev.jsonl"
HEADS = ("outage", "complaint", "churn", "fraud", "moment", "praise")
Counts = tuple[int, int, int]  # right, heard, said


def f1(counts: Counts) -> float:
    right, heard, said = counts
    return 2 * right / max(1, heard + said)


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def judged() -> dict[tuple[str, str], Counts]:
    """(head or "sentiment"/"service"/"symptom", language) → right, heard, said. Service and symptom only where an outage was labelled."""
    rows = _rows(GOLD)
    told = Reader().read([plain(tame(row["text"])) for row in rows], [row["lang"] for row in rows])
    verdicts = [told.row(place) for place in range(len(rows))]
    counts: dict[tuple[str, str], Counts] = {}
    for language in ("es", "en"):
        pairs = [(row, verdict) for row, verdict in zip(rows, verdicts, strict=True) if row["lang"] == language]
        for head in HEADS:
            both = [(row[head] == 1, getattr(verdict, head).label) for row, verdict in pairs]
            counts[head, language] = sum(a and b for a, b in both), sum(b for _, b in both), sum(a for a, _ in both)
        right = sum(row["sentiment"] == verdict.sentiment.label[:3] for row, verdict in pairs)
        counts["sentiment", language] = right, len(pairs), len(pairs)
        failing = [(row, verdict) for row, verdict in pairs if row["outage"] == 1]
        for pick in ("service", "symptom"):
            right = sum(row[pick] == getattr(verdict, pick).label for row, verdict in failing)
            counts[pick, language] = right, len(failing), len(failing)
    return counts


def share_of_outages(texts: Sequence[str]) -> float:
    """How many of these the reader takes for an outage, as a share."""
    return float(Reader().read([plain(tame(text)) for text in texts], [""] * len(texts)).column("outage").mean())


def _us(work: Callable[[], object], messages: int) -> float:
    times = []
    for _ in range(7):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return min(times) / messages * 1e6


def _speeds(texts: Sequence[str]) -> dict[str, float]:
    """Each step on a batch of a thousand real messages; `read, alone` is one message at a time."""
    raw = (list(texts) * (1000 // len(texts) + 1))[:1000]
    now = datetime(2026, 11, 21, tzinfo=UTC)
    messages = [Message(id=f"x:{place}", text=text, posted_at=now, seen_at=now, author=f"a{place}") for place, text in enumerate(raw)]
    tamed = [tame(text) for text in raw]
    words, reader = [plain(text) for text in tamed], Reader()
    speeds = {
        "tame": _us(lambda: [tame(text) for text in raw], 1000),
        "redact": _us(lambda: redact(tamed), 1000),
        "plain": _us(lambda: [plain(text) for text in tamed], 1000),
        "fingerprint": _us(lambda: [fingerprint(text) for text in words], 1000),
        "screen, whole": _us(lambda: screen(messages, secret=b"benchmark", now=now), 1000),
        "language": _us(lambda: languages(words, [""] * 1000), 1000),
        "read": _us(lambda: reader.read(words, ["es"] * 1000), 1000),
        "read, alone": _us(lambda: [reader.read([text], ["es"]) for text in words[:100]], 100),
    }
    try:
        from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer
    except ImportError:
        return speeds
    vader = SentimentIntensityAnalyzer()
    return speeds | {"VADER (sentiment only)": _us(lambda: [vader.polarity_scores(text) for text in raw[:200]], 200)}


def main() -> None:
    if not GOLD.exists():
        raise SystemExit(f"The labelled messages are not at {GOLD}. Put the data beside the checkout and run again.")
    print(f"{'':12}{'':4}{'precision':>10}{'recall':>8}{'F1':>7}{'said':>6}")
    for (head, language), (right, heard, said) in judged().items():
        print(f"{head:12}{language:4}{right / max(1, heard):>10.2f}{right / max(1, said):>8.2f}{f1((right, heard, said)):>7.3f}{said:>6}")
    print("\nshare of messages heard as an outage")
    for stream in sorted((DATA / "streams").glob("*.jsonl")):
        print(f"  {stream.stem:32}{share_of_outages([row['text'] for row in _rows(stream) if not row.get('by_brand')]):.1%}")
    print("\nµs a message")
    for step, cost in _speeds([row["text"] for row in _rows(GOLD)]).items():
        print(f"  {step:32}{cost:.1f}")


if __name__ == "__main__":
    main()
