"""Is a request surely from Slack, and from these five minutes? HMAC-SHA256 over "v0:{time}:{body}", compared in constant time.

https://docs.slack.dev/authentication/verifying-requests-from-slack (read 2026-11)
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime

WITHIN_S = 300


def is_signed(headers: Mapping[str, str], body: bytes, secrets: Sequence[str], now: datetime) -> bool:
    """True if one of the secrets signed it, within five minutes of `now`. headers: by lower-case name. False for anything else there is."""
    stamp, proof = headers.get("x-slack-request-timestamp", ""), headers.get("x-slack-signature", "")
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12) or abs(now.timestamp() - int(stamp)) > WITHIN_S:
        return False
    given = proof.encode("utf-8", "surrogateescape")
    # Every secret is tried, so that the time it takes does not tell which one it was.
    return sum(hmac.compare_digest(given, signature(secret, stamp, body)) for secret in secrets if secret) > 0


def signature(secret: str, stamp: str, body: bytes) -> bytes:
    return b"v0=" + hmac.new(secret.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest().encode()
