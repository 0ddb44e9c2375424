"""How a request travels to X: our time limits, our cap, our token; and whose turn it is when X does not answer 200."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from carebot.errors import Refused, Throttled, Unreachable
from connectors.x.page import Problem, read_as

WINDOW = timedelta(minutes=15)  # X counts requests per quarter of an hour, so it never means longer
TIMEOUT = {"total": 60.0, "sock_connect": 5.0, "sock_read": 20.0}
MAX_PAGE = 16_000_000  # bytes: a hundred of the longest posts there are, every character escaped
PAGE_BY, RESUMES_BY = {"next_token", "pagination_token"}, {"since_id", "start_time", "until_id"}


class LostError(Exception):
    """X does not accept where we want to go on. `where` names the parameters."""

    def __init__(self, where: set[str]) -> None:
        super().__init__()
        self.where = where


class Road:
    """What tweepy takes for its aiohttp session. tweepy knows X's parameters; this is how its requests travel.

    tweepy 4.17 by itself knows one host, no time limit and no cap, writes its headers with the token to the DEBUG log, and makes of
    an HTML error page an error that carries the whole request. So it never sees the token, nor any answer but a good page.
    """

    def __init__(self, name: str, base_url: str, token: str, now: datetime) -> None:
        self._name, self._base_url, self._token, self._now = name, base_url, token, now

    @asynccontextmanager
    async def request(self, method: str, url: str, *, params: Any, json: Any, headers: dict[str, str]) -> AsyncIterator[_Good]:
        from yarl import URL

        there = URL(self._base_url).with_path(URL(url).path)
        status, answered, body = await _asked(self._name, there, params, {**headers, "Authorization": f"Bearer {self._token}"})
        if status != 200:
            raise trouble(self._name, status, answered, _decoded(body), self._now)
        page = _decoded(body)
        if not page:
            raise Unreachable(f"{self._name}: X answered 200 with something that is not JSON")
        yield _Good(page)


class _Good:
    status, reason = 200, "OK"
    headers: Mapping[str, str] = {}

    def __init__(self, page: dict[str, Any]) -> None:
        self._page = page

    async def read(self) -> None:
        """tweepy reads before it decodes; we have."""

    async def json(self) -> dict[str, Any]:
        return self._page


async def _asked(name: str, url: Any, params: Any, headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
    import aiohttp

    body = bytearray()
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(**TIMEOUT)) as session,
            session.get(url, params=params, headers=headers, allow_redirects=False) as answer,
        ):
            async for piece in answer.content.iter_chunked(65_536):
                body += piece
                if len(body) > MAX_PAGE:
                    raise Unreachable(f"{name}: X answered more than {MAX_PAGE / 1e6:g} MB")
            return answer.status, {key.lower(): value for key, value in answer.headers.items()}, bytes(body)
    except (aiohttp.ClientError, TimeoutError, OSError) as error:  # from None: aiohttp's errors carry the headers, and so the token
        raise Unreachable(f"{name}: X cannot be reached ({type(error).__name__})") from None


# Credentials are given to a service when it starts, and only then (systemd.exec(5)): a new token needs a restart, not a reload.
FIXES = {
    400: ("cannot read the search", "Try `query` in X's own search, correct it in rules.yaml, then: systemctl reload carebot."),
    401: ("refused our token", "Renew it in the developer portal, then: systemctl restart carebot. No posts are read until then."),
    402: ("says our credit or monthly cap is used up", "Raise it in the developer portal. No posts are read until then."),
    403: ("does not let our app search", "See the app's access level, and the rules it broke, in the developer portal."),
    404: ("does not know this address", "Take `base_url` out of rules.yaml."),
}


def trouble(name: str, status: int, headers: Mapping[str, str], said: Mapping[str, Any], now: datetime) -> Exception:
    """Whose turn it is when X does not answer 200. `said` is its problem document, or empty."""
    if status == 400 and (where := _named(said) & (RESUMES_BY | PAGE_BY)):
        return LostError(where)
    if status == 429 and not str(said.get("type")).endswith("usage-capped"):
        wait = _wait(headers, now)
        return Throttled(f"{name}: X asks us to wait {wait.total_seconds():.0f} s (429)", wait)
    what, what_to_fix = FIXES.get(402 if status == 429 else status, ("", ""))
    if what:
        return Refused(f"{name}: X {what} ({status}) at {now:%H:%MZ}", what_to_fix)
    return Unreachable(f"{name}: X answered {status}")


def _wait(headers: Mapping[str, str], now: datetime) -> timedelta:
    """Until x-rate-limit-reset, by X's own clock (`date`), as ours may be wrong; a minute if X does not say."""
    reset = headers.get("x-rate-limit-reset", "").strip()
    if not re.fullmatch(r"[0-9]{1,12}", reset):
        return timedelta(minutes=1)
    try:
        theirs = parsedate_to_datetime(headers.get("date", "")).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        theirs = now.timestamp()
    return timedelta(seconds=min(max(int(reset) - theirs, 1), WINDOW.total_seconds()))


def _named(said: Mapping[str, Any]) -> set[str]:
    """The parameters a 400 complains about, in either of X's two shapes."""
    problems = [read_as(Problem, each) or Problem() for each in (said, *(read_as(Problem, said) or Problem()).errors)]
    return {name for problem in problems for name in (problem.parameter, *problem.parameters)}


def _decoded(body: bytes) -> dict[str, Any]:
    """The JSON object in a body; empty if there is none."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
