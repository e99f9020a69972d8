"""What must be known of an arriving event before it is decided: whose STAR it is, and who did it with what right.

Listeners only parse, so these events say what Slack said. Here, in the engine's threads, they become what they
mean: a reaction of a manager is an `Acknowledged`, the same reaction of somebody else is nothing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, Protocol, TypeAlias

from pydantic import Field

from starbot.core.case import Event
from starbot.core.facts import MessageRef, Person, SlackMessage
from starbot.duties.stars import model, words
from starbot.duties.stars.form import Form
from starbot.duties.stars.model import Deed, Seen, Star, StarEvent
from starbot.errors import ServiceDelayed
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


class Pressed(StarEvent):
    """Somebody pressed a button or sent a dialog of a STAR."""

    kind: Literal["pressed"] = "pressed"
    deed: Deed
    user: str
    key: str = ""
    said: dict[str, str] = Field(default_factory=dict)


class Said(StarEvent):
    """Somebody wrote to the bot in a direct message."""

    kind: Literal["said"] = "said"
    message: MessageRef
    user: str
    text: str


Arriving: TypeAlias = Annotated[model.AnyEvent | Reacted | Pressed | Said, Field(union_mode="left_to_right")]


class Known(Protocol):
    """The STARs as stored."""

    def by_handle(self, handle: str) -> Star | None:
        """The STAR with this outside name."""

    def in_channel(self, channel: str) -> Sequence[Star]:
        """The STARs that have a message in this channel."""

    def lately(self, since: datetime) -> Sequence[Star]:
        """The STARs that are open or changed since then."""


@dataclass(frozen=True)
class Door:
    """What it takes to understand an arriving event."""

    known: Known
    roster: Roster
    slack: SlackService
    read: Callable[[SlackMessage], Form | None]
    """A form post in the STAR channel, None for any other message."""

    def arrive(self, event: Any) -> Sequence[Event]:
        """The events that this one means, in order; none where it means nothing. May read from Slack."""
        if isinstance(event, Reacted):
            return self._reacted(event)
        if isinstance(event, Pressed):
            return [self._pressed(event)]
        if isinstance(event, Said):
            return self._said(event)
        if isinstance(event, model.FormEdited) and self.known.by_handle(event.handle) is None:
            return [*self._posted(event.handle, event.at), event]
        return [event]

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

    def _pressed(self, event: Pressed) -> Event:
        about: dict[str, Any] = {"id": f"{event.id}:meant", "at": event.at, "case_id": event.case_id}
        by = self.roster.manager(event.user)
        if by is None:
            return model.Refused(**about, user=event.user, deed=event.deed)
        return _MEANINGS[event.deed](about | {"by": by, "user": event.user}, event)

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


_MEANINGS: dict[str, Callable[[dict[str, Any], Pressed], Event]] = {
    "acknowledge": lambda about, event: model.Acknowledged(**about),
    "resolve": lambda about, event: model.Resolved(**about, **event.said),
    "undo": lambda about, event: model.Undone(**about),
    "send_publicly": lambda about, event: model.PublicReplyConfirmed(
        **about, text=event.said.get("text", "")
    ),
    "retry": lambda about, event: model.RetryAsked(**about, key=event.key),
}
