"""What a compromised instance means: the message to each manager and to whoever reported it, the macro on the ticket
just as it was shown. And what must be known of an arriving event: who may, whom to inform, whether there is a ticket.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated, Any, Literal, Protocol, TypeAlias

from pydantic import Field

from starbot.core.case import Document, Event
from starbot.core.facts import Person
from starbot.core.text import marker
from starbot.duties.compromised import model, words
from starbot.duties.compromised.model import Compromise, CompromisedEvent, Desk, How
from starbot.duties.compromised.words import Look
from starbot.engine.duty import Deed, Target, Try, looking
from starbot.errors import ServiceDelayed, ServiceError, ServiceRefused
from starbot.posting import find_posted, find_told, placed, shown_in_dialog, told_alone, updated
from starbot.services.roster import Roster
from starbot.services.slack import SlackService
from starbot.services.zendesk import ZendeskService

TRIES_FOR = timedelta(hours=1)
"""A macro that comes later than this would answer what may be over."""
CONFLICT_TRIES = 3


class Reported(CompromisedEvent):
    """Somebody says that an instance is compromised."""

    kind: Literal["reported"] = "reported"
    user: str
    ticket: int | None
    summary: str
    view: str = ""


class Pressed(CompromisedEvent):
    """Somebody pressed one of the buttons that decide about the call."""

    kind: Literal["pressed"] = "pressed"
    user: str
    how: How
    seen: int


class ClosePressed(CompromisedEvent):
    """Somebody pressed *Close this record*, and said once more that they mean it."""

    kind: Literal["close_pressed"] = "close_pressed"
    user: str


class PointsSent(CompromisedEvent):
    """Somebody sent the dialog of the talking points."""

    kind: Literal["points_sent"] = "points_sent"
    user: str
    text: str
    seen: int
    view: str


class MacroSent(CompromisedEvent):
    """Somebody sent the dialog that showed what the macro would do."""

    kind: Literal["macro_sent"] = "macro_sent"
    user: str
    public: bool
    shown: str
    seen: int
    view: str


Arriving: TypeAlias = Annotated[
    model.AnyEvent | Reported | Pressed | ClosePressed | PointsSent | MacroSent,
    Field(union_mode="left_to_right"),
]


class Known(Protocol):
    """The records as stored."""

    def by_id(self, case_id: str) -> Compromise | None:
        """The record with this id."""


@dataclass(frozen=True)
class Hands:
    """What the deeds need, and what the organisation decided."""

    slack: SlackService
    zendesk: ZendeskService
    roster: Roster
    known: Known
    now: Callable[[], datetime]
    look: Callable[[], Look]
    channel: Callable[[], str]
    """Where a manager is asked for whom no direct message reaches; "" while Slack has not told it."""
    macro_titles: tuple[str, ...]


def deeds(hands: Hands) -> dict[str, Deed]:
    """One deed for each kind of effect."""
    return {
        "apply_macro": Deed(partial(_apply_macro, hands), partial(_find_macro, hands)),
        "find_customer": Deed(partial(_find_customer, hands)),
        "tell": Deed(partial(_tell, hands), partial(_find_told, hands)),
    }


def targets(hands: Hands) -> dict[str, Target]:
    """The messages that always show the record as it is."""
    return {model.desk_name(number): _desk(hands, number) for number in range(model.MOST_DESKS)}


def _desk(hands: Hands, number: int) -> Target:
    def seen(case: Compromise) -> Document | None:
        return words.message(case, number, hands.look())

    return Target("slack", seen, partial(_show, hands, number))


# -- what an arriving event means


def arrive(hands: Hands, event: Any) -> list[Event]:
    """A report with its right, its ticket and its managers; a press or a dialog with its right; a deadline with who
    is on call by then."""
    if isinstance(event, Reported):
        return [_reported(hands, event)]
    if isinstance(event, (Pressed, ClosePressed, PointsSent, MacroSent)):
        return [_meant(hands, event)]
    if isinstance(event, model.WaitedLong):
        return [event.model_copy(update={"managers": _on_call(hands)})]
    return [event]


def _on_call(hands: Hands) -> tuple[Person | None, ...]:
    return hands.roster.on_call().managers or (None,)


def _reported(hands: Hands, event: Reported) -> Event:
    about: dict[str, Any] = {"id": f"{event.id}:meant", "at": event.at, "view": event.view}
    about |= {"ticket": event.ticket, "summary": event.summary}
    manager, engineer = hands.roster.manager(event.user), hands.roster.engineer(event.user)
    by = manager or engineer or hands.roster.known(event.user, event.user)
    if event.ticket is None or (manager is None and engineer is None):
        return model.ReportTried(**about, by=by, why="no_right")
    customer, is_looked_up = "", True
    try:
        customer = hands.zendesk.ticket(event.ticket).organisation or ""
    except ServiceError as no:
        if isinstance(no, ServiceRefused) and no.reason == "not_found":
            return model.ReportTried(**about, by=by, why="no_such_ticket")
        is_looked_up = False
    return model.InstanceReported(
        **about,
        handle=model.handle_of(event.ticket),
        customer=customer,
        is_looked_up=is_looked_up,
        by=by,
        is_manager=manager is not None,
        managers=() if manager is not None else _on_call(hands),
    )


def _meant(hands: Hands, event: Pressed | ClosePressed | PointsSent | MacroSent) -> Event:
    about: dict[str, Any] = {"id": f"{event.id}:meant", "at": event.at, "case_id": event.case_id}
    view = "" if isinstance(event, (Pressed, ClosePressed)) else event.view
    by = hands.roster.manager(event.user)
    case = hands.known.by_id(event.case_id)
    if by is None and case is not None and isinstance(event, MacroSent):
        by = case.reporter(event.user)
    if by is None:
        return model.Refused(**about, user=event.user, view=view)
    if isinstance(event, ClosePressed):
        return model.RecordClosed(**about, by=by)
    about |= {"by": by, "seen": event.seen}
    if isinstance(event, Pressed):
        return model.CallDecided(**about, how=event.how)
    if isinstance(event, PointsSent):
        return model.PointsEdited(**about, text=event.text, view=view)
    return model.MacroChosen(**about, public=event.public, shown=event.shown, view=view)


# -- Zendesk


def _find_customer(hands: Hands, effect: model.FindCustomer, case: Compromise) -> Event:
    """A read: to do it twice is harmless."""
    found = hands.zendesk.ticket(_ticket(case))
    return model.CustomerFound(id=effect.key, at=hands.now(), customer=found.organisation or "")


def _apply_macro(hands: Hands, effect: model.ApplyMacro, case: Compromise) -> Event:
    """Looked at once more: what would not be just what was shown is not done. Where somebody else changed the ticket
    at that moment, it is looked at again."""
    if hands.now() > effect.asked_at + TRIES_FOR:
        raise ServiceRefused("zendesk", "too_late", "apply the macro")
    ticket = _ticket(case)
    macro_id = hands.zendesk.macro_id(hands.macro_titles)
    for last in [False] * (CONFLICT_TRIES - 1) + [True]:
        preview = hands.zendesk.preview_macro(ticket, macro_id)
        if model.fingerprint(preview) != effect.shown:
            return model.MacroStale(id=effect.key, at=hands.now(), preview=preview)
        try:
            hands.zendesk.apply_macro(
                ticket, preview, comment=preview.comment_body, key=marker(effect.key), public=effect.public
            )
        except ServiceDelayed as conflict:
            if last or conflict.maybe_done or conflict.retry_after_s != 0:
                raise
            continue
        return model.MacroApplied(id=effect.key, at=hands.now())
    raise AssertionError("unreachable")


def _find_macro(hands: Hands, effect: model.ApplyMacro, case: Compromise) -> Event | None:
    if not hands.zendesk.has_key(_ticket(case), marker(effect.key)):
        return None
    return model.MacroApplied(id=effect.key, at=hands.now())


def _ticket(case: Compromise) -> int:
    assert case.ticket is not None, "an effect on no ticket"
    return case.ticket


# -- Slack


def _show(
    hands: Hands, number: int, case: Compromise, wanted: Document, shown: Document | None, this_try: Try
) -> Event | None:
    desk = case.desks[number]
    if updated(hands.slack, desk.ref, wanted):
        return None
    with looking(this_try):
        where = _where(hands, desk)
    key = f"{case.id}:desk:{number}"
    ref = placed(hands.slack, where, wanted, key=key, begun_at=desk.begun_at, this_try=this_try)
    return model.DeskPlaced(id="", at=hands.now(), desk=number, ref=ref)


def _where(hands: Hands, desk: Desk) -> str:
    user = words.reached_directly(desk)
    return hands.slack.open_dm(user) if user else _channel(hands)


def _channel(hands: Hands) -> str:
    found = hands.channel()
    if not found:
        raise ServiceDelayed("slack", "find the channel for pages")
    return found


def _tell(hands: Hands, effect: model.Tell, case: Compromise) -> Event:
    """In the dialog that waits for it, else in a word to that person alone, or to the managers' channel."""
    said, look = effect.said, hands.look()
    heard = model.PersonTold(id=effect.key, at=hands.now())
    if shown_in_dialog(hands.slack, said.view, words.result_view(case, said, look)):
        return heard
    text = words.result(case, said, look)
    if said.user:
        told_alone(hands.slack, said.user, text, key=effect.key, there=hands.channel())
        return heard
    with suppress(ServiceRefused):
        hands.slack.post(_channel(hands), text, key=marker(effect.key))
    return heard


def _find_told(hands: Hands, effect: model.Tell, case: Compromise) -> Event | None:
    """Only a message is kept; to show a dialog its answer again is harmless."""
    about: dict[str, Any] = {"key": effect.key, "begun_at": case.begun_at}
    if effect.said.user:
        found = find_told(hands.slack, effect.said.user, **about)
    else:
        found = find_posted(hands.slack, _channel(hands), **about)
    return None if found is None else model.PersonTold(id=effect.key, at=hands.now())
