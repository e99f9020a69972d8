"""What is closed loses its text after so long, or goes: on both kinds of database, and never while it is open."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from starbot.engine.retention import What, let_go
from starbot.engine.schema import cases, effects, handles, journal, metadata, targets
from starbot.engine.store import Store
from tests.engine.errands import NOW, Asked, Due, Hands, Outpost, added, errands, refused

WEEK = timedelta(days=7)
LATER = NOW + timedelta(days=8)
ASKED = Asked(id="asked:a", at=NOW, handle="a", parcels=1, due_in_s=1)


def _closed(store: Store, outpost: Outpost) -> Hands:
    """An errand whose parcel was sent, whose sign stands, and that was closed: its deadline came."""
    hands = Hands(store, errands(outpost, sign=True))
    hands.advance(ASKED)
    hands.performer.perform("errand-a:send:0")
    hands.performer.converge("errand-a", "sign", "w")
    hands.performer.perform("errand-a:ring:0")
    hands.advance(Due(id="due:a", at=NOW, case_id="errand-a"))
    hands.performer.converge("errand-a", "sign", "w")
    return hands


def _rows(store: Store) -> dict[str, int]:
    with store.read() as books:
        count = sa.select(sa.func.count())
        return {
            table.name: books._db.execute(count.select_from(table)).scalar_one()
            for table in metadata.sorted_tables
        }


def _let_go(store: Store, outpost: Outpost, what: What = "blank", age: timedelta = WEEK) -> int:
    return let_go(store, [errands(outpost, sign=True)], LATER, age, what)


def test_a_closed_case_is_blanked_once_and_stays_what_it_is(store: Store, outpost: Outpost) -> None:
    _closed(store, outpost)
    before = _rows(store)
    assert _let_go(store, outpost) == 1
    with store.read() as books:
        stored = books.case("errand-a")
        assert stored is not None and '"sent":[]' in stored.body and '"status":"closed"' in stored.body
        assert books.case_of("a") == "errand-a"
        target = books.target("errand-a", "sign")
        assert target is not None and target.document is None and target.shown >= target.wanted
    assert _rows(store) == before
    assert _let_go(store, outpost) == 0


@pytest.mark.parametrize("what", ["blank", "delete"])
def test_what_is_younger_open_or_has_something_left_to_do_is_left_alone(
    store: Store, outpost: Outpost, what: What
) -> None:
    _closed(store, outpost)
    assert _let_go(store, outpost, what, timedelta(days=9)) == 0
    assert _let_go(store, outpost, what) == 1
    hands = Hands(store, errands(outpost))
    hands.asked("open")
    hands.asked("undone", parcels=1)
    hands.advance(Due(id="due:undone", at=NOW, case_id="errand-undone"))
    assert _let_go(store, outpost, what) == 0


def test_a_failed_effect_is_no_reason_to_keep_a_case(store: Store, outpost: Outpost) -> None:
    outpost.before.append(refused)
    _closed(store, outpost)
    assert _let_go(store, outpost) == 1


def test_nothing_happens_to_a_blanked_case_any_more(store: Store, outpost: Outpost) -> None:
    hands = _closed(store, outpost)
    _let_go(store, outpost)
    assert hands.advance(added(5)) == []
    with store.read() as books:
        stored = books.case("errand-a")
    assert stored is not None and '"total":0' in stored.body


def test_of_a_deleted_case_only_the_ids_of_its_events_stay_and_they_do_nothing_again(
    store: Store, outpost: Outpost
) -> None:
    hands = _closed(store, outpost)
    events = _rows(store)["journal"]
    assert _let_go(store, outpost, "delete") == 1
    rows = _rows(store)
    assert [rows[one.name] for one in (cases, effects, handles, targets)] == [0, 0, 0, 0]
    assert rows["journal"] == events
    with store.read() as books:
        left = books._db.execute(sa.select(journal.c.body, journal.c.starts).distinct()).all()
    assert [tuple(one) for one in left] == [("{}", "[]")]
    assert hands.advance(ASKED) == []
    assert _rows(store) == rows
    assert _let_go(store, outpost, "delete") == 0


def test_the_cases_whose_time_has_come_are_found_by_an_index(file_store: Store, outpost: Outpost) -> None:
    with file_store.read() as books:
        plan: list[str] = []
        engine = file_store._reading
        sa.event.listen(engine, "before_cursor_execute", lambda *told: plan.append(told[2]))
        books.closed_before("errands", ("closed",), NOW, limit=10)
        ask = sa.text("explain query plan " + plan[-1].replace("?", "1"))
        steps = [str(row[-1]) for row in books._db.execute(ask)]
    assert any("cases_blanked" in step for step in steps)
