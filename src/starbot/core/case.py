"""The four words that everything is made of: case, event, effect, decision.

A duty is a pure function `decide(case, event) -> Decision`. The engine stores what it decides and
carries it out; it knows these shapes and nothing of STARs. Times are arguments, never looked up.
"""

from datetime import datetime
from typing import Any, ClassVar, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict

Service: TypeAlias = Literal["slack", "gitlab", "zendesk", "pagerduty"]

Document: TypeAlias = dict[str, Any]
"""What a state effect shows: JSON, compared as a whole, so equal documents cost no call."""


class Event(BaseModel):
    """Something that happened. `id` names the happening, so the same happening has the same id for ever.

    `case_id` or `handle` says whose it is: a handle is an outside name of a case, such as
    `slack:C1:1700000000.000100`. An event with a handle that nobody has may open a case.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    duty: ClassVar[str]

    id: str
    at: datetime
    case_id: str = ""
    handle: str = ""


class Effect(BaseModel):
    """One thing to do to the world, addressed to one service.

    `key` is `case:kind:count`: the same wish has the same key whatever came before it, so a repeated
    decision and a repeated run are recognised. `run` tells a second try that a person asked for from the first.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    service: ClassVar[Service]

    key: str
    run: str = ""


class Case(BaseModel):
    """One piece of work with a life. `claim` is what it holds alone while it is open, such as `ticket:123456`;
    `subject` is what it is about, for ever and perhaps with others, such as `ticket:123456` too.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    status: str
    version: int = 0
    claim: str | None = None
    subject: str | None = None
    handles: tuple[str, ...] = ()
    next_due: datetime | None = None
    blanked_at: datetime | None = None
    """When its text was blanked, because it had been closed for so long; nothing happens to it any more."""


class Decision(BaseModel):
    """What follows from an event: the case as it is now and what must be done about it."""

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)

    case: Case
    effects: tuple[Effect, ...] = ()
    redraw: tuple[str, ...] = ()
    """Targets to be shown again although nothing changed, because a person asked for another try."""


# What the engine itself has to tell a case. Each duty derives its own pair from these, so that they parse as its own.


class EffectDelayed(Event):
    """A service has not answered yet; the case goes on without it. Told at most once an effect."""

    kind: Literal["effect_delayed"] = "effect_delayed"
    key: str
    effect: str
    service: Service


class EffectFailed(Event):
    """What will not succeed by repeating. `reason` is a word that the duty's words turn into a sentence with a mend."""

    kind: Literal["effect_failed"] = "effect_failed"
    key: str
    effect: str
    service: Service
    reason: str
    reference: str = ""


class Due(Event):
    """A deadline of the case has come."""

    kind: Literal["due"] = "due"
