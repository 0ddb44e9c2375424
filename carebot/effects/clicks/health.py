"""Is the Slack app set up as it must be? Each thing looked at, and for what is wrong, what to do about it: for `carebot doctor`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from carebot.effects.clicks.calls import Api, SlackSays, is_loopback
from carebot.effects.clicks.socket import checked
from carebot.errors import Trouble

# What docs/slack-app-manifest.yaml asks for, and what each is for.
SCOPES: Mapping[str, str] = {
    "chat:write": "post and update cards, and answer who pressed a button",
    "channels:read": "find a channel by its name",
    "channels:history": "see, after a lost reply, whether a card has landed",
    "groups:read": "the same for private channels",
    "groups:history": "the same for private channels",
}
MOST_PAGES = 25  # of 200 channels

Said = tuple[str, bool, str]  # what, whether it is well, and what to know or do


async def checks(bot: str, app: str, signing: bool, channels: Mapping[str, str], base_url: str) -> list[Said]:
    """What Slack says to our tokens. `channels`: the one each route names, by the route."""
    said: list[Said] = []
    if bot:
        async with Api(bot, base_url) as api:
            said += await _bot(api, channels)
    if app:
        async with Api(app, base_url) as api:
            said.append(await _line(api, base_url))
    elif bot and channels:
        how = "POST /slack/actions" if signing else "not received: give slack-app-token (Socket Mode) or slack-signing-secret"
        said.append(("Slack clicks", signing, how))
    return said


async def _bot(api: Api, channels: Mapping[str, str]) -> list[Said]:
    try:
        who = await api("auth.test", {})
    except SlackSays as refused:
        again = "Install the app again and put its bot token (xoxb…) into the credential slack-token"
        return [("Slack token", False, f"refused ({refused.error}). {again}")]
    except Trouble as trouble:
        return [("Slack token", False, str(trouble))]
    name, team = (str(who.said.get(key, "?"))[:80] for key in ("user", "team"))
    said: list[Said] = [("Slack token", True, f"{name} in {team}")]
    if "x-oauth-scopes" in who.headers:
        said.append(scopes(who.headers["x-oauth-scopes"]))
    return said + list(await _channels(api, channels))


def scopes(granted: str) -> Said:
    """The scopes the token has, by Slack's own header, against those that the manifest asks for."""
    has = {scope.strip() for scope in granted.split(",")}
    missing = [f"{scope} ({why})" for scope, why in SCOPES.items() if scope not in has]
    if not missing:
        return ("Slack scopes", True, ", ".join(SCOPES))
    how = "Add under OAuth & Permissions, or paste docs/slack-app-manifest.yaml under App Manifest; then Install to Workspace again"
    return ("Slack scopes", False, f"missing: {'; '.join(missing)}. {how}")


async def _channels(api: Api, channels: Mapping[str, str]) -> Iterator[Said]:
    wanted = {channel.removeprefix("#") for channel in channels.values()}
    if not wanted:
        return iter(())
    try:
        found = await _found(api, wanted)
    except Trouble as trouble:
        return iter([("Slack channels", False, str(trouble))])
    return (_channel(route, channel, found.get(channel.removeprefix("#"))) for route, channel in channels.items())


async def _found(api: Api, wanted: set[str]) -> dict[str, Mapping[str, Any]]:
    """The channels by name and by id, as far as the app sees them."""
    found: dict[str, Mapping[str, Any]] = {}
    asked = {"limit": "200", "exclude_archived": "true", "types": "public_channel,private_channel"}
    for _ in range(MOST_PAGES):
        page = (await api("conversations.list", asked, reads=True)).said
        listed = [one for one in page.get("channels") or [] if isinstance(one, dict)]
        found |= {str(one.get(key)): one for one in listed for key in ("id", "name") if one.get(key) in wanted}
        cursor = (page.get("response_metadata") or {}).get("next_cursor")
        if not cursor or wanted <= set(found):
            break
        asked |= {"cursor": str(cursor)}
    return found


def _channel(route: str, channel: str, found: Mapping[str, Any] | None) -> Said:
    what = f"Slack route {route}"
    if found is None:
        return (what, False, f"{channel} is not there, or carebot does not see it. Write another in routes, or there: /invite @carebot")
    if found.get("is_member") is False:
        return (what, False, f"carebot is not in {channel}. Write there: /invite @carebot")
    return (what, True, f"{channel} is {found.get('id')}")


async def _line(api: Api, base_url: str) -> Said:
    try:
        checked((await api("apps.connections.open", {})).said.get("url"), on_loopback=is_loopback(base_url))
    except SlackSays as refused:
        how = "Under Basic Information, App-Level Tokens, make one with connections:write, and switch Socket Mode on"
        return ("Slack clicks", False, f"Socket Mode: refused ({refused.error}). {how}")
    except Trouble as trouble:
        return ("Slack clicks", False, f"Socket Mode: {trouble}")
    return ("Slack clicks", True, "Socket Mode: a line opens")
