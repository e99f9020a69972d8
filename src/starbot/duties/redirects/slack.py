"""Where people point at a misplaced post: a reply that is only the emoji, or a reaction with it.

The events carry no user: who pointed is read from nothing, stored nowhere and logged nowhere.
"""

import re
from collections.abc import Collection
from datetime import datetime
from typing import Any

from starbot.core.facts import MessageRef
from starbot.duties.redirects.model import PointedAt

_ONLY_AN_EMOJI = re.compile(r"\s*:([a-z0-9_+'-]+):\s*", re.IGNORECASE)


def from_reply(
    message: dict[str, Any], channels: Collection[str], emoji: Collection[str], at: datetime
) -> PointedAt | None:
    """A person's reply that holds nothing but the emoji points at the head of its thread."""
    only = _ONLY_AN_EMOJI.fullmatch(message.get("text") or "")
    head = message.get("thread_ts")
    if message.get("channel") not in channels or only is None or only[1].lower() not in emoji:
        return None
    if not head or head == message.get("ts") or message.get("bot_id"):
        return None
    return _pointed(MessageRef(channel=message["channel"], ts=head), at)


def from_reaction(
    reaction: dict[str, Any], channels: Collection[str], emoji: Collection[str], at: datetime
) -> PointedAt | None:
    """A reaction with the emoji points at the message that bears it, or at the head of its thread."""
    item = reaction.get("item") or {}
    if item.get("type") != "message" or item.get("channel") not in channels:
        return None
    if str(reaction.get("reaction", "")).partition("::")[0] not in emoji:
        return None
    return _pointed(MessageRef(channel=item["channel"], ts=item["ts"]), at)


def _pointed(message: MessageRef, at: datetime) -> PointedAt:
    return PointedAt(id=f"redirect:{message.channel}:{message.ts}:pointed", at=at, message=message)
