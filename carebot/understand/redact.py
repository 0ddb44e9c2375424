"""Personal data leaves a text here, before anything keeps, shows or logs it.

    [card 411111…1111]  [iban]  [dni]  [curp]  [rfc]  [email]  [phone]  [cvv]

The public link is the way back to the original. Rules run in order, each on what the ones before left. They see digits of any
script as 0-9 and allow up to three characters that are no letter or digit between two digits, because people (and people who
mean harm) write numbers with spaces, dots, line breaks and stars. What keeps order numbers, prices and dates alive is the
check digit, the words before, and the shape of the groups.

A gate that can only say "surely nothing here" spares ordinary messages the rules; a test holds that it never says so wrongly.
PCI DSS 3.4.1 allows the first six and last four digits of a card to be shown.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate

from carebot.understand.identifiers import IBAN_LENGTHS, is_curp, is_dni, is_iban, is_rfc

Span = tuple[int, int, str]

_OTHER_DIGIT = re.compile(r"[^\D0-9]")  # a digit of another script; a class of all 700 of them is 40 times slower
_GAP = r"[^0-9A-Za-z]{0,3}"
_DIGITS = re.compile(r"[0-9]+")
_DIGIT = re.compile(r"\d")
_AT = re.compile(r"@(?<=[\w.+%-]@)[\w-]")  # begins with a letter of its own, so that `re` leaps from @ to @
_AT_SPELT = re.compile(r"[(\[](?:at|arroba)[)\]]", re.IGNORECASE)
_TAKEN = "\0"


def _sizes(written: str) -> list[int]:
    return [len(group) for group in _DIGITS.findall(written)]


def _said_before(words: re.Pattern[str], found: re.Match[str]) -> bool:
    return bool(words.search(found.string, max(0, found.start() - 60), found.start()))


# ── cards ────────────────────────────────────────────────────────────────────────────────────────────────────────

_CARD = re.compile(rf"(?<![0-9])[0-9](?:{_GAP}[0-9]){{12,}}")
_CARD_WORD = re.compile(r"tarjeta|card|visa|amex|american express|cr[eé]dito|d[eé]bito|pl[aá]stico|\bpan\b|\btd[cd]\b", re.IGNORECASE)
ISSUED = re.compile(  # Visa, Mastercard, Amex, Diners, JCB, Discover, UnionPay, Maestro
    r"4(?:\d{12}|\d{15}|\d{18})|(?:5[1-5]\d\d|222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d{12}|3[47]\d{13}|3(?:0[0-5]|[689]\d)\d{11,16}"
    r"|35(?:2[89]|[3-8]\d)\d{12,15}|6(?:011|4[4-9]\d|5\d\d)\d{12,15}|62\d{14,17}|(?:50|5[6-9]|6\d)\d{11,17}"
)
_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)


def _card_shaped(written: str) -> bool:
    """4-4-4-4, 4-6-5, one piece, digit by digit: not a date beside a price."""
    sizes = _sizes(written)
    return sizes in ([4, 6, 5], [4, 6, 4]) or (len(set(sizes[:-1])) <= 1 and sizes[-1] <= sizes[0])


def _cards(run: re.Match[str]) -> Iterator[Span]:
    """Every card in one run of digits: the run itself, or groups inside it (a card after a telephone number).

    Luhn sums are differences of two running totals, so that a text full of digits costs little more than reading it.
    """
    text, base = run[0], run.start()
    groups = [found.span() for found in _DIGITS.finditer(text)]
    digits = "".join(text[start:end] for start, end in groups)
    values = [int(digit) for digit in digits]
    luhn = [
        list(accumulate((_DOUBLED[value] if place % 2 == odd else value for place, value in enumerate(values)), initial=0))
        for odd in (0, 1)
    ]
    count = list(accumulate((end - start for start, end in groups), initial=0))
    spoken = _said_before(_CARD_WORD, run)

    def is_card(first: int, last: int) -> bool:
        start, end = count[first], count[last + 1]
        total = luhn[end % 2]
        if not 13 <= end - start <= 19 or (total[end] - total[start]) % 10:
            return False
        whole, written = end - start == len(digits), text[groups[first][0] : groups[last][1]]
        if not ISSUED.fullmatch(digits, start, end):
            return spoken and whole
        return _card_shaped(written) or (whole and not re.search(r"[/:,$€£]", written))

    first = 0
    while first < len(groups):
        reach = range(min(first + 19, len(groups)) - 1, first - 1, -1)
        last = next((last for last in reach if is_card(first, last)), None)
        if last is not None:
            start, end = count[first], count[last + 1]
            yield base + groups[first][0], base + groups[last][1], f"[card {digits[start : start + 6]}…{digits[end - 4 : end]}]"
        first = first + 1 if last is None else last + 1


# ── papers ───────────────────────────────────────────────────────────────────────────────────────────────────────

_IBAN = re.compile(rf"(?<![0-9A-Za-z])[A-Za-z]{_GAP}[A-Za-z]{_GAP}[0-9]{_GAP}[0-9](?:{_GAP}[0-9A-Za-z]){{11,30}}")
_DNI = re.compile(rf"(?<![0-9A-Za-z])(?:[XYZxyz]|[0-9]){_GAP}(?:[0-9]{_GAP}){{7}}[A-Za-z](?![0-9A-Za-z])")
_DNI_WORD = re.compile(r"\bd\.?n\.?i\b|\bn\.?i\.?[ef]\b|documento|identidad", re.IGNORECASE)
_DATE_SHAPES = ([2, 2, 4], [4, 2, 2])
_CURP = re.compile(r"(?<![0-9A-Za-z])[A-Z]{4}[ -]?[0-9]{6}[ -]?[HM][ -]?[A-Z]{5}[ -]?[0-9A-Z][0-9](?![0-9A-Za-z])", re.IGNORECASE)
_RFC = re.compile(r"(?<![0-9A-Za-zÑñ])[A-ZÑ&]{3,4}[ -]?[0-9]{6}[ -]?[0-9A-Z]{3}(?![0-9A-Za-z])", re.IGNORECASE)


_RFC_WORD = re.compile(r"\brfc\b", re.IGNORECASE)


def _ibans(found: re.Match[str]) -> Iterator[Span]:
    """The pattern runs on into the next words; a country's IBANs have one length."""
    places = [place for place, character in enumerate(found[0]) if character.isascii() and character.isalnum()]
    number = "".join(found[0][place] for place in places).upper()
    length = IBAN_LENGTHS.get(number[:2], 0)
    if length and len(number) >= length and is_iban(number[:length]):
        yield found.start(), found.start() + places[length - 1] + 1, "[iban]"


def _dnis(found: re.Match[str]) -> Iterator[Span]:
    """Spanish DNI and NIE. "12345678 a las tres" has the letter of one number in 23: a lone small word after a space is no letter."""
    written = found[0]
    number = "".join(character for character in written if character.isascii() and character.isalnum()).upper()
    doubtful = (written[-1] in "aey" and written[-2].isspace()) or _sizes(written) in _DATE_SHAPES
    if is_dni(number) and (not doubtful or _said_before(_DNI_WORD, found)):
        yield found.start(), found.end(), "[dni]"


def _curps(found: re.Match[str]) -> Iterator[Span]:
    if is_curp(found[0]):
        yield found.start(), found.end(), "[curp]"


def _rfcs(found: re.Match[str]) -> Iterator[Span]:
    if is_rfc(found[0], sure=_said_before(_RFC_WORD, found)):
        yield found.start(), found.end(), "[rfc]"


# ── ways to reach somebody ───────────────────────────────────────────────────────────────────────────────────────

_EMAIL = re.compile(r"(?<![\w.+%-])[\w.+%-]++(?:@| @ | ?[(\[](?:at|arroba)[)\]] ?)[\w-]+(?:\.[\w-]+)*\.[^\W\d_]{2,24}", re.IGNORECASE)
_PHONE = re.compile(rf"(?<![0-9A-Za-z$€£#/])(?<![0-9][.,:-])(?:\+{_GAP})?\(?[0-9](?:{_GAP}[0-9]){{6,}}(?![0-9A-Za-z%€$£])")
_PHONE_WORD = re.compile(
    r"\btel|\bt[lf]no|\bcel\b|celular|m[oó]vil|whats|\bwsp|wh?asap|guasap|ll[aá]m|m[aá]rc[ao]|contact|phone|\bcall|mobile|\bcell\b"
    r"|n[uú]mero es",
    re.IGNORECASE,
)
_ORDER_WORD = re.compile(
    r"pedido|order|reserva|booking|localizador|folio|ticket|\bcaso\b|\bcase\b|referenc|\bgu[ií]a\b|tracking|rastreo|factura|env[ií]o",
    re.IGNORECASE,
)
_MONEY = re.compile(r"\s?(?:pesos|euros|eur|cop|mxn|usd|d[oó]lar|dollar|mill)", re.IGNORECASE)
_NINE = ([9], [3, 3, 3], [3, 2, 2, 2], [2, 3, 2, 2], [3, 6], [1] * 9)
_TEN = ([2, 4, 4], [3, 3, 4], [3, 3, 2, 2], [3, 7], [2, 8])
_CVV = re.compile(
    r"(?:\bcv[vc]2?|\bcsc|(?:c[oó]digo|clave|n[uú]mero) de seguridad|security code)\W{0,4}(?:es|is|number|code)?\W{0,4}"
    r"(?P<it>\d(?:\W?\d){2,3})(?!\d)",
    re.IGNORECASE,
)


def _phones(run: re.Match[str]) -> Iterator[Span]:
    """An international number, one announced as a telephone number, or nine or ten digits grouped as in Spain and Mexico."""
    groups = [found.span() for found in _DIGITS.finditer(run[0])]
    sizes = [end - start for start, end in groups]
    abroad, announced = run[0].startswith(("+", "00")), _said_before(_PHONE_WORD, run)
    if _MONEY.match(run.string, run.end()):
        return
    if abroad and 8 <= sum(sizes) <= 15:
        yield run.start(), run.end(), "[phone]"
        return
    order = _said_before(_ORDER_WORD, run)
    for first in range(len(groups)):
        spanish = run[0][groups[first][0]] in "6789" and not order
        for count in range(1, 10):
            shape = sizes[first : first + count]
            if (abroad and 8 <= sum(shape) <= 15) or shape in _TEN or (spanish and shape in _NINE):
                start = groups[first][0] if first else 0
                yield run.start() + start, run.start() + groups[first + len(shape) - 1][1], "[phone]"
                return
    if announced and sum(sizes) <= 13:
        yield run.start(), run.end(), "[phone]"


def _emails(found: re.Match[str]) -> Iterator[Span]:
    yield found.start(), found.end(), "[email]"


def _cvvs(found: re.Match[str]) -> Iterator[Span]:
    yield found.start("it"), found.end("it"), "[cvv]"


# ── all together ─────────────────────────────────────────────────────────────────────────────────────────────────

Rule = tuple[re.Pattern[str], Callable[[re.Match[str]], Iterator[Span]]]
RULES: tuple[Rule, ...] = (  # an IBAN before a card: some 16 of its digits are a card's by chance
    (_EMAIL, _emails),
    (_CVV, _cvvs),
    (_IBAN, _ibans),
    (_CARD, _cards),
    (_CURP, _curps),
    (_RFC, _rfcs),
    (_DNI, _dnis),
    (_PHONE, _phones),
)
_SIX_DIGITS = re.compile(r"\d(?:\D{0,3}\d){5}")
_THREE_DIGITS = re.compile(r"\d\W?\d\W?\d")
_CODE = re.compile(r"cv|csc|seguridad|security", re.IGNORECASE)


def gate(text: str) -> bool:
    """False when no rule can find anything: true of most texts, and cheap to know."""
    if _DIGIT.search(text) and (_SIX_DIGITS.search(text) or (_THREE_DIGITS.search(text) and _CODE.search(text))):
        return True
    if "@" in text and (_AT.search(text) or " @ " in text):
        return True
    return ("(" in text or "[" in text) and bool(_AT_SPELT.search(text))


def exact(text: str) -> str:
    """One text by all the rules, without the gate."""
    seen = text if text.isascii() else _OTHER_DIGIT.sub(lambda found: str(unicodedata.digit(found[0])), text)
    spans: list[Span] = []
    for pattern, judge in RULES:
        found = [span for match in pattern.finditer(seen) for span in judge(match)]
        for start, end, _ in found:  # what a rule took, the next ones do not see: same length, so places stay true
            seen = f"{seen[:start]}{_TAKEN * (end - start)}{seen[end:]}"
        spans += found
    for start, end, label in sorted(spans, reverse=True):
        text = f"{text[:start]}{label}{text[end:]}"
    return text


def redact(texts: Sequence[str]) -> list[str]:
    """The texts without personal data. They must be tame (`normalise.tame`): numbers split by what nobody sees are whole again."""
    return [exact(text) if gate(text) else text for text in texts]
