"""What one micro-batch brings to the decision."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from carebot.model import Case, Event, Message, Signal
from carebot.understand.verdicts import Verdicts


class Heard(msgspec.Struct, frozen=True):
    """A micro-batch, understood: new messages with their plain texts and verdicts, and everything else that happened.

    set_aside   items that could not be read
    edited   which of these messages were heard before, with other words; by id, with the signals that those were
    former   for a message by somebody who has no case on the desk, or in answer to them: their last one, which was closed
    """

    messages: tuple[Message, ...]
    plain: tuple[str, ...]
    verdicts: Verdicts
    events: tuple[Event, ...] = ()
    former: Mapping[str, Case] = {}
    set_aside: int = 0
    edited: Mapping[str, tuple[Signal, ...]] = {}
