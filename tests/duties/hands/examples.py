"""Requests and events to make examples of: one of every kind, at times that are easy to compare."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

from pydantic import TypeAdapter

from starbot.core.case import Effect
from starbot.core.facts import MessageRef, Person
from starbot.duties.hands import model
from starbot.duties.hands.model import Policy, Request, RequestEvent, Status, decide
from starbot.duties.hands.words import Look

NOON = datetime(2026, 11, 17, 12, 0, tzinfo=UTC)
LENA = Person(name="Lena Vogt", slack="U1", zendesk="4003")
MEI = Person(name="Mei Tanaka", slack="U2", zendesk="4001")
ANNA = Person(name="Anna Kowalska", slack="U3", zendesk="4015")
SOFIA = Person(name="Sofia Rossi", slack="U4")
POST = MessageRef(channel="C1", ts="1794916800.000100")
POLICY = Policy(answer_minutes=10)
LOOK = Look(
    team_url="https://team.slack.com/",
    ticket_link="https://z.example/agent/tickets/{ticket}",
    channel="support_self-managed",
    fallback_group="S1",
    fallback_name="smoc",
)
KINDS: tuple[str, ...] = tuple(
    event.model_fields["kind"].default for event in get_args(get_args(model.AnyEvent)[0])
)
_EVENTS: TypeAdapter[Any] = TypeAdapter(model.AnyEvent)
_ASKED: dict[str, Any] = {"ticket": 123456, "summary": "Pushes fail"}
_DETAILS: Mapping[str, dict[str, Any]] = {
    "hands_asked": {**_ASKED, "by": LENA, "user": "U1", "may": True, "channel": "C2", "view": "V1:1"},
    "manager_called": {
        **_ASKED,
        "what": "another",
        "by": ANNA,
        "user": "U3",
        "may": True,
        "exists": True,
        "managers": (LENA, MEI),
    },
    "tried": {**_ASKED, "what": "hands", "by": SOFIA},
    "seen": {"by": LENA, "user": "U1"},
    "taken": {"by": LENA, "user": "U1", "is_manager": True},
    "assisted": {"by": SOFIA, "user": "U4"},
    "given_back": {"by": LENA, "user": "U1", "is_manager": True, "turn": 0},
    "dropped": {"by": LENA, "user": "U1", "is_manager": True},
    "refused": {"user": "U9"},
    "post_placed": {"ref": POST},
    "here_placed": {"ref": POST},
    "desk_placed": {"desk": 0, "ref": POST},
    "effect_delayed": {"key": "k", "effect": "raise_priority", "service": "zendesk"},
    "effect_failed": {"key": "k", "effect": "raise_priority", "service": "zendesk", "reason": "closed"},
}


def at(minute: float) -> datetime:
    """So many minutes after noon."""
    return NOON + timedelta(minutes=minute)


def event(kind: str, minute: float = 0, **details: Any) -> RequestEvent:
    """An event of this kind so many minutes after noon."""
    body = {"id": f"{kind}:{minute}", "at": at(minute), "case_id": "", **_DETAILS.get(kind, {}), **details}
    found: RequestEvent = _EVENTS.validate_python({"kind": kind, **body})
    return found


def told(*events: RequestEvent, rival: Request | None = None) -> tuple[Request, list[Effect]]:
    """The request after these events, and every effect that was decided. `rival` is there at the last event."""
    case: Request | None = None
    effects: list[Effect] = []
    for number, one in enumerate(events):
        decided = decide(case, one, rival if number == len(events) - 1 else None, POLICY)
        assert decided is not None
        assert isinstance(decided.case, Request)
        case = decided.case
        effects += decided.effects
    assert case is not None
    return case, effects


def after(*events: RequestEvent, rival: Request | None = None) -> Request:
    """The request after these events."""
    return told(*events, rival=rival)[0]


CALLED, ASKED = event("manager_called"), event("hands_asked")
WAYS: Mapping[Status, tuple[RequestEvent, ...]] = {
    "refused": (event("hands_asked", may=False),),
    "asked": (CALLED,),
    "open": (ASKED, event("post_placed")),
    "taken": (ASKED, event("post_placed"), event("taken")),
    "dropped": (ASKED, event("post_placed"), event("dropped")),
}


def in_status(status: Status) -> Request:
    """A request that stands so."""
    case = after(*WAYS[status])
    assert case.status == status
    return case


def heard(case: Request, user: str) -> list[str]:
    """What this person was told, in order."""
    return [told.what for told in case.told if told.user == user]
