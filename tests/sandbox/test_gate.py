"""Who may reach the sandbox, and what its journal says of them."""

import asyncio
from collections.abc import Iterator

import httpx
import pytest
from slack_sdk import WebClient
from starlette.types import Message, Scope

from starbot_sandbox.gate import Gate
from starbot_sandbox.world import Sandbox
from tests.sandbox.desk import MANIFEST, Desk, serving

PATHS = ("/slack/api/auth.test", "/gitlab/api/v4/user", "/_sandbox/state")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "headers", [{"Host": "evil.example.com"}, {"Origin": "https://evil.example.com"}, {"Origin": "null"}]
)
def test_other_hosts_and_origins_are_refused(desk: Desk, path: str, headers: dict[str, str]) -> None:
    assert httpx.get(desk.url + path, headers=headers).status_code == 403


def test_a_page_of_the_same_machine_is_welcome(desk: Desk) -> None:
    headers = {"Host": "localhost:1234", "Origin": "http://localhost:1234"}
    assert httpx.get(desk.url + "/_sandbox/state", headers=headers).status_code == 200


def test_the_journal_tells_each_vendor_request_and_no_token(desk: Desk, slack: WebClient) -> None:
    slack.chat_postMessage(channel="C0STARS", text="hello")
    httpx.post(desk.url + "/slack/api/auth.test", data={"token": "xoxb-sandbox"})
    first, second = [row for row in desk.get("journal") if row["kind"] == "request"]
    assert (first["service"], first["method"], first["path"]) == (
        "slack",
        "POST",
        "/slack/api/chat.postMessage",
    )
    assert (first["kind"], first["status"], first["response"]["ok"]) == ("request", 200, True)
    assert first["request"]["text"] == "hello"
    assert first["at"].startswith("2026-11-17T14:0") and first["duration_ms"] > 0
    assert "slackclient" in first["user_agent"]
    assert second["request"] == {"token": "[redacted]"}
    assert "xoxb-sandbox" not in desk.http.get("/_sandbox/journal").text


def test_a_wait_ends_with_the_next_row(desk: Desk, slack: WebClient) -> None:
    slack.auth_test()
    last = desk.get("journal")[-1]["n"]
    assert desk.get("wait", since=last - 1, timeout_s=5)[0]["path"] == "/slack/api/auth.test"
    assert desk.get("wait", since=last, timeout_s=0.05) == []


# -- with a token: for people who are not on this machine


TOKEN = "a-token"


@pytest.fixture(scope="module")
def invited() -> Iterator[Desk]:
    """A sandbox that has a token."""
    yield from serving(MANIFEST, token=TOKEN)


async def status_of(client: str, path: str = "/_sandbox/state", **headers: str) -> int:
    """The status of an answer to a request that comes from an address; 0 where it got through."""
    told: list[Message] = []

    async def inside(scope: Scope, receive: object, send: object) -> None:
        told.append({"type": "inside", "status": 0})

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        told.append(message)

    bare, _, query = path.partition("?")
    scope = {
        "type": "http",
        "method": "GET",
        "path": bare,
        "client": (client, 5),
        "query_string": query.encode(),
    }
    scope["headers"] = [(name.encode(), value.encode()) for name, value in headers.items()]
    gate = Gate(inside, Sandbox("weekday", {}), TOKEN)
    await gate(scope, receive, send)
    return int(told[0]["status"])


AWAY = "172.17.0.1"
COOKIE = f"sandbox_token={TOKEN}"


@pytest.mark.parametrize(
    ("client", "path", "headers", "status"),
    [
        ("127.0.0.1", "/_sandbox/state", {"host": "localhost:8765"}, 0),
        ("127.0.0.1", "/_sandbox/state", {"host": "evil.example"}, 403),
        (AWAY, "/_sandbox/state", {"host": "localhost:8765"}, 403),
        (AWAY, "/", {"host": "box:8765"}, 403),
        (AWAY, "/?token=wrong", {"host": "box:8765"}, 403),
        (AWAY, f"/?token={TOKEN}", {"host": "box:8765"}, 303),
        (AWAY, "/_sandbox/state", {"host": "box:8765", "cookie": COOKIE}, 0),
        (AWAY, "/_sandbox/state", {"host": "box:8765", "cookie": COOKIE, "origin": "http://box:8765"}, 0),
        (
            AWAY,
            "/_sandbox/state",
            {"host": "box:8765", "cookie": COOKIE, "origin": "http://evil.example"},
            403,
        ),
        (AWAY, "/_sandbox/state", {"host": "box:8765", "cookie": "sandbox_token=wrong"}, 403),
    ],
)
def test_from_elsewhere_the_token_is_needed_and_no_other_page_may_use_it(
    client: str, path: str, headers: dict[str, str], status: int
) -> None:
    assert asyncio.run(status_of(client, path, **headers)) == status


def test_an_invitation_leaves_a_cookie_and_takes_the_token_out_of_the_address(invited: Desk) -> None:
    answer = httpx.get(f"{invited.url}/?token={TOKEN}")
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert answer.headers["set-cookie"] == f"sandbox_token={TOKEN}; HttpOnly; SameSite=Strict; Path=/"


def test_this_machine_needs_no_token(invited: Desk) -> None:
    assert invited.get("clock")["n"] == 0
