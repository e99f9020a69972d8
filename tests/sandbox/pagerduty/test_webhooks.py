"""Webhooks as a receiver on loopback gets them: signed, in order, tried again, sent again and forged."""

import hashlib
import hmac
import json
from typing import Any

import pytest

from tests.receiver import Receiver
from tests.sandbox.desk import until
from tests.sandbox.specs import SPECS, needs_specs

SECRET = "pd-webhook-secret"
KEY = {"Authorization": "Token token=pd-sandbox", "From": "lena.vogt@example.com"}


@pytest.fixture
def subscribed(desk: Any, receiver: Receiver) -> Receiver:
    desk.post("pagerduty/subscribe", url=receiver.url, secret=SECRET)
    return receiver


def emergency(desk: Any, **more: Any) -> Any:
    return desk.post("pagerduty/trigger", service="Customer Support", title="ZD#123456", **more)["incident"]


def kinds(receiver: Receiver) -> list[str]:
    return [json.loads(body)["event"]["event_type"].removeprefix("incident.") for _, body in receiver.heard]


def expected(body: bytes, secret: str) -> str:
    return "v1=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def test_a_webhook_is_signed_over_its_very_bytes(desk: Any, subscribed: Receiver) -> None:
    emergency(desk)
    until(lambda: subscribed.heard)
    [(headers, body)] = subscribed.heard
    assert headers["x-pagerduty-signature"] == expected(body, SECRET)
    assert headers["x-webhook-id"]
    data = json.loads(body)["event"]["data"]
    assert (data["number"], data["status"], data["service"]["summary"]) == (
        1,
        "triggered",
        "Customer Support",
    )
    assert [one["summary"] for one in data["assignees"]] == ["Anna Kowalska"]
    assert "acknowledgements" not in data


def test_while_a_secret_is_rotated_both_sign(desk: Any, subscribed: Receiver) -> None:
    desk.post("pagerduty/rotate", secret="new")
    emergency(desk)
    until(lambda: subscribed.heard)
    desk.post("pagerduty/rotate")
    emergency(desk)
    until(lambda: len(subscribed.heard) == 2)
    (first, body), (second, later) = subscribed.heard
    assert first["x-pagerduty-signature"] == f"{expected(body, 'new')},{expected(body, SECRET)}"
    assert second["x-pagerduty-signature"] == expected(later, "new")


def test_everything_that_happens_is_told_in_order_and_by_whom(desk: Any, subscribed: Receiver) -> None:
    id_ = emergency(desk)

    def act(action: str, **more: Any) -> None:
        desk.post("pagerduty/act", action=action, incident=id_, user="Lena Vogt", **more)

    act("acknowledge")
    desk.post("pagerduty/act", action="unacknowledge", incident=id_)
    act("escalate")
    act("reassign", to="Maria Santos")
    act("delegate", to="Support Managers")
    act("annotate", content="Called the customer.")
    act("prioritise", to="P1")
    act("ask", to="Tomas Novak")
    act("resolve")
    act("reopen")
    told = [
        "triggered", "acknowledged", "unacknowledged", "escalated", "reassigned", "delegated",
        "annotated", "priority_updated", "responder.added", "resolved", "reopened",
    ]  # fmt: skip
    until(lambda: len(subscribed.heard) == len(told))
    assert kinds(subscribed) == told
    events = [json.loads(body)["event"] for _, body in subscribed.heard]
    agents = [(one["agent"] or {}).get("summary") for one in events]
    assert agents == [None, "Lena Vogt", None, *["Lena Vogt"] * 8]
    assert {one["data"]["type"] for one in events} == {"incident", "incident_note", "incident_responder"}


def test_an_escalation_by_the_clock_is_told_without_being_asked(desk: Any, subscribed: Receiver) -> None:
    emergency(desk)
    desk.post("clock", advance_s=601)
    until(lambda: kinds(subscribed) == ["triggered", "escalated"])
    event = json.loads(subscribed.heard[1][1])["event"]
    assert (event["agent"], event["data"]["assignees"][0]["summary"]) == (None, "Lena Vogt")


def test_a_webhook_that_is_not_taken_comes_again_under_its_id_and_later_ones_wait(
    desk: Any, subscribed: Receiver
) -> None:
    subscribed.answers = [503]
    id_ = emergency(desk)
    desk.post("pagerduty/act", action="acknowledge", incident=id_, user="Lena Vogt")
    until(lambda: len(subscribed.heard) == 3)
    assert kinds(subscribed) == ["triggered", "triggered", "acknowledged"]
    ids = [headers["x-webhook-id"] for headers, _ in subscribed.heard]
    assert ids[0] == ids[1] != ids[2]


def test_three_webhooks_that_are_turned_away_switch_the_subscription_off(
    desk: Any, subscribed: Receiver
) -> None:
    subscribed.answers = [400, 400, 400]
    for count in (1, 2, 3):
        emergency(desk)
        until(lambda count=count: len(rows(desk)) == count)
    emergency(desk)
    [one] = desk.http.get("/pagerduty/webhook_subscriptions", headers=KEY).json()["webhook_subscriptions"]
    assert one["delivery_method"]["temporarily_disabled"]
    answer = desk.http.post(f"/pagerduty/webhook_subscriptions/{one['id']}/enable", headers=KEY).json()
    assert not answer["webhook_subscription"]["delivery_method"]["temporarily_disabled"]
    emergency(desk)
    until(lambda: len(rows(desk)) == 4)
    assert [row["status"] for row in rows(desk)] == [400, 400, 400, 202]


def rows(desk: Any) -> list[dict[str, Any]]:
    return [row for row in desk.get("journal") if row["kind"] == "delivery" and row["service"] == "pagerduty"]


def test_deliveries_stand_in_the_journal(desk: Any, subscribed: Receiver) -> None:
    emergency(desk)
    until(lambda: rows(desk))
    [row] = rows(desk)
    assert (row["method"], row["path"], row["status"]) == ("incident.triggered", "/pagerduty/webhook", 202)
    assert row["request"]["payload"]["event"]["data"]["title"] == "ZD#123456"
    assert SECRET not in json.dumps(row)


def test_webhooks_are_sent_again_in_either_order(desk: Any, subscribed: Receiver) -> None:
    id_ = emergency(desk)
    desk.post("pagerduty/act", action="acknowledge", incident=id_, user="Lena Vogt")
    until(lambda: len(subscribed.heard) == 2)
    told = desk.post("pagerduty/redeliver", n=2, order="newest")["deliveries"]
    assert [one["status"] for one in told] == [202, 202]
    assert kinds(subscribed) == ["triggered", "acknowledged", "acknowledged", "triggered"]
    assert subscribed.heard[0] == subscribed.heard[3]


def test_a_forged_webhook_has_a_new_id_and_a_wrong_signature(desk: Any, subscribed: Receiver) -> None:
    emergency(desk)
    until(lambda: subscribed.heard)
    desk.post("pagerduty/redeliver", forged=True)
    (true, body), (false, same) = subscribed.heard
    assert body == same
    assert false["x-webhook-id"] != true["x-webhook-id"]
    assert false["x-pagerduty-signature"] != expected(body, SECRET)


def test_an_unknown_type_and_a_ping_reach_every_subscription(desk: Any, subscribed: Receiver) -> None:
    id_ = emergency(desk)
    desk.post("pagerduty/publish", type="incident.teleported", incident=id_)
    [one] = desk.get("state")["pagerduty"]["subscriptions"]
    desk.http.post(f"/pagerduty/webhook_subscriptions/{one['id']}/ping", headers=KEY)
    until(lambda: len(subscribed.heard) == 3)
    assert set(kinds(subscribed)) == {"triggered", "teleported", "pagey.ping"}


def test_a_subscription_hears_of_its_service_and_its_types_only(desk: Any, receiver: Receiver) -> None:
    desk.post(
        "pagerduty/subscribe",
        url=receiver.url,
        service="Customer Support",
        events=["incident.acknowledged"],
    )
    for service in ("Support Managers", "Customer Support"):
        id_ = desk.post("pagerduty/trigger", service=service, title=service)["incident"]
        desk.post("pagerduty/act", action="acknowledge", incident=id_, user="Lena Vogt")
    until(lambda: receiver.heard)
    [(_, body)] = receiver.heard
    assert json.loads(body)["event"]["data"]["title"] == "Customer Support"


def test_the_secret_is_told_once(desk: Any, receiver: Receiver) -> None:
    wanted = {
        "type": "webhook_subscription",
        "delivery_method": {"type": "http_delivery_method", "url": receiver.url},
        "events": ["incident.triggered"],
        "filter": {"type": "service_reference", "id": "PVCUST"},
    }
    answer = desk.http.post(
        "/pagerduty/webhook_subscriptions", json={"webhook_subscription": wanted}, headers=KEY
    )
    made = answer.json()["webhook_subscription"]
    path = f"/pagerduty/webhook_subscriptions/{made['id']}"
    shown = desk.http.get(path, headers=KEY).json()["webhook_subscription"]
    assert shown["delivery_method"]["secret"] is None
    emergency(desk)
    until(lambda: receiver.heard)
    headers, body = receiver.heard[0]
    assert headers["x-pagerduty-signature"] == expected(body, made["delivery_method"]["secret"])
    assert desk.http.delete(path, headers=KEY).status_code == 204
    assert desk.http.get(path, headers=KEY).status_code == 404


@pytest.mark.parametrize("url", ["https://example.com/hook", "http://10.0.0.1/hook", "http://evil.test", ""])
def test_nothing_is_sent_to_other_machines(desk: Any, url: str) -> None:
    wanted = {
        "type": "webhook_subscription",
        "delivery_method": {"type": "http_delivery_method", "url": url},
        "events": ["incident.triggered"],
        "filter": {"type": "account_reference"},
    }
    answer = desk.http.post(
        "/pagerduty/webhook_subscriptions", json={"webhook_subscription": wanted}, headers=KEY
    )
    assert answer.status_code == 400
    assert desk.ask("pagerduty/subscribe", url=url).status_code == 400


@needs_specs
def test_a_webhook_has_the_fields_of_pagerdutys_examples(desk: Any, subscribed: Receiver) -> None:
    about = json.loads((SPECS / "pagerduty" / "webhooks-v3.examples.json").read_text())
    examples = about["examples"]
    id_ = emergency(desk)
    desk.post("pagerduty/act", action="annotate", incident=id_, user="Lena Vogt", content="x")
    desk.post("pagerduty/act", action="ask", incident=id_, user="Lena Vogt", to="Mei Tanaka")
    until(lambda: len(subscribed.heard) == 3)
    for _, body in subscribed.heard:
        event = json.loads(body)["event"]
        assert set(event) == set(examples["payload: incident.priority_updated"]["event"])
        kind = about["event_types"][event["event_type"]]
        assert event["data"]["type"] == kind
        assert set(event["data"]) == set(examples[f"event.data: {kind}"])
