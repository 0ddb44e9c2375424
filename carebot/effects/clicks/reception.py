"""Everything about clicks that runs beside the loop: the door with its two ways in, who we are, and what people are answered.

Made from what credentials there are: an app-level token opens a line (Socket Mode), a signing secret opens POST /slack/actions, the bot
token opens forms and answers people. With neither of the first two, buttons are shown and nobody hears them, which is said at the start.
"""

from __future__ import annotations

import asyncio
import logging
import re
import sqlite3
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import datetime
from pathlib import Path

from carebot.config.names import Kinds
from carebot.config.schema import Rulebook
from carebot.effects import secrets
from carebot.effects.clicks.answers import Answers, InLoop
from carebot.effects.clicks.calls import Api
from carebot.effects.clicks.door import Accept, Apart, Door, OverHttp
from carebot.effects.clicks.forms import FormFor, forms
from carebot.effects.clicks.socket import SocketMode
from carebot.effects.clicks.spool import Spool, beside
from carebot.errors import Refused, Throttled, Trouble
from carebot.model import ClickAction

log = logging.getLogger(__name__)

_APP = re.compile(r"xapp-\d+-(A[A-Z0-9]{5,20})-")
ASK_AGAIN_S, ASK_AGAIN_REFUSED_S = 5.0, 60.0

MakeForms = Callable[[Callable[[], Rulebook]], dict[ClickAction, FormFor]]


class Reception:
    """`run` it as a task, cancel it at any moment. `over_http` is None where no signing secret is given."""

    def __init__(
        self,
        *,
        base_url: str,
        accept: Accept,
        in_loop: InLoop,
        conn: sqlite3.Connection,
        rulebook: Callable[[], Rulebook],
        kinds: Kinds,
        clock: Callable[[], datetime],
        db: Path | None = None,
        more_forms: MakeForms = lambda rulebook: {},
    ) -> None:
        bot, app = _secret(secrets.SLACK), _secret(secrets.SLACK_APP)
        signing = [value for name in secrets.SLACK_SIGNING if (value := _secret(name))]
        self._base_url = base_url
        self._bot = Api(bot, base_url) if bot else None
        self._app = Api(app, base_url) if app else None
        own = _APP.match(app)
        self._spool = Spool(beside(db)) if db else None
        self._door = Door(
            accept=accept,
            rulebook=rulebook,
            clock=clock,
            api=self._bot,
            secrets=signing,
            forms=forms(lambda: rulebook().file.brand.staff_language) | more_forms(rulebook),
            team=None if bot else "",
            app=own[1] if own else "",
            spool=self._spool,
        )
        self.over_http: OverHttp | None = self._door.over_http if signing else None
        self._answers = (
            Answers(api=self._bot, in_loop=in_loop, conn=conn, rulebook=rulebook, kinds=kinds, clock=clock) if self._bot else None
        )
        shown = bot and any(route.slack for route in rulebook().file.routes.values())
        if shown and not app and not signing:
            how = f"Give the credential {secrets.SLACK_APP}, or {secrets.SLACK_SIGNING[0]}; see docs/how-to/connect-slack.md"
            log.warning("buttons are shown without effect: clicks are not received. %s", how)

    def wake(self) -> None:
        """Somebody may have to be told what came of a click."""
        if self._answers:
            self._answers.wake()

    def apart(self) -> Apart | None:
        """What the last request that Slack signed says of our clock."""
        return self._door.apart

    async def run(self) -> None:
        async with AsyncExitStack() as stack:
            for api in filter(None, (self._bot, self._app)):
                await stack.enter_async_context(api)
            stack.push_async_callback(self._door.close)
            async with asyncio.TaskGroup() as side_by_side:
                side_by_side.create_task(asyncio.Event().wait())  # there may be nothing to do but to be cancelled
                side_by_side.create_task(self._again())
                if self._bot:
                    side_by_side.create_task(self._who_we_are(self._bot))
                if self._answers:
                    side_by_side.create_task(self._answers.run())
                if self._app:
                    side_by_side.create_task(SocketMode(self._app, self._door.over_socket, self._base_url).run())

    async def _again(self) -> None:
        """What Slack was told of and was not committed when carebot ended."""
        try:
            left = self._spool.left() if self._spool else []
        except OSError as error:
            log.error("clicks kept before the last stop cannot be read error=%s", error)
            return
        for click in left:
            await self._door.again(click)
        if left:
            log.info("clicks kept before the last stop are taken count=%d", len(left))

    async def _who_we_are(self, api: Api) -> None:
        """Which workspace is ours. Until Slack has told, no click is taken: a stranger's could not be told apart."""
        while self._door.team is None:
            try:
                self._door.team = str((await api("auth.test", {})).said.get("team_id", ""))
            except Trouble as trouble:
                log.info("slack does not say yet which workspace is ours because=%s", trouble)
                wait = trouble.wait.total_seconds() if isinstance(trouble, Throttled) else ASK_AGAIN_S
                await asyncio.sleep(ASK_AGAIN_REFUSED_S if isinstance(trouble, Refused) else wait)


def _secret(name: str) -> str:
    return secrets.secret(name) if secrets.has(name) else ""
