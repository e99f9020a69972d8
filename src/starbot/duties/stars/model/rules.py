"""The rules: which event may add its fact in which status, and what the STAR is after that.

All moves stand in `TABLE`; each rule is a few lines that answer with the STAR as it is then.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from starbot.core.case import Decision, Effect, Event
from starbot.core.facts import LabelChange, MessageRef, OnCall, Person
from starbot.core.hours import region_at
from starbot.core.text import marker
from starbot.duties.stars.form import Form
from starbot.duties.stars.model.events import (
    Acknowledged,
    CardPosted,
    EffectDelayed,
    EffectFailed,
    FormEdited,
    FormPosted,
    InitiatorNamed,
    IssueNoted,
    IssueSeen,
    LabelsRead,
    MacroApplied,
    OnCallRead,
    PublicReplyConfirmed,
    PublicReplySent,
    QuestionPosted,
    Refused,
    ReplyPosted,
    Resolved,
    RetryAsked,
    SentenceAdded,
    StarEvent,
    TicketNoted,
    TicketRead,
    TicketUnfit,
    UndoLapsed,
    Undone,
)
from starbot.duties.stars.model.star import (
    STATUSES,
    Acknowledgement,
    Deed,
    Policy,
    Remark,
    RemarkKind,
    Resolution,
    Seen,
    Star,
    Status,
    Trouble,
    Twin,
    Whispered,
    handle,
)
from starbot.duties.stars.model.wishes import effect_key, retried, wish

WHISPERS_KEPT = 20

Rule: TypeAlias = Callable[[Star, Any, Policy], Star]


def _nothing(star: Star, event: Event, policy: Policy) -> Star:
    return star


def _read_form(star: Star, event: FormEdited, policy: Policy) -> Star:
    """A form post that was put right is read anew; a STAR that works on its ticket keeps it."""
    if not _takes(star, event):
        return star
    named, form = event.form.ticket, event.form
    facts: dict[str, Any] = {"edited_ts": event.edited_ts}
    if star.is_settled:
        form = form.model_copy(update={"ticket": star.form.ticket, "ticket_raw": star.form.ticket_raw})
        facts |= {"other_ticket": named if named != star.form.ticket else None}
    elif named != star.form.ticket or not star.is_readable:
        facts |= _unread(star, form)
    return _with_form(star.model_copy(update=facts), form, policy)


def _takes(star: Star, event: FormEdited) -> bool:
    """An older edit is no news, one that spoils a good form is left alone, and what another STAR has taken over
    begins anew only for a ticket of its own."""
    if event.edited_ts < star.edited_ts or (star.is_readable and event.form.problems):
        return False
    return star.linked_to is None or event.form.ticket != star.form.ticket


def _unread(star: Star, form: Form) -> dict[str, Any]:
    """What is known of a STAR whose form names a ticket that has not been read."""
    return {
        "linked_to": None,
        "ticket": None,
        "ticket_problem": None,
        "troubles": _without(star, "read_ticket"),
        "readings": star.readings + (0 if form.problems else 1),
    }


def _with_form(star: Star, form: Form, policy: Policy) -> Star:
    return star.model_copy(update={"form": form, "deadline": _deadline(star.filed_at, form, policy)})


def _link(star: Star, event: FormEdited, rival: Star, policy: Policy) -> Star:
    """The edit names a ticket that has an open STAR."""
    if not _takes(star, event):
        return star
    edited = star.model_copy(update={"edited_ts": event.edited_ts})
    return _linked(_with_form(edited, event.form, policy), rival)


def _read_ticket(star: Star, event: TicketRead, policy: Policy) -> Star:
    if event.ticket.id != star.form.ticket:
        return star
    return star.model_copy(
        update={"ticket": event.ticket, "ticket_problem": None, "troubles": _without(star, "read_ticket")}
    )


def _read_no_ticket(star: Star, event: TicketUnfit, policy: Policy) -> Star:
    if event.number != star.form.ticket:
        return star
    return star.model_copy(
        update={"ticket_problem": event.problem, "troubles": _without(star, "read_ticket")}
    )


def _name_initiator(star: Star, event: InitiatorNamed, policy: Policy) -> Star:
    return star.model_copy(update={"initiator": event.name})


def _learn_oncall(star: Star, event: OnCallRead, policy: Policy) -> Star:
    return star.model_copy(update={"oncall": event.oncall, "troubles": _without(star, "read_oncall")})


def _place_card(star: Star, event: CardPosted, policy: Policy) -> Star:
    return _placed(star, "card", event.ref)


def _place_reply(star: Star, event: ReplyPosted, policy: Policy) -> Star:
    return _placed(star, "reply", event.ref)


def _place_question(star: Star, event: QuestionPosted, policy: Policy) -> Star:
    return _placed(star, "question", event.ref)


def _placed(star: Star, thing: str, ref: MessageRef) -> Star:
    name = handle(ref.channel, ref.ts)
    handles = star.handles if name in star.handles else (*star.handles, name)
    return star.model_copy(update={thing: ref, "handles": handles, "troubles": _without(star, thing)})


def _see_issue(star: Star, event: IssueSeen, policy: Policy) -> Star:
    before = _known_labels(star)
    after = set(event.issue.labels)
    changes = tuple(
        LabelChange(label=label, added=label in after, at=event.at) for label in sorted(before ^ after)
    )
    return star.model_copy(
        update={
            "issue": event.issue,
            "label_changes": star.label_changes + changes,
            "troubles": _without(star, "issue"),
        }
    )


def _known_labels(star: Star) -> set[str]:
    """The labels on the issue as far as their changes are known."""
    known: set[str] = set()
    for change in star.label_changes:
        (known.add if change.added else known.discard)(change.label)
    return known - {""}


def _learn_labels(star: Star, event: LabelsRead, policy: Policy) -> Star:
    """GitLab knows who changed what and when; what the bot has seen by the way is part of it."""
    return _settled(star.model_copy(update={"label_changes": event.changes}), event)


def _note_done(star: Star, event: TicketNoted, policy: Policy) -> Star:
    return star.model_copy(update={"noted": True, "troubles": _without(star, "note_ticket")})


def _remark_done(star: Star, event: IssueNoted, policy: Policy) -> Star:
    return _settled(star, event)


def _macro_done(star: Star, event: MacroApplied, policy: Policy) -> Star:
    return star.model_copy(
        update={
            "macro_done": True,
            "public_text": event.public_text,
            "troubles": _without(star, "apply_macro"),
        }
    )


def _acknowledge(star: Star, event: Acknowledged, policy: Policy) -> Star:
    star, is_news = _see(star, event.seen)
    if not is_news:
        return star
    if star.acknowledged is not None:
        return _whispered(star, event.user, "acknowledge", "state")
    acknowledgement = Acknowledgement(by=event.by, at=event.at, mark=_mark(star, event.seen))
    return _remarked(star.model_copy(update={"acknowledged": acknowledgement}), "acknowledged", event.by)


def _too_late_to_acknowledge(star: Star, event: Acknowledged, policy: Policy) -> Star:
    star, _ = _see(star, event.seen)
    return _whispered(star, event.user, "acknowledge", "state")


def _resolve(star: Star, event: Resolved, policy: Policy) -> Star:
    star, is_news = _see(star, event.seen)
    if not is_news:
        return star
    if star.acknowledged is None:
        star = star.model_copy(update={"acknowledged": Acknowledgement(by=event.by, at=event.at)})
        star = _remarked(star, "acknowledged", event.by)
    resolution = Resolution(
        by=event.by,
        at=event.at,
        next_step=event.next_step,
        owner=event.owner,
        customer_hears=event.customer_hears,
        asked=event.user is None or not event.next_step,
        mark=_mark(star, event.seen),
    )
    star = star.model_copy(update={"resolution": resolution, "next_due": event.at + policy.undo})
    if resolution.asked:
        star = star.model_copy(update={"question": None, "questions": star.questions + 1})
    return _remarked(star, "disposition", event.by)


def _mark(star: Star, seen: Seen | None) -> str:
    return seen.name if seen is not None and seen.ts == star.root.ts else ""


def _already_resolved(star: Star, event: Resolved, policy: Policy) -> Star:
    """A second manager was slower; what they wrote is not lost for that."""
    star, _ = _see(star, event.seen)
    written = "\n".join(part for part in (event.next_step, event.owner, event.customer_hears) if part)
    if not written:
        return _whispered(star, event.user, "resolve", "state")
    return _whispered(_said(star, event.by, written), event.user, "resolve", "added")


def _add_sentence(star: Star, event: SentenceAdded, policy: Policy) -> Star:
    return _said(star, event.by, event.text)


def _said(star: Star, by: Person, text: str) -> Star:
    assert star.resolution is not None, "resolved without a resolution"
    said = " ".join(part for part in (star.resolution.next_step, text) if part)
    resolution = star.resolution.model_copy(update={"next_step": said})
    return _remarked(star.model_copy(update={"resolution": resolution}), "sentence", by, text)


def _undo(star: Star, event: Undone, policy: Policy) -> Star:
    assert star.resolution is not None, "resolved without a resolution"
    if event.at > star.resolution.at + policy.undo:
        return _whispered(star, event.user, "undo", "too_late")
    return _remarked(star.model_copy(update={"resolution": None, "next_due": None}), "undone", event.by)


def _nothing_to_undo(star: Star, event: Undone, policy: Policy) -> Star:
    return _whispered(star, event.user, "undo", "state")


def _let_undo_lapse(star: Star, event: UndoLapsed, policy: Policy) -> Star:
    assert star.resolution is not None, "resolved without a resolution"
    if star.resolution.undo_lapsed or event.at < star.resolution.at + policy.undo:
        return star
    resolution = star.resolution.model_copy(update={"undo_lapsed": True})
    # By now people have put their last labels.
    return star.model_copy(
        update={"resolution": resolution, "next_due": None, "label_readings": star.label_readings + 1}
    )


def _ask_publicly(star: Star, event: PublicReplyConfirmed, policy: Policy) -> Star:
    if star.public_text is None or not event.text:
        why = "no_text" if star.public_text else "state"
        return _whispered(star, event.user, "send_publicly", why)
    asked = Remark(kind="public", by=event.by, text=event.text)
    return star.model_copy(update={"public_text": None, "public_asks": (*star.public_asks, asked)})


def _public_done(star: Star, event: PublicReplySent, policy: Policy) -> Star:
    """Only now is it true that the customer was written to, so only now it is remarked."""
    asks = {effect_key(star, "send_publicly", n): ask for n, ask in enumerate(star.public_asks)}
    key = _key_of(event)
    sent = (asks[key],) if key in asks and key not in star.settled else ()
    return _settled(star, event).model_copy(update={"remarks": star.remarks + sent})


def _retry(star: Star, event: RetryAsked, policy: Policy) -> Star:
    failed = star.failed_like(event.key)
    if not failed:
        return _whispered(star, event.user, "retry", "state")
    return star.model_copy(update={"troubles": tuple(t for t in star.troubles if t not in failed)})


def _refuse(star: Star, event: Refused, policy: Policy) -> Star:
    return _whispered(star, event.user, event.deed, "no_right")


def _delay(star: Star, event: EffectDelayed, policy: Policy) -> Star:
    """A delay is worth a word only while the answer is missing; it may be told after the answer. That Slack is
    slow, nothing in Slack could say in time."""
    if (
        event.service == "slack"
        or _is_past(star, event)
        or _is_answered(star, event)
        or any(t.key == event.key for t in star.troubles)
    ):
        return star
    trouble = Trouble(key=event.key, effect=event.effect, service=event.service, delayed=True)
    return _troubled(star, trouble)


def _fail(star: Star, event: EffectFailed, policy: Policy) -> Star:
    """Failing again in the same way is no news: else a card that cannot be shown would be tried for ever.
    Whom to mention must never be missing: then it is the group."""
    known = next((t for t in star.troubles if t.key == event.key), None)
    is_known = known is not None and not known.delayed and known.reason == event.reason
    if is_known or _is_past(star, event):
        return star
    trouble = Trouble(
        key=event.key,
        effect=event.effect,
        service=event.service,
        delayed=False,
        reason=event.reason,
        reference=event.reference,
    )
    if event.effect == "read_oncall" and star.oncall is None:
        star = star.model_copy(update={"oncall": OnCall()})
    return _troubled(star, trouble)


def _everywhere(rule: Rule) -> dict[Status, Rule]:
    return dict.fromkeys(STATUSES, rule)


def _rows(default: Rule, **others: Rule) -> dict[Status, Rule]:
    return {status: others.get(status, default) for status in STATUSES}


TABLE: Mapping[str, Mapping[Status, Rule]] = {
    # A form post opens a STAR (`_open`); seen again, it is no news.
    "form_posted": _everywhere(_nothing),
    "form_edited": _everywhere(_read_form),
    # Answers of the four systems are facts in every status: they may come late.
    "ticket_read": _everywhere(_read_ticket),
    "ticket_unfit": _everywhere(_read_no_ticket),
    "oncall_read": _everywhere(_learn_oncall),
    "initiator_named": _everywhere(_name_initiator),
    "card_posted": _everywhere(_place_card),
    "reply_posted": _everywhere(_place_reply),
    "question_posted": _everywhere(_place_question),
    "issue_seen": _everywhere(_see_issue),
    "labels_read": _everywhere(_learn_labels),
    "ticket_noted": _everywhere(_note_done),
    "issue_noted": _everywhere(_remark_done),
    "macro_applied": _everywhere(_macro_done),
    "public_reply_sent": _everywhere(_public_done),
    "whisper_heard": _everywhere(_nothing),
    "effect_delayed": _everywhere(_delay),
    "effect_failed": _everywhere(_fail),
    # What people do.
    "acknowledged": _rows(_acknowledge, resolved=_too_late_to_acknowledge, linked=_nothing),
    "resolved": _rows(_resolve, resolved=_already_resolved, linked=_nothing),
    "sentence_added": _rows(_nothing, resolved=_add_sentence),
    "undone": _rows(_nothing_to_undo, resolved=_undo),
    "public_reply_confirmed": _rows(_ask_publicly, linked=_nothing),
    "retry_asked": _everywhere(_retry),
    "refused": _everywhere(_refuse),
    # The clock.
    "due": _rows(_nothing, resolved=_let_undo_lapse),
}


def decide(star: Star | None, event: Any, rival: Star | None, policy: Policy) -> Decision | None:
    """What follows from an event. `rival` is the open STAR that holds the ticket this event asks for.

    None: an event for no STAR that we know.
    """
    if star is None:
        if not isinstance(event, FormPosted):
            return None
        after = _open(event, rival, policy)
    elif isinstance(event, FormEdited) and rival is not None and _may_be_linked(star):
        after = _link(star, event, rival, policy)
    elif isinstance(event, Undone) and rival is not None:
        after = _whispered(star, event.user, "undo", "newer_star")
    else:
        after = TABLE[event.kind][star.status](star, event, policy)
    after = after.model_copy(update={"status": _status(after)})
    after, effects = wish(after.model_copy(update={"claim": _claim(after)}), policy)
    renewed = retried(star, event, policy) if star is not None and isinstance(event, RetryAsked) else ()
    redraw = tuple(one for one in renewed if isinstance(one, str))
    again = tuple(one for one in renewed if isinstance(one, Effect))
    return Decision(case=after, effects=effects + again, redraw=redraw)


def claim(star: Star | None, event: Any) -> str | None:
    """What this event wants to hold alone: one open STAR a ticket."""
    if isinstance(event, FormPosted | FormEdited) and not event.form.problems:
        return f"ticket:{event.form.ticket}"
    if isinstance(event, Undone) and star is not None and star.status == "resolved":
        return f"ticket:{star.form.ticket}"
    return None


# -- how the rules look at a STAR


def _open(event: FormPosted, rival: Star | None, policy: Policy) -> Star:
    region = region_at(event.at, policy.regions)
    star = Star(
        id=f"star-{marker(event.id)[:8]}",
        root=event.root,
        handles=(handle(event.root.channel, event.root.ts),),
        form=event.form,
        edited_ts=event.edited_ts,
        filed_at=event.at,
        region=region.name if region else "",
        deadline=_deadline(event.at, event.form, policy),
        readings=0 if event.form.problems or rival else 1,
        remarks=(Remark(kind="thread"),),
    )
    return star if rival is None else _linked(star, rival)


def _may_be_linked(star: Star) -> bool:
    """A STAR that works on its ticket, or has ended, stays by itself."""
    return star.status != "resolved" and not star.is_settled


def _linked(star: Star, rival: Star) -> Star:
    return star.model_copy(update={"linked_to": Twin(case_id=rival.id, root=rival.root)})


def _deadline(filed_at: datetime, form: Form, policy: Policy) -> datetime | None:
    minutes = policy.urgency_minutes.get(form.urgency or "")
    return None if minutes is None else filed_at + timedelta(minutes=minutes)


def _status(star: Star) -> Status:
    if star.linked_to is not None:
        return "linked"
    if star.resolution is not None:
        return "resolved"
    if star.form.problems or star.ticket_problem:
        return "incomplete"
    if star.acknowledged is not None:
        return "acknowledged"
    return "submitted" if star.card is None else "announced"


def _claim(star: Star) -> str | None:
    is_open = star.status not in ("resolved", "linked") and star.is_readable and not star.ticket_problem
    return f"ticket:{star.form.ticket}" if is_open else None


def _see(star: Star, seen: Seen | None) -> tuple[Star, bool]:
    """Remembers a reaction; an older report of one that is known is no news (a late or repeated delivery)."""
    if seen is None:
        return star, True
    known = next((s for s in star.seen if (s.ts, s.user, s.name) == (seen.ts, seen.user, seen.name)), None)
    if known is not None and seen.at <= known.at:
        return star, False
    others = tuple(s for s in star.seen if s != known)
    return star.model_copy(update={"seen": (*others, seen)}), True


def _whispered(star: Star, user: str | None, deed: Deed, why: Any) -> Star:
    if user is None:
        return star
    whispers = (*star.whispers, Whispered(user=user, deed=deed, why=why))
    forgotten = max(0, len(whispers) - WHISPERS_KEPT)
    return star.model_copy(
        update={"whispers": whispers[forgotten:], "whispers_before": star.whispers_before + forgotten}
    )


def _remarked(star: Star, kind: RemarkKind, by: Person, text: str = "") -> Star:
    return star.model_copy(update={"remarks": (*star.remarks, Remark(kind=kind, by=by, text=text))})


def _without(star: Star, effect: str) -> tuple[Trouble, ...]:
    return tuple(t for t in star.troubles if t.effect != effect)


def _troubled(star: Star, trouble: Trouble) -> Star:
    """In the order of their keys, so that it does not matter which was told first."""
    troubles = (*(t for t in star.troubles if t.key != trouble.key), trouble)
    return star.model_copy(update={"troubles": tuple(sorted(troubles, key=lambda t: t.key))})


def _settled(star: Star, event: StarEvent) -> Star:
    key = _key_of(event)
    troubles = tuple(t for t in star.troubles if t.key != key)
    return star.model_copy(update={"settled": tuple(sorted({*star.settled, key})), "troubles": troubles})


def _key_of(event: StarEvent) -> str:
    """The key of the effect that this event answers: the engine names answers so."""
    return event.id.partition(">")[0].partition("~")[0]


def _is_past(star: Star, event: EffectDelayed | EffectFailed) -> bool:
    """Whether this was about reading a ticket that the form post names no more."""
    return event.effect == "read_ticket" and event.key in {
        effect_key(star, "read_ticket", n) for n in range(star.readings - 1)
    }


def _is_answered(star: Star, event: EffectDelayed) -> bool:
    answered = {
        "read_ticket": star.ticket is not None or star.ticket_problem is not None,
        "read_oncall": star.oncall is not None,
        "note_ticket": star.noted,
        "apply_macro": star.macro_done,
        "issue": star.issue is not None,
    }
    return event.key in star.settled or answered.get(event.effect, False)
