"""HTTP mode, heard with a plain web server and the signature check of slack_sdk: what is sent, acks, retries."""

import asyncio
import copy
import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import parse_qs

import pytest
from slack_sdk.signature import SignatureVerifier

from starbot_sandbox.delivery import Deliveries
from starbot_sandbox.journal import Journal
from starbot_sandbox.server import create_app
from starbot_sandbox.slack.http import Addresses, HttpMode
from tests.sandbox.desk import MANIFEST, Desk, serving, until

SECRET = "sandbox-signing-secret"
BUTTON = {"type": "button", "action_id": "press", "text": {"type": "plain_text", "text": "Press"}}
BLOCKS = [{"type": "actions", "elements": [BUTTON]}]
VIEW: dict[str, Any] = {
    "type": "modal",
    "title": {"type": "plain_text", "text": "Say"},
    "submit": {"type": "plain_text", "text": "Send"},
    "blocks": [
        {
            "type": "input",
            "block_id": "text",
            "label": {"type": "plain_text", "text": "What"},
            "element": {"type": "plain_text_input", "action_id": "text"},
        }
    ],
}


class Heard(NamedTuple):
    """One request that the app got."""

    path: str
    headers: dict[str, str]
    body: str


class Answers(NamedTuple):
    """What the app says to it."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = MappingProxyType({})


class WebEar:
    """An app's web server that keeps what it hears; `answer` may wait, answer anything, or hang up (None)."""

    def __init__(self) -> None:
        self.heard: list[Heard] = []
        self.answer: Callable[[Heard], Answers | None] = lambda heard: Answers()
        ear = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                size = int(self.headers["Content-Length"])
                heard = Heard(self.path, dict(self.headers), self.rfile.read(size).decode())
                ear.heard.append(heard)
                answer = ear.answer(heard)
                if answer is None:
                    self.connection.shutdown(socket.SHUT_RDWR)
                    return
                self.send_response(answer.status)
                for name, value in {**answer.headers, "Content-Length": str(len(answer.body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer.body)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()


def http_manifest(url: str) -> dict[str, Any]:
    manifest = copy.deepcopy(MANIFEST)
    manifest["features"]["slash_commands"] = [{"command": "/star", "url": f"{url}/commands"}]
    manifest["settings"]["event_subscriptions"]["request_url"] = f"{url}/events"
    manifest["settings"]["interactivity"]["request_url"] = f"{url}/interactions"
    manifest["settings"]["socket_mode_enabled"] = False
    return manifest


@pytest.fixture(scope="module")
def web_ear() -> Iterator[WebEar]:
    ear = WebEar()
    yield ear
    ear.server.shutdown()
    ear.server.server_close()


@pytest.fixture(scope="module")
def http_desk(web_ear: WebEar) -> Iterator[Desk]:
    yield from serving(http_manifest(web_ear.url))


@pytest.fixture
def app(http_desk: Desk, web_ear: WebEar) -> WebEar:
    """The app's ears, in a fresh world."""
    http_desk.post("reset")
    web_ear.heard.clear()
    web_ear.answer = lambda heard: Answers()
    return web_ear


def deliveries(desk: Desk) -> list[dict[str, Any]]:
    return [row for row in desk.get("journal") if row["kind"] == "delivery"]


def is_signed(heard: Heard, secret: str = SECRET) -> bool:
    return SignatureVerifier(secret).is_valid_request(heard.body, dict(heard.headers))


def posts_a_button(desk: Desk) -> str:
    return str(desk.slack().chat_postMessage(channel="C0STARS", text="press", blocks=BLOCKS)["ts"])


def test_an_event_comes_as_signed_json(http_desk: Desk, app: WebEar) -> None:
    http_desk.post("slack/message", user="U0CASEY", channel="C0STARS", text="Grüße, *you*")
    heard = until(lambda: app.heard)[0]
    assert (heard.path, heard.headers["Content-Type"]) == ("/events", "application/json")
    assert is_signed(heard) and not is_signed(heard, "another-secret")
    assert json.loads(heard.body)["event"]["text"] == "Grüße, *you*"
    assert "X-Slack-Retry-Num" not in heard.headers
    row = until(lambda: deliveries(http_desk))[0]
    assert (row["method"], row["path"], row["status"]) == ("events_api", "/events", 200)
    assert row["request"]["payload"]["event"]["type"] == "message"


def test_a_click_comes_as_a_signed_form(http_desk: Desk, app: WebEar) -> None:
    ts = posts_a_button(http_desk)
    answer = http_desk.post("slack/click", user="U0LENA", channel="C0STARS", ts=ts, action_id="press")
    assert answer["ok"]
    heard = next(one for one in app.heard if one.path == "/interactions")
    assert heard.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert is_signed(heard)
    payload = json.loads(parse_qs(heard.body)["payload"][0])
    assert (payload["type"], payload["actions"][0]["action_id"]) == ("block_actions", "press")


def test_a_dialog_shows_the_errors_that_the_answer_names(http_desk: Desk, app: WebEar) -> None:
    ts = posts_a_button(http_desk)
    http_desk.post("slack/click", user="U0LENA", channel="C0STARS", ts=ts, action_id="press")
    heard = next(one for one in app.heard if one.path == "/interactions")
    trigger = json.loads(parse_qs(heard.body)["payload"][0])["trigger_id"]
    view_id = http_desk.slack().views_open(trigger_id=trigger, view=VIEW)["view"]["id"]
    errors = json.dumps({"response_action": "errors", "errors": {"text": "Say more."}}).encode()
    app.answer = lambda heard: Answers(body=errors)
    sent = {"user": "U0LENA", "view_id": view_id, "values": {"text": "hm"}}
    assert http_desk.post("slack/submit", **sent) == {"ok": False, "errors": {"text": "Say more."}}
    app.answer = lambda heard: Answers()
    assert http_desk.post("slack/submit", **sent) == {"ok": True}


@pytest.mark.parametrize("status", [400, 500])
def test_a_click_that_is_not_answered_with_2xx_is_told_to_the_person_and_not_repeated(
    http_desk: Desk, app: WebEar, status: int
) -> None:
    ts = posts_a_button(http_desk)
    app.answer = lambda heard: Answers(status=status)
    answer = http_desk.post("slack/click", user="U0LENA", channel="C0STARS", ts=ts, action_id="press")
    assert answer == {"ok": False, "error": "operation_timeout"}
    assert sum(one.path == "/interactions" for one in app.heard) == 1


def test_an_event_that_is_not_taken_comes_again_at_once_and_says_why(http_desk: Desk, app: WebEar) -> None:
    app.answer = lambda heard: Answers(status=200 if "X-Slack-Retry-Num" in heard.headers else 503)
    http_desk.post("slack/message", user="U0CASEY", channel="C0STARS", text="not at first")
    until(lambda: len(deliveries(http_desk)) == 2)
    # What the story before has sent may still arrive.
    first, second = (heard for heard in app.heard if "not at first" in heard.body)
    assert second.headers["X-Slack-Retry-Num"] == "1"
    assert second.headers["X-Slack-Retry-Reason"] == "http_error"
    assert is_signed(second) and first.body == second.body
    assert [row["status"] for row in deliveries(http_desk)] == [503, 200]


def test_a_lost_connection_is_told_as_such(http_desk: Desk, app: WebEar) -> None:
    app.answer = lambda heard: Answers() if "X-Slack-Retry-Num" in heard.headers else None
    http_desk.post("slack/message", user="U0CASEY", channel="C0STARS", text="hello")
    until(lambda: len(deliveries(http_desk)) == 2)
    assert app.heard[-1].headers["X-Slack-Retry-Reason"] == "connection_failed"


def test_after_three_seconds_without_an_answer_the_event_comes_again(http_desk: Desk, app: WebEar) -> None:
    again = threading.Event()

    def answer(heard: Heard) -> Answers:
        if "X-Slack-Retry-Num" in heard.headers:
            again.set()
        again.wait(10)
        return Answers()

    app.answer = answer
    http_desk.post("slack/message", user="U0CASEY", channel="C0STARS", text="hello")
    late, acked = until(lambda: len(rows := deliveries(http_desk)) == 2 and rows, timeout_s=8)
    assert (late["status"], acked["status"]) == (408, 200)
    assert 2900 <= late["duration_ms"] < 3900
    assert app.heard[-1].headers["X-Slack-Retry-Reason"] == "http_timeout"


def test_an_app_may_say_that_it_wants_no_retry(http_desk: Desk, app: WebEar) -> None:
    app.answer = lambda heard: Answers(status=400, headers={"X-Slack-No-Retry": "1"})
    http_desk.post("slack/message", user="U0CASEY", channel="C0STARS", text="first")
    until(lambda: deliveries(http_desk))
    http_desk.post("slack/message", user="U0CASEY", channel="C0STARS", text="second")
    until(lambda: len(deliveries(http_desk)) == 2)
    assert [json.loads(one.body)["event"]["text"] for one in app.heard] == ["first", "second"]


def test_an_event_can_be_delivered_once_more(http_desk: Desk, app: WebEar) -> None:
    http_desk.post("slack/message", user="U0CASEY", channel="C0STARS", text="hello")
    until(lambda: deliveries(http_desk))
    assert http_desk.post("slack/redeliver")["ok"]
    assert app.heard[0].body == app.heard[1].body
    assert app.heard[1].headers["X-Slack-Retry-Num"] == "1"


def test_a_command_comes_as_a_signed_form_and_its_answer_is_what_slack_shows(app: WebEar) -> None:
    addresses = Addresses.read(http_manifest(app.url))
    assert addresses
    line = HttpMode(addresses, lambda: SECRET, Journal(), lambda: datetime.now(UTC), Deliveries())
    command = {"command": "/star", "text": "the payload & more", "user_id": "U0CASEY"}
    app.answer = lambda heard: Answers(body=b'{"text": "Filed."}')
    assert asyncio.run(line.command(command)) == {"text": "Filed."}
    assert (app.heard[0].path, is_signed(app.heard[0])) == ("/commands", True)
    assert {name: values[0] for name, values in parse_qs(app.heard[0].body).items()} == command
    for body, shown in ((b"", {}), (b"Filed.", {"text": "Filed."})):
        app.answer = lambda heard, body=body: Answers(body=body)  # type: ignore[misc]
        assert asyncio.run(line.command(command)) == shown
    app.answer = lambda heard: Answers(status=500)
    assert asyncio.run(line.command(command)) is None


@pytest.mark.parametrize("url", ["https://starbot.example.com/slack/events", "http://10.0.0.1/", ""])
def test_the_sandbox_sends_to_this_machine_only(url: str) -> None:
    manifest = http_manifest("http://127.0.0.1:1")
    manifest["settings"]["event_subscriptions"]["request_url"] = url
    with pytest.raises(ValueError, match="the manifest sends to"):
        create_app("weekday", manifest)


def test_socket_mode_is_what_a_manifest_means_that_does_not_switch_it_off() -> None:
    assert Addresses.read(MANIFEST) is None
