"""The normal form sees what must not differ, and only that."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from tests.crash.normal_form import normal_form

ROOT, CARD = "1794924000.328012", "1794924000.504765"
LINK = "https://team.slack.com/archives/C1/p{}"


def world(root: str = ROOT, card: str = CARD, time: str = "14:30", marker: str = "a" * 16) -> dict[str, Any]:
    """A small world in the shape of GET /_sandbox/state."""
    thread = {"channel": "C1", "thread_ts": root, "reactions": []}
    note = {"author": "bot", "internal": True, "created_at": f"2026-11-17T{time}:00Z"}
    update = {"events": [{"type": "Comment", "id": 7}]}
    return {
        "slack": {
            "messages": [
                {**thread, "ts": root, "username": "STAR Form", "text": "Ticket 1", "reply_count": 1},
                {
                    **thread,
                    "ts": card,
                    "user": "UBOT",
                    "text": f"reply by {time} UTC",
                    "blocks": [
                        {"block_id": marker[:6], "text": {"text": f"<!date^{card[:10]}^{{time}}|{time}>"}}
                    ],
                    "reactions": [{"name": "eyes", "users": ["U2", "U1"], "count": 2}],
                },
            ],
            "ephemerals": [],
        },
        "gitlab": {
            "projects": [{"path": "stars", "labels": []}],
            "issues": [
                {
                    "project": "stars",
                    "iid": 1,
                    "title": "STAR",
                    "description": f"{LINK.format(root.replace('.', ''))}\n\n<!-- starbot:{marker} -->",
                    "state": "opened",
                    "confidential": True,
                    "author": "bot",
                    "notified": [],
                    "quick_actions": [],
                    "labels": [],
                    "assignees": [],
                    "notes": [{**note, "body": "First."}, {**note, "body": "Second."}],
                }
            ],
        },
        "zendesk": {
            "tickets": {
                "1": {
                    "subject": "Slow",
                    "status": "open",
                    "priority": "high",
                    "organization": None,
                    "assignee": None,
                    "custom_fields": {},
                    "tags": ["b", "a"],
                    "macro_ids": [801],
                    "comments": [{"author": "Bot", "public": False, "body": "Noted."}],
                    "audits": [update],
                }
            }
        },
        "pagerduty": {"oncalls": {}, "incidents": []},
    }


def test_times_ids_markers_and_the_order_of_notes_do_not_count() -> None:
    other = world("1794929999.000001", "1794929999.000002", "15:45", "b" * 16)
    other["gitlab"]["issues"][0]["notes"].reverse()
    other["slack"]["messages"].reverse()
    other["slack"]["ephemerals"].append({"text": "Thank you."})
    assert normal_form(other) == normal_form(world())


def _note_twice(state: dict[str, Any]) -> None:
    notes = state["gitlab"]["issues"][0]["notes"]
    notes.append(copy.deepcopy(notes[0]))


def _second_issue(state: dict[str, Any]) -> None:
    state["gitlab"]["issues"].append({**state["gitlab"]["issues"][0], "iid": 2, "state": "closed"})


def _second_card(state: dict[str, Any]) -> None:
    state["slack"]["messages"].append({**state["slack"]["messages"][1], "ts": "1794924001.000000"})


def _comment_twice(state: dict[str, Any]) -> None:
    state["zendesk"]["tickets"]["1"]["comments"] *= 2


def _public(state: dict[str, Any]) -> None:
    state["zendesk"]["tickets"]["1"]["comments"][0]["public"] = True


def _update_twice(state: dict[str, Any]) -> None:
    state["zendesk"]["tickets"]["1"]["audits"] *= 2


def _reaction_gone(state: dict[str, Any]) -> None:
    state["slack"]["messages"][1]["reactions"] = []


def _link_to_the_card(state: dict[str, Any]) -> None:
    state["gitlab"]["issues"][0]["description"] = LINK.format(CARD.replace(".", ""))


def _other_words(state: dict[str, Any]) -> None:
    state["slack"]["messages"][1]["blocks"][0]["text"]["text"] = "Resolved"


@pytest.mark.parametrize(
    "change",
    [
        _note_twice,
        _second_issue,
        _second_card,
        _comment_twice,
        _public,
        _update_twice,
        _reaction_gone,
        _link_to_the_card,
        _other_words,
    ],
)
def test_what_is_there_twice_or_different_counts(change: Callable[[dict[str, Any]], None]) -> None:
    other = world()
    change(other)
    assert normal_form(other) != normal_form(world())
