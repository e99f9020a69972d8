"""The sandbox clock."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from starbot_sandbox.clock import Clock

TUESDAY = datetime(2026, 11, 17, 14, tzinfo=UTC)


def test_the_clock_runs_on_from_its_set_point() -> None:
    clock = Clock(TUESDAY)
    assert TUESDAY <= clock.now() < TUESDAY + timedelta(seconds=5)


def test_the_clock_moves_forward_and_counts_its_moves() -> None:
    clock = Clock(TUESDAY)
    clock.advance(7200)
    clock.set(TUESDAY + timedelta(hours=3))
    assert clock.moves == 2
    assert clock.now() >= TUESDAY + timedelta(hours=3)


def test_the_clock_does_not_move_back() -> None:
    clock = Clock(TUESDAY)
    with pytest.raises(ValueError, match="forward only"):
        clock.set(TUESDAY - timedelta(seconds=1))
    with pytest.raises(ValueError, match="forward only"):
        clock.advance(-1)
    with pytest.raises(ValueError, match="time zone"):
        clock.set(datetime(2026, 11, 18))


def test_a_follower_wakes_at_the_next_move() -> None:
    async def story() -> float:
        clock = Clock(TUESDAY)
        waiting = asyncio.create_task(clock.wait(0, 5))
        await asyncio.sleep(0)
        clock.advance(1)
        began = asyncio.get_running_loop().time()
        await waiting
        return asyncio.get_running_loop().time() - began

    assert asyncio.run(story()) < 1


def test_a_follower_gives_up_after_its_time() -> None:
    asyncio.run(asyncio.wait_for(Clock(TUESDAY).wait(0, 0.01), 2))
