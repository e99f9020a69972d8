"""What speaks against a STAR, as far as ticket and hours tell: the criteria of GitLab's handbook, page *Support
Ticket Attention Requests*, "when not to". A hint is never a decision: the manager decides. Pure.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

from starbot.core.facts import Fact, SlaMetric, Ticket
from starbot.core.hours import Week

Hint: TypeAlias = Literal[
    "support_closed",
    "ticket_young",
    "form_not_for_stars",
    "plan_without_support",
    "no_organisation",
    "no_priority",
    "ticket_solved",
    "customer_is_asked",
    "support_replied_last",
    "sla_has_time",
    "only_internal_clock",
]

_FIRST_REPLY = "first_reply_time"


class Criteria(Fact):
    """When a STAR fits: ages in minutes; forms and plans by name, whatever the case. `week` None: always open."""

    week: Week | None = None
    ticket_age_minutes: int = 30
    sla_left_minutes: int = 60
    forms: tuple[str, ...] = ()
    """The ticket forms that STARs are for; empty: all of them."""
    plans_without_support: tuple[str, ...] = ()


def hints(ticket: Ticket | None, plan: str, at: datetime, criteria: Criteria) -> tuple[Hint, ...]:
    """What speaks against a STAR for this ticket at this moment (aware); None: Zendesk did not tell."""
    closed: tuple[Hint, ...] = ("support_closed",) if _is_closed(at, criteria) else ()
    if ticket is None:
        return closed
    return closed + tuple(_of_ticket(ticket, plan or ticket.plan or "", at, criteria))


def _is_closed(at: datetime, criteria: Criteria) -> bool:
    return criteria.week is not None and not criteria.week.is_open(at)


def _of_ticket(ticket: Ticket, plan: str, at: datetime, criteria: Criteria) -> Iterator[Hint]:
    if at - ticket.created_at < timedelta(minutes=criteria.ticket_age_minutes):
        yield "ticket_young"
    if (
        criteria.forms
        and ticket.form
        and not ticket.is_internal_request
        and not _is_in(ticket.form, criteria.forms)
    ):
        yield "form_not_for_stars"
    if _is_in(plan, criteria.plans_without_support):
        yield "plan_without_support"
    if not ticket.organisation:
        yield "no_organisation"
    if ticket.priority is None:
        yield "no_priority"
    yield from _of_conversation(ticket)
    yield from _of_clocks(ticket, at, criteria)


def _of_conversation(ticket: Ticket) -> Iterator[Hint]:
    """Who has to speak next."""
    if ticket.status == "solved":
        yield "ticket_solved"
    elif ticket.status == "pending":
        yield "customer_is_asked"
    elif ticket.last_public_by == "support":
        yield "support_replied_last"


def _of_clocks(ticket: Ticket, at: datetime, criteria: Criteria) -> Iterator[Hint]:
    """Only the first reply is contractual; a clock that runs out soon is a reason, one with hours left is not."""
    first = next((clock for clock in ticket.sla if clock.metric == _FIRST_REPLY), None)
    left = _left(first, at)
    if left is not None and left > timedelta(minutes=criteria.sla_left_minutes):
        yield "sla_has_time"
    elif first is not None and first.breach_at is None:
        yield "only_internal_clock"


def _left(clock: SlaMetric | None, at: datetime) -> timedelta | None:
    return None if clock is None or clock.breach_at is None else clock.breach_at - at


def _is_in(word: str, words: tuple[str, ...]) -> bool:
    return word.casefold() in {one.casefold() for one in words}
