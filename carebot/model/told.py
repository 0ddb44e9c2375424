"""What customers and staff are told, and what became of the telling."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec

from carebot.model.going_on import Phase
from carebot.model.words import Language, Reason, Text

Stage = Literal["confirmed", "monitoring", "resolved"]  # what can be said: it fails · it works again and we watch · it is over
StatementState = Literal["draft", "proposed", "approved", "publishing", "published", "unsure", "withdrawn", "expired"]
PostState = Literal["waiting", "sending", "said", "refused", "unsure"]


class Post(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A statement in one language through one source. `attempt`: the last try; `because`: why it was refused, or why nobody knows."""

    source: str
    language: Language
    state: PostState = "waiting"
    attempt: str = ""
    at: datetime | None = None
    url: str = ""
    because: str = ""


class Approval(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One person's word that exactly this may be said: `hash` is the statement's of that moment."""

    by: str
    hash: str
    at: datetime
    name: str = ""


class StatementTurn(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One turn of a statement, for its ledger. `by`: the person, where one did it."""

    at: datetime
    push: str
    state: StatementState
    hash: str
    by: str = ""
    because: str = ""


class Statement(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What customers are to be told of an incident, from the first proposal until the next one. `decide.public.statements` moves it along.

    id              the incident's, and which one of it: "banco-lumbre-app-20260312/2"
    version         of the words: each edit makes the next, and voids every approval
    texts           by language
    posts           where carebot says it by itself; empty: people copy it
    hash            SHA-256 over words, posts, incident, stage and version: what is approved
    said_at         the first moment in which it was said anywhere; `by_hand`: people said it, not carebot
    next_update_at  what it promised when it was said: a clock that is warned of and told once each, until it is `met_at`
    because         why it is not said yet, or not known to be
    """

    id: str
    incident: str
    stage: Stage
    texts: dict[str, str]
    state: StatementState = "draft"
    version: int = 0
    posts: tuple[Post, ...] = ()
    hash: str = ""
    proposed_by: str = ""
    proposed_name: str = ""
    proposed_at: datetime | None = None
    expires_at: datetime | None = None
    approvals: tuple[Approval, ...] = ()
    said_at: datetime | None = None
    by_hand: bool = False
    next_update_at: datetime | None = None
    warned: bool = False
    due_told: bool = False
    met_at: datetime | None = None
    because: Text | None = None
    turns: tuple[StatementTurn, ...] = ()


class Quote(msgspec.Struct, frozen=True, gc=False):
    """A customer's words as evidence: already redacted. Still a stranger's text: whoever renders it escapes it."""

    id: str
    text: str
    author: str
    source: str
    at: datetime
    url: str = ""


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """Something a human must be told, with its reason. `id` is stable: the same facts give the same id."""

    alert: str = msgspec.field(name="alert")
    at: datetime
    reason: Reason
    headline: Text
    late_by_s: int = 0
    severity: int | None = None
    incident: str | None = None
    case: str | None = None
    brand: str | None = None
    service: str | None = None
    symptom: str | None = None
    region: str | None = None
    onset_at: datetime | None = None
    facts: dict[str, Any] = {}
    messages: tuple[str, ...] = ()
    to: str = ""
    detail: Text | None = None  # one sentence more: cause and scope, or what to do
    say: Text | None = None  # the sentence to tell customers now
    quotes: tuple[Quote, ...] = ()
    phase: Phase | None = None
    act: Text | None = None  # what a person just did, with their name: the line for the thread
    also_to: tuple[str, ...] = ()  # further routes


DeliveryState = Literal["new", "sending", "sent", "never"]


class Earlier(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a delivery says for earlier ones of its thread that it made needless.

    since         since when the oldest of them waits
    unheard       the same, without those that the fallback has told
    severity_was  what the thread was last told
    for_all       the whole channel was to see one of them
    """

    since: datetime
    unheard: datetime
    severity_was: int | None = None
    for_all: bool = False


class Delivery(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One alert on its way to one destination: a row of the outbox.

    ref       where it landed (Slack: "channel/ts"), so that later alerts of one incident update the same message
    quiet     brings a card that is there up to date, and tells nobody anything: no line in its thread, no message of its own
    tried_at  when it last went out: it landed then, or not at all
    opens     it went out as a message of its own there, not as news of one
    """

    id: str
    alert: Alert
    destination: str
    state: DeliveryState = "new"
    attempts: int = 0
    next_at: datetime | None = None
    ref: str = ""
    because: str = ""  # why it will never be sent
    quiet: bool = False
    tried_at: datetime | None = None
    opens: bool = False
    earlier: Earlier | None = None
