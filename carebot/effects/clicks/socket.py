"""Socket Mode: Slack's clicks over a line that we open, so that nobody needs a way in. One line, and for a moment two.

Slack renews its lines every few hours and says so before: the next one is opened first, and the old one is heard to its end, so nothing is
lost in between. What comes is acknowledged at once (Slack gives three seconds); the same thing twice has one effect, further in.

Ours rather than the SDK's client. Measured on loopback, 2026-11, slack_sdk 3.47: asked to renew, it closes the old line at once (of 50
presses that still came on it, 49 were lost); it opens whatever address it is told, and logs whole payloads and the address with its ticket.
https://docs.slack.dev/apis/events-api/using-socket-mode (read 2026-11)
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec

from carebot.effects.clicks.calls import Call, is_loopback
from carebot.errors import Refused, Throttled, Trouble, Unreachable

if TYPE_CHECKING:
    import aiohttp

log = logging.getLogger(__name__)

Heard = Callable[[bytes], Awaitable[dict[str, Any] | None]]

HELLO_WITHIN_S = 20.0
OLD_LINE_S = 15.0  # how long an old line is heard once it was to be renewed; Slack closes it after about 10
PING_S = 10.0
SHORT_S = 5.0  # a line that lives no longer has failed, whatever it said
WAIT_S, MOST_WAIT_S = 0.5, 60.0
MAX_FRAME = 1_000_000


class _Envelope(msgspec.Struct):
    type: str = ""
    envelope_id: str = ""
    payload: msgspec.Raw = msgspec.Raw(b"null")
    reason: str = ""


_ENVELOPE = msgspec.json.Decoder(_Envelope)


class SocketMode:
    """`run` it as a task, cancel it at any moment.

    open_line   `apps.connections.open` with the app-level token
    heard       what to do with a payload; returns what goes back with the acknowledgement, if anything
    base_url    where the API is: only a loopback one may name a line that is not Slack's
    """

    def __init__(self, open_line: Call, heard: Heard, base_url: str) -> None:
        self._open_line, self._heard, self._on_loopback = open_line, heard, is_loopback(base_url)
        self._working: set[asyncio.Task[None]] = set()
        self.lines = 0  # open now
        self.trouble = ""  # why there is none, for `carebot status`

    async def run(self) -> None:
        """Until cancelled: a line is always open, or being opened."""
        import aiohttp

        failures, now = 0, asyncio.get_running_loop().time
        async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), trust_env=not self._on_loopback) as session:
            try:
                while True:
                    began, trouble = now(), None
                    try:
                        await self._until_renewal(await self._opened(session))
                    except Trouble as told:
                        trouble = told
                    failures = failures + 1 if trouble or now() - began < SHORT_S else 0
                    await asyncio.sleep(self._wait(trouble, failures))
            finally:
                for task in self._working:
                    task.cancel()
                await asyncio.gather(*self._working, return_exceptions=True)

    async def _until_renewal(self, line: aiohttp.ClientWebSocketResponse) -> None:
        """Until the line has ended or is to be renewed; then it is heard on, beside the next one, as long as it lasts."""
        asked = asyncio.Event()
        reading = self._start(self._read(line, asked))
        renewal = asyncio.create_task(asked.wait())
        try:
            await asyncio.wait({reading, renewal}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            renewal.cancel()
        asyncio.get_running_loop().call_later(OLD_LINE_S, reading.cancel)

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._working.add(task)
        task.add_done_callback(self._working.discard)
        return task

    async def _opened(self, session: aiohttp.ClientSession) -> aiohttp.ClientWebSocketResponse:
        """A line on which Slack has said hello. Raises Trouble."""
        import aiohttp

        said = (await self._open_line("apps.connections.open", {})).said
        url = checked(said.get("url"), on_loopback=self._on_loopback)
        line: aiohttp.ClientWebSocketResponse | None = None
        try:
            async with asyncio.timeout(HELLO_WITHIN_S):
                line = await session.ws_connect(url, heartbeat=PING_S, max_msg_size=MAX_FRAME + 1)
                envelope = _ENVELOPE.decode(await line.receive_str())
        except (aiohttp.ClientError, OSError, TimeoutError, TypeError, ValueError) as error:  # its text may carry the ticket in the address
            if line:
                await line.close()
            raise Unreachable(f"Slack's line for clicks does not open ({type(error).__name__})") from None
        if envelope.type != "hello":
            await line.close()
            raise Unreachable("Slack's line for clicks does not say hello")
        if self.trouble:
            log.info("clicks are received again")
            self.trouble = ""
        return line

    async def _read(self, line: aiohttp.ClientWebSocketResponse, to_be_renewed: asyncio.Event) -> None:
        """Everything that comes on a line, until it ends."""
        import aiohttp

        self.lines += 1
        try:
            async for frame in line:
                if frame.type is not aiohttp.WSMsgType.TEXT:
                    continue
                try:
                    envelope = _ENVELOPE.decode(frame.data)
                except (msgspec.DecodeError, UnicodeError, RecursionError):
                    log.warning("clicks: something that is no envelope came on Slack's line")
                    continue
                if envelope.type == "disconnect":
                    log.debug("clicks line to be renewed reason=%s", envelope.reason[:40])
                    to_be_renewed.set()
                elif envelope.envelope_id:
                    self._start(self._take(line, envelope))
        finally:
            self.lines -= 1
            await line.close()

    async def _take(self, line: aiohttp.ClientWebSocketResponse, envelope: _Envelope) -> None:
        answer: dict[str, Any] | None = {}
        if envelope.type == "interactive":
            answer = await self._heard(bytes(envelope.payload))
        if answer is None:  # it could not be taken now: without an acknowledgement Slack tells the person that it failed
            return
        acknowledged = {"envelope_id": envelope.envelope_id} | ({"payload": answer} if answer else {})
        try:
            await line.send_str(msgspec.json.encode(acknowledged).decode())
        except (ConnectionError, RuntimeError):
            log.info("clicks: the line ended before an acknowledgement")

    def _wait(self, trouble: Trouble | None, failures: int) -> float:
        """Seconds until the next line is opened: none after one that was renewed in its time, ever more while it does not work."""
        if trouble and not self.trouble:
            log.warning("clicks are not received because=%s", trouble)
        self.trouble = str(trouble or "")
        if isinstance(trouble, Throttled):
            return trouble.wait.total_seconds()
        if isinstance(trouble, Refused):  # a human's turn: asking often does not help
            return MOST_WAIT_S
        return random.uniform(0.5, 1) * min(WAIT_S * 2 ** min(failures - 1, 6), MOST_WAIT_S) if failures else 0.0  # noqa: S311


def checked(url: Any, *, on_loopback: bool) -> str:
    """The address of a line, if it may be opened: Slack's, by wss; one on this machine where Slack's API is here too.

    Raises Unreachable.
    """
    try:
        parts = urlsplit(str(url))
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        raise Unreachable("Slack names a line that cannot be read") from None
    if parts.username or parts.password:
        raise Unreachable("Slack names a line with a user in it")
    if on_loopback and is_loopback(str(url)) and parts.scheme in ("ws", "wss"):
        return str(url)
    if parts.scheme == "wss" and port in (None, 443) and (host == "slack.com" or host.endswith(".slack.com")):
        return str(url)
    raise Unreachable("Slack names a line for clicks that is not on slack.com: it is not opened")
