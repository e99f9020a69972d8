"""Who is on call when, computed without a server."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from starbot_sandbox.clock import Clock
from starbot_sandbox.pagerduty.state import PagerDutyState
from starbot_sandbox.scenarios import SCENARIOS

AMSTERDAM = ZoneInfo("Europe/Amsterdam")


@pytest.fixture
def state() -> PagerDutyState:
    seed = SCENARIOS["weekday"]()
    return PagerDutyState(Clock(seed.now), seed.pagerduty)


def managers_at(state: PagerDutyState, when: datetime) -> list[str]:
    plans = [state.schedules[f"PS{region}"] for region in ("APAC", "EMEA", "AMER")]
    return [shift.user_id for plan in plans for shift in state.rendered(plan, when, when)]


@pytest.mark.parametrize(
    ("hour", "manager"),
    [(1, "PMEI"), (8, "PMEI"), (9, "PLENA"), (16, "PLENA"), (17, "PMARIA"), (23, "PMARIA")],
)
def test_the_sun_is_followed_in_amsterdam_time(state: PagerDutyState, hour: int, manager: str) -> None:
    assert managers_at(state, datetime(2026, 11, 17, hour, tzinfo=AMSTERDAM)) == [manager]


def test_after_midnight_the_americas_still_hold_the_pager(state: PagerDutyState) -> None:
    assert managers_at(state, datetime(2026, 11, 18, 0, 30, tzinfo=AMSTERDAM)) == ["PMARIA"]


def test_the_week_turns_on_monday_at_nine_so_apac_shifts_run_from_tuesday(state: PagerDutyState) -> None:
    assert managers_at(state, datetime(2026, 11, 23, 8, tzinfo=AMSTERDAM)) == ["PMEI"]
    assert managers_at(state, datetime(2026, 11, 23, 9, tzinfo=AMSTERDAM)) == ["PTOMAS"]
    assert managers_at(state, datetime(2026, 11, 24, 8, tzinfo=AMSTERDAM)) == ["PRAVI"]
    assert managers_at(state, datetime(2026, 11, 30, 9, tzinfo=AMSTERDAM)) == ["PLENA"]
    assert managers_at(state, datetime(2026, 11, 16, 8, tzinfo=AMSTERDAM)) == ["PRAVI"]


@pytest.mark.parametrize("day", [datetime(2026, 10, 25, tzinfo=UTC), datetime(2027, 3, 28, tzinfo=UTC)])
def test_somebody_and_only_one_is_on_call_every_half_hour_when_clocks_change(
    state: PagerDutyState, day: datetime
) -> None:
    for half_hour in range(-48, 96):
        assert len(managers_at(state, day + timedelta(minutes=30 * half_hour))) == 1


def test_a_shift_keeps_its_local_hour_in_summer(state: PagerDutyState) -> None:
    noon = datetime(2027, 7, 1, 12, tzinfo=UTC)
    (shift,) = state.rendered(state.schedules["PSEMEA"], noon, noon)
    assert shift.start == datetime(2027, 7, 1, 7, tzinfo=UTC)
