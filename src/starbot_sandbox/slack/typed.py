"""What Slack makes of the text that people type behind a slash command.

docs.slack.dev/interactivity/implementing-slash-commands: &, < and > are always escaped; names and links only
where the manifest says `should_escape`.
"""

import re
from collections.abc import Callable, Mapping

from starbot_sandbox.slack.state import SlackState

BROADCASTS = ("here", "channel", "everyone")
_NAME = re.compile(r"(?<!\w)@([\w-]+(?:\.[\w-]+)*)")
_CHANNEL = re.compile(r"(?<!\w)#([\w-]+)")
_LINK = re.compile(r"https?://[^\s|]*[^\s|.,;:!?)]")


def escaped(text: str) -> str:
    """Text in which nothing is markup."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def with_names(text: str, state: SlackState) -> str:
    """Escaped text with @name, #channel and links as markup, where Slack knows them."""
    people = {user.name: f"<@{user.id}|{user.name}>" for user in state.users.values()}
    people |= {group.handle: f"<!subteam^{group.id}|@{group.handle}>" for group in state.groups.values()}
    people |= {name: f"<!{name}>" for name in BROADCASTS}
    channels = {c.name: f"<#{c.id}|{c.name}>" for c in state.channels.values() if c.name}
    linked = _LINK.sub(lambda found: f"<{found[0]}>", text)
    return _CHANNEL.sub(_from(channels), _NAME.sub(_from(people), linked))


def _from(known: Mapping[str, str]) -> Callable[[re.Match[str]], str]:
    return lambda found: known.get(found[1], found[0])
