"""PagerDuty through pdpyras, as far as the bot uses it."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from starbot.errors import ServiceRefused
from starbot.services.pagerduty import PagerDutyService, Shift
from tests.services.controls import TIMEOUT_S, Sandbox

NAMES = ["Support Manager - APAC", "Support Manager - EMEA", "Support Manager - AMER"]
IDS = ["PSAPAC", "PSEMEA", "PSAMER"]
START = datetime(2026, 11, 17, 14, tzinfo=UTC)


def on_call(pagerduty: PagerDutyService, schedule_ids: list[str], at: datetime = START) -> list[Shift]:
    return pagerduty.on_call(schedule_ids, since=at, until=at)


def test_schedules_resolve_by_exact_name(pagerduty: PagerDutyService) -> None:
    found = pagerduty.schedule_ids([*NAMES, "Support Manager"])
    assert found == dict(zip(NAMES, IDS, strict=True))


def test_the_manager_on_call_is_named_once_with_the_shift(pagerduty: PagerDutyService) -> None:
    [shift] = on_call(pagerduty, IDS)
    assert (shift.person.name, shift.person.pagerduty) == ("Lena Vogt", "PLENA")
    assert shift.person.email == "lena.vogt@example.com"
    assert shift.schedule_id == "PSEMEA"
    assert shift.start is not None and shift.end is not None
    assert shift.start <= START < shift.end


def test_the_next_region_takes_over_later(pagerduty: PagerDutyService) -> None:
    [shift] = on_call(pagerduty, IDS, START + timedelta(hours=6))
    assert shift.schedule_id == "PSAMER"


def test_the_shifts_to_come_are_told_in_their_order(pagerduty: PagerDutyService) -> None:
    shifts = pagerduty.on_call(IDS, since=START, until=START + timedelta(hours=24))
    assert [shift.schedule_id for shift in sorted(shifts, key=lambda shift: shift.start or START)] == [
        "PSEMEA",
        "PSAMER",
        "PSAPAC",
        "PSEMEA",
    ]


def test_nobody_may_be_on_call(pagerduty: PagerDutyService) -> None:
    assert on_call(pagerduty, ["PSAPAC"]) == []


def test_a_wrong_token_is_unauthorized(sandbox: Sandbox) -> None:
    with pytest.raises(ServiceRefused) as refused:
        on_call(PagerDutyService(f"{sandbox.url}/pagerduty", "wrong", None, TIMEOUT_S), IDS)
    assert refused.value.reason == "unauthorized"


def test_the_deprecation_of_pdpyras_does_not_greet_every_start() -> None:
    program = [sys.executable, "-W", "error", "-c", "import starbot.services.pagerduty"]
    assert subprocess.run(program, capture_output=True, text=True, check=False).stderr == ""
