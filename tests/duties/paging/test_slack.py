"""Payloads about pages: commands and ticket numbers as people write them, and dialogs that page nobody."""

import json
from typing import Any

import pytest

from starbot.blocks import read_ticket
from starbot.duties.paging import slack, words
from starbot.duties.paging.words import Draft, Preview
from tests.corpus import HOSTILE
from tests.duties.paging.examples import LOOK, NOON


@pytest.mark.parametrize(
    "text,expected",
    [
        ("backup ZD#123456 Two are down", ("backup", 123456, "Two are down")),
        ("BACKUP #123456   Two are down", ("backup", 123456, "Two are down")),
        (
            "emergency <https://gitlab.zendesk.com/agent/tickets/123456> It is down",
            ("emergency", 123456, "It is down"),
        ),
        ("backup 123456", ("backup", 123456, "")),
        ("backup ZD#12x4 Two", ("backup", None, "Two")),
        ("manager 3 customers are down", ("manager", None, "3 customers are down")),
        ("manager ZD#123456 They wait", ("manager", 123456, "They wait")),
        ("manager", ("manager", None, "")),
    ],
)
def test_a_command_is_read_as_people_write_it(text: str, expected: Any) -> None:
    wanted = slack.read_command(text)
    assert wanted is not None
    assert (wanted.purpose, wanted.ticket, wanted.summary) == expected


@pytest.mark.parametrize("text", ["", "everybody", "back up", "backups ZD#1", *HOSTILE.values()])
def test_other_words_are_no_command(text: str) -> None:
    assert slack.read_command(text) is None


@pytest.mark.parametrize(
    "text,ticket",
    [
        ("ZD#123456", 123456),
        ("zd 123456", 123456),
        ("ZD-123456", 123456),
        ("https://gitlab.zendesk.com/agent/tickets/123456/", 123456),
        ("\u200b123456", 123456),
        ("0", None),
        ("1e5", None),
        ("١٢٣", None),
        ("9" * 13, None),
        ("12 34", None),
        *((text, None) for name, text in HOSTILE.items() if "link" not in name and "address" not in name),
    ],
)
def test_a_reference_that_is_no_ticket_is_none(text: str, ticket: int | None) -> None:
    assert read_ticket(text) == ticket


def _confirmed(**changes: Any) -> dict[str, Any]:
    """The dialog *Page them now* as it is sent; metadata changed."""
    view = words.confirm_view(Draft("backup", 1, "x", "C1"), Preview(("Grace",), (), NOON), LOOK)
    about = json.loads(view["private_metadata"]) | changes
    state = {"summary": {"summary": {"type": "plain_text_input", "value": "Two are down"}}}
    view |= {"id": "V1", "hash": "1.1", "private_metadata": json.dumps(about), "state": {"values": state}}
    return {"user": {"id": "U1"}, "view": view}


def test_the_confirmation_is_the_one_dialog_that_pages() -> None:
    body = _confirmed()
    assert slack.objections(body) == {}
    sent = slack.from_dialog(body, NOON)
    assert sent is not None
    assert (sent.id, sent.purpose, sent.ticket, sent.summary) == ("page:V1", "backup", 1, "Two are down")
    assert (sent.shown_at, sent.expected, sent.channel, sent.view) == (NOON, ("Grace",), "C1", "V1:1.1")
    body["view"]["callback_id"] = words.ASK_VIEW
    assert slack.from_dialog(body, NOON) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"v": 0},
        {"v": None},
        {"at": None},
        {"at": "yesterday"},
        {"at": True},
        {"purpose": "everybody"},
        {"purpose": ["backup"]},
        {"ticket": None},
        {"ticket": "1"},
        {"ticket": True},
        {"ticket": -1},
    ],
)
def test_a_confirmation_that_is_old_or_made_up_pages_nobody_and_says_so(changes: dict[str, Any]) -> None:
    body = _confirmed(**changes)
    assert slack.from_dialog(body, NOON) is None
    assert slack.objections(body) == {"summary": words.problem("old")}


@pytest.mark.parametrize("metadata", ["", "[]", "null", "{", "backup"])
def test_metadata_that_cannot_be_read_pages_nobody(metadata: str) -> None:
    body = _confirmed()
    body["view"]["private_metadata"] = metadata
    assert slack.from_dialog(body, NOON) is None
    assert slack.objections(body) == {"summary": words.problem("old")}


@pytest.mark.parametrize("text", ["", " \t\n ", "\u200b\ufeff"])
def test_a_summary_that_nobody_can_see_goes_back_to_its_field(text: str) -> None:
    body = _confirmed()
    body["view"]["state"]["values"]["summary"]["summary"]["value"] = text
    assert slack.objections(body) == {"summary": words.problem("no_summary")}
