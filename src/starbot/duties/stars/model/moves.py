"""The rules for what people do: a manager acknowledges, triages, asks, resolves, unstars, reopens; the initiator
answers, adds facts, withdraws. Each is a few lines that answer with the STAR as it is then.
"""

from typing import Any

from starbot.core.facts import Person
from starbot.duties.stars.model.changes import lined, mark_of, offer_due, remarked, see, told, whispered
from starbot.duties.stars.model.events import (
    Acknowledged,
    Answered,
    FactAdded,
    InitiatorAsked,
    InitiatorClaimed,
    MarkRemoved,
    PublicReplyConfirmed,
    Refused,
    Reopened,
    Repeated,
    Resolved,
    RetryAsked,
    SentenceAdded,
    Triaged,
    Unacknowledged,
    UndoLapsed,
    Undone,
    Unstarred,
    Withdrawn,
)
from starbot.duties.stars.model.star import (
    Acknowledgement,
    Deed,
    Policy,
    Question,
    Remark,
    Resolution,
    Star,
    Triage,
    Unstarring,
    Withdrawal,
)

# -- a manager looks


def acknowledge(star: Star, event: Acknowledged, policy: Policy) -> Star:
    """The first one looks; whoever comes second is told who does."""
    star, is_news = see(star, event.seen)
    if not is_news:
        return star
    if star.acknowledged is not None:
        return whispered(star, event.user, "acknowledge", "state")
    acknowledgement = Acknowledgement(by=event.by, at=event.at, mark=mark_of(star, event.seen))
    looking = remarked(star.model_copy(update={"acknowledged": acknowledgement}), "acknowledged", event.by)
    return told(looking, "acknowledged", event.by)


def too_late_to_acknowledge(star: Star, event: Acknowledged, policy: Policy) -> Star:
    """It has ended."""
    star, _ = see(star, event.seen)
    return whispered(star, event.user, "acknowledge", "state")


def _looked_at(star: Star, by: Person, event: Any) -> Star:
    """Whoever decides about a STAR has looked at it."""
    if star.acknowledged is not None:
        return star
    return remarked(
        star.model_copy(update={"acknowledged": Acknowledgement(by=by, at=event.at)}), "acknowledged", by
    )


def triage(star: Star, event: Triaged, policy: Policy) -> Star:
    """What a manager makes of the request; a later triage takes the place of an earlier one that they knew. Of two
    managers at the same moment the first one's stands; what the other wrote is kept on the issue."""
    made = Triage(
        by=event.by,
        at=event.at,
        category=event.category,
        decision=event.decision,
        next_step=event.next_step,
        dri=event.dri,
    )
    if star.triage is not None and star.triage.model_copy(update={"at": event.at}) == made:
        return whispered(star, event.user, "triage", "state")
    if star.triage is not None and star.triage.version != event.before and star.triage.by != event.by:
        late = remarked(star, "triaged_late", event.by, triage=made)
        return whispered(late, event.user, "triage", "overtaken")
    was_open = star.acknowledged is None
    looked = _looked_at(star, event.by, event).model_copy(update={"triage": made})
    looked = told(looked, "acknowledged", event.by) if was_open else looked
    return remarked(looked, "triaged", event.by, triage=made)


def ask(star: Star, event: InitiatorAsked, policy: Policy) -> Star:
    """The initiator must say something first. Where we do not know them in GitLab, they are asked in the thread."""
    where = event.where if star.initiator_gitlab else "thread"
    question = Question(by=event.by, at=event.at, text=event.text, where=where)
    waiting = _looked_at(star, event.by, event).model_copy(update={"waiting": question})
    asked = remarked(waiting, "asked", event.by, event.text)
    if where == "issue":
        return asked if star.acknowledged else told(asked, "acknowledged", event.by)
    return told(lined(asked, "asked", event.by, event.text), "asked", event.by, event.text)


# -- the initiator


def claim_initiator(star: Star, event: InitiatorClaimed, policy: Policy) -> Star:
    """Whoever says so first filed it."""
    if star.form.initiator is not None:
        return whispered(star, event.user, "claim", "state" if star.form.initiator == event.user else "known")
    form = star.form.model_copy(update={"initiator": event.user})
    named = {"form": form, "initiator": event.by.name, "initiator_gitlab": event.by.gitlab}
    return whispered(star.model_copy(update=named), event.user, "claim", "done")


def answer(star: Star, event: Answered, policy: Policy) -> Star:
    """The answer brings the STAR back to the manager; what nobody asked is a fact more."""
    if star.waiting is None and event.where != "dm":
        return star
    heard = star.model_copy(update={"waiting": None})
    if event.where != "issue":
        heard = remarked(heard, "answered", event.by, event.text)
    if event.where == "thread":
        return heard
    heard = lined(heard, "answered", event.by, event.text)
    # Where they wrote, they see nothing of what became of it.
    return whispered(heard, event.by.slack, "add_facts", "done") if event.where == "dm" else heard


def add_fact(star: Star, event: FactAdded, policy: Policy) -> Star:
    """More to know; where something was asked, it is the answer."""
    known = remarked(star.model_copy(update={"waiting": None}), "fact", event.by, event.text)
    return whispered(lined(known, "fact", event.by, event.text), event.user, "add_facts", "done")


def repeat(star: Star, event: Repeated, policy: Policy) -> Star:
    """A second request for the ticket adds what it says to the first."""
    known = remarked(star, "repeated", event.by, event.text)
    return whispered(
        lined(known, "repeated", event.by, event.text), event.user, "file", "repeated", event.view
    )


def withdraw(star: Star, event: Withdrawn, policy: Policy) -> Star:
    """It is needed no more."""
    withdrawal = Withdrawal(by=event.by, at=event.at, text=event.text)
    gone = remarked(_ended(star, withdrawal=withdrawal), "withdrawn", event.by, event.text)
    return whispered(lined(gone, "withdrawn", event.by, event.text), event.user, "withdraw", "done")


# -- how it ends


def resolve(star: Star, event: Resolved, policy: Policy) -> Star:
    """The right next step is known and under way."""
    star, is_news = see(star, event.seen)
    if not is_news:
        return star
    star = _looked_at(star, event.by, event)
    resolution = Resolution(
        by=event.by,
        at=event.at,
        next_step=event.next_step,
        owner=event.owner,
        customer_hears=event.customer_hears,
        asked=event.user is None or not event.next_step,
        mark=mark_of(star, event.seen),
    )
    star = _ended(star, resolution=resolution)
    if resolution.asked:
        star = star.model_copy(update={"question": None, "questions": star.questions + 1})
    else:
        star = told(star, "resolved", event.by, event.next_step)
    return remarked(star, "disposition", event.by)


def _ended(star: Star, **how: Any) -> Star:
    return star.model_copy(update={"waiting": None, **how})


def already_ended(star: Star, event: Resolved, policy: Policy) -> Star:
    """It was unstarred or withdrawn meanwhile."""
    star, _ = see(star, event.seen)
    return whispered(star, event.user, "resolve", "state")


def already_resolved(star: Star, event: Resolved, policy: Policy) -> Star:
    """A second manager was slower; what they wrote is not lost for that."""
    star, _ = see(star, event.seen)
    written = "\n".join(part for part in (event.next_step, event.owner, event.customer_hears) if part)
    if not written:
        return whispered(star, event.user, "resolve", "state")
    return whispered(_told_sentence(star, event.by, written), event.user, "resolve", "added")


def add_sentence(star: Star, event: SentenceAdded, policy: Policy) -> Star:
    """The answer to the question for the next step."""
    return _told_sentence(star, event.by, event.text)


def _told_sentence(star: Star, by: Person, text: str) -> Star:
    """One more sentence on how it ended; the first one is what the initiator waits for."""
    assert star.resolution is not None, "resolved without a resolution"
    is_first = not star.resolution.next_step and not star.resolution.undo_lapsed
    said = _said(star, by, text)
    return told(said, "resolved", star.resolution.by, text) if is_first else said


def _said(star: Star, by: Person, text: str) -> Star:
    assert star.resolution is not None, "resolved without a resolution"
    said = " ".join(part for part in (star.resolution.next_step, text) if part)
    resolution = star.resolution.model_copy(update={"next_step": said})
    return remarked(star.model_copy(update={"resolution": resolution}), "sentence", by, text)


def unstar(star: Star, event: Unstarred, policy: Policy) -> Star:
    """It does not qualify: the reason, and the path that was agreed instead."""
    unstarring = Unstarring(
        by=event.by,
        at=event.at,
        reason=event.reason,
        text=event.text,
        alternative=event.alternative,
        agreed=event.agreed,
    )
    gone = _ended(_looked_at(star, event.by, event), unstarring=unstarring)
    gone = remarked(gone, "unstarred", event.by, unstarring=unstarring)
    said = lined(gone, "unstarred", event.by)
    return told(said, "unstarred", event.by)


# -- nobody looks


def offer_page(star: Star, event: Unacknowledged, policy: Policy) -> Star:
    """A manager may page whoever is on call, and the thread hears of it, once. Nobody is paged by this."""
    due = offer_due(star, policy)
    if due is None or event.at < due:
        return star
    return lined(star.model_copy(update={"offered_at": event.at}), "unacknowledged", None)


# -- taking it back


def undo(star: Star, event: Undone, policy: Policy) -> Star:
    """A resolution is taken back while its time runs."""
    assert star.resolution is not None, "resolved without a resolution"
    if event.at > star.resolution.at + policy.undo:
        return whispered(star, event.user, "undo", "too_late")
    return remarked(star.model_copy(update={"resolution": None}), "undone", event.by)


def let_undo_lapse(star: Star, event: UndoLapsed, policy: Policy) -> Star:
    """By now people have put their last labels, and an initiator who waits for the sentence waits long enough."""
    assert star.resolution is not None, "resolved without a resolution"
    if star.resolution.undo_lapsed or event.at < star.resolution.at + policy.undo:
        return star
    resolution = star.resolution.model_copy(update={"undo_lapsed": True})
    lapsed = star.model_copy(update={"resolution": resolution, "label_readings": star.label_readings + 1})
    return lapsed if resolution.next_step else told(lapsed, "resolved", resolution.by)


def reopen(star: Star, event: Reopened, policy: Policy) -> Star:
    """An ended STAR is open again, for a reason; whoever opens it looks at it, if nobody did."""
    cleared = {"resolution": None, "unstarring": None, "withdrawal": None}
    opened = remarked(star.model_copy(update=cleared), "reopened", event.by, event.reason)
    return lined(_looked_at(opened, event.by, event), "reopened", event.by, event.reason)


def keep(star: Star, event: MarkRemoved, policy: Policy) -> Star:
    """An emoji that was taken away undoes nothing: the bot puts its own in that place, and says so."""
    fact = "acknowledged" if event.meaning == "acknowledge" else "resolution"
    made = getattr(star, fact)
    if made is None:
        return star
    if star.root is not None and event.ts == star.root.ts and made.mark == event.name:
        star = star.model_copy(update={fact: made.model_copy(update={"mark": ""})})
    return whispered(star, event.user, event.meaning, "kept")


# -- the rest


def ask_publicly(star: Star, event: PublicReplyConfirmed, policy: Policy) -> Star:
    """A manager read what the customer would read, and said yes."""
    if star.public_text is None or not event.text:
        why = "no_text" if star.public_text else "state"
        return whispered(star, event.user, "send_publicly", why)
    asked = Remark(kind="public", by=event.by, text=event.text)
    return star.model_copy(update={"public_text": None, "public_asks": (*star.public_asks, asked)})


def retry(star: Star, event: RetryAsked, policy: Policy) -> Star:
    """What failed is tried again."""
    failed = star.failed_like(event.key)
    if not failed:
        return whispered(star, event.user, "retry", "state")
    return star.model_copy(update={"troubles": tuple(t for t in star.troubles if t not in failed)})


def refuse(star: Star, event: Refused, policy: Policy) -> Star:
    """Who may not is told so."""
    return whispered(star, event.user, event.deed, event.why, event.view)


_DEED_OF: dict[str, Deed] = {
    "triaged": "triage",
    "initiator_asked": "ask",
    "initiator_claimed": "claim",
    "fact_added": "add_facts",
    "withdrawn": "withdraw",
    "unstarred": "unstar",
    "reopened": "reopen",
    "repeated": "file",
    "undone": "undo",
}


def no_more(star: Star, event: Any, policy: Policy) -> Star:
    """The button cannot do any more what it says: whoever pressed it is told how things are now."""
    view = getattr(event, "view", "")
    return whispered(star, event.user, _DEED_OF[event.kind], "state", view)
