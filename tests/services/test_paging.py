"""Incidents through pdpyras: paged, found again, acknowledged, refused in our words, and never twice."""

from datetime import UTC, datetime, timedelta

import pytest

from starbot.core.facts import Incident
from starbot.errors import RefusedReason, ServiceDelayed, ServiceRefused
from starbot.services.pagerduty import PagerDutyService
from tests.services.controls import TIMEOUT_S, Sandbox

LENA, MEI = "lena.vogt@example.com", "mei.tanaka@example.com"
START = datetime(2026, 11, 17, 14, tzinfo=UTC)
POOL, CUSTOMERS, FEDERAL = "PVPOOL", "PVCUST", "PEFED"
TITLE = "Duplicate emergency - ZD#123456"


def page(
    pagerduty: PagerDutyService,
    key: str = "star:7:page",
    service_id: str = POOL,
    title: str = TITLE,
    from_email: str = LENA,
    policy_id: str | None = None,
) -> Incident:
    return pagerduty.create_incident(
        service_id=service_id,
        title=title,
        details="Geo is down at Aurora.",
        key=key,
        from_email=from_email,
        escalation_policy_id=policy_id,
    )


def emergency(sandbox: Sandbox, **more: str) -> str:
    body = {"service": "Customer Support", "title": "ZD#123456", **more}
    return str(sandbox.control("pagerduty/trigger", body)["incident"])


def over(sandbox: Sandbox, id_: str) -> None:
    """Somebody resolves it in PagerDuty."""
    sandbox.control("pagerduty/act", {"action": "resolve", "incident": id_, "user": "Anna Kowalska"})


def names(incident: Incident) -> list[str]:
    return [one.name for one in incident.assignees]


def refusal(act: object) -> RefusedReason:
    assert callable(act)
    with pytest.raises(ServiceRefused) as caught:
        act()
    return caught.value.reason


def test_a_page_asks_everybody_in_the_pool(pagerduty: PagerDutyService, sandbox: Sandbox) -> None:
    made = page(pagerduty)
    assert (made.number, made.key, made.status, made.title) == (1, "star:7:page", "triggered", TITLE)
    assert (made.service_id, made.service) == (POOL, "Customer Emergencies - APAC Backup Pool")
    assert names(made) == ["Aiko Mori", "Dev Sharma", "Grace Wu", "Liam Walker"]
    assert made.created_at.tzinfo is not None
    assert made.url.endswith(f"/incidents/{made.id}")
    [kept] = sandbox.state()["pagerduty"]["incidents"]
    assert (kept["body"], kept["priority"]) == ("Geo is down at Aurora.", None)
    assert kept["log"][0]["by"] == "Lena Vogt"


def test_a_policy_may_be_named_instead_of_the_services_own(pagerduty: PagerDutyService) -> None:
    made = page(pagerduty, service_id=CUSTOMERS, policy_id="PEMGRS")
    assert (made.policy, names(made)) == ("Support Managers", ["Lena Vogt"])


def test_it_is_sent_in_the_name_of_whoever_pages(pagerduty: PagerDutyService, sandbox: Sandbox) -> None:
    page(pagerduty, from_email=MEI)
    assert sandbox.state()["pagerduty"]["incidents"][0]["log"][0]["by"] == "Mei Tanaka"


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"from_email": "nobody@example.com"}, "from_unknown"),
        ({"title": "x" * 1025}, "too_long"),
        ({"title": ""}, "invalid"),
        ({"service_id": "PNONE"}, "service_missing"),
        ({"policy_id": "PNONE"}, "policy_missing"),
    ],
)
def test_what_pagerduty_refuses_is_told_in_our_words(
    pagerduty: PagerDutyService, sandbox: Sandbox, arguments: dict[str, str], reason: str
) -> None:
    assert refusal(lambda: page(pagerduty, **arguments)) == reason
    assert sandbox.state()["pagerduty"]["incidents"] == []


def test_a_key_is_taken_while_the_page_is_open(pagerduty: PagerDutyService, sandbox: Sandbox) -> None:
    made = page(pagerduty)
    assert refusal(lambda: page(pagerduty)) == "key_taken"
    over(sandbox, made.id)
    again = page(pagerduty)
    assert [one.id for one in pagerduty.find_incidents("star:7:page", POOL, START)] == [made.id, again.id]


def test_a_disabled_service_and_an_empty_policy_are_named(
    pagerduty: PagerDutyService, sandbox: Sandbox
) -> None:
    sandbox.control("pagerduty/act", {"action": "gap"})
    assert refusal(lambda: page(pagerduty, policy_id=FEDERAL)) == "nobody_on_call"
    sandbox.control("pagerduty/act", {"action": "disable_service", "service": POOL})
    assert refusal(lambda: page(pagerduty)) == "service_disabled"


def test_a_key_that_may_only_read_is_forbidden_to_page(sandbox: Sandbox) -> None:
    reader = PagerDutyService(f"{sandbox.url}/pagerduty", "pd-sandbox-read-only", None, TIMEOUT_S)
    assert refusal(lambda: page(reader)) == "forbidden"
    assert reader.open_incidents([POOL]) == []


def test_a_page_is_waited_for_longer_than_a_look(sandbox: Sandbox) -> None:
    pagerduty = PagerDutyService(
        f"{sandbox.url}/pagerduty", "pd-sandbox", LENA, TIMEOUT_S, write_timeout_s=TIMEOUT_S * 5
    )
    sandbox.fault(service="pagerduty", kind="delay_before", delay_s=TIMEOUT_S * 2)
    assert page(pagerduty).status == "triggered"
    with pytest.raises(ServiceDelayed):
        pagerduty.open_incidents([POOL])


@pytest.mark.parametrize("kind", ["drop_after", "malformed"])
def test_a_page_whose_answer_was_lost_is_found_by_its_key(
    pagerduty: PagerDutyService, sandbox: Sandbox, kind: str
) -> None:
    sandbox.fault(service="pagerduty", method="POST", path="/incidents", kind=kind, times=1)
    with pytest.raises(ServiceDelayed) as caught:
        page(pagerduty)
    assert caught.value.maybe_done
    [found] = pagerduty.find_incidents("star:7:page", POOL, START)
    assert (found.title, found.status) == (TITLE, "triggered")
    assert len(sandbox.requests("pagerduty", "POST")) == 1


def test_a_page_that_never_arrived_is_not_found(pagerduty: PagerDutyService, sandbox: Sandbox) -> None:
    sandbox.fault(service="pagerduty", method="POST", path="/incidents", kind="drop_before", times=1)
    with pytest.raises(ServiceDelayed):
        page(pagerduty)
    assert pagerduty.find_incidents("star:7:page", POOL, START) == []


def test_a_page_is_found_whatever_became_of_it_but_not_an_older_one(
    pagerduty: PagerDutyService, sandbox: Sandbox
) -> None:
    made = page(pagerduty)
    over(sandbox, made.id)
    page(pagerduty, service_id=CUSTOMERS)
    page(pagerduty, key="another")
    [found] = pagerduty.find_incidents("star:7:page", POOL, START)
    assert (found.id, found.status) == (made.id, "resolved")
    assert pagerduty.find_incidents("star:7:page", POOL, made.created_at + timedelta(seconds=1)) == []


@pytest.mark.parametrize("retry_after", [7, None])
def test_a_rate_limit_with_and_without_headers_opens_nothing_and_is_not_repeated(
    pagerduty: PagerDutyService, sandbox: Sandbox, retry_after: int | None
) -> None:
    fault = {"kind": "status", "status": 429, "retry_after": retry_after, "times": 1}
    sandbox.fault(service="pagerduty", method="POST", path="/incidents", **fault)
    with pytest.raises(ServiceDelayed) as caught:
        page(pagerduty)
    assert (caught.value.retry_after_s, caught.value.maybe_done) == (retry_after, False)
    assert len(sandbox.requests("pagerduty", "POST")) == 1
    assert sandbox.state()["pagerduty"]["incidents"] == []


def test_the_limit_of_the_account_tells_when_to_come_again(
    pagerduty: PagerDutyService, sandbox: Sandbox
) -> None:
    sandbox.control("rates", {"on": True})
    for number in range(60):
        page(pagerduty, key=str(number))
    with pytest.raises(ServiceDelayed) as caught:
        page(pagerduty, key="one too many")
    assert (caught.value.retry_after_s, caught.value.maybe_done) == (None, False)


def test_an_emergency_shows_who_holds_it(pagerduty: PagerDutyService, sandbox: Sandbox) -> None:
    id_ = emergency(sandbox)
    seen = pagerduty.incident(id_)
    assert names(seen) == ["Anna Kowalska"]
    assert seen.assignees[0].email == "anna.kowalska@example.com"
    sandbox.control("clock", {"advance_s": 601})
    assert names(pagerduty.incident(id_)) == ["Lena Vogt"]


def test_who_acknowledges_holds_it(pagerduty: PagerDutyService, sandbox: Sandbox) -> None:
    id_ = emergency(sandbox)
    pagerduty.acknowledge(id_, LENA)
    seen = pagerduty.incident(id_)
    assert (seen.status, names(seen)) == ("acknowledged", ["Lena Vogt"])
    assert [one.email for one in seen.acknowledgers] == [LENA]
    assert pagerduty.acknowledge(id_, LENA).status == "acknowledged"


@pytest.mark.parametrize("reopens", [False, True])
def test_what_was_resolved_meanwhile_stays_resolved(
    pagerduty: PagerDutyService, sandbox: Sandbox, reopens: bool
) -> None:
    """Also in an account where PagerDuty would reopen it, and page people anew."""
    sandbox.control("pagerduty/act", {"action": "reopening", "on": reopens})
    id_ = emergency(sandbox)
    over(sandbox, id_)
    assert refusal(lambda: pagerduty.acknowledge(id_, LENA)) == "already_resolved"
    assert sandbox.state()["pagerduty"]["incidents"][0]["status"] == "resolved"
    assert sandbox.requests("pagerduty", "PUT") == []


@pytest.mark.parametrize("id_", ["QNONE", "../users/PLENA", "a b?c=d", "1/notes"])
def test_an_unknown_incident_is_not_found(pagerduty: PagerDutyService, id_: str) -> None:
    assert refusal(lambda: pagerduty.incident(id_)) == "not_found"
    assert refusal(lambda: pagerduty.acknowledge(id_, LENA)) == "not_found"


def test_open_incidents_are_those_of_the_services_asked_for(
    pagerduty: PagerDutyService, sandbox: Sandbox
) -> None:
    first, second, third = (emergency(sandbox, title=f"ZD#{number}") for number in (1, 2, 3))
    page(pagerduty)
    pagerduty.acknowledge(second, LENA)
    over(sandbox, third)
    assert [one.id for one in pagerduty.open_incidents([CUSTOMERS])] == [first, second]
    assert len(pagerduty.open_incidents([CUSTOMERS, POOL])) == 3
    assert pagerduty.open_incidents([]) == []


def test_an_emergency_of_last_month_is_still_open(pagerduty: PagerDutyService, sandbox: Sandbox) -> None:
    id_ = emergency(sandbox)
    sandbox.control("clock", {"advance_s": 40 * 86_400})
    assert [one.id for one in pagerduty.open_incidents([CUSTOMERS])] == [id_]


def test_services_and_policies_resolve_by_exact_name(pagerduty: PagerDutyService) -> None:
    services = ["Customer Support", "Customer Emergencies - APAC Backup Pool", "Customer"]
    assert pagerduty.service_ids(services) == {services[0]: CUSTOMERS, services[1]: POOL}
    assert pagerduty.policy_ids(["Customer Emergency Rotation", "?"]) == {
        "Customer Emergency Rotation": "PECUST"
    }


def test_a_policy_tells_who_is_on_call_level_by_level(pagerduty: PagerDutyService, sandbox: Sandbox) -> None:
    levels = pagerduty.on_call_for_policy("PECUST")
    told = {level: [one.name for one in people] for level, people in levels.items()}
    assert told == {1: ["Anna Kowalska"], 2: ["Lena Vogt"], 3: ["Dana Okafor"]}
    assert levels[2][0].email == LENA
    sandbox.control("pagerduty/act", {"action": "gap"})
    assert list(pagerduty.on_call_for_policy("PECUST")) == [3]
    assert [one.name for one in pagerduty.first_on_call("PECUST")] == ["Dana Okafor"]


def test_where_a_policy_has_nobody_nobody_is_asked_first(
    pagerduty: PagerDutyService, sandbox: Sandbox
) -> None:
    assert [one.name for one in pagerduty.first_on_call("PECMOC")] != []
    sandbox.control("pagerduty/act", {"action": "gap"})
    assert pagerduty.first_on_call("PECMOC") == ()
