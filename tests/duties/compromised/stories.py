"""Compromised instances in words: builders of events, and of a record after them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from starbot.core.facts import MacroPreview, MessageRef, Person
from starbot.duties.compromised import model, words
from starbot.duties.compromised.model import Compromise, Policy, fingerprint

NOW = datetime(2026, 11, 17, 14, tzinfo=UTC)
POLICY = Policy(answer_minutes=10)
LENA = Person(name="Lena Vogt", slack="U1", pagerduty="PLENA")
TOMAS = Person(name="Tomas Novak", slack="U2", pagerduty="PTOMAS")
ANNA = Person(name="Anna Kowalska", slack="U3")
REF = MessageRef(channel="D1", ts="1.1")
PREVIEW = MacroPreview(
    ticket_id=123456,
    macro_id=803,
    updated_stamp="2026-11-17T13:00:00Z",
    changes={"status": "pending"},
    tags_added=("compromised_instance",),
    tags_after=("compromised_instance",),
    comment_body="Please shut it down.",
    comment_public=True,
)
SHOWN = fingerprint(PREVIEW)
LOOK = words.Look(
    ticket_link="https://z.example/t/{ticket}",
    fallback_group="S1",
    fallback_name="smoc",
    manager_service="Support Managers",
    macro="Incident::Compromised Instance",
    advice=tuple(f"Step {n}." for n in range(1, 9)),
    questions=(words.Question(question="How did this happen?", answer="We may not know."),),
    talking_points="Say that we stand by.",
    sirt="Think of SIRT.",
)


def at(minutes: float) -> datetime:
    """So many minutes from now."""
    return NOW + timedelta(minutes=minutes)


def event(kind: str, minutes: float = 0, **fields: Any) -> Any:
    """An event of this kind, with what it needs unless told otherwise: an engineer informs Lena."""
    needs: dict[str, dict[str, Any]] = {
        "instance_reported": {
            "ticket": 123456,
            "summary": "Unknown runners",
            "by": ANNA,
            "is_manager": False,
            "managers": (LENA,),
        },
        "report_tried": {"ticket": 123456, "summary": "Help", "by": ANNA, "why": "no_right"},
        "call_decided": {"by": LENA, "how": "before", "seen": 0},
        "refused": {"user": "U9"},
        "points_edited": {"by": LENA, "text": "Say this.", "seen": 0},
        "macro_chosen": {"by": LENA, "public": False, "shown": SHOWN, "seen": 0},
        "record_closed": {"by": LENA},
        "customer_found": {"customer": "Aurora"},
        "due": {"managers": (LENA, TOMAS)},
        "macro_stale": {"preview": PREVIEW},
        "desk_placed": {"desk": 0, "ref": REF},
        "effect_delayed": {"key": "k", "effect": "apply_macro", "service": "zendesk"},
        "effect_failed": {"key": "k", "effect": "apply_macro", "service": "zendesk", "reason": "closed"},
    }
    kinds = {
        one.model_fields["kind"].default: one
        for one in model.CompromisedEvent.__subclasses__()
        if one.__module__ == model.__name__
    }
    made = {"id": f"{kind}:{minutes}", "at": at(minutes), **needs.get(kind, {})}
    return kinds[kind](**{**made, **fields})


def after(*events: Any) -> Compromise:
    """The record after these events."""
    case: Compromise | None = None
    for one in events:
        decision = model.decide(case, one, POLICY)
        assert decision is not None, one
        assert isinstance(decision.case, Compromise)
        case = decision.case
    assert case is not None
    return case


def effects(case: Compromise, one: Any) -> list[str]:
    """What an event makes the bot do."""
    decision = model.decide(case, one, POLICY)
    assert decision is not None
    return [effect.key.partition(":")[2] for effect in decision.effects]


def heard(case: Compromise) -> list[tuple[str, str]]:
    """Who was told what, in order."""
    return [(told.user, told.what) for told in case.told]
