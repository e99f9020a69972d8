"""Who may reach the sandbox, and what its journal says of them."""

import httpx
import pytest
from slack_sdk import WebClient

from tests.sandbox.desk import Desk

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
