"""Webhooks at the door: whose they are, and what they tell, whatever is sent."""

import copy
import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from starbot.core.facts import Incident, Person
from starbot.duties.paging.webhook import (
    KINDS,
    LARGEST_BODY,
    MOST_SIGNATURES,
    IncidentEvent,
    parse_webhook,
    verify_webhook,
)

SECRET, OLD, BODY = "the-secret", "the-old-secret", b'{"event": {"id": "01"}}'
AIKO = {"id": "PENG01", "type": "user_reference", "summary": "Aiko Mori"}
MEI = {"id": "PMEI", "type": "user_reference", "summary": "Mei Tanaka"}
SERVICE = {"id": "PVCUST", "type": "service_reference", "summary": "Customer Support"}
POLICY = {
    "id": "PECUST",
    "type": "escalation_policy_reference",
    "summary": "Customer Emergency Rotation",
}
DATA: dict[str, Any] = {
    "id": "Q1",
    "type": "incident",
    "html_url": "https://example.pagerduty.com/incidents/Q1",
    "number": 2,
    "status": "triggered",
    "incident_key": "zendesk-123491",
    "created_at": "2026-11-21T00:25:00Z",
    "title": "ZD#123491 All pipelines fail",
    "service": SERVICE,
    "assignees": [MEI],
    "escalation_policy": POLICY,
    "urgency": "high",
    "priority": None,
}


def signed(body: bytes, secret: str = SECRET) -> str:
    return "v1=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def event(kind: str, data: Any = DATA, agent: Any = AIKO, **more: Any) -> dict[str, Any]:
    return {
        "id": "01EVENT",
        "event_type": f"incident.{kind}",
        "resource_type": "incident",
        "occurred_at": "2026-11-21T00:28:00.169Z",
        "agent": agent,
        "client": None,
        "data": data,
        **more,
    }


def parse(told: Any) -> IncidentEvent | None:
    return parse_webhook(json.dumps({"event": told}).encode())


def read(kind: str, data: Any = DATA, agent: Any = AIKO) -> IncidentEvent:
    found = parse(event(kind, data, agent))
    assert found is not None
    return found


# -- whose it is


@pytest.mark.parametrize(
    ("header", "is_genuine"),
    [
        (signed(BODY), True),
        (f"{signed(BODY, 'other')},{signed(BODY)}", True),
        (f"{signed(BODY, 'other')}, {signed(BODY)} ", True),
        (f",,{signed(BODY)},", True),
        (signed(BODY, "other"), False),
        (signed(BODY + b" "), False),
        (signed(BODY).upper(), False),
        (signed(BODY).removeprefix("v1="), False),
        (signed(BODY).replace("v1=", "v0="), False),
        (signed(BODY)[:-1], False),
        (signed(BODY, ""), False),
        ("v1=", False),
        ("v1", False),
        ("", False),
        (",", False),
        ("v1=\u00e9\ud800", False),
        ("v1=" + "0" * 64, False),
    ],
)
def test_a_signature_is_good_or_not(header: str, is_genuine: bool) -> None:
    assert verify_webhook([SECRET], BODY, {"X-PagerDuty-Signature": header}) == is_genuine


def test_without_the_header_it_is_nobodys() -> None:
    assert not verify_webhook([SECRET], BODY, {})
    assert not verify_webhook([SECRET], BODY, {"X-Signature": signed(BODY)})


@pytest.mark.parametrize("name", ["X-PagerDuty-Signature", "x-pagerduty-signature", "X-PAGERDUTY-SIGNATURE"])
def test_the_case_of_the_header_does_not_matter(name: str) -> None:
    assert verify_webhook([SECRET], BODY, {name: signed(BODY)})


@pytest.mark.parametrize("secret", [SECRET, OLD])
def test_while_a_secret_is_rotated_both_are_good(secret: str) -> None:
    assert verify_webhook([SECRET, OLD], BODY, {"X-PagerDuty-Signature": signed(BODY, secret)})


@pytest.mark.parametrize("secrets", [[], [""], ["", ""]])
def test_an_empty_secret_is_none(secrets: list[str]) -> None:
    assert not verify_webhook(secrets, BODY, {"X-PagerDuty-Signature": signed(BODY, "")})


def test_what_is_larger_than_any_webhook_is_nobodys() -> None:
    good, large = b"x" * LARGEST_BODY, b"x" * (LARGEST_BODY + 1)
    assert verify_webhook([SECRET], good, {"X-PagerDuty-Signature": signed(good)})
    assert not verify_webhook([SECRET], large, {"X-PagerDuty-Signature": signed(large)})


def test_no_more_signatures_are_looked_at_than_a_rotation_needs() -> None:
    many = ",".join([signed(BODY, "other")] * MOST_SIGNATURES)
    assert not verify_webhook([SECRET], BODY, {"X-PagerDuty-Signature": f"{many},{signed(BODY)}"})


@given(body=st.binary(max_size=200), other=st.binary(max_size=200), secret=st.text(min_size=1, max_size=40))
def test_a_signature_is_good_for_its_body_alone(body: bytes, other: bytes, secret: str) -> None:
    try:
        header = {"X-PagerDuty-Signature": signed(body, secret)}
    except UnicodeEncodeError:
        return
    assert verify_webhook([secret], body, header)
    assert verify_webhook([secret], other, header) == (other == body)


@given(header=st.text(max_size=300))
def test_no_invented_header_passes(header: str) -> None:
    assert not verify_webhook([SECRET], BODY, {"X-PagerDuty-Signature": header})


# -- what it tells


def test_an_escalation_tells_the_incident_as_it_is_now() -> None:
    assert read("escalated") == IncidentEvent(
        id="01EVENT",
        kind="escalated",
        occurred_at=datetime(2026, 11, 21, 0, 28, 0, 169_000, tzinfo=UTC),
        incident=Incident(
            id="Q1",
            number=2,
            key="zendesk-123491",
            status="triggered",
            title="ZD#123491 All pipelines fail",
            service_id="PVCUST",
            service="Customer Support",
            url="https://example.pagerduty.com/incidents/Q1",
            created_at=datetime(2026, 11, 21, 0, 25, tzinfo=UTC),
            policy_id="PECUST",
            policy="Customer Emergency Rotation",
            assignees=(Person(name="Mei Tanaka", pagerduty="PMEI"),),
        ),
    )


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_of_an_incident_is_read(kind: str) -> None:
    found = read(kind)
    assert (found.kind, found.incident.id) == (kind, "Q1")


def test_who_acknowledged_is_the_agent() -> None:
    found = read("acknowledged", {**DATA, "status": "acknowledged"}).incident
    assert [one.name for one in found.acknowledgers] == ["Aiko Mori"]


@pytest.mark.parametrize("agent", [None, SERVICE, {"id": "P1", "type": "integration_reference"}])
def test_a_timer_or_an_integration_is_nobody(agent: Any) -> None:
    found = read("acknowledged", {**DATA, "status": "acknowledged"}, agent=agent)
    assert found.incident.acknowledgers == ()


def test_what_is_missing_but_may_be_is_left_out() -> None:
    for name in ("incident_key", "escalation_policy", "urgency", "priority"):
        assert read("triggered", {**DATA, name: None}).incident.id == "Q1"
        assert read("triggered", {k: v for k, v in DATA.items() if k != name}).incident.id == "Q1"


@pytest.mark.parametrize(
    "event_type",
    [
        "incident.teleported",
        "incident.status_update_published",
        "incident.annotated",
        "incident.responder.added",
        "service.updated",
        "pagey.ping",
        "triggered",
        "",
    ],
)
def test_other_types_are_passed_over_whatever_they_hold(event_type: str) -> None:
    assert parse({"event_type": event_type, "data": 7}) is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b"7",
        b'"event"',
        b"{}",
        b'{"event": null}',
        b'{"event": []}',
        b'{"event": {}}',
        b'{"event": {"event_type": 7}}',
        b'{"event": {"event_type": ["incident.triggered"]}}',
        b"\xff\xfe\x00",
        b"[" * 100_000,
        b'{"event":' * 50_000,
        b'{"event": ' + b"9" * 10_000 + b"}",
    ],
    ids=lambda body: f"{body[:30]!r}",
)
def test_what_is_no_webhook_is_said_to_be_none(body: bytes) -> None:
    with pytest.raises(ValueError, match="not a webhook"):
        parse_webhook(body)


_ODD: list[Any] = [None, 7, [], {}, "", True, "not what it should be"]


@pytest.mark.parametrize("odd", _ODD, ids=repr)
@pytest.mark.parametrize("name", ["id", "occurred_at", "data"])
def test_an_event_of_another_shape_is_loud(name: str, odd: Any) -> None:
    if (name, odd) == ("id", "not what it should be"):
        return
    with pytest.raises(ValueError, match="another shape"):
        parse(event("triggered") | {name: odd})


@pytest.mark.parametrize("odd", [None, 7, [1], "x"], ids=repr)
@pytest.mark.parametrize("name", ["status", "created_at", "service", "assignees"])
def test_an_incident_of_another_shape_is_loud(name: str, odd: Any) -> None:
    with pytest.raises(ValueError, match="another shape"):
        parse(event("triggered", {**DATA, name: odd}))


def test_a_moment_without_a_zone_is_loud() -> None:
    with pytest.raises(ValueError, match="another shape"):
        parse(event("triggered") | {"occurred_at": "2026-11-21T00:28:00"})


def test_nothing_of_what_a_customer_wrote_stands_in_the_error() -> None:
    with pytest.raises(ValueError) as caught:
        parse(event("triggered", {**DATA, "title": "Aurora's password", "status": "Aurora's password"}))
    assert "Aurora" not in str(caught.value)


def test_what_is_read_can_be_kept() -> None:
    title = "ZD#1 \u202e\x00two\nlines\ud800 " + "x" * 3000
    found = read("triggered", {**DATA, "title": title})
    assert found.incident.title.startswith("ZD#1 two lines\ufffd")
    assert len(found.incident.title) <= 1024
    assert IncidentEvent.model_validate_json(found.model_dump_json()) == found


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=10,
)
_PLACES = [
    (*path, name)
    for path, part in (((), event("triggered")), (("data",), DATA), (("data", "service"), SERVICE))
    for name in part
]


@given(kind=st.sampled_from(sorted(KINDS)), place=st.sampled_from(_PLACES), odd=_JSON)
def test_whatever_stands_in_any_place_is_an_event_or_a_value_error(
    kind: str, place: tuple[str, ...], odd: Any
) -> None:
    told = copy.deepcopy(event(kind))
    target = told
    for name in place[:-1]:
        target = target.setdefault(name, {})
    target[place[-1]] = odd
    try:
        found = parse(told)
    except ValueError:
        return
    assert found is None or IncidentEvent.model_validate_json(found.model_dump_json()) == found


@given(body=st.binary(max_size=400))
def test_no_body_breaks_the_door(body: bytes) -> None:
    with pytest.raises(ValueError):
        parse_webhook(body)
