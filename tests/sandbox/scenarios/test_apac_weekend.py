"""The weekend world begins in the middle of two emergencies, the same in PagerDuty, Zendesk and Slack."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from starbot_sandbox.clock import Clock
from starbot_sandbox.pagerduty.incidents import Incident
from starbot_sandbox.pagerduty.state import PagerDutyState
from starbot_sandbox.scenarios import SCENARIOS
from starbot_sandbox.scenarios.seed import Seed


@pytest.fixture(scope="module")
def seed() -> Seed:
    return SCENARIOS["apac_weekend"]()


@pytest.fixture
def account(seed: Seed) -> PagerDutyState:
    return PagerDutyState(Clock(seed.now), seed.pagerduty)


def emergencies(account: PagerDutyState) -> list[Incident]:
    return list(account.incidents.by_id.values())


def test_it_is_a_saturday_morning_in_brisbane(seed: Seed) -> None:
    assert seed.now.astimezone(ZoneInfo("Australia/Brisbane")).strftime("%A %H:%M") == "Saturday 10:30"


def test_mei_and_aiko_are_on_call_in_pagerduty_and_in_slack(seed: Seed, account: PagerDutyState) -> None:
    on_call = account.snapshot()["oncalls"]
    assert on_call["Support Manager - APAC"] == ["Mei Tanaka"]
    assert on_call["Customer Emergencies - APAC"] == ["Aiko Mori"]
    assert (on_call["Support Manager - EMEA"], on_call["Support Manager - AMER"]) == ([], [])
    assert next(group for group in seed.slack.groups if group.id == "S0SMOC").users == ("U0MEI",)


def test_the_engineer_holds_the_first_and_the_manager_the_second(account: PagerDutyState) -> None:
    first, second = emergencies(account)
    assert (first.status, list(first.acknowledgers)) == ("acknowledged", ["PENG01"])
    assert (second.status, second.level, list(second.assignees)) == ("triggered", 2, ["PMEI"])
    assert [line.kind for line in second.log] == ["trigger", "assign", "escalate"]


def test_if_nobody_acts_the_director_gets_the_second_three_minutes_later(account: PagerDutyState) -> None:
    account.clock.advance(timedelta(minutes=3, seconds=1).total_seconds())
    account.settle()
    first, second = emergencies(account)
    assert (second.level, list(second.assignees)) == (3, ["PDIRECT"])
    assert list(first.assignees) == ["PENG01"]


def test_both_have_an_urgent_ticket_of_the_emergency_form(seed: Seed) -> None:
    forms = {form.id: form.name for form in seed.zendesk.ticket_forms}
    tickets = {ticket.id: ticket for ticket in seed.zendesk.tickets}
    for incident, number in zip(seed.pagerduty.incidents, (123490, 123491), strict=True):
        ticket = tickets[number]
        assert forms[ticket.form_id or 0] == "Emergency"
        assert ticket.priority == "urgent"
        assert incident.title == f"ZD#{number} {ticket.subject}"
        assert ticket.comments[0].at <= incident.at


def test_the_backup_pool_is_the_engineers_of_apac(account: PagerDutyState) -> None:
    pool = account.policies["PEPOOL"]
    assert account.people_at(pool, 1, account.clock.now()) == ["PENG01", "PENG02", "PENG03", "PENG04"]


def test_nobody_writes_after_now(seed: Seed) -> None:
    assert max(comment.at for ticket in seed.zendesk.tickets for comment in ticket.comments) < seed.now
