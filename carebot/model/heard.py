"""What was said or measured: everything that can change what carebot knows comes in as one of these."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

import msgspec

from carebot.model.meant import Verdict
from carebot.model.words import Language, Reason, Text


class Message(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """Something a person (or the brand) said: a post, reply, review, direct message or article.

    id            stable, prefixed with its network ("x:147…"), the first version's id when edited
    source        the network it was said on ("x", "app_store", "feed" …): what customers would call the channel
    author_key    keyed hash of the author, what carebot counts and joins by; empty until screened
    fingerprint   equal for copies of the same words (links, handles and case do not matter); 0 until screened
    verdict       one that somebody else gave; taken as it is
    author_since  when the author's account was made, aware UTC, where the network says; it is not kept
    """

    id: str
    text: str
    posted_at: datetime
    seen_at: datetime
    source: str = ""
    brand: str = ""
    lang: str = ""
    author: str = ""
    author_name: str = ""
    author_key: str = ""
    audience: int = 0
    stars: int | None = None
    by_brand: bool = False
    direct: bool = False
    in_reply_to: str = ""
    conversation: str = ""
    repost_of: str = ""
    url: str = ""
    region: str = ""
    fingerprint: int = 0
    verdict: Verdict | None = None
    author_since: datetime | None = None


class Probe(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True, tag="probe", tag_field="kind"):
    """Something a machine measured: one HTTP check. `target` names a service of the rules file where one fits."""

    id: str
    target: str
    ok: bool
    at: datetime
    detail: str = ""
    took_ms: float | None = None


StatusState = Literal["operational", "degraded", "partial_outage", "major_outage", "maintenance"]


class Status(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True, tag="status", tag_field="kind"):
    """A provider's own word about one of its components (a status page)."""

    id: str
    provider: str
    component: str
    state: StatusState
    at: datetime


class Notice(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True, tag="notice", tag_field="kind"):
    """Announced work of our own: a deploy or a maintenance window, so that its noise is no surprise."""

    id: str
    what: Literal["deploy", "maintenance"]
    service: str
    from_: datetime = msgspec.field(name="from")
    to: datetime


class Deleted(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True, tag="deleted", tag_field="kind"):
    """The author or the network took a message away. `id` is the message's id: its text must go here too."""

    id: str
    at: datetime


ClickAction = Literal[
    "take", "confirm", "not_incident", "snooze", "resolve", "correct",
    "see_yes", "see_no", "propose", "approve", "publish", "withdraw", "said_it", "it_is_there", "it_is_not_there",
]  # fmt: skip


SHOWN = "shown"  # in a recording, which knows no hashes; never from outside


class Click(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True, tag="click", tag_field="kind"):
    """A person pressed a button on an incident's card.

    id        the same for the same press, however often it is sent to us: it has one effect
    user      who: in Slack the member id, never the name, which anybody may change
    name      what they call themselves, for people to read; nothing is decided by it
    service   with `correct`: what the messages are really about
    message   with `correct`: the one that is meant; empty for all the incident's evidence
    choice    which of the offered answers: with `snooze` how long, with `not_incident` why (`decide.pressing.pressed`)
    text      what they wrote beside it; of a form with several fields see `fields`
    fields    what they wrote, by the name of the field
    channel   where they pressed it: the id of a Slack channel
    hash      with a statement: of the very text that was on their screen; SHOWN: of the one that stands there now
    """

    id: str
    action: ClickAction
    user: str
    incident: str
    at: datetime
    name: str = ""
    service: str = ""
    message: str = ""
    choice: str = ""
    text: str = ""
    fields: dict[str, str] = {}
    channel: str = ""
    hash: str = ""


class Acted(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One click and what came of it: a row of the audit.

    outcome   done; nothing: it changed nothing, as of an incident long gone; refused: they may not
    because   what the person is told, where there is something to tell them
    asks_for  "proposal": they are shown the change of the rules that would follow from what they said
    """

    click: Click
    outcome: Literal["done", "nothing", "refused"] = "done"
    because: Text | None = None
    asks_for: Literal["", "proposal"] = ""


class SelfReport(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="self", tag_field="kind"):
    """Something about carebot itself that staff must know: a source gone deaf, a rules file refused. Never from outside.

    since   when it began, if not just now: words would have to say it in a zone, and only the desk has one
    """

    id: str
    reason: Reason
    headline: Text
    at: datetime
    detail: Text | None = None
    since: datetime | None = None


class Coverage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="coverage", tag_field="kind"):
    """How far one source has been heard: what was posted `from` … `to` was all read, except what comes late. Or none of it was.

    from_      None: from where it was heard last, as of a source that comes back and brings all that it missed
    to         None: it cannot say, because customers' messages are sent to us; such a source counts as heard
    heard      False: what was posted in between will never be read
    networks   how many messages of each network (`Message.source`) it brought since it last said so
    of         about so many were posted, of which what it brought is a sample; 0: it brought them all
    oldest     of a sample: when the oldest of it was posted, as of a page of the newest; None: it is spread over the whole time
    """

    id: str
    source: str
    at: datetime
    from_: datetime | None = msgspec.field(name="from", default=None)
    to: datetime | None = None
    heard: bool = True
    networks: dict[str, int] = {}
    of: int = 0
    oldest: datetime | None = None


class Volume(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True, tag="volume", tag_field="kind"):
    """How many posts matched a search in the `minutes` from `at` on, as the network itself counts them: nobody has read them."""

    id: str
    source: str
    at: datetime
    posts: int
    network: str = ""
    minutes: int = 1


class Listening(msgspec.Struct, frozen=True, kw_only=True, tag="listening", tag_field="kind"):
    """The sources that are listened to from now on, by their names in the rules file. Never from outside."""

    id: str
    sources: tuple[str, ...]
    at: datetime


class Posted(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="posted", tag_field="kind"):
    """What became of one post of a statement, by the hand that publishes. Never from outside.

    statement   its id; `attempt` is which of the tries to say it
    source      the name in the rules file it is published through, in this `language`
    state       sending: it goes out as soon as this is committed · said · refused: surely not said · unsure: nobody knows
    """

    id: str
    statement: str
    source: str
    language: Language
    attempt: str
    state: Literal["sending", "said", "refused", "unsure"]
    at: datetime
    url: str = ""
    because: str = ""


Event = Message | Probe | Status | Notice | Deleted | Click | SelfReport | Coverage | Volume | Listening | Posted


class Gap(msgspec.Struct, frozen=True, kw_only=True):
    """What was posted from `from_` to `to` was not read and never will be. `from_` None: since we last heard all there was."""

    from_: datetime | None = None
    to: datetime
    why: Text


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """What one look at one source brought, committed whole or not at all.

    source    the name in the rules file
    cursor    where the next look resumes: *after* the last item of this batch. None leaves it where it was.
    refused   items that could not be read, each with a reason; they go to quarantine, the rest goes on
    more      the source has further pages waiting; it is asked again at once
    gaps      what can never be read any more
    of        about so many were posted, of which these messages are a sample; 0: they are all there are
    wait      no look before so much time has passed, if the source asks for that
    requests, posts, money   what this look cost: requests, posts that are paid for, US dollars
    checked   ids of messages that were looked up again (`recheck`)
    """

    source: str
    events: tuple[Event, ...] = ()
    cursor: str | None = None
    refused: tuple[Refusal, ...] = ()
    more: bool = False
    gaps: tuple[Gap, ...] = ()
    of: int = 0
    wait: timedelta | None = None
    requests: int = 1
    posts: int = 0
    money: float = 0.0
    checked: tuple[str, ...] = ()


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """One item that could not be taken, and why, in words for the operator. `item` is an id or a line number, never a text."""

    source: str
    item: str
    reason: str
    at: datetime | None = None
