"""Facts survive the journal: a round trip through JSON changes nothing."""

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import BaseModel

from starbot.core.facts import (
    Incident,
    IssueRef,
    MacroPreview,
    MessageRef,
    OnCall,
    Person,
    Reaction,
    SlackMessage,
    SlaMetric,
    Ticket,
)

NOW = datetime(2026, 11, 17, 14, tzinfo=UTC)
AIKO, LENA, DANA = (Person(name=name, pagerduty=f"P{name.upper()}") for name in ("Aiko", "Lena", "Dana"))
INCIDENT = Incident(
    id="Q1",
    number=1,
    key="star:7:page",
    status="triggered",
    title="Duplicate emergency - ZD#123456",
    service_id="PVPOOL",
    service="Customer Emergencies - APAC Backup Pool",
    url="https://example.pagerduty.com/incidents/Q1",
    created_at=NOW,
    assignees=(LENA,),
)


@pytest.mark.parametrize(
    "fact",
    [
        MessageRef(channel="C1", ts="1.1", thread_ts="1.0"),
        SlackMessage(
            channel="C1", ts="1.1", blocks=({"type": "divider"},), reactions=(Reaction("eyes", ("U1",)),)
        ),
        OnCall(managers=(Person(name="Lena Vogt", pagerduty="PLENA"),), source="remembered", as_of=NOW),
        Ticket(
            id=1,
            subject="Runner stuck",
            status="open",
            created_at=NOW,
            updated_at=NOW,
            sla=(SlaMetric(metric="next_reply_time", stage="active", breach_at=NOW),),
        ),
        IssueRef(project="group/project", iid=1, id=2, url="https://gitlab.example/1", labels=("a::b",)),
        INCIDENT,
        MacroPreview(ticket_id=1, macro_id=2, updated_stamp="x", changes={"custom_fields": [{"id": 3}]}),
    ],
)
def test_a_fact_survives_json(fact: BaseModel) -> None:
    assert type(fact).model_validate_json(fact.model_dump_json()) == fact


def test_a_message_knows_where_it_is() -> None:
    message = SlackMessage(channel="C1", ts="1.1", thread_ts="1.0")
    assert message.ref == MessageRef(channel="C1", ts="1.1", thread_ts="1.0")


@pytest.mark.parametrize(
    ("change", "is_news"),
    [
        ({"status": "acknowledged"}, True),
        ({"title": "Another"}, True),
        ({"assignees": (DANA,)}, True),
        ({"acknowledgers": (AIKO,)}, True),
        ({"assignees": (LENA.model_copy(update={"email": "lena@example.com"}),)}, False),
        ({"urgency": "low"}, False),
    ],
)
def test_an_incident_differs_by_what_a_manager_wants_to_know(change: dict[str, Any], is_news: bool) -> None:
    assert INCIDENT.model_copy(update=change).differs(INCIDENT) == is_news


@pytest.mark.parametrize(
    ("known", "status", "named", "in_the_end"),
    [
        ("acknowledged", "resolved", (), (AIKO,)),
        ("acknowledged", "acknowledged", (), (AIKO,)),
        ("acknowledged", "acknowledged", (LENA,), (LENA,)),
        ("acknowledged", "triggered", (), ()),
        ("triggered", "resolved", (), ()),
    ],
)
def test_who_had_acknowledged_stays_known_where_nobody_is_named(
    known: str, status: str, named: tuple[Person, ...], in_the_end: tuple[Person, ...]
) -> None:
    before = INCIDENT.model_copy(update={"status": known, "acknowledgers": (AIKO,)})
    seen = INCIDENT.model_copy(update={"status": status, "acknowledgers": named})
    assert seen.following(before).acknowledgers == in_the_end


@pytest.mark.parametrize(
    ("status", "is_open"), [("triggered", True), ("acknowledged", True), ("resolved", False)]
)
def test_a_resolved_incident_is_no_longer_open(status: str, is_open: bool) -> None:
    assert INCIDENT.model_copy(update={"status": status}).is_open == is_open
