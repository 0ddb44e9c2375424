"""The fallback's ways to people whom Slack does not reach: e-mail, PagerDuty, Teams, Telegram and some 130 more, through apprise.

Each way is a credential that holds one apprise address (https://github.com/caronc/apprise/wiki). apprise opens its own connections and
cannot be made to use ours (`network.http`): no address is checked here. It comes from a credential the operator wrote, never from
rules or from a customer, and it is a secret whole: it is in no log, no error and no row. What apprise and what carries it write
to the log is kept back, as it holds addresses (`POST /bot123:TOKEN/sendMessage` at DEBUG, masked ones at ERROR; apprise 2.2).

A customer's words are not sent out of the house: headline, cause and where to look. PagerDuty is given the incident's id as
`dedup_key`, so that a repeat is the same page and the all-clear closes it (apprise's `dedup` and `action=map`).
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import logging
import threading
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import quote

from carebot.decide.telling.delivery import is_over, is_urgent, subject_of
from carebot.effects.card import Language, is_news
from carebot.effects.harmless import cut, defang
from carebot.errors import Refused, Trouble, Unreachable
from carebot.model import Alert, Delivery

if TYPE_CHECKING:
    from apprise import Apprise

_CHATTY = ("apprise", "urllib3", "requests", "requests_oauthlib", "oauthlib", "markdown")
GIVEN_UP_S = 300.0  # after so long, a thread that still talks to somebody is left alone, and another may try
_SAFE = str.maketrans({"@": "＠", "<": "‹", ">": "›"})  # nobody is mentioned and nothing is markup, wherever this ends


class Way:
    """One credential's people, as a destination.

    name     of the credential
    secret   gives its value; asked for each message
    """

    def __init__(self, name: str, secret: Callable[[str], str], *, language: Language = "es") -> None:
        self._name, self._secret, self._language = name, secret, language
        self._free = threading.Event()
        self._free.set()
        self._began = 0.0  # by the event loop's clock
        self._told = ""  # what got through last, also where nobody waited for it any more

    async def send(self, delivery: Delivery, first: str) -> str:
        """Says it, in a thread that nobody waits for longer than the sender's limit.

        Raises Refused where there is nothing to say it with, Unreachable where apprise did not get it through.
        """
        if delivery.quiet:
            return first
        self._is_free()
        loop = asyncio.get_running_loop()
        done: asyncio.Future[str] = loop.create_future()
        self._began = loop.time()
        self._free = _in_a_thread(lambda: self._say(delivery), done)
        return await done

    async def find(self, delivery: Delivery, since: datetime, until: datetime | None = None) -> str | None:
        """What got through while nobody waited any more is known until a restart. A mailbox cannot be asked what came: told twice is
        better than not at all. PagerDuty knows the second for the first."""
        if self._told == delivery.id:
            return self._name
        self._is_free()
        return None

    async def close(self) -> None: ...

    def check(self) -> None:
        """Raises Refused where `send` would."""
        self._people(None)

    def _say(self, delivery: Delivery) -> str:
        over, urgent = is_over(delivery.alert), is_urgent(delivery.alert)
        title, body = words(delivery, self._language)
        people = self._people(delivery.alert)
        if not people.notify(
            title=title, body=body, notify_type="success" if over else "failure" if urgent else "warning", body_format="text"
        ):
            raise Unreachable(f"{self._name} did not take it. To see why, give the address in that credential to: apprise -vv")
        self._told = delivery.id
        return self._name

    def _is_free(self) -> None:
        if not self._free.is_set() and asyncio.get_running_loop().time() - self._began < GIVEN_UP_S:
            raise Unreachable(f"{self._name} is still busy with the message before")

    def _people(self, alert: Alert | None) -> Apprise:
        url = self._secret(self._name)  # Refused, if it is not there
        if importlib.util.find_spec("apprise") is None:
            raise Refused("the fallback needs apprise", "Install it: pip install 'carebot[fallback]'")
        import apprise

        for name in _CHATTY:
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
        people = apprise.Apprise(asset=apprise.AppriseAsset(app_id="carebot", app_desc="carebot", storage_mode="memory", plugin_paths=[]))
        if not people.add(_as_one_page(url, alert) if alert else url):
            raise Refused(
                f"the credential {self._name!r} holds no address that apprise can read",
                "Write one a line of https://github.com/caronc/apprise/wiki describes, such as pagerduty://… or mailtos://…",
            )
        return people


def words(delivery: Delivery, language: Language) -> tuple[str, str]:
    """Title and text: what, how bad, the cause, why it comes this way."""
    alert = delivery.alert
    severity = f"SEV{alert.severity} · " if alert.severity else ""
    said = [alert.act if is_news(alert) else None, alert.detail]
    lines = [getattr(text, language) for text in said if text] + ([f"carebot: {delivery.because}"] if delivery.because else [])
    title = severity + _tame(getattr(alert.headline, language), 150)
    return title, "\n".join(_tame(line, 600) for line in lines if line) or title


def _tame(text: str, room: int) -> str:
    """One line, as it may become the head of a letter; and no [words](address), as Discord and Teams read Markdown."""
    return cut(" ".join(defang(text).split()).replace("](", "] ("), room).translate(_SAFE)


def _as_one_page(url: str, alert: Alert) -> str:
    """A pager that can tell a repeat from news is told what it is about."""
    if not url.lower().startswith("pagerduty://"):
        return url
    return f"{url}{'&' if '?' in url else '?'}dedup={quote(subject_of(alert), safe='')}&action=map"


def _in_a_thread(work: Callable[[], str], done: asyncio.Future[str]) -> threading.Event:
    """A daemon thread of its own: one that hangs holds up neither the others nor the end of the program. → set when it is through"""
    loop, free = asyncio.get_running_loop(), threading.Event()

    def settle(result: str, trouble: Trouble | None) -> None:
        if done.done():
            return
        if trouble:
            done.set_exception(trouble)
        else:
            done.set_result(result)

    def run() -> None:
        result, trouble = "", None
        try:
            result = work()
        except Trouble as known:
            trouble = known
        except Exception as error:  # a plugin of theirs: its message may hold the address, so it goes no further
            trouble = Unreachable(f"apprise broke: {type(error).__name__}")
        free.set()
        with contextlib.suppress(RuntimeError):  # the program has ended meanwhile
            loop.call_soon_threadsafe(settle, result, trouble)

    threading.Thread(target=run, daemon=True, name="fallback").start()
    return free
