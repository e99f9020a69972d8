"""`starbot show`: what the bot knows of a STAR, told beside it while it runs."""

import json
from collections.abc import Callable

import pytest

from starbot.cli.show_case import show
from tests.printed import printed
from tests.stage import LENA, TICKET, Stage

Show = Callable[[str | None], str]


@pytest.fixture
def told(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Show:
    """What `starbot show` prints, in the stage's folder; its exit status is 0."""
    set_up(stage, monkeypatch)

    def ask(reference: str | None) -> str:
        ended = printed(lambda: show(reference, as_json=False))
        assert (ended.status, ended.err) == (0, "")
        return ended.out

    return ask


def set_up(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(stage.folder)
    for name, value in stage.environ.items():
        monkeypatch.setenv(name, value)


def test_a_ticket_an_id_and_an_issue_lead_to_the_same_history(stage: Stage, told: Show) -> None:
    root = stage.announced()
    stage.reacts(LENA, root, "eyes")
    stage.until(lambda: "acknowledged by :eyes:" in told(str(TICKET)))
    stage.quiet()
    by_ticket = told(str(TICKET))
    case_id = by_ticket.partition(" ")[0]
    issue = next(line.split()[1] for line in by_ticket.splitlines() if line.startswith("  issue "))
    assert told(case_id) == told(f"ZD#{TICKET}") == told(f"{issue}#note_1") == by_ticket
    lines = by_ticket.splitlines()
    assert lines[0] == f"{case_id}  ticket {TICKET}, Aurora Robotics, Urgent: acknowledged"
    assert "  manager  Lena Vogt" in lines
    assert "  14:00  Lena Vogt acknowledged by :eyes:." in lines
    assert "  Tuesday, 2026-11-17 (UTC)" in lines
    sentences = [line for line in lines if line.startswith("  14:00")]
    assert "The form was posted" in sentences[0]


def test_of_several_stars_of_a_ticket_the_newest_comes_first(stage: Stage, told: Show) -> None:
    first = stage.announced()
    stage.reacts(LENA, first, "green-check-mark")
    stage.until(lambda: (stage.issue() or {})["state"] == "closed")
    stage.passes(minutes=1)
    second = stage.files_star()
    stage.until(lambda: stage.card(second))
    threads = [line for line in told(str(TICKET)).splitlines() if line.startswith("  thread ")]
    assert [line.rpartition(" ")[2] for line in threads] == [second, first]


def test_without_a_name_the_open_ones_are_listed_by_deadline(stage: Stage, told: Show) -> None:
    assert told(None) == "No STAR is open.\n"
    stage.announced(Urgency="Not Urgent")
    stage.announced(Ticket="123457", Urgency="Urgent")
    stage.files_star(Ticket="N/A")
    stage.until(lambda: "incomplete" in told(None))
    rows = told(None).splitlines()
    assert [row[:16] for row in rows] == ["2026-11-17 14:30", "2026-11-17 14:30", "2026-11-17 16:00"]
    assert any("ticket 123457, Aurora Robotics, Urgent: announced, nobody looks yet" in row for row in rows)
    assert "Not Urgent" in rows[2]


def test_what_is_missing_is_told(stage: Stage, told: Show) -> None:
    stage.breaks("zendesk", method="PUT", status=422)
    root = stage.files_star()
    stage.until(lambda: stage.card(root))
    stage.until(lambda: "  missing  Zendesk refused (invalid): the note on the ticket." in told(str(TICKET)))


def test_json_tells_the_same(stage: Stage, told: Show) -> None:
    stage.announced()
    [star] = json.loads(printed(lambda: show(str(TICKET), as_json=True)).out)
    assert (star["ticket"], star["status"], star["missing"]) == (TICKET, "announced", [])
    assert star["history"][0]["sentence"].startswith("The form was posted: ticket #123456")
    listed = json.loads(printed(lambda: show(None, as_json=True)).out)
    assert [one["id"] for one in listed] == [star["id"]]


@pytest.mark.parametrize("name", ["999999", "star-nothing", "https://gitlab.example.com/1", "whatever"])
def test_an_unknown_name_says_what_to_try(stage: Stage, told: Show, name: str) -> None:
    ended = printed(lambda: show(name, as_json=False))
    assert (ended.status, ended.out) == (1, "")
    assert f"No STAR is known as {name}. Try a ticket number" in ended.err


def test_a_database_that_is_not_there_is_told(empty_stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    set_up(empty_stage, monkeypatch)
    ended = printed(lambda: show(None, as_json=False))
    assert ended.status == 2
    assert "Start the bot" in ended.err
