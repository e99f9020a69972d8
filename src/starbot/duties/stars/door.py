"""What must be known of an arriving event before it is decided: whose STAR it is, and who did it with what right.

Listeners only parse, so these events say what Slack said. Here, in the engine's threads, they become what they
mean: a reaction of a manager is an `Acknowledged`, the same reaction of somebody else is nothing.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, Protocol, TypeAlias

from pydantic import Field

from starbot.core.case import Event
from starbot.core.facts import MessageRef, Person, SlackMessage
from starbot.duties.stars import model, words
from starbot.duties.stars.filing import Filing, FormSent, colleague
from starbot.duties.stars.form import Form
from starbot.duties.stars.model import Deed, Seen, Star, StarEvent
from starbot.errors import ServiceDelayed, ServiceRefused
from starbot.services.roster import Roster
from starbot.services.slack import SlackService

Meaning: TypeAlias = Literal["acknowledge", "resolve"]

ASKED_LATELY = timedelta(hours=2)
LOOK_BACK = timedelta(hours=12)
"""Older form posts are not opened by themselves: whoever filed them has found another way by then."""


class Reacted(StarEvent):
    """Somebody put one of our emoji on a message in the STAR channel."""

    kind: Literal["reacted"] = "reacted"
    meaning: Meaning
    message: MessageRef
    user: str
    name: str
    event_ts: str


class Unreacted(StarEvent):
    """Somebody took one of our emoji away from a message in the STAR channel."""

    kind: Literal["unreacted"] = "unreacted"
    meaning: Meaning
    message: MessageRef
    user: str
    name: str


class Pressed(StarEvent):
    """Somebody pressed a button or sent a dialog of a STAR."""

    kind: Literal["pressed"] = "pressed"
    deed: Deed
    user: str
    key: str = ""
    channel: str = ""
    """Where the button is, for an answer there."""
    said: dict[str, str] = Field(default_factory=dict)


class Said(StarEvent):
    """Somebody wrote to the bot in a direct message."""

    kind: Literal["said"] = "said"
    message: MessageRef
    user: str
    text: str


class Wrote(StarEvent):
    """Somebody wrote in a thread of the STAR channel: an answer, if something was asked there."""

    kind: Literal["wrote"] = "wrote"
    user: str
    text: str


class Noted(StarEvent):
    """Somebody noted something on the issue of a STAR that waits for an answer there."""

    kind: Literal["noted"] = "noted"
    author: str
    text: str


Arriving: TypeAlias = Annotated[
    model.AnyEvent | Reacted | Unreacted | Pressed | Said | Wrote | Noted | FormSent,
    Field(union_mode="left_to_right"),
]


class Known(Protocol):
    """The STARs as stored."""

    def by_handle(self, handle: str) -> Star | None:
        """The STAR with this outside name."""

    def in_channel(self, channel: str) -> Sequence[Star]:
        """The STARs that have a message in this channel."""

    def lately(self, since: datetime) -> Sequence[Star]:
        """The STARs that are open or changed since then."""

    def by_id(self, case_id: str) -> Star | None:
        """The STAR with this id."""

    def about(self, ticket: int) -> Sequence[Star]:
        """Every STAR about a ticket, the one that changed last first."""

    def waiting(self) -> Sequence[Star]:
        """The STARs that wait for their initiator."""


@dataclass(frozen=True)
class Door:
    """What it takes to understand an arriving event."""

    known: Known
    roster: Roster
    slack: SlackService
    read: Callable[[SlackMessage], Form | None]
    """A form post in the STAR channel, None for any other message."""
    filing: Filing

    def arrive(self, event: Any) -> Sequence[Event]:
        """The events that this one means, in order; none where it means nothing. May read from Slack."""
        meanings: dict[type[Any], Callable[[Any], Sequence[Event]]] = {
            Reacted: self._reacted,
            Unreacted: self._unreacted,
            Pressed: self._pressed,
            Said: self._said,
            Wrote: self._wrote,
            Noted: self._noted,
            FormSent: lambda sent: self.filing.arrive(sent),
            model.FormPosted: self._form,
            model.FormEdited: self._form,
            model.UndoLapsed: self._due,
        }
        meaning = meanings.get(type(event))
        return [event] if meaning is None else meaning(event)

    def _form(self, event: model.FormPosted | model.FormEdited) -> Sequence[Event]:
        """With the STAR that was there for the ticket before; an edit of a post that nobody told us about comes
        after the post."""
        ticket = event.form.ticket
        before = next((one for one in self.known.about(ticket) if one.is_ended), None) if ticket else None
        told = event.model_copy(update={"previous": model.twin(before) if before else None})
        if isinstance(event, model.FormEdited) and self.known.by_handle(event.handle) is None:
            return [*self._posted(event.handle, event.at), told]
        return [told]

    def _due(self, event: model.UndoLapsed) -> Sequence[Event]:
        """A deadline has come: of a STAR that is not resolved it is that for the acknowledgement."""
        star = self.known.by_id(event.case_id)
        if star is None or star.resolution is not None:
            return [event]
        return [model.Unacknowledged(id=f"{event.id}:meant", at=event.at, case_id=star.id)]

    def _reacted(self, event: Reacted) -> Sequence[Event]:
        by = self.roster.manager(event.user)
        if by is None:
            return []
        handle = model.handle(event.message.channel, event.message.ts)
        before: list[Event] = []
        if self.known.by_handle(handle) is None:
            before = self._posted(handle, event.at)
            handle = handle if before else self._above(event.message)
        if not before and self.known.by_handle(handle) is None:
            return []
        seen = Seen(ts=event.message.ts, user=event.user, name=event.name, at=event.event_ts)
        meant: type[model.Acknowledged] | type[model.Resolved]
        meant = model.Acknowledged if event.meaning == "acknowledge" else model.Resolved
        return [*before, meant(id=event.id, at=event.at, handle=handle, by=by, seen=seen)]

    def _above(self, ref: MessageRef) -> str:
        """The head of the thread of our own message: people see a card before we know that it is there."""
        message = self.slack.read_message(ref.channel, ref.ts)
        if message is None or message.metadata_key is None:
            return ""
        return model.handle(ref.channel, message.thread_ts or "")

    def _posted(self, handle: str, now: datetime) -> list[Event]:
        """A message that nobody told us about is read first: it may be a form post, and not too old a one."""
        channel, _, ts = handle.removeprefix("slack:").partition(":")
        if model.moment(ts) < now - LOOK_BACK:
            return []
        message = self.slack.read_message(channel, ts)
        form = self.read(message) if message is not None else None
        return [] if message is None or form is None else [form_posted(message, form)]

    def _unreacted(self, event: Unreacted) -> Sequence[Event]:
        """It undoes nothing; a manager is told so. Others' emoji meant nothing, so neither does taking it back."""
        by = self.roster.manager(event.user)
        star = self.known.by_handle(model.handle(event.message.channel, event.message.ts))
        if by is None or star is None:
            return []
        return [
            model.MarkRemoved(
                id=f"{event.id}:meant",
                at=event.at,
                case_id=star.id,
                by=by,
                user=event.user,
                meaning=event.meaning,
                name=event.name,
                ts=event.message.ts,
            )
        ]

    def _pressed(self, event: Pressed) -> Sequence[Event]:
        """What the button means if this person may; a button of no STAR that we know gets an answer here."""
        star = self.known.by_id(event.case_id)
        if star is None or star.blanked_at is not None:
            if event.channel:
                self._answer(event.channel, event.user, words.long_closed() if star else words.no_such_star())
            return []
        about: dict[str, Any] = {"id": f"{event.id}:meant", "at": event.at, "case_id": event.case_id}
        by, no = self._right(event, star)
        if by is None:
            return [model.Refused(**about, user=event.user, deed=event.deed, why=no)]
        about |= {"by": by, "user": event.user}
        if event.deed == "triage":
            return [model.Triaged(**about, **self._triaged(event.said), before=event.key)]
        return [_MEANINGS[event.deed](about, event)]

    def _right(self, event: Pressed, star: Star) -> tuple[Person | None, Any]:
        """Who did it, if they may; else why not."""
        if event.deed == "claim":
            return colleague(self.slack, self.roster, event.user), "no_name"
        if event.deed in OF_INITIATOR:
            if star.form.initiator != event.user:
                return None, "not_yours"
            return self._somebody(event.user), ""
        if event.deed == "complete":
            return None, "not_yours"
        if event.deed == "page":
            # Who may page gets the dialog of a page; here comes only who was refused.
            return None, "no_right"
        return self.roster.manager(event.user), "no_right"

    def _triaged(self, said: dict[str, str]) -> dict[str, Any]:
        dri = said.get("dri")
        return {**said, "dri": self._somebody(dri) if dri else None}

    def _somebody(self, user: str) -> Person:
        """Who this is, a manager or not."""
        return self.roster.manager(user) or self.roster.known(user, self.slack.user_name(user))

    def _answer(self, channel: str, user: str, text: str) -> None:
        """Best effort: a button of nothing changes nothing, and neither does an answer that is not heard."""
        with suppress(ServiceRefused):
            self.slack.ephemeral(channel, user, text)

    def _wrote(self, event: Wrote) -> Sequence[Event]:
        """The initiator's word in the thread is the answer, where something was asked."""
        star = self.known.by_handle(event.handle)
        if star is None or star.waiting is None or star.form.initiator != event.user:
            return []
        about: dict[str, Any] = {"id": f"{event.id}:meant", "at": event.at, "case_id": star.id}
        return [model.Answered(**about, by=self._somebody(event.user), text=event.text, where="thread")]

    def _noted(self, event: Noted) -> Sequence[Event]:
        """The initiator's note on the issue is the answer; what others write there is read there."""
        star = self.known.by_id(event.case_id)
        if star is None or star.waiting is None:
            return []
        # GitLab takes a name in capitals for the same, and so may the people file.
        if star.initiator_gitlab.casefold() != event.author.casefold():
            return []
        by = Person(name=star.initiator or event.author, slack=star.form.initiator or "", gitlab=event.author)
        about: dict[str, Any] = {"id": f"{event.id}:meant", "at": event.at, "case_id": star.id}
        return [model.Answered(**about, by=by, text=event.text, where="issue")]

    def _from_initiator(self, event: Said) -> Sequence[Event]:
        """What an initiator writes to the bot: below news of a STAR it is about that one, else about the only one
        that waits for them."""
        thread = event.message.thread_ts
        named = self.known.by_handle(model.handle(event.message.channel, thread)) if thread else None
        if named is not None:
            mine = [named] if named.form.initiator == event.user else []
            if mine and named.is_closed:
                self._answer(event.message.channel, event.user, words.stale(named, "add_facts"))
                return []
        else:
            mine = [star for star in self.known.waiting() if star.form.initiator == event.user]
        if len(mine) > 1:
            self._answer(event.message.channel, event.user, words.ask_again_in_thread())
        if len(mine) != 1:
            return []
        about: dict[str, Any] = {"id": f"{event.id}:meant", "at": event.at, "case_id": mine[0].id}
        return [model.Answered(**about, by=self._somebody(event.user), text=event.text, where="dm")]

    def _said(self, event: Said) -> Sequence[Event]:
        """An answer to a question: in its thread, or below it where only one question waits."""
        # First: a question that becomes known while we read is then among those below.
        lately = self.known.lately(event.at - ASKED_LATELY)
        about_them = self.known.in_channel(event.message.channel)
        asked = [star for star in about_them if _is_asked(star)]
        thread = event.message.thread_ts
        if thread:
            meant = [star for star in asked if star.question and star.question.ts == thread]
        else:
            # Somebody who just answered and writes on means the same STAR.
            meant = [star for star in asked if _is_waiting(star)] or [s for s in asked if _may_go_on(s)]
        if not (thread and meant) and any(_is_asking(star, event.user) for star in lately):
            # The question is in Slack before we know that it is: the answer must not be lost meanwhile, nor
            # taken for the answer to an older question.
            raise ServiceDelayed("slack", "ask for the missing sentence")
        if not meant and (answered := self._from_initiator(event)):
            return answered
        if len(meant) > 1:
            self.slack.ephemeral(event.message.channel, event.user, words.ask_again_in_thread())
        elif not meant and (reopened := _reopened(about_them, thread)) is not None:
            self.slack.ephemeral(event.message.channel, event.user, words.open_again(reopened), thread)
        if len(meant) != 1:
            return []
        by = self.roster.manager(event.user) or Person(
            name=self.slack.user_name(event.user), slack=event.user
        )
        about: dict[str, Any] = {"id": f"{event.id}:meant", "at": event.at, "case_id": meant[0].id}
        return [model.SentenceAdded(**about, by=by, text=event.text)]


def form_posted(message: SlackMessage, form: Form) -> model.FormPosted:
    """The event of a form post, the same whichever way we learnt of it."""
    name = model.handle(message.channel, message.ts)
    return model.FormPosted(
        id=f"form:{message.channel}:{message.ts}",
        at=model.moment(message.ts),
        handle=name,
        root=MessageRef(channel=message.channel, ts=message.ts),
        form=form,
        edited_ts=message.edited_ts or "",
    )


def _is_asked(star: Star) -> bool:
    if star.blanked_at is not None:
        return False
    return star.question is not None and star.resolution is not None and star.resolution.asked


def _is_asking(star: Star, user: str) -> bool:
    """Whether the question to this person is under way: posted perhaps, but not known to be."""
    ended, trouble = star.resolution, star.trouble("question")
    if star.question is not None or ended is None or (trouble is not None and not trouble.delayed):
        return False
    return ended.asked and ended.by.slack == user


def _reopened(stars: Sequence[Star], thread: str | None) -> Star | None:
    """The STAR that was taken back after its question was asked: in this thread, else the newest question."""
    asked = [star for star in stars if star.question is not None and thread in (None, star.question.ts)]
    newest = max(asked, key=lambda star: star.question.ts if star.question else "", default=None)
    return newest if newest is not None and newest.resolution is None else None


def _is_waiting(star: Star) -> bool:
    return star.resolution is not None and not star.resolution.next_step


def _may_go_on(star: Star) -> bool:
    return star.resolution is not None and not star.resolution.undo_lapsed


OF_INITIATOR = frozenset({"add_facts", "withdraw"})
"""What only whoever filed the STAR may do."""

_MEANINGS: dict[str, Callable[[dict[str, Any], Pressed], Event]] = {
    "acknowledge": lambda about, event: model.Acknowledged(**about),
    "ask": lambda about, event: model.InitiatorAsked(**about, **event.said),
    "resolve": lambda about, event: model.Resolved(**about, **event.said),
    "unstar": lambda about, event: model.Unstarred(**about, **event.said),
    "reopen": lambda about, event: model.Reopened(**about, **event.said),
    "undo": lambda about, event: model.Undone(**about),
    "send_publicly": lambda about, event: model.PublicReplyConfirmed(
        **about, text=event.said.get("text", "")
    ),
    "retry": lambda about, event: model.RetryAsked(**about, key=event.key),
    "add_facts": lambda about, event: model.FactAdded(**about, **event.said),
    "withdraw": lambda about, event: model.Withdrawn(**about, **event.said),
    "claim": lambda about, event: model.InitiatorClaimed(**about),
}
