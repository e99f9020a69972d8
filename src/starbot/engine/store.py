"""Where cases, their journal and their effects are kept: SQLite or PostgreSQL, one path for both.

All writes of one event happen in one transaction that holds the case. PostgreSQL locks the row
(`FOR UPDATE` at READ COMMITTED). SQLite ignores that clause, so there every writing transaction
begins with `BEGIN IMMEDIATE`, and a lock in the process keeps its threads from polling the file.
"""

import json
import threading
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any, NamedTuple

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from starbot.core.case import Document
from starbot.engine.database import first_line, is_sqlite, normal_url, open_engine
from starbot.engine.mark import take_mark
from starbot.engine.schema import cases, effects, handles, journal, memory, stuck, targets
from starbot.errors import SetupError


def stamp(at: datetime) -> str:
    """A time as text that sorts by time: UTC, fixed width."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


class Start(NamedTuple):
    """One workflow that must run because of a decision; repeating a start does nothing."""

    what: str  # "perform" or "converge"
    workflow_id: str
    arguments: tuple[Any, ...]


class StoredCase(NamedTuple):
    """A case as stored."""

    id: str
    duty: str
    body: str


class StoredEffect(NamedTuple):
    """An effect as stored, with the number of tries that began before this one."""

    key: str
    case_id: str
    duty: str
    kind: str
    state: str
    attempts: int
    unsure_until: float | None
    body: str


class StoredTarget(NamedTuple):
    """A thing that shows a case: what is wanted, what is shown, and by whom."""

    case_id: str
    thing: str
    wanted: int
    shown: int
    attempts: int
    unsure_until: float | None
    writer: str | None
    document: Document | None


class Entry(NamedTuple):
    """One line of a case's journal."""

    event_id: str
    version: int
    at: datetime
    kind: str
    body: dict[str, Any]


class Books:
    """What may be read and written inside one transaction."""

    def __init__(self, connection: Connection, lock_rows: bool) -> None:
        self._db = connection
        self._lock_rows = lock_rows

    # -- events and cases
    def starts_of(self, event_id: str) -> list[Start] | None:
        """What was started because of this event, or None where it has not been seen."""
        row = self._db.execute(sa.select(journal.c.starts).where(journal.c.event_id == event_id)).first()
        return None if row is None else [Start(s[0], s[1], tuple(s[2])) for s in json.loads(row[0])]

    def case_of(self, handle: str) -> str | None:
        """The id of the case that has this outside name."""
        row = self._db.execute(sa.select(handles.c.case_id).where(handles.c.handle == handle)).first()
        return None if row is None else str(row[0])

    def cases_named(self, prefix: str) -> list[StoredCase]:
        """The cases with an outside name that begins so, such as everything in one Slack channel."""
        query = (
            sa.select(cases.c.id, cases.c.duty, cases.c.body)
            .join(handles, handles.c.case_id == cases.c.id)
            .where(handles.c.handle.startswith(prefix, autoescape=True))
            .distinct()
        )
        return [StoredCase(*row) for row in self._db.execute(query)]

    def case(self, case_id: str, lock: bool = False) -> StoredCase | None:
        """The case as it is now; with `lock`, nobody else changes it until the transaction ends."""
        query = sa.select(cases.c.id, cases.c.duty, cases.c.body).where(cases.c.id == case_id)
        row = self._db.execute(query.with_for_update() if lock and self._lock_rows else query).first()
        return None if row is None else StoredCase(*row)

    def holder(self, claim: str) -> StoredCase | None:
        """The open case that holds this claim."""
        query = sa.select(cases.c.id, cases.c.duty, cases.c.body).where(cases.c.claim == claim)
        row = self._db.execute(query).first()
        return None if row is None else StoredCase(*row)

    def insert_case(self, case_id: str, values: dict[str, Any]) -> None:
        """A new case; an IntegrityError says that somebody else was first."""
        self._db.execute(sa.insert(cases).values(id=case_id, **values))

    def update_case(self, case_id: str, values: dict[str, Any]) -> None:
        """The case as it is now; an IntegrityError says that its claim is taken."""
        self._db.execute(sa.update(cases).where(cases.c.id == case_id).values(**values))

    def add_handles(self, case_id: str, names: Sequence[str]) -> None:
        """Outside names of the case."""
        for name in names:
            self._db.execute(sa.insert(handles).values(handle=name, case_id=case_id))

    def drop_handles(self, names: Sequence[str]) -> None:
        """Outside names that a case lets go of: an event under one of them may open another case."""
        if names:
            self._db.execute(sa.delete(handles).where(handles.c.handle.in_(names)))

    def write_journal(
        self, event_id: str, case_id: str, entry: dict[str, Any], starts: Sequence[Start]
    ) -> None:
        """The event and what it started; an IntegrityError says that it is there already."""
        self._db.execute(
            sa.insert(journal).values(
                event_id=event_id, case_id=case_id, starts=json.dumps([list(s) for s in starts]), **entry
            )
        )

    # -- effects
    def put_effect(self, key: str, case_id: str, duty: str, kind: str, body: str) -> None:
        """A wish. One that was asked for again is open again and keeps its count of tries."""
        renewed = self._db.execute(
            sa.update(effects).where(effects.c.key == key).values(state="open", body=body)
        )
        if renewed.rowcount == 0:
            self._db.execute(
                sa.insert(effects).values(
                    key=key, case_id=case_id, duty=duty, kind=kind, state="open", attempts=0, body=body
                )
            )

    def begin_try(self, key: str) -> StoredEffect | None:
        """The effect with the number of tries before this one, which is now counted."""
        row = self._db.execute(sa.select(*_EFFECT).where(effects.c.key == key)).first()
        if row is None:
            return None
        self._db.execute(
            sa.update(effects).where(effects.c.key == key).values(attempts=effects.c.attempts + 1)
        )
        return StoredEffect(*row)

    def take_back_try(self, key: str) -> None:
        """The newest try of this effect did not reach the vendor, and does not count."""
        self._db.execute(
            sa.update(effects)
            .where((effects.c.key == key) & (effects.c.attempts > 0))
            .values(attempts=effects.c.attempts - 1)
        )

    def set_unsure(self, key: str, until: float | None) -> None:
        """Until when a try of this effect that got no answer may still be served; None: surely not."""
        self._db.execute(sa.update(effects).where(effects.c.key == key).values(unsure_until=until))

    def settle_effect(self, key: str, state: str) -> None:
        """The effect is over: done or failed."""
        self._db.execute(sa.update(effects).where(effects.c.key == key).values(state=state))

    def effect(self, key: str) -> StoredEffect | None:
        """The effect as it stands."""
        row = self._db.execute(sa.select(*_EFFECT).where(effects.c.key == key)).first()
        return None if row is None else StoredEffect(*row)

    # -- targets
    def want(self, case_id: str, thing: str, version: int) -> None:
        """The thing shall show this version of the case."""
        where = (targets.c.case_id == case_id) & (targets.c.thing == thing)
        if self._db.execute(sa.update(targets).where(where).values(wanted=version)).rowcount == 0:
            self._db.execute(
                sa.insert(targets).values(case_id=case_id, thing=thing, wanted=version, shown=0, attempts=0)
            )

    def target(self, case_id: str, thing: str) -> StoredTarget | None:
        """The thing as it stands."""
        where = (targets.c.case_id == case_id) & (targets.c.thing == thing)
        query = sa.select(*_TARGET).where(where)
        row = self._db.execute(query.with_for_update() if self._lock_rows else query).first()
        if row is None:
            return None
        document = None if row[7] is None else json.loads(row[7])
        return StoredTarget(row[0], row[1], row[2], row[3], row[4], row[5], row[6], document)

    def set_target(self, case_id: str, thing: str, **values: Any) -> None:
        """Changes columns of a target; a document is given as a dict."""
        if isinstance(values.get("document"), dict):
            values["document"] = json.dumps(values["document"], sort_keys=True)
        where = (targets.c.case_id == case_id) & (targets.c.thing == thing)
        self._db.execute(sa.update(targets).where(where).values(**values))

    # -- what is not kept for ever
    def closed_before(
        self,
        duty: str,
        statuses: Collection[str],
        until: datetime,
        *,
        case_id: str | None = None,
        limit: int | None = None,
    ) -> list[str]:
        """The cases of a duty in one of these statuses to which nothing has happened since, with nothing left to
        come or to do, whose text is there; of them all or just this one."""
        is_mine = (cases.c.id == case_id) if case_id is not None else sa.true()
        is_old = (cases.c.duty == duty) & cases.c.blanked_at.is_(None) & (cases.c.changed_at < stamp(until))
        is_over = cases.c.status.in_(statuses) & cases.c.next_due.is_(None)
        undone = sa.exists().where(effects.c.case_id == cases.c.id, effects.c.state == "open")
        unshown = sa.exists().where(targets.c.case_id == cases.c.id, targets.c.shown < targets.c.wanted)
        query = (
            sa.select(cases.c.id)
            .where(is_mine, is_old, is_over, ~undone, ~unshown)
            .order_by(cases.c.changed_at)
            .limit(limit)
        )
        return list(self._db.execute(query).scalars())

    def effects_of(self, case_id: str) -> list[tuple[str, Any]]:
        """(key, body) of every effect of a case."""
        query = sa.select(effects.c.key, effects.c.body).where(effects.c.case_id == case_id)
        return [(row[0], json.loads(row[1])) for row in self._db.execute(query)]

    def blank_case(
        self, case_id: str, at: datetime, *, body: str, events: Mapping[str, str], wishes: Mapping[str, str]
    ) -> None:
        """The case as it stays without its text: its body, its events by their ids, its effects by their keys; and
        nothing is left of how it was shown."""
        self.update_case(case_id, {"body": body, "blanked_at": stamp(at)})
        for event_id, told in events.items():
            self._db.execute(sa.update(journal).where(journal.c.event_id == event_id).values(body=told))
        for key, wish in wishes.items():
            self._db.execute(sa.update(effects).where(effects.c.key == key).values(body=wish))
        self._db.execute(sa.update(targets).where(targets.c.case_id == case_id).values(document=None))

    def delete_case(self, case_id: str) -> None:
        """Nothing of the case stays but that its events were there."""
        for table in (targets, effects, handles):
            self._db.execute(sa.delete(table).where(table.c.case_id == case_id))
        nothing = {"body": "{}", "starts": "[]"}
        self._db.execute(sa.update(journal).where(journal.c.case_id == case_id).values(**nothing))
        self._db.execute(sa.delete(cases).where(cases.c.id == case_id))

    # -- what else must be remembered
    def remember(self, name: str, at: datetime, body: Any) -> None:
        """Keeps a JSON value under a name."""
        values = {"at": stamp(at), "body": json.dumps(body)}
        insert = _INSERT[self._db.dialect.name](memory).values(name=name, **values)
        self._db.execute(insert.on_conflict_do_update(index_elements=["name"], set_=values))

    def recall(self, name: str) -> tuple[datetime, Any] | None:
        """What was kept under a name, and when."""
        row = self._db.execute(sa.select(memory.c.at, memory.c.body).where(memory.c.name == name)).first()
        return None if row is None else (datetime.fromisoformat(row[0]), json.loads(row[1]))

    def put_stuck(self, event_id: str, at: datetime, reference: str, error: str, body: str) -> None:
        """An event that could not be decided; replayed after the mend."""
        self.drop_stuck(event_id)
        row = {"event_id": event_id, "at": stamp(at), "reference": reference, "error": error, "body": body}
        self._db.execute(sa.insert(stuck).values(**row))

    def drop_stuck(self, event_id: str) -> None:
        """The event has been decided after all."""
        self._db.execute(sa.delete(stuck).where(stuck.c.event_id == event_id))

    def all_stuck(self) -> list[tuple[str, str, str]]:
        """(event id, reference, body) of every event that could not be decided."""
        query = sa.select(stuck.c.event_id, stuck.c.reference, stuck.c.body).order_by(stuck.c.at)
        return [(row[0], row[1], row[2]) for row in self._db.execute(query)]

    # -- lists
    def due(self, until: datetime, limit: int = 100) -> list[tuple[str, str, str]]:
        """(case id, duty, deadline) of the cases whose deadline has come."""
        query = (
            sa.select(cases.c.id, cases.c.duty, cases.c.next_due)
            .where(cases.c.next_due.is_not(None), cases.c.next_due <= stamp(until))
            .order_by(cases.c.next_due)
            .limit(limit)
        )
        return [(row[0], row[1], row[2]) for row in self._db.execute(query)]

    def lately(self, duty: str, since: datetime) -> list[StoredCase]:
        """Cases of a duty that are open (they hold a claim) or changed since a time."""
        # Two questions with an index each (few cases of another duty hold a claim): asked as one, every closed
        # case would be read.
        is_new = (cases.c.duty == duty) & (cases.c.changed_at >= stamp(since))
        found = {row[0]: row for row in self._db.execute(_CHANGED.where(is_new))}
        claiming = self._db.execute(_CHANGED.where(cases.c.claim > ""))
        found |= {row[0]: row for row in claiming if row[1] == duty}
        return _by_change(found.values())

    def about(self, duty: str, subject: str) -> list[StoredCase]:
        """Every case of a duty about this, open or closed, the one that changed last first."""
        where = (cases.c.duty == duty) & (cases.c.subject == subject)
        return _by_change(self._db.execute(_CHANGED.where(where)))[::-1]

    def saying(self, duty: str, words: str) -> list[StoredCase]:
        """Cases of a duty whose stored body holds these words, the newest first. Reads them all."""
        query = (
            sa.select(cases.c.id, cases.c.duty, cases.c.body)
            .where(cases.c.duty == duty, cases.c.body.contains(words, autoescape=True))
            .order_by(cases.c.changed_at.desc())
        )
        return [StoredCase(*row) for row in self._db.execute(query)]

    def in_status(self, duty: str, statuses: Sequence[str]) -> list[StoredCase]:
        """The cases of a duty that are in one of these statuses, the one that changed last at the end."""
        where = (cases.c.duty == duty) & cases.c.status.in_(statuses)
        return _by_change(self._db.execute(_CHANGED.where(where)))

    def counts(self) -> dict[tuple[str, str], int]:
        """How many cases are open (they hold a claim), by duty and status."""
        # Not "is not null", and counted here: for that, and to group them, SQLite would read every case.
        found = self._db.execute(sa.select(cases.c.duty, cases.c.status).where(cases.c.claim > ""))
        return dict(Counter((row[0], row[1]) for row in found))

    def count_stuck(self) -> int:
        """How many events could not be decided and wait for a mend."""
        return int(self._db.execute(sa.select(sa.func.count()).select_from(stuck)).scalar_one())

    def began_at(self, case_id: str) -> datetime | None:
        """When the first thing happened to a case."""
        query = (
            sa.select(journal.c.at).where(journal.c.case_id == case_id).order_by(journal.c.version).limit(1)
        )
        row = self._db.execute(query).first()
        return None if row is None else datetime.fromisoformat(row[0])

    def entries(self, case_id: str) -> list[Entry]:
        """The journal of a case, in order."""
        query = (
            sa.select(journal.c.event_id, journal.c.version, journal.c.at, journal.c.kind, journal.c.body)
            .where(journal.c.case_id == case_id)
            .order_by(journal.c.version)
        )
        return [
            Entry(r[0], r[1], datetime.fromisoformat(r[2]), r[3], json.loads(r[4]))
            for r in self._db.execute(query)
        ]


_CHANGED = sa.select(cases.c.id, cases.c.duty, cases.c.body, cases.c.changed_at)


def _by_change(rows: Iterable[Any]) -> list[StoredCase]:
    """In the order in which they changed. Sorted here: SQLite would else walk all cases in that order instead of
    looking for the few."""
    return [StoredCase(*row[:3]) for row in sorted(rows, key=lambda row: (row[3], row[0]))]


# The insert that may become an update; no row is there to be locked before the first one.
_INSERT: Mapping[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
_EFFECT = (
    effects.c.key,
    effects.c.case_id,
    effects.c.duty,
    effects.c.kind,
    effects.c.state,
    effects.c.attempts,
    effects.c.unsure_until,
    effects.c.body,
)
_TARGET = (
    targets.c.case_id,
    targets.c.thing,
    targets.c.wanted,
    targets.c.shown,
    targets.c.attempts,
    targets.c.unsure_until,
    targets.c.writer,
    targets.c.document,
)


class Store:
    """The database of one installation. Open it once; transactions may be taken from any thread."""

    def __init__(self, url: str) -> None:
        self.url = normal_url(url)
        self.is_sqlite = is_sqlite(self.url)
        self._one_writer: AbstractContextManager[Any] = threading.Lock() if self.is_sqlite else nullcontext()
        self.mark = take_mark(self.url)
        self._writing = open_engine(self.url, "BEGIN IMMEDIATE")
        self._reading = open_engine(self.url, "BEGIN") if self.is_sqlite else self._writing

    def migrate(self) -> None:
        """Brings the schema to the newest version. SetupError where the database does not let us."""
        config = Config()
        config.set_main_option("script_location", str(files("starbot.engine") / "migrations"))
        try:
            with (
                self.mark.turn("schema"),
                self._one_writer,
                self._writing.connect() as connection,
            ):
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
                connection.commit()
        except DBAPIError as error:
            raise SetupError(
                [f"DATABASE_URL: {first_line(error)}. Mend it, or name another database."]
            ) from None

    @contextmanager
    def transaction(self) -> Iterator[Books]:
        """Everything inside happens, or nothing. Never start a workflow inside: on SQLite it would hang."""
        with self._one_writer, self._writing.begin() as connection:
            yield Books(connection, lock_rows=not self.is_sqlite)

    @contextmanager
    def read(self) -> Iterator[Books]:
        """A look that changes nothing and waits for no writer."""
        with self._reading.begin() as connection:
            yield Books(connection, lock_rows=False)

    def close(self) -> None:
        """Gives back the connections and the mark."""
        self._writing.dispose()
        self._reading.dispose()
        self.mark.close()
