"""Is a request surely from Slack, and from these five minutes? HMAC-SHA256 over "v0:{time}:{body}", compared in constant time.

https://docs.slack.dev/authentication/verifying-requests-from-slack (read 2026-11)
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

WITHIN = timedelta(minutes=5)


def is_signed(headers: Mapping[str, str], body: bytes, secrets: Sequence[str], now: datetime) -> bool:
    """True if one of the secrets signed it, within five minutes of `now`. headers: by lower-case name. False for anything else there is."""
    ahead = our_clock_ahead(headers, body, secrets, now)
    return ahead is not None and abs(ahead) <= WITHIN


def our_clock_ahead(headers: Mapping[str, str], body: bytes, secrets: Sequence[str], now: datetime) -> timedelta | None:
    """How long before `now` it was signed, by whoever signed it; None where none of the secrets did."""
    stamp, proof = headers.get("x-slack-request-timestamp", ""), headers.get("x-slack-signature", "")
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
        return None
    given = proof.encode("utf-8", "surrogateescape")
    # Every secret is tried, so that the time it takes does not tell which one it was.
    if not sum(hmac.compare_digest(given, signature(secret, stamp, body)) for secret in secrets if secret):
        return None
    return timedelta(seconds=now.timestamp() - int(stamp))


def signature(secret: str, stamp: str, body: bytes) -> bytes:
    return b"v0=" + hmac.new(secret.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest().encode()
