"""Where cases are kept: one schema on both kinds of database, one process a SQLite file."""

import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from starbot.engine.database import engine_url, normal_url
from starbot.engine.memory import StoreMemory
from starbot.engine.schema import metadata
from starbot.engine.store import Books, Store
from starbot.errors import SetupError
from tests.engine.errands import NOW, Hands, Outpost, added, errands


def test_the_migrated_schema_is_the_one_that_the_code_sees(store: Store) -> None:
    engine = sa.create_engine(store.url)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()


def test_migrating_again_changes_nothing(store: Store, outpost: Outpost) -> None:
    case_id = Hands(store, errands(outpost)).asked()
    store.migrate()
    with store.read() as books:
        assert books.case(case_id) is not None


def test_a_second_bot_on_a_sqlite_file_is_told_so_at_once(file_store: Store) -> None:
    with pytest.raises(SetupError, match=r"DATABASE_URL: .*starbot\.db is in use.*Stop that one.*PostgreSQL"):
        Store(file_store.url)


def test_a_file_that_was_given_back_may_be_opened_again(sqlite: str) -> None:
    Store(sqlite).close()
    Store(sqlite).close()


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=r"DATABASE_URL: the folder .*nowhere does not exist\. Make it"):
        Store(f"sqlite:///{tmp_path}/nowhere/starbot.db")


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "starbot.db.lock").mkdir()
    with pytest.raises(SetupError, match=r"DATABASE_URL: .*starbot\.db cannot be written"):
        Store(f"sqlite:///{tmp_path}/starbot.db")


@pytest.mark.parametrize("name", ["starbot.db", "starbot.engine.db"])
def test_a_folder_in_the_place_of_a_file_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    with pytest.raises(SetupError, match=rf"DATABASE_URL: .*/{name} is a folder\. Name a file"):
        Store(f"sqlite:///{tmp_path}/starbot.db")


@pytest.mark.parametrize("name", ["starbot.db", "starbot.engine.db"])
def test_a_file_that_is_no_database_is_named_and_kept(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("Dear diary, this is no database at all.")
    with pytest.raises(SetupError, match=rf"DATABASE_URL: .*/{name} is no SQLite database\. Name another"):
        Store(f"sqlite:///{tmp_path}/starbot.db")
    assert (tmp_path / name).read_text().startswith("Dear diary")


def test_a_database_that_does_not_take_our_tables_says_why(file_store: Store) -> None:
    path = Path(file_store.url.removeprefix("sqlite:///"))
    file_store.close()
    path.write_bytes(path.read_bytes()[:100] + b"\xff" * 4000)
    store = Store(file_store.url)
    with pytest.raises(SetupError, match=r"DATABASE_URL: .* malformed.*Mend it, or name another database"):
        store.migrate()
    store.close()


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:SECRET@h:port/d",
        "postgresql://u:SECRET@h:99999/d",
        "postgresql://u:SECRET@127.0.0.1:9/d",
        "postgresql://u:SEC@SECRET@127.0.0.1:9/d",
        "postgresql://u:SECRET@127.0.0.1:9/d?colour=blue",
        f"postgresql://u:SECRET@{'h' * 70}.example/d",
    ],
)
def test_a_postgresql_that_is_not_there_is_said_without_the_password(url: str) -> None:
    with pytest.raises(SetupError, match=r"^DATABASE_URL: .*\. (Check|Write) ") as complaint:
        Store(url)
    assert "SECRET" not in str(complaint.value)


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
def test_a_database_in_memory_is_refused(url: str) -> None:
    with pytest.raises(SetupError, match="SQLite needs a file"):
        Store(url)


@pytest.mark.parametrize("url", ["postgres://u@h/d", "postgresql://u@h/d", "postgresql+psycopg://u@h/d"])
def test_people_write_postgresql_addresses_in_many_ways(url: str) -> None:
    assert normal_url(url) == engine_url(url) == "postgresql+psycopg://u@h/d"


def test_the_engine_keeps_its_own_file_beside_ours() -> None:
    assert engine_url("sqlite:////var/starbot.db") == "sqlite:////var/starbot.engine.db"


def test_a_reader_waits_for_no_writer(store: Store, outpost: Outpost) -> None:
    Hands(store, errands(outpost)).asked()
    with store.transaction() as writer:
        writer.case("errand-a", lock=True)
        with store.read() as books:
            assert books.case("errand-a") is not None


def test_sqlite_keeps_a_write_ahead_log(file_store: Store) -> None:
    with sqlite3.connect(file_store.url.removeprefix("sqlite:///")) as connection:
        assert connection.execute("pragma journal_mode").fetchone() == ("wal",)
    connection.close()


def test_what_is_remembered_outlives_a_restart(database: str) -> None:
    store = Store(database)
    store.migrate()
    memory = StoreMemory(store)
    memory.remember("schedule", NOW, {"EMEA": ["Lena"]})
    memory.remember("schedule", NOW + timedelta(hours=1), {"EMEA": ["Tomas"]})
    store.close()
    store = Store(database)
    assert StoreMemory(store).recall("schedule") == (NOW + timedelta(hours=1), {"EMEA": ["Tomas"]})
    assert StoreMemory(store).recall("nothing") is None
    store.close()


def test_what_many_remember_at_once_for_the_first_time_is_remembered(store: Store) -> None:
    memory = StoreMemory(store)
    together = threading.Barrier(8, timeout=30)

    def remember(number: int) -> None:
        for name in range(10):
            together.wait()
            memory.remember(str(name), NOW, number)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(remember, range(8)))


def test_cases_are_found_by_outside_name_deadline_and_time(store: Store, outpost: Outpost) -> None:
    hands = Hands(store, errands(outpost))
    hands.asked("slack:C1:1", due_in_s=60)
    hands.asked("slack:C1:2", due_in_s=120)
    hands.asked("slack:C11:1", place="roof")
    hands.asked("slack:C_:1")
    with store.read() as books:
        assert books.case_of("slack:C1:1") == "errand-slack:C1:1"
        assert {c.id for c in books.cases_named("slack:C1:")} == {"errand-slack:C1:1", "errand-slack:C1:2"}
        assert [c.id for c in books.cases_named("slack:C_:")] == ["errand-slack:C_:1"]
        assert [c[0] for c in books.due(NOW + timedelta(seconds=60))] == ["errand-slack:C1:1"]
        later = NOW + timedelta(seconds=1)
        assert [c.id for c in books.lately("errands", later)] == ["errand-slack:C11:1"]
        assert len(books.lately("errands", NOW)) == 4
    hands.advance(added(1, "slack:C1:1").model_copy(update={"at": later}))
    with store.read() as books:
        assert {c.id for c in books.lately("errands", later)} == {"errand-slack:C11:1", "errand-slack:C1:1"}


LOOKS: dict[str, Callable[[Books], object]] = {
    "the sweep's": lambda books: books.due(NOW),
    "the catch-up's": lambda books: books.lately("errands", NOW),
    "the list's": lambda books: books.in_status("errands", ("open",)),
    "the lookup's": lambda books: books.about("errands", "parcel"),
    "the meters'": lambda books: books.counts(),
}


@pytest.mark.parametrize("name", LOOKS)
def test_a_look_that_comes_again_and_again_never_walks_all_cases(file_store: Store, name: str) -> None:
    asked: list[str] = []
    engine = sa.create_engine(file_store.url)
    sa.event.listen(
        engine, "before_cursor_execute", lambda _c, _cursor, statement, *_more: asked.append(statement)
    )
    with engine.connect() as connection:
        LOOKS[name](Books(connection, lock_rows=False))
        plans = [
            step[3]
            for statement in list(asked)
            for step in connection.exec_driver_sql("explain query plan " + statement.replace("?", "'1'"))
        ]
    engine.dispose()
    assert plans and all(step.startswith(("SEARCH", "USE TEMP B-TREE")) for step in plans), plans
