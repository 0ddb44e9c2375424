"""Slack's side of telling people: post a card once, keep it up to date, and be able to say whether it landed.

An incident is one message: its first alert is posted, later ones update it and leave a line in its thread; only a rise of severity
and the end are shown to the whole channel again, and a quiet delivery only updates. Every post carries the delivery's id as message
metadata, and a mark made of it as the id of its first block: by either `find` learns, after a crash or a lost reply, whether it is there
(metadata is kept back in a channel that belongs to another company's workspace). What the card looks like is in `card`.

The app needs chat:write, channels:read, channels:history (groups:read and groups:history for private channels).
https://docs.slack.dev/reference/methods/chat.postMessage (read 2026-11)
"""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncIterator, Callable
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Literal
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from carebot.clock import Clock, machine
from carebot.decide.telling.earlier import is_for_all, news_of, pages, rises
from carebot.effects.card import Card, Language, Mention, card, line
from carebot.effects.harmless import clean
from carebot.errors import Refused, Throttled, Unreachable
from carebot.model import Alert, Delivery, Text
from connectors.base import at
from connectors.limits import server_time

if TYPE_CHECKING:
    from slack_sdk.web.async_slack_response import AsyncSlackResponse

__all__ = ["Card", "Slack", "card"]

log = logging.getLogger(__name__)

EVENT = "carebot_delivery"
REQUEST_LIMIT_S = 10
MAX_PAGES = 50  # of 200 messages: far more than a desk's channel holds between an alert and the moment we look for it

_BUSY = {"internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org", "org_login_required"}
_TOO_RICH = {"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "msg_too_long", "invalid_attachments"}
_ROOT_IS_GONE = {"message_not_found", "cant_update_message", "thread_not_found"}
_TOO_OLD = {"edit_window_closed"}  # it is there, and stays as it is
_CHANNEL_IS_GONE = {"channel_not_found", "not_in_channel", "is_archived"}
_ID, _TS = re.compile(r"[A-Z0-9]{2,32}"), re.compile(r"[0-9]{1,12}\.[0-9]{1,9}")
_INSTALL_AGAIN = "Install the app again, put its bot token in the credential file, then: systemctl restart carebot."
_FIX = {
    "channel_not_found": "Write the name of a channel that exists, or invite carebot to it if it is private: /invite @carebot",
    "not_in_channel": "Invite carebot: write /invite @carebot in {channel}",
    "is_archived": "Unarchive {channel}, or write another channel in routes.",
    "restricted_action": "A workspace setting keeps apps from posting in {channel}: a Slack admin can allow it.",
    "missing_scope": "Give the app the scopes chat:write, channels:read and channels:history. " + _INSTALL_AGAIN,
    "invalid_auth": _INSTALL_AGAIN,
    "not_authed": _INSTALL_AGAIN,
    "token_revoked": _INSTALL_AGAIN,
    "token_expired": _INSTALL_AGAIN,
    "account_inactive": _INSTALL_AGAIN,
}


class Slack:
    """One channel of one workspace, as a destination.

    channel        "#care-desk", or an id
    service_names  what staff call a service, by its short name
    base_url       another Slack: tests use a real server on loopback
    mention        who is called by what is sure and grave
    clock          the machine's, to know how far Slack's is from it
    """

    def __init__(
        self,
        token: str,
        channel: str,
        *,
        language: Language = "es",
        zone: ZoneInfo,
        service_names: Callable[[str], Text | None] = lambda _: None,
        base_url: str = "https://slack.com/api/",
        request_limit_s: int = REQUEST_LIMIT_S,
        mention: Mention = "none",
        clock: Clock = machine,
    ) -> None:
        from slack_sdk.web.async_client import AsyncWebClient

        quiet = logging.getLogger("carebot.effects.telling.slack.client")
        quiet.setLevel(logging.WARNING)  # The SDK logs whole requests at DEBUG: customers' words do not belong in a log.
        # No retry handlers: the SDK's default one posts twice when the reply to the first post is lost (measured, 3.47).
        self._web = AsyncWebClient(token=token, base_url=base_url, timeout=request_limit_s, retry_handlers=[], logger=quiet)
        self._channel = channel
        self._id = "" if channel.startswith("#") else channel
        self._language: Language = language
        self._zone = zone
        self._service_names = service_names
        self._mention: Mention = mention
        self._clock = clock
        self._ahead: timedelta | None = None  # Slack's clock, less ours; None: not known yet

    async def send(self, delivery: Delivery, first: str) -> str:
        """Show the alert; returns "channel/ts" of its (or its incident's) message.

        first   that of the incident's message when there is one: it is updated, and its thread gets a line
        Raises Throttled when Slack surely took nothing, Refused when it never will, Unreachable when nobody knows.
        """
        alert = delivery.alert
        channel, _, ts = first.partition("/")
        updated = await self._update(channel, ts, self._card(alert)) if ts else "gone"
        if delivery.quiet:
            if updated == "too old":
                log.warning("a card stays as it was: the workspace lets nobody change it any more channel=%s ts=%s", channel, ts)
            return first
        called = self._mention if pages(alert) and rises(delivery) else "none"
        if updated == "done":
            await self._post(channel, line(news_of(delivery), self._language, called), delivery, thread=ts)
            return first
        if updated == "too old":
            # Not a message of its own: each update would be one more. And nothing of a customer's, as it could not be taken back.
            await self._post(channel, self._card(replace(alert, quotes=()), called), delivery, thread=ts)
            return first
        return await self._post(self._id or self._channel, self._card(alert, self._mention if pages(alert) else "none"), delivery)

    async def find(self, delivery: Delivery, since: datetime, until: datetime | None = None) -> str | None:
        """Where a delivery landed, or None if it did not. `delivery.ref` is its incident's message, if it was to update one."""
        if self._ahead is None:
            await self._call("auth.test", {})
        ahead = self._ahead or timedelta(0)  # with a clock off by more than the margin it would not be found, and be posted again
        between = {"oldest": f"{(since + ahead).timestamp():.6f}"}
        between |= {"latest": f"{(until + ahead).timestamp():.6f}"} if until else {}
        channel, _, ts = delivery.ref.partition("/")
        if ts:
            replies = self._messages("replies", between | {"channel": channel, "ts": ts}, _ROOT_IS_GONE | _CHANNEL_IS_GONE)
            if any([_is(message, delivery) async for message in replies]):
                return delivery.ref
        channel = await self._channel_id()
        async for message in self._messages("history", between | {"channel": channel}):
            if _is(message, delivery) and (found := _moment(message.get("thread_ts") or message.get("ts"))):
                return f"{channel}/{found}"
        return None

    async def close(self) -> None:
        """Nothing is kept open: every call has a connection of its own, as posts are at least a second apart."""

    async def _update(self, channel: str, ts: str, shown: Card) -> Literal["done", "gone", "too old"]:
        """gone: the message is no more, or not ours (people delete things, routes move); then the alert is a message of its own.
        too old: the workspace lets nobody change it any more; then its thread has the card as it is now."""
        expected = _ROOT_IS_GONE | _CHANNEL_IS_GONE | _TOO_OLD
        said = await self._rich_or_plain("chat.update", {"channel": channel, "ts": ts, "parse": "none"}, shown, expected)
        if error := said.get("error"):
            return "too old" if error in _TOO_OLD else "gone"
        if said.get("ts") != ts:
            raise Unreachable("Slack took an update but did not say of which message; sending it again")
        return "done"

    async def _post(self, channel: str, shown: Card, delivery: Delivery, thread: str = "") -> str:
        message: dict[str, Any] = {
            "channel": channel,
            "parse": "none",
            "unfurl_links": False,
            "unfurl_media": False,
            "metadata": {"event_type": EVENT, "event_payload": {"delivery": delivery.id}},
        }
        if thread:
            message |= {"thread_ts": thread, "reply_broadcast": is_for_all(delivery)}
        first = [{**block, "block_id": mark_of(delivery)} for block in shown.blocks[:1]]
        reply = await self._rich_or_plain("chat.postMessage", message, replace(shown, blocks=[*first, *shown.blocks[1:]]))
        there, ts = reply.get("channel"), _moment(reply.get("ts"))
        if not isinstance(there, str) or not _ID.fullmatch(there) or not ts:
            raise Unreachable("Slack took a message but did not say where it is; looking for it before anything else")
        self._id = self._id or there
        return f"{there}/{ts}"

    async def _rich_or_plain(
        self, method: str, message: dict[str, Any], shown: Card, expected: AbstractSet[str] = frozenset()
    ) -> dict[str, Any]:
        reply = await self._call(method, message | {"text": shown.text, "blocks": shown.blocks}, expected | _TOO_RICH)
        if reply.get("error") in _TOO_RICH:
            reply = await self._call(method, message | {"text": shown.text}, expected)
        return reply

    async def _messages(self, kind: str, where: dict[str, str], gone: AbstractSet[str] = frozenset()) -> AsyncIterator[dict[str, Any]]:
        """Messages of a channel or a thread, page by page; none if Slack says one of `gone`."""
        cursor = ""
        for _ in range(MAX_PAGES):
            asked = where | {"limit": "200", "include_all_metadata": "1"} | ({"cursor": cursor} if cursor else {})
            page = await self._call(f"conversations.{kind}", asked, gone, verb="GET")
            for message in _dicts(page, "messages") if not page.get("error") else ():
                yield message
            if not (cursor := _next(page)):
                return

    async def _channel_id(self) -> str:
        """Slack posts by name but reads by id only."""
        cursor = ""
        while not self._id:
            asked = {"types": "public_channel,private_channel", "exclude_archived": "1", "limit": "999", "cursor": cursor}
            page = await self._call("conversations.list", asked, verb="GET")
            ids = [one.get("id") for one in _dicts(page, "channels") if f"#{one.get('name')}" == self._channel]
            self._id = next((id_ for id_ in ids if isinstance(id_, str) and _ID.fullmatch(id_)), "")
            cursor = _next(page)
            if not self._id and not cursor:
                raise self._refused("channel_not_found")
        return self._id

    async def _call(
        self, method: str, asked: dict[str, Any], expected: AbstractSet[str] = frozenset(), verb: str = "POST"
    ) -> dict[str, Any]:
        """What Slack answered. An `error` in `expected` is an answer too; any other is raised as whose turn it is."""
        import aiohttp
        from slack_sdk.errors import SlackApiError, SlackClientError

        try:
            carried: Any = {"json": asked} if verb == "POST" else {"params": asked}
            reply = await self._web.api_call(method, http_verb=verb, **carried)
        except SlackApiError as error:
            self._note_clock(error.response)
            return self._answer(error.response, method, expected)
        # The SDK (3.47) lets these out for replies that are not the JSON it hopes for, such as a proxy's own page.
        except (aiohttp.ClientError, TimeoutError, OSError, AttributeError, LookupError, ValueError, TypeError, RecursionError) as error:
            raise Unreachable(f"Slack cannot be reached: {method} gave {type(error).__name__}") from None
        except SlackClientError as error:
            raise Unreachable(f"Slack cannot be reached: {method} gave {type(error).__name__}") from None
        self._note_clock(reply)
        return dict(reply.data) if isinstance(reply.data, dict) else {}

    def _note_clock(self, reply: object) -> None:
        """By the head of what the SDK calls a reply, if it has one."""
        headers = getattr(reply, "headers", None) or {}
        if theirs := server_time({name.lower(): value for name, value in headers.items()}):
            self._ahead = theirs - self._clock()

    def _answer(self, reply: AsyncSlackResponse, method: str, expected: AbstractSet[str]) -> dict[str, Any]:
        status = getattr(reply, "status_code", 0)
        data = getattr(reply, "data", None)
        error = str(data.get("error", "")) if isinstance(data, dict) else ""
        if status == 429 or error in ("ratelimited", "rate_limited"):
            wait = retry_after(str(reply.headers.get("Retry-After", "")))
            raise Throttled(f"Slack asked us to wait {wait.total_seconds():.0f} s", wait) from None
        if status != 200 or not error or error in _BUSY:
            raise Unreachable(f"Slack is in trouble: {method} gave {status or 'no JSON'} {clean(error)[:80]}".rstrip()) from None
        if error in expected:
            return {"error": error}
        raise self._refused(error) from None

    def _refused(self, error: str) -> Refused:
        fix = _FIX.get(error, f"Look up {clean(error)[:80]} at https://docs.slack.dev/reference/methods/chat.postMessage")
        return Refused(f"Slack refused a message to {self._channel} ({clean(error)[:80]})", fix.replace("{channel}", self._channel))

    def _card(self, alert: Alert, mention: Mention = "none") -> Card:
        name = self._service_names(alert.service) if alert.service else None
        return card(alert, language=self._language, zone=self._zone, service_name=name, mention=mention)


def retry_after(header: str) -> timedelta:
    """What they asked for, from 1 s to 5 min; 30 s if that makes no sense."""
    digits = header if header.isascii() and header.isdigit() else ""
    seconds = int(digits[:9]) if digits else 30
    return timedelta(seconds=min(max(seconds, 1), 300))


def mark_of(delivery: Delivery) -> str:
    """What the first block of its message is called."""
    return "carebot-" + blake2b(delivery.id.encode(errors="surrogatepass"), digest_size=12).hexdigest()


def _is(message: dict[str, Any], delivery: Delivery) -> bool:
    """Anybody's message may be here, whatever it looks like."""
    event, told = at(message, "metadata.event_type"), at(message, "metadata.event_payload.delivery")
    return bool((event == EVENT and told == delivery.id) or at(message, "blocks.0.block_id") == mark_of(delivery))


def _dicts(page: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """What a page lists. Raises Unreachable where it lists nothing at all: that is not an empty list."""
    listed = page.get(name)
    if not isinstance(listed, list):
        raise Unreachable(f"Slack is in trouble: it answers without {name}")
    return [one for one in listed if isinstance(one, dict)]


def _next(page: dict[str, Any]) -> str:
    cursor = at(page, "response_metadata.next_cursor")
    return cursor if isinstance(cursor, str) else ""


def _moment(ts: object) -> str:
    return ts if isinstance(ts, str) and _TS.fullmatch(ts) else ""
