"""How a request shows who asks: the app's bearer token for reading, the account's own four keys for speaking.

The keys are OAuth 1.0a's: they hold until somebody takes them back, while an OAuth 2.0 user token lasts two hours
(docs.x.com/resources/fundamentals/authentication, read 2026-11), and a statement is published once in months, at night.
"""

from __future__ import annotations

import hmac
import re
from base64 import b64encode
from collections.abc import Callable, Mapping
from datetime import datetime
from secrets import token_hex
from urllib.parse import parse_qsl, quote, urlsplit

from carebot.errors import Refused

Signs = Callable[[str, str], dict[str, str]]  # method, address → headers


def bearer(source: str, credential: str, said: str) -> Signs:
    """credential: its name, for people; said: what it holds."""
    token = said.strip()
    if not re.fullmatch(r"[!-~]+", token):
        raise Refused(
            f"{source}: the credential {credential} holds no bearer token",
            "Put the token alone on one line, then: systemctl restart carebot.",
        )
    return lambda method, address: {"Authorization": f"Bearer {token}"}


def account(source: str, credential: str, said: str, now: datetime) -> Signs:
    """The four keys of an account: API key, API key secret, access token, access token secret."""
    keys = said.split()
    if len(keys) != 4 or not all(re.fullmatch(r"[!-~]+", key) for key in keys):
        raise Refused(
            f"{source}: the credential {credential} does not hold four keys",
            "Put API key, API key secret, access token and access token secret on a line each, then: systemctl restart carebot.",
        )

    def signs(method: str, address: str) -> dict[str, str]:
        oauth = {
            "oauth_consumer_key": keys[0],
            "oauth_nonce": token_hex(16),
            "oauth_signature_method": "HMAC-SHA1",
            "oauth_timestamp": f"{now.timestamp():.0f}",
            "oauth_token": keys[2],
            "oauth_version": "1.0",
        }
        oauth["oauth_signature"] = _signature(method, address, oauth, f"{_quoted(keys[1])}&{_quoted(keys[3])}")
        return {"Authorization": "OAuth " + ", ".join(f'{name}="{_quoted(value)}"' for name, value in oauth.items())}

    return signs


def _signature(method: str, address: str, oauth: Mapping[str, str], key: str) -> str:
    """RFC 5849, 3.4. By hand, because oauthlib writes what it signs into the DEBUG log."""
    there = urlsplit(address)
    told = sorted((_quoted(name), _quoted(value)) for name, value in (*parse_qsl(there.query, keep_blank_values=True), *oauth.items()))
    words = (method, f"{there.scheme}://{there.netloc}{there.path}", "&".join(f"{name}={value}" for name, value in told))
    return b64encode(hmac.digest(key.encode(), "&".join(map(_quoted, words)).encode(), "sha1")).decode()


def _quoted(text: str) -> str:
    return quote(text, safe="~")
