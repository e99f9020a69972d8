"""The Slack workspace in memory: channels, messages, reactions, ephemeral messages, views.

Whatever changes here that Slack would tell an app about is handed to the listener as an event.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from starbot_sandbox.clock import Clock
from starbot_sandbox.slack.blocks import with_ids
from starbot_sandbox.slack.emoji import is_known
from starbot_sandbox.slack.errors import SlackError
from starbot_sandbox.slack.messages import Author, SlackMessage, rich_text
from starbot_sandbox.slack.rates import RateLimits
from starbot_sandbox.slack.seed import SlackSeed, SlackUser
from starbot_sandbox.slack.views import Views

Json = dict[str, Any]
Listener = Callable[["Conversation", Json], None]


@dataclass
class Conversation:
    """A channel, or (with `im_user`) the direct messages of the bot and one person."""

    id: str
    name: str
    members: list[str]
    is_archived: bool = False
    is_private: bool = False
    im_user: str | None = None
    messages: dict[str, SlackMessage] = field(default_factory=dict)
    threads: dict[str, list[SlackMessage]] = field(default_factory=dict)

    @property
    def type(self) -> str:
        """The channel_type of events."""
        if self.im_user:
            return "im"
        return "group" if self.is_private else "channel"

    @property
    def shown_name(self) -> str:
        """The name in payloads: those of private places are not told."""
        return {"im": "directmessage", "group": "privategroup"}.get(self.type, self.name)

    @property
    def family(self) -> str:
        """What its scopes and its kinds of message events are called after: channels, groups or im."""
        return {"channel": "channels", "group": "groups"}.get(self.type, self.type)


class SlackState:
    """One workspace. Methods raise SlackError with the Web API's own error names."""

    def __init__(self, clock: Clock, seed: SlackSeed) -> None:
        self.clock = clock
        self.seed = seed
        self.users = {user.id: user for user in seed.users}
        self.groups = {group.id: group for group in seed.groups}
        self.channels = {
            c.id: Conversation(c.id, c.name, list(c.members), c.is_archived, c.is_private)
            for c in seed.channels
        }
        self.views = Views(seed)
        self.rates = RateLimits()
        self.ephemerals: list[Json] = []
        self.response_urls: dict[str, Json] = {}
        self.bot = Author(user=seed.bot_user_id, bot_id=seed.bot_id, app_id=seed.app_id)
        self.listener: Listener | None = None
        self._last_us = 0

    def next_ts(self) -> str:
        """A message ts: the sandbox clock in microseconds, strictly increasing."""
        now_us = int(self.clock.now().timestamp() * 1_000_000)
        self._last_us = max(now_us, self._last_us + 1)
        return f"{self._last_us // 1_000_000}.{self._last_us % 1_000_000:06d}"

    def channel(self, channel_id: str) -> Conversation:
        """The conversation of that id. SlackError channel_not_found."""
        try:
            return self.channels[channel_id]
        except KeyError:
            raise SlackError("channel_not_found") from None

    def open_im(self, user_id: str) -> Conversation:
        """The direct messages of the bot and that person, made if need be. SlackError user_not_found."""
        user = self.users.get(user_id)
        if user is None:
            raise SlackError("user_not_found")
        if user.deleted:
            raise SlackError("user_disabled")
        channel_id = "D" + user_id[1:]
        if channel_id not in self.channels:
            members = [user_id, self.seed.bot_user_id]
            self.channels[channel_id] = Conversation(channel_id, "", members, im_user=user_id)
        return self.channels[channel_id]

    def author(self, user: SlackUser) -> Author:
        """A person as the author of a message."""
        return Author(user=user.id, team=user.team.id if user.team else None)

    def message(self, channel: Conversation, ts: str) -> SlackMessage:
        """The message of that ts. SlackError message_not_found."""
        try:
            return channel.messages[ts]
        except KeyError:
            raise SlackError("message_not_found") from None

    def post(
        self,
        channel: Conversation,
        author: Author,
        text: str,
        blocks: list[Json] | None = None,
        thread_ts: str | None = None,
        is_broadcast: bool = False,
        metadata: Json | None = None,
    ) -> SlackMessage:
        """Add a message. SlackError is_archived; cannot_reply_to_message where `thread_ts` is no root."""
        if channel.is_archived:
            raise SlackError("is_archived")
        root = self._root(channel, thread_ts)
        is_typed = author.bot_id is None
        message = SlackMessage(
            ts=self.next_ts(),
            channel=channel.id,
            author=author,
            text=text,
            blocks=with_ids(rich_text(text)) if is_typed and blocks is None else blocks or [],
            thread_ts=thread_ts,
            is_broadcast=is_broadcast and root is not None,
            metadata=metadata,
            client_msg_id=str(uuid.uuid4()) if is_typed else None,
        )
        before = self.body(root) if root else {}
        channel.messages[message.ts] = message
        if root:
            channel.threads.setdefault(root.ts, []).append(message)
        self._tell(channel, self._posted(message, root))
        if root and len(channel.threads[root.ts]) == 1:
            self._tell_changed(channel, root, before)
        return message

    def _root(self, channel: Conversation, thread_ts: str | None) -> SlackMessage | None:
        if thread_ts is None:
            return None
        root = channel.messages.get(thread_ts)
        if root is None or root.is_reply:
            raise SlackError("cannot_reply_to_message")
        return root

    def edit(self, channel: Conversation, message: SlackMessage, editor: str, **changes: Any) -> None:
        """Set `text`, `blocks` or `metadata` of a message, as edited by `editor` now."""
        before = self.body(message)
        for name, value in changes.items():
            setattr(message, name, value)
        message.edited = {"user": editor, "ts": self.next_ts()}
        self._tell_changed(channel, message, before)

    def delete(self, channel: Conversation, message: SlackMessage) -> None:
        """Remove a message."""
        del channel.messages[message.ts]
        if message.thread_ts:
            channel.threads[message.thread_ts].remove(message)
        event = {"subtype": "message_deleted", "hidden": True, "deleted_ts": message.ts}
        self._tell(channel, event | {"previous_message": message.core(self.seed.team_id)})

    def react(self, channel: Conversation, message: SlackMessage, user: str, name: str) -> None:
        """Add a reaction. SlackError invalid_name, already_reacted."""
        if not is_known(name, self.seed.emoji):
            raise SlackError("invalid_name")
        people = message.reactions.setdefault(name, [])
        if user in people:
            raise SlackError("already_reacted")
        people.append(user)
        self._tell_reaction("reaction_added", channel, message, user, name)

    def unreact(self, channel: Conversation, message: SlackMessage, user: str, name: str) -> None:
        """Take a reaction back. SlackError no_reaction."""
        people = message.reactions.get(name, [])
        if user not in people:
            raise SlackError("no_reaction")
        people.remove(user)
        if not people:
            del message.reactions[name]
        self._tell_reaction("reaction_removed", channel, message, user, name)

    def show_ephemeral(
        self, channel: Conversation, user: str, text: str, blocks: list[Json], thread_ts: str
    ) -> Json:
        """A message that only `user` sees; it is kept for the controls, not for the Web API."""
        shown = {"ts": self.next_ts(), "channel": channel.id, "user": user, "text": text, "blocks": blocks}
        self.ephemerals.append(shown | {"thread_ts": thread_ts or None})
        return shown

    def body(self, message: SlackMessage, with_metadata: bool = False) -> Json:
        """A message as conversations.history and conversations.replies give it."""
        channel = self.channels[message.channel]
        body = message.core(self.seed.team_id)
        if message.reactions:
            body["reactions"] = message.reaction_list()
        if with_metadata and message.metadata:
            body["metadata"] = message.metadata
        if message.thread_ts is not None:
            return body | self._parent(channel.messages[message.thread_ts])
        return body | self._thread(channel.threads.get(message.ts, []), message.ts)

    def _parent(self, root: SlackMessage) -> Json:
        return {"parent_user_id": root.author.user} if root.author.user else {}

    def _thread(self, replies: list[SlackMessage], ts: str) -> Json:
        if not replies:
            return {}
        people = list(dict.fromkeys(m.author.user or m.author.bot_id for m in replies))
        return {
            "thread_ts": ts,
            "reply_count": len(replies),
            "reply_users_count": len(people),
            "latest_reply": replies[-1].ts,
            "reply_users": people,
            "is_locked": False,
            "subscribed": False,
        }

    def permalink(self, message: SlackMessage) -> str:
        """The address of a message; that of a reply names its thread."""
        archives = f"https://{self.seed.team_domain}.slack.com/archives"
        address = f"{archives}/{message.channel}/p{message.ts.replace('.', '')}"
        if not message.is_reply:
            return address
        return f"{address}?thread_ts={message.thread_ts}&cid={message.channel}"

    def user_json(self, user: SlackUser, with_email: bool) -> Json:
        """A person as users.info gives them; the address only with the scope users:read.email."""
        first, _, last = user.real_name.partition(" ")
        profile = {"real_name": user.real_name, "display_name": user.name, "title": user.title}
        team = self.seed.team_of(user).id
        profile |= {"first_name": first, "last_name": last, "team": team}
        if with_email and user.email:
            profile["email"] = user.email
        return {
            "id": user.id,
            "team_id": team,
            "name": user.name,
            "real_name": user.real_name,
            "deleted": user.deleted,
            "tz": user.tz,
            "profile": profile,
            "is_bot": user.is_bot,
            "is_app_user": False,
            "is_restricted": user.is_restricted,
            "is_ultra_restricted": False,
            "is_stranger": user.is_stranger,
            "is_admin": False,
            "is_owner": False,
            "updated": 0,
        }

    def snapshot(self) -> Json:
        """What GET /_sandbox/state shows under "slack"."""
        return {
            "channels": {
                c.id: {
                    "name": c.name,
                    "members": list(c.members),
                    "is_im": bool(c.im_user),
                    "is_private": c.is_private,
                    "user": c.im_user,
                }
                for c in self.channels.values()
            },
            "messages": [one for channel in self.channels for one in self.messages_in(channel)],
            "ephemerals": self.ephemerals,
            "views": [{"user": v.user, **self.views.body(v)} for v in self.views.modals.values()],
            "homes": {user: self.views.body(view) for user, view in self.views.homes.items()},
        }

    def messages_in(self, channel: str) -> list[Json]:
        """The messages of a channel as the state shows them; none of one that is not there (yet)."""
        found = self.channels.get(channel)
        if found is None:
            return []
        return [
            {"channel": channel, **self.body(message, with_metadata=True)}
            for message in found.messages.values()
        ]

    def _posted(self, message: SlackMessage, root: SlackMessage | None) -> Json:
        event = message.core(self.seed.team_id)
        if message.metadata:
            event["metadata"] = message.metadata
        if root:
            event |= self._parent(root)
        if root and message.is_broadcast:
            event["root"] = self.body(root)
        return event

    def _tell_changed(self, channel: Conversation, message: SlackMessage, before: Json) -> None:
        event = {"subtype": "message_changed", "hidden": True}
        self._tell(channel, event | {"message": self.body(message), "previous_message": before})

    def _tell_reaction(
        self, kind: str, channel: Conversation, message: SlackMessage, user: str, name: str
    ) -> None:
        event: Json = {"type": kind, "user": user, "reaction": name}
        event["item"] = {"type": "message", "channel": channel.id, "ts": message.ts}
        if message.author.user and not message.author.bot_id:
            event["item_user"] = message.author.user
        self._tell(channel, event)

    def _tell(self, channel: Conversation, event: Json) -> None:
        if self.listener is None:
            return
        if event.get("type", "message") == "message":
            place = {"channel": channel.id, "channel_type": channel.type}
            event = {"type": "message", "ts": event.get("ts") or self.next_ts(), **event, **place}
        self.listener(channel, event | {"event_ts": event.get("ts") or self.next_ts()})
