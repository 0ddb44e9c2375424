"""What one micro-batch brings to the decision."""

from __future__ import annotations

import msgspec

from carebot.model import Event, Message
from carebot.understand.verdicts import Verdicts


class Heard(msgspec.Struct, frozen=True):
    """A micro-batch, understood: new messages with their plain texts and verdicts, and everything else that happened."""

    messages: tuple[Message, ...]
    plain: tuple[str, ...]
    verdicts: Verdicts
    events: tuple[Event, ...] = ()
