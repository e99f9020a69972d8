"""Web API: chat.* and reactions.* (docs.slack.dev/reference/methods)."""

import json
from typing import Any

from starbot_sandbox.slack.answers import TEXT_LIMIT
from starbot_sandbox.slack.blocks import checked_blocks
from starbot_sandbox.slack.call import Call
from starbot_sandbox.slack.errors import SlackError
from starbot_sandbox.slack.messages import SlackMessage
from starbot_sandbox.slack.state import Conversation

Json = dict[str, Any]

METADATA_LIMIT = 15_000


def post_message(call: Call) -> Json:
    """chat.postMessage. `channel` may be a user id: that person's direct messages."""
    channel = _destination(call)
    text, blocks = _content(call)
    message = call.state.post(
        channel,
        call.state.bot,
        text,
        blocks,
        thread_ts=call.text("thread_ts") or None,
        is_broadcast=call.flag("reply_broadcast"),
        metadata=_metadata(call),
    )
    return {"channel": channel.id, "ts": message.ts, "message": _own(call, message)}


def update(call: Call) -> Json:
    """chat.update: only the bot's own messages; blocks that are not sent again are dropped."""
    channel = call.conversation()
    message = call.message(channel, "ts")
    if message.author != call.state.bot:
        raise SlackError("cant_update_message")
    text, blocks = _content(call)
    changes: Json = {"text": text, "blocks": blocks}
    if "metadata" in call.args:
        changes["metadata"] = _metadata(call)
    call.state.edit(channel, message, call.state.seed.bot_user_id, **changes)
    return {"channel": channel.id, "ts": message.ts, "text": text, "message": _own(call, message)}


def post_ephemeral(call: Call) -> Json:
    """chat.postEphemeral: for one person who is in the channel."""
    channel = call.joined()
    user = call.text("user")
    if user not in channel.members:
        raise SlackError("user_not_in_channel")
    text, blocks = _content(call)
    shown = call.state.show_ephemeral(channel, user, text, blocks, call.text("thread_ts"))
    return {"message_ts": shown["ts"]}


def get_permalink(call: Call) -> Json:
    """chat.getPermalink."""
    channel = call.conversation()
    return {"channel": channel.id, "permalink": call.state.permalink(call.message(channel, "message_ts"))}


def add_reaction(call: Call) -> Json:
    """reactions.add."""
    channel = call.joined()
    message = call.message(channel, "timestamp")
    call.state.react(channel, message, call.state.seed.bot_user_id, call.text("name"))
    return {}


def remove_reaction(call: Call) -> Json:
    """reactions.remove."""
    channel = call.joined()
    message = call.message(channel, "timestamp")
    call.state.unreact(channel, message, call.state.seed.bot_user_id, call.text("name"))
    return {}


def get_reactions(call: Call) -> Json:
    """reactions.get: the message with its reactions."""
    channel = call.joined()
    message = call.message(channel, "timestamp")
    body = call.state.body(message) | {"permalink": call.state.permalink(message)}
    return {"type": "message", "channel": channel.id, "message": body}


def _destination(call: Call) -> Conversation:
    wanted = call.text("channel")
    if wanted in call.state.users:
        return call.state.open_im(wanted)
    named = [c for c in call.state.channels.values() if c.name and c.name == wanted.removeprefix("#")]
    channel = named[0] if named else call.conversation()
    is_member = call.state.seed.bot_user_id in channel.members
    if not is_member and "chat:write.public" not in call.manifest.scopes:
        raise SlackError("not_in_channel")
    return channel


def _content(call: Call) -> tuple[str, list[Json]]:
    text = call.text("text")
    blocks = call.opened("blocks", "invalid_blocks_format")
    if len(text) > TEXT_LIMIT:
        raise SlackError("msg_too_long")
    if not text and not blocks:
        raise SlackError("no_text")
    return text, checked_blocks(blocks) if blocks else []


def _metadata(call: Call) -> Json | None:
    metadata = call.opened("metadata", "invalid_metadata_format")
    if metadata is None:
        return None
    if not isinstance(metadata, dict) or not isinstance(metadata.get("event_payload"), dict):
        raise SlackError("invalid_metadata_format")
    if not isinstance(metadata.get("event_type"), str) or not metadata["event_type"]:
        raise SlackError("invalid_metadata_schema")
    if len(json.dumps(metadata)) > METADATA_LIMIT:
        raise SlackError("metadata_too_large")
    return metadata


def _own(call: Call, message: SlackMessage) -> Json:
    """The message as the answer to the one who wrote it has it: with its metadata."""
    body = message.core(call.state.seed.team_id)
    return body | ({"metadata": message.metadata} if message.metadata else {})
