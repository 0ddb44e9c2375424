"""How Google lets us in: the service account's key signs a note (RFC 7523), and Google gives a token for it that is good for an hour.

The token is kept in memory only, as it can be fetched again. Signing is PyJWT's; the key never leaves this module.
Facts: developers.google.com/identity/protocols/oauth2/service-account (read 2026-11).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import urlencode

import msgspec

from carebot.errors import Refused, Unreachable
from connectors import answers, base

OFFICIAL = "https://oauth2.googleapis.com"
SCOPE = "https://www.googleapis.com/auth/androidpublisher"
SPARE = timedelta(minutes=1)
RESTART = "Credentials are given to a service when it starts: then systemctl restart carebot."


class _Key(msgspec.Struct):
    client_email: str
    private_key: str
    private_key_id: str = ""


class _Token(msgspec.Struct):
    access_token: str
    expires_in: int = 3600

    def __post_init__(self) -> None:
        if not self.access_token.isascii() or not self.access_token.isprintable() or not self.access_token or self.expires_in <= 0:
            raise ValueError("is no token")


class Account:
    def __init__(self, name: str, credential: str, token_url: str, world: base.World) -> None:
        self._name, self._credential, self._url, self._world = name, credential, token_url, world
        self.token, self._good_until = "", world.clock()

    def forget(self) -> None:
        """Google took the token back before its hour was over."""
        self.token = ""

    async def let_in(self) -> int:
        """Sees to it that there is a token that is still good; how many requests it took."""
        now = self._world.clock()
        if self.token and now < self._good_until:
            return 0
        note = urlencode({"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": self._signed(now)}).encode()
        reply = await self._world.http.post(
            f"{self._url.rstrip('/')}/token",
            body=note,
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            allow_private=self._url != OFFICIAL,
        )
        if reply.status in (400, 401, 403, 404, 410):
            raise Refused(
                f"{self._name}: Google does not accept the service account's key ({reply.status})",
                f"See that the account still exists, that its key was not deleted and that this machine's clock is right. {RESTART}",
            )
        if reply.status != 200:
            raise Unreachable(f"{self._name}: Google answered {reply.status} where it gives out tokens")
        given = answers.page(reply.body, _Token, self._name, "Google did not answer with a token")
        self.token, self._good_until = given.access_token, now + timedelta(seconds=min(given.expires_in, 3600)) - SPARE
        return 1

    def _signed(self, now: datetime) -> str:
        try:
            import jwt
        except ImportError:
            raise Refused(
                f"{self._name}: signing for Google needs PyJWT, which is not installed", 'Install it: pip install "carebot[google]".'
            ) from None
        key = answers.read_as(_Key, answers.decoded(self._world.secret(self._credential).encode(errors="replace")))
        claims = {"scope": SCOPE, "aud": f"{OFFICIAL}/token", "iat": int(now.timestamp()), "exp": int(now.timestamp()) + 3600}
        try:
            if key:
                return jwt.encode({"iss": key.client_email, **claims}, key.private_key, "RS256", {"kid": key.private_key_id})
        except (ValueError, TypeError, jwt.PyJWTError):  # its text may quote the key
            pass
        raise Refused(
            f"{self._name}: the credential {self._credential} is not a service account's key file",
            f"Download the account's key as JSON from the Google Cloud console and put the whole file there. {RESTART}",
        )
