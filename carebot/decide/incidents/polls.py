"""Do you see it too? What people at the desk answer about a suspected incident, as evidence.

A colleague who tries the app is a witness like a probe, only weaker: they share a building and its network, and want to help. Two of them
who see it, and more than do not, vouch for what two customers say. The shares are judgements, as in `witnesses`.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import exp

from msgspec.structs import replace

from carebot.model import Click, Incident

YES = 1.6  # of those who answer, half can see a real failure; one in ten takes another trouble (a bad line) for a false one
NO = -0.6  # half of them cannot see a real one either: another telephone, another network; of a false one nine in ten
MOST, LEAST = 3.0, -1.8  # as much as a provider's own word, and never so little that nobody believes customers any more
VOUCH = 2


def nats(votes: Mapping[str, bool]) -> float:
    """What the answers add to the customers' evidence, as a log likelihood ratio."""
    return max(LEAST, min(MOST, sum(YES if sees else NO for sees in votes.values())))


def vouched(votes: Mapping[str, bool]) -> bool:
    """Two people at the desk see it too, and more than do not."""
    yes = sum(votes.values())
    return yes >= VOUCH and 2 * yes > len(votes)


def rarer(false_alarms: float, votes: Mapping[str, bool]) -> float:
    """False alarms a month that the evidence stands for together with the answers."""
    return false_alarms * exp(-nats(votes)) if votes else false_alarms


def answered(incident: Incident, click: Click) -> Incident:
    """The incident with this person's answer; their latest counts. Only a suspicion is asked about."""
    sees = click.action == "see_yes"
    if incident.phase != "suspected" or incident.votes.get(click.user) is sees:
        return incident
    return replace(incident, votes={**incident.votes, click.user: sees})
