"""What stands under our latest posts, asked for: the newest comments of each, page by page, back to what we had.

One request shows the latest posts with the newest comments of each. Where that does not reach back far enough, the posts that need more
are asked one by one; they, with their page marks, are the sweep's place. Meta says that a mark dies with the comment it stands at:
then the sweep begins again from the top, and nothing is lost.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import msgspec
from msgspec.structs import replace

from carebot.errors import Refused, Throttled, Unreachable
from carebot.model import Batch, Message
from connectors import answers, base, sweep

OFFICIAL = "https://graph.facebook.com"
POSTS, COMMENTS = 25, 50
BUSY, REST = 95, timedelta(minutes=15)  # per cent of what Meta allows, and how long to stay away then
RESTART = "Credentials are given to a service when it starts: then systemctl restart carebot."

_COMMENT = {
    "facebook": "id,message,created_time,from,parent{id},permalink_url",
    "instagram": "id,text,timestamp,username,from,parent_id,replies.limit(50){id,text,timestamp,username,from,parent_id}",
}
_ORDER = {"facebook": ".order(reverse_chronological).filter(stream)", "instagram": ""}
_POST = {"facebook": "id,message,created_time,from,permalink_url", "instagram": "id,caption,timestamp,username,permalink"}
_EDGE = {"facebook": "feed", "instagram": "media"}

Left = list[tuple[str, str]]  # posts to be asked for more, each with the mark of its next page


class _Party(msgspec.Struct):
    id: str | int = ""
    name: str = ""
    username: str = ""


class _Said(msgspec.Struct):
    """A post or a comment, in Facebook's names or Instagram's."""

    id: str
    message: str | None = None
    text: str | None = None
    caption: str | None = None
    created_time: str | None = None
    timestamp: str | None = None
    from_: _Party | None = msgspec.field(name="from", default=None)
    username: str = ""
    parent: _Party | None = None
    parent_id: str | None = None
    permalink_url: str | None = None
    permalink: str | None = None
    comments: Any = None
    replies: Any = None


class _Marks(msgspec.Struct):
    after: str = ""


class _Paging(msgspec.Struct):
    cursors: _Marks = msgspec.field(default_factory=_Marks)
    next: str = ""


class _Page(msgspec.Struct):
    data: list[Any]
    paging: _Paging = msgspec.field(default_factory=_Paging)

    @property
    def mark(self) -> str:
        """Of the page after this one; Meta says to trust `next` alone, as a page may be shorter than asked for."""
        return self.paging.cursors.after if self.paging.next else ""


class Graph:
    def __init__(self, name: str, network: str, account: int, token: str, base_url: str, world: base.World) -> None:
        self._name, self._network, self._account, self._token, self._world = name, network, str(account), token, world
        self._base, self._private = base_url.rstrip("/"), base_url != OFFICIAL

    async def fetch(self, cursor: str | None) -> Batch:
        now = self._world.clock()
        place = sweep.resumed(cursor, now)
        left = _left(place.page)
        fields = _COMMENT[self._network]
        if left:
            post, mark = left[0]
            order = {"order": "reverse_chronological", "filter": "stream"} if self._network == "facebook" else {}
            asked = await self._page(f"{post}/comments", {"fields": fields, "limit": COMMENTS, "after": mark, **order}, paged=True)
            if asked is None:
                return Batch(source=self._name, cursor=sweep.cursor(sweep.restarted(place)))
            page, wait = asked
            batch, more = self._read(page, post, place, now)
            left = [(post, more), *left[1:]] if more else left[1:]
        else:
            comments = f"comments{_ORDER[self._network]}.limit({COMMENTS}){{{fields}}}"
            asked = await self._page(
                f"{self._account}/{_EDGE[self._network]}", {"fields": f"{_POST[self._network]},{comments}", "limit": POSTS}
            )
            assert asked
            page, wait = asked
            batch, _ = self._read(replace(page, paging=_Paging()), "", place, now)
            for each in page.data:
                post, inside = answers.field(each, "id"), answers.read_as(_Page, answers.field(each, "comments"))
                if inside and isinstance(post, str) and re.fullmatch(r"[0-9_]{1,60}", post):
                    under, more = self._read(inside, post, place, now)
                    batch = replace(batch, events=batch.events + under.events, refused=batch.refused + under.refused)
                    left += [(post, more)] if more else []
        after = sweep.advanced(place, (), json.dumps(left) if left else "", now)
        return replace(batch, cursor=sweep.cursor(after), more=bool(left), wait=wait)

    async def check(self) -> str:
        await self._page(self._account, {"fields": "id"}, single=True)
        return f"the {self._network} account {self._account} can be read"

    async def _page(
        self, path: str, asked: Mapping[str, object], *, paged: bool = False, single: bool = False
    ) -> tuple[_Page, timedelta | None] | None:
        """A page, and how long to stay away after it. None: its mark is not taken any more."""
        token = self._world.secret(self._token).strip()
        if not re.fullmatch(r"[!-~]+", token):
            raise Refused(
                f"{self._name}: the credential {self._token} holds no access token", f"Put it there alone, on one line. {RESTART}"
            )
        headers = {"Authorization": f"Bearer {token}"}
        reply = await self._world.http.get(f"{self._base}/{path}?{urlencode(asked)}", headers=headers, allow_private=self._private)
        if reply.status != 200:
            if paged and reply.status in (400, 404) and _code(reply) in (0, 100):
                return None
            raise trouble(reply, self._name)
        what = "Meta did not answer with a list"
        page = _Page([]) if single else answers.page(reply.body, _Page, self._name, what)
        return page, REST if used(reply.headers) >= BUSY else None

    def _read(self, page: _Page, post: str, place: sweep.Sweep, now: datetime) -> tuple[Batch, str]:
        """What a page says that is new, oldest last as it came; and the mark of the next, if that is still of this sweep."""
        since, times = place.since - sweep.OVERLAP, list[datetime]()

        def said(item: Any) -> list[Message]:
            found = msgspec.convert(item, _Said)
            times.append(_at(found, now))
            return [message for message in self._messages(found, post, now) if message.posted_at >= since]

        events, refused = answers.read_each(page.data, said, lambda item: answers.field(item, "id"), self._name, now)
        over = bool(times) and times[-1] < since
        return Batch(source=self._name, events=events, refused=refused), "" if over else answers.words(page.mark)

    def _messages(self, said: _Said, post: str, now: datetime) -> Iterator[Message]:
        text = said.message or said.text or said.caption or ""
        speaker = said.from_ or _Party(username=said.username)
        id_, parent = said.id, (str(said.parent.id) if said.parent else said.parent_id) or post
        if not re.fullmatch(r"[0-9_]{1,60}", id_):
            raise ValueError
        url = said.permalink_url or said.permalink or ""
        # Instagram does not say who is behind a post, as only our own are listed; of a comment's author it says at least the name.
        ours = str(speaker.id) == self._account or (self._network == "instagram" and not post)
        if text.strip():
            yield Message(
                id=f"{self._network}:{id_}",
                text=answers.words(text).strip(),
                posted_at=_at(said, now),
                seen_at=now,
                source=self._network,
                author=answers.words(speaker.username or str(speaker.id))[:100],
                author_name=answers.words(speaker.name)[:100],
                by_brand=ours,
                in_reply_to=f"{self._network}:{answers.words(parent)[:300]}" if parent else "",
                conversation=f"{self._network}:{post or id_}",
                url=answers.words(url) if re.match(r"https://www\.(facebook|instagram)\.com/", url) else "",
            )
        if replies := answers.read_as(_Page, said.replies):
            for each in replies.data:
                if reply := answers.read_as(_Said, each):
                    yield from self._messages(replace(reply, replies=None, parent_id=reply.parent_id or id_), post, now)


def _at(said: _Said, now: datetime) -> datetime:
    return answers.moment(said.created_time or said.timestamp or "", now)


def _left(page: str) -> Left:
    """The posts a cursor still has to ask for more; none, if that is not what it says."""
    try:
        return msgspec.json.decode(page, type=Left) if page else []
    except (msgspec.DecodeError, UnicodeError):
        return []


# ── whose turn it is ─────────────────────────────────────────────────────────────────────────────────────────────

TOKEN, LIMITS, RIGHTS = {102, 190}, {4, 17, 32, 613, *range(80_000, 80_015)}, {3, 10, *range(200, 300)}


def trouble(reply: base.Reply, name: str) -> Exception:
    """Meta says little by status (400 for nearly everything) and much by a code of its own."""
    code = _code(reply)
    if code in LIMITS:
        return Throttled(f"{name}: Meta asks us to wait (code {code})", REST)
    if code in TOKEN or reply.status == 401:
        return Refused(f"{name}: Meta refuses the page's token ({reply.status})", f"Make a new one for the page. {RESTART}")
    if code in RIGHTS or reply.status == 403:
        return Refused(f"{name}: Meta does not let us read this ({reply.status})", "See the app's permissions in docs/channels/meta.md.")
    if code == 100 or reply.status in (404, 410):
        return Refused(
            f"{name}: Meta does not know this account ({reply.status})", "Correct `account` in rules.yaml, or see who the token is for."
        )
    return Unreachable(f"{name}: Meta answered {reply.status}")


def _code(reply: base.Reply) -> int:
    code = answers.field(answers.decoded(reply.body), "error", "code")
    return code if isinstance(code, int) else 0


def used(headers: Mapping[str, str]) -> int:
    """How much of what Meta allows is used up, in per cent: the largest of the shares it tells of."""
    found = [0]
    for name in ("x-app-usage", "x-page-usage", "x-business-use-case-usage"):
        found += map(int, re.findall(r'"(?:call_count|total_time|total_cputime)"\s*:\s*([0-9]{1,6})', headers.get(name, "")[:10_000]))
    return max(found)
