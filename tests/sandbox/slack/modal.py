"""Modals for tests: their pieces in one line each, and opening one for Lena."""

from typing import Any

from slack_sdk import WebClient

from tests.sandbox.desk import Desk, Ear

Json = dict[str, Any]


def plain(text: str) -> Json:
    """A plain_text object."""
    return {"type": "plain_text", "text": text}


def option(value: str, **more: Any) -> Json:
    """An option whose words are its value with a capital letter."""
    return {"text": plain(value.capitalize()), "value": value, **more}


def asking(block_id: str, kind: str = "plain_text_input", **element: Any) -> Json:
    """An input block; the action id of its element ends in -answer."""
    asked = {"type": kind, "action_id": f"{block_id}-answer", **element}
    return {"type": "input", "block_id": block_id, "label": plain("?"), "element": asked}


def modal(*blocks: Json, title: str = "Dialog", **more: Any) -> Json:
    """A modal with a submit button."""
    return {"type": "modal", "title": plain(title), "submit": plain("Send"), "blocks": list(blocks), **more}


def trigger(desk: Desk, ear: Ear, user: str = "U0LENA") -> str:
    """A fresh trigger id, from a slash command."""
    desk.post("slack/command", user=user, channel="C0STARS", command="/star")
    return str(ear.last("slash_commands").payload["trigger_id"])


def opened(desk: Desk, slack: WebClient, ear: Ear, *blocks: Json, **more: Any) -> str:
    """The id of a modal that Lena now sees."""
    view = slack.views_open(trigger_id=trigger(desk, ear), view=modal(*blocks, **more))["view"]
    return str(view["id"])


def titles(desk: Desk) -> list[str]:
    """The views of Lena's modals, from the first to the one that is seen."""
    return [view["title"]["text"] for view in desk.get("slack/views", user="U0LENA")]
