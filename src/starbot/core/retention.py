"""What stays of a closed case once its text is blanked: ids, moments, numbers, and words that we chose. Pure.

A text stays only if it is named here or in a duty's own table, so a field that somebody adds tomorrow is blanked
until somebody says that it may stay. Enumerations, numbers, moments and yes or no are no text.
"""

from collections.abc import Collection, Mapping
from typing import Any, Literal, TypeAlias, TypeVar, get_args, get_origin

from pydantic import BaseModel

from starbot.core.case import Case, Effect, EffectDelayed, EffectFailed, Event
from starbot.core.facts import Incident, IssueRef, LabelChange, MessageRef, Person, Ticket

Kept: TypeAlias = Mapping[type[BaseModel], Collection[str]]
"""The text fields that stay, by the class that has them; a class keeps what those that it is made from keep."""

KEPT: Kept = {
    Case: ("id", "status", "claim", "subject", "handles"),
    Event: ("id", "case_id", "handle"),
    Effect: ("key", "run"),
    EffectDelayed: ("key", "effect"),
    EffectFailed: ("key", "effect", "reason", "reference"),
    MessageRef: ("channel", "ts", "thread_ts"),
    Person: ("slack", "pagerduty", "region"),
    IssueRef: ("project", "url", "labels", "state"),
    LabelChange: ("label",),
    Ticket: ("status", "priority"),
    Incident: ("id", "key", "service_id", "policy_id", "urgency", "url"),
}

M = TypeVar("M", bound=BaseModel)


def blanked(told: M, kept: Kept) -> M:
    """The same without what people wrote and what the systems told about the customer."""
    stays = {name for one in type(told).__mro__ for name in (*KEPT.get(one, ()), *kept.get(one, ()))}
    changed = {
        name: _blank(getattr(told, name), field.annotation, kept)
        for name, field in type(told).model_fields.items()
        if name not in stays
    }
    return told.model_copy(update=changed)


def _blank(value: Any, annotation: Any, kept: Kept) -> Any:
    if isinstance(value, BaseModel):
        return blanked(value, kept)
    if isinstance(value, tuple):
        inside = [one for one in get_args(annotation) if one is not Ellipsis]
        if str in inside:
            return ()
        return tuple(_blank(one, inside[0] if inside else None, kept) for one in value)
    if isinstance(value, dict):
        return {name: one for name, one in value.items() if isinstance(one, int)}
    if isinstance(value, str) and _may_be_text(annotation):
        return None if type(None) in get_args(annotation) else ""
    return value


def _may_be_text(annotation: Any) -> bool:
    """Whether a value of this type may be any text; an enumeration may not."""
    if annotation is str:
        return True
    return get_origin(annotation) is not Literal and any(_may_be_text(one) for one in get_args(annotation))
