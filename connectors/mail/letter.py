"""From a mail's bytes to what the customer said in it. Pure.

The headers lie and the bytes are a stranger's: charsets that are not what they say, HTML without a plain part, parts within parts, a mail
cut in its middle. Python's older mail policy (compat32) reads it, as that keeps headers as they came; the newer one raises on some.
Words that are quoted below an answer are not said again, and what a machine answers by itself (RFC 3834) is not said by a person.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.header import decode_header
from email.message import Message as Mime
from email.policy import compat32
from email.utils import parseaddr, parsedate_to_datetime

from carebot.model import Message
from connectors import answers, markup
from connectors.mail.imap import Letter

MAX_TEXT = 10_000
MAX_PARTS = 50
MAX_HEADER = 2_000
PYTHONS = (ValueError, LookupError, TypeError, AttributeError, AssertionError, RecursionError)  # what its email package is known to raise
UNDERWAY = timedelta(days=1)  # a mail that says it was written longer before it came is wrong about it

_ID = re.compile(r"<([^<>\s]{1,300})>")
_ANSWERED = re.compile(  # what mail programs write above the words they quote, in Spanish and English
    r"^(?:"
    r"(?:el|on)\b[^\n]{4,200}(?:\n[^\n]{0,100})?\b(?:escribi[óo]|wrote)\s*:\s*$"
    r"|-{2,}\s*(?:original message|mensaje original|forwarded message|mensaje reenviado)\s*-{2,}"
    r"|(?:de|from)\s*:.{1,200}\n\*?(?:enviado|fecha|sent|date)(?: el)?\*?\s*:"
    r"|_{10,}\s*\n(?:de|from)\s*:"
    r")",
    re.IGNORECASE | re.MULTILINE,
)


class Unreadable(ValueError):
    """A mail nothing can be read of, and why; never its words."""


def read(letter: Letter, name: str, ours: Sequence[str], now: datetime) -> Message | None:
    """What was said; None for what a machine sent by itself. Raises Unreadable."""
    try:
        return _message(message_from_bytes(letter.raw, policy=compat32), letter, name, ours, now)
    except (
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
        AssertionError,
        RecursionError,
    ) as error:  # what Python's email is known to raise
        raise Unreadable(str(error) if isinstance(error, Unreadable) else f"cannot be read as a mail ({type(error).__name__})") from None


def _message(mail: Mime, letter: Letter, name: str, ours: Sequence[str], now: datetime) -> Message | None:
    if _header(mail, "Auto-Submitted").lower() not in ("", "no"):
        return None
    author_name, author = parseaddr(_header(mail, "From"))
    subject = re.sub(r"^(?:(?:re|rv|fw|fwd)\s*:\s*)+", "", _header(mail, "Subject"), flags=re.IGNORECASE)
    text = f"{subject}\n{own_words(_words(mail))}".strip()[:MAX_TEXT]
    if not text:
        raise Unreadable("has no words, only files or pictures")
    came_at = _moment(letter.came_at, now) or now
    written_at = _moment(_header(mail, "Date"), now)
    own = _ids(mail, "Message-ID")
    before = _ids(mail, "References") or _ids(mail, "In-Reply-To")
    id_ = f"mail:{own[0]}" if own else f"mail:{name}:{_sum(author, _header(mail, 'Date') or letter.came_at, text)}"
    return Message(
        id=id_,
        text=text,
        posted_at=written_at if written_at and timedelta() <= came_at - written_at <= UNDERWAY else came_at,
        seen_at=now,
        source="mail",
        author=author[:320].lower(),
        author_name=author_name[:100],
        by_brand=_is_ours(author.lower(), ours),
        direct=True,
        in_reply_to=next((f"mail:{id_}" for id_ in _ids(mail, "In-Reply-To")[:1] or before[-1:]), ""),
        conversation=f"mail:{before[0]}" if before else id_,
    )


def _is_ours(author: str, ours: Sequence[str]) -> bool:
    """By address, or by domain with all that is below it."""
    domain = author.rpartition("@")[2]
    return any(each in (author, domain) or domain.endswith(f".{each}") for each in map(str.lower, ours) if author and each)


def _header(mail: Mime, name: str) -> str:
    """A header's words, decoded, on one line."""
    raw = str(mail.get(name, ""))[:MAX_HEADER]
    try:
        parts = decode_header(raw)
    except ValueError:  # a base64 word that is none
        parts = [(raw, None)]
    said = "".join(part if isinstance(part, str) else _decoded(part, charset or "ascii") for part, charset in parts)
    return answers.words(" ".join(said.replace("\0", "").split()))


def _ids(mail: Mime, name: str) -> list[str]:
    return [answers.words(found) for found in _ID.findall(str(mail.get(name, ""))[:MAX_HEADER])]


def _words(mail: Mime) -> str:
    """The plain words of a mail, or else its HTML as a reader would see it."""
    texts: dict[str, str] = {}
    for number, part in enumerate(mail.walk()):
        if number >= MAX_PARTS:
            break
        kind = part.get_content_type()
        if kind in ("text/plain", "text/html") and part.get_content_disposition() != "attachment" and kind not in texts:
            payload = part.get_payload(decode=True)
            charset = part.get_param("charset")
            if isinstance(payload, bytes):
                texts[kind] = _decoded(payload, charset if isinstance(charset, str) else "")
    plain = answers.words(texts.get("text/plain", "")).replace("\0", "").strip()
    return plain or markup.words_of(answers.words(texts.get("text/html", "")).replace("\0", ""))


def _decoded(said: bytes, charset: str) -> str:
    """Bytes as they say they are written, else as most mails are."""
    for each in (charset, "utf-8"):
        try:
            if each and each.lower() not in ("utf-7", "idna", "punycode", "unicode_escape", "raw_unicode_escape"):
                return said.decode(each)
        except (LookupError, ValueError, AssertionError):
            continue
    return said.decode("cp1252", "replace")


def own_words(text: str) -> str:
    """Without what is quoted from earlier mails, without a signature; all of it where nothing else is left."""
    text = text.replace("\r\n", "\n")
    cut = _ANSWERED.search(text)
    above = text[: cut.start()] if cut else text
    said = above.split("\n-- \n")[0]
    kept = "\n".join(line.rstrip() for line in said.split("\n") if not line.startswith(">"))
    return re.sub(r"\n{3,}", "\n\n", kept).strip() or text.strip()


def _moment(written: str, now: datetime) -> datetime | None:
    """A mail's or a server's date, never later than now."""
    try:
        at = parsedate_to_datetime(written.strip())
        return min(at.replace(tzinfo=at.tzinfo or UTC).astimezone(UTC), now)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _sum(*said: str) -> str:
    return hashlib.blake2b("\0".join(said).encode(errors="replace"), digest_size=12).hexdigest()
