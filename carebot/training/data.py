"""Labelled messages from a data folder, each set with its licence. What is missing is skipped; what is evaluated is never returned.

The folder is laid out as ../shared/data/README.md says. Texts stay in memory: nothing of them is written anywhere but as weights.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterable, Iterator
from hashlib import blake2b
from pathlib import Path

import msgspec

from carebot.training.model import Example
from carebot.understand.linear import MOODS
from carebot.understand.normalise import plain, tame
from carebot.understand.verdicts import HEADS

_NUMBER = {"0": "negative", "1": "neutral", "2": "positive"}
_SHORT = {"neg": "negative", "neu": "neutral", "pos": "positive"}
_UMSAB = {"spanish": "es", "english": "en", "french": "fr", "german": "de", "italian": "it", "portuguese": "pt"}
# Intents of banking77 that name a service and what is wrong with it.
_INTENTS = {
    "card_not_working": ("card", "error"), "contactless_not_working": ("card", "error"), "virtual_card_not_working": ("card", "error"),
    "declined_card_payment": ("card", "declined"), "declined_cash_withdrawal": ("atm", "declined"),
    "declined_transfer": ("transfer", "declined"), "failed_transfer": ("transfer", "error"), "top_up_failed": ("payment", "error"),
    "transfer_not_received_by_recipient": ("transfer", "not_received"), "card_arrival": ("card", "not_received"),
    "balance_not_updated_after_bank_transfer": ("transfer", "not_received"), "pin_blocked": ("card", "blocked"),
    "balance_not_updated_after_cheque_or_cash_deposit": ("account", "not_received"), "card_swallowed": ("atm", "other"),
    "transaction_charged_twice": ("payment", "wrong_charge"), "extra_charge_on_statement": ("account", "wrong_charge"),
    "card_payment_fee_charged": ("card", "wrong_charge"), "cash_withdrawal_charge": ("atm", "wrong_charge"),
    "transfer_fee_charged": ("transfer", "wrong_charge"), "Refund_not_showing_up": ("payment", "not_received"),
    "wrong_amount_of_cash_received": ("atm", "other"), "passcode_forgotten": ("login", "login_fail"),
    "unable_to_verify_identity": ("account", "error"), "pending_transfer": ("transfer", "delay"), "pending_top_up": ("payment", "delay"),
}  # fmt: skip
_FRAUD = {"compromised_card", "cash_withdrawal_not_recognised", "card_payment_not_recognised", "direct_debit_payment_not_recognised"}


class Set(msgspec.Struct, frozen=True):
    """A source of examples: its licence as seen, and how it is read."""

    licence: str
    read: Callable[[Path], Iterator[Example]]
    permissive: bool = False


def words(text: str) -> str:
    return plain(tame(text))


def _example(text: str, lang: str, source: str, answers: dict[str, float] | None = None, mood: tuple[float, ...] = (),
             service: str = "", symptom: str = "", weight: float = 1.0) -> Example:  # fmt: skip
    """An example of a text as it was found."""
    said = tame(text)
    return Example(plain(said), lang, source, answers or {}, mood, service, symptom, weight, said)


def _mood(name: str) -> tuple[float, ...]:
    return tuple(float(name == mood) for mood in MOODS)


def _jsonl(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8") as lines:
        yield from (json.loads(line) for line in lines)


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").rstrip("\n").split("\n")


def _csv(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        yield from csv.DictReader(file)


def umsab(folder: Path, split: str = "train") -> Iterator[Example]:
    for name, lang in _UMSAB.items():
        place = folder / "text" / "umsab" / name
        for text, label in zip(_lines(place / f"{split}_text.txt"), _lines(place / f"{split}_labels.txt"), strict=True):
            yield _example(text, lang, "umsab", mood=_mood(_NUMBER[label]), weight=6.0 if lang == "es" else 1.5)


def tweeteval(folder: Path) -> Iterator[Example]:
    """The validation split: never trained on."""
    place = folder / "text" / "tweeteval_sentiment"
    for text, label in zip(_lines(place / "val_text.txt"), _lines(place / "val_labels.txt"), strict=True):
        yield _example(text, "en", "tweeteval", mood=_mood(_NUMBER[label]))


def _semeval(folder: Path) -> Iterator[Example]:
    for path in sorted((folder / "text" / "semeval_english").glob("*.txt")):
        for line in _lines(path):
            _, label, text, *_ = (*line.split("\t"), "", "")
            if label in MOODS:
                yield _example(_unescaped(text), "en", "semeval", mood=_mood(label))


def _unescaped(text: str) -> str:
    return re.sub(r"\\u([0-9a-f]{4})", lambda found: chr(int(found[1], 16)), text)


def _airline_es(folder: Path) -> Iterator[Example]:
    for row in _csv(folder / "text" / "es_airline_2017_public.csv"):
        if row["airline_sentiment"] in MOODS:
            yield _example(row["text"], "es", "es_airline_2017", mood=_mood(row["airline_sentiment"]), weight=2.0)


def _airline_en(folder: Path) -> Iterator[Example]:
    for row in _jsonl(folder / "streams" / "airline_2015_en.jsonl"):
        yield _example(row["text"], "en", "airline_2015", mood=_mood(row["sentiment"]))


def _complaints(folder: Path) -> Iterator[Example]:
    for row in _csv(folder / "text" / "complaints_2019" / "dev.csv"):
        yield _example(row["text"], "en", "complaints_2019", {"complaint": float(row["complaint"])}, weight=3.0)


def _banking77(folder: Path) -> Iterator[Example]:
    for row in _csv(folder / "text" / "banking77" / "train.csv"):
        service, symptom = _INTENTS.get(row["category"], ("", ""))
        answers = {"fraud": float(row["category"] in _FRAUD), "churn": float(row["category"] == "terminate_account"), "praise": 0.0}
        answers |= {"hand_off": 0.0, "recovered": 0.0, "question": float("?" in row["text"])}
        yield _example(row["text"], "en", "banking77", answers, service=service, symptom=symptom, weight=0.5)


def gold(folder: Path) -> Iterator[Example]:
    """Care messages with every answer; those their annotator was unsure of count half."""
    for row in _jsonl(folder / "text" / "care_gold_dev.jsonl"):
        answers = {head: float(row[head]) for head in HEADS if head in row}
        mood, weight = _mood(_SHORT[row["sentiment"]]), 3.0 if row["note"].startswith("?") else 6.0
        yield _example(row["text"], row["lang"], "care_gold", answers, mood, row["service"], row["symptom"], weight)


def _streams(folder: Path) -> Iterator[Example]:
    """What customers wrote, without any label: of use only with somebody else's opinion of it (`taught`)."""
    for path in sorted((folder / "streams").glob("*_e[sn].jsonl")):
        for row in _jsonl(path):
            if not row.get("by_brand"):
                yield _example(row["text"], row["lang"], "streams")


def there(read: Callable[[Path], Iterable[Example]], folder: Path) -> list[Example]:
    """What a reader finds; nothing if the set is not in the folder."""
    try:
        return list(read(folder))
    except FileNotFoundError:
        return []


def judges(folder: Path) -> list[Example]:
    """What is scored and never trained on: the validation splits."""
    return [*there(tweeteval, folder), *there(lambda place: umsab(place, "val"), folder)]


RESEARCH = "none stated or research only"
SETS = {
    "banking77": Set("CC BY 4.0", _banking77, permissive=True),
    "umsab": Set("repository Apache-2.0; texts under Twitter and research terms", umsab),
    "semeval": Set(RESEARCH, _semeval),
    "es_airline_2017": Set("none stated", _airline_es),
    "airline_2015": Set("CC BY-NC-SA 4.0", _airline_en),
    "complaints_2019": Set("none stated", _complaints),
    "streams": Set("none stated; in part CC BY-NC-SA 4.0", _streams),
}


def key(text: str) -> str:
    """Equal for texts that differ in links, handles, spaces, figures' places and punctuation only."""
    return re.sub(r"[^a-z]+", "", re.sub(r"\b(user|http)\b", " ", text)) or text


def fold(text: str, folds: int) -> int:
    """Which of so many parts a text belongs to: the same on every machine and in every order."""
    return blake2b(key(text).encode(), digest_size=4).digest()[0] % folds


def without(examples: Iterable[Example], evaluated: Iterable[str]) -> list[Example]:
    """Examples whose words are in no text that is evaluated, each text once (the first that says something wins)."""
    seen = {key(text) for text in evaluated}
    kept = []
    for example in examples:
        if (said := key(example.text)) not in seen:
            seen.add(said)
            kept.append(example)
    return kept


def collected(folder: Path, *, permissive: bool) -> list[Example]:
    """Every example of the folder's sets, labelled ones before unlabelled ones. Sets that are not there are skipped."""
    found: list[Example] = []
    for known in SETS.values():
        if known.permissive or not permissive:
            found += there(known.read, folder)
    return found
