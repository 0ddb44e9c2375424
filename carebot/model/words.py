"""What staff and customers read: one sentence in both languages, and the reasons to say one."""

from __future__ import annotations

from typing import Literal

import msgspec

Language = Literal["es", "en"]
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
