"""The stream of what changes: everything first, then only what is other than before."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from slack_sdk import WebClient

from starbot_sandbox.stream import changes, gist
from tests.corpus import HOSTILE
from tests.sandbox.desk import Desk


@contextmanager
def listening(desk: Desk) -> Iterator[Iterator[dict[str, Any]]]:
    """What the stream tells, event by event."""
    with httpx.stream("GET", f"{desk.url}/_sandbox/stream", timeout=10) as answer:
        assert answer.headers["content-type"] == "text/event-stream"
        yield (json.loads(line[6:]) for line in answer.iter_lines() if line.startswith("data: "))


def test_the_first_event_says_everything_and_each_next_one_what_changed(desk: Desk, slack: WebClient) -> None:
    with listening(desk) as events:
        first = next(events)
        assert first["set"]["world"]["scenario"] == "weekday"
        assert first["set"]["ticket/123456"]["subject"].startswith("Sidekiq")
        assert first["set"]["oncalls"]["Support Manager - EMEA"] == ["Lena Vogt"]
        ts = slack.chat_postMessage(channel="C0STARS", text="hello")["ts"]
        second = next(events)
        assert list(second["set"]) == [f"message/C0STARS/{ts}"]
        assert [
            (row["path"], row["status"], row["fault"]) for row in second["rows"] if row["kind"] == "request"
        ] == [("/slack/api/chat.postMessage", 200, None)]
        assert "request" not in second["rows"][0], "bodies are fetched when somebody asks for them"
        assert second["now"].startswith("2026-11-17T14:00")


def test_a_reset_takes_away_what_was_there(desk: Desk, slack: WebClient) -> None:
    ts = slack.chat_postMessage(channel="C0STARS", text="hello")["ts"]
    with listening(desk) as events:
        n = next(events)["set"]["world"]["n"]
        desk.post("reset", scenario="licence_day")
        second = next(events)
        assert second["set"]["world"] == {"scenario": "licence_day", "n": n + 1}
        assert f"message/C0STARS/{ts}" in second["gone"]
        assert second["set"]["clock"] and "ticket/123492" in second["set"]


def test_a_timer_of_pagerduty_is_told_though_nobody_asked(desk: Desk) -> None:
    desk.post("pagerduty/trigger", service="Support Managers", title="Somebody please")
    with listening(desk) as events:
        (incident,) = [one for name, one in next(events)["set"].items() if name.startswith("incident/")]
        assert incident["level"] == 1
        desk.post("clock", advance_s=301)
        found = next(
            event["set"][key]
            for event in events
            for key in [f"incident/{incident['id']}"]
            if key in event["set"]
        )
        assert found["level"] == 2


def test_no_text_breaks_the_stream(desk: Desk) -> None:
    texts = [text for text in HOSTILE.values() if text]
    with listening(desk) as events:
        next(events)
        for text in texts:
            body = json.dumps({"user": "U0CASEY", "channel": "C0STARS", "text": text}).encode("ascii")
            desk.http.post("/_sandbox/slack/message", content=body)
        seen: dict[str, str] = {}
        while len(seen) < len(texts):
            new = next(events).get("set", {})
            seen |= {name: one["text"] for name, one in new.items() if name.startswith("message/")}
        assert list(seen.values()) == texts


def test_what_did_not_change_is_not_told() -> None:
    assert changes({"a": 1, "b": [1]}, {"a": 1, "b": [1]}) == {}
    assert changes({"a": 1, "b": 2}, {"a": 2, "c": None}) == {"set": {"a": 2, "c": None}, "gone": ["b"]}


def test_a_row_is_told_in_few_words() -> None:
    def delivered(**payload: Any) -> dict[str, Any]:
        return {"kind": "delivery", "service": "slack", "request": {"payload": payload}}

    assert gist(delivered(event={"type": "reaction_added", "reaction": "eyes"})) == "reaction_added eyes"
    assert gist(delivered(type="block_actions", actions=[{"action_id": "go"}])) == "block_actions go"
    assert gist(delivered(command="/star")) == "/star"
    no = {"ok": False, "error": "not_in_channel"}
    assert gist({"kind": "request", "service": "slack", "response": no}) == "refused: not_in_channel"
    assert gist({"kind": "request", "service": "gitlab", "response": "Retry later"}) == ""
