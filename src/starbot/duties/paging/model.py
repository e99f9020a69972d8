"""A page: somebody asks PagerDuty to wake people, and follows who answers. Pure.

Nothing is paged without a person's confirmation: a case begins with it, and the one effect that pages follows
from nothing else. One open page a purpose and ticket: a second try is shown the first. Who may not is refused, and
the refusal is kept. Beyond so many pages an hour a second manager must agree.

    refused      asked by somebody who may not, while another page for the same is open, or in a dialog from long ago
    waiting      so many people were paged lately that a second manager must agree
    declined     nobody agreed
    paging       on its way to PagerDuty, or to Zendesk
    failed       it was not taken: nobody was paged
    handed       the macro is on the ticket, and Zendesk pages by itself
    paged        nobody has answered yet
    acknowledged somebody has
    resolved     it is over in PagerDuty (which never says that the problem is solved)
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, ClassVar, Literal, TypeAlias

from pydantic import Field

from starbot.core import case as core
from starbot.core.case import Case, Decision, Effect, Event, Service
from starbot.core.facts import Fact, Incident, MessageRef, Person
from starbot.core.retention import Kept
from starbot.core.text import marker

DUTY = "paging"

Purpose: TypeAlias = Literal["backup", "emergency", "manager", "help"]
"""Whom: the APAC backup pool, the customer emergency rotation (a manual emergency), the manager on call, the next level
above them (a call for help)."""
Way: TypeAlias = Literal["pagerduty", "macro"]
"""How an emergency is triggered by hand: an incident of ours, or the macro by which Zendesk opens one. Never both."""
Status: TypeAlias = Literal[
    "refused", "waiting", "declined", "paging", "failed", "handed", "paged", "acknowledged", "resolved"
]
STATUSES: tuple[Status, ...] = (
    "refused",
    "waiting",
    "declined",
    "paging",
    "failed",
    "handed",
    "paged",
    "acknowledged",
    "resolved",
)
OPEN: tuple[Status, ...] = ("waiting", "paging", "handed", "paged", "acknowledged")
CLOSED: tuple[Status, ...] = tuple(status for status in STATUSES if status not in OPEN)
Why: TypeAlias = Literal["", "no_right", "open_page", "old"]
CONFIRM_WITHIN = timedelta(minutes=30)
"""What a confirmation showed is not true for ever."""
AGREE_WITHIN = timedelta(hours=1)
"""A second manager's yes that comes later would page people about what is over."""
HANDED_FOR = timedelta(hours=1)
"""So long the macro on a ticket keeps a second page for it away: nobody tells us how its emergency goes on."""


class Told(Fact):
    """What a person hears of what they did; `view`: the dialog that waits for it."""

    user: str
    what: Literal["asked", "no_right", "open_page", "old", "state", "same_person", "decided", "no_post"]
    view: str = ""


class Twin(Fact):
    """The page that is open for the same already."""

    case_id: str
    post: MessageRef | None = None


class Page(Case):
    """One page as it is now."""

    status: Status = "paging"
    purpose: Purpose | Literal[""]
    """"" where somebody without the right did not come so far."""
    way: Way = "pagerduty"
    ticket: int | None
    summary: str
    by: Person
    """Who asked."""
    asked_at: datetime
    sent_at: datetime | None = None
    """When all had confirmed it who must."""
    channel: str = ""
    """Where it was asked: the post is shown there too, if the bot is a member."""
    expected: tuple[str, ...] = ()
    """Who would be paged, as the confirmation showed it."""
    why: Why = ""
    rival: Twin | None = None
    agreed_by: Person | None = None
    incident: Incident | None = None
    looked_at: datetime | None = None
    """Of the newest word about the incident: an older one that comes late is no news."""
    is_unanswered: bool = False
    post: MessageRef | None = None
    here: MessageRef | None = None
    told: tuple[Told, ...] = ()
    reason: str = ""
    """Why PagerDuty did not take it."""
    reference: str = ""
    is_late: bool = False
    wished: dict[str, int] = Field(default_factory=dict)

    @property
    def has_been_sent(self) -> bool:
        """Whether a person has confirmed all that is needed."""
        return self.status in ("paging", "failed", "handed", "paged", "acknowledged", "resolved")


class Policy(Fact):
    """What the organisation decided."""

    answer_minutes: int = 5
    pages_an_hour: int = 4


class PageEvent(Event):
    """Anything that happens to a page."""

    duty: ClassVar[str] = DUTY


class PageConfirmed(PageEvent):
    """A person read who would be paged, and said yes. `may`: they have the right; `lately`: how many pages there
    were within the hour before; `shown_at`: when they were shown it."""

    kind: Literal["page_confirmed"] = "page_confirmed"
    purpose: Purpose
    way: Way = "pagerduty"
    shown_at: datetime
    ticket: int | None
    summary: str
    by: Person
    user: str
    may: bool
    lately: int
    channel: str = ""
    expected: tuple[str, ...] = ()
    view: str = ""


class PageTried(PageEvent):
    """Somebody without the right asked for a page, and was told no. It never pages."""

    kind: Literal["page_tried"] = "page_tried"
    purpose: Purpose | Literal[""]
    ticket: int | None
    summary: str
    by: Person


class Agreed(PageEvent):
    """A second manager says yes, or no."""

    kind: Literal["agreed"] = "agreed"
    by: Person
    user: str
    yes: bool


class Refused(PageEvent):
    """Somebody without the right pressed a button."""

    kind: Literal["refused"] = "refused"
    user: str


class IncidentSeen(PageEvent):
    """The incident as PagerDuty shows it, told by the answer, a webhook or a look."""

    kind: Literal["incident_seen"] = "incident_seen"
    incident: Incident


class MacroApplied(PageEvent):
    """The macro that triggers an emergency is on the ticket."""

    kind: Literal["macro_applied"] = "macro_applied"


class PostPlaced(PageEvent):
    """The post is in its channel."""

    kind: Literal["post_placed"] = "post_placed"
    ref: MessageRef


class HerePlaced(PageEvent):
    """The post is where it was asked, too; None where the bot is no member there."""

    kind: Literal["here_placed"] = "here_placed"
    ref: MessageRef | None = None


class PersonTold(PageEvent):
    """The person has been told."""

    kind: Literal["person_told"] = "person_told"


class EffectDelayed(PageEvent, core.EffectDelayed):
    """A service has not done its part yet."""


class EffectFailed(PageEvent, core.EffectFailed):
    """A service will not do its part."""


class WaitedLong(PageEvent, core.Due):
    """Nobody has answered, or agreed, for so long."""


AnyEvent: TypeAlias = Annotated[
    PageConfirmed
    | PageTried
    | Agreed
    | Refused
    | IncidentSeen
    | MacroApplied
    | PostPlaced
    | HerePlaced
    | PersonTold
    | EffectDelayed
    | EffectFailed
    | WaitedLong,
    Field(discriminator="kind"),
]


class OpenIncident(Effect):
    """Page: open the incident in PagerDuty."""

    service: ClassVar[Service] = "pagerduty"
    kind: Literal["open_incident"] = "open_incident"


class ApplyMacro(Effect):
    """Page: put the macro on the ticket that triggers an emergency."""

    service: ClassVar[Service] = "zendesk"
    kind: Literal["apply_macro"] = "apply_macro"


class Tell(Effect):
    """Tell one person what became of what they did."""

    service: ClassVar[Service] = "slack"
    kind: Literal["tell"] = "tell"
    said: Told


AnyEffect: TypeAlias = Annotated[OpenIncident | ApplyMacro | Tell, Field(discriminator="kind")]
PAGING = ("open_incident", "apply_macro")
"""The effects that page. A page has one of them, once."""

Rule: TypeAlias = Callable[[Page, Any, Policy], Page]


def _nothing(page: Page, event: Event, policy: Policy) -> Page:
    return page


def _agree(page: Page, event: Agreed, policy: Policy) -> Page:
    """Whoever asked cannot be the second one."""
    if event.by.slack == page.by.slack:
        return _heard(page, event.user, "same_person")
    update: dict[str, Any] = {"agreed_by": event.by, "next_due": None}
    update |= {"status": "paging", "sent_at": event.at} if event.yes else {"status": "declined"}
    return _heard(page.model_copy(update=update), page.by.slack, "decided")


def _agreed_already(page: Page, event: Agreed, policy: Policy) -> Page:
    return _heard(page, event.user, "state")


def _refuse(page: Page, event: Refused, policy: Policy) -> Page:
    return _heard(page, event.user, "no_right")


def _see(page: Page, event: IncidentSeen, policy: Policy) -> Page:
    """What is older than what is known is no news; what is over stays over."""
    seen = event.incident
    if page.looked_at is not None and event.at < page.looked_at:
        return page
    if page.status == "resolved" and seen.status != "resolved":
        return page
    status = {"triggered": "paged", "acknowledged": "acknowledged", "resolved": "resolved"}[seen.status]
    seen = seen.following(page.incident) if page.incident else seen
    since = event.at if page.status == "acknowledged" else seen.created_at
    is_unanswered = page.is_unanswered and status == "paged"
    is_waiting = status == "paged" and not is_unanswered
    return page.model_copy(
        update={
            "incident": seen,
            "looked_at": event.at,
            "status": status,
            "is_late": False,
            "is_unanswered": is_unanswered,
            "next_due": since + timedelta(minutes=policy.answer_minutes) if is_waiting else None,
        }
    )


def _hand(page: Page, event: MacroApplied, policy: Policy) -> Page:
    due = event.at + HANDED_FOR
    return page.model_copy(update={"status": "handed", "is_late": False, "next_due": due})


def _wait_no_more(page: Page, event: WaitedLong, policy: Policy) -> Page:
    return page.model_copy(update={"is_unanswered": True, "next_due": None})


def _agree_no_more(page: Page, event: WaitedLong, policy: Policy) -> Page:
    return _heard(page.model_copy(update={"status": "declined", "next_due": None}), page.by.slack, "decided")


def _leave(page: Page, event: WaitedLong, policy: Policy) -> Page:
    return page.model_copy(update={"status": "resolved", "next_due": None})


def _place_post(page: Page, event: PostPlaced, policy: Policy) -> Page:
    return page.model_copy(update={"post": event.ref})


def _place_here(page: Page, event: HerePlaced, policy: Policy) -> Page:
    return page.model_copy(update={"here": event.ref, "channel": page.channel if event.ref else ""})


def _delay(page: Page, event: EffectDelayed, policy: Policy) -> Page:
    is_news = event.effect in PAGING and page.status == "paging"
    return page.model_copy(update={"is_late": True}) if is_news else page


def _fail(page: Page, event: EffectFailed, policy: Policy) -> Page:
    """That the page itself failed must be said, and a page that nobody can follow here."""
    if event.effect == "here":
        return page.model_copy(update={"channel": ""})
    if event.effect == "post":
        is_known = page.post is not None or any(told.what == "no_post" for told in page.told)
        return page if is_known else _heard(page, page.by.slack, "no_post")
    if event.effect not in PAGING or page.status != "paging":
        return page
    why = {"reason": event.reason, "reference": event.reference}
    return _heard(
        page.model_copy(update={"status": "failed", "is_late": False, **why}), page.by.slack, "decided"
    )


def _heard(page: Page, user: str, what: Any, view: str = "") -> Page:
    if not user:
        return page
    return page.model_copy(update={"told": (*page.told, Told(user=user, what=what, view=view))})


def _everywhere(rule: Rule) -> dict[Status, Rule]:
    return dict.fromkeys(STATUSES, rule)


def _rows(default: Rule, **others: Rule) -> dict[Status, Rule]:
    return {status: others.get(status, default) for status in STATUSES}


TABLE: Mapping[str, Mapping[Status, Rule]] = {
    # A confirmation opens a page (`_open`); seen again, it is no news.
    "page_confirmed": _everywhere(_nothing),
    "page_tried": _everywhere(_nothing),
    "agreed": _rows(_agreed_already, waiting=_agree),
    "refused": _everywhere(_refuse),
    "incident_seen": _rows(_nothing, paging=_see, failed=_see, paged=_see, acknowledged=_see, resolved=_see),
    "macro_applied": _rows(_nothing, paging=_hand, failed=_hand),
    "post_placed": _everywhere(_place_post),
    "here_placed": _everywhere(_place_here),
    "person_told": _everywhere(_nothing),
    "effect_delayed": _everywhere(_delay),
    "effect_failed": _everywhere(_fail),
    "due": _rows(_nothing, paged=_wait_no_more, waiting=_agree_no_more, handed=_leave),
}


def decide(page: Page | None, event: Any, rival: Page | None, policy: Policy) -> Decision | None:
    """What follows from an event. `rival` is the open page for the same purpose and ticket."""
    after = (
        _begin(event, rival, policy) if page is None else TABLE[event.kind][page.status](page, event, policy)
    )
    if after is None:
        return None
    # What was let go is not taken again: somebody else may hold it by now.
    may_hold = after.status in OPEN and (page is None or page.claim is not None)
    claimed = claim_of(after.purpose, after.ticket) if may_hold else None
    after, effects = _wish(after.model_copy(update={"claim": claimed}))
    return Decision(case=after, effects=effects)


def claim(page: Page | None, event: Any) -> str | None:
    """One open page a purpose and ticket."""
    if isinstance(event, PageConfirmed) and event.may:
        return claim_of(event.purpose, event.ticket)
    return None


def claim_of(purpose: str, ticket: int | None) -> str:
    """What an open page holds alone."""
    return f"page:{purpose}:{ticket or 'none'}"


def _begin(event: Any, rival: Page | None, policy: Policy) -> Page | None:
    if isinstance(event, PageConfirmed):
        return _open(event, rival, policy)
    if isinstance(event, PageTried):
        return _new(event).model_copy(update={"status": "refused", "why": "no_right"})
    return None


def _new(event: PageConfirmed | PageTried) -> Page:
    return Page(
        id=f"page-{marker(event.id)[:8]}",
        subject=None if event.ticket is None else f"ticket:{event.ticket}",
        purpose=event.purpose,
        ticket=event.ticket,
        summary=event.summary,
        by=event.by,
        asked_at=event.at,
    )


def _open(event: PageConfirmed, rival: Page | None, policy: Policy) -> Page:
    asked = {"way": event.way, "channel": event.channel, "expected": event.expected}
    page = _new(event).model_copy(update=asked)
    why = _why_not(event, rival)
    if why:
        twin = Twin(case_id=rival.id, post=rival.post) if rival is not None else None
        refused = page.model_copy(update={"status": "refused", "why": why, "rival": twin})
        return _heard(refused, event.user, why, event.view)
    update: dict[str, Any] = {"status": "paging", "sent_at": event.at}
    if event.lately >= policy.pages_an_hour:
        update = {"status": "waiting", "next_due": event.at + AGREE_WITHIN}
    return _heard(page.model_copy(update=update), event.user, "asked", event.view)


def _why_not(event: PageConfirmed, rival: Page | None) -> Why:
    if not event.may:
        return "no_right"
    if event.at > event.shown_at + CONFIRM_WITHIN:
        return "old"
    return "open_page" if rival is not None else ""


def is_of(page: Page, incident: Incident) -> bool:
    """Whether the incident is this page's: known by its id, or by our key while PagerDuty's answer has not come."""
    if page.incident is not None:
        return page.incident.id == incident.id
    return incident.key == marker(_page_key(page))


def _wish(page: Page) -> tuple[Page, tuple[Effect, ...]]:
    """What has not been asked for yet. Only here does a page become an incident, or a macro on a ticket."""
    wished = dict(page.wished)
    effects: list[Effect] = []
    if page.has_been_sent and not wished.get("page"):
        effects.append(_paging(page))
        wished["page"] = 1
    for n in range(wished.get("tell", 0), len(page.told)):
        effects.append(Tell(key=f"{page.id}:tell:{n}", said=page.told[n]))
    wished["tell"] = len(page.told)
    return page.model_copy(update={"wished": wished}), tuple(effects)


def _paging(page: Page) -> Effect:
    if page.way == "macro":
        return ApplyMacro(key=f"{page.id}:apply_macro:0")
    return OpenIncident(key=_page_key(page))


def _page_key(page: Page) -> str:
    return f"{page.id}:open_incident:0"


KEPT: Kept = {
    Told: ("user", "view"),
    Twin: ("case_id",),
    Page: ("channel", "reason", "reference"),
    PageEvent: ("user", "channel", "view"),
}
"""The texts that stay of one that has been over for so long: what tells happenings apart."""
