"""What the desk's clicks teach: each is a label of the messages it speaks of. What is learnt from them: `training.desk`.

A click on an incident is a word about its evidence as it was shown. The store keeps labels of messages it has, and nobody else's.
"""

from __future__ import annotations

from collections.abc import Sequence

from carebot.config.schema import Rulebook
from carebot.decide.state import State
from carebot.model import Click, Label, Refusal
from carebot.understand.verdicts import SERVICES

OF_NO_TEXT = ("known", "few", "elsewhere")  # why it was no incident, although the messages do say that something fails


def labels(state: State, click: Click, rulebook: Rulebook) -> tuple[Label, ...]:
    """What this click says of which messages; nothing where its incident is long gone, or `refused` has a reason."""
    incident = state.incidents.get(click.incident)
    if incident is None or refused([click], rulebook):
        return ()
    match click.action:
        case "confirm":
            return _of(incident.messages, click, "yes")
        case "not_incident":
            return () if click.choice in OF_NO_TEXT else _of(incident.messages, click, "no")
        case "correct":
            return _of((click.message,) if click.message else incident.messages, click, click.service)
        case _:
            return ()


def _of(messages: Sequence[str], click: Click, answer: str) -> tuple[Label, ...]:
    corrects = click.action == "correct"
    return tuple(
        Label(
            message=id_,
            question="service" if corrects else "outage",
            answer=answer,
            by=click.user,
            at=click.at,
            alone=corrects and bool(click.message),
        )
        for id_ in messages
    )


def refused(clicks: Sequence[Click], rulebook: Rulebook) -> tuple[Refusal, ...]:
    """Corrections to a service that nobody knows. A click that comes too late changes nothing; this is a mistake that somebody can mend."""
    known = dict.fromkeys((*rulebook.file.services, *SERVICES))
    return tuple(
        Refusal(
            source="desk",
            item=click.id,
            reason=f"corrects to the service {click.service[:40]!r}, which nobody knows: use one of {', '.join(known)}",
        )
        for click in clicks
        if click.action == "correct" and click.service not in known
    )
