"""The things that flow through carebot, in the words of customer care. No imports of ours.

    Message/Probe → Verdict → Signal → Incident | Case → Alert → Delivery
    (said/measured)  (means)  (matters) (is going on)    (tell)   (told)

All are frozen values; a change is a new value (`msgspec.structs.replace`). They are msgspec structs rather than
dataclasses: the same reading, but built in C (0.3 µs instead of 4 µs for a message) and with a JSON form for free,
which is how they are stored. Every time is an aware UTC datetime; a time of a fact ends in `_at`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec

# ── what was said or measured ────────────────────────────────────────────────────────────────────────────────────


class Message(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """Something a person (or the brand) said: a post, reply, review, direct message or article.

    id            stable, prefixed with its network ("x:147…"), the first version's id when edited
    source        the network it was said on ("x", "app_store", "feed" …): what customers would call the channel
    author_key    keyed hash of the author, what carebot counts and joins by; empty until screened
    fingerprint   equal for copies of the same words (links, handles and case do not matter); 0 until screened
    verdict       one that somebody else gave; taken as it is
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


class Click(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True, tag="click", tag_field="kind"):
    """A person pressed a button on an incident's card.

    id        the same for the same press, however often it is sent to us: it has one effect
    user      who: in Slack the member id, never the name, which anybody may change
    name      what they call themselves, for people to read; nothing is decided by it
    service   with `correct`: what the messages are really about
    message   with `correct`: the one that is meant; empty for all the incident's evidence
    choice    which of the offered answers: with `snooze` how long, with `not_incident` why (`decide.pressed`)
    text      what they wrote beside it; of a form with several fields see `fields`
    fields    what they wrote, by the name of the field
    channel   where they pressed it: the id of a Slack channel
    hash      with a statement: of the very text that was on their screen
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
    """Something about carebot itself that staff must know: a source gone deaf, a rules file refused. Never from outside."""

    id: str
    reason: Reason
    headline: Text
    at: datetime
    detail: Text | None = None


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


# ── what it means ────────────────────────────────────────────────────────────────────────────────────────────────


class Mark(msgspec.Struct, frozen=True, gc=False):
    """One yes/no question about a text: the probability, and the answer at the shipped threshold."""

    p: float
    label: bool


class Choice(msgspec.Struct, frozen=True, gc=False):
    """One pick from a vocabulary."""

    label: str
    p: float


class Sentiment(msgspec.Struct, frozen=True, gc=False):
    label: Literal["negative", "neutral", "positive"]
    negative: float
    neutral: float
    positive: float


_NO = Mark(0.0, False)


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What one text means. `why` holds the words that moved it. Of a verdict somebody else gives, what is left out means "no".

    others      says that it is not only them: "a todos", "is it down for everyone?"
    unrelated   is not about the company at all: the football club of the same name, chatter
    own         is the company itself speaking; news and advert: a headline, somebody selling something
    """

    lang: str = ""
    sentiment: Sentiment = Sentiment("neutral", 0.0, 1.0, 0.0)
    outage: Mark = _NO
    complaint: Mark = _NO
    churn: Mark = _NO
    fraud: Mark = _NO
    moment: Mark = _NO
    praise: Mark = _NO
    question: Mark = _NO
    irony: Mark = _NO
    hand_off: Mark = _NO
    recovered: Mark = _NO
    others: Mark = _NO
    unrelated: Mark = _NO
    own: Mark = _NO
    news: Mark = _NO
    advert: Mark = _NO
    service: Choice = Choice("none", 1.0)
    symptom: Choice = Choice("none", 1.0)
    why: tuple[str, ...] = ()


# ── what matters ─────────────────────────────────────────────────────────────────────────────────────────────────

SignalKind = Literal["outage", "complaint", "churn", "fraud", "moment", "praise", "question", "recovered"]


class Signal(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """A message that matters to a rule, and why. `counted` is false for copies and for an author's second voice (`decide.voices`).

    conversation   what it is said in or answers; empty: it stands alone
    """

    id: str
    kind: SignalKind
    rule: str
    brand: str
    service: str
    symptom: str
    source: str
    author_key: str
    posted_at: datetime
    seen_at: datetime
    conversation: str = ""
    region: str = ""
    p: float = 1.0
    counted: bool = True
    fingerprint: int = 0
    why: tuple[str, ...] = ()


# ── what is going on ─────────────────────────────────────────────────────────────────────────────────────────────

Phase = Literal["suspected", "confirmed", "monitoring", "resolved"]
Scope = Literal["us", "others", "upstream", "unknown"]


class Witnesses(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """Who else says so, beside our own customers: `decide.witnesses` asks them.

    probes       ids of our own failing checks
    upstream     "provider/component" of those we depend on that are in trouble by their own word
    others       brands we compare with whose customers complain of the same service
    notice       announced work of our own that is in force; `deployed` the service, since `deployed_at`
    scope        only us · others too · upstream says so · unknown: nobody to compare with was heard
    nats         what all this adds to the customers' evidence, as a log likelihood ratio: false alarms × exp(-nats)
    """

    probes: tuple[str, ...] = ()
    upstream: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    notice: Literal["", "maintenance", "deploy"] = ""
    deployed: str = ""
    deployed_at: datetime | None = None
    scope: Scope = "unknown"
    nats: float = 0.0

    @property
    def vouched(self) -> bool:
        """A machine says so too, and not for work that was announced: two customers beside it are enough to be sure."""
        return bool(self.probes or self.upstream) and self.notice != "maintenance"


class Turn(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """One turn in an incident's life: what was decided, by what, and the figures it was decided on.

    push          what moved it: a name of `decide.incidents.Push`, or opened, grew, severity_up, widened, merged
    reason        the word staff heard of it, if any
    cell          whose counts spoke: the service, or "" for the brand as a whole
    count         evidence so far, of so many `people`; `expected` were usual in `window` minutes
    false_alarms  how many a month the figures stand for
    witnesses     who else said so
    by            the person at the desk, or the other incident
    """

    at: datetime
    phase: Phase
    push: str
    reason: str = ""
    cell: str = ""
    count: int = 0
    people: int = 0
    expected: float = 0.0
    window: int = 0
    false_alarms: float = 0.0
    witnesses: Witnesses = Witnesses()
    by: str = ""


class WellAgain(msgspec.Struct, frozen=True, gc=False):
    """A customer says that it works again."""

    id: str
    author_key: str
    at: datetime


class Swell(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """Far more posts than usual match a source's search, as its network counts them: `posts` in `minutes` where `usual` are."""

    source: str
    network: str
    posts: int
    usual: float
    minutes: int


class Further(msgspec.Struct, frozen=True, gc=False):
    """Whoever is told at this moment if nobody has taken the incident by then. `to`: a route."""

    at: datetime
    to: str


class Incident(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something is going on with a service. One row for its whole life; `decide.incidents` moves it along."""

    id: str
    brand: str
    service: str
    phase: Phase
    onset_at: datetime
    opened_at: datetime
    symptom: str = ""
    region: str = ""
    also: tuple[str, ...] = ()  # further services that failed at the same time
    severity: int = 4
    confirmed_at: datetime | None = None
    calm_since: datetime | None = None
    resolved_at: datetime | None = None
    last_signal_at: datetime | None = None
    messages: tuple[str, ...] = ()  # ids of the evidence: the first ones, capped; `count` has them all
    count: int = 0
    authors: tuple[str, ...] = ()  # author keys, capped like `messages`
    author_count: int = 0
    sources: tuple[str, ...] = ()
    usual: float = 0.0  # messages expected in the window the evidence was found in
    false_alarms: float = 0.0  # false alarms a month this evidence stands for
    probes: tuple[str, ...] = ()  # ids of failing probes and status changes
    witnesses: Witnesses = Witnesses()  # who else said so when we last spoke of it
    told_count: int = 0  # evidence at the time we last spoke: what `grew` is measured from
    told_per_min: float = 0.0  # and how fast it came then
    told_severity: int = 5  # the gravest level anybody was told; 5: nobody was told of it
    severity_because: tuple[str, ...] = ()  # what the level rests on: "core_service", "many_people:120", "accelerating" …
    by_source: dict[str, int] = {}
    by_symptom: dict[str, int] = {}
    by_region: dict[str, int] = {}
    noticed_at: datetime | None = None  # when, in the messages' own time, the evidence was enough
    texts: tuple[int, ...] = ()  # what goes round among its people: fingerprints, capped like `messages`
    link: int = 30  # minutes; a complaint so long before the first one belongs to it
    count_before: int = 0  # evidence of the time before it was reopened, which says nothing of now
    usual_in: int = 0  # minutes of the window that `usual` speaks of
    well_again: tuple[WellAgain, ...] = ()  # who says that it works again, the latest
    merged: tuple[str, ...] = ()  # incidents that turned out to be this one
    merged_into: str = ""
    turns: tuple[Turn, ...] = ()  # the ledger, first and latest turns
    swell: Swell | None = None  # what opened it, where that was a mere count of posts that nobody read
    owner: str = ""
    owner_name: str = ""  # what they call themselves, for people to read
    owned_at: datetime | None = None
    snoozed_until: datetime | None = None
    dismissed: bool = False
    votes: dict[str, bool] = {}  # people at the desk by id: do they see it too?
    shown: str = ""  # what its card says at a glance, as last shown (`decide.cards`)
    told_at: datetime | None = None  # when it was last spoken of
    told_to: tuple[str, ...] = ()  # the routes that have its card
    words_at: tuple[datetime, ...] = ()  # when the last words about it were said
    kept_back: str = ""  # why nobody has been told of it yet (`decide.telling`); empty: somebody was
    hidden: dict[str, int] = {}  # what was not said because this explains it, by reason
    further: tuple[Further, ...] = ()  # who is told next while nobody takes it
    further_since: datetime | None = None  # of the word these moments count from
    flapping_since: datetime | None = None  # it comes and goes (`decide.flapping`)


ClockKind = Literal["first_response", "next_response", "resolution", "promise"]


class Clock(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """What is owed to a customer, by an absolute UTC time. Kept in the case's row; each of its times is spoken of once at most.

    promise       its name in the rules; policy: the version of that, of its hours and its holidays, that the times were worked out with
    warn_at       when the desk is still to be warned, in order
    words, about  of a promise in the brand's own words: those it was read from, and what was promised
    left          while it stands still (since `paused_at`): open seconds to each warning and to the end
    breached_at   when it was found past due; later than `due_at` if nobody was running then
    met_at        when it was kept, or, if `void`, when nobody waited for it any more
    """

    kind: ClockKind
    started_at: datetime
    due_at: datetime
    warn_at: tuple[datetime, ...] = ()
    promise: str = ""
    policy: str = ""
    words: str = ""
    about: Literal["", "answer", "solution", "information"] = ""
    left: tuple[float, ...] = ()
    paused_at: datetime | None = None
    warned: bool = False
    breached_at: datetime | None = None
    met_at: datetime | None = None
    void: bool = False


LineKind = Literal["asked", "wrote", "solved", "answer", "asked_back", "hand_off"]


class Line(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One line of a case's history. Of the customer: asked (needs an answer), wrote, solved (they say that it is); the rest is ours."""

    id: str
    at: datetime
    what: LineKind


class Account(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A further account of the customer's, and how we know: by the rules, by the words they said, or by a reference they quoted."""

    source: str
    author_key: str
    author: str
    known_by: Literal["rules", "words", "reference"]
    words: str = ""


class Case(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One customer's matter, from their first message that needs an answer; across channels where they are known to be the same.

    returns     when they came back by themselves, the latest times; `decide.cases` says what counts as that
    needs       what was already told about it: churn, fraud, moment, repeat
    references  case numbers that were quoted in it
    joined      the case it turned out to be part of, which has its history now
    """

    id: str
    brand: str
    source: str
    author_key: str
    author: str
    opened_at: datetime
    last_at: datetime
    service: str = ""
    history: tuple[Line, ...] = ()  # the latest lines, capped
    contacts: int = 1  # how many times they have written
    answers: int = 0  # how many times the brand answered them
    hand_offs: int = 0  # answers that only sent them elsewhere
    clocks: tuple[Clock, ...] = ()
    needs: tuple[str, ...] = ()
    incident: str = ""
    audience: int = 0
    direct: bool = False  # they have sent a direct message
    returns: tuple[datetime, ...] = ()
    accounts: tuple[Account, ...] = ()
    references: tuple[str, ...] = ()
    reopened: int = 0
    solved_at: datetime | None = None
    closed_at: datetime | None = None
    joined: str = ""

    @property
    def messages(self) -> tuple[str, ...]:
        """Ids of what was said in it."""
        return tuple(line.id for line in self.history)


class Label(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What a person at the desk says that a message means: what `carebot train --desk` learns from.

    answer   "yes" or "no" to "outage"; a service's name to "service"
    alone    this very message was meant, and not the evidence of an incident as a whole
    """

    message: str
    question: Literal["outage", "service"]
    answer: str
    by: str
    at: datetime
    alone: bool = False


# ── what customers are told ──────────────────────────────────────────────────────────────────────────────────────

Language = Literal["es", "en"]
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
    """What customers are to be told of an incident, from the first proposal until the next one. `decide.statements` moves it along.

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


# ── what people are told ─────────────────────────────────────────────────────────────────────────────────────────

Reason = Literal[
    "suspected", "confirmed", "grew", "severity_up", "upstream", "resolved", "reopened", "merged",
    "sla_warning", "sla_breached", "promise_due", "promise_broken", "repeat", "hand_offs", "churn", "moment", "fraud", "impersonator",
    "source_silent", "source_back", "gap", "budget", "rules_refused", "rules_loaded", "quarantine", "digest",
    "classifier_down", "classifier_back",
    "still_open", "escalated", "flapping",
    "held", "outbox_stuck", "slack_refused", "disk_low", "disk_full", "clock_off", "database", "trouble_over",
    "acted", "statement", "update_due",
]  # fmt: skip


class Text(msgspec.Struct, frozen=True, gc=False):
    """One sentence for staff or customers, in both languages. The rules file chooses which is shown."""

    es: str
    en: str


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


class Delivery(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One alert on its way to one destination: a row of the outbox.

    ref    where it landed (Slack: "channel/ts"), so that later alerts of one incident update the same message
    quiet  brings a card that is there up to date, and tells nobody anything: no line in its thread, no message of its own
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
