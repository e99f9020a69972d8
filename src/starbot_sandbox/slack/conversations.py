"""Web API: conversations.* (docs.slack.dev/reference/methods)."""

from collections.abc import Iterable, Iterator
from typing import Any

from starbot_sandbox.slack.call import Call
from starbot_sandbox.slack.errors import SlackError
from starbot_sandbox.slack.messages import SlackMessage
from starbot_sandbox.slack.state import Conversation

Json = dict[str, Any]

TYPES = {
    "public_channel": "channels:read",
    "private_channel": "groups:read",
    "im": "im:read",
    "mpim": "mpim:read",
}
_KINDS = {"channel": "public_channel", "group": "private_channel", "im": "im"}


def list_channels(call: Call) -> Json:
    """conversations.list: by default the public channels, whether the bot is in them or not.

    Private ones are listed only where the bot is in them.
    """
    types = (call.text("types") or "public_channel").replace(" ", "").split(",")
    for kind in types:
        if kind not in TYPES:
            raise SlackError("invalid_types")
        call.need(TYPES[kind])
    found = [
        describe(call, channel)
        for channel in call.state.channels.values()
        if _KINDS[channel.type] in types
        and (channel.type != "group" or call.state.seed.bot_user_id in channel.members)
        and not (call.flag("exclude_archived") and channel.is_archived)
    ]
    channels, metadata = call.page(found, 100, 1000)
    return {"channels": channels, "response_metadata": metadata}


def info(call: Call) -> Json:
    """conversations.info."""
    return {"channel": describe(call, call.conversation("read"))}


def members(call: Call) -> Json:
    """conversations.members."""
    ids, metadata = call.page(call.conversation("read").members, 100, 1000)
    return {"members": ids, "response_metadata": metadata}


def open_im(call: Call) -> Json:
    """conversations.open: the direct messages with one person (`users`), or again by `channel`."""
    call.need("im:write")
    if call.text("channel"):
        channel = call.conversation()
    elif "," in call.text("users"):
        # Group direct messages need mpim:write, which no story asks for.
        call.need("mpim:write")
        raise SlackError("too_many_users")
    elif call.text("users"):
        channel = call.state.open_im(call.text("users"))
    else:
        raise SlackError("users_list_not_supplied")
    return {"channel": describe(call, channel) if call.flag("return_im") else {"id": channel.id}}


def history(call: Call) -> Json:
    """conversations.history: what stands in the channel itself, newest first."""
    channel = call.joined("history")
    newest_first = (m for m in reversed(channel.messages.values()) if not m.is_reply or m.is_broadcast)
    return _messages(call, list(_between(call, newest_first)))


def replies(call: Call) -> Json:
    """conversations.replies: the root, then its replies. A reply's ts gives the thread that it is in."""
    channel = call.joined("history")
    named = channel.messages.get(call.text("ts"))
    if named is None:
        raise SlackError("thread_not_found")
    root = channel.messages[named.thread_ts] if named.thread_ts else named
    thread = [root, *_between(call, channel.threads.get(root.ts, ()))]
    return _messages(call, thread)


def describe(call: Call, channel: Conversation) -> Json:
    """A conversation as Slack gives it."""
    body: Json = {"id": channel.id, "created": 0, "is_archived": channel.is_archived, "is_org_shared": False}
    if channel.im_user:
        return body | {"is_im": True, "user": channel.im_user}
    return body | {
        "name": channel.name,
        "name_normalized": channel.name,
        "is_channel": True,
        "is_group": False,
        "is_im": False,
        "is_mpim": False,
        "is_private": channel.is_private,
        "is_general": channel.name == "general",
        "is_shared": call.state.seed.is_shared(channel.members),
        "is_ext_shared": call.state.seed.is_shared(channel.members),
        "is_member": call.state.seed.bot_user_id in channel.members,
        "num_members": len(channel.members),
    }


def _between(call: Call, messages: Iterable[SlackMessage]) -> Iterator[SlackMessage]:
    """Those after `oldest` and before `latest`; both ends belong to it with `inclusive`."""
    oldest, latest = _bound(call, "oldest", 0.0), _bound(call, "latest", float("inf"))
    inclusive = call.flag("inclusive")
    for message in messages:
        ts = float(message.ts)
        if oldest < ts < latest or (inclusive and ts in (oldest, latest)):
            yield message


def _bound(call: Call, name: str, default: float) -> float:
    try:
        return float(call.text(name) or default)
    except ValueError:
        raise SlackError(f"invalid_ts_{name}") from None


def _messages(call: Call, found: list[SlackMessage]) -> Json:
    page, metadata = call.page(found, 100, 1000)
    with_metadata = call.flag("include_all_metadata")
    has_more = bool(metadata["next_cursor"])
    answer: Json = {"messages": [call.state.body(m, with_metadata) for m in page], "has_more": has_more}
    return answer | ({"response_metadata": metadata} if has_more else {})
