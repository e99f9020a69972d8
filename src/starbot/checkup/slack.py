"""Slack: the tokens, what they may do, and whether the channels, emoji and groups of the settings are there."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

import yaml

from starbot.checkup.finding import Finding, Part, Skew, listed
from starbot.checkup.notes import Notes
from starbot.errors import RefusedReason, ServiceRefused
from starbot.services.names import STANDARD_EMOJI
from starbot.services.slack import Channel, SlackService, Standing
from starbot.settings import Settings, manifest_path

SLACK = Part("Slack")

MENDS: Mapping[RefusedReason, str] = {
    "unauthorized": "Copy the Bot User OAuth Token from api.slack.com/apps > your app > OAuth & Permissions into "
    "SLACK_BOT_TOKEN; install the app again if there is none.",
    "missing_scope": "api.slack.com/apps > your app > App Manifest: paste manifest.yml, save, then Reinstall to "
    "Workspace.",
}


def steps(settings: Settings, slack: SlackService, notes: Notes, skew: Skew) -> Iterator[Finding]:
    """Everything about Slack."""
    token = settings.env.slack_app_token.get_secret_value()
    return SLACK.walk(
        [
            lambda: _standing(slack.standing()),
            lambda: ways_in(bool(token), bool(settings.env.slack_signing_secret.get_secret_value())),
            lambda: app_token(_refusal(slack, token)) if token else (),
            lambda: _channels(settings, slack),
            lambda: _emoji(settings, slack),
            lambda: _groups(settings, slack, notes),
            lambda: SLACK.clock(skew()),
        ],
        MENDS,
    )


def _standing(standing: Standing) -> Iterator[Finding]:
    yield SLACK.ok(f"bot token: {standing.team}, user {standing.identity.user_id}")
    yield from scopes(standing.scopes, asked_scopes())


def asked_scopes() -> frozenset[str]:
    """The scopes that the manifest asks for."""
    manifest = yaml.safe_load(manifest_path().read_text("utf-8"))
    return frozenset(manifest["oauth_config"]["scopes"]["bot"])


def scopes(granted: Collection[str] | None, asked: Collection[str]) -> Iterator[Finding]:
    """What the bot may do, against what the manifest asks for."""
    if granted is None:
        yield SLACK.warning(
            "scopes: Slack does not say which are granted", "Compare OAuth & Permissions with manifest.yml."
        )
        return
    lacking, beyond = set(asked) - set(granted), set(granted) - set(asked)
    if lacking:
        yield SLACK.fix(f"scopes missing: {listed(lacking)}", MENDS["missing_scope"])
    else:
        yield SLACK.ok(f"scopes: all {len(set(asked))} that the manifest asks for")
    if beyond:
        yield SLACK.warning(
            f"scopes that the bot does not need: {listed(beyond)}",
            "api.slack.com/apps > your app > OAuth & Permissions: remove them, then reinstall.",
        )


def _refusal(slack: SlackService, token: str) -> RefusedReason | None:
    try:
        slack.check_app_token(token)
    except ServiceRefused as no:
        return no.reason
    return None


def ways_in(by_socket: bool, by_http: bool) -> Iterator[Finding]:
    """How Slack reaches the bot. That a signing secret is the right one only a request of Slack's can show."""
    if by_http:
        yield SLACK.ok("signing secret: set; that it is the right one shows with the first request")
    if by_http and by_socket:
        yield SLACK.warning(
            "Socket Mode and HTTP are both on",
            "Once Slack sends to your address, remove SLACK_APP_TOKEN.",
        )


def app_token(refusal: RefusedReason | None) -> Iterator[Finding]:
    """The token that opens the Socket Mode connection."""
    where = "api.slack.com/apps > your app > Basic Information > App-Level Tokens"
    if refusal is None:
        yield SLACK.ok("app-level token: opens Socket Mode")
    elif refusal == "missing_scope":
        yield SLACK.fix(
            "app-level token: without the scope connections:write",
            f"{where}: generate one with connections:write and set SLACK_APP_TOKEN.",
        )
    elif refusal == "unauthorized":
        yield SLACK.fix("app-level token: not accepted", f"{where}: generate one and set SLACK_APP_TOKEN.")
    else:
        yield SLACK.fix(
            "app-level token: opens no connection",
            f"api.slack.com/apps > your app > Socket Mode: switch it on; and see {where}: SLACK_APP_TOKEN.",
        )


def _channels(settings: Settings, slack: SlackService) -> Iterator[Finding]:
    found = slack.channel_ids()
    yield from channel("STAR channel", "slack.star_channel", settings.slack.star_channel, found)
    for name in settings.slack.watched_channels:
        yield from channel("watched channel", "slack.watched_channels", name, found)
    yield from channel("channel of pages", "paging.channel", settings.paging.channel, found)
    yield from channel("channel for hands", "hands.channel", settings.hands.channel, found)


def channel(what: str, key: str, name: str, found: Mapping[str, Channel]) -> Iterator[Finding]:
    """A channel of the settings: there, and the bot in it."""
    if name not in found:
        yield SLACK.fix(
            f"{what} #{name}: not found",
            f"If it is private, type /invite @starbot there; else name another in starbot.toml, {key}.",
        )
    elif not found[name].is_member:
        yield SLACK.fix(f"{what} #{name}: the bot is not in it", "Type /invite @starbot there.")
    else:
        yield SLACK.ok(f"{what} #{name}")


def _emoji(settings: Settings, slack: SlackService) -> Iterator[Finding]:
    known = slack.emoji_names() | STANDARD_EMOJI
    for use, aliases in settings.slack.emoji.model_dump().items():
        yield from emoji(use, aliases, known)


def emoji(use: str, aliases: Sequence[str], known: Collection[str]) -> Iterator[Finding]:
    """The emoji for one use, and which of its names the bot will take."""
    taken = next((name for name in aliases if name in known), None)
    if taken is None:
        yield SLACK.fix(
            f"emoji to {use}: the workspace has none of {', '.join(aliases)}",
            f"Slack > Customize workspace > Emoji: add :{aliases[0]}:; or name one in starbot.toml, "
            f"slack.emoji.{use}.",
        )
    else:
        yield SLACK.ok(f"emoji to {use}: :{taken}:")


def _groups(settings: Settings, slack: SlackService, notes: Notes) -> Iterator[Finding]:
    found = slack.group_ids()
    for name in settings.slack.manager_groups:
        members = slack.group_members(found[name]) if name in found else set()
        notes.group_members |= members
        yield from group("manager group", "slack.manager_groups", name, found, members)
    name = settings.slack.fallback_group
    members = slack.group_members(found[name]) if name in found else set()
    yield from group("fallback group", "slack.fallback_group", name, found, members)


def group(
    what: str, key: str, name: str, found: Iterable[str], members: Collection[str]
) -> Iterator[Finding]:
    """A user group of the settings: there, and somebody in it."""
    place = "Slack > People & user groups > User groups"
    if name not in found:
        yield SLACK.fix(
            f"{what} @{name}: not found", f"{place}: create it; or name another in starbot.toml, {key}."
        )
    elif not members:
        yield SLACK.fix(f"{what} @{name}: nobody is in it", f"{place} > {name}: add the managers.")
    else:
        yield SLACK.ok(f"{what} @{name}: {len(members)} members")
