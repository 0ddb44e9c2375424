"""How a sender proves that a request is theirs: each as that system really signs. Pure, and never raises: the headers are a stranger's.

| how | what is signed | seen at |
| --- | --- | --- |
| carebot | hex HMAC-SHA256 of `{timestamp}.{body}` in x-carebot-signature | ours |
| chatwoot | the same in x-chatwoot-signature, since 2026-03 | github.com/chatwoot/chatwoot pull 13573 |
| zendesk | base64 HMAC-SHA256 of timestamp + body in x-zendesk-webhook-signature | developer.zendesk.com/documentation/webhooks/verifying |
| hub | hex HMAC-SHA256 of the body in x-hub-signature-256, or in another header, as Meta and many others | Meta's webhooks |
| bearer, basic | nothing: the secret itself travels, in `authorization` or another header | Alertmanager 0.25, which can do no more |

Read and tried 2026-11. A timestamp that is signed makes an old request worthless; without one the same request may come again, and its ids
are known.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple

How = Literal["carebot", "chatwoot", "zendesk", "hub", "bearer", "basic"]
HEX = re.compile(r"sha256=[0-9a-f]{64}")
BASE64 = re.compile(r"[A-Za-z0-9+/]{43}=")
EPOCH = re.compile(r"[0-9]{1,11}")
MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?Z")
NEVER = ""  # what nobody's signature equals: it is compared all the same, so that a stranger learns nothing from the time it takes


class Given(NamedTuple):
    """A request, when it came, and how old its timestamp may be. `header`: where the proof stands, if not in its usual place."""

    headers: Mapping[str, str]
    body: bytes
    now: datetime
    max_age: timedelta
    header: str = ""


def signature(key: bytes, timestamp: str, body: bytes) -> str:
    """What a sender writes into x-carebot-signature."""
    return "sha256=" + hmac.new(key, timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def is_proved(how: How, given: Given, keys: tuple[bytes, ...]) -> bool:
    """True if one of the keys proves just this request, and it is not too old."""
    proof, expected = _PROOFS[how](given)
    fits = [hmac.compare_digest(expected(key).encode(), proof.encode(errors="replace")) for key in keys]
    return bool(proof) and any(fits)


Proof = tuple[str, Callable[[bytes], str]]


def _stamped(sender: str) -> Callable[[Given], Proof]:
    def proof(given: Given) -> Proof:
        at = given.headers.get(f"x-{sender}-timestamp", "")
        signed = given.headers.get(f"x-{sender}-signature", "")
        fresh = EPOCH.fullmatch(at) and abs(given.now.timestamp() - int(at)) <= given.max_age.total_seconds()
        return signed if fresh and HEX.fullmatch(signed) else NEVER, lambda key: signature(key, at if fresh else "", given.body)

    return proof


def _zendesk(given: Given) -> Proof:
    at = given.headers.get("x-zendesk-webhook-signature-timestamp", "")
    signed = given.headers.get("x-zendesk-webhook-signature", "")
    fresh = MOMENT.fullmatch(at) and _age(at, given.now) <= given.max_age
    stamp = at.encode() if fresh else b""
    digest = hashlib.sha256
    return signed if fresh and BASE64.fullmatch(signed) else NEVER, lambda key: base64.b64encode(
        hmac.digest(key, stamp + given.body, digest)
    ).decode()


def _age(at: str, now: datetime) -> timedelta:
    try:
        return abs(now - datetime.fromisoformat(at).astimezone(UTC))
    except (ValueError, OverflowError):
        return timedelta.max


def _hub(given: Given) -> Proof:
    signed = given.headers.get(given.header or "x-hub-signature-256", "")
    return signed if HEX.fullmatch(signed) else NEVER, lambda key: "sha256=" + hmac.new(key, given.body, hashlib.sha256).hexdigest()


def _bearer(given: Given) -> Proof:
    shown = given.headers.get(given.header or "authorization", "")
    return shown, lambda key: ("" if given.header else "Bearer ") + key.decode(errors="replace")


def _basic(given: Given) -> Proof:
    return given.headers.get("authorization", ""), lambda key: "Basic " + base64.b64encode(key).decode()


_PROOFS: dict[How, Callable[[Given], Proof]] = {
    "carebot": _stamped("carebot"),
    "chatwoot": _stamped("chatwoot"),
    "zendesk": _zendesk,
    "hub": _hub,
    "bearer": _bearer,
    "basic": _basic,
}
