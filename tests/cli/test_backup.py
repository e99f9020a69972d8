"""`starbot backup`: what it copies, what it refuses, and what it says for PostgreSQL."""

import sqlite3
from pathlib import Path

import pytest

from starbot.cli.backup import backup
from starbot.engine.store import Store
from tests.printed import Printed, printed


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the two files of a bot that runs."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", "sqlite:///starbot.db")
    for name in (
        "SLACK_BOT_TOKEN",
        "SLACK_APP_TOKEN",
        "GITLAB_TOKEN",
        "ZENDESK_CLIENT_ID",
        "ZENDESK_CLIENT_SECRET",
        "PAGERDUTY_TOKEN",
    ):
        monkeypatch.setenv(name, "xapp-1" if name == "SLACK_APP_TOKEN" else "xoxb-1")
    monkeypatch.setenv("GITLAB_URL", "https://gitlab.example.com")
    monkeypatch.setenv("ZENDESK_URL", "https://support.example.com")
    monkeypatch.setenv("PAGERDUTY_FROM", "bot@example.com")
    with sqlite3.connect("starbot.engine.db") as engine:
        engine.execute("create table work (name)")
    return tmp_path


def copied(name: str, force: bool = False) -> Printed:
    return printed(lambda: backup(Path(name), force))


def test_both_files_are_copied_beside_the_bot_that_holds_them_for_their_owner_alone(folder: Path) -> None:
    store = Store("sqlite:///starbot.db")
    store.migrate()
    try:
        assert copied("copy.db").status == 0
    finally:
        store.close()
    for name, table in (("copy.db", "cases"), ("copy.engine.db", "work")):
        assert (folder / name).stat().st_mode & 0o777 == 0o600
        with sqlite3.connect(name) as copy:
            assert copy.execute(f"select count(*) from {table}").fetchone() == (0,)
    assert not list(folder.glob("*.part"))


def test_a_copy_that_is_there_is_kept_unless_it_is_to_be_replaced(folder: Path) -> None:
    (folder / "starbot.db").write_bytes(b"")
    (folder / "copy.engine.db").write_text("precious")
    refused = copied("copy.db")
    assert (refused.status, refused.out) == (2, "")
    assert "copy.engine.db is there already. Name another file, or add --force to replace it." in refused.err
    assert (folder / "copy.engine.db").read_text() == "precious"
    assert copied("copy.db", force=True).status == 0


@pytest.mark.parametrize(
    ("name", "mend"),
    [
        ("starbot.db", "starbot.db is the database itself. Name another file."),
        ("nowhere/copy.db", "The folder nowhere does not exist. Make it, or name another."),
    ],
)
def test_a_copy_that_cannot_be_is_refused_with_the_mend(folder: Path, name: str, mend: str) -> None:
    (folder / "starbot.db").write_bytes(b"")
    refused = copied(name, force=True)
    assert refused.status == 2 and mend in refused.err


def test_a_database_that_is_not_there_and_one_that_is_none_leave_no_copy(folder: Path) -> None:
    assert "there is no starbot.db yet. Start the bot, or mend the path." in copied("copy.db").err
    (folder / "starbot.db").write_text("a letter to a friend, longer than a hundred signs" * 4)
    assert "The copy was not made" in copied("copy.db").err
    assert not list(folder.glob("copy*"))


def test_for_postgresql_it_says_the_command_without_the_password(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://starbot:s3cret@db.example.com:5433/starbot")
    told = copied("/var/backups/star bot.dump")
    assert told.status == 1
    assert told.out == (
        "pg_dump --format=custom '--file=/var/backups/star bot.dump' "
        "postgresql://starbot@db.example.com:5433/starbot\n"
    )
    assert "s3cret" not in told.out + told.err
