"""How a request travels to X: with our keys, through the one way out; and whose turn it is when X does not answer well."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from json import dumps
from typing import Any

import msgspec

from carebot.errors import Refused, Throttled, TooLarge, Unreachable
from connectors import answers, base, limits
from connectors.x.keys import Signs

WAIT_USUAL = timedelta(minutes=1)


class LostError(Unreachable):
    """X does not accept where we want to go on. `where` names the parameters."""

    def __init__(self, name: str, where: set[str]) -> None:
        super().__init__(f"{name}: X does not accept where we want to go on from (400). Is this machine's clock right?")
        self.where = where


class Asking:
    """One look's requests: tweepy words them, the Road carries them, and here it is counted what they cost."""

    def __init__(self, name: str, base_url: str, http: base.Http, client: Callable[..., Any], now: datetime) -> None:
        self.name, self.now = name, now
        self._base_url, self._http, self._client = base_url, http, client
        self.requests, self.posts, self.money = 0, 0, 0.0
        self.headers: Mapping[str, str] = {}

    @property
    def wait(self) -> timedelta | None:
        """What X asks for with its last answer."""
        return limits.pause(self.headers, self.now)

    async def ask(self, signs: Signs, method: str, *whose: Any, **said: Any) -> dict[str, Any]:
        """What X answers to one of tweepy's methods."""
        self.requests += 1
        client = self._client(bearer_token="held back", return_type=dict, wait_on_rate_limit=False)  # noqa: S106 - see Road
        client.session = road = Road(self.name, self._base_url, self._http, signs, self.now)
        answer: dict[str, Any] = await getattr(client, method)(*whose, **said)
        self.headers = road.headers
        return answer

    def spent(self, money: float, *, posts: int = 0) -> None:
        self.money, self.posts = self.money + money, self.posts + posts


class Road:
    """What tweepy takes for its aiohttp session. tweepy knows X's parameters; this is how its requests travel.

    tweepy 4.17 by itself knows one host, no time limit and no cap, writes its headers with the token to the DEBUG log, and makes of
    an HTML error page an error that carries the whole request. So it never sees a key, nor any answer but a good one.
    """

    def __init__(self, name: str, base_url: str, http: base.Http, signs: Signs, now: datetime) -> None:
        self._name, self._base_url, self._http, self._signs, self._now = name, base_url, http, signs, now
        self.headers: Mapping[str, str] = {}

    @asynccontextmanager
    async def request(self, method: str, url: str, *, params: Any, json: Any, headers: dict[str, str]) -> AsyncIterator[_Good]:
        from yarl import URL

        there = URL(self._base_url).with_path(URL(url).path).with_query(params or {})
        reply = await self._carried(method, str(there), json)
        self.headers = reply.headers
        if reply.status not in (200, 201):
            raise trouble(self._name, reply, self._now, saying=method == "POST")
        if not (said := _object(reply.body)):
            raise Unreachable(f"{self._name}: X answered {reply.status} with something that is not JSON")
        yield _Good(said)

    async def _carried(self, method: str, there: str, said: Any) -> base.Reply:
        """The answer whatever its status: of a 429 only the body tells whether to wait or to pay."""
        signed, near = self._signs(method, there), there.startswith("http://")  # plain http is only ever this machine: see Options
        try:
            if method == "GET":
                return await self._http.get(there, headers=signed, allow_private=near, as_said=True)
            signed["Content-Type"] = "application/json"
            return await self._http.post(there, body=dumps(said).encode(), headers=signed, allow_private=near, as_said=True)
        except TooLarge as error:
            raise TooLarge(f"{self._name}: X cannot be read ({error})") from None
        except Unreachable as error:
            raise Unreachable(f"{self._name}: X cannot be reached ({error})") from None


class _Good:
    status, reason = 200, "OK"
    headers: Mapping[str, str] = {}

    def __init__(self, said: dict[str, Any]) -> None:
        self._said = said

    async def read(self) -> None:
        """tweepy reads before it decodes; we have."""

    async def json(self) -> dict[str, Any]:
        return self._said


# Credentials are given to a service when it starts, and only then (systemd.exec(5)): a new token needs a restart, not a reload.
_PAID = ("says our credit or monthly cap is used up", "Raise it in the developer portal. No posts are read until then.")
READING = {
    400: ("cannot read the search", "Try `query` in X's own search, correct it in rules.yaml, then: systemctl reload carebot."),
    401: ("refused our token", "Renew it in the developer portal, then: systemctl restart carebot. No posts are read until then."),
    402: _PAID,
    403: ("does not let our app search", "See the app's access level, and the rules it broke, in the developer portal."),
    404: ("does not know this address", "Take `base_url` out of rules.yaml."),
}
SPEAKING = {
    400: ("does not take this text", "Nothing was posted. Is it empty, or longer than the account may post?"),
    401: (
        "refused the keys we publish with",
        "Nothing was posted. Is this machine's clock right? If so, renew them in the developer portal, then: systemctl restart carebot.",
    ),
    402: (_PAID[0], "Nothing was posted. Raise it in the developer portal."),
    403: (
        "does not let us post this",
        "Nothing was posted. X takes the same words only once; and the app needs the permission to read and write (developer portal).",
    ),
    404: ("does not know this address", "Nothing was posted. Take `base_url` out of rules.yaml."),
}


class _Problem(msgspec.Struct):
    """What X says beside a refusal."""

    type: str = ""
    parameter: str = ""
    parameters: dict[str, Any] = {}
    errors: list[Any] = []


def trouble(name: str, reply: base.Reply, now: datetime, *, saying: bool) -> Exception:
    """Whose turn it is when X does not answer well. saying: we wanted something posted, and must not say it twice."""
    problem = answers.read_as(_Problem, _object(reply.body)) or _Problem()
    used_up, status = problem.type.endswith("usage-capped"), reply.status
    if (status == 429 and not used_up) or (status == 503 and not saying and "retry-after" in reply.headers):
        wait = limits.asked_to_wait(reply.headers, now) or WAIT_USUAL
        return Throttled(f"{name}: X asks us to wait {wait.total_seconds():.0f} s ({status})", wait)
    if status == 400 and not saying and (where := _named(problem)):
        return LostError(name, where)
    what, what_to_fix = (SPEAKING if saying else READING).get(402 if status == 429 else status, ("", ""))
    if what:
        return Refused(f"{name}: X {what} ({status}) at {now:%H:%MZ}", what_to_fix)
    return Unreachable(f"{name}: X answered {status}")


def _object(body: bytes) -> dict[str, Any]:
    """The JSON object in a body; empty if there is none."""
    found = answers.decoded(body)
    return found if isinstance(found, dict) else {}


_PLACES = {"next_token", "pagination_token", "since_id", "start_time", "until_id", "end_time"}


def _named(problem: _Problem) -> set[str]:
    """The parameters that say where to go on, if a 400 complains of them, in either of X's two shapes."""
    problems = [answers.read_as(_Problem, each) or _Problem() for each in problem.errors]
    return {name for each in (problem, *problems) for name in (each.parameter, *each.parameters)} & _PLACES
