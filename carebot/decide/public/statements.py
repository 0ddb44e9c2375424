"""How words become public: proposed by one, approved by others, said once. Every change of state is in TRANSITIONS and nowhere else.

What is approved is a hash over the very words, where they go, the incident and how far it has come: one letter changed, and every approval
is void. A statement that is too old, or whose incident has moved on, is never said; one that may have been said is never said again by
carebot: it looks for the post among the brand's own, or people say whether it is there. Each function gives the statement as it is after,
or the words why nothing changes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import Enum, auto

from msgspec.structs import replace

from carebot.config.schema import Rulebook
from carebot.decide.pressing import roles
from carebot.decide.public.words import clean, does_not_fit, kind_of, posts, promise, promised_time
from carebot.decide.telling.plainly import counted, sentence
from carebot.model import Approval, Click, Post, Posted, Stage, Statement, StatementState, StatementTurn, Text
from carebot.understand.visible import unmasked

TURNS = 40
LIVE = ("proposed", "approved", "publishing", "unsure")  # something can still come of it


class Push(Enum):
    """What moves a statement along."""

    proposed = auto()  # new words, or the same words changed
    agreed = auto()  # enough people approved
    publish = auto()
    refused = auto()  # somewhere it was surely not said
    said = auto()
    lost = auto()  # nobody knows whether it was said
    withdrawn = auto()
    expired = auto()  # too old, or the incident has moved on


TRANSITIONS: dict[tuple[StatementState, Push], StatementState] = {
    ("draft", Push.proposed): "proposed",
    ("proposed", Push.proposed): "proposed",
    ("approved", Push.proposed): "proposed",
    ("proposed", Push.agreed): "approved",
    ("approved", Push.publish): "publishing",
    ("publishing", Push.refused): "approved",
    ("unsure", Push.refused): "approved",  # people looked: it is not there
    ("publishing", Push.lost): "unsure",
    ("publishing", Push.said): "published",
    ("unsure", Push.said): "published",
    ("draft", Push.said): "published",  # what people have said is said, whatever we knew of it
    ("proposed", Push.said): "published",
    ("approved", Push.said): "published",
    ("withdrawn", Push.said): "published",
    ("expired", Push.said): "published",
    ("proposed", Push.withdrawn): "withdrawn",
    ("approved", Push.withdrawn): "withdrawn",
    ("proposed", Push.expired): "expired",
    ("approved", Push.expired): "expired",
    ("publishing", Push.expired): "expired",  # before the first request went out
}


def moved(one: Statement, push: Push, now: datetime, by: str = "", because: Text | None = None) -> Statement:
    """The statement after a push, with the turn in its ledger; unchanged where TRANSITIONS has no row."""
    state = TRANSITIONS.get((one.state, push))
    if state is None:
        return one
    turn = StatementTurn(at=now, push=push.name, state=state, hash=one.hash, by=by, because=because.en if because else "")
    return replace(one, state=state, because=because, turns=(*one.turns, turn)[-TURNS:])


def digest(one: Statement) -> str:
    """What people approve: SHA-256 over all that decides what would be said, where, and of what."""
    bound = [one.id, one.incident, one.stage, one.version, sorted(one.texts.items()), [(post.source, post.language) for post in one.posts]]
    return hashlib.sha256(json.dumps(bound, ensure_ascii=False).encode(errors="surrogatepass")).hexdigest()


# ── what people do ───────────────────────────────────────────────────────────────────────────────────────────────


def proposed(one: Statement, texts: Mapping[str, str], click: Click, rulebook: Rulebook, now: datetime) -> Statement | Text:
    """With new words. `one`: the statement that is under way, or a draft. Every approval it had is void."""
    if (one.state, Push.proposed) not in TRANSITIONS:
        return Text("Antes hay que saber si el texto anterior se publicó.", "First it must be known whether the last text was published.")
    if click.hash != one.hash and not (one.state == "draft" and not click.hash):
        return CHANGED
    words = {language: clean(text) for language, text in sorted(texts.items()) if clean(text)}
    if not words:
        return Text("El texto está vacío.", "The text is empty.")
    if any(unmasked(text) != text for text in words.values()):
        return MASKED
    if one.state == "proposed" and words == one.texts:
        return Text("Ese texto ya está propuesto.", "That text is proposed already.")
    places = posts(words, rulebook)
    if why := does_not_fit(words, places, rulebook):
        return why
    expires = now + rulebook.file.statements.expire_after
    stale = promised_time(words, now, rulebook)
    if stale and stale <= now:
        return Text("La hora que promete ya ha pasado.", "The time it promises has passed already.")
    after = replace(
        one,
        version=one.version + 1,
        texts=words,
        posts=places,
        proposed_by=click.user,
        proposed_name=click.name,
        proposed_at=now,
        expires_at=min(expires, stale) if stale else expires,
        approvals=(),
    )
    return moved(replace(after, hash=digest(after)), Push.proposed, now, click.user)


def approved(one: Statement, click: Click, rulebook: Rulebook, now: datetime) -> Statement | Text:
    if one.state != "proposed":
        return Text("No hay ningún texto pendiente de aprobar.", "There is no text that waits for approval.")
    if why := _not_these(one, click, now):
        return why
    if click.user == one.proposed_by and rulebook.file.statements.approvals > 1:
        return Text("Lo propusiste tú: tienen que aprobarlo otras personas.", "You proposed it: other people must approve it.")
    if any(given.by == click.user for given in one.approvals):
        return Text("Ya lo habías aprobado.", "You have approved it already.")
    given = Approval(by=click.user, name=click.name, hash=click.hash, at=now)
    turn = StatementTurn(at=now, push="approved", state=one.state, hash=one.hash, by=click.user)
    after = replace(one, approvals=(*one.approvals, given), turns=(*one.turns, turn)[-TURNS:])
    return moved(after, Push.agreed, now, click.user) if missing(after, rulebook) == 0 else after


def published(one: Statement, click: Click, stage: Stage | None, rulebook: Rulebook, now: datetime) -> Statement | Text:
    """The intent to say it: the hand that publishes finds it when it is committed."""
    if one.state != "approved":
        return Text("No hay ningún texto aprobado por publicar.", "There is no approved text to publish.")
    if why := _not_these(one, click, now) or why_not(one, stage, rulebook, now):
        return why
    again = tuple(post if post.state == "said" else replace(post, state="waiting", because="") for post in one.posts)
    return moved(replace(one, posts=again), Push.publish, now, click.user)


def withdrawn(one: Statement, click: Click, now: datetime) -> Statement | Text:
    if one.state in ("publishing", "unsure"):
        return Text("Puede que ya esté publicado: mira si está.", "It may be public already: see whether it is there.")
    if one.state not in ("proposed", "approved"):
        return Text("No hay ningún texto que retirar.", "There is no text to withdraw.")
    return moved(one, Push.said if one.said_at else Push.withdrawn, now, click.user)  # what was said in part stays said


def said_by_hand(one: Statement, click: Click, rulebook: Rulebook, now: datetime) -> Statement | Text:
    """People have said it themselves: that is a fact, approved or not, and what it promised runs from now."""
    if one.state in ("publishing", "unsure", "published"):
        return Text("Ese texto ya se publicó, o puede que sí.", "That text is public already, or may be.")
    return moved(begun(replace(one, by_hand=True), now, rulebook), Push.said, now, click.user)


def looked(one: Statement, click: Click, there: bool, rulebook: Rulebook, now: datetime) -> Statement | Text:
    """Somebody looked whether it is there. `click.choice` names the source that is meant; empty: all of which nobody knows."""
    meant = [post for post in one.posts if post.state == "unsure" and click.choice in ("", post.source)]
    if one.state != "unsure" or not meant:
        return Text("De ese texto ya se sabe qué pasó.", "What became of that text is known already.")
    if click.hash != one.hash:
        return CHANGED
    return _ended(one, [replace(post, state="said" if there else "refused") for post in meant], rulebook, now, now, click.user)


def _not_these(one: Statement, click: Click, now: datetime) -> Text | None:
    if click.hash != one.hash:
        return CHANGED
    return TOO_OLD if one.expires_at and now >= one.expires_at else None


# ── may it be said? ──────────────────────────────────────────────────────────────────────────────────────────────


def missing(one: Statement, rulebook: Rulebook) -> int:
    """How many approvals it lacks: of different people, of this very hash, who may still publish. From two on, not its own author's."""
    needed, may = rulebook.file.statements.approvals, roles.holders("publish", rulebook) or ()
    given = {each.by for each in one.approvals if each.hash == one.hash == digest(one) and each.by in may}
    return max(0, needed - len(given - ({one.proposed_by} if needed > 1 else set())))


def why_not(one: Statement, stage: Stage | None, rulebook: Rulebook, now: datetime) -> Text | None:
    """Why it must not be said now, if so: asked when somebody presses the button, and before each request. `stage`: its incident's."""
    if not one.expires_at or now >= one.expires_at:
        return TOO_OLD
    if stage != one.stage:
        return MOVED_ON
    if not (one.posts and rulebook.file.statements.publish):
        return BY_HAND
    if lacks := missing(one, rulebook):
        return sentence([lacking(lacks)])
    return None


def lacking(lacks: int) -> Text:
    said = counted(lacks, ("aprobación", "aprobaciones"), ("approval is missing", "approvals are missing"))
    return Text(f"{'falta' if lacks == 1 else 'faltan'} {said.es}", said.en)


CHANGED = Text("El texto ha cambiado desde que lo viste. Léelo otra vez.", "The text has changed since you saw it. Read it again.")
MASKED = Text(
    "Una dirección del texto mezcla alfabetos: parece una y es otra. Bórrala y escríbela a mano.",
    "An address in the text mixes alphabets: it looks like one and is another. Delete it and type it.",
)
TOO_OLD = Text("El texto ha caducado. Proponlo otra vez.", "The text has expired. Propose it again.")
MOVED_ON = Text("La incidencia ya está en otro punto. Propón un texto nuevo.", "The incident has moved on. Propose a new text.")
BY_HAND = Text("carebot no publica: cópialo y pulsa «Ya lo hemos dicho».", 'carebot does not publish: copy it and press "We have said it".')


# ── what became of it ────────────────────────────────────────────────────────────────────────────────────────────


def reported(one: Statement, posted: Posted, stage: Stage | None, rulebook: Rulebook, now: datetime) -> Statement:
    """After a word of the hand that publishes. A word on another try than the last one changes nothing."""
    post = next((each for each in one.posts if (each.source, each.language) == (posted.source, posted.language)), None)
    if post is None:
        return one
    if posted.state == "sending":
        if one.state != "publishing" or post.state != "waiting":
            return one
        if why := why_not(one, stage, rulebook, now):
            early = all(each.state == "waiting" for each in one.posts)
            old = early and why in (TOO_OLD, MOVED_ON)
            waits = [replace(each, state="refused", because=why.en) for each in one.posts if each.state == "waiting"]
            return moved(one, Push.expired, now, because=why) if old else _ended(one, waits, rulebook, now, now, because=why)
        return _with(one, [replace(post, state="sending", attempt=posted.attempt, at=now)])
    if post.attempt != posted.attempt or post.state not in ("sending", "unsure"):
        return _with(one, [replace(post, url=posted.url)]) if post.state == "said" and posted.url and not post.url else one
    after = replace(post, state=posted.state, url=posted.url, because=posted.because)
    because = Text(posted.because, posted.because) if posted.because else None
    return _ended(one, [after], rulebook, posted.at, now, because=because)


def found(one: Statement, kind: str, languages: Sequence[str], at: datetime, rulebook: Rulebook, now: datetime) -> Statement:
    """The brand itself has said these words on a network, as its own posts show: by our hand or by people's."""
    here = [post for post in one.posts if kind_of(post.source, rulebook) == kind and post.language in languages and post.state != "said"]
    if here:
        return _ended(one, [replace(post, state="said", because="") for post in here], rulebook, at, now)
    if one.posts or one.state == "published":
        return one
    return moved(begun(replace(one, by_hand=True), at, rulebook), Push.said, now)


def _with(one: Statement, posts: Sequence[Post]) -> Statement:
    new = {(post.source, post.language): post for post in posts}
    return replace(one, posts=tuple(new.get((post.source, post.language), post) for post in one.posts))


def _ended(
    one: Statement, posts: Sequence[Post], rulebook: Rulebook, at: datetime, now: datetime, by: str = "", because: Text | None = None
) -> Statement:
    """With these posts at their end, and moved on if none is still under way."""
    after = _with(one, posts)
    states = {post.state for post in after.posts}
    if "said" in states:
        after = begun(after, at, rulebook)
    if states == {"said"}:
        return moved(after, Push.said, now, by)
    if states & {"waiting", "sending"} or one.state not in ("publishing", "unsure"):
        return after
    return moved(after, Push.lost if "unsure" in states else Push.refused, now, by, because)


def begun(one: Statement, at: datetime, rulebook: Rulebook) -> Statement:
    """Said for the first time at `at`: what it promises is a clock from here on, whatever it was promised with."""
    if one.said_at:
        return one
    usual = None if one.stage == "resolved" else at + rulebook.file.statements.next_update
    return replace(one, said_at=at, next_update_at=promise(one.texts, at, rulebook) or usual)


def aged(one: Statement, stage: Stage | None, now: datetime) -> Statement:
    """As time passes: what was not said in time is not said any more."""
    begun_already = one.state == "publishing" and any(post.state != "waiting" for post in one.posts)
    if one.state not in ("proposed", "approved", "publishing") or begun_already or not one.expires_at:
        return one
    why = TOO_OLD if now >= one.expires_at else MOVED_ON if stage != one.stage else None
    return one if why is None else moved(one, Push.said if one.said_at else Push.expired, now, because=why)
