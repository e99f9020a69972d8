"""PagerDuty through pdpyras, as far as the bot uses it."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from starbot.errors import ServiceRefused
from starbot.services.pagerduty import PagerDutyService
from tests.services.controls import TIMEOUT_S, Sandbox

NAMES = ["Support Manager - APAC", "Support Manager - EMEA", "Support Manager - AMER"]
IDS = ["PSAPAC", "PSEMEA", "PSAMER"]
START = datetime(2026, 11, 17, 14, tzinfo=UTC)


def test_schedules_resolve_by_exact_name(pagerduty: PagerDutyService) -> None:
    found = pagerduty.schedule_ids([*NAMES, "Support Manager"])
    assert found == dict(zip(NAMES, IDS, strict=True))


def test_the_manager_on_call_is_named_once_with_the_shift(pagerduty: PagerDutyService) -> None:
    [shift] = pagerduty.on_call(IDS)
    assert (shift.person.name, shift.person.pagerduty) == ("Lena Vogt", "PLENA")
    assert shift.person.email == "lena.vogt@example.com"
    assert shift.schedule_id == "PSEMEA"
    assert shift.start is not None and shift.end is not None
    assert shift.start <= START < shift.end


def test_the_next_region_takes_over_when_the_clock_moves(
    pagerduty: PagerDutyService, sandbox: Sandbox
) -> None:
    sandbox.control("clock", {"advance_s": 6 * 3600})
    [shift] = pagerduty.on_call(IDS)
    assert shift.schedule_id == "PSAMER"


def test_the_shifts_to_come_are_told_in_their_order(pagerduty: PagerDutyService) -> None:
    shifts = pagerduty.on_call(IDS, since=START, until=START + timedelta(hours=24))
    assert [shift.schedule_id for shift in sorted(shifts, key=lambda shift: shift.start or START)] == [
        "PSEMEA",
        "PSAMER",
        "PSAPAC",
        "PSEMEA",
    ]


def test_nobody_may_be_on_call(pagerduty: PagerDutyService, sandbox: Sandbox) -> None:
    assert pagerduty.on_call(["PSAPAC"]) == []


def test_all_managers_of_the_schedules_are_listed(pagerduty: PagerDutyService) -> None:
    people = pagerduty.schedule_users(IDS, since=START, until=START + timedelta(weeks=3))
    assert {person.pagerduty for person in people} == {"PMEI", "PRAVI", "PLENA", "PTOMAS", "PMARIA", "PJAMES"}
    assert len(people) == 6


def test_a_wrong_token_is_unauthorized(sandbox: Sandbox) -> None:
    with pytest.raises(ServiceRefused) as refused:
        PagerDutyService(f"{sandbox.url}/pagerduty", "wrong", None, TIMEOUT_S).on_call(IDS)
    assert refused.value.reason == "unauthorized"


def test_the_deprecation_of_pdpyras_does_not_greet_every_start() -> None:
    program = [sys.executable, "-W", "error", "-c", "import starbot.services.pagerduty"]
    assert subprocess.run(program, capture_output=True, text=True, check=False).stderr == ""
