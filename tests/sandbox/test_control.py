"""The controls that belong to no vendor."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from slack_sdk import WebClient

from starbot_sandbox.application import Application
from tests.sandbox.desk import MANIFEST, Desk, serving, until


def test_a_reset_gives_a_fresh_world(desk: Desk, slack: WebClient) -> None:
    slack.chat_postMessage(channel="C0STARS", text="hello")
    desk.post("faults", service="slack", kind="status")
    moved = desk.post("clock", advance_s=3600)
    assert desk.post("reset", scenario="weekday") == {"ok": True, "scenario": "weekday"}
    assert desk.messages("C0STARS") == []
    assert desk.get("faults") == []
    clock = desk.get("clock")
    assert clock["now"].startswith("2026-11-17T14:00:")
    assert clock["n"] > moved["n"]


def test_an_unknown_scenario_changes_nothing(desk: Desk) -> None:
    answer = desk.ask("reset", scenario="doomsday")
    assert (answer.status_code, "doomsday" in answer.json()["error"]) == (400, True)
    assert desk.get("state")["scenario"] == "weekday"


def test_the_state_shows_the_four_vendors(desk: Desk) -> None:
    assert set(desk.get("state")) == {"scenario", "now", "slack", "gitlab", "zendesk", "pagerduty"}
    assert set(desk.get("state", only="zendesk")) == {"scenario", "now", "zendesk"}


def test_the_clock_can_be_set_and_followed(desk: Desk) -> None:
    before = desk.get("clock")
    after = desk.post("clock", set="2026-11-17T20:00:00Z")
    assert after["now"].startswith("2026-11-17T20:00:00") and after["n"] == before["n"] + 1
    assert desk.get("clock", after=before["n"])["n"] == after["n"]
    for wrong in ({"set": "2026-11-17T19:00:00Z"}, {"set": "tomorrow"}, {"advance_s": -5}, {}):
        assert desk.ask("clock", **wrong).status_code == 400


def test_a_number_that_is_none_is_refused(desk: Desk) -> None:
    for path in ("journal?since=x", "wait?timeout_s=soon", "clock?after=never"):
        assert desk.http.get(f"/_sandbox/{path}").status_code == 400


def test_the_people_file_rows_name_the_four_systems(desk: Desk) -> None:
    rows = {row["slack"]: row for row in desk.get("people")}
    assert rows["U0LENA"]["email"] == "lena.vogt@example.com"
    assert (rows["U0LENA"]["gitlab"], rows["U0LENA"]["pagerduty"]) == ("lvogt", "PLENA")
    assert rows["U0TOMAS"]["gitlab"] == ""


def test_unknown_fields_are_complained_about(desk: Desk) -> None:
    answer = desk.ask("slack/message", user="U0LENA", channel="C0STARS", text="hi", thread="1")
    assert answer.status_code == 400
    assert "thread_ts" in answer.json()["error"]


def test_without_a_command_there_is_no_app_to_kill(desk: Desk) -> None:
    answer = desk.ask("app", action="kill")
    assert (answer.status_code, "--app-command" in answer.json()["error"]) == (400, True)


@pytest.fixture
def with_app() -> Iterator[Desk]:
    sleeper = f"{sys.executable} -c 'import time; time.sleep(600)'"
    yield from serving(MANIFEST, Application(sleeper))


def test_the_app_is_started_killed_and_stopped(with_app: Desk) -> None:
    first = with_app.post("app", action="start")
    assert with_app.post("app", action="kill") == {"ok": True, "running": False, "pid": None}
    second = with_app.post("app", action="start")
    assert second["running"] and second["pid"] != first["pid"]
    assert not with_app.post("app", action="stop")["running"]
    assert with_app.ask("app", action="dance").status_code == 400


def test_a_fresh_app_has_forgotten_what_it_wrote_and_keeps_what_it_was_given(tmp_path: Path) -> None:
    (tmp_path / "given").write_text("settings")
    writer = f"{sys.executable} -c 'import pathlib, time; pathlib.Path(\"memory\").mkdir(); time.sleep(600)'"
    for desk in serving(MANIFEST, Application(writer, tmp_path)):
        assert desk.get("app") == {"running": False, "pid": None, "status": None, "by_itself": False}
        first = desk.post("app", action="start")
        until(lambda: (tmp_path / "memory").exists())
        desk.post("app", action="kill")
        assert desk.get("app")["by_itself"] is False
        assert (tmp_path / "memory").exists()
        assert desk.post("app", action="fresh")["pid"] != first["pid"]
        until(lambda: (tmp_path / "memory").exists())
        assert (tmp_path / "given").exists()


@pytest.fixture
def with_faulty_app() -> Iterator[Desk]:
    yield from serving(MANIFEST, Application(f"{sys.executable} -c 'raise SystemExit(3)'"))


def test_an_app_that_ends_by_itself_is_told_from_one_that_was_killed(with_faulty_app: Desk) -> None:
    with_faulty_app.post("app", action="start")
    until(lambda: with_faulty_app.get("app")["by_itself"])
    assert with_faulty_app.get("app")["status"] == 3
    assert "--app-folder" in with_faulty_app.ask("app", action="fresh").json()["error"]


def test_the_journal_gives_one_row_with_all_of_it(desk: Desk, slack: WebClient) -> None:
    slack.auth_test()
    slack.chat_postMessage(channel="C0STARS", text="hello")
    first = desk.get("journal")[0]["n"]
    (row,) = desk.get("journal", since=first - 1, most=1)
    assert row["n"] == first and row["response"]["ok"] is True


def test_of_the_newest_row_the_number_alone_is_told(desk: Desk, slack: WebClient) -> None:
    since = desk.get("journal")[-1]["n"] if desk.get("journal") else 0
    slack.auth_test()
    rows = desk.get("journal", since=since)
    assert "request" in rows[-1]
    for path in ("journal", "wait"):
        assert desk.get(path, since=since, newest=1) == [{"n": rows[-1]["n"]}]
    assert desk.get("wait", since=rows[-1]["n"], newest=1, timeout_s=0) == []


def test_the_messages_of_one_channel_are_those_of_the_state(desk: Desk, slack: WebClient) -> None:
    slack.chat_postMessage(channel="C0STARS", text="hello")
    shown = desk.get("slack/messages", channel="C0STARS")
    assert shown and shown == desk.messages("C0STARS")
    assert desk.get("slack/messages", channel="C0NOWHERE") == desk.get("slack/messages") == []
