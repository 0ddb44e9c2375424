"""What of IMAP a reader needs: log in, open a folder read-only, search, fetch. RFC 3501, over a line that is already encrypted.

Our own rather than imaplib, which reads whatever length a server announces and knows no deadline for a whole answer: here every line and
every literal has a limit, and whoever calls keeps the time. What a server says is never repeated in an error.
"""

from __future__ import annotations

import base64
import re
from asyncio import StreamReader, StreamWriter
from typing import NamedTuple

from carebot.errors import Refused, Unreachable

MAX_LETTER = 262_144  # bytes of a mail that are asked for: attachments stand at its end
MAX_LINES = 20_000  # of one answer

_LITERAL = re.compile(rb"\{([0-9]{1,10})\}$")
_VALIDITY = re.compile(rb"\[UIDVALIDITY ([0-9]{1,10})\]", re.IGNORECASE)
_NOT_NOW = re.compile(rb"\[(UNAVAILABLE|INUSE|SERVERBUG|LIMIT|ALERT)\]", re.IGNORECASE)


class Letter(NamedTuple):
    """A mail as it came, cut at MAX_LETTER, and when the server took it in."""

    raw: bytes
    came_at: str


class Answer(NamedTuple):
    """A server's answer to one command: whether it was OK, the words after that, and what came before, literals apart."""

    ok: bool
    words: bytes
    lines: tuple[bytes, ...]
    literals: tuple[bytes, ...]


class Mailbox:
    def __init__(self, reader: StreamReader, writer: StreamWriter, name: str, host: str) -> None:
        self._reader, self._writer, self._name, self._host, self._number = reader, writer, name, host, 0

    async def log_in(self, user: str, password: str) -> None:
        greeting = await self._line()
        if not re.match(rb"\* (OK|PREAUTH)\b", greeting, re.IGNORECASE):
            raise Unreachable(f"{self._name}: {self._host} does not greet as an IMAP server does")
        answer = await self._ask("LOGIN", user.encode(), password.encode())
        if not answer.ok:
            self._not_now(answer)
            raise Refused(
                f"{self._name}: {self._host} refused user and password",
                "Correct `user`, or renew the password (an app password, where the provider wants one), then: systemctl restart carebot. "
                "No mail is read until then.",
            )

    async def examine(self, folder: str) -> int:
        """Opens the folder read-only. Returns its UIDVALIDITY."""
        answer = await self._ask("EXAMINE", modified_utf7(folder))
        if not answer.ok:
            self._not_now(answer)
            raise Refused(f"{self._name}: there is no folder to read under the name in `folder`", "Correct it in rules.yaml.")
        found = _VALIDITY.search(b"\n".join(answer.lines))
        if not found:
            raise Unreachable(f"{self._name}: {self._host} does not say how it counts the mails of the folder (UIDVALIDITY)")
        return int(found[1])

    async def search(self, wanted: str, after: int = 0) -> list[int]:
        """The UIDs that match, smallest first. "n:*" always finds the last mail, also one before n: hence `after`."""
        answer = await self._ask(f"UID SEARCH {wanted}")
        self._well(answer)
        found = [line[9:].split() for line in answer.lines if line[:9].upper() == b"* SEARCH "]
        uids = {int(word) for words in found for word in words if word.isdigit() and len(word) <= 10}
        return sorted(uid for uid in uids if uid > after)

    async def fetch(self, uid: int) -> Letter | None:
        """The mail, unless it was taken away meanwhile."""
        answer = await self._ask(f"UID FETCH {uid} (UID INTERNALDATE BODY.PEEK[]<0.{MAX_LETTER}>)")
        self._well(answer)
        about = b" ".join(line for line in answer.lines if re.match(rb"\* [0-9]+ FETCH\b|[^*]", line, re.IGNORECASE))
        if not answer.literals or not re.search(rb"\bUID %d\b" % uid, about, re.IGNORECASE):
            return None
        came_at = re.search(rb'INTERNALDATE "([ -!#-~]{10,40})"', about, re.IGNORECASE)
        return Letter(answer.literals[0], came_at[1].decode() if came_at else "")

    def _well(self, answer: Answer) -> None:
        if not answer.ok:
            raise Unreachable(f"{self._name}: {self._host} does not answer a search or a fetch now")

    def _not_now(self, answer: Answer) -> None:
        """Some servers say NO when they mean: later."""
        if _NOT_NOW.search(answer.words):
            raise Unreachable(f"{self._name}: {self._host} lets nobody in now")

    async def _ask(self, command: str, *arguments: bytes) -> Answer:
        """Sends a command, its arguments as literals, each when the server asks for it, and reads up to the answer."""
        self._number += 1
        tag = b"c%d" % self._number
        sent = tag + b" " + command.encode()
        for argument in arguments:
            self._writer.write(sent + b" {%d}\r\n" % len(argument))
            await self._writer.drain()
            if answer := await self._asked_for_more(tag):
                return answer
            sent = argument
        self._writer.write(sent + b"\r\n")
        await self._writer.drain()
        return await self._answer(tag)

    async def _asked_for_more(self, tag: bytes) -> Answer | None:
        """Waits until the server asks for the literal; the answer, if it wants none."""
        for _ in range(MAX_LINES):
            line = await self._line()
            if line.startswith(b"+"):
                return None
            if ended := self._ended(tag, line):
                return ended
        raise Unreachable(f"{self._name}: {self._host} does not come to an end")

    async def _answer(self, tag: bytes) -> Answer:
        lines: list[bytes] = []
        literals: list[bytes] = []
        for _ in range(MAX_LINES):
            line = await self._line()
            while literal := _LITERAL.search(line):
                size = int(literal[1])
                if size > MAX_LETTER or sum(map(len, literals)) + size > 2 * MAX_LETTER:
                    raise Unreachable(f"{self._name}: {self._host} sends more than we asked for")
                literals.append(await self._reader.readexactly(size))
                lines.append(line)
                line = await self._line()
            if ended := self._ended(tag, line):
                return Answer(ended.ok, ended.words, tuple(lines), tuple(literals))
            lines.append(line)
        raise Unreachable(f"{self._name}: {self._host} does not come to an end")

    def _ended(self, tag: bytes, line: bytes) -> Answer | None:
        if line[:5].upper() == b"* BYE":
            raise Unreachable(f"{self._name}: {self._host} hung up")
        word, _, rest = line.partition(b" ")
        return Answer(rest[:2].upper() == b"OK", rest, (), ()) if word == tag else None

    async def _line(self) -> bytes:
        return (await self._reader.readuntil(b"\n")).rstrip(b"\r\n")


def modified_utf7(folder: str) -> bytes:
    """A folder's name as IMAP writes it (RFC 3501 5.1.3): Atención is Atenci&APM-n."""
    plain_and_other = re.split(r"([^ -~]+)", folder)
    return b"".join(
        b"&" + base64.b64encode(part.encode("utf-16-be")).rstrip(b"=").replace(b"/", b",") + b"-"
        if number % 2
        else part.replace("&", "&-").encode()
        for number, part in enumerate(plain_and_other)
    )
