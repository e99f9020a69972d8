"""Slash commands: what the app is sent, and what its answer makes people see."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from slack_sdk import WebClient
from websockets.sync.client import connect

from starbot_sandbox.clock import Clock
from starbot_sandbox.scenarios import SCENARIOS
from starbot_sandbox.slack import answers
from starbot_sandbox.slack.state import SlackState
from starbot_sandbox.slack.typed import escaped, with_names
from tests.sandbox.desk import MANIFEST, Desk, Ear, serving

STAR = {"user": "U0LENA", "channel": "C0STARS", "command": "/star"}
SECTION = {"type": "section", "text": {"type": "mrkdwn", "text": "*Open STARs*"}}


def test_the_app_is_told_who_typed_what_and_where(desk: Desk, ear: Ear) -> None:
    assert desk.post("slack/command", **STAR, text="show 123456 ") == {"ok": True, "response": {}}
    request = ear.heard[-1]
    assert (request.type, request.accepts_response_payload) == ("slash_commands", True)
    payload = dict(request.payload)
    assert payload.pop("response_url").startswith(f"{desk.url}/slack/")
    assert payload.pop("trigger_id") and payload.pop("token")
    assert payload == {
        "team_id": "T0SANDBOX",
        "team_domain": "gitlab-sandbox",
        "channel_id": "C0STARS",
        "channel_name": "support_ticket-attention-requests",
        "user_id": "U0LENA",
        "user_name": "lena.vogt",
        "command": "/star",
        "text": "show 123456",
        "api_app_id": "A0STARBOT",
        "is_enterprise_install": "false",
    }


def test_names_of_private_places_are_not_told(desk: Desk, ear: Ear) -> None:
    for channel, name in (("C0MANAG", "privategroup"), ("D0LENA", "directmessage")):
        desk.post("slack/command", **STAR | {"channel": channel})
        assert ear.heard[-1].payload["channel_name"] == name


def test_a_command_works_where_the_bot_is_not_and_only_for_members(desk: Desk, ear: Ear) -> None:
    assert desk.post("slack/command", **STAR | {"channel": "general"})["ok"]
    refused = desk.ask("slack/command", **STAR | {"user": "U0CASEY", "channel": "C0ONCAL"})
    assert (refused.status_code, "Casey Lin is not in" in refused.json()["error"]) == (400, True)


def test_the_answer_in_the_ack_is_seen_by_its_user_alone(desk: Desk, ear: Ear) -> None:
    answer = {"text": "Two STARs are open", "blocks": [SECTION]}
    ear.answer = lambda request: answer
    assert desk.post("slack/command", **STAR) == {"ok": True, "response": answer}
    (shown,) = desk.ephemerals("U0LENA")
    assert (shown["channel"], shown["text"]) == ("C0STARS", "Two STARs are open")
    assert shown["blocks"][0]["block_id"]
    assert desk.messages("C0STARS") == []


def test_an_answer_in_channel_is_a_message(desk: Desk, ear: Ear) -> None:
    ear.answer = lambda request: {"text": "for all", "response_type": "in_channel"}
    desk.post("slack/command", **STAR)
    (message,) = desk.messages("C0STARS")
    assert (message["text"], message["bot_id"]) == ("for all", "B0STARBOT")
    assert desk.ephemerals("U0LENA") == []
    ear.answer = lambda request: {"response_type": "in_channel"}
    assert desk.post("slack/command", **STAR)["ok"]
    assert len(desk.messages("C0STARS")) == 1


def test_an_answer_that_slack_rejects_is_an_error_and_shows_nothing(desk: Desk, ear: Ear) -> None:
    ear.answer = lambda request: {"text": "list", "blocks": [SECTION] * 51}
    answer = desk.post("slack/command", **STAR)
    assert (answer["ok"], answer["error"]) == (False, "invalid_blocks")
    assert "no more than 50" in answer["response_metadata"]["messages"][0]
    ear.answer = lambda request: {"text": "x" * 40_001}
    assert desk.post("slack/command", **STAR)["error"] == "msg_too_long"
    assert desk.ephemerals("U0LENA") == []


def test_a_command_without_ack_times_out_and_is_not_sent_again(desk: Desk, ear: Ear) -> None:
    ear.answer = lambda request: None
    assert desk.post("slack/command", **STAR) == {"ok": False, "error": "operation_timeout"}
    assert len(ear.heard) == 1


def test_a_command_that_the_manifest_does_not_declare_is_no_command(desk: Desk, ear: Ear) -> None:
    refused = desk.ask("slack/command", **STAR | {"command": "/unstar"})
    assert refused.status_code == 400
    assert refused.json()["error"].startswith("/unstar is not a valid command. In Slack, all messages that")
    assert ear.heard == []


@pytest.fixture(scope="module")
def poor() -> Iterator[Desk]:
    """A sandbox whose app declares commands without their scope."""
    yield from serving(MANIFEST | {"oauth_config": {"scopes": {"bot": ["chat:write"]}}})


def test_a_command_needs_its_scope(poor: Desk) -> None:
    assert "without the scope commands" in poor.ask("slack/command", **STAR).json()["error"]


@pytest.fixture(scope="module")
def lonely() -> Iterator[Desk]:
    """A sandbox to which no app is connected."""
    yield from serving(MANIFEST)


def test_with_no_app_listening_the_dispatch_fails(lonely: Desk) -> None:
    assert lonely.post("slack/command", **STAR) == {"ok": False, "error": "dispatch_failed"}
    assert lonely.post("slack/shortcut", user="U0LENA", callback_id="file")["error"] == "dispatch_failed"
    assert [row["status"] for row in lonely.get("journal") if row["kind"] == "delivery"] == [503, 503]


def test_a_bare_text_in_the_ack_is_shown_as_text(lonely: Desk) -> None:
    address = lonely.slack().apps_connections_open(app_token="xapp-sandbox")["url"]
    with connect(address) as line, ThreadPoolExecutor(1) as pool:
        line.recv()
        answer = pool.submit(lonely.post, "slack/command", **STAR)
        envelope = json.loads(line.recv(timeout=3))
        line.send(json.dumps({"envelope_id": envelope["envelope_id"], "payload": "Two are open"}))
        assert answer.result() == {"ok": True, "response": "Two are open"}
    assert [e["text"] for e in lonely.ephemerals("U0LENA")] == ["Two are open"]


# -- what is typed


TYPED = [
    ("a <b> & c", "a &lt;b&gt; &amp; c"),
    ("cover @lena.vogt.", "cover <@U0LENA|lena.vogt>."),
    ("ask @nobody or mail a@mei.tanaka", "ask @nobody or mail a@mei.tanaka"),
    ("in #general, not #123456", "in <#C0GENER|general>, not #123456"),
    ("@supportmanagers @here", "<!subteam^S0MGRS|@supportmanagers> <!here>"),
    ("see https://example.com/a?b=1&c=2.", "see <https://example.com/a?b=1&amp;c=2>."),
    ("<@U0LENA> <!channel>", "&lt;@U0LENA&gt; &lt;!channel&gt;"),
]


@pytest.mark.parametrize(("text", "sent"), TYPED, ids=[text for text, _ in TYPED])
def test_names_and_links_become_markup_and_nothing_else_does(text: str, sent: str) -> None:
    seed = SCENARIOS["weekday"]()
    assert with_names(escaped(text), SlackState(Clock(seed.now), seed.slack)) == sent


def test_only_a_command_that_asks_for_it_gets_names_as_markup(desk: Desk, ear: Ear) -> None:
    desk.post("slack/command", **STAR, text="cover @mei.tanaka <now>")
    assert ear.heard[-1].payload["text"] == "cover <@U0MEI|mei.tanaka> &lt;now&gt;"
    desk.post("slack/command", **STAR | {"command": "/plain"}, text="cover @mei.tanaka <now>")
    assert ear.heard[-1].payload["text"] == "cover @mei.tanaka &lt;now&gt;"


# -- the response_url


@pytest.fixture
def url(desk: Desk, ear: Ear) -> str:
    """The response_url of a command of Lena's."""
    desk.post("slack/command", **STAR)
    return str(ear.heard[-1].payload["response_url"])


def test_a_response_url_answers_the_one_who_sent_the_command(desk: Desk, url: str) -> None:
    assert desk.http.post(url, json={"text": "later"}).json() == {"ok": True}
    assert [e["text"] for e in desk.ephemerals("U0LENA")] == ["later"]
    desk.http.post(url, json={"text": "to all", "response_type": "in_channel"})
    assert [m["text"] for m in desk.messages("C0STARS")] == ["to all"]
    desk.http.post(url, json={"text": "nothing to replace", "replace_original": True})
    assert [e["text"] for e in desk.ephemerals("U0LENA")] == ["later", "nothing to replace"]


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"blocks": [{"type": "poem"}]}, "invalid_blocks"),
        ({"blocks": "x"}, "invalid_blocks_format"),
        ({"text": "x" * 40_001}, "msg_too_long"),
        ({"text": "x", "response_type": "in_channel", "thread_ts": ["1.1"]}, "cannot_reply_to_message"),
        ([], "invalid_payload"),
    ],
    ids=lambda case: str(case)[:30],
)
def test_what_slack_rejects_at_a_response_url_is_named(desk: Desk, url: str, body: Any, error: str) -> None:
    answer = desk.http.post(url, json=body)
    assert (answer.status_code, answer.json()["error"]) == (400, error)
    assert desk.ephemerals("U0LENA") == []


def test_what_is_no_json_is_an_invalid_payload(desk: Desk, url: str) -> None:
    assert desk.http.post(url, content=b"{").json() == {"ok": False, "error": "invalid_payload"}


def test_a_response_url_ends_after_half_an_hour(
    desk: Desk, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "URL_LIFE_S", 0.0)
    late = desk.http.post(url, json={"text": "late"})
    assert (late.status_code, late.json()["error"]) == (404, "expired_url")


def test_a_button_in_an_ephemeral_answer_replaces_and_deletes_it(desk: Desk, ear: Ear) -> None:
    button = {"type": "button", "text": {"type": "plain_text", "text": "Go"}, "action_id": "go"}
    ear.answer = lambda request: {"text": "sure?", "blocks": [{"type": "actions", "elements": [button]}]}
    desk.post("slack/command", **STAR)
    (asked,) = desk.ephemerals("U0LENA")
    ear.answer = lambda request: {}
    desk.post("slack/click", user="U0LENA", channel="C0STARS", ts=asked["ts"], action_id="go")
    payload = ear.last("block_actions").payload
    assert payload["container"]["is_ephemeral"] is True and "message" not in payload
    desk.http.post(payload["response_url"], json={"text": "done", "replace_original": True})
    assert [(e["ts"], e["text"]) for e in desk.ephemerals("U0LENA")] == [(asked["ts"], "done")]
    desk.http.post(payload["response_url"], json={"delete_original": True})
    assert desk.ephemerals("U0LENA") == []


def test_a_command_opens_a_modal(desk: Desk, slack: WebClient, ear: Ear) -> None:
    desk.post("slack/command", **STAR)
    view = {"type": "modal", "title": {"type": "plain_text", "text": "STAR"}, "blocks": [SECTION]}
    opened = slack.views_open(trigger_id=ear.heard[-1].payload["trigger_id"], view=view)["view"]
    assert [v["id"] for v in desk.get("slack/views", user="U0LENA")] == [opened["id"]]
