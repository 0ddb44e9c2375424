"""Comments, mentions and messages of our own Facebook page and Instagram account. Needs an app of ours at Meta, with Advanced Access.

`read: webhook` (usual): Meta sends us what happens, signed with the app's secret, up to a thousand things at once, and again for up to 36
hours when we do not answer (direct messages: for one hour, and then no more until somebody subscribes anew). Before that it asks, once,
whether the address is ours: `greet`. `read: comments`: we ask for the latest posts and what is said under them; a second source beside
the first, for what was sent while nobody was there to take it, and for comments that come without their words. Ids are the same both
ways, so what comes twice counts once.

Facts: developers.facebook.com/docs/graph-api/webhooks (getting started; reference page and instagram), messenger-platform/reference/
webhook-events, instagram-platform/webhooks/examples, graph-api/reference/object/comments, graph-api/results, graph-api/overview/
rate-limiting (read 2026-11, the page on webhooks as others quote it).
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field, model_validator

from carebot.config.parts import Name
from carebot.errors import Refused
from carebot.model import Batch
from connectors import answers, base
from connectors.meta.graph import OFFICIAL, Graph
from connectors.meta.hooks import read

__all__ = ["EXAMPLE", "Meta", "Options", "connect", "is_signed", "signature"]

EXAMPLE = """
name: meta
kind: meta
secret: meta-app-secret
verify: meta-verify-token
"""

MAX_BODY = 1_000_000
SIGNATURE = re.compile(r"sha256=([0-9a-f]{64})")
_NEEDS = {"webhook": ("secret", "verify"), "comments": ("account", "token")}
_MAY = {"webhook": ("old_secret",), "comments": ("network", "base_url", "allow_private")}


class Options(base.Options):
    read: Literal["webhook", "comments"] = Field(
        "webhook", description="webhook: Meta sends us everything; comments: we ask for the latest."
    )
    secret: Name | None = Field(
        None, description="webhook: the name of the credential that holds the app's secret, never the secret itself."
    )
    old_secret: Name | None = Field(None, description="webhook: the secret before this one, while it is being changed. Both are accepted.")
    verify: Name | None = Field(
        None, description="webhook: the name of the credential that holds the verify token you typed into Meta's page."
    )
    network: Literal["facebook", "instagram"] = Field("facebook", description="comments: whose posts.")
    account: int | None = Field(None, gt=0, lt=10**20, description="comments: the number of the page, or of the Instagram account.")
    token: Name | None = Field(None, description="comments: the name of the credential that holds the page's access token.")
    base_url: str = Field(OFFICIAL, description="comments: where Meta's Graph API is. Leave it out.")
    allow_private: bool = Field(False, description="comments: true if base_url is a server of your own.")

    @model_validator(mode="after")
    def _complete(self) -> Options:
        missing = [key for key in _NEEDS[self.read] if getattr(self, key) is None]
        if missing:
            raise ValueError(f"read: {self.read} also needs {' and '.join(f'`{key}`' for key in missing)}.")
        other = "comments" if self.read == "webhook" else "webhook"
        if strange := [key for key in (*_NEEDS[other], *_MAY[other]) if key in self.model_fields_set]:
            raise ValueError(f"`{strange[0]}` is for read: {other}, and this is read: {self.read}. Write two sources.")
        answers.theirs(self.base_url, OFFICIAL, self.allow_private)
        return self


class Meta:
    """What Meta sends us."""

    def __init__(self, name: str, keys: tuple[bytes, ...], token: bytes) -> None:
        self._name, self._keys, self._token = name, keys, token

    def receive(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Batch:
        if len(body) > MAX_BODY or not is_signed(headers, body, self._keys):
            raise Refused(
                f"{self._name}: a request was not signed with the app's secret",
                "If it was Meta, compare the secret in the app's basic settings with ours. The proxy must leave the body as it is.",
            )
        return read(body, self._name, now)

    def greet(self, query: Mapping[str, str]) -> str | None:
        """Meta asks, when it is told our address, whether it is ours. Answered with its own challenge, if it knows the token."""
        given = query.get("hub.verify_token", "").encode(errors="replace")
        known = hmac.compare_digest(given, self._token)
        return query.get("hub.challenge") if known and query.get("hub.mode") == "subscribe" else None


def connect(name: str, options: BaseModel, world: base.World) -> base.Connector | base.Receiver:
    assert isinstance(options, Options)
    if options.read == "comments":
        assert options.account
        assert options.token
        return Graph(name, options.network, options.account, options.token, options.base_url, world)
    assert options.secret
    assert options.verify
    names = [each for each in (options.secret, options.old_secret, options.verify) if each]
    *keys, token = (world.secret(each).strip().encode() for each in names)
    if short := [each for each, key in zip(names, (*keys, token), strict=True) if len(key) < 16]:
        raise Refused(
            f"{name}: what is in credential {' and '.join(short)} is shorter than 16 characters",
            "The app's secret is in its basic settings at Meta; make a verify token yourself: openssl rand -hex 32.",
        )
    return Meta(name, tuple(keys), token)


def signature(key: bytes, body: bytes) -> str:
    """What Meta writes into X-Hub-Signature-256."""
    return "sha256=" + hmac.new(key, body, hashlib.sha256).hexdigest()


def is_signed(headers: Mapping[str, str], body: bytes, keys: tuple[bytes, ...]) -> bool:
    """True if one of the keys signed just this. Never raises: the headers are a stranger's."""
    given = headers.get("x-hub-signature-256", "")
    if not SIGNATURE.fullmatch(given):
        return False
    fits = [hmac.compare_digest(signature(key, body), given) for key in keys]
    return any(fits)
