"""One call of the Web API: its arguments, and what it is allowed to see."""

import base64
import json
from dataclasses import dataclass
from typing import Any

from starbot_sandbox.slack.errors import SlackError, with_messages
from starbot_sandbox.slack.manifest import AppManifest
from starbot_sandbox.slack.messages import SlackMessage
from starbot_sandbox.slack.state import Conversation, SlackState

Json = dict[str, Any]


@dataclass(frozen=True)
class Call:
    """What a method is given: the workspace, the rights of the app, the arguments."""

    state: SlackState
    manifest: AppManifest
    args: Json

    def text(self, name: str) -> str:
        """An argument as text, "" if absent."""
        value = self.args.get(name)
        return "" if value is None else str(value)

    def flag(self, name: str, default: bool = False) -> bool:
        """A boolean argument, however it was sent."""
        value = self.args.get(name)
        return default if value is None else str(value).lower() in ("1", "true")

    def number(self, name: str, default: int, most: int) -> int:
        """A limit. SlackError invalid_arguments if it is no number."""
        try:
            return max(1, min(int(self.text(name) or default), most))
        except ValueError:
            raise with_messages("invalid_arguments", [f"must be an integer [json-pointer:/{name}]"]) from None

    def opened(self, name: str, error: str) -> Any:
        """A JSON argument, which forms send as text. SlackError `error` if it is no JSON."""
        value = self.args.get(name)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except ValueError:
            raise SlackError(error) from None

    def need(self, scope: str) -> None:
        """SlackError missing_scope unless the manifest grants `scope`."""
        if scope not in self.manifest.scopes:
            raise SlackError("missing_scope", needed=scope, provided=",".join(sorted(self.manifest.scopes)))

    def conversation(self, right: str | None = None) -> Conversation:
        """The channel named by `channel`; `right` ("read", "history") asks for the scope of its type."""
        channel = self.state.channel(self.text("channel"))
        if right:
            self.need(f"{channel.family}:{right}")
        return channel

    def joined(self, right: str | None = None) -> Conversation:
        """The same, if the bot is in it. SlackError not_in_channel; a private channel does not even exist."""
        channel = self.conversation(right)
        if self.state.seed.bot_user_id not in channel.members:
            raise SlackError("channel_not_found" if channel.is_private else "not_in_channel")
        return channel

    def message(self, channel: Conversation, argument: str) -> SlackMessage:
        """The message whose ts is in `argument`."""
        return self.state.message(channel, self.text(argument))

    def page(self, items: list[Any], default: int, most: int) -> tuple[list[Any], Json]:
        """One page of `items` by cursor and limit, and the answer's response_metadata."""
        start = self._cursor()
        limit = self.number("limit", default, most)
        more = start + limit < len(items)
        cursor = base64.b64encode(f"next:{start + limit}".encode()).decode() if more else ""
        return items[start : start + limit], {"next_cursor": cursor}

    def _cursor(self) -> int:
        try:
            text = base64.b64decode(self.text("cursor"), validate=True).decode()
            return int(text.removeprefix("next:")) if text else 0
        except ValueError:
            raise SlackError("invalid_cursor") from None
