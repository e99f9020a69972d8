"""What people write and react in the workspace, and what Slack's clients and Workflow Builder make of it.

Errors of the person at the controls are ValueErrors with a helpful text; those of the Web API keep their names.
"""

from typing import Any

from starbot_sandbox.slack.blocks import with_ids
from starbot_sandbox.slack.messages import Author, SlackMessage, rich_text
from starbot_sandbox.slack.seed import SlackUser
from starbot_sandbox.slack.state import Conversation, SlackState

Json = dict[str, Any]


class People:
    """The people of one workspace, with their hands on the keyboard."""

    def __init__(self, state: SlackState) -> None:
        self.state = state

    def user(self, name: str) -> SlackUser:
        """A person by id, user name, real name or e-mail address."""
        for user in self.state.users.values():
            if name.removeprefix("@") in (user.id, user.name, user.real_name, user.email):
                return user
        raise ValueError(f"no Slack user {name!r} in this world")

    def user_id(self, name: str) -> str:
        """The id of that person."""
        return self.user(name).id

    def check_member(self, user: SlackUser, channel: Conversation) -> None:
        """ValueError unless that person is in that channel."""
        if user.id not in channel.members:
            raise ValueError(f"{user.real_name} is not in {channel.name or channel.id}")

    def channel(self, name: str) -> Conversation:
        """A channel by id or name; a person's id or "D..." is their direct messages with the bot."""
        bare = name.removeprefix("#")
        for channel in self.state.channels.values():
            if bare == channel.id or (channel.name and bare == channel.name):
                return channel
        person = "U" + bare[1:] if bare.startswith("D") else bare
        if person in self.state.users:
            return self.state.open_im(person)
        raise ValueError(f"no Slack channel {name!r} in this world")

    def message(self, channel: Conversation, ts: str) -> SlackMessage:
        """A message of that channel."""
        if ts not in channel.messages:
            raise ValueError(f"no message {ts} in {channel.name or channel.id}")
        return channel.messages[ts]

    def post_form(self, channel: str, text: str, fields: Json, workflow: str) -> SlackMessage:
        """A form post as Workflow Builder makes it: `text`, then each bold label and its answer."""
        seed = self.state.seed
        lines = [text] if text else []
        lines += [f"*{label}*\n{answer}" for label, answer in fields.items()]
        whole = "\n".join(lines)
        author = Author(bot_id=seed.workflow_bot_id, username=seed.workflow_name, workflow_id=workflow)
        return self.state.post(self.channel(channel), author, whole, form_blocks(whole))

    def write(self, user: str, channel: str, text: str, thread_ts: str | None) -> SlackMessage:
        """A person writes a message. ValueError if they are not in that channel."""
        author = self.user(user)
        place = self.channel(channel)
        self.check_member(author, place)
        return self.state.post(place, self.state.author(author), text, thread_ts=thread_ts)

    def edit(self, channel: str, ts: str, text: str, user: str | None) -> SlackMessage:
        """A person edits a post; a form post is edited by whoever may."""
        place = self.channel(channel)
        message = self.message(place, ts)
        editor = self.user(user).id if user else message.author.user or self.state.seed.users[0].id
        blocks = form_blocks(text) if message.author.workflow_id else with_ids(rich_text(text))
        self.state.edit(place, message, editor, text=text, blocks=blocks)
        return message

    def react(self, user: str, channel: str, ts: str, name: str) -> None:
        """A person adds a reaction."""
        place = self.channel(channel)
        self.state.react(place, self.message(place, ts), self.user(user).id, name.strip(":"))

    def unreact(self, user: str, channel: str, ts: str, name: str) -> None:
        """A person takes a reaction back."""
        place = self.channel(channel)
        self.state.unreact(place, self.message(place, ts), self.user(user).id, name.strip(":"))


def form_blocks(text: str) -> list[Json]:
    """The block of a workflow's post (no text of more than 3000 characters fits into one section)."""
    parts = [text[start : start + 3000] for start in range(0, len(text), 3000)]
    return with_ids([{"type": "section", "text": {"type": "mrkdwn", "text": part}} for part in parts])
