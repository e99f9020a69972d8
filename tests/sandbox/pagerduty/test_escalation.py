"""Escalation by the clock, computed without a server."""

import pytest

from starbot_sandbox.clock import Clock
from starbot_sandbox.pagerduty.control import act
from starbot_sandbox.pagerduty.incidents import Draft, Happening, Incident
from starbot_sandbox.pagerduty.refusal import Refusal
from starbot_sandbox.pagerduty.state import PagerDutyState
from starbot_sandbox.scenarios import SCENARIOS

ENGINEER, MANAGER, DIRECTOR = ["PENG05"], ["PLENA"], ["PDIRECT"]


class Story:
    """An emergency at 14:00, what is heard of it, and time going by."""

    def __init__(self) -> None:
        seed = SCENARIOS["weekday"]()
        self.account = PagerDutyState(Clock(seed.now), seed.pagerduty)
        self.heard: list[Happening] = []
        self.account.incidents.listener = self.heard.append
        draft = Draft(self.account.services["PVCUST"], "ZD#123456")
        self.incident: Incident = self.account.incidents.trigger(
            draft, "", self.account.clock.now(), "an integration"
        )

    def wait(self, minutes: float) -> None:
        self.account.clock.advance(minutes * 60 + 0.5)
        self.account.settle()

    def heard_kinds(self) -> list[str]:
        return [each.kind.removeprefix("incident.") for each in self.heard]


@pytest.fixture
def story() -> Story:
    return Story()


def test_it_goes_on_after_ten_minutes_then_after_five_and_stays_with_the_last(story: Story) -> None:
    held = []
    for minutes in (0, 9, 1, 4, 1, 60):
        story.wait(minutes)
        held.append((story.incident.level, list(story.incident.assignees)))
    assert held == [(1, ENGINEER), (1, ENGINEER), (2, MANAGER), (2, MANAGER), (3, DIRECTOR), (3, DIRECTOR)]
    assert story.heard_kinds() == ["triggered", "escalated", "escalated"]
    kinds = [line.kind for line in story.incident.log]
    assert kinds == ["trigger", "assign", "escalate", "escalate", "exhaust_escalation_path"]


def test_what_happened_while_nobody_looked_has_its_own_moments(story: Story) -> None:
    story.wait(20)
    minutes = [(each.at - story.incident.created_at).total_seconds() / 60 for each in story.heard]
    assert minutes == [0, 10, 15]


def test_an_acknowledgement_stops_it(story: Story) -> None:
    story.account.incidents.acknowledge(story.incident, "PENG05", story.account.clock.now())
    story.wait(60)
    assert (story.incident.status, list(story.incident.assignees)) == ("acknowledged", ENGINEER)


def test_who_acknowledges_holds_it_alone(story: Story) -> None:
    story.account.incidents.acknowledge(story.incident, "PMARIA", story.account.clock.now())
    assert list(story.incident.assignees) == ["PMARIA"]
    story.account.incidents.acknowledge(story.incident, "PMARIA", story.account.clock.now())
    assert story.heard_kinds() == ["triggered", "acknowledged"]


def test_an_acknowledgement_that_ends_starts_the_escalation_anew(story: Story) -> None:
    desk, now = story.account.incidents, story.account.clock.now()
    desk.acknowledge(story.incident, "PENG05", now)
    desk.unacknowledge(story.incident, now)
    story.wait(10)
    assert (story.incident.status, list(story.incident.assignees)) == ("triggered", MANAGER)
    assert story.heard_kinds() == ["triggered", "acknowledged", "unacknowledged", "escalated"]


def test_a_level_without_anybody_is_skipped(story: Story) -> None:
    for region in ("APAC", "EMEA", "AMER"):
        act(story.account, {"action": "gap", "schedule": f"Support Manager - {region}"})
    story.wait(10)
    assert (story.incident.level, list(story.incident.assignees)) == (3, DIRECTOR)


def test_a_direct_assignment_does_not_escalate(story: Story) -> None:
    story.account.incidents.reassign(story.incident, ["PJAMES"], "PLENA", story.account.clock.now())
    story.wait(60)
    assert list(story.incident.assignees) == ["PJAMES"]


def test_a_resolved_incident_stays_as_it_is(story: Story) -> None:
    desk, now = story.account.incidents, story.account.clock.now()
    desk.resolve(story.incident, "PENG05", now)
    story.wait(60)
    assert story.heard_kinds() == ["triggered", "resolved"]
    with pytest.raises(Refusal, match="1001"):
        desk.escalate(story.incident, "PENG05", now)


def test_reopening_is_for_resolved_incidents(story: Story) -> None:
    with pytest.raises(Refusal, match="1003"):
        story.account.incidents.reopen(story.incident, "PENG05", story.account.clock.now())
