"""Facts survive the journal: a round trip through JSON changes nothing."""

from datetime import UTC, datetime

import pytest
from pydantic import BaseModel

from starbot.core.facts import (
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
        MacroPreview(ticket_id=1, macro_id=2, updated_stamp="x", changes={"custom_fields": [{"id": 3}]}),
    ],
)
def test_a_fact_survives_json(fact: BaseModel) -> None:
    assert type(fact).model_validate_json(fact.model_dump_json()) == fact


def test_a_message_knows_where_it_is() -> None:
    message = SlackMessage(channel="C1", ts="1.1", thread_ts="1.0")
    assert message.ref == MessageRef(channel="C1", ts="1.1", thread_ts="1.0")
