"""Where emergencies meet Slack: presses of their buttons become typed events."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from starbot.core.text import plain
from starbot.duties.emergencies import words
from starbot.duties.emergencies.deeds import Pressed


def from_click(body: Mapping[str, Any], at: datetime) -> Pressed | None:
    """*I'll take it* or *Not needed*."""
    action = body["actions"][0]
    if action["action_id"] not in (words.TAKE, words.DISMISS):
        return None
    case_id, desk = read_value(action)
    return Pressed(
        id=f"click:{body['trigger_id']}",
        at=at,
        case_id=case_id,
        user=body["user"]["id"],
        takes=action["action_id"] == words.TAKE,
        desk=desk,
    )


def read_value(action: Mapping[str, Any]) -> tuple[str, int]:
    """Which emergency, and whose message. ValueError for what is none of ours."""
    case_id, _, desk = plain(str(action.get("value"))).rpartition(":")
    return case_id, int(desk)
