"""What paging means: one incident for one confirmation, whatever is lost on the way; the post that follows it; the
word to whoever asked. And what must be known of an arriving event: who may page, and how many were paged lately.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated, Any, Literal, Protocol, TypeAlias

from pydantic import Field

from starbot.core.case import Document, Event, Service
from starbot.core.facts import Incident, MessageRef
from starbot.core.text import marker
from starbot.duties.paging import model, words
from starbot.duties.paging.model import Page, PageEvent, Purpose, Way
from starbot.duties.paging.words import Look
from starbot.engine.duty import Deed, Target, Try, looking
from starbot.errors import ServiceDelayed, ServiceRefused
from starbot.posting import BACK, find_told, placed, shown_in_dialog, told_alone, updated
from starbot.services.pagerduty import PagerDutyService
from starbot.services.roster import Roster
from starbot.services.slack import SlackService
from starbot.services.zendesk import ZendeskService

LATELY = timedelta(hours=1)
TRIES_FOR = timedelta(hours=1)
"""A page that goes out later than this would wake people for what is over."""


class PageSent(PageEvent):
    """Somebody pressed *Page them now* in the dialog that showed who it would be."""

    kind: Literal["page_sent"] = "page_sent"
    purpose: Purpose
    ticket: int | None
    summary: str
    user: str
    shown_at: datetime
    way: Way = "pagerduty"
    channel: str = ""
    expected: tuple[str, ...] = ()
    view: str = ""


class NoRight(PageEvent):
    """Somebody without the right asked for a page, and was told no. It is kept, and never pages."""

    kind: Literal["no_right"] = "no_right"
    purpose: Purpose | Literal[""]
    ticket: int | None
    summary: str
    user: str


class Pressed(PageEvent):
    """Somebody pressed a button of a page: a second manager's yes or no."""

    kind: Literal["pressed"] = "pressed"
    user: str
    yes: bool


Arriving: TypeAlias = Annotated[
    model.AnyEvent | PageSent | NoRight | Pressed, Field(union_mode="left_to_right")
]


class Known(Protocol):
    """The pages as stored."""

    def since(self, moment: datetime) -> Sequence[Page]:
        """The pages that changed since then."""


@dataclass(frozen=True)
class Hands:
    """What the deeds need, and what the organisation decided."""

    slack: SlackService
    pagerduty: PagerDutyService
    zendesk: ZendeskService
    roster: Roster
    known: Known
    now: Callable[[], datetime]
    look: Callable[[], Look]
    service_ids: Callable[[], Mapping[str, str]]
    """The PagerDuty service by purpose, as far as its name resolves."""
    policy_ids: Callable[[], Mapping[str, str]]
    """The escalation policy by purpose, where it is not the service's own."""
    channel: Callable[[], str]
    """Where pages are followed; "" while Slack has not told it."""
    from_email: str
    macro_titles: tuple[str, ...] = ()
    """The macro that triggers an emergency."""


def deeds(hands: Hands) -> Mapping[str, Deed]:
    """One deed for each kind of effect."""
    return {
        "open_incident": Deed(partial(_open_incident, hands), partial(_find_incident, hands)),
        "apply_macro": Deed(partial(_apply_macro, hands), partial(_find_macro, hands)),
        "tell": Deed(partial(_tell, hands), partial(_find_told, hands)),
    }


def targets(hands: Hands) -> Mapping[str, Target]:
    """What always shows the page as it is: in its channel, and where it was asked."""

    def seen(page: Page) -> Document | None:
        return words.post(page, hands.look())

    def seen_here(page: Page) -> Document | None:
        return seen(page) if page.channel and page.channel != hands.channel() else None

    return {
        "post": Target("slack", seen, partial(_show_post, hands)),
        "here": Target("slack", seen_here, partial(_show_here, hands)),
    }


# -- what an arriving event means


def arrive(hands: Hands, event: Any) -> Sequence[Event]:
    """A confirmation with its right; a press of a button with its right."""
    about: dict[str, Any] = {"id": f"{event.id}:meant", "at": event.at}
    if isinstance(event, PageSent):
        return [_confirmed(hands, event, about)]
    if isinstance(event, NoRight):
        asked = event.model_dump(include={"purpose", "ticket", "summary"})
        return [model.PageTried(**about, **asked, by=hands.roster.somebody(event.user))]
    if isinstance(event, Pressed):
        about |= {"case_id": event.case_id, "user": event.user}
        by = hands.roster.manager(event.user)
        return [model.Refused(**about) if by is None else model.Agreed(**about, by=by, yes=event.yes)]
    return [event]


def _confirmed(hands: Hands, event: PageSent, about: dict[str, Any]) -> Event:
    by = hands.roster.manager(event.user)
    lately = [page for page in hands.known.since(event.at - LATELY) if _counts(page, event.at)]
    return model.PageConfirmed(
        **about,
        purpose=event.purpose,
        way=event.way,
        shown_at=event.shown_at,
        ticket=event.ticket,
        summary=event.summary,
        by=by or hands.roster.somebody(event.user),
        user=event.user,
        may=by is not None,
        lately=len(lately),
        channel=event.channel,
        expected=event.expected,
        view=event.view,
    )


def _counts(page: Page, at: datetime) -> bool:
    """A page that failed woke nobody."""
    return page.has_been_sent and page.status != "failed" and page.asked_at > at - LATELY


# -- PagerDuty


def _open_incident(hands: Hands, effect: model.OpenIncident, page: Page) -> Event:
    """Opened by key: where the answer was lost, or somebody has that key already, it is looked for."""
    _in_time(hands, page, "pagerduty", "open an incident")
    # As it was when we asked: whoever answers meanwhile is newer.
    at = hands.now()
    try:
        incident = _created_by_somebody(hands, effect, page)
    except ServiceRefused as no:
        if no.reason != "key_taken":
            raise
        # By an earlier try of ours: that this look is not answered must not make us forget it.
        with looking():
            found = _find_incident(hands, effect, page)
        if found is None:
            raise
        return found
    return model.IncidentSeen(id=effect.key, at=at, incident=incident)


def _created_by_somebody(hands: Hands, effect: model.OpenIncident, page: Page) -> Incident:
    """In the name of whoever asked; where PagerDuty does not know them any more, in the bot's."""
    try:
        return _created(hands, effect, page, _from(hands, page))
    except ServiceRefused as no:
        if no.reason != "from_unknown" or _from(hands, page) == hands.from_email:
            raise
    return _created(hands, effect, page, hands.from_email)


def _created(hands: Hands, effect: model.OpenIncident, page: Page, from_email: str) -> Incident:
    return hands.pagerduty.create_incident(
        service_id=_service(hands, page),
        title=words.title(page),
        details=words.details(page),
        key=marker(effect.key),
        from_email=from_email,
        escalation_policy_id=hands.policy_ids().get(page.purpose),
    )


def _in_time(hands: Hands, page: Page, service: Service, what: str) -> None:
    """Every try looks first; so what is too late now was not done before."""
    if page.sent_at is not None and hands.now() > page.sent_at + TRIES_FOR:
        raise ServiceRefused(service, "too_late", what)


def _find_incident(hands: Hands, effect: model.OpenIncident, page: Page) -> Event | None:
    """In every status: it may have been answered or ended meanwhile."""
    at = hands.now()
    found = hands.pagerduty.find_incidents(marker(effect.key), _service(hands, page), page.asked_at - BACK)
    return model.IncidentSeen(id=effect.key, at=at, incident=found[0]) if found else None


def _service(hands: Hands, page: Page) -> str:
    found = hands.service_ids().get(page.purpose)
    if found is None:
        raise ServiceRefused("pagerduty", "service_missing", "open an incident")
    return found


def _from(hands: Hands, page: Page) -> str:
    """In the name of whoever asked, if PagerDuty knows them; else in the bot's."""
    return page.by.email if page.by.pagerduty and page.by.email else hands.from_email


# -- Zendesk


def _apply_macro(hands: Hands, effect: model.ApplyMacro, page: Page) -> Event:
    """Privately, whatever the macro says: the customer hears from a person."""
    _in_time(hands, page, "zendesk", "apply the macro")
    ticket = _ticket(page)
    preview = hands.zendesk.preview_macro(ticket, hands.zendesk.macro_id(hands.macro_titles))
    hands.zendesk.apply_macro(ticket, preview, comment=preview.comment_body, key=marker(effect.key))
    return model.MacroApplied(id=effect.key, at=hands.now())


def _find_macro(hands: Hands, effect: model.ApplyMacro, page: Page) -> Event | None:
    if not hands.zendesk.has_key(_ticket(page), marker(effect.key)):
        return None
    return model.MacroApplied(id=effect.key, at=hands.now())


def _ticket(page: Page) -> int:
    assert page.ticket is not None, "a macro without a ticket"
    return page.ticket


# -- Slack


def _show_post(
    hands: Hands, page: Page, wanted: Document, shown: Document | None, this_try: Try
) -> Event | None:
    if updated(hands.slack, page.post, wanted):
        return None
    channel = hands.channel()
    if not channel:
        raise ServiceDelayed("slack", "find the channel for pages")
    return model.PostPlaced(
        id="", at=hands.now(), ref=_placed(hands, page, "post", channel, wanted, this_try)
    )


def _show_here(
    hands: Hands, page: Page, wanted: Document, shown: Document | None, this_try: Try
) -> Event | None:
    """Only where the bot is a member: it is asked nowhere to come in."""
    if updated(hands.slack, page.here, wanted):
        return None
    try:
        ref = _placed(hands, page, "here", page.channel, wanted, this_try)
    except ServiceRefused:
        return model.HerePlaced(id="", at=hands.now())
    return model.HerePlaced(id="", at=hands.now(), ref=ref)


def _placed(
    hands: Hands, page: Page, thing: str, channel: str, wanted: Document, this_try: Try
) -> MessageRef:
    key = f"{page.id}:{thing}"
    return placed(hands.slack, channel, wanted, key=key, begun_at=page.asked_at, this_try=this_try)


def _tell(hands: Hands, effect: model.Tell, page: Page) -> Event:
    """In the dialog that waits for it, else in a word to that person alone."""
    said, look = effect.said, hands.look()
    heard = model.PersonTold(id=effect.key, at=hands.now())
    if shown_in_dialog(hands.slack, said.view, words.result_view(page, said, look)):
        return heard
    told_alone(hands.slack, said.user, words.result(page, said, look), key=effect.key, there=hands.channel())
    return heard


def _find_told(hands: Hands, effect: model.Tell, page: Page) -> Event | None:
    """Only a direct message is kept; to show a dialog its answer again is harmless."""
    found = find_told(hands.slack, effect.said.user, key=effect.key, begun_at=page.asked_at)
    return None if found is None else model.PersonTold(id=effect.key, at=hands.now())
