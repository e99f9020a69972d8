"""Looking at a database changes nothing in it and beside it, whether a bot runs on it or not."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from starbot.engine.onlooker import Onlooker
from starbot.engine.store import Store
from starbot.errors import SetupError


@pytest.fixture
def onlooker(database: str) -> Iterator[Onlooker]:
    looking = Onlooker(database)
    yield looking
    looking.close()


def used(database: str) -> Store:
    store = Store(database)
    store.migrate()
    return store


def test_a_database_that_no_bot_has_used_is_told_as_empty(onlooker: Onlooker) -> None:
    facts = onlooker.facts()
    assert (facts.schema, facts.knows_schema, facts.bots, facts.why_not_writable) == (
        "",
        True,
        0,
        "",
    )
    with pytest.raises(SetupError, match="Start the bot"), onlooker.read():
        pass


def test_a_bot_at_work_is_seen_and_so_is_its_end(database: str) -> None:
    store = used(database)
    looking = Onlooker(database)
    at_work = looking.facts()
    assert (at_work.bots, at_work.schema) == (1, at_work.newest)
    looking.close()
    store.close()
    looking = Onlooker(database)
    assert looking.facts().bots == 0
    looking.close()


def test_what_is_looked_at_can_still_be_claimed_and_written(database: str) -> None:
    used(database).close()
    looking = Onlooker(database)
    looking.facts()
    store = used(database)
    with store.transaction() as books:
        books.remember("word", store_moment(), "said")
    store.close()
    looking.close()


def store_moment() -> datetime:
    return datetime(2026, 11, 17, 14, tzinfo=UTC)


def test_nothing_can_be_written_through_it(database: str) -> None:
    store = used(database)
    looking = Onlooker(database)
    with pytest.raises(SetupError), looking.read() as books:
        books.remember("word", store_moment(), "said")
    looking.close()
    store.close()


def test_looking_leaves_no_file_behind(sqlite: str, tmp_path: Path) -> None:
    used(sqlite).close()
    before = sorted(tmp_path.iterdir())
    looking = Onlooker(sqlite)
    looking.facts()
    with looking.read() as books:
        assert books.in_status("stars", ["announced"]) == []
    looking.close()
    assert sorted(tmp_path.iterdir()) == before


def test_a_file_that_is_not_there_is_not_made(sqlite: str, tmp_path: Path) -> None:
    looking = Onlooker(sqlite)
    assert not looking.exists
    looking.facts()
    looking.close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("place", ["", "nowhere/starbot.db"])
def test_an_address_that_is_no_file_is_told(tmp_path: Path, place: str) -> None:
    with pytest.raises(SetupError, match="Mend the path"):
        Onlooker(f"sqlite:///{tmp_path}/{place}")


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "diary.db").write_text("Dear diary, " * 100)
    looking = Onlooker(f"sqlite:///{tmp_path / 'diary.db'}")
    with pytest.raises(SetupError, match="not a database"):
        looking.facts()
    looking.close()


def test_a_server_that_is_away_is_told_without_its_password() -> None:
    looking = Onlooker("postgresql://starbot:hush@127.0.0.1:9/starbot")
    with pytest.raises(SetupError) as told:
        looking.facts()
    assert "hush" not in str(told.value)


def test_a_schema_of_a_newer_starbot_is_told(database: str) -> None:
    store = used(database)
    with store.transaction() as books:
        books._db.execute(sa.text("update alembic_version set version_num = '9999'"))
    looking = Onlooker(database)
    facts = looking.facts()
    assert (facts.schema, facts.knows_schema) == ("9999", False)
    looking.close()
    store.close()


def test_a_user_who_may_not_create_is_told(postgresql: str) -> None:
    with psycopg.connect(postgresql, autocommit=True) as connection:
        connection.execute("revoke create on schema public from public")
        connection.execute("drop role if exists onlooker")
        connection.execute("create role onlooker login")
        connection.execute("alter role onlooker set role onlooker")
    looking = Onlooker(postgresql)
    with looking._engine.connect() as connection:
        connection.execute(sa.text("set role onlooker"))
        assert "may not create" in looking._why_not_writable(connection)
    looking.close()


def test_a_transaction_on_a_server_is_one_that_may_not_write(postgresql: str) -> None:
    looking = Onlooker(postgresql)
    with looking._engine.connect() as connection, pytest.raises(DBAPIError, match="read-only"):
        connection.execute(sa.text("create table t (x int)"))
    looking.close()
