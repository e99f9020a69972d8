"""Socket Mode, heard with the real client of slack_sdk: who gets what, acks, retries."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from slack_sdk import WebClient
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from starbot_sandbox.delivery import with_retries
from tests.sandbox.desk import Desk, Ear, until


def deliveries(desk: Desk) -> list[dict[str, Any]]:
    return [row for row in desk.get("journal") if row["kind"] == "delivery"]


@contextmanager
def dialled(slack: WebClient) -> Iterator[ClientConnection]:
    """A connection that acks nothing, after its first frame."""
    with connect(slack.apps_connections_open(app_token="xapp-sandbox")["url"]) as line:
        yield line


def test_a_form_post_is_heard_as_workflow_builder_makes_it(desk: Desk, ear: Ear) -> None:
    ts = desk.post("slack/form", channel="support_ticket-attention-requests", fields={"Ticket": "123456"})[
        "ts"
    ]
    event = until(lambda: ear.events("bot_message"))[0]
    assert event["text"] == "*Ticket*\n123456"
    assert (event["bot_id"], event["workflow_id"], event["username"]) == (
        "B0WORKFLOW",
        "Wf0STARFORM",
        "STAR Form",
    )
    assert "user" not in event
    assert (event["ts"], event["channel"], event["channel_type"]) == (ts, "C0STARS", "channel")
    assert event["blocks"][0]["text"]["text"] == event["text"]
    row = until(lambda: deliveries(desk))[0]
    assert (row["status"], row["request"]["payload"]["event"]["ts"]) == (200, ts)


def test_the_envelope_is_an_event_callback(desk: Desk, ear: Ear) -> None:
    desk.post("slack/message", user="U0CASEY", channel="C0STARS", text="hello")
    request = until(lambda: ear.heard)[0]
    assert request.type == "events_api" and request.retry_attempt == 0
    assert (request.payload["team_id"], request.payload["api_app_id"]) == ("T0SANDBOX", "A0STARBOT")
    assert request.payload["authorizations"][0]["user_id"] == "U0STARBOT"
    assert request.payload["event"]["user"] == "U0CASEY"
    assert request.payload["event"]["client_msg_id"]


def test_the_first_reply_changes_the_root_without_an_edit(desk: Desk, slack: WebClient, ear: Ear) -> None:
    root = desk.post("slack/form", channel="C0STARS", text="a form")["ts"]
    for text in ("one", "two"):
        slack.chat_postMessage(channel="C0STARS", text=text, thread_ts=root)
    until(lambda: len(ear.heard) == 4)
    changed = ear.events("message_changed")
    assert len(changed) == 1
    assert changed[0]["message"]["reply_count"] == 1 and "edited" not in changed[0]["message"]
    assert changed[0]["message"]["text"] == changed[0]["previous_message"]["text"]


def test_a_broadcast_reply_carries_its_root(desk: Desk, slack: WebClient, ear: Ear) -> None:
    root = desk.post("slack/form", channel="C0STARS", text="a form")["ts"]
    slack.chat_postMessage(channel="C0STARS", text="card", thread_ts=root, reply_broadcast=True)
    event = until(lambda: ear.events("thread_broadcast"))[0]
    assert (event["thread_ts"], event["root"]["ts"], event["bot_id"]) == (root, root, "B0STARBOT")


def test_an_edit_is_heard_with_both_texts(desk: Desk, ear: Ear) -> None:
    ts = desk.post("slack/form", channel="C0STARS", text="*Ticket*\nN/A")["ts"]
    desk.post("slack/edit", channel="C0STARS", ts=ts, text="*Ticket*\n123456", user="U0CASEY")
    event = until(lambda: ear.events("message_changed"))[0]
    assert (event["previous_message"]["text"], event["message"]["text"]) == (
        "*Ticket*\nN/A",
        "*Ticket*\n123456",
    )
    assert event["message"]["edited"]["user"] == "U0CASEY"
    assert event["message"]["subtype"] == "bot_message"


def test_reactions_are_heard_and_posts_of_bots_have_no_item_user(desk: Desk, ear: Ear) -> None:
    form = desk.post("slack/form", channel="C0STARS", text="a form")["ts"]
    human = desk.post("slack/message", user="U0CASEY", channel="C0STARS", text="hello")["ts"]
    for ts in (form, human):
        desk.post("slack/react", user="Lena Vogt", channel="C0STARS", ts=ts, name="eyes")
    desk.post("slack/unreact", user="U0LENA", channel="C0STARS", ts=form, name="eyes")
    until(lambda: ear.events("reaction_removed"))
    on_form, on_human = ear.events("reaction_added")
    assert (on_form["user"], on_form["reaction"]) == ("U0LENA", "eyes")
    assert on_form["item"] == {"type": "message", "channel": "C0STARS", "ts": form}
    assert "item_user" not in on_form and on_human["item_user"] == "U0CASEY"
    assert desk.ask("slack/react", user="U0LENA", channel="C0STARS", ts=human, name="eyes").status_code == 400


def test_direct_messages_are_heard_and_other_channels_are_not(desk: Desk, ear: Ear) -> None:
    desk.post("slack/message", user="U0CASEY", channel="general", text="not for the bot")
    desk.post("slack/message", user="U0LENA", channel="D0LENA", text="for the bot")
    event = until(lambda: ear.events("message"))[0]
    assert (event["text"], event["channel"], event["channel_type"]) == ("for the bot", "D0LENA", "im")
    assert len(until(lambda: deliveries(desk))) == 1


def test_one_of_several_connections_gets_each_event(desk: Desk, slack: WebClient, ear: Ear) -> None:
    with dialled(slack) as other:
        assert json.loads(other.recv())["num_connections"] == 2
        for n in range(6):
            desk.post("slack/message", user="U0CASEY", channel="C0STARS", text=str(n))
        elsewhere = [json.loads(other.recv(timeout=2)) for _ in range(3)]
        for envelope in elsewhere:
            other.send(json.dumps({"envelope_id": envelope["envelope_id"]}))
        until(lambda: len(deliveries(desk)) == 6)
    ids = {r.payload["event_id"] for r in ear.heard} | {e["payload"]["event_id"] for e in elsewhere}
    assert (len(ear.heard), len(ids)) == (3, 6)


def test_an_event_without_ack_comes_again_at_once_with_the_same_id(desk: Desk, ear: Ear) -> None:
    ear.answer = lambda request: {} if request.retry_attempt else None
    desk.post("slack/message", user="U0CASEY", channel="C0STARS", text="hello")
    first, second = until(lambda: ear.heard[1:] and ear.heard)
    assert (first.retry_attempt, second.retry_attempt, second.retry_reason) == (0, 1, "timeout")
    assert first.payload["event_id"] == second.payload["event_id"]
    assert [row["status"] for row in until(lambda: deliveries(desk)[1:] and deliveries(desk))] == [408, 200]


def test_a_lost_connection_loses_no_event(desk: Desk, slack: WebClient, ear: Ear) -> None:
    with dialled(slack) as deaf:
        deaf.recv()
        for n in range(2):
            desk.post("slack/message", user="U0CASEY", channel="C0STARS", text=str(n))
        deaf.recv(timeout=2)
    until(lambda: len(ear.events("message")) == 2)


def test_retries_follow_the_schedule_of_slack() -> None:
    numbers: list[int] = []

    async def attempt(number: int) -> bool:
        numbers.append(number)
        return number == 2

    asyncio.run(with_retries(attempt, (0, 0, 0)))
    assert numbers == [0, 1, 2]


def test_an_event_is_delivered_again_on_demand(desk: Desk, ear: Ear) -> None:
    desk.post("slack/message", user="U0CASEY", channel="C0STARS", text="first")
    desk.post("slack/message", user="U0CASEY", channel="C0STARS", text="second")
    until(lambda: len(ear.heard) == 2)
    again = desk.post("slack/redeliver", n=2)
    assert again == {"ok": True, "event_id": ear.heard[0].payload["event_id"]}
    assert ear.heard[2].payload == ear.heard[0].payload
    assert ear.heard[2].retry_attempt == 1
    assert desk.ask("slack/redeliver", n=9).status_code == 400


def test_an_address_works_once(slack: WebClient) -> None:
    url = slack.apps_connections_open(app_token="xapp-sandbox")["url"]
    with connect(url) as first:
        assert '"type":"hello"' in str(first.recv())
    with pytest.raises(InvalidStatus), connect(url):
        pass


def test_the_eleventh_connection_is_one_too_many(slack: WebClient, ear: Ear) -> None:
    with ExitStack() as stack:
        lines = [stack.enter_context(dialled(slack)) for _ in range(9)]
        assert all('"hello"' in str(line.recv()) for line in lines)
        late = stack.enter_context(dialled(slack))
        assert '"too_many_websockets"' in str(late.recv())
        with pytest.raises(ConnectionClosed):
            late.recv()


def test_a_click_reaches_the_app_with_a_fresh_trigger(desk: Desk, slack: WebClient, ear: Ear) -> None:
    ts = slack.chat_postMessage(channel="C0STARS", text="card", blocks=BUTTONS)["ts"]
    click = {"user": "U0LENA", "channel": "C0STARS", "ts": ts}
    assert desk.post("slack/click", **click, action_id="acknowledge") == {"ok": True, "payload": {}}
    request = next(r for r in ear.heard if r.type == "interactive")
    assert request.accepts_response_payload is False
    payload = request.payload
    assert payload["type"] == "block_actions" and payload["user"]["id"] == "U0LENA"
    assert payload["container"] == {
        "type": "message",
        "message_ts": ts,
        "channel_id": "C0STARS",
        "is_ephemeral": False,
    }
    assert payload["message"]["ts"] == ts and payload["channel"]["id"] == "C0STARS"
    action = payload["actions"][0]
    assert (action["type"], action["action_id"], action["value"]) == ("button", "acknowledge", "star-1")
    assert action["block_id"] == "buttons" and action["action_ts"]
    missing = desk.ask("slack/click", **click, action_id="explode")
    assert (missing.status_code, "acknowledge" in missing.json()["error"]) == (400, True)
    wrong = desk.ask("slack/click", **click, action_id="acknowledge", value="star-2")
    assert wrong.status_code == 400


def test_a_click_without_ack_is_an_error_and_no_retry(desk: Desk, slack: WebClient, ear: Ear) -> None:
    ear.answer = lambda request: None if request.type == "interactive" else {}
    ts = slack.chat_postMessage(channel="C0STARS", text="card", blocks=BUTTONS)["ts"]
    click = {"user": "U0LENA", "channel": "C0STARS", "ts": ts, "action_id": "acknowledge"}
    assert desk.post("slack/click", **click) == {"ok": False, "error": "operation_timeout"}
    assert len([r for r in ear.heard if r.type == "interactive"]) == 1


def test_a_response_url_answers_the_person_who_clicked(desk: Desk, slack: WebClient, ear: Ear) -> None:
    ts = slack.chat_postMessage(channel="C0STARS", text="card", blocks=BUTTONS)["ts"]
    desk.post("slack/click", user="U0LENA", channel="C0STARS", ts=ts, action_id="acknowledge")
    url = next(r for r in ear.heard if r.type == "interactive").payload["response_url"]
    assert desk.http.post(url, json={"text": "only you"}).json() == {"ok": True}
    assert desk.get("state")["slack"]["ephemerals"][0]["user"] == "U0LENA"
    desk.http.post(url, json={"text": "new", "replace_original": True})
    assert desk.messages("C0STARS")[0]["text"] == "new"
    desk.http.post(url, json={"text": "to all", "response_type": "in_channel"})
    assert desk.messages("C0STARS")[1]["text"] == "to all"
    desk.http.post(url, json={"delete_original": True})
    assert [m["text"] for m in desk.messages("C0STARS")] == ["to all"]
    until(lambda: ear.events("message_deleted"))
    desk.http.post(url, json={"text": "fifth"})
    assert desk.http.post(url, json={"text": "sixth"}).json() == {"ok": False, "error": "used_url"}


BUTTONS = [
    {
        "type": "actions",
        "block_id": "buttons",
        "elements": [
            {
                "type": "button",
                "text": {"type": "plain_text", "text": "Acknowledge"},
                "action_id": "acknowledge",
                "value": "star-1",
            }
        ],
    }
]
