"""Emergencies in words: builders of incidents, events, and of a case after them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from starbot.core.facts import Incident, MessageRef, Person
from starbot.duties.emergencies import model
from starbot.duties.emergencies.model import Emergency, Other, Policy, Pool

NOW = datetime(2026, 11, 21, 0, 30, tzinfo=UTC)
OPENED = NOW - timedelta(minutes=5)
POLICY = Policy(reply_minutes=30)
MEI = Person(name="Mei Tanaka", slack="U1", pagerduty="PMEI", email="mei@example.com")
RAVI = Person(name="Ravi Iyer", slack="U2", pagerduty="PRAVI", email="ravi@example.com")
AIKO = Person(name="Aiko Mori", pagerduty="PENG01")
INCIDENT = Incident(
    id="Q2",
    number=2,
    key="zendesk-emergency-123491",
    status="triggered",
    title="ZD#123491 All pipelines fail",
    service_id="PVCUST",
    service="Customer Support",
    url="https://example.pagerduty.com/incidents/Q2",
    created_at=OPENED,
    assignees=(MEI,),
)
FIRST = INCIDENT.model_copy(
    update={
        "id": "Q1",
        "number": 1,
        "title": "ZD#123490 Down",
        "status": "acknowledged",
        "acknowledgers": (AIKO,),
    }
)
PAGE = INCIDENT.model_copy(update={"id": "Q9", "number": 9, "title": "Duplicate emergency - ZD#123491"})
REF = MessageRef(channel="D1", ts="1.1")


def incident(**changes: Any) -> Incident:
    """The second emergency, a little different."""
    return INCIDENT.model_copy(update=changes)


def at(minutes: float) -> datetime:
    """So many minutes from now."""
    return NOW + timedelta(minutes=minutes)


def event(kind: str, minutes: float = 0, **fields: Any) -> Any:
    """An event of this kind, with what it needs unless told otherwise."""
    needs: dict[str, dict[str, Any]] = {
        "emergency_seen": {"incident": INCIDENT, "ticket": 123491, "managers": (MEI,)},
        "other_seen": {"other": Other(case_id="emergency-1", incident=FIRST, looked_at=at(minutes))},
        "backup_seen": {"incident": PAGE},
        "taken": {"by": MEI, "user": "U1"},
        "dismissed": {"desk": 0},
        "refused": {"user": "U9"},
        "desk_placed": {"desk": 0, "ref": REF},
        "effect_delayed": {"key": "k", "effect": "acknowledge", "service": "pagerduty"},
        "effect_failed": {"key": "k", "effect": "acknowledge", "service": "pagerduty", "reason": "forbidden"},
    }
    kinds = {"due": model.TimePassed} | {
        one.model_fields["kind"].default: one
        for one in model.EmergencyEvent.__subclasses__()
        if one.__module__ == model.__name__
    }
    made = {"id": f"{kind}:{minutes}", "at": at(minutes), "handle": "pagerduty:Q2", **needs.get(kind, {})}
    return kinds[kind](**{**made, **fields})


def after(*events: Any) -> Emergency:
    """The emergency after these events."""
    case: Emergency | None = None
    for one in events:
        decision = model.decide(case, one, POLICY)
        assert decision is not None, one
        assert isinstance(decision.case, Emergency)
        case = decision.case
    assert case is not None
    return case


def effects(case: Emergency, one: Any) -> list[str]:
    """What an event makes the bot do."""
    decision = model.decide(case, one, POLICY)
    assert decision is not None
    return [effect.key.partition(":")[2] for effect in decision.effects]


POOL = Pool(people=("Grace Wu", "Liam Walker"), is_known=True)
ACKNOWLEDGED = incident(status="acknowledged", acknowledgers=(AIKO,), assignees=(AIKO,))
RESOLVED = incident(status="resolved", assignees=())
