"""Who is on call and who may act, while PagerDuty and Slack answer and while they do not."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from starbot.core.facts import OnCall, Person
from starbot.engine.memory import StoreMemory
from starbot.engine.store import Store
from starbot.services.pagerduty import PagerDutyService
from starbot.services.people import People
from starbot.services.roster import Roster
from starbot.services.slack import SlackService
from tests.services.controls import TIMEOUT_S, Sandbox

SCHEDULES = {
    "Support Manager - APAC": "PSAPAC",
    "Support Manager - EMEA": "PSEMEA",
    "Support Manager - AMER": "PSAMER",
}
GROUPS = {"supportmanagers": "S0MGRS"}
PEOPLE = People(
    [
        Person(name="Lena V.", slack="U0LENA", gitlab="lvogt", pagerduty="PLENA", region="EMEA"),
        Person(name="Tomas Novak", slack="U0TOMAS", email="tomas.novak@example.com"),
    ]
)
LENA, TOMAS, MEI = "U0LENA", "U0TOMAS", "U0MEI"

Build = Callable[..., Roster]


@pytest.fixture
def roster(sandbox: Sandbox, tmp_path: Path) -> Iterator[Build]:
    """`roster()`: one as a bot has it after each start; all of one test share what is remembered."""
    store = Store(f"sqlite:///{tmp_path / 'starbot.db'}")
    store.migrate()
    memory = StoreMemory(store)

    def now() -> datetime:
        return datetime.fromisoformat(sandbox.control("clock")["now"]).astimezone(UTC)

    def build(
        people: People = PEOPLE,
        schedules: dict[str, str] = SCHEDULES,
        groups: dict[str, str] = GROUPS,
        rotation: str | None = None,
    ) -> Roster:
        slack = SlackService("xoxb-sandbox", f"{sandbox.url}/slack/api/", TIMEOUT_S)
        pagerduty = PagerDutyService(f"{sandbox.url}/pagerduty", "pd-sandbox", None, TIMEOUT_S)
        return Roster(
            slack, pagerduty, people, memory, now, lambda: schedules, lambda: groups, lambda: rotation
        )

    yield build
    store.close()


def goes_down(sandbox: Sandbox, *services: str) -> None:
    for service in services:
        sandbox.fault(service=service, kind="status", status=503)


def comes_back(sandbox: Sandbox) -> None:
    sandbox.control("faults", method="DELETE")


def pagerduty_act(sandbox: Sandbox, action: str, **more: str) -> None:
    sandbox.control("pagerduty/act", {"action": action, **more})


def names(on_call: OnCall) -> list[str]:
    return [person.name for person in on_call.managers]


def test_the_manager_on_call_is_asked_of_pagerduty(roster: Build) -> None:
    found = roster().on_call()
    assert (names(found), found.source) == (["Lena Vogt"], "live")
    assert found.as_of is not None
    assert timedelta() <= found.as_of - datetime(2026, 11, 17, 14, tzinfo=UTC) < timedelta(minutes=1)


def test_the_people_file_adds_what_pagerduty_does_not_know(roster: Build) -> None:
    [lena] = roster().on_call().managers
    assert lena == Person(
        name="Lena Vogt",
        email="lena.vogt@example.com",
        slack=LENA,
        gitlab="lvogt",
        pagerduty="PLENA",
        region="EMEA",
    )


def test_the_schedule_that_was_known_last_serves_across_a_change_of_shift(
    roster: Build, sandbox: Sandbox
) -> None:
    asked = roster().on_call().as_of
    goes_down(sandbox, "pagerduty")
    assert names(roster().on_call()) == ["Lena Vogt"]
    sandbox.control("clock", {"advance_s": 3 * 3600})
    remembered = roster().on_call()
    assert (remembered.source, remembered.as_of) == ("remembered", asked)
    comes_back(sandbox)
    live = roster().on_call()
    assert live.source == "live"
    assert names(live) == names(remembered) != ["Lena Vogt"]
    assert live.managers == remembered.managers


def test_a_schedule_from_the_day_before_yesterday_is_not_trusted(roster: Build, sandbox: Sandbox) -> None:
    asked = roster().on_call().as_of
    goes_down(sandbox, "pagerduty")
    sandbox.control("clock", {"advance_s": 48 * 3600})
    assert roster().on_call() == OnCall(managers=(), source="none", as_of=asked)


@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "malformed"])
def test_an_answer_that_is_none_is_as_good_as_silence(roster: Build, sandbox: Sandbox, kind: str) -> None:
    roster().on_call()
    sandbox.fault(service="pagerduty", kind=kind)
    assert roster().on_call().source == "remembered"


def test_a_pagerduty_that_never_answered_leaves_nobody_known(roster: Build, sandbox: Sandbox) -> None:
    goes_down(sandbox, "pagerduty")
    assert roster().on_call() == OnCall()


def test_nobody_may_be_on_call(roster: Build, sandbox: Sandbox) -> None:
    pagerduty_act(sandbox, "gap")
    found = roster().on_call()
    assert (found.managers, found.source) == ((), "live")


def test_two_on_call_are_both_named(roster: Build, sandbox: Sandbox) -> None:
    pagerduty_act(sandbox, "extra", schedule="PSEMEA", user="PTOMAS")
    assert sorted(names(roster().on_call())) == ["Lena Vogt", "Tomas Novak"]


def test_one_person_on_two_schedules_is_named_once(roster: Build, sandbox: Sandbox) -> None:
    pagerduty_act(sandbox, "extra", schedule="PSAMER", user="PLENA")
    assert names(roster().on_call()) == ["Lena Vogt"]


def test_a_slack_id_that_the_file_lacks_is_found_by_e_mail_once(roster: Build, sandbox: Sandbox) -> None:
    without_file = roster(people=People())
    for _ in range(2):
        [lena] = without_file.on_call().managers
        assert (lena.slack, lena.gitlab) == (LENA, "")
    assert len(sandbox.requests("slack")) == 1


def test_without_slack_the_name_must_do(roster: Build, sandbox: Sandbox) -> None:
    goes_down(sandbox, "slack")
    found = roster(people=People()).on_call()
    assert (names(found), found.source, found.managers[0].slack) == (["Lena Vogt"], "live", "")


def test_while_no_schedule_is_known_by_its_id_pagerduty_is_not_asked(roster: Build, sandbox: Sandbox) -> None:
    remembered = roster().on_call()
    asked = len(sandbox.requests("pagerduty"))
    unresolved = roster(schedules={})
    unresolved.refresh()
    found = unresolved.on_call()
    assert (found.managers, found.source) == (remembered.managers, "remembered")
    assert len(sandbox.requests("pagerduty")) == asked


def test_members_of_the_manager_groups_may_act_and_nobody_else(roster: Build) -> None:
    present = roster()
    assert present.manager(LENA) is None
    present.refresh()
    lena, mei = present.manager(LENA), present.manager(MEI)
    assert lena is not None and lena.gitlab == "lvogt"
    assert mei is not None and mei.name == "Mei Tanaka"
    assert [present.manager(other) for other in ("U0CASEY", "U0ENG01", "U0GUEST", "")] == [None] * 4


def test_whoever_is_on_call_may_act_without_being_in_a_group(roster: Build, sandbox: Sandbox) -> None:
    pagerduty_act(sandbox, "extra", schedule="PSEMEA", user="PTOMAS")
    present = roster(groups={})
    present.refresh()
    assert present.manager(LENA) and present.manager(TOMAS)
    assert (present.manager(MEI) is None) != (present.manager("U0RAVI") is None)


def test_nobody_waits_for_a_vendor_to_know_who_may_act(roster: Build, sandbox: Sandbox) -> None:
    present = roster()
    present.refresh()
    before = len(sandbox.requests("slack")) + len(sandbox.requests("pagerduty"))
    assert present.manager(LENA) and present.manager("U0CASEY") is None
    assert len(sandbox.requests("slack")) + len(sandbox.requests("pagerduty")) == before


@pytest.mark.parametrize("down", [("slack",), ("pagerduty",), ("slack", "pagerduty")])
def test_a_refresh_takes_no_right_away_because_a_service_is_down(
    roster: Build, sandbox: Sandbox, down: tuple[str, ...]
) -> None:
    present = roster()
    present.refresh()
    goes_down(sandbox, *down)
    present.refresh()
    assert all(present.manager(one) for one in (LENA, TOMAS, MEI))


def test_rights_end_with_the_group_although_pagerduty_is_down(roster: Build, sandbox: Sandbox) -> None:
    groups = dict(GROUPS)
    present = roster(groups=groups)
    present.refresh()
    goes_down(sandbox, "pagerduty")
    groups.clear()
    present.refresh()
    assert present.manager(LENA)
    assert present.manager(TOMAS) is None


@pytest.mark.parametrize("groups", [{"gone": "S0GONE", **GROUPS}, {**GROUPS, "gone": "S0GONE"}])
def test_one_group_that_slack_does_not_know_does_not_hide_the_others(
    roster: Build, groups: dict[str, str]
) -> None:
    present = roster(groups=groups)
    present.refresh()
    assert present.manager(TOMAS)


def test_after_a_restart_without_any_service_rights_are_as_they_were(roster: Build, sandbox: Sandbox) -> None:
    before = roster()
    before.refresh()
    goes_down(sandbox, "slack", "pagerduty")
    after = roster()
    assert [after.manager(one) for one in (LENA, TOMAS, MEI)] == [
        before.manager(one) for one in (LENA, TOMAS, MEI)
    ]
    after.refresh()
    assert after.manager(MEI) == before.manager(MEI) is not None
    assert after.on_call().source == "remembered"


# -- whose emergency it is


def holders(*people: str) -> list[Person]:
    """People as an incident names them: an id and a name."""
    return [Person(name=name, pagerduty=name) for name in people]


def test_the_managers_among_those_who_hold_an_incident_are_known_everywhere(roster: Build) -> None:
    found = roster().managers_among(holders("PENG01", "PLENA", "PNOBODY"))
    assert [(one.name, one.slack, one.gitlab) for one in found] == [("Lena Vogt", LENA, "lvogt")]


def test_a_manager_who_is_not_on_call_is_one_too(roster: Build) -> None:
    known = roster(people=People([Person(name="Mei Tanaka", slack=MEI, pagerduty="PMEI")]))
    assert known.managers_among(holders("PMEI")) == ()
    known.refresh()
    assert [one.slack for one in known.managers_among(holders("PMEI"))] == [MEI]


def test_without_pagerduty_the_managers_are_those_remembered(roster: Build, sandbox: Sandbox) -> None:
    roster().refresh()
    goes_down(sandbox, "pagerduty")
    assert [one.slack for one in roster().managers_among(holders("PLENA"))] == [LENA]


def test_the_engineers_on_call_are_the_first_level_and_outlive_an_outage(
    roster: Build, sandbox: Sandbox
) -> None:
    known = roster(rotation="PECUST")
    assert known.engineer("U0ENG05") is None
    known.refresh()
    engineers = [n for n in range(1, 13) if known.engineer(f"U0ENG{n:02}")]
    assert engineers and known.engineer(LENA) is None
    goes_down(sandbox, "pagerduty")
    again = roster(rotation="PECUST")
    again.refresh()
    assert [n for n in range(1, 13) if again.engineer(f"U0ENG{n:02}")] == engineers
