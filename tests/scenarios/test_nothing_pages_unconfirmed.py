"""Every way into the bot is walked by a manager, by whatever name, value and text: without *Page them now* in the
dialog that showed who it would be, there is not one incident."""

import ast
import json
import re
from collections.abc import Iterator, Mapping
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from starbot.listeners import Hears
from starbot.wiring.hears import hears
from tests.scenarios.hands import calls, desk_says, kept, pages_nobody
from tests.scenarios.paging import (
    AGREE,
    ASK_VIEW,
    CONFIRM_VIEW,
    closes_dialogs,
    confirmation,
    confirms,
    incidents,
    page,
    posts,
    sends_raw,
    submission,
)
from tests.stage import LENA, MANAGERS, MANIFEST, STARS, TICKET, Stage, said

pytestmark = pytest.mark.long

DUTIES = Path(__file__).parents[2] / "src" / "starbot" / "duties"
NAME = re.compile(r"(star|page|redirect|emergency|compromised|hands)_[a-z_]+")
TEXTS = (
    "",
    "help",
    "backup",
    f"backup ZD#{TICKET} Two are down",
    f"emergency ZD#{TICKET} Two are down",
    "manager Two are down",
    "help Two are down",
    "compromised",
    f"compromised ZD#{TICKET} Unknown runners",
    "everybody",
    f"hands ZD#{TICKET} Two are down",
    f"another ZD#{TICKET} Two are down",
    str(TICKET),
    f"show {TICKET}",
)
OFFERED = "star_page_manager"
EVENTS = (
    "message",
    "reaction_added",
    "reaction_removed",
    "app_mention",
    "app_home_opened",
    "member_joined_channel",
)
_numbers = count()


def names() -> set[str]:
    """Every action id and callback id that a duty's words or doors name."""
    found = set[str]()
    for path in DUTIES.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and NAME.fullmatch(node.value):
                found.add(node.value)
    return found


def _hears(stage: Stage) -> Hears:
    assert stage.bot is not None
    return hears(stage.bot._house, stage.bot._identify(), lambda: None)


def _frame(kind: str, **more: Any) -> dict[str, Any]:
    frame = submission({}, LENA)
    del frame["view"]
    return {**frame, "type": kind, "trigger_id": f"walk.{next(_numbers)}", **more}


def _clicks(name: str, values: Iterator[str] | list[str]) -> Iterator[dict[str, Any]]:
    for value in values:
        action = {"type": "button", "action_id": name, "block_id": "b", "value": value}
        message = {"ts": "1.1", "text": value}
        yield _frame("block_actions", channel={"id": STARS}, message=message, actions=[action])


def _views(name: str) -> Iterator[dict[str, Any]]:
    """A dialog under this name, with whatever it may carry along; the confirmation is made up, and so old."""
    answers = {"summary": "x", "ticket": str(TICKET), "way": "macro", "purpose": "backup", "text": "x"}
    answers["what"] = "another"
    whole = {"purpose": "backup", "ticket": TICKET, "channel": MANAGERS, "people": [], "case": ""}
    versions = (whole, whole | {"v": 0, "at": 0}, whole | {"v": 1})
    for about in ("", "null", "star-1", *map(json.dumps, versions)):
        view = {"id": f"V{next(_numbers)}", "hash": "1.1", "type": "modal", "callback_id": name, "blocks": []}
        yield submission({**view, "private_metadata": about}, LENA, **answers)
        yield submission({**view, "private_metadata": about}, LENA)


def _event(name: str) -> dict[str, Any]:
    inside = {
        "type": name,
        "user": LENA,
        "channel": MANAGERS,
        "text": f"/star-page backup ZD#{TICKET} Two are down",
        "ts": f"1794924000.{next(_numbers):06}",
        "reaction": "eyes",
        "item": {"type": "message", "channel": MANAGERS, "ts": "1.1"},
    }
    event_id = f"Ev{next(_numbers)}"
    return {"type": "event_callback", "team_id": "T0SANDBOX", "event_id": event_id, "event": inside}


def _walk(stage: Stage, every: Mapping[str, list[str]]) -> None:
    for name in every["names"]:
        for payload in (*_clicks(name, every["values"]), *_views(name)):
            sends_raw(stage, payload)
        for kind in ("shortcut", "message_action"):
            more = {"message": {"ts": "1.1", "text": f"backup ZD#{TICKET}"}, "channel": {"id": STARS}}
            sends_raw(stage, _frame(kind, callback_id=name, **more))
        sends_raw(
            stage, _frame("view_closed", view={"id": "V1", "callback_id": name, "private_metadata": ""})
        )
    for name in EVENTS:
        sends_raw(stage, _event(name), "events_api")
    for command in every["commands"]:
        for text in TEXTS:
            stage.commands(LENA, text, command, MANAGERS)


def test_the_walk_knows_every_way_in(stage: Stage) -> None:
    hears, known = _hears(stage), names()
    assert {AGREE, ASK_VIEW, CONFIRM_VIEW, OFFERED, "emergency_page", "emergency_help"} <= known
    assert {"hands_ask", "hands_page", "hands_call_view"} <= known
    assert set(hears.openers) | set(hears.follow_ups) | set(hears.shortcuts) <= known | _shortcuts()
    assert set(hears.commands) == set(hears.command_openers) == set(_commands())


def test_without_a_confirmation_no_way_in_opens_an_incident(empty_stage: Stage) -> None:
    empty_stage.configure('[paging]\nhelp_service = "Senior Support Managers"\nemergency_poll_seconds = 0\n')
    stage = empty_stage.start()
    hears = _hears(stage)
    every = {
        "names": sorted(names() | set(hears.openers) | set(hears.follow_ups) | _shortcuts()),
        "commands": _commands(),
        "values": ["page-nosuch", str(TICKET), _offers_a_page(stage)],
    }
    _walk(stage, every)
    stage.quiet()
    assert incidents(stage, None) == []
    assert "manual_emergency" not in stage.ticket()["tags"]
    assert [r for r in stage.requests("pagerduty") if r["method"] != "GET"] == []


def _offers_a_page(stage: Stage) -> str:
    """The id of a STAR whose card offers a page of the manager on call; the button was pressed too."""
    root = stage.announced()
    stage.passes(10.1)
    card = stage.until(lambda: (found := stage.card(root)) and OFFERED in said(found) and found)
    stage.presses(LENA, card, OFFERED)
    confirmation(stage)
    elements = [one for block in card["blocks"] for one in block.get("elements", [])]
    return str(next(one["value"] for one in elements if one.get("action_id") == OFFERED))


def test_with_a_page_that_waits_for_a_second_yes_only_that_yes_opens_it(empty_stage: Stage) -> None:
    empty_stage.configure("[paging]\npages_an_hour = 1\n")
    stage = empty_stage.start()
    page(stage, f"backup ZD#{TICKET} The first")
    confirms(stage)
    stage.until(lambda: len(incidents(stage, None)) == 1)
    closes_dialogs(stage)
    page(stage, "backup ZD#123457 The second")
    confirms(stage)
    waiting = stage.until(lambda: posts(stage, 123457))[-1]
    (case,) = {
        one["value"] for block in waiting["blocks"] for one in block.get("elements", []) if "value" in one
    }
    ways = [name for name in sorted(names()) if "page" in name or name.startswith("emergency_")]
    ways.remove("page_decline")
    _walk(stage, {"names": ways, "commands": [], "values": [case]})
    stage.quiet()
    assert len(incidents(stage, None)) == 1, "whoever asked cannot be the second one"


def test_with_what_the_engineer_on_call_told_no_button_opens_an_incident(stage: Stage) -> None:
    calls(stage, TICKET, "another")
    message = desk_says(stage, TICKET, "No manager has decided yet.")
    (case,) = {
        one["value"] for block in message["blocks"] for one in block.get("elements", []) if "value" in one
    }
    ours = sorted(name for name in names() if name.startswith("hands_"))
    _walk(stage, {"names": ours, "commands": [], "values": [case]})
    stage.quiet()
    assert kept(stage, TICKET), "the walk has been there"
    pages_nobody(stage)


def _commands() -> list[str]:
    return [one["command"] for one in MANIFEST["features"]["slash_commands"]]


def _shortcuts() -> set[str]:
    return {one["callback_id"] for one in MANIFEST["features"]["shortcuts"]}


@pytest.mark.parametrize("name", [ASK_VIEW, AGREE, CONFIRM_VIEW])
def test_the_names_of_the_walk_are_those_of_the_bot(name: str) -> None:
    assert name in names()
