"""PagerDuty's webhooks v3, read at the door: is it PagerDuty's, and what does it tell? Pure.

PagerDuty/developer-docs, docs/webhooks (overview and signatures). The signature covers the body and no time, so
an old webhook stays genuine for ever: who handles an event remembers its `id`, which every attempt and every
resending share.
"""

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Literal, TypeAlias, get_args

from pydantic import ValidationError

from starbot.core.facts import Fact, Incident, Person
from starbot.core.text import one_line, plain

SIGNATURE_HEADER = "x-pagerduty-signature"
LARGEST_BODY = 512 * 1024
"""PagerDuty sends up to 256 kB; what is larger is nobody's webhook."""
MOST_SIGNATURES = 10
_LONGEST_NAME, _LONGEST_TITLE = 200, 1024

Kind: TypeAlias = Literal[
    "triggered",
    "acknowledged",
    "unacknowledged",
    "escalated",
    "reassigned",
    "delegated",
    "resolved",
    "reopened",
    "priority_updated",
]
KINDS: frozenset[str] = frozenset(get_args(Kind))


class IncidentEvent(Fact):
    """Something happened to an incident; it is as it was then."""

    id: str
    kind: Kind
    occurred_at: datetime
    incident: Incident


def verify_webhook(secrets: Iterable[str], body: bytes, headers: Mapping[str, str]) -> bool:
    """Whether one of the secrets signed these very bytes. Takes as long for a wrong signature as for a right one.

    Two secrets are good while one takes the place of the other; PagerDuty too may send several signatures.
    """
    if len(body) > LARGEST_BODY:
        return False
    wanted = [_signature(secret, body) for secret in secrets if secret]
    given = [each.encode("utf-8", "replace") for each in _signatures(headers)]
    return any([hmac.compare_digest(one, other) for one in wanted for other in given])


def _signature(secret: str, body: bytes) -> bytes:
    return b"v1=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest().encode()


def _signatures(headers: Mapping[str, str]) -> list[str]:
    """The signatures of the header, whatever the case of its name."""
    value = next((text for name, text in headers.items() if name.lower() == SIGNATURE_HEADER), "")
    return [each.strip() for each in value.split(",", MOST_SIGNATURES)[:MOST_SIGNATURES]]


def parse_webhook(body: bytes) -> IncidentEvent | None:
    """The event in a webhook; None for a type that we do not listen to.

    ValueError where it is no webhook, or one of ours that is not written as documented.
    """
    event = _event(body)
    kind = _kind(event.get("event_type"))
    if kind is None:
        return None
    try:
        return _read(event, kind)
    except (KeyError, TypeError, AttributeError, ValidationError) as odd:
        raise ValueError(f"a webhook incident.{kind} of another shape ({type(odd).__name__})") from None


def _event(body: bytes) -> dict[str, Any]:
    try:
        event = json.loads(body)["event"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise ValueError("not a webhook of PagerDuty") from None
    if not isinstance(event, dict):
        raise ValueError("not a webhook of PagerDuty")
    return event


def _kind(event_type: object) -> Kind | None:
    """Our word for a type of event."""
    if not isinstance(event_type, str):
        raise ValueError("not a webhook of PagerDuty")
    found = event_type.removeprefix("incident.")
    return found if found in KINDS and found != event_type else None  # type: ignore[return-value]


def _read(event: dict[str, Any], kind: Kind) -> IncidentEvent:
    by = _agent(event.get("agent")) if kind == "acknowledged" else None
    return IncidentEvent(
        id=_word(event["id"]),
        kind=kind,
        occurred_at=_moment(event["occurred_at"]),
        incident=_incident(event["data"], by),
    )


def _incident(data: dict[str, Any], acknowledger: Person | None) -> Incident:
    """A webhook tells no acknowledgers: only who acknowledged just then is known."""
    service, policy = data["service"], data.get("escalation_policy") or {}
    return Incident(
        id=_word(data["id"]),
        number=data["number"],
        key=plain(data.get("incident_key") or ""),
        status=data["status"],
        title=one_line(data["title"] or "", _LONGEST_TITLE),
        service_id=_word(service["id"]),
        service=_name(service.get("summary")),
        url=_word(data["html_url"]),
        created_at=_moment(data["created_at"]),
        urgency=_name(data.get("urgency")) or "high",
        policy_id=_name(policy.get("id")),
        policy=_name(policy.get("summary")),
        assignees=tuple(_person(one) for one in data["assignees"]),
        acknowledgers=(acknowledger,) if acknowledger else (),
    )


def _agent(agent: dict[str, Any] | None) -> Person | None:
    """Who did it, if it was a person."""
    is_person = agent is not None and str(agent["type"]).startswith("user")
    return _person(agent) if agent is not None and is_person else None


def _person(user: dict[str, Any]) -> Person:
    return Person(name=_name(user.get("summary")), pagerduty=_word(user["id"]))


def _word(text: str) -> str:
    """An id or an address: something, and nothing that cannot be seen."""
    found = one_line(text, _LONGEST_TITLE)
    if not found:
        raise KeyError("an id is empty")
    return found


def _name(text: str | None) -> str:
    return one_line(text or "", _LONGEST_NAME)


def _moment(text: str) -> datetime:
    """A moment in UTC; PagerDuty writes the zone. KeyError for anything else."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise KeyError("no moment") from None
    if found.tzinfo is None:
        raise KeyError("a moment without a zone")
    return found.astimezone(UTC)
