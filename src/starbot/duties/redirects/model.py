"""A request in a channel where it does not belong: somebody points at it, and it gets one answer. Pure.

Who pointed is nowhere in here, on purpose: the answer is anonymous, and so are the journal and the store.
"""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, ClassVar, Literal, TypeAlias

from pydantic import Field

from starbot.core import case as core
from starbot.core.case import Case, Decision, Effect, Event, Service
from starbot.core.facts import MessageRef
from starbot.core.text import marker

DUTY = "redirects"

Status: TypeAlias = Literal["pointed_at", "answered", "unanswerable"]
STATUSES: tuple[Status, ...] = ("pointed_at", "answered", "unanswerable")
CLOSED: tuple[Status, ...] = ("answered", "unanswerable")


class Redirect(Case):
    """A misplaced post and its answer."""

    status: Status = "pointed_at"
    post: MessageRef
    answer: MessageRef | None = None


class RedirectEvent(Event):
    """Anything that happens to a misplaced post."""

    duty: ClassVar[str] = DUTY


class PointedAt(RedirectEvent):
    """Somebody pointed at a message, or at a reply under it. Which post that is must still be looked up."""

    kind: Literal["pointed_at"] = "pointed_at"
    message: MessageRef


class Misplaced(RedirectEvent):
    """The post that was pointed at, a person's, at the head of its thread."""

    kind: Literal["misplaced"] = "misplaced"
    post: MessageRef


class Answered(RedirectEvent):
    """The answer is in the thread."""

    kind: Literal["answered"] = "answered"
    ref: MessageRef


class EffectDelayed(RedirectEvent, core.EffectDelayed):
    """Slack has not taken the answer yet."""


class EffectFailed(RedirectEvent, core.EffectFailed):
    """Slack will not take the answer."""


AnyEvent: TypeAlias = Annotated[
    PointedAt | Misplaced | Answered | EffectDelayed | EffectFailed, Field(discriminator="kind")
]


class Answer(Effect):
    """Say in the thread how to file a STAR."""

    service: ClassVar[Service] = "slack"
    kind: Literal["answer"] = "answer"


AnyEffect: TypeAlias = Annotated[Answer, Field()]

Rule: TypeAlias = Callable[[Redirect, Any], Redirect]


def _nothing(redirect: Redirect, event: Event) -> Redirect:
    return redirect


def _answered(redirect: Redirect, event: Answered) -> Redirect:
    return redirect.model_copy(update={"status": "answered", "answer": event.ref})


def _give_up(redirect: Redirect, event: EffectFailed) -> Redirect:
    return redirect.model_copy(update={"status": "unanswerable"})


TABLE: Mapping[str, Mapping[Status, Rule]] = {
    "pointed_at": dict.fromkeys(STATUSES, _nothing),
    "misplaced": dict.fromkeys(STATUSES, _nothing),  # pointed at again: one answer a post
    "answered": dict.fromkeys(STATUSES, _answered),
    "effect_delayed": dict.fromkeys(STATUSES, _nothing),
    "effect_failed": {"pointed_at": _give_up, "answered": _nothing, "unanswerable": _nothing},
}


def decide(redirect: Redirect | None, event: Any, rival: Redirect | None) -> Decision | None:
    """What follows from an event; None where it belongs to no post that we know."""
    if redirect is not None:
        return Decision(case=TABLE[event.kind][redirect.status](redirect, event))
    if not isinstance(event, Misplaced):
        return None
    opened = Redirect(id=f"redirect-{marker(event.id)[:8]}", post=event.post, handles=(event.handle,))
    return Decision(case=opened, effects=(Answer(key=f"{opened.id}:answer:0"),))


def handle(post: MessageRef) -> str:
    """The outside name of a misplaced post."""
    return f"redirect:{post.channel}:{post.ts}"


def misplaced(post: MessageRef, at: Any) -> Misplaced:
    """The event of a post being misplaced; the same for whoever points, and however often."""
    name = handle(post)
    return Misplaced(id=f"{name}:misplaced", at=at, handle=name, post=post)
