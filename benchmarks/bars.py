"""What the figures of `benchmarks.understanding` are held against: what was asked for, and what others report."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.figures import Asked, Figure
from benchmarks.scores import mood_asked

# What was asked for when this was begun: reach, and aim for.
BARS: dict[Asked, tuple[float, float]] = {
    ("sentiment", "TweetEval", "macro recall"): (0.64, 0.66),
    ("sentiment", "UMSAB es", "macro F1"): (0.57, 0.60),
    **{("outage", f"care_gold {lang}", "F1"): (0.80, 0.90) for lang in ("es", "en")},
    **{("outage", f"care_gold {lang}", "AP"): (0.85, 0.95) for lang in ("es", "en")},
    ("complaint", "care_gold es", "F1"): (0.82, 0.90),
    ("complaint", "care_gold en", "F1"): (0.80, 0.90),
    ("complaint", "complaints_2019, a tenth", "macro F1"): (0.82, 0.87),
    **{("service", f"care_gold {lang}", "accuracy"): (0.70, 0.77) for lang in ("es", "en")},
    **{("symptom", f"care_gold {lang}", "accuracy"): (0.65, 0.75) for lang in ("es", "en")},
    ("language", "all", "accuracy"): (0.985, 0.99),
    ("speed", "care_gold", "messages/s"): (10_000, 30_000),
    ("copies", "storms", "collapsed"): (0.995, 0.995),
    ("copies", "storms", "merged"): (0.005, 0.005),
    ("copies", "storms", "µs a message"): (20, 10),
}
FULL_BARS: dict[Asked, tuple[float, float]] = {mood_asked("TweetEval"): (0.72, 0.74), mood_asked("UMSAB es"): (0.63, 0.66)}
# From their authors' pages, on the test splits, which are not here: no figure of this run.
PUBLISHED: dict[str, dict[Asked, float]] = {
    "[published, test] fastText": {mood_asked("TweetEval"): 0.629, mood_asked("UMSAB es"): 0.501, mood_asked("UMSAB en"): 0.509},
    "[published, test] RoBERTa-base": {mood_asked("TweetEval"): 0.713},
    "[published, test] twitter-XLM-R": {mood_asked("UMSAB es"): 0.679, mood_asked("UMSAB en"): 0.706},
}


def bars() -> Iterator[Figure]:
    rows = {"(reach)": (BARS, 0), "(aim for)": (BARS, 1), "(reach, full tier)": (FULL_BARS, 0), "(aim for, full tier)": (FULL_BARS, 1)}
    for who, (asked, which) in rows.items():
        for (what, on, how), both in asked.items():
            yield Figure(what=what, on=on, score=how, who=who, value=both[which])
    for who, scores in PUBLISHED.items():
        for (what, on, how), value in scores.items():
            yield Figure(what=what, on=on, score=how, who=who, value=value)
