"""All moves of a STAR in one table: which event may add its fact in which status. The rules themselves stand in
`answers` (what the systems tell) and `moves` (what people do).
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeAlias

from starbot.core.case import Decision, Effect, Event
from starbot.core.hours import region_at
from starbot.duties.stars.model import answers, moves
from starbot.duties.stars.model.changes import deadline, linked, offer_due, told, whispered
from starbot.duties.stars.model.events import (
    Filed,
    FormCompleted,
    FormEdited,
    FormPosted,
    Rebuilt,
    Reopened,
    RetryAsked,
    Undone,
)
from starbot.duties.stars.model.hints import hints
from starbot.duties.stars.model.rebuilding import rebuilt, recall
from starbot.duties.stars.model.star import STATUSES, Policy, Remark, Star, Status, handle, star_id, subject
from starbot.duties.stars.model.wishes import retried, wish

Rule: TypeAlias = Callable[[Star, Any, Policy], Star]


def _nothing(star: Star, event: Event, policy: Policy) -> Star:
    return star


def _everywhere(rule: Rule) -> dict[Status, Rule]:
    return dict.fromkeys(STATUSES, rule)


def _rows(default: Rule, **others: Rule) -> dict[Status, Rule]:
    return {status: others.get(status, default) for status in STATUSES}


def _while_open(rule: Rule, ended: Rule = moves.no_more, linked: Rule = moves.no_more) -> dict[Status, Rule]:
    return _rows(rule, resolved=ended, unstarred=ended, withdrawn=ended, linked=linked)


TABLE: Mapping[str, Mapping[Status, Rule]] = {
    # A form opens a STAR (`_open`); seen again, it is no news.
    "form_posted": _everywhere(_nothing),
    "filed": _everywhere(_nothing),
    # A STAR of a lost or an older database.
    "rebuilt": _everywhere(recall),
    "form_edited": _everywhere(answers.read_form),
    "form_completed": _rows(answers.too_late_to_complete, incomplete=answers.complete_form),
    # Answers of the four systems are facts in every status: they may come late.
    "ticket_read": _everywhere(answers.read_ticket),
    "ticket_unfit": _everywhere(answers.read_no_ticket),
    "oncall_read": _everywhere(answers.learn_oncall),
    "initiator_named": _everywhere(answers.name_initiator),
    "card_posted": _everywhere(answers.place_card),
    "reply_posted": _everywhere(answers.place_reply),
    "question_posted": _everywhere(answers.place_question),
    "issue_seen": _everywhere(answers.see_issue),
    "labels_read": _everywhere(answers.learn_labels),
    "ticket_noted": _everywhere(answers.note_done),
    "issue_noted": _everywhere(answers.one_done),
    "line_posted": _everywhere(answers.one_done),
    "initiator_told": _everywhere(answers.tell_done),
    "macro_applied": _everywhere(answers.macro_done),
    "public_reply_sent": _everywhere(answers.public_done),
    "whisper_heard": _everywhere(_nothing),
    "effect_delayed": _everywhere(answers.delay),
    "effect_failed": _everywhere(answers.fail),
    # What managers do.
    "acknowledged": _while_open(moves.acknowledge, ended=moves.too_late_to_acknowledge, linked=_nothing),
    "triaged": _while_open(moves.triage),
    "initiator_asked": _while_open(moves.ask),
    "resolved": _rows(
        moves.resolve,
        resolved=moves.already_resolved,
        unstarred=moves.already_ended,
        withdrawn=moves.already_ended,
        linked=_nothing,
    ),
    "sentence_added": _rows(_nothing, resolved=moves.add_sentence),
    "unstarred": _while_open(moves.unstar),
    "undone": _rows(moves.no_more, resolved=moves.undo),
    "reopened": _rows(moves.no_more, resolved=moves.reopen, unstarred=moves.reopen, withdrawn=moves.reopen),
    "mark_removed": _rows(moves.keep, linked=_nothing),
    "public_reply_confirmed": _rows(moves.ask_publicly, linked=_nothing),
    "retry_asked": _everywhere(moves.retry),
    # What the initiator does, and others who may not.
    "initiator_claimed": _while_open(moves.claim_initiator),
    "answered": _while_open(moves.answer, ended=_nothing, linked=_nothing),
    "fact_added": _while_open(moves.add_fact),
    "repeated": _while_open(moves.repeat),
    "withdrawn": _while_open(moves.withdraw),
    "refused": _everywhere(moves.refuse),
    # The clock.
    "unacknowledged": _rows(_nothing, announced=moves.offer_page),
    "due": _rows(_nothing, resolved=moves.let_undo_lapse),
}


def decide(star: Star | None, event: Any, rival: Star | None, policy: Policy) -> Decision | None:
    """What follows from an event. `rival` is the open STAR that holds the ticket this event asks for.

    None: an event for no STAR that we know.
    """
    if star is None:
        if isinstance(event, Rebuilt) and rival is None:
            after = rebuilt(event, policy)
        elif isinstance(event, FormPosted | Filed):
            after = _open(event, rival, policy)
        else:
            return None
    else:
        after = _moved(star, event, rival, policy)
    after = _timed(star, _whole(after, policy), event, policy)
    after, effects = wish(after, policy)
    renewed = retried(star, event, policy) if star is not None and isinstance(event, RetryAsked) else ()
    redraw = tuple(one for one in renewed if isinstance(one, str))
    again = tuple(one for one in renewed if isinstance(one, Effect))
    return Decision(case=after, effects=effects + again, redraw=redraw)


def _moved(star: Star, event: Any, rival: Star | None, policy: Policy) -> Star:
    is_completed = isinstance(event, FormCompleted) and star.status == "incomplete"
    if rival is not None and (isinstance(event, FormEdited) or is_completed) and _may_be_linked(star):
        return answers.link(star, event, rival, policy)
    if rival is not None and isinstance(event, Undone | Reopened):
        deed = "undo" if isinstance(event, Undone) else "reopen"
        return whispered(star, event.user, deed, "newer_star")  # type: ignore[arg-type]
    return TABLE[event.kind][star.status](star, event, policy)


def _whole(star: Star, policy: Policy) -> Star:
    """With all that follows from the facts."""
    star = star.model_copy(
        update={
            "hints": hints(star.ticket, star.form.plan, star.filed_at, policy.criteria),
            "subject": subject(star.form.ticket),
            "status": _status(star),
        }
    )
    star = star.model_copy(update={"claim": _claim(star)})
    is_news = (
        not star.is_closed and star.status != "incomplete" and not any(n.kind == "filed" for n in star.news)
    )
    return told(star, "filed") if is_news else star


def _timed(before: Star | None, after: Star, event: Any, policy: Policy) -> Star:
    """With the moment at which something comes by itself."""
    was_nothing = before is not None and before.status in ("incomplete", "linked")
    if was_nothing and after.status in ("submitted", "announced"):
        after = after.model_copy(update={"ready_at": event.at})
    return after.model_copy(update={"next_due": _next_due(after, policy)})


def _next_due(star: Star, policy: Policy) -> datetime | None:
    """The end of the time for *Undo*, or for an acknowledgement."""
    if star.resolution is None:
        return offer_due(star, policy)
    return None if star.resolution.undo_lapsed else star.resolution.at + policy.undo


def claim(star: Star | None, event: Any) -> str | None:
    """What this event wants to hold alone: one open STAR a ticket."""
    if (
        isinstance(event, FormPosted | Filed | FormEdited | FormCompleted | Rebuilt)
        and not event.form.problems
    ):
        return subject(event.form.ticket)
    if isinstance(event, Undone | Reopened) and star is not None and star.is_ended:
        return subject(star.form.ticket)
    return None


# -- how the rules look at a STAR


def _open(event: FormPosted | Filed, rival: Star | None, policy: Policy) -> Star:
    region = region_at(event.at, policy.regions)
    star = Star(
        id=star_id(event.id),
        root=None,
        form=event.form,
        filed_at=event.at,
        region=region.name if region else "",
        deadline=deadline(event.at, event.form, policy),
        readings=0 if event.form.problems or rival else 1,
        remarks=(Remark(kind="thread"),),
        previous=event.previous,
    )
    if isinstance(event, Filed):
        star = star.model_copy(update={"channel": event.channel})
        star = star if rival is None else told(linked(star, rival), "linked")
        return whispered(star, event.by.slack, "file", "repeated" if rival else "done", event.view)
    root = {
        "root": event.root,
        "handles": (handle(event.root.channel, event.root.ts),),
        "edited_ts": event.edited_ts,
    }
    star = star.model_copy(update=root)
    return star if rival is None else linked(star, rival)


def _may_be_linked(star: Star) -> bool:
    """A STAR that works on its ticket, or has ended, stays by itself."""
    return not star.is_ended and not star.is_settled


def _status(star: Star) -> Status:
    if star.linked_to is not None:
        return "linked"
    if star.withdrawal is not None:
        return "withdrawn"
    if star.unstarring is not None:
        return "unstarred"
    if star.resolution is not None:
        return "resolved"
    if star.form.problems or star.ticket_problem:
        return "incomplete"
    if star.waiting is not None:
        return "waiting_on_initiator"
    if star.acknowledged is not None:
        return "acknowledged"
    return "submitted" if star.card is None else "announced"


def _claim(star: Star) -> str | None:
    is_open = not star.is_closed and star.is_readable and not star.ticket_problem
    return subject(star.form.ticket) if is_open else None
