"""A request for hands: a ticket that is nearly an emergency needs somebody now, or the engineer on call needs the
manager. Pure.

Nothing here pages. A manager's request is a post that the first taker wins; an engineer's begins with a message to the
managers on call, who decide. One open request of a kind and ticket: a second try is shown the first.

    refused  asked by somebody who may not, about no ticket, or while another request for the same is open
    asked    the managers on call were told, and none has decided
    open     a post asks for hands, and nobody has taken it
    taken    somebody has it; given back, it is open again, or asked where no post asks
    dropped  it is no longer needed
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, ClassVar, Literal, TypeAlias

from pydantic import Field

from starbot.core import case as core
from starbot.core.case import Case, Decision, Effect, Event, Service
from starbot.core.facts import Fact, MessageRef, Person
from starbot.core.retention import Kept
from starbot.core.text import marker

DUTY = "hands"

What: TypeAlias = Literal["hands", "another"]
"""Needs help now, or another emergency at the same time."""
Choice: TypeAlias = Literal["hands", "another", "compromised"]
"""What the engineer on call may say. A compromised instance is another duty's: here it is kept only where somebody
without the right said it."""
Status: TypeAlias = Literal["refused", "asked", "open", "taken", "dropped"]
STATUSES: tuple[Status, ...] = ("refused", "asked", "open", "taken", "dropped")
OPEN: tuple[Status, ...] = ("asked", "open", "taken")
CLOSED: tuple[Status, ...] = ("refused", "dropped")
MOST_DESKS = 6
"""How many managers on call one request is told to: more than there are regions."""
LAPSES_AFTER = timedelta(hours=12)
"""What nobody has closed by then keeps no new request for the ticket away."""

Heard: TypeAlias = Literal[
    "posted",
    "called",
    "no_right",
    "not_yours",
    "no_ticket",
    "open_request",
    "over",
    "has_it",
    "assign_yourself",
    "not_assigned",
    "unanswered",
    "no_manager",
    "seen",
    "asks",
    "taken",
    "dropped",
    "no_post",
    "given_back",
    "not_theirs",
    "unassign_yourself",
    "not_returned",
]


class Told(Fact):
    """What a person hears; `view`: the dialog that waits for it; `by`: who did it, which the request may have
    forgotten by the time that it is said."""

    user: str
    what: Heard
    view: str = ""
    by: Person | None = None


class Desk(Fact):
    """A manager on call who was told, and their message; where no direct message reaches them it stands in the channel
    for pages, and without a name too where nobody is known to be on call."""

    person: Person
    is_reachable: bool = True
    ref: MessageRef | None = None

    @property
    def slack(self) -> str:
        """The Slack id that a direct message reaches; "" where the channel must do."""
        return self.person.slack if self.is_reachable else ""


class Twin(Fact):
    """The request that is open for the same already."""

    case_id: str
    asked_at: datetime
    post: MessageRef | None = None


class Request(Case):
    """One request as it is now."""

    status: Status
    what: Choice | Literal[""]
    """"" where somebody without the right did not come so far."""
    ticket: int
    """0 where they named none."""
    summary: str
    by: Person
    """Who began it: a manager, or the engineer on call."""
    asked_at: datetime
    poster: Person | None = None
    """The manager who has a post ask for hands."""
    posted_at: datetime | None = None
    channel: str = ""
    """Where that was asked: the post is shown there too, if the bot is a member."""
    is_weekend: bool = False
    engineers: tuple[Person, ...] = ()
    """The engineers on call, to whom the post speaks at weekends; without the one who asked."""
    desks: tuple[Desk, ...] = ()
    seen_by: Person | None = None
    taker: Person | None = None
    taken_at: datetime | None = None
    turns: int = 0
    """How many have given it back: which taker's turn it is."""
    given_back_by: Person | None = None
    again_at: datetime | None = None
    """Since when it asks anew, after somebody gave it back."""
    returns: tuple[int, ...] = ()
    """The turns whose assignment is to be undone, in order."""
    helpers: tuple[Person, ...] = ()
    dropped_by: Person | None = None
    is_unanswered: bool = False
    priority: Literal["", "late", "high", "failed"] = ""
    assigned: Literal["", "late", "done", "failed", "by_hand"] = ""
    reasons: dict[str, str] = Field(default_factory=dict)
    """Why Zendesk did not do something, by effect."""
    rival: Twin | None = None
    post: MessageRef | None = None
    here: MessageRef | None = None
    told: tuple[Told, ...] = ()
    wished: dict[str, int] = Field(default_factory=dict)

    @property
    def is_called(self) -> bool:
        """Whether it began with the engineer on call, who hears what becomes of it."""
        return bool(self.desks)


class Policy(Fact):
    """What the organisation decided."""

    answer_minutes: int = 10


class RequestEvent(Event):
    """Anything that happens to a request."""

    duty: ClassVar[str] = DUTY


class HandsAsked(RequestEvent):
    """Somebody read what a request for hands does, and sent it: a new one, or at the message about an engineer's.
    `may`: they have the right."""

    kind: Literal["hands_asked"] = "hands_asked"
    ticket: int
    summary: str
    by: Person
    user: str
    may: bool
    channel: str = ""
    view: str = ""
    is_weekend: bool = False
    engineers: tuple[Person, ...] = ()


class ManagerCalled(RequestEvent):
    """The engineer on call tells the managers on call. `exists`: Zendesk has the ticket, as far as it says."""

    kind: Literal["manager_called"] = "manager_called"
    what: What
    ticket: int
    summary: str
    by: Person
    user: str
    may: bool
    exists: bool
    managers: tuple[Person, ...]
    view: str = ""
    is_weekend: bool = False


class Tried(RequestEvent):
    """Somebody without the right wanted one, and was told no."""

    kind: Literal["tried"] = "tried"
    what: Choice | Literal[""]
    ticket: int
    summary: str
    by: Person


class Seen(RequestEvent):
    """A manager opened something at their message."""

    kind: Literal["seen"] = "seen"
    by: Person
    user: str


class Taken(RequestEvent):
    """Somebody takes it."""

    kind: Literal["taken"] = "taken"
    by: Person
    user: str
    is_manager: bool


class Assisted(RequestEvent):
    """Somebody assists."""

    kind: Literal["assisted"] = "assisted"
    by: Person
    user: str


class GivenBack(RequestEvent):
    """Somebody gives it back, or a manager does for them. `turn`: whose, as their message showed it."""

    kind: Literal["given_back"] = "given_back"
    by: Person
    user: str
    is_manager: bool
    turn: int


class Dropped(RequestEvent):
    """Somebody says that it is no longer needed."""

    kind: Literal["dropped"] = "dropped"
    by: Person
    user: str
    is_manager: bool


class Refused(RequestEvent):
    """Somebody without the right pressed a button."""

    kind: Literal["refused"] = "refused"
    user: str


class PriorityRaised(RequestEvent):
    """The ticket has its priority, and the note."""

    kind: Literal["priority_raised"] = "priority_raised"


class Assigned(RequestEvent):
    """The ticket is the taker's, of this turn."""

    kind: Literal["assigned"] = "assigned"
    turn: int = 0


class Returned(RequestEvent):
    """The ticket is whose it was before this turn, or somebody else's by now."""

    kind: Literal["returned"] = "returned"


class PostPlaced(RequestEvent):
    """The post is in its channel."""

    kind: Literal["post_placed"] = "post_placed"
    ref: MessageRef


class HerePlaced(RequestEvent):
    """The post is where it was asked, too; None where the bot is no member there."""

    kind: Literal["here_placed"] = "here_placed"
    ref: MessageRef | None = None


class DeskPlaced(RequestEvent):
    """A manager's message is there."""

    kind: Literal["desk_placed"] = "desk_placed"
    desk: int
    ref: MessageRef


class PersonTold(RequestEvent):
    """The person has been told."""

    kind: Literal["person_told"] = "person_told"


class EffectDelayed(RequestEvent, core.EffectDelayed):
    """A service has not done its part yet."""


class EffectFailed(RequestEvent, core.EffectFailed):
    """A service will not do its part."""


class WaitedLong(RequestEvent, core.Due):
    """Nobody has answered for so long."""


KEPT: Kept = {
    Told: ("user", "view"),
    Twin: ("case_id",),
    Request: ("channel",),
    RequestEvent: ("user", "channel", "view"),
}
"""The texts that stay of one that has been over for so long: what tells happenings apart."""

AnyEvent: TypeAlias = Annotated[
    HandsAsked
    | ManagerCalled
    | Tried
    | Seen
    | Taken
    | Assisted
    | GivenBack
    | Dropped
    | Refused
    | PriorityRaised
    | Assigned
    | Returned
    | PostPlaced
    | HerePlaced
    | DeskPlaced
    | PersonTold
    | EffectDelayed
    | EffectFailed
    | WaitedLong,
    Field(discriminator="kind"),
]


class RaisePriority(Effect):
    """Make the ticket high, with a private note that says why and by whom."""

    service: ClassVar[Service] = "zendesk"
    kind: Literal["raise_priority"] = "raise_priority"


class Assign(Effect):
    """Make the taker of this turn the ticket's assignee."""

    service: ClassVar[Service] = "zendesk"
    kind: Literal["assign"] = "assign"
    turn: int = 0


class Return(Effect):
    """Make the ticket's assignee again who it was before this turn, if it is still that taker."""

    service: ClassVar[Service] = "zendesk"
    kind: Literal["return"] = "return"
    turn: int


class Tell(Effect):
    """Tell one person something."""

    service: ClassVar[Service] = "slack"
    kind: Literal["tell"] = "tell"
    said: Told


AnyEffect: TypeAlias = Annotated[RaisePriority | Assign | Return | Tell, Field(discriminator="kind")]

Rule: TypeAlias = Callable[[Request, Any], Request]


def _nothing(case: Request, event: Event) -> Request:
    return case


def _ask(case: Request, event: HandsAsked) -> Request:
    """A manager asks for hands for what the engineer on call told."""
    if not event.may:
        return _heard(case, event.user, "no_right", event.view)
    asked = _posted(case.model_copy(update={"summary": event.summary}), event)
    return _decided(_heard(asked, event.user, "posted", event.view), event.user, "asks")


def _posted(case: Request, event: HandsAsked) -> Request:
    # Whoever is busy with another emergency is not asked to take this one.
    others = tuple(one for one in event.engineers if one.slack != case.by.slack)
    return case.model_copy(
        update={
            "status": "open",
            "poster": event.by,
            "posted_at": event.at,
            "channel": event.channel,
            "is_weekend": event.is_weekend,
            "engineers": others,
            "given_back_by": None,
            "again_at": None,
            "is_unanswered": False,
        }
    )


def _asked_already(case: Request, event: HandsAsked) -> Request:
    return _heard(case, event.user, "open_request" if event.may else "no_right", event.view)


def _asked_too_late(case: Request, event: HandsAsked) -> Request:
    return _heard(case, event.user, "over" if event.may else "no_right", event.view)


def _see(case: Request, event: Seen) -> Request:
    """The first who looks at it is told to the engineer."""
    if case.seen_by is not None:
        return case
    return _decided(case.model_copy(update={"seen_by": event.by}), event.user, "seen")


def _take(case: Request, event: Taken) -> Request:
    """The first taker has it. The ticket is theirs where Zendesk knows them, else they are told to see to that."""
    taken = case.model_copy(
        update={
            "status": "taken",
            "taker": event.by,
            "taken_at": event.at,
            "helpers": _without(case.helpers, event.user),
            "assigned": "" if event.by.zendesk else "by_hand",
        }
    )
    if not event.by.zendesk:
        taken = _heard(taken, event.user, "assign_yourself")
    return _decided(taken, event.user, "taken")


def _take_over(case: Request, event: Taken) -> Request:
    """A manager takes what the engineer told: nothing is posted, and the ticket stays whose it is."""
    if not event.is_manager:
        return _heard(case, event.user, "no_right")
    taken = {"status": "taken", "taker": event.by, "taken_at": event.at}
    return _decided(case.model_copy(update=taken), event.user, "taken")


def _has_it(case: Request, event: Taken) -> Request:
    """Whoever has it and presses again hears nothing new."""
    if case.taker is not None and case.taker.slack == event.user:
        return case
    return _heard(case, event.user, "has_it")


def _give_back(case: Request, event: GivenBack) -> Request:
    """It asks for hands again, and waits anew; the ticket goes back to whom it was assigned before."""
    taker = case.taker
    if event.turn != case.turns or taker is None:
        return _heard(case, event.user, "has_it")
    if not event.is_manager and event.user != taker.slack:
        return _heard(case, event.user, "not_theirs")
    again = case.model_copy(
        update={
            "status": "asked" if case.posted_at is None else "open",
            "taker": None,
            "taken_at": None,
            "turns": case.turns + 1,
            "given_back_by": event.by,
            "again_at": event.at,
            "returns": (*case.returns, case.turns) if case.assigned == "done" else case.returns,
            "assigned": "",
            "seen_by": None,
            "is_unanswered": False,
        }
    )
    if case.assigned == "by_hand":
        again = _heard(again, taker.slack, "unassign_yourself")
    for user in dict.fromkeys((taker.slack, case.by.slack, *_deciders(case))):
        again = _heard(again, user, "given_back") if user != event.user else again
    return again


def _deciders(case: Request) -> list[str]:
    """Who had the post ask, or decides at their message."""
    if case.poster is not None:
        return [case.poster.slack]
    return [desk.slack for desk in case.desks]


def _nobody_has_it(case: Request, event: GivenBack) -> Request:
    """Pressed on an older message: it was given back already, which whoever did so knows."""
    if case.given_back_by is not None and case.given_back_by.slack == event.user:
        return case
    return _heard(case, event.user, "given_back")


def _over(case: Request, event: Any) -> Request:
    return _heard(case, event.user, "over")


def _assist(case: Request, event: Assisted) -> Request:
    """Once a person; whoever has it assists already."""
    known = {one.slack for one in (*case.helpers, *([case.taker] if case.taker else []))}
    if event.by.slack in known:
        return case
    return case.model_copy(update={"helpers": (*case.helpers, event.by)})


def _without(people: tuple[Person, ...], user: str) -> tuple[Person, ...]:
    return tuple(one for one in people if one.slack != user)


def _drop(case: Request, event: Dropped) -> Request:
    askers = {case.by.slack, case.poster.slack if case.poster else ""}
    if not event.is_manager and event.user not in askers:
        return _heard(case, event.user, "not_yours")
    dropped = {"status": "dropped", "dropped_by": event.by}
    return _decided(case.model_copy(update=dropped), event.user, "dropped")


def _refuse(case: Request, event: Refused) -> Request:
    return _heard(case, event.user, "no_right")


def _raise(case: Request, event: PriorityRaised) -> Request:
    return case.model_copy(update={"priority": "high"})


def _assign(case: Request, event: Assigned) -> Request:
    """An assignment that comes after its taker gave it back is undone."""
    if event.turn == case.turns:
        return case.model_copy(update={"assigned": "done"})
    return (
        case
        if event.turn in case.returns
        else case.model_copy(update={"returns": (*case.returns, event.turn)})
    )


def _place_post(case: Request, event: PostPlaced) -> Request:
    return case.model_copy(update={"post": event.ref})


def _place_here(case: Request, event: HerePlaced) -> Request:
    return case.model_copy(update={"here": event.ref, "channel": case.channel if event.ref else ""})


def _place_desk(case: Request, event: DeskPlaced) -> Request:
    return _at_desk(case, event.desk, ref=event.ref)


def _at_desk(case: Request, number: int, **change: Any) -> Request:
    desks = list(case.desks)
    desks[number] = desks[number].model_copy(update=change)
    return case.model_copy(update={"desks": tuple(desks)})


def _delay(case: Request, event: EffectDelayed) -> Request:
    if event.effect == "raise_priority" and not case.priority:
        return case.model_copy(update={"priority": "late"})
    if event.key == _assign_key(case) and not case.assigned:
        return case.model_copy(update={"assigned": "late"})
    return case


def _fail(case: Request, event: EffectFailed) -> Request:
    """What was not done stands in the post; a post that cannot be made is told to whoever asked; a message that
    cannot reach its manager is put into the channel."""
    why = {"reasons": case.reasons | {event.effect: event.reason}}
    if event.effect == "raise_priority":
        return case.model_copy(update={"priority": "failed", **why})
    if event.effect == "return" and case.given_back_by is not None:
        return _heard(case.model_copy(update=why), case.given_back_by.slack, "not_returned")
    if event.effect == "assign" and event.key != _assign_key(case):
        return case
    if event.effect == "assign" and case.taker is not None:
        failed = case.model_copy(update={"assigned": "failed", **why})
        return _heard(failed, case.taker.slack, "not_assigned")
    if event.effect == "here":
        return case.model_copy(update={"channel": ""})
    for number, desk in enumerate(case.desks):
        if event.effect == f"desk_{number}" and desk.ref is None:
            return _at_desk(case, number, is_reachable=False)
    is_told = any(told.what == "no_post" for told in case.told)
    if event.effect == "post" and case.post is None and case.poster is not None and not is_told:
        return _heard(case, case.poster.slack, "no_post")
    return case


def _wait(case: Request, event: WaitedLong) -> Request:
    """Whoever waits hears once that nobody has come, unless they know of a manager who looks; in the end it lapses."""
    if case.next_due is None or event.at < case.next_due:
        return case
    if case.is_unanswered or case.status == "taken":
        return case.model_copy(update={"status": "dropped"})
    waiting = case.model_copy(update={"is_unanswered": True})
    if case.poster is None:
        return waiting if case.seen_by is not None else _heard(waiting, case.by.slack, "no_manager")
    return _heard(waiting, case.poster.slack, "unanswered")


def _decided(case: Request, user: str, what: Heard) -> Request:
    """The engineer on call hears what became of it, but for what they did themselves."""
    return _heard(case, case.by.slack, what) if case.is_called and user != case.by.slack else case


def _heard(case: Request, user: str, what: Heard, view: str = "") -> Request:
    if not user:
        return case
    by = getattr(case, _DONE_BY[what]) if what in _DONE_BY else None
    return case.model_copy(update={"told": (*case.told, Told(user=user, what=what, view=view, by=by))})


_DONE_BY: Mapping[Heard, str] = {
    "seen": "seen_by",
    "asks": "poster",
    "taken": "taker",
    "has_it": "taker",
    "given_back": "given_back_by",
    "dropped": "dropped_by",
}
"""Where a request keeps who did what a person hears of."""


def _everywhere(rule: Rule) -> dict[Status, Rule]:
    return dict.fromkeys(STATUSES, rule)


def _rows(default: Rule, **others: Rule) -> dict[Status, Rule]:
    return {status: others.get(status, default) for status in STATUSES}


TABLE: Mapping[str, Mapping[Status, Rule]] = {
    "hands_asked": _rows(
        _nothing, asked=_ask, open=_asked_already, taken=_asked_already, dropped=_asked_too_late
    ),
    # Each begins a request (`_begin`); seen again, it is no news.
    "manager_called": _everywhere(_nothing),
    "tried": _everywhere(_nothing),
    "seen": _rows(_nothing, asked=_see),
    "taken": _rows(_nothing, asked=_take_over, open=_take, taken=_has_it, dropped=_over),
    "assisted": _rows(_nothing, open=_assist, taken=_assist, dropped=_over),
    "given_back": _rows(_nothing, asked=_nobody_has_it, open=_nobody_has_it, taken=_give_back, dropped=_over),
    "dropped": _rows(_drop, refused=_nothing, dropped=_over),
    "refused": _everywhere(_refuse),
    "priority_raised": _everywhere(_raise),
    "assigned": _everywhere(_assign),
    "returned": _everywhere(_nothing),
    "post_placed": _everywhere(_place_post),
    "here_placed": _everywhere(_place_here),
    "desk_placed": _everywhere(_place_desk),
    "person_told": _everywhere(_nothing),
    "effect_delayed": _everywhere(_delay),
    "effect_failed": _everywhere(_fail),
    "due": _rows(_wait, refused=_nothing, dropped=_nothing),
}


def decide(case: Request | None, event: Any, rival: Request | None, policy: Policy) -> Decision | None:
    """What follows from an event. `rival` is the open request of the same kind for the ticket."""
    after = _begin(event, rival) if case is None else _go_on(case, event, rival)
    if after is None:
        return None
    # What was let go is not taken again: somebody else may hold it by now.
    may_hold = after.status in OPEN and (case is None or case.claim is not None)
    claimed = _claimed(after) if may_hold else None
    after = after.model_copy(update={"claim": claimed, "next_due": _next_due(after, policy)})
    after, effects = _wish(after)
    return Decision(case=after, effects=effects)


def claim(case: Request | None, event: Any) -> str | None:
    """One open request of a kind and ticket."""
    if isinstance(event, HandsAsked) and event.may:
        return claim_of("hands", event.ticket if case is None else case.ticket)
    if isinstance(event, ManagerCalled) and event.may and case is None:
        return claim_of(event.what, event.ticket)
    return None


def claim_of(what: str, ticket: int) -> str:
    """What an open request holds alone."""
    return f"hands:{what}:{ticket}"


def _claimed(case: Request) -> str:
    """Once a post asks for hands it is a request for hands, whatever it began as."""
    return claim_of("hands" if case.posted_at is not None else case.what, case.ticket)


def _go_on(case: Request, event: Any, rival: Request | None) -> Request:
    if isinstance(event, HandsAsked) and rival is not None and case.status == "asked":
        beside = case.model_copy(update={"rival": _twin(rival)})
        return _heard(beside, event.user, "open_request", event.view)
    return TABLE[event.kind][case.status](case, event)


def _begin(event: Any, rival: Request | None) -> Request | None:
    if isinstance(event, HandsAsked):
        return _open(event, rival)
    if isinstance(event, ManagerCalled):
        return _call(event, rival)
    return _new(event, event.what, "refused") if isinstance(event, Tried) else None


def _new(event: HandsAsked | ManagerCalled | Tried, what: Choice | Literal[""], status: Status) -> Request:
    return Request(
        id=f"hands-{marker(event.id)[:8]}",
        status=status,
        subject=f"ticket:{event.ticket}" if event.ticket else None,
        what=what,
        ticket=event.ticket,
        summary=event.summary,
        by=event.by,
        asked_at=event.at,
    )


def _open(event: HandsAsked, rival: Request | None) -> Request:
    if not event.may:
        return _heard(_new(event, "hands", "refused"), event.user, "no_right", event.view)
    if rival is not None:
        return _beside(_new(event, "hands", "refused"), rival, event)
    return _heard(_posted(_new(event, "hands", "open"), event), event.user, "posted", event.view)


def _call(event: ManagerCalled, rival: Request | None) -> Request:
    refused = _new(event, event.what, "refused")
    if not event.may:
        return _heard(refused, event.user, "no_right", event.view)
    if not event.exists:
        return _heard(refused, event.user, "no_ticket", event.view)
    if rival is not None:
        return _beside(refused, rival, event)
    managers = event.managers[:MOST_DESKS] or (Person(name=""),)
    called = {
        "desks": tuple(Desk(person=person) for person in managers),
        "is_weekend": event.is_weekend,
    }
    new = _new(event, event.what, "asked").model_copy(update=called)
    return _heard(new, event.user, "called", event.view)


def _beside(case: Request, rival: Request, event: HandsAsked | ManagerCalled) -> Request:
    return _heard(case.model_copy(update={"rival": _twin(rival)}), event.user, "open_request", event.view)


def _twin(rival: Request) -> Twin:
    return Twin(case_id=rival.id, asked_at=rival.asked_at, post=rival.post)


def _next_due(case: Request, policy: Policy) -> datetime | None:
    """When the answer is overdue, and after that when it lapses."""
    if case.status not in OPEN:
        return None
    since = case.taken_at or case.again_at or case.posted_at or case.asked_at
    if case.is_unanswered or case.status == "taken":
        return since + LAPSES_AFTER
    return since + timedelta(minutes=policy.answer_minutes)


def assign_key(case: Request, turn: int) -> str:
    """What names the assignment of a turn, for ever."""
    return f"{case.id}:assign:{turn}"


def _assign_key(case: Request) -> str:
    return assign_key(case, case.turns)


def _may_be_told(case: Request) -> int:
    """So many words may be said by now: one that points at the post waits for it, and what comes after it too."""
    whats = [told.what for told in case.told]
    if case.post is not None or case.status in CLOSED or "no_post" in whats or "asks" not in whats:
        return len(whats)
    return whats.index("asks")


def _wish(case: Request) -> tuple[Request, tuple[Effect, ...]]:
    """What has not been asked for yet."""
    wished = dict(case.wished)
    effects: list[Effect] = []
    if case.posted_at is not None and "raise_priority" not in wished:
        effects.append(RaisePriority(key=f"{case.id}:raise_priority:0"))
        wished["raise_priority"] = 1
    is_theirs = case.posted_at is not None and case.taker is not None and bool(case.taker.zendesk)
    if is_theirs and wished.get("assign", 0) <= case.turns:
        effects.append(Assign(key=_assign_key(case), turn=case.turns))
        wished["assign"] = case.turns + 1
    for turn in case.returns[wished.get("return", 0) :]:
        effects.append(Return(key=f"{case.id}:return:{turn}", turn=turn))
    wished["return"] = len(case.returns)
    may_be_told = _may_be_told(case)
    for n in range(wished.get("tell", 0), may_be_told):
        effects.append(Tell(key=f"{case.id}:tell:{n}", said=case.told[n]))
    wished["tell"] = max(wished.get("tell", 0), may_be_told)
    return case.model_copy(update={"wished": wished}), tuple(effects)
