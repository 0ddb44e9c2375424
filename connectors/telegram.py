"""What people write to our bot on Telegram, and in our own groups and channels that the bot is a member of.

Telegram keeps what is new for 24 hours, and forgets it when we next ask for what comes after it. So the cursor is the number to ask
for next: what was not stored is asked for again, and after a longer absence the rest is a gap. Two traps: after a week without anything
new the numbers begin anywhere (also below ours, and asking for a higher one would throw the new ones away unread), so after a quiet spell
we ask for whatever there is; and the token is a part of the address, so no address is ever repeated in an error.

Edits come as the message again. That something was deleted, and what the bot itself or another bot said, Telegram tells no bot.
Facts: core.telegram.org/bots/api ("Getting updates", Update, Message), tdlib/telegram-bot-api HttpConnection.cpp (read 2026-11).
"""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import msgspec
from pydantic import BaseModel, Field, model_validator

from carebot.config.parts import Name
from carebot.errors import Refused, Unreachable
from carebot.model import Batch, Gap, Message, Text
from connectors import answers, base

EXAMPLE = """
name: telegram-bot
kind: telegram
token: telegram-token
every: 15s
"""

OFFICIAL = "https://api.telegram.org"
A_PAGE = 100
PATIENCE_S = 5  # Telegram answers at once when there is something, and otherwise after so long
KEPT = timedelta(hours=24)
QUIET = timedelta(days=5)  # of the seven after which numbers begin anywhere; what was read long ago is forgotten there by then
KINDS = ("message", "edited_message", "channel_post", "edited_channel_post")
BEYOND = Text("Telegram guarda lo nuevo solo 24 horas.", "Telegram keeps what is new for 24 hours only.")
RESTART = "Credentials are given to a service when it starts: then systemctl restart carebot."
FIXES = {
    401: ("refuses the bot's token", f"Get a new one from @BotFather. {RESTART}"),
    403: ("does not let us in", "See whether the bot was taken down; @BotFather knows."),
    404: ("does not know the bot's token", f"Copy it again from @BotFather. {RESTART}"),
    410: ("does not know the bot's token", f"Copy it again from @BotFather. {RESTART}"),
    409: (
        "gives this bot's messages to somebody else",
        "Another program asks with the same token, or a webhook is set. Stop it (deleteWebhook), or make a bot for carebot alone.",
    ),
}


class Options(base.Options):
    token: Name = Field(description="The name of the credential that holds the bot's token from @BotFather, never the token itself.")
    base_url: str = Field(OFFICIAL, description="Where the Bot API is. Leave it out, unless you run Telegram's own server for bots.")
    allow_private: bool = Field(False, description="true if base_url is a server of your own.")

    @model_validator(mode="after")
    def _only_theirs(self) -> Options:
        answers.theirs(self.base_url, OFFICIAL, self.allow_private)
        return self


class Place(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where we are.

    after         the number of the last thing we have
    at            when we had it
    heard_until   when all there was had last been read
    """

    heard_until: datetime
    after: int | None = None
    at: datetime | None = None


class Telegram:
    def __init__(self, name: str, options: Options, world: base.World) -> None:
        self._name, self._options, self._world = name, options, world

    async def fetch(self, cursor: str | None) -> Batch:
        now = self._world.clock()
        place = base.resumed(cursor, Place) or Place(heard_until=now)
        new = await self._new(place, now)
        batch, last = read(new, self._name, now)
        if new and last is None:
            raise Unreachable(f"{self._name}: Telegram answered with nothing that has a number. It is asked again")
        more = len(new) >= A_PAGE
        lost = now - place.heard_until > KEPT
        gaps = (Gap(from_=place.heard_until, to=now - KEPT, why=BEYOND),) if lost else ()
        heard = max(place.heard_until, now - KEPT) if more else now
        place = Place(heard_until=heard, after=place.after if last is None else last, at=place.at if last is None else now)
        return msgspec.structs.replace(batch, cursor=msgspec.json.encode(place).decode(), more=more, gaps=gaps)

    async def check(self) -> str:
        me = answers.page((await self._asked("getMe", {})).body, _Me, self._name, "Telegram did not answer with the bot's name")
        hears = "" if me.result.can_read_all_group_messages else "; in groups it hears only what is said to it: /setprivacy at @BotFather"
        return f"asks as @{re.sub('[^A-Za-z0-9_]', '', me.result.username)[:40]}{hears}"

    async def _new(self, place: Place, now: datetime) -> list[Any]:
        asked: dict[str, object] = {"limit": A_PAGE, "timeout": PATIENCE_S, "allowed_updates": json.dumps(KINDS)}
        if place.after is not None and place.at is not None and now - place.at < QUIET:
            asked["offset"] = place.after + 1
        reply = await self._asked("getUpdates", asked)
        return answers.page(reply.body, _Answer, self._name, "Telegram did not answer with a list of updates").result

    async def _asked(self, method: str, asked: dict[str, object]) -> base.Reply:
        token = self._world.secret(self._options.token).strip()
        if not re.fullmatch(r"[A-Za-z0-9:_-]+", token):
            raise Refused(
                f"{self._name}: the credential {self._options.token} holds no token of a bot", f"Put it there alone, on one line. {RESTART}"
            )
        url = f"{self._options.base_url.rstrip('/')}/bot{token}/{method}?{urlencode(asked)}"
        reply = await self._world.http.get(url, allow_private=self._options.base_url != OFFICIAL)
        if reply.status != 200:
            raise answers.trouble(self._name, "Telegram", reply.status, FIXES)
        return reply


def connect(name: str, options: BaseModel, world: base.World) -> base.Connector:
    assert isinstance(options, Options)
    return Telegram(name, options, world)


# ── from updates to messages ─────────────────────────────────────────────────────────────────────────────────────


class _Bot(msgspec.Struct):
    username: str = ""
    can_read_all_group_messages: bool = True


class _Me(msgspec.Struct):
    result: _Bot


class _Answer(msgspec.Struct):
    ok: bool
    result: list[Any]


class _Chat(msgspec.Struct):
    id: int
    type: str = ""
    title: str = ""
    username: str = ""


class _User(msgspec.Struct):
    id: int
    username: str = ""
    first_name: str = ""
    last_name: str = ""


class _Answered(msgspec.Struct):
    message_id: int
    chat: _Chat | None = None


class _Message(msgspec.Struct):
    """`sender_chat` is who speaks where it is no person: a channel, or a group's own administrators who stay unnamed."""

    message_id: int
    date: int
    chat: _Chat
    from_: _User | None = msgspec.field(name="from", default=None)
    sender_chat: _Chat | None = None
    is_automatic_forward: bool = False
    message_thread_id: int | None = None
    is_topic_message: bool = False
    reply_to_message: _Answered | None = None
    text: str = ""
    caption: str = ""


def read(new: list[Any], name: str, now: datetime) -> tuple[Batch, int | None]:
    """What the updates say, and the number of the last; None where none has a number. One that cannot be read is passed all the same."""

    def said(update: Any) -> list[Message]:
        kind = next((each for each in KINDS if answers.field(update, each) is not None), None)
        found = msgspec.convert(update[kind], _Message) if kind else None
        return [_message(found, now)] if found and (found.text or found.caption).strip() else []  # a picture alone says nothing we can read

    events, refused = answers.read_each(new, said, lambda update: answers.field(update, "update_id"), name, now)
    numbers = [number for update in new if isinstance(number := answers.field(update, "update_id"), int) and 0 <= number < 2**63]
    return Batch(source=name, events=events, refused=refused), max(numbers, default=None)


def _message(said: _Message, now: datetime) -> Message:
    chat, place = said.chat, f"telegram:{said.chat.id}"
    ours = chat.type == "channel" or said.is_automatic_forward or (said.sender_chat is not None and said.sender_chat.id == chat.id)
    speaker = said.sender_chat or said.from_
    answered = said.reply_to_message
    here = answered is not None and (answered.chat is None or answered.chat.id == chat.id)
    thread = said.message_thread_id if not said.is_topic_message else None
    return Message(
        id=f"{place}/{said.message_id}",
        text=answers.words(said.text or said.caption).strip(),
        posted_at=answers.moment(said.date, now),
        seen_at=now,
        source="telegram",
        author=answers.words(speaker.username or str(speaker.id))[:100] if speaker else "",
        author_name=answers.words(_name_of(speaker))[:100],
        by_brand=ours,
        direct=chat.type == "private",
        in_reply_to=f"{place}/{answered.message_id}" if answered and here else "",
        conversation=place if chat.type == "private" else f"{place}/{thread}" if thread else "",
        url=f"https://t.me/{chat.username}/{said.message_id}"
        if re.fullmatch(r"\w{1,40}", chat.username) and chat.type != "private"
        else "",
    )


def _name_of(speaker: _User | _Chat | None) -> str:
    if isinstance(speaker, _User):
        return f"{speaker.first_name} {speaker.last_name}".strip()
    return speaker.title if speaker else ""
