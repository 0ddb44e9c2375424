"""The one door for everything pressed in Slack, whichever way it came: read, checked against our workspace, onto the queue.

A click has its effect when it is committed, and no earlier. Slack hears of it by then, or, after two of the three seconds it gives, when it
is kept on the disk (`spool`); where that fails too, Slack tells the person that it failed. What is sent twice is known by its id, here for
as long as we remember and in the database for good. Who may press what is decided with everything else (`decide.pressing.roles`): here it
only keeps a form from those who could not send it.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from carebot.config.schema import Rulebook
from carebot.decide.pressing import roles
from carebot.effects.clicks.calls import Call
from carebot.effects.clicks.forms import Form, FormFor, view
from carebot.effects.clicks.payload import Pressed, Unreadable, of_form, read
from carebot.effects.clicks.signature import WITHIN, our_clock_ahead
from carebot.effects.clicks.spool import Spool
from carebot.errors import Trouble
from carebot.model import Batch, Click, ClickAction, Text

log = logging.getLogger(__name__)

COMMIT_WITHIN_S = 2.0  # Slack shows an error to the person after 3
KEEP_WITHIN_S = 0.7  # to have it on the disk instead
SAY_AGAIN = timedelta(minutes=5)  # that our clock and Slack's are apart
AGAIN_IN_S = 0.5
FORM_WITHIN_S = 1.0  # to make a form: leave to open it (`trigger_id`) ends after 3
REMEMBERED = 2000  # presses; a replay within five minutes meets them here, a later one in the database

Accept = Callable[[Batch], Awaitable[None]]
OverHttp = Callable[[Mapping[str, str], bytes], Awaitable[dict[str, Any] | None]]

_NO_FORM = Text(
    "Slack no ha abierto el formulario. No se ha guardado nada: pulsa otra vez.",
    "Slack did not open the form. Nothing was saved: press again.",
)


class Apart(msgspec.Struct, frozen=True):
    """What a request that Slack signed says of our clock. at: by our clock · ahead: ours, less theirs and the way here"""

    at: datetime
    ahead: timedelta


class Door:
    """accept    returns when the batch is committed; raises asyncio.QueueFull when carebot is behind
    api       Slack's methods with the bot token; None where there is none: then no form opens and the press itself counts
    secrets   that sign requests over HTTP: the one in use, and the one before it while it is renewed
    forms     the buttons that ask for more first
    team, app   our workspace and app; "" checks nothing, and with a `team` of None, not known yet, no click is taken
    spool     keeps what is not committed in time; None: that is not acknowledged
    """

    def __init__(
        self,
        *,
        accept: Accept,
        rulebook: Callable[[], Rulebook],
        clock: Callable[[], datetime],
        api: Call | None,
        secrets: Sequence[str] = (),
        forms: Mapping[ClickAction, FormFor] | None = None,
        team: str | None = "",
        app: str = "",
        spool: Spool | None = None,
    ) -> None:
        self._accept, self._rulebook, self._clock, self._api, self._secrets = accept, rulebook, clock, api, secrets
        self._forms = forms or {}
        self.team, self._app, self._spool = team, app, spool
        self.apart: Apart | None = None  # by the last signed request
        self._said_apart: datetime | None = None
        self._said_behind: datetime | None = None
        self._known: OrderedDict[str, None] = OrderedDict()
        self._working: set[asyncio.Task[None]] = set()

    async def over_http(self, headers: Mapping[str, str], body: bytes) -> dict[str, Any] | None:
        """What a signed request is answered. None: it is not surely Slack's and ours. Raises asyncio.QueueFull: not now."""
        now = self._clock()
        ahead = our_clock_ahead(headers, body, self._secrets, now)
        if ahead is None:
            return None
        self.apart = Apart(now, ahead)
        if abs(ahead) > WITHIN:
            self._say_apart(now, ahead)
            return None
        try:
            return await self._take(self._read(of_form(body)))
        except Unreadable as why:
            log.info("click refused because=%s", why)
            return None

    async def over_socket(self, payload: bytes) -> dict[str, Any] | None:
        """What an envelope is acknowledged with. None: it is not, so that Slack tells the person that it failed."""
        try:
            return await self._take(self._read(payload))
        except Unreadable as why:
            log.info("click refused because=%s", why)
            return {}
        except asyncio.QueueFull:
            self._say_behind()
            return None

    async def again(self, click: Click) -> None:
        """What was kept before carebot ended; returns when it is committed."""
        while True:
            try:
                await self._accept(Batch(source="slack", requests=0, events=(click,)))
            except asyncio.QueueFull:
                await asyncio.sleep(AGAIN_IN_S)
            else:
                break
        self._committed(click)

    async def close(self) -> None:
        for task in self._working:
            task.cancel()
        await asyncio.gather(*self._working, return_exceptions=True)

    def _read(self, payload: bytes) -> Pressed:
        pressed = read(payload, self._clock())
        if self.team is None:
            raise asyncio.QueueFull
        if self.team and pressed.team != self.team and not roles.is_named(pressed.click.user, self._rulebook()):
            raise Unreadable("who pressed belongs to another workspace, and roles in rules.yaml do not name them")
        if self._app and pressed.app != self._app:
            raise Unreadable("it is another app's button")
        return pressed

    async def _take(self, pressed: Pressed) -> dict[str, Any]:
        click = pressed.click
        if click.id in self._known:
            return {}
        try:
            form = await self._form(pressed)
        except TimeoutError:
            self._start(self._whisper(click, _NO_FORM))
            return {}
        if form:
            self._remember(click)
            self._start(self._open(pressed, form))
            return {}
        accepted = asyncio.ensure_future(self._accept(Batch(source="slack", requests=0, events=(click,))))
        done, _ = await asyncio.wait({accepted}, timeout=COMMIT_WITHIN_S)
        if done:
            accepted.result()
        else:
            await self._keep(click, accepted)
        self._remember(click)
        return {}

    async def _keep(self, click: Click, accepted: asyncio.Future[None]) -> None:
        """It is on the disk when this returns. Raises QueueFull: nobody knows yet whether it was taken."""
        if self._spool:
            self._spool.expects(click)
        self._start(self._seen(click, accepted))
        if not self._spool:
            raise asyncio.QueueFull
        try:
            async with asyncio.timeout(KEEP_WITHIN_S):
                await asyncio.to_thread(self._spool.keep, click)
        except (OSError, TimeoutError) as error:
            log.warning("a click that waits could not be kept error=%s", type(error).__name__)
            raise asyncio.QueueFull from None

    async def _seen(self, click: Click, accepted: asyncio.Future[None]) -> None:
        """Waits for a click that was not committed in time."""
        try:
            await accepted
        except asyncio.QueueFull:
            self._say_behind()
        else:
            self._committed(click)

    def _committed(self, click: Click) -> None:
        if self._spool:
            self._spool.done(click.id)

    def _say_behind(self) -> None:
        """Once in a while: a crowd that presses is a line of the journal, not a thousand."""
        now = self._clock()
        if self._said_behind is None or abs(now - self._said_behind) >= SAY_AGAIN:
            self._said_behind = now
            log.warning("clicks not taken: carebot is behind")

    def _say_apart(self, now: datetime, ahead: timedelta) -> None:
        if self._said_apart is None or abs(now - self._said_apart) >= SAY_AGAIN:
            self._said_apart = now
            log.warning("click refused: signed by Slack, %.0f s %s by our clock", abs(ahead.total_seconds()), _when(ahead))

    async def _form(self, pressed: Pressed) -> Form | None:
        """What this press asks for first; None where it says it all. Raises TimeoutError."""
        form_for = self._forms.get(pressed.click.action)
        if not form_for or pressed.submitted or not self._api or not pressed.trigger or roles.why_not(pressed.click, self._rulebook()):
            return None
        async with asyncio.timeout(FORM_WITHIN_S):
            return await form_for(pressed.click)

    async def _open(self, pressed: Pressed, form: Form) -> None:
        assert self._api
        click = pressed.click
        try:
            made = view(form, click, self._rulebook().file.brand.staff_language)
            await self._api("views.open", {"trigger_id": pressed.trigger, "view": made})
        except Trouble as trouble:
            log.warning("form not opened action=%s because=%s", click.action, trouble)
            await self._whisper(click, _NO_FORM)

    async def _whisper(self, click: Click, said: Text) -> None:
        if not self._api or not click.channel:
            return
        text = getattr(said, self._rulebook().file.brand.staff_language)
        try:
            await self._api("chat.postEphemeral", {"channel": click.channel, "user": click.user, "text": text})
        except Trouble as trouble:
            log.info("the person could not be told because=%s", trouble)

    def _remember(self, click: Click) -> None:
        self._known[click.id] = None
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)

    def _start(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._working.add(task)
        task.add_done_callback(self._working.discard)


def _when(ahead: timedelta) -> str:
    return "ago" if ahead > timedelta(0) else "from now"
