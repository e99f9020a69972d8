"""Shortcuts, App Home, and envelopes that no workspace would send."""

from collections.abc import Iterator
from typing import Any

import pytest
from slack_sdk import WebClient

from tests.sandbox.desk import MANIFEST, Desk, Ear, serving, until


def test_a_global_shortcut_knows_who_and_no_place(desk: Desk, ear: Ear) -> None:
    used = desk.post("slack/shortcut", user="U0LENA", callback_id="file")
    assert used == {"ok": True, "payload": {}}
    request = ear.heard[-1]
    assert (request.type, request.accepts_response_payload) == ("interactive", False)
    payload = request.payload
    assert (payload["type"], payload["callback_id"]) == ("shortcut", "file")
    assert payload["user"] == {"id": "U0LENA", "username": "lena.vogt", "team_id": "T0SANDBOX"}
    assert payload["trigger_id"] and payload["action_ts"]
    assert not {"channel", "message", "response_url"} & set(payload)


def test_a_message_shortcut_carries_the_message(desk: Desk, ear: Ear) -> None:
    ts = desk.post("slack/message", user="U0CASEY", channel="general", text="please STAR this")["ts"]
    desk.post("slack/shortcut", user="U0LENA", callback_id="redirect", channel="general", ts=ts)
    payload = ear.last("message_action").payload
    assert (payload["message_ts"], payload["message"]["ts"]) == (ts, ts)
    assert (payload["message"]["user"], payload["message"]["text"]) == ("U0CASEY", "please STAR this")
    assert payload["channel"] == {"id": "C0GENER", "name": "general"}
    desk.http.post(payload["response_url"], json={"text": "done", "replace_original": True})
    assert [m["text"] for m in desk.messages("C0GENER")] == ["please STAR this"]
    assert [e["text"] for e in desk.ephemerals("U0LENA")] == ["done"]


def test_a_message_of_the_app_itself_is_replaced_by_its_shortcut(
    desk: Desk, slack: WebClient, ear: Ear
) -> None:
    ts = slack.chat_postMessage(channel="C0STARS", text="card")["ts"]
    desk.post("slack/shortcut", user="U0LENA", callback_id="redirect", channel="C0STARS", ts=ts)
    url = ear.last("message_action").payload["response_url"]
    desk.http.post(url, json={"text": "new card", "replace_original": True})
    assert [m["text"] for m in desk.messages("C0STARS")] == ["new card"]


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"callback_id": "unknown"}, "no global shortcut 'unknown': there are file (global)"),
        ({"callback_id": "redirect"}, "no global shortcut 'redirect'"),
        ({"callback_id": "redirect", "channel": "C0STARS"}, "needs channel and ts"),
        ({"callback_id": "file", "channel": "C0STARS", "ts": "1.1"}, "no message shortcut 'file'"),
        ({"callback_id": "redirect", "channel": "C0STARS", "ts": "1.1"}, "no message 1.1"),
        ({"callback_id": "redirect", "channel": "C0ONCAL", "ts": "1.1"}, "Casey Lin is not in spt_on-call"),
    ],
    ids=str,
)
def test_slack_offers_only_what_the_manifest_declares(
    desk: Desk, given: dict[str, Any], complaint: str
) -> None:
    refused = desk.ask("slack/shortcut", user="U0CASEY", **given)
    assert refused.status_code == 400
    assert complaint in refused.json()["error"]


# -- App Home


def test_whoever_opens_the_home_tab_is_announced_with_the_view_that_they_see(
    desk: Desk, slack: WebClient, ear: Ear
) -> None:
    assert desk.post("slack/home", user="U0LENA") == {"ok": True}
    first = until(lambda: ear.events("app_home_opened"))[0]
    assert (first["user"], first["channel"], first["tab"]) == ("U0LENA", "D0LENA", "home")
    assert "view" not in first
    home = {"type": "home", "blocks": [{"type": "divider"}]}
    published = slack.views_publish(user_id="U0LENA", view=home)["view"]
    desk.post("slack/home", user="U0LENA")
    second = until(lambda: ear.events("app_home_opened")[1:])[0]
    assert second["view"]["id"] == published["id"]


@pytest.fixture(scope="module")
def homeless() -> Iterator[Desk]:
    """A sandbox whose app has no home tab."""
    yield from serving(MANIFEST | {"features": {}})


@pytest.fixture(scope="module")
def deaf() -> Iterator[Desk]:
    """A sandbox whose app has a home tab, interactivity switched off, and no events."""
    yield from serving(MANIFEST | {"settings": {}})


def test_a_home_tab_that_is_off_or_unheard_cannot_be_opened(homeless: Desk, deaf: Desk) -> None:
    refused = homeless.ask("slack/home", user="U0LENA")
    assert (refused.status_code, "home_tab_enabled" in refused.json()["error"]) == (400, True)
    assert "bot_events lacks app_home_opened" in deaf.ask("slack/home", user="U0LENA").json()["error"]


def test_without_interactivity_there_are_no_shortcuts(deaf: Desk) -> None:
    refused = deaf.ask("slack/shortcut", user="U0LENA", callback_id="file")
    assert "does not enable interactivity" in refused.json()["error"]


# -- raw envelopes


def test_a_raw_envelope_arrives_as_it_is(desk: Desk, ear: Ear) -> None:
    ear.answer = lambda request: {"text": "who are you?"} if request.type == "slash_commands" else {}
    payload = {"type": "block_actions", "team": {"id": "T0OTHER"}, "actions": [{"action_id": 5}]}
    assert desk.post("slack/raw", type="interactive", payload=payload) == {"ok": True, "response": {}}
    assert (ear.heard[-1].type, ear.heard[-1].payload) == ("interactive", payload)
    answer = desk.post("slack/raw", type="slash_commands", payload={"command": "/unknown"})
    assert answer == {"ok": True, "response": {"text": "who are you?"}}
    event = {"type": "event_callback", "team_id": "T0OTHER", "event": {"type": "message"}}
    assert desk.post("slack/raw", type="events_api", payload=event)["ok"]
    assert ear.heard[-1].accepts_response_payload is False


def test_a_raw_envelope_without_ack_says_so(desk: Desk, ear: Ear) -> None:
    ear.answer = lambda request: None
    answer = desk.post("slack/raw", type="interactive", payload={"type": "nonsense"})
    assert answer == {"ok": False, "error": "operation_timeout", "response": {}}
    assert desk.ask("slack/raw", type="interactive", payload="text").status_code == 400
