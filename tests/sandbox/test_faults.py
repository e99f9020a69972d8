"""Faults on order, as real clients meet them."""

import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from starbot_sandbox.faults import Faults
from tests.sandbox.desk import Desk, until

TEST = "/slack/api/auth.test"


def test_a_fault_names_a_service_a_method_and_a_path() -> None:
    faults = Faults()
    faults.order(
        {"service": "gitlab", "method": "POST", "path": "/api/v4/projects/*/issues", "kind": "status"}
    )
    assert faults.take("gitlab", "GET", "/gitlab/api/v4/projects/1/issues") is None
    assert faults.take("zendesk", "POST", "/zendesk/api/v4/projects/1/issues") is None
    assert faults.take("gitlab", "POST", "/gitlab/api/v4/projects/1/issues") is not None


def test_a_slack_method_and_a_path_prefix_match_too_and_times_run_out() -> None:
    faults = Faults()
    faults.order({"service": "slack", "method": "chat.postMessage", "kind": "status", "times": 1})
    faults.order({"service": "zendesk", "path": "/zendesk/api/v2/tickets", "kind": "status"})
    assert faults.take("slack", "POST", "/slack/api/chat.update") is None
    assert faults.take("slack", "POST", "/slack/api/chat.postMessage") is not None
    assert faults.take("slack", "POST", "/slack/api/chat.postMessage") is None
    assert faults.take("zendesk", "PUT", "/zendesk/api/v2/tickets/1.json") is not None


@pytest.mark.parametrize(
    "body", [{"service": "jira", "kind": "status"}, {"service": "slack", "kind": "bang"}, {"servce": "slack"}]
)
def test_a_wrong_order_is_refused_with_a_reason(desk: Desk, body: dict[str, str]) -> None:
    answer = desk.ask("faults", **body)
    assert answer.status_code == 400
    assert "must be one of" in answer.json()["error"] or "unknown" in answer.json()["error"]


def test_a_status_is_answered_and_nothing_is_served(desk: Desk, slack: WebClient) -> None:
    desk.post(
        "faults",
        service="slack",
        method="chat.postMessage",
        kind="status",
        status=429,
        retry_after=7,
        times=1,
    )
    with pytest.raises(SlackApiError) as caught:
        slack.chat_postMessage(channel="C0STARS", text="hello")
    assert (caught.value.response.status_code, caught.value.response["error"]) == (429, "ratelimited")
    assert desk.get("journal")[-1]["retry_after_s"] == 7
    assert caught.value.response.headers["Retry-After"] == "7"
    assert desk.messages("C0STARS") == []
    assert slack.chat_postMessage(channel="C0STARS", text="hello")["ok"]


def test_a_dropped_answer_was_served_and_a_dropped_request_was_not(desk: Desk, slack: WebClient) -> None:
    for kind, expected in (("drop_before", 0), ("drop_after", 1)):
        desk.post("faults", service="slack", method="chat.postMessage", kind=kind, times=1)
        with pytest.raises(OSError):
            slack.chat_postMessage(channel="C0STARS", text=kind)
        assert len(desk.messages("C0STARS")) == expected
    rows = [row for row in desk.get("journal") if row["fault"]]
    assert [(row["fault"], row["status"]) for row in rows] == [("drop_before", 0), ("drop_after", 200)]


def test_delays_broken_json_and_nothing(desk: Desk) -> None:
    for kind in ("delay_before", "delay_after"):
        desk.post("faults", service="slack", path=TEST, kind=kind, delay_s=0.2, times=1)
        began = time.perf_counter()
        httpx.post(desk.url + TEST)
        assert time.perf_counter() - began >= 0.2
    desk.post("faults", service="slack", path=TEST, kind="malformed")
    assert httpx.post(desk.url + TEST).text == '{"ok": tru'
    assert len(desk.get("faults")) == 1
    desk.http.delete("/_sandbox/faults")
    desk.post("faults", service="slack", path=TEST, kind="empty", times=1)
    assert httpx.post(desk.url + TEST).content == b""
    assert desk.http.delete("/_sandbox/faults").json() == []


@pytest.mark.parametrize("kind", ["delay_before", "delay_after"])
def test_a_late_request_of_a_world_that_is_gone_leaves_no_trace_in_the_next(
    desk: Desk, slack: WebClient, kind: str
) -> None:
    desk.post("faults", service="slack", kind=kind, delay_s=0.3, times=1)
    with ThreadPoolExecutor(1) as pool:
        late = pool.submit(slack.chat_postMessage, channel="C0STARS", text="late")
        until(lambda: not desk.get("faults"))
        desk.post("reset")
        with pytest.raises(OSError):
            late.result()
    assert [message["text"] for message in desk.messages("C0STARS")] == []
    assert desk.get("journal") == []
