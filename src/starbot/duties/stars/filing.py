"""A STAR that somebody files in the dialog, or an unreadable form post that they complete there: who they are, what
the ticket says against it, and what the dialog shows them next.

It runs in the engine's threads as part of an event that is stored, so a crash here loses nothing: the event comes
again, looks again, and files. Whoever closes the dialog meanwhile has filed, with the doubts on the card.
"""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotInTime
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from starbot.blocks import LONG_INPUT, SHORT_INPUT
from starbot.core.case import Event
from starbot.core.facts import Person, Ticket
from starbot.duties.stars import model, words
from starbot.duties.stars.form import Draft, Form, UrgencyLevel, draft_of, form_of
from starbot.duties.stars.model import Hint, Star, StarEvent
from starbot.errors import ServiceDelayed, ServiceRefused
from starbot.services.roster import Roster
from starbot.services.slack import SlackService
from starbot.services.zendesk import ZendeskService

LOOK_S = 2.0
"""How long the ticket may take to be read before the STAR is filed without a look at it."""


class FormSent(StarEvent):
    """Somebody sent the dialog of the form. `told`: the doubts that they had read about the ticket `told_ticket`."""

    kind: Literal["form_sent"] = "form_sent"
    user: str
    channel: str
    draft: Draft
    view: str
    told: tuple[str, ...] = ()
    told_ticket: int | None = None


class Known(Protocol):
    """The STARs as stored."""

    def by_id(self, case_id: str) -> Star | None:
        """The STAR with this id."""

    def about(self, ticket: int) -> Sequence[Star]:
        """Every STAR about a ticket, the one that changed last first."""


@dataclass(frozen=True)
class Filing:
    """What it takes to file a STAR by dialog."""

    known: Known
    roster: Roster
    slack: SlackService
    zendesk: ZendeskService
    urgencies: Sequence[UrgencyLevel]
    criteria: model.Criteria
    look: Callable[[], words.Look]

    def arrive(self, event: FormSent) -> Sequence[Event]:
        """The events that this one means; none where the dialog goes on, or is not for this person."""
        by = colleague(self.slack, self.roster, event.user)
        if by is None:
            self._show(event, words.dialogs.strangers_cannot_file())
            return []
        star = self.known.by_id(event.case_id) if event.case_id else None
        if star is not None and not may_complete(star, event.user, self.roster):
            return [
                model.Refused(
                    **_about(event), user=event.user, deed="complete", why="not_yours", view=event.view
                )
            ]
        form = form_of(_whole(event.draft, star), _initiator(event, star), self.urgencies)
        return self._filed(event, star, by, form)

    def _filed(self, event: FormSent, star: Star | None, by: Person, form: Form) -> Sequence[Event]:
        about = self.known.about(form.ticket) if form.ticket is not None else ()
        # One that still needs something is nobody's to look at yet: it takes nothing from the new one.
        if star is None and (first := next((one for one in about if one.claim), None)) is not None:
            text = "\n".join(part for part in (form.urgency, form.reason, form.desired_result) if part)
            at = {**_about(event), "case_id": first.id}
            return [model.Repeated(**at, by=by, user=event.user, text=text, view=event.view)]
        if not self._may_go(event, form):
            return []
        previous = next((model.twin(one) for one in about if one.is_ended), None)
        if star is not None:
            return [
                model.FormCompleted(
                    **_about(event), by=by, user=event.user, form=form, view=event.view, previous=previous
                )
            ]
        about_it = {**_about(event), "case_id": ""}
        return [
            model.Filed(
                **about_it, channel=event.channel, by=by, form=form, view=event.view, previous=previous
            )
        ]

    def _may_go(self, event: FormSent, form: Form) -> bool:
        """Whether it is filed now; else the dialog says what speaks against it, and waits."""
        ticket, problem = self._ticket(form.ticket or 0)
        if problem:
            return not self._ask_again(event, trouble=words.dialogs.no_such_ticket(problem))
        doubts = model.hints(ticket, form.plan, event.at, self.criteria)
        known = event.told if event.told_ticket == form.ticket else ()
        if set(doubts) <= set(known):
            return True
        return not self._ask_again(event, hints=doubts)

    def _ticket(self, number: int) -> tuple[Ticket | None, str]:
        """The ticket, or what is wrong with it; neither where Zendesk does not tell it soon."""
        read: Future[Ticket] = Future()
        threading.Thread(
            target=_fulfil, args=(read, lambda: self.zendesk.ticket(number)), daemon=True
        ).start()
        try:
            ticket = read.result(LOOK_S)
        except ServiceRefused as no:
            return None, "ticket_not_found" if no.reason == "not_found" else ""
        except (ServiceDelayed, NotInTime):
            return None, ""
        return ticket, "ticket_closed" if ticket.status == "closed" else ""

    def _ask_again(self, event: FormSent, *, hints: Sequence[Hint] = (), trouble: str = "") -> bool:
        """Shows the form once more, with what was written. False: the dialog is gone, so there is nobody to ask."""
        view = words.dialogs.file_view(
            event.draft, self.look(), case_id=event.case_id, hints=hints, trouble=trouble
        )
        return self._show(event, view)

    def _show(self, event: FormSent, view: dict[str, Any]) -> bool:
        try:
            self.slack.answer_dialog(event.view, view)
        except ServiceRefused:
            return False
        return True


def colleague(slack: SlackService, roster: Roster, user: str) -> Person | None:
    """The member of the workspace with this Slack id; None for guests, bots, people of other workspaces."""
    try:
        who = slack.member(user)
    except ServiceRefused as no:
        if no.reason != "user_missing":
            raise
        return None
    return roster.known(user, who.name) if who.is_whole else None


def may_complete(star: Star, user: str, roster: Roster) -> bool:
    """Whoever filed it may say what is missing, and a manager."""
    return star.form.initiator == user or roster.manager(user) is not None


def _about(event: FormSent) -> dict[str, Any]:
    return {"id": f"{event.id}:meant", "at": event.at, "case_id": event.case_id}


def _initiator(event: FormSent, star: Star | None) -> str:
    return event.user if star is None else star.form.initiator or ""


def _whole(draft: Draft, star: Star | None) -> Draft:
    """A dialog holds only so much: what it showed cut, and nobody changed, is what the form post said."""
    if star is None:
        return draft
    first = draft_of(star.form)
    uncut = {
        name: getattr(first, name)
        for name in Draft.model_fields
        if getattr(draft, name) == getattr(first, name)[: _most(name)].strip()
    }
    return draft.model_copy(update=uncut)


def _most(name: str) -> int:
    return LONG_INPUT if name in ("reason", "desired_result") else SHORT_INPUT


def _fulfil(outcome: "Future[Any]", work: Callable[[], Any]) -> None:
    try:
        outcome.set_result(work())
    except BaseException as error:
        outcome.set_exception(error)
