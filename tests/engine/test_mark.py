"""The mark of a bot on its database: what several bots on one PostgreSQL know of each other."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import psycopg
import pytest

from starbot.engine.database import MarkLost
from starbot.engine.mark import BOTS, ONE_BOT, Mark, take_mark
from starbot.errors import SetupError
from tests.engine.errands import until


@pytest.fixture
def take(postgresql: str) -> Iterator[Callable[[], Mark]]:
    """Takes one more mark on the same PostgreSQL database."""
    with ExitStack() as marks:

        def taken() -> Mark:
            mark = take_mark(postgresql)
            marks.callback(mark.close)
            return mark

        yield taken


def test_each_bot_sees_all_that_live_and_one_leads(take: Callable[[], Mark]) -> None:
    first, second = take(), take()
    both = {first.executor, second.executor}
    assert len(both) == 2
    assert (set(first.look().alive), set(second.look().alive)) == (both, both)
    assert (first.look().leads, second.look().leads) == (True, False)


def test_when_the_leader_is_gone_another_leads(take: Callable[[], Mark]) -> None:
    first, second = take(), take()
    first.look()
    first.close()
    until(lambda: second.look() == (frozenset([second.executor]), True))


def test_what_only_one_bot_may_be_at_is_refused_to_the_other(take: Callable[[], Mark]) -> None:
    first, second = take(), take()
    with first.alone("a") as one, second.alone("a") as other, second.alone("b") as else_where:
        assert (one, other, else_where) == (True, False, True)
    with second.alone("a") as now:
        assert now


def test_what_a_bot_was_at_is_free_when_it_is_gone(take: Callable[[], Mark]) -> None:
    first, second = take(), take()
    with pytest.raises(MarkLost), first.alone("a"):
        first.close()
    until(lambda: gets(second, "a"))


def gets(mark: Mark, name: str) -> bool:
    with mark.alone(name) as is_mine:
        return is_mine


def test_turns_are_waited_for_in_one_bot_and_between_two(take: Callable[[], Mark]) -> None:
    first, second = take(), take()
    order: list[str] = []

    def wait(mark: Mark, name: str) -> None:
        with mark.turn("ticket"):
            order.append(name)

    with first.turn("ticket"):
        waiting = [
            threading.Thread(target=wait, args=one) for one in ((first, "same bot"), (second, "other bot"))
        ]
        for thread in waiting:
            thread.start()
        waiting[0].join(0.2)
        order.append("first")
    for thread in waiting:
        thread.join(10)
    assert order[0] == "first" and set(order[1:]) == {"same bot", "other bot"}


def test_a_mark_whose_connection_was_ended_is_lost_for_good(
    take: Callable[[], Mark], postgresql: str
) -> None:
    lost = take()
    with psycopg.connect(postgresql) as connection:
        held = "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and objid = %s"
        connection.execute(held, [int(lost.executor)])
    for _ in range(2):
        with pytest.raises(MarkLost):
            lost.look()
    with pytest.raises(MarkLost), lost.alone("a"):
        pass


def test_a_pooler_that_took_the_lock_away_is_told(take: Callable[[], Mark], postgresql: str) -> None:
    mark = take()
    mark._db.execute("select pg_advisory_unlock(%s, %s)", [BOTS, int(mark.executor)])  # type: ignore[attr-defined]
    with pytest.raises(MarkLost, match="pooler"):
        mark.look()


def test_an_older_bot_that_shares_with_nobody_is_not_joined(postgresql: str) -> None:
    with psycopg.connect(postgresql, autocommit=True) as older:
        older.execute("select pg_advisory_lock(%s)", [ONE_BOT])
        with pytest.raises(SetupError, match="Stop that one first"):
            take_mark(postgresql)


def test_a_second_bot_on_a_file_is_refused(sqlite: str) -> None:
    mark = take_mark(sqlite)
    assert mark.look() == (frozenset(["local"]), True)
    with pytest.raises(SetupError, match="use PostgreSQL"):
        take_mark(sqlite)
    mark.close()
    take_mark(sqlite).close()
