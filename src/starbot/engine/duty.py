"""What the engine asks of a duty. The engine imports no duty: `app` hands it a list of these."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from pydantic import TypeAdapter

from starbot.core.case import Case, Decision, Document, Effect, Event, Service
from starbot.core.retention import Kept
from starbot.errors import ServiceDelayed


@dataclass(frozen=True)
class Deed:
    """How one kind of effect is performed.

    `do` performs it and returns what happened. `find` asks the service whether the effect's key is
    already there and answers with the same event, or None; where `find` is None, doing it twice is
    harmless (a read, a reaction).
    """

    do: Callable[[Any, Any], Event]
    find: Callable[[Any, Any], Event | None] | None = None


@dataclass(frozen=True)
class Try:
    """Which try at showing a target this is. `look`: an earlier one may have been served, so what is made only
    once is looked for first. `may_make`: the vendor has surely ended with the earlier one, so what is not found
    may be made again; until then, what is not found raises ServiceDelayed."""

    look: bool = False
    may_make: bool = True


@contextmanager
def looking(this_try: Try | None = None) -> Iterator[None]:
    """Around asking a service whether something is there: that it does not answer says nothing of the try that
    is looked for, which may still be served. Where this try may make it, none is."""
    try:
        yield
    except ServiceDelayed as delay:
        if this_try is not None and this_try.may_make:
            raise
        raise ServiceDelayed(delay.service, delay.what, delay.retry_after_s, True, True) from None


@dataclass(frozen=True)
class Target:
    """One thing that always shows the case as it is: a card, the fields of an issue.

    `render` is pure; None means that there is nothing to show yet. `show(case, wanted, shown, this_try)`
    writes it. It may answer with an event.
    """

    service: Service
    render: Callable[[Any], Document | None]
    show: Callable[[Any, Document, Document | None, Try], Event | None]


@dataclass(frozen=True)
class Duty:
    """One part of the manager's job, as the engine sees it."""

    name: str
    cases: type[Case]
    events: TypeAdapter[Any]
    effects: TypeAdapter[Any]
    decide: Callable[[Any, Any, Any], Decision | None]
    """(case or None, event, open case that holds the claim or None) -> decision; None: nothing to do."""
    claim: Callable[[Any, Any], str | None]
    """What (case or None, event) wants to hold alone, such as `ticket:123456`."""
    arrive: Callable[[Any], Sequence[Event]]
    """What an event must know before it is decided (whose case, which right); may read from services."""
    deeds: Mapping[str, Deed] = field(default_factory=dict)
    targets: Mapping[str, Target] = field(default_factory=dict)
    closed: Collection[str] = ()
    """The statuses of a case that is over: after so long its text may go."""
    kept: Kept = field(default_factory=dict)
    """The texts that stay then."""

    def event(self, body: dict[str, Any]) -> Event:
        """The event of this duty that a stored body describes."""
        parsed: Event = self.events.validate_python(body)
        return parsed

    def effect(self, body: str) -> Effect:
        """The effect of this duty that a stored body describes."""
        parsed: Effect = self.effects.validate_json(body)
        return parsed
