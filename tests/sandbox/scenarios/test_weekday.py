"""The weekday world holds what the stories count on, and one cast feeds all four systems."""

from collections import Counter

import pytest

from starbot_sandbox.clock import Clock
from starbot_sandbox.pagerduty.state import PagerDutyState
from starbot_sandbox.scenarios import SCENARIOS
from starbot_sandbox.scenarios.seed import Seed


@pytest.fixture(scope="module")
def seed() -> Seed:
    return SCENARIOS["weekday"]()


def test_it_is_a_tuesday_at_two_utc(seed: Seed) -> None:
    assert seed.now.isoformat() == "2026-11-17T14:00:00+00:00"
    assert seed.now.strftime("%A") == "Tuesday"


def test_every_colleague_is_known_where_they_have_an_id(seed: Seed) -> None:
    slack = {user.id: user.email for user in seed.slack.users}
    gitlab = {user.username for user in seed.gitlab.users}
    pagerduty = {user.id: user.email for user in seed.pagerduty.users}
    for one in seed.slack.colleagues:
        assert slack[one.slack] == one.email
        assert one.gitlab in gitlab | {""}
        assert pagerduty.get(one.pagerduty, one.email) == one.email
        assert bool(one.pagerduty) == (one.region != "")


def test_each_region_has_two_managers_and_four_engineers(seed: Seed) -> None:
    managers = next(group for group in seed.slack.groups if group.handle == "supportmanagers").users
    regions = Counter(one.region for one in seed.slack.colleagues if one.slack in managers)
    everybody = Counter(one.region for one in seed.slack.colleagues if one.region)
    assert regions == {"APAC": 2, "EMEA": 2, "AMER": 2}
    assert everybody == {"APAC": 6, "EMEA": 6, "AMER": 6}


def test_lena_is_on_call_in_slack_and_in_pagerduty(seed: Seed) -> None:
    state = PagerDutyState(Clock(seed.now), seed.pagerduty)
    assert state.snapshot()["oncalls"]["Support Manager - EMEA"] == ["Lena Vogt"]
    assert next(group for group in seed.slack.groups if group.id == "S0SMOC").users == ("U0LENA",)


def test_the_bot_is_in_every_channel_but_general(seed: Seed) -> None:
    without = [one.name for one in seed.slack.channels if seed.slack.bot_user_id not in one.members]
    assert without == ["general"]


def test_members_of_channels_and_groups_exist(seed: Seed) -> None:
    known = {user.id for user in seed.slack.users} | {seed.slack.bot_user_id}
    named = [who for place in seed.slack.channels for who in place.members]
    named += [who for group in seed.slack.groups for who in group.users]
    assert set(named) <= known


def test_one_manager_has_no_gitlab_name(seed: Seed) -> None:
    tomas = next(one for one in seed.slack.colleagues if one.slack == "U0TOMAS")
    assert tomas.gitlab == ""


def test_there_are_thirty_tickets_of_seven_organisations(seed: Seed) -> None:
    tickets = {ticket.id: ticket for ticket in seed.zendesk.tickets}
    assert sorted(tickets) == list(range(123456, 123486))
    assert len({ticket.organization_id for ticket in tickets.values()} - {None}) == 7
    assert tickets[123470].status == "closed"
    assert tickets[123471].status == "solved"
    assert tickets[123472].organization_id is None
    forms = {form.id: form.name for form in seed.zendesk.ticket_forms}
    kinds = Counter(forms[ticket.form_id] for ticket in tickets.values() if ticket.form_id)
    assert kinds["Internal Request"] == 3
    assert {"SaaS", "SaaS Account", "Self-Managed", "L&R"} <= set(kinds)


def test_the_first_ticket_is_aurora_robotics_with_a_running_clock(seed: Seed) -> None:
    first = seed.zendesk.tickets[0]
    names = {one.id: one.name for one in seed.zendesk.organizations}
    assert first.organization_id is not None
    assert (first.status, first.priority, names[first.organization_id]) == ("open", "high", "Aurora Robotics")
    assert first.assignee_id is not None
    assert [one.stage for one in first.sla] == ["achieved", "active"]


def test_nobody_writes_before_the_ticket_or_after_now(seed: Seed) -> None:
    people = {user.id for user in seed.zendesk.users}
    for ticket in seed.zendesk.tickets:
        moments = [comment.at for comment in ticket.comments]
        assert moments == sorted(moments)
        assert moments[-1] < seed.now
        assert {comment.author_id for comment in ticket.comments} | {ticket.requester_id} <= people


def test_two_worlds_are_alike_and_apart(seed: Seed) -> None:
    assert SCENARIOS["weekday"]() == seed
