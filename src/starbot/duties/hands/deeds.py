"""What a request for hands means: the post, the messages to the managers, the ticket's priority and assignee. And what
must be known of an arriving event: who may, who is on call, whether it is the weekend.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Annotated, Any, Literal, Protocol, TypeAlias

from pydantic import Field

from starbot.core.case import Document, Event
from starbot.core.facts import MessageRef
from starbot.core.hours import Region, is_weekend
from starbot.core.text import marker
from starbot.duties.hands import model, words
from starbot.duties.hands.model import Choice, Request, RequestEvent, What
from starbot.duties.hands.words import Look
from starbot.engine.duty import Deed, Target, Try, looking
from starbot.errors import ServiceDelayed, ServiceError, ServiceRefused
from starbot.posting import find_told, placed, shown_in_dialog, told_alone, updated
from starbot.services.roster import Roster
from starbot.services.slack import SlackService
from starbot.services.zendesk import ZendeskService


class HandsSent(RequestEvent):
    """Somebody sent the dialog that said what a request for hands does."""

    kind: Literal["hands_sent"] = "hands_sent"
    ticket: int
    summary: str
    user: str
    channel: str = ""
    view: str = ""


class CallSent(RequestEvent):
    """The engineer on call sent the dialog that tells the manager on call."""

    kind: Literal["call_sent"] = "call_sent"
    what: What
    ticket: int
    summary: str
    user: str
    view: str = ""


class NoRight(RequestEvent):
    """Somebody without the right wanted one, and was told no. It is kept."""

    kind: Literal["no_right"] = "no_right"
    what: Choice | Literal[""]
    ticket: int
    summary: str
    user: str


class Opened(RequestEvent):
    """Somebody opened something at a manager's message."""

    kind: Literal["opened"] = "opened"
    user: str


class Pressed(RequestEvent):
    """Somebody pressed *I'll take it*, *I assist*, *Give it back* (`turn`: whose it was), *No longer needed* or *Not
    needed*."""

    kind: Literal["pressed"] = "pressed"
    user: str
    what: Literal["take", "assist", "give_back", "drop"]
    turn: int = 0


Arriving: TypeAlias = Annotated[
    model.AnyEvent | HandsSent | CallSent | NoRight | Opened | Pressed, Field(union_mode="left_to_right")
]


class Known(Protocol):
    """The requests as stored."""

    def open(self) -> Sequence[Request]:
        """Those that are not over."""


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
    """Where hands are asked for; "" while Slack has not told it."""
    managers_channel: Callable[[], str]
    """Where a manager without a Slack id is told."""
    regions: Sequence[Region]


def deeds(hands: Hands) -> Mapping[str, Deed]:
    """One deed for each kind of effect."""
    return {
        "raise_priority": Deed(
            partial(_raise_priority, hands), partial(_find_in_zendesk, hands, model.PriorityRaised)
        ),
        "assign": Deed(partial(_assign, hands), partial(_find_assigned, hands)),
        "return": Deed(partial(_return, hands), partial(_find_in_zendesk, hands, model.Returned)),
        "tell": Deed(partial(_tell, hands), partial(_find_told, hands)),
    }


def targets(hands: Hands) -> Mapping[str, Target]:
    """What always shows the request as it is: the post, in its channel and where it was asked, and the message of
    each manager."""

    def seen(case: Request) -> Document | None:
        return words.post(case, hands.look())

    def seen_here(case: Request) -> Document | None:
        return seen(case) if case.channel and case.channel != hands.channel() else None

    return {
        "post": Target("slack", seen, partial(_show_post, hands)),
        "here": Target("slack", seen_here, partial(_show_here, hands)),
        **{f"desk_{number}": _desk(hands, number) for number in range(model.MOST_DESKS)},
    }


def _desk(hands: Hands, number: int) -> Target:
    def seen(case: Request) -> Document | None:
        return words.desk(case, number, hands.look())

    return Target("slack", seen, partial(_show_desk, hands, number))


# -- what an arriving event means


def arrive(hands: Hands, event: Any) -> Sequence[Event]:
    """What a dialog or a press means, with its right."""
    about: dict[str, Any] = {"id": f"{event.id}:meant", "at": event.at, "case_id": event.case_id}
    if isinstance(event, HandsSent):
        return [_asked(hands, event, about)]
    if isinstance(event, CallSent):
        return [_called(hands, event, about)]
    if isinstance(event, NoRight):
        tried = event.model_dump(include={"what", "ticket", "summary"})
        return [model.Tried(**about, **tried, by=hands.roster.somebody(event.user))]
    if isinstance(event, Opened):
        by = hands.roster.manager(event.user)
        about |= {"user": event.user}
        return [model.Refused(**about) if by is None else model.Seen(**about, by=by)]
    return [_meant(hands, event, about)] if isinstance(event, Pressed) else [event]


def _asked(hands: Hands, event: HandsSent, about: dict[str, Any]) -> Event:
    """Where the engineer on call has told of the ticket, it answers that."""
    by = hands.roster.manager(event.user)
    same = (
        case.id
        for case in hands.known.open()
        if (case.status, case.what, case.ticket) == ("asked", "hands", event.ticket)
    )
    about["case_id"] = event.case_id or next(same, "")
    return model.HandsAsked(
        **about,
        **event.model_dump(include={"ticket", "summary", "user", "channel", "view"}),
        by=by or hands.roster.somebody(event.user),
        may=by is not None,
        is_weekend=is_weekend(event.at, hands.regions),
        engineers=hands.roster.engineers(),
    )


def _called(hands: Hands, event: CallSent, about: dict[str, Any]) -> Event:
    by = hands.roster.engineer(event.user) or hands.roster.manager(event.user)
    return model.ManagerCalled(
        **about,
        **event.model_dump(include={"what", "ticket", "summary", "user", "view"}),
        by=by or hands.roster.somebody(event.user),
        may=by is not None,
        exists=by is None or _exists(hands, event.ticket),
        managers=() if by is None else hands.roster.on_call().managers,
        is_weekend=is_weekend(event.at, hands.regions),
    )


def _exists(hands: Hands, ticket: int) -> bool:
    """Whether Zendesk knows the ticket; where it does not tell, it is taken for granted."""
    try:
        hands.zendesk.ticket(ticket)
    except ServiceRefused as no:
        return no.reason != "not_found"
    except ServiceDelayed:
        return True
    return True


def _meant(hands: Hands, event: Pressed, about: dict[str, Any]) -> Event:
    """Whoever is of the workspace may take it or assist."""
    manager = hands.roster.manager(event.user)
    about |= {"user": event.user}
    if manager is None and not _is_colleague(hands, event.user):
        return model.Refused(**about)
    by = manager or hands.roster.somebody(event.user)
    if event.what == "assist":
        return model.Assisted(**about, by=by)
    about |= {"by": by, "is_manager": manager is not None}
    if event.what == "give_back":
        return model.GivenBack(**about, turn=event.turn)
    return model.Taken(**about) if event.what == "take" else model.Dropped(**about)


def _is_colleague(hands: Hands, user: str) -> bool:
    """Not a guest; where Slack does not say, the listener has seen that they are of the workspace."""
    try:
        return hands.slack.member(user).is_whole
    except ServiceError:
        return True


# -- Zendesk


def _raise_priority(hands: Hands, effect: model.RaisePriority, case: Request) -> Event:
    _in_time(case, "raise the priority")
    key = marker(effect.key)
    hands.zendesk.raise_priority(case.ticket, words.PRIORITY, words.note(case), key=key)
    return model.PriorityRaised(id=effect.key, at=hands.now())


def _assign(hands: Hands, effect: model.Assign, case: Request) -> Event:
    _in_time(case, "assign the ticket")
    if case.taker is None or effect.turn != case.turns:
        raise ServiceRefused("zendesk", "too_late", "assign the ticket")
    hands.zendesk.assign(case.ticket, int(case.taker.zendesk), key=marker(effect.key))
    return model.Assigned(id=effect.key, at=hands.now(), turn=effect.turn)


def _find_assigned(hands: Hands, effect: model.Assign, case: Request) -> Event | None:
    found = _find_in_zendesk(hands, model.Assigned, effect, case)
    return None if found is None else found.model_copy(update={"turn": effect.turn})


def _return(hands: Hands, effect: model.Return, case: Request) -> Event:
    """Where an earlier taker had given it back too, it goes to whoever had it before all of them."""
    assigned = [marker(model.assign_key(case, turn)) for turn in range(effect.turn + 1)]
    hands.zendesk.take_back(case.ticket, assigned, key=marker(effect.key))
    return model.Returned(id=effect.key, at=hands.now())


def _in_time(case: Request, what: str) -> None:
    """Every try looks first; so what is no longer needed now was not done before."""
    if case.status == "dropped":
        raise ServiceRefused("zendesk", "too_late", what)


def _find_in_zendesk(
    hands: Hands,
    found: type[model.PriorityRaised | model.Assigned | model.Returned],
    effect: model.RaisePriority | model.Assign | model.Return,
    case: Request,
) -> Event | None:
    is_there = hands.zendesk.has_key(case.ticket, marker(effect.key))
    return found(id=effect.key, at=hands.now()) if is_there else None


# -- Slack


def _show_post(
    hands: Hands, case: Request, wanted: Document, shown: Document | None, this_try: Try
) -> Event | None:
    if updated(hands.slack, case.post, wanted):
        return None
    channel = _found(hands.channel())
    return model.PostPlaced(
        id="", at=hands.now(), ref=_placed(hands, case, "post", channel, wanted, this_try)
    )


def _show_here(
    hands: Hands, case: Request, wanted: Document, shown: Document | None, this_try: Try
) -> Event | None:
    """Only where the bot is a member: it is asked nowhere to come in."""
    if updated(hands.slack, case.here, wanted):
        return None
    try:
        ref = _placed(hands, case, "here", case.channel, wanted, this_try)
    except ServiceRefused:
        return model.HerePlaced(id="", at=hands.now())
    return model.HerePlaced(id="", at=hands.now(), ref=ref)


def _show_desk(
    hands: Hands, number: int, case: Request, wanted: Document, shown: Document | None, this_try: Try
) -> Event | None:
    desk = case.desks[number]
    if updated(hands.slack, desk.ref, wanted):
        return None
    with looking(this_try):
        where = hands.slack.open_dm(desk.slack) if desk.slack else _found(hands.managers_channel())
    ref = _placed(hands, case, f"desk:{number}", where, wanted, this_try)
    return model.DeskPlaced(id="", at=hands.now(), desk=number, ref=ref)


def _found(channel: str) -> str:
    if not channel:
        raise ServiceDelayed("slack", "find the channel")
    return channel


def _placed(
    hands: Hands, case: Request, thing: str, channel: str, wanted: Document, this_try: Try
) -> MessageRef:
    key = f"{case.id}:{thing}"
    return placed(hands.slack, channel, wanted, key=key, begun_at=case.asked_at, this_try=this_try)


def _tell(hands: Hands, effect: model.Tell, case: Request) -> Event:
    """In the dialog that waits for it, else in a word to that person alone."""
    said, look = effect.said, hands.look()
    heard = model.PersonTold(id=effect.key, at=hands.now())
    if shown_in_dialog(hands.slack, said.view, words.result_view(case, said, look)):
        return heard
    told_alone(hands.slack, said.user, words.result(case, said, look), key=effect.key, there=hands.channel())
    return heard


def _find_told(hands: Hands, effect: model.Tell, case: Request) -> Event | None:
    """Only a direct message is kept; to show a dialog its answer again is harmless."""
    found = find_told(hands.slack, effect.said.user, key=effect.key, begun_at=case.asked_at)
    return None if found is None else model.PersonTold(id=effect.key, at=hands.now())
