"""A webhook on its way from the simulated PagerDuty through our door: it tells what asking would tell."""

from collections.abc import Iterator

import pytest

from starbot.duties.paging.webhook import IncidentEvent, parse_webhook, verify_webhook
from starbot.services.pagerduty import PagerDutyService
from tests.receiver import Receiver
from tests.sandbox.desk import until
from tests.services.controls import Sandbox

SECRET, LENA = "pd-webhook-secret", "lena.vogt@example.com"


@pytest.fixture
def receiver(sandbox: Sandbox) -> Iterator[Receiver]:
    found = Receiver()
    sandbox.control("pagerduty/subscribe", {"url": found.url, "secret": SECRET})
    yield found
    sandbox.control("reset", {})
    found.close()


def events(receiver: Receiver) -> list[IncidentEvent]:
    found = [parse_webhook(body) for _, body in receiver.heard]
    return [each for each in found if each is not None]


def test_a_webhook_and_a_look_tell_the_same_incident(
    pagerduty: PagerDutyService, sandbox: Sandbox, receiver: Receiver
) -> None:
    page = pagerduty.create_incident(
        service_id="PVPOOL", title="Duplicate emergency - ZD#1", details="x", key="k", from_email=LENA
    )
    pagerduty.acknowledge(page.id, LENA)
    looked = pagerduty.incident(page.id)
    sandbox.control("pagerduty/act", {"action": "resolve", "incident": page.id, "user": "Lena Vogt"})
    over = pagerduty.incident(page.id)
    until(lambda: len(receiver.heard) == 3)
    told = events(receiver)
    assert [each.kind for each in told] == ["triggered", "acknowledged", "resolved"]
    for event, incident in zip(told, (page, looked, over), strict=True):
        people = {"assignees": {"__all__": {"email"}}, "acknowledgers": {"__all__": {"email"}}}
        assert event.incident.model_dump(exclude=people) == incident.model_dump(exclude=people)


def test_ours_are_genuine_and_forged_ones_are_not(sandbox: Sandbox, receiver: Receiver) -> None:
    sandbox.control("pagerduty/trigger", {"service": "Customer Support", "title": "ZD#1"})
    until(lambda: receiver.heard)
    sandbox.control("pagerduty/rotate", {"secret": "newer"})
    sandbox.control("pagerduty/redeliver", {})
    sandbox.control("pagerduty/redeliver", {"forged": True})
    genuine = [
        [verify_webhook([secret], body, headers) for headers, body in receiver.heard]
        for secret in (SECRET, "newer", "another")
    ]
    assert genuine == [[True, True, False], [False, True, False], [False, False, False]]
    assert len({event.id for event in events(receiver)}) == 1


def test_a_type_that_we_do_not_know_is_passed_over(sandbox: Sandbox, receiver: Receiver) -> None:
    made = sandbox.control("pagerduty/trigger", {"service": "Customer Support", "title": "ZD#1"})
    sandbox.control("pagerduty/publish", {"type": "incident.teleported", "incident": made["incident"]})
    until(lambda: len(receiver.heard) == 2)
    assert [event.kind for event in events(receiver)] == ["triggered"]
