"""What the app's answers do: the payload in the ack of a command, and what is sent to a response_url.

docs.slack.dev/interactivity/handling-user-interaction#message_responses: five uses within thirty minutes.
"""

import secrets
import time
from typing import Any

from starbot_sandbox.slack.blocks import checked_blocks
from starbot_sandbox.slack.errors import SlackError
from starbot_sandbox.slack.state import Conversation, SlackState

Json = dict[str, Any]

TEXT_LIMIT = 40_000
URL_USES = 5
URL_LIFE_S = 1800.0


def new_response_url(state: SlackState, channel: Conversation, user: str, ts: str = "") -> str:
    """The key of a fresh response_url; `ts` is the app's message that may be replaced by it."""
    key = secrets.token_urlsafe(12)
    made = {"channel": channel.id, "user": user, "ts": ts, "uses": 0, "made": time.monotonic()}
    state.response_urls[key] = made
    return key


def show(state: SlackState, channel: Conversation, user: str, answer: Any) -> None:
    """Show an answer to its user alone, or to all with `in_channel`; one without content shows nothing.

    SlackError invalid_blocks and the like, msg_too_long, invalid_payload.
    """
    if isinstance(answer, str):
        answer = {"text": answer}
    text, blocks = _content(answer)
    if not text and not blocks:
        return
    thread_ts = str(answer.get("thread_ts") or "")
    if answer.get("response_type") == "in_channel":
        state.post(channel, state.bot, text, blocks, thread_ts=thread_ts or None)
    else:
        state.show_ephemeral(channel, user, text, blocks, thread_ts)


def respond(state: SlackState, key: str, body: Any) -> Json:
    """What a POST to a response_url does. SlackError used_url, expired_url, and those of `show`."""
    place = state.response_urls.get(key)
    if place is None or place["uses"] >= URL_USES:
        raise SlackError("used_url")
    if time.monotonic() - place["made"] > URL_LIFE_S:
        raise SlackError("expired_url")
    if not isinstance(body, dict):
        raise SlackError("invalid_payload")
    place["uses"] += 1
    channel = state.channel(place["channel"])
    if body.get("delete_original"):
        _delete(state, channel, place["ts"])
    elif not (body.get("replace_original") and _replaced(state, channel, place["ts"], body)):
        show(state, channel, place["user"], body)
    return {"ok": True}


def _content(answer: Any) -> tuple[str, list[Json]]:
    if not isinstance(answer, dict):
        raise SlackError("invalid_payload")
    text, blocks = str(answer.get("text") or ""), answer.get("blocks")
    if len(text) > TEXT_LIMIT:
        raise SlackError("msg_too_long")
    return text, checked_blocks(blocks) if blocks else []


def _delete(state: SlackState, channel: Conversation, ts: str) -> None:
    state.ephemerals = [each for each in state.ephemerals if each["ts"] != ts]
    if ts in channel.messages:
        state.delete(channel, channel.messages[ts])


def _replaced(state: SlackState, channel: Conversation, ts: str, body: Json) -> bool:
    """Whether there was something to replace."""
    text, blocks = _content(body)
    for ephemeral in state.ephemerals:
        if ephemeral["ts"] == ts:
            ephemeral |= {"text": text, "blocks": blocks}
            return True
    if ts not in channel.messages:
        return False
    state.edit(channel, channel.messages[ts], state.seed.bot_user_id, text=text, blocks=blocks)
    return True
