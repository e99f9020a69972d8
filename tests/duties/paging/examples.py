"""Pages and events to make examples of: one of every kind, at times that are easy to compare."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

from pydantic import TypeAdapter

from starbot.core.case import Effect
from starbot.core.facts import Incident, MessageRef, Person
from starbot.duties.paging import model
from starbot.duties.paging.model import Page, PageEvent, Policy, Status, decide
from starbot.duties.paging.words import Look

NOON = datetime(2026, 11, 21, 0, 30, tzinfo=UTC)
LENA = Person(name="Lena Vogt", slack="U1", pagerduty="P1", email="lena@example.com")
TOMAS = Person(name="Tomas Novak", slack="U2", pagerduty="P2")
POST = MessageRef(channel="C1", ts="1794916800.000100")
POLICY = Policy(answer_minutes=5, pages_an_hour=2)
LOOK = Look(
    team_url="https://team.slack.com/",
    ticket_link="https://z.example/agent/tickets/{ticket}",
    services={
        "backup": "Backup Pool",
        "emergency": "Customer Support",
        "manager": "Support Managers",
        "help": "Senior Support Managers",
    },
    policies={"emergency": "Customer Emergency Rotation"},
    help_name="the senior managers",
    emergency_macro="Trigger manual emergency",
    channel="spt_managers",
)
INCIDENT = Incident(
    id="Q1",
    number=7,
    key="k",
    status="triggered",
    title="Duplicate emergency - ZD#123456",
    service_id="S1",
    service="Backup Pool",
    url="https://pd.example/incidents/Q1",
    created_at=NOON,
)
KINDS: tuple[str, ...] = tuple(
    event.model_fields["kind"].default for event in get_args(get_args(model.AnyEvent)[0])
)
_EVENTS: TypeAdapter[Any] = TypeAdapter(model.AnyEvent)
_DETAILS: Mapping[str, dict[str, Any]] = {
    "page_confirmed": {
        "purpose": "backup",
        "ticket": 123456,
        "summary": "Two are down",
        "by": LENA,
        "user": "U1",
        "may": True,
        "lately": 0,
        "shown_at": NOON,
    },
    "page_tried": {"purpose": "", "ticket": None, "summary": "", "by": TOMAS},
    "agreed": {"by": TOMAS, "user": "U2", "yes": True},
    "refused": {"user": "U9"},
    "incident_seen": {"incident": INCIDENT},
    "post_placed": {"ref": POST},
    "here_placed": {"ref": POST},
    "effect_delayed": {"key": "k", "effect": "open_incident", "service": "pagerduty"},
    "effect_failed": {"key": "k", "effect": "open_incident", "service": "pagerduty", "reason": "forbidden"},
}


def event(kind: str, minute: float = 0, **details: Any) -> PageEvent:
    """An event of this kind so many minutes after noon."""
    at = NOON + timedelta(minutes=minute)
    body = {"id": f"{kind}:{minute}", "at": at, "case_id": "", **_DETAILS.get(kind, {}), **details}
    found: PageEvent = _EVENTS.validate_python({"kind": kind, **body})
    return found


def seen(status: str, minute: float = 0, *names: str) -> PageEvent:
    """A look at the incident, acknowledged by these people."""
    people = tuple(Person(name=name, pagerduty=f"P{name}") for name in names)
    incident = INCIDENT.model_copy(update={"status": status, "acknowledgers": people})
    return event("incident_seen", minute, incident=incident)


def told(*events: PageEvent, rival: Page | None = None) -> tuple[Page, list[Effect]]:
    """The page after these events, and every effect that was decided."""
    page: Page | None = None
    effects: list[Effect] = []
    for one in events:
        decided = decide(page, one, rival if page is None else None, POLICY)
        assert decided is not None
        assert isinstance(decided.case, Page)
        page = decided.case
        effects += decided.effects
    assert page is not None
    return page, effects


def after(*events: PageEvent, rival: Page | None = None) -> Page:
    """The page after these events."""
    return told(*events, rival=rival)[0]


_TOO_MANY = event("page_confirmed", lately=POLICY.pages_an_hour)
_BY_MACRO = event("page_confirmed", way="macro", purpose="emergency")
_WAYS: Mapping[Status, tuple[PageEvent, ...]] = {
    "refused": (event("page_confirmed", may=False),),
    "waiting": (_TOO_MANY,),
    "declined": (_TOO_MANY, event("agreed", yes=False)),
    "paging": (event("page_confirmed"),),
    "failed": (event("page_confirmed"), event("effect_failed")),
    "handed": (_BY_MACRO, event("macro_applied")),
    "paged": (event("page_confirmed"), seen("triggered")),
    "acknowledged": (event("page_confirmed"), seen("acknowledged", 0, "Grace")),
    "resolved": (event("page_confirmed"), seen("resolved")),
}


def in_status(status: Status) -> Page:
    """A page that stands so."""
    page = after(*_WAYS[status])
    assert page.status == status
    return page
