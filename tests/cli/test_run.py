"""The command `starbot run` before there is anything to run with, and the command line itself."""

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from starbot import __version__
from starbot.cli.main import app

COMPLETE = {
    "SLACK_BOT_TOKEN": "xoxb-1",
    "SLACK_APP_TOKEN": "xapp-1",
    "GITLAB_TOKEN": "glpat-1",
    "ZENDESK_URL": "https://aurora.zendesk.com",
    "ZENDESK_CLIENT_ID": "starbot",
    "ZENDESK_CLIENT_SECRET": "1",
    "PAGERDUTY_TOKEN": "1",
}


def starbot(folder: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, with nothing else in its environment."""
    command = [sys.executable, "-m", "starbot", *arguments]
    return subprocess.run(
        command, cwd=folder, env=environ, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30
    )


def test_an_unconfigured_bot_names_every_missing_variable_and_exits_with_2(tmp_path: Path) -> None:
    ended = starbot(tmp_path, "run")
    assert ended.returncode == 2
    assert ended.stdout == ""
    for name in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "GITLAB_TOKEN", "ZENDESK_URL", "PAGERDUTY_TOKEN"):
        assert f"{name} is not set. Where to get it: " in ended.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_bad_settings_file_is_told_without_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "starbot.toml").write_text("[slack]\nstar_chanel = 'stars'\n")
    ended = starbot(tmp_path, "run")
    assert ended.returncode == 2
    assert "slack.star_chanel is no setting. Did you mean star_channel?" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    ("environ", "complaint"),
    [
        ({"DATABASE_URL": "sqlite:///trash.db"}, "trash.db is no SQLite database"),
        ({"DATABASE_URL": "postgresql://u@127.0.0.1:9/d"}, "PostgreSQL does not let us in"),
        ({"STARBOT_PEOPLE": "deep.yml"}, "deep.yml: is nested too deeply"),
    ],
)
def test_what_only_shows_at_the_start_is_told_without_a_traceback(
    tmp_path: Path, environ: dict[str, str], complaint: str
) -> None:
    (tmp_path / "trash.db").write_text("Dear diary, this is no database at all.")
    (tmp_path / "deep.yml").write_text("[" * 3000)
    ended = starbot(tmp_path, "run", **{**COMPLETE, **environ})
    assert ended.returncode == 2
    assert complaint in ended.stderr
    assert "Traceback" not in ended.stderr


def test_hours_without_a_dry_run_are_refused() -> None:
    answer = CliRunner().invoke(app, ["run", "--hours", "3"])
    assert answer.exit_code == 2
    assert "--dry-run" in answer.output


def test_starbot_alone_prints_its_help() -> None:
    answer = CliRunner().invoke(app, [])
    assert "Usage: starbot" in answer.output
    assert all(command in answer.output for command in ("run", "demo", "sandbox"))


def test_the_version_is_printed() -> None:
    assert CliRunner().invoke(app, ["--version"]).output == f"starbot {__version__}\n"
