"""A message as the workspace keeps it, and as Slack shows it in answers and events."""

from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True)
class Author:
    """Who wrote a message: a person (`user`), the bot (`user` and `bot_id`), a workflow (no `user`).

    `workflow_id` is set for posts of Workflow Builder, which are of subtype bot_message; `team` for a
    person of another workspace.
    """

    user: str | None = None
    bot_id: str | None = None
    app_id: str | None = None
    username: str | None = None
    workflow_id: str | None = None
    team: str | None = None


@dataclass
class SlackMessage:
    """One message. `thread_ts` is the root's ts for a reply and None for a root."""

    ts: str
    channel: str
    author: Author
    text: str
    blocks: list[Json] = field(default_factory=list)
    thread_ts: str | None = None
    is_broadcast: bool = False
    metadata: Json | None = None
    client_msg_id: str | None = None
    edited: Json | None = None
    reactions: dict[str, list[str]] = field(default_factory=dict)

    @property
    def is_reply(self) -> bool:
        """Whether it stands in a thread under another message."""
        return self.thread_ts is not None

    @property
    def subtype(self) -> str | None:
        """Slack's subtype: bot_message for posts without a user, thread_broadcast, else none."""
        if self.author.user is None:
            return "bot_message"
        return "thread_broadcast" if self.is_broadcast else None

    def core(self, team: str) -> Json:
        """What an event and an answer have in common."""
        body: Json = {"type": "message", "text": self.text, "ts": self.ts}
        body |= _present(
            subtype=self.subtype,
            user=self.author.user,
            team=(self.author.team or team) if self.author.user else None,
            user_team=self.author.team,
            source_team=self.author.team,
            bot_id=self.author.bot_id,
            app_id=self.author.app_id,
            username=self.author.username,
            workflow_id=self.author.workflow_id,
            client_msg_id=self.client_msg_id,
            thread_ts=self.thread_ts,
            edited=self.edited,
            blocks=self.blocks,
        )
        return body

    def reaction_list(self) -> list[Json]:
        """The reactions as Slack lists them."""
        return [{"name": n, "users": list(u), "count": len(u)} for n, u in self.reactions.items()]


def _present(**fields: Any) -> Json:
    return {name: value for name, value in fields.items() if value}


def rich_text(text: str) -> list[Json]:
    """The block that Slack makes of what a person types."""
    words = {"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}
    return [{"type": "rich_text", "elements": [words]}]
