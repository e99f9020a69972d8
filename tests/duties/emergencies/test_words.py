"""What a manager reads of an emergency: true, short, and other people's text stays text."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from starbot.core.facts import Person
from starbot.duties.emergencies import words
from starbot.duties.emergencies.model import Emergency, Other, Pool, Told
from starbot_sandbox.slack.blocks import checked_blocks
from tests.corpus import HOSTILE
from tests.duties.emergencies.stories import (
    ACKNOWLEDGED,
    AIKO,
    FIRST,
    MEI,
    NOW,
    PAGE,
    POOL,
    RESOLVED,
    after,
    at,
    event,
    incident,
)

LOOK = words.Look(ticket_link="https://z.example/t/{ticket}", fallback_group="S1", fallback_name="smoc")
_OURS = re.compile(
    r"<@U[12]>|<!subteam\^S1>|<!date\^\d+\^\{date_short_pretty\} \{time\}\|[^|]*UTC>"
    r"|<https://z\.example/t/\d+\|ZD#\d+>|<https://example\.pagerduty\.com/\S+\|[Ii]ncident #\d+>"
)


def shown(case: Emergency, number: int = 0) -> str:
    document = words.message(case, number, LOOK)
    assert document is not None
    return f"{document['text']} {json.dumps(document['blocks'], ensure_ascii=False)}"


def test_the_message_says_all_that_a_manager_needs() -> None:
    other = Other(case_id="emergency-1", incident=FIRST, looked_at=NOW)
    text = shown(after(event("emergency_seen", others=(other,), pool=POOL)))
    assert "<https://z.example/t/123491|ZD#123491> All pipelines fail" in text
    assert "*25 of 30 minutes* left" in text
    assert "ZD#123490> Down" in text and "Aiko Mori has it" in text
    assert "Grace Wu, Liam Walker" in text and "nobody is obliged" in text


@pytest.mark.parametrize(
    ("pool", "said"),
    [(Pool(), "PagerDuty does not say right now"), (Pool(is_known=True), "nobody is in it now")],
)
def test_an_unknown_pool_and_an_empty_one_are_told_apart(pool: Pool, said: str) -> None:
    assert said in shown(after(event("emergency_seen", pool=pool)))


def test_nobody_else_has_a_message() -> None:
    assert words.message(after(event("emergency_seen")), 1, LOOK) is None


def test_without_a_ticket_the_title_and_the_incident_are_named() -> None:
    text = shown(after(event("emergency_seen", incident=incident(title="Help"), ticket=None)))
    assert "Help · <https://example.pagerduty.com/incidents/Q2|Incident #2>" in text


def test_who_took_it_without_an_account_is_named_and_not_the_bots_user() -> None:
    stranger = Person(name="New Manager", slack="U2")
    own = incident(status="acknowledged", acknowledgers=(MEI,))
    case = after(
        event("emergency_seen"), event("taken", by=stranger), event("emergency_seen", 1, incident=own)
    )
    assert "<@U2> has it" in shown(case)


@pytest.mark.parametrize(
    ("title", "ticket", "summary"),
    [
        ("ZD#123491 All pipelines fail", 123491, "All pipelines fail"),
        ("zd 123491: down", 123491, "down"),
        (
            "https://gitlab.zendesk.com/agent/tickets/123491",
            123491,
            "A second customer emergency at the same time",
        ),
        ("123491", 123491, "A second customer emergency at the same time"),
        ("#123491 - down", 123491, "down"),
        ("Duplicate emergency - ZD#123491", 123491, "Duplicate emergency - ZD#123491"),
        ("Runner 17 is down", None, "Runner 17 is down"),
        ("ZD#0 nothing", None, "nothing"),
        ("ZD#1234567890123 too long", None, None),
        ("", None, "A second customer emergency at the same time"),
    ],
)
def test_the_ticket_and_the_rest_are_read_off_a_title(
    title: str, ticket: int | None, summary: str | None
) -> None:
    assert words.ticket_of(title) == ticket
    if summary is not None:
        assert words.summary_of(title) == summary


def _cases(text: str) -> Iterator[Emergency]:
    """Emergencies that hold this text wherever people or vendors may have put it."""
    person = Person(name=text, pagerduty="P9")
    whole: dict[str, Any] = {"title": text, "assignees": (person,)}
    other = Other(case_id="emergency-1", incident=FIRST.model_copy(update=whole), looked_at=NOW)
    pool = Pool(people=(text,) * 30, is_known=True)
    seen = event(
        "emergency_seen", incident=incident(**whole), managers=(person,), others=(other,) * 12, pool=pool
    )
    answered = PAGE.model_copy(update={"status": "acknowledged", "acknowledgers": (person,)})
    named = event("emergency_seen", incident=incident(title=f"ZD#1 {text}"), ticket=1)
    yield after(seen)
    yield after(named, event("taken", by=person), event("effect_failed", reason=text))
    yield after(named, event("taken"), event("effect_delayed"))
    yield after(seen, event("dismissed"), event("backup_seen", incident=answered))
    yield after(
        seen,
        event("emergency_seen", 1, incident=ACKNOWLEDGED.model_copy(update={"acknowledgers": (person,)})),
    )
    yield after(seen, event("emergency_seen", 1, incident=RESOLVED.model_copy(update={"title": text})))


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_outside_text_stays_text(text: str) -> None:
    for case in _cases(text):
        document = words.message(case, 0, LOOK)
        assert document is not None
        listed = words.listed([case] * 25, NOW, LOOK, words.watching(True, NOW))
        for made in (document, listed):
            checked_blocks(made["blocks"])
            for block in made["blocks"]:
                _is_harmless(str((block.get("text") or {}).get("text", "")))
        for what in ("no_right", "over", "has_it", "not_taken", "again"):
            _is_harmless(words.told(case, Told(user="U1", what=what), LOOK))


def _is_harmless(text: str) -> None:
    assert not re.search(r"<[@!#]|<https?:|<mailto|(?<![\w])@(?=[a-z])", _OURS.sub("", text)), text


def test_the_list_says_who_what_is_left_and_what_next() -> None:
    waiting = after(event("emergency_seen", incident=incident(assignees=(AIKO,)), managers=()))
    escalated = after(event("emergency_seen"))
    taken = after(event("emergency_seen"), event("emergency_seen", 1, incident=ACKNOWLEDGED, managers=()))
    text = json.dumps(words.listed([waiting, escalated, taken], at(10), LOOK, ""), ensure_ascii=False)
    assert "PagerDuty asks Aiko Mori" in text and "acknowledged by Aiko Mori" in text
    assert "*15 of 30 minutes* left" in text
    for following in ("the engineer who is asked", "the manager takes it", "the first reply to the customer"):
        assert f"Next: {following}" in text
    late = json.dumps(words.listed([taken], at(40), LOOK, ""))
    assert "are over" in late and "see that the customer has a first reply" in late


def test_nothing_is_left_of_a_minute_that_is_over() -> None:
    case = after(event("emergency_seen"), event("due", 24.5))
    assert "*1 of 30 minutes* left" in shown(case)
    assert "are over" in shown(after(event("emergency_seen"), event("due", 25)))
