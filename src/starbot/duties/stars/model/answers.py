"""The rules for what the form and the four systems tell: each adds a fact, whatever the STAR is doing."""

from typing import Any

from starbot.core.facts import LabelChange, OnCall
from starbot.duties.stars.form import Form
from starbot.duties.stars.model.changes import (
    key_of,
    linked,
    placed,
    settled,
    troubled,
    whispered,
    with_form,
    with_handle,
    without,
)
from starbot.duties.stars.model.events import (
    CardPosted,
    EffectDelayed,
    EffectFailed,
    FormCompleted,
    FormEdited,
    InitiatorNamed,
    InitiatorTold,
    IssueSeen,
    LabelsRead,
    MacroApplied,
    OnCallRead,
    PublicReplySent,
    QuestionPosted,
    ReplyPosted,
    StarEvent,
    TicketNoted,
    TicketRead,
    TicketUnfit,
)
from starbot.duties.stars.model.star import Policy, Star, Trouble
from starbot.duties.stars.model.wishes import effect_key

# -- the form


def read_form(star: Star, event: FormEdited, policy: Policy) -> Star:
    """A form post that was put right is read anew; a STAR that works on its ticket keeps it."""
    if not _takes(star, event):
        return star
    return _with_answers(star.model_copy(update={"edited_ts": event.edited_ts}), event, policy)


def complete_form(star: Star, event: FormCompleted, policy: Policy) -> Star:
    """What the form post did not say was said in the dialog, if it can be read now."""
    if event.form.problems:
        return too_late_to_complete(star, event, policy)
    return whispered(_with_answers(star, event, policy), event.user, "complete", "done", event.view)


def too_late_to_complete(star: Star, event: FormCompleted, policy: Policy) -> Star:
    """Nothing is missing any more: somebody was faster, or it has ended."""
    return whispered(star, event.user, "complete", "state", event.view)


def link(star: Star, event: FormEdited | FormCompleted, rival: Star, policy: Policy) -> Star:
    """The form names a ticket now that has an open STAR."""
    if isinstance(event, FormCompleted):
        told = whispered(star, event.user, "complete", "repeated", event.view)
        return linked(with_form(told, event.form, policy), rival)
    if not _takes(star, event):
        return star
    edited = star.model_copy(update={"edited_ts": event.edited_ts})
    return linked(with_form(edited, event.form, policy), rival)


def _with_answers(star: Star, event: FormEdited | FormCompleted, policy: Policy) -> Star:
    named, form = event.form.ticket, event.form
    facts: dict[str, Any] = {}
    if star.is_settled:
        form = form.model_copy(update={"ticket": star.form.ticket, "ticket_raw": star.form.ticket_raw})
        facts |= {"other_ticket": named if named != star.form.ticket else None}
    elif named != star.form.ticket or not star.is_readable or star.ticket_problem:
        facts |= _unread(star, form) | {"previous": event.previous}
    return with_form(star.model_copy(update=facts), form, policy)


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
        "troubles": without(star, "read_ticket"),
        "readings": star.readings + (0 if form.problems else 1),
    }


# -- the ticket, the people


def read_ticket(star: Star, event: TicketRead, policy: Policy) -> Star:
    """The ticket is as Zendesk tells."""
    if event.ticket.id != star.form.ticket:
        return star
    return star.model_copy(
        update={"ticket": event.ticket, "ticket_problem": None, "troubles": without(star, "read_ticket")}
    )


def read_no_ticket(star: Star, event: TicketUnfit, policy: Policy) -> Star:
    """There is no such ticket, or it takes no more updates."""
    if event.number != star.form.ticket:
        return star
    return star.model_copy(update={"ticket_problem": event.problem, "troubles": without(star, "read_ticket")})


def name_initiator(star: Star, event: InitiatorNamed, policy: Policy) -> Star:
    """Whoever filed it has a name."""
    return star.model_copy(update={"initiator": event.name, "initiator_gitlab": event.gitlab})


def learn_oncall(star: Star, event: OnCallRead, policy: Policy) -> Star:
    """Whom to mention is known."""
    return star.model_copy(update={"oncall": event.oncall, "troubles": without(star, "read_oncall")})


# -- what is in Slack


def place_card(star: Star, event: CardPosted, policy: Policy) -> Star:
    """The card is there; where there is no form post, its thread is the STAR's."""
    placed_card = placed(star, "card", event.ref)
    if star.root is None or star.root == star.card:
        return placed_card.model_copy(update={"root": event.ref})
    return placed_card


def place_reply(star: Star, event: ReplyPosted, policy: Policy) -> Star:
    """The word about the form post is there."""
    return placed(star, "reply", event.ref)


def place_question(star: Star, event: QuestionPosted, policy: Policy) -> Star:
    """The question to the manager is there."""
    return placed(star, "question", event.ref)


def tell_done(star: Star, event: InitiatorTold, policy: Policy) -> Star:
    """The initiator was told; what they write below the message is about this STAR."""
    done = settled(star, event)
    return done if event.ref is None else with_handle(done, event.ref)


# -- the issue and the ticket


def see_issue(star: Star, event: IssueSeen, policy: Policy) -> Star:
    """The issue is as GitLab shows it."""
    before = _known_labels(star)
    after = set(event.issue.labels)
    changes = tuple(
        LabelChange(label=label, added=label in after, at=event.at) for label in sorted(before ^ after)
    )
    return star.model_copy(
        update={
            "issue": event.issue,
            "label_changes": star.label_changes + changes,
            "troubles": without(star, "issue"),
        }
    )


def _known_labels(star: Star) -> set[str]:
    """The labels on the issue as far as their changes are known."""
    known: set[str] = set()
    for change in star.label_changes:
        (known.add if change.added else known.discard)(change.label)
    return known - {""}


def learn_labels(star: Star, event: LabelsRead, policy: Policy) -> Star:
    """GitLab knows who changed what and when; what the bot has seen by the way is part of it."""
    return settled(star.model_copy(update={"label_changes": event.changes}), event)


def note_done(star: Star, event: TicketNoted, policy: Policy) -> Star:
    """The ticket has its note."""
    return star.model_copy(update={"noted": True, "troubles": without(star, "note_ticket")})


def one_done(star: Star, event: StarEvent, policy: Policy) -> Star:
    """One of several of a kind is done: a remark, a line."""
    return settled(star, event)


def macro_done(star: Star, event: MacroApplied, policy: Policy) -> Star:
    """The macro's changes are on the ticket."""
    return star.model_copy(
        update={
            "macro_done": True,
            "public_text": event.public_text,
            "troubles": without(star, "apply_macro"),
        }
    )


def public_done(star: Star, event: PublicReplySent, policy: Policy) -> Star:
    """Only now is it true that the customer was written to, so only now it is remarked."""
    asks = {effect_key(star, "send_publicly", n): ask for n, ask in enumerate(star.public_asks)}
    key = key_of(event)
    sent = (asks[key],) if key in asks and key not in star.settled else ()
    return settled(star, event).model_copy(update={"remarks": star.remarks + sent})


# -- what does not work


def delay(star: Star, event: EffectDelayed, policy: Policy) -> Star:
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
    return troubled(star, trouble)


def fail(star: Star, event: EffectFailed, policy: Policy) -> Star:
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
    return troubled(star, trouble)


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
