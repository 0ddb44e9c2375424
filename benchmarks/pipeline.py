"""Messages a second through screen → understand → decide → commit, stage by stage, beside VADER in the same run.

    python -m benchmarks.pipeline            10,000 and 100,000 messages
    python -m benchmarks.pipeline --million  and 1,000,000
    python -m benchmarks.pipeline --desk     10,000 messages, 50,000 cases open, every third message our reply to one of them
    python -m benchmarks.pipeline --json     one line of JSON a size

The messages are the demo's sentences, mixed anew with other people, times and numbers so that few are copies, at the day's own mix of
languages. Each size runs in a process of its own, so that its memory is its own. VADER (a sentiment lexicon, no database, no language but
English) reads a sample of the same texts right before and after; the ratio of the two is what stays the same on another machine.
The bar: 7,039 messages a second, the world's whole tweet rate quoted by one of our sources; the aim later is 20,000.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

BAR = 7039
BATCH = 2000
STAGES = ("decode", "screen", "understand", "decide", "commit")


def recorded(count: int, seed: int = 1) -> Iterator[bytes]:
    """Contract lines, in order of time."""
    from carebot.demo.play import DAY

    chance = random.Random(seed)
    with gzip.open(DAY) as day:
        texts = [(one["text"], one.get("lang", ""), one.get("source", "x")) for one in map(json.loads, day) if "kind" not in one]
    at = datetime(2026, 3, 12, tzinfo=UTC)
    step = timedelta(seconds=86400 / max(count, 1))
    for number in range(count):
        text, lang, source = chance.choice(texts)
        said = f"{text} {chance.choice(('', 'ref', 'nº', '#'))}{chance.randrange(10_000)}"
        line = {
            "id": f"{source}:{2_032_000_000_000 + number}",
            "text": said,
            "lang": lang,
            "source": source,
            "author": f"user{chance.randrange(max(count // 2, 10))}",
            "posted_at": (at + step * number).isoformat(),
        }
        yield json.dumps(line, ensure_ascii=False).encode()


def waiting(count: int, at: datetime) -> Iterator[bytes]:
    """Lines of so many customers, each of whom asks us something."""
    for number in range(count):
        text = f"@LumbreResponde hice una transferencia de {number} € y no llega, ¿cuándo llega?"
        line = {"id": f"x:w{number}", "text": text, "lang": "es", "source": "x", "author": f"waits{number}", "posted_at": at.isoformat()}
        yield json.dumps(line, ensure_ascii=False).encode()


def answering(lines: list[bytes], open_cases: int, seed: int = 2) -> Iterator[bytes]:
    """The same lines, every third our reply to one of those who wait, in the words of the recorded day's replies."""
    from carebot.demo.play import DAY

    chance = random.Random(seed)
    with gzip.open(DAY) as day:
        said = [one["text"] for one in map(json.loads, day) if one.get("author") == "LumbreResponde"]
    words = [text.partition(" ")[2] for text in said if text.startswith("@")] or said
    for number, line in enumerate(lines):
        if number % 3:
            yield line
            continue
        one, to = json.loads(line), chance.randrange(open_cases)
        reply = {
            "text": f"@waits{to} {chance.choice(words)}",
            "author": "LumbreResponde",
            "in_reply_to": f"x:w{to}",
            "source": "x",
            "lang": "es",
        }
        yield json.dumps(one | reply, ensure_ascii=False).encode()


def one_size(count: int, open_cases: int = 0) -> dict[str, Any]:
    """Everything measured for one size, in this process."""
    from carebot.commands import PACKAGED_RULES, rules_in
    from carebot.effects.database.store import Store
    from carebot.loop import Loop
    from carebot.model import Batch, Message
    from carebot.wire import events

    lines = list(answering(list(recorded(count)), open_cases)) if open_cases else list(recorded(count))
    sample = [json.loads(line)["text"] for line in lines[:2000]]
    vader = [vader_us(sample)]
    before = _rss()
    with tempfile.TemporaryDirectory(prefix="carebot-bench-") as folder:
        store = Store(Path(folder) / "bench.db")
        loop = Loop(store, rules_in(PACKAGED_RULES), secret=b"bench", destinations=lambda alert: (alert.to,))
        early = datetime(2026, 3, 11, 23, 59, tzinfo=UTC)
        before_them = list(waiting(open_cases, early))
        for start in range(0, open_cases, BATCH):
            asks = tuple(one for one in events(before_them[start : start + BATCH], source="x", seen_at=None) if isinstance(one, Message))
            loop.take([Batch(source="bench", events=asks)], early)
        loop.spent.update(dict.fromkeys(loop.spent, 0.0))
        decode, took = 0.0, 0
        began, cpu = time.perf_counter(), time.process_time()
        for start in range(0, count, BATCH):
            watch = time.perf_counter()
            batch = tuple(one for one in events(lines[start : start + BATCH], source="x", seen_at=None) if isinstance(one, Message))
            decode += time.perf_counter() - watch
            took += loop.take([Batch(source="bench", events=batch, cursor=str(start))], batch[-1].posted_at).new
        seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
        size, cases = os.path.getsize(Path(folder) / "bench.db"), len(loop.state.desk.cases)
        store.close()
    assert took == count, (took, count)
    vader.append(vader_us(sample))
    spent = {"decode": decode, **loop.spent}
    return {
        "messages": count,
        "open_cases": cases,
        "per_second": round(count / seconds),
        "cpu_us": round(cpu / count * 1e6, 1),
        "stages_us": {stage: round(spent[stage] / count * 1e6, 1) for stage in STAGES},
        "rss_mb": round(_rss() - before),
        "db_bytes_a_message": round(size / (count + open_cases)),
        "vader_us": round(min(v for v in vader if v) if any(vader) else 0, 1),
        "cpu_over_vader": round(cpu / count * 1e6 / min(vader), 2) if all(vader) else None,
    }


def _rss() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def vader_us(texts: list[str]) -> float:
    """CPU microseconds a text; 0 where VADER is not installed."""
    try:
        from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer
    except ImportError:
        return 0.0
    reads = SentimentIntensityAnalyzer().polarity_scores
    began = time.process_time()
    for text in texts:
        reads(text)
    return (time.process_time() - began) / len(texts) * 1e6


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.pipeline", description=__doc__.splitlines()[0], epilog="example: make bench"
    )
    parser.add_argument("--million", action="store_true", help="also 1,000,000 messages (some minutes)")
    parser.add_argument("--json", action="store_true", help="one line of JSON a size")
    parser.add_argument("--desk", action="store_true", help="only a busy desk: 50,000 open cases, every third message our reply")
    parser.add_argument("--size", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--open", type=int, default=0, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.size:
        print(json.dumps(one_size(args.size, args.open)))
        return
    rows = []
    sizes = ((10_000, 50_000),) if args.desk else ((10_000, 0), (100_000, 0), *(((1_000_000, 0),) if args.million else ()))
    for size, open_cases in sizes:
        command = [sys.executable, "-m", "benchmarks.pipeline", "--size", str(size), "--open", str(open_cases)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        rows.append(json.loads(done.stdout))
        if args.json:
            print(done.stdout, end="", flush=True)
        else:
            _show(rows[-1])


def _show(row: dict[str, Any]) -> None:
    """A bar a stage: where the time goes."""
    print(f"\n{row['messages']:>9,} messages, {row['open_cases']:,} cases open: "
          f"{row['per_second']:,}/s ({row['per_second'] / BAR:.1f} × the bar of {BAR:,}/s), "
          f"{row['cpu_us']} µs CPU each, +{row['rss_mb']} MB, {row['db_bytes_a_message']} bytes each on disk")  # fmt: skip
    for stage, us in row["stages_us"].items():
        print(f"  {stage:<11}{us:>7.1f} µs {'█' * round(us / 2)}")
    if row["vader_us"]:
        bar = "░" * round(row["vader_us"] / 2)
        print(f"  {'VADER':<11}{row['vader_us']:>7.1f} µs {bar}  whole pipeline = {row['cpu_over_vader']} × VADER")
    else:
        print("  VADER is not installed: pip install vaderSentiment, to see it beside")


if __name__ == "__main__":
    main()
