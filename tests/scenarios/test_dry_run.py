"""`starbot run --dry-run`: the lines of what would be done, and four vendors that notice nothing but questions."""

import subprocess
import sys

import pytest

from tests.scenarios.test_doctor import is_write
from tests.stage import CASEY, LENA, Stage

pytestmark = pytest.mark.long

ROOM = "#support_ticket-attention-requests"
PROJECT = "gitlab-com/support/ticket-attention-requests"


def dry_run(stage: Stage, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "starbot", "run", "--dry-run", *arguments]
    return subprocess.run(
        command, cwd=stage.folder, env=stage.environ, capture_output=True, text=True, timeout=60
    )


def test_three_form_posts_are_played_through_and_nothing_is_written(empty_stage: Stage) -> None:
    empty_stage.files_star()
    seen = empty_stage.files_star(Ticket="123457")
    empty_stage.files_star(Ticket="N/A")
    empty_stage.reacts(LENA, seen, "eyes")
    before, files = empty_stage.state, set(empty_stage.folder.iterdir())
    ended = dry_run(empty_stage)
    lines = ended.stdout.splitlines()
    assert (ended.returncode, ended.stderr) == (0, "")
    for ticket in (123456, 123457):
        assert any(
            line.startswith(f"would open an issue in {PROJECT} (confidential): STAR: ticket {ticket},")
            for line in lines
        )
        assert any(
            line.startswith(f"would note #{ticket} (private): A STAR (request for attention)")
            for line in lines
        )
        assert f"would tag #{ticket}: star_submitted" in lines
    assert f"would post in a thread of {ROOM}: Your STAR needs something from you." in lines
    assert any(line.startswith("would apply the macro to #123457: tag escalated_ticket") for line in lines)
    assert "On call now: Lena Vogt." in lines
    assert "STARs that would be opened: 3" in lines
    assert sorted(line for line in lines if line.startswith("  ")) == [
        "  Tue 14:00 UTC  no ticket that can be read, Urgent: incomplete",
        "  Tue 14:00 UTC  ticket 123456, Urgent: announced",
        "  Tue 14:00 UTC  ticket 123457, Urgent: acknowledged",
    ]
    assert not [line for line in lines if line.startswith("Missing")]
    assert [row for row in empty_stage.requests() if is_write(row)] == []
    after = empty_stage.state
    assert after["slack"] == before["slack"]
    assert after["gitlab"] == before["gitlab"]
    assert after["zendesk"]["tickets"] == before["zendesk"]["tickets"]
    assert set(empty_stage.folder.iterdir()) == files


def test_a_bot_that_runs_loses_no_event_to_it(stage: Stage) -> None:
    root = stage.announced()
    since = stage.last_row()
    ended = dry_run(stage)
    assert "STARs that would be opened: 1" in ended.stdout
    assert "apps.connections.open" not in {
        row["path"].rpartition("/")[2] for row in stage.requests(since=since)
    }
    later = stage.files_star(Ticket="123457")
    stage.until(lambda: stage.card(later))
    assert stage.card(root)


def test_a_resolution_goes_on_to_the_question_and_the_closed_issue(empty_stage: Stage) -> None:
    root = empty_stage.files_star()
    empty_stage.reacts(LENA, root, "green-check-mark")
    lines = dry_run(empty_stage).stdout.splitlines()
    assert any(line.startswith("would write to Lena Vogt: ") for line in lines)
    assert "  Tue 14:00 UTC  ticket 123456, Urgent: resolved" in lines


def test_only_the_hours_that_were_asked_for_are_read(empty_stage: Stage) -> None:
    empty_stage.files_star()
    empty_stage.passes(minutes=150)
    empty_stage.files_star(Ticket="123457")
    assert "STARs that would be opened: 1" in dry_run(empty_stage, "--hours", "2").stdout
    assert "STARs that would be opened: 2" in dry_run(empty_stage).stdout


def test_what_is_missing_is_told_and_ends_with_1(empty_stage: Stage) -> None:
    empty_stage.configure('[zendesk]\nmacro = ["Nothing"]\n')
    empty_stage.reacts(LENA, empty_stage.files_star(), "eyes")
    ended = dry_run(empty_stage)
    assert ended.returncode == 1
    assert "Missing: Zendesk macro Nothing: create it or name another in [zendesk]" in ended.stdout
    assert "Missing for ticket 123456: Zendesk refused (macro missing): apply macro" in ended.stdout


def test_slack_that_is_silent_ends_it_with_a_sentence(empty_stage: Stage) -> None:
    empty_stage.breaks("slack", status=503)
    ended = dry_run(empty_stage)
    assert ended.returncode == 1
    assert ended.stderr == "Slack does not answer (ask who we are). starbot doctor tells more.\n"


@pytest.mark.parametrize("hours", ["0", "13"])
def test_no_more_is_read_than_the_bot_itself_would_open(empty_stage: Stage, hours: str) -> None:
    assert dry_run(empty_stage, "--hours", hours).returncode == 2


def test_a_channel_without_form_posts_would_open_nothing(empty_stage: Stage) -> None:
    empty_stage.writes(CASEY, "C0STARS", "Good morning.")
    ended = dry_run(empty_stage)
    assert "STARs that would be opened: none" in ended.stdout
    assert "would " not in ended.stdout.replace("would be", "")
