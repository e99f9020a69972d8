"""The small changes that rules are made of: a remark for the issue, a line for the thread, a word to one person,
a trouble that came or went.
"""

from datetime import datetime, timedelta
from typing import Any

from starbot.core.case import Event
from starbot.core.facts import MessageRef, Person
from starbot.duties.stars.form import Form
from starbot.duties.stars.model.star import (
    Deed,
    Line,
    News,
    Policy,
    Remark,
    RemarkKind,
    Seen,
    Star,
    Trouble,
    Twin,
    Whispered,
    handle,
)

WHISPERS_KEPT = 20


def placed(star: Star, thing: str, ref: MessageRef) -> Star:
    """The message of this thing is there, and what is said about it is said about the STAR."""
    named = with_handle(star, ref)
    return named.model_copy(update={thing: ref, "troubles": without(star, thing)})


def with_handle(star: Star, ref: MessageRef) -> Star:
    """The STAR is also known by this message."""
    name = handle(ref.channel, ref.ts)
    return star if name in star.handles else star.model_copy(update={"handles": (*star.handles, name)})


def with_form(star: Star, form: Form, policy: Policy) -> Star:
    """Other answers; who said that the STAR is theirs stays its initiator where the form still names nobody."""
    if form.initiator is None:
        form = form.model_copy(update={"initiator": star.form.initiator})
    return star.model_copy(update={"form": form, "deadline": deadline(star.filed_at, form, policy)})


def deadline(filed_at: datetime, form: Form, policy: Policy) -> datetime | None:
    """By when Support promises to reply."""
    minutes = policy.urgency_minutes.get(form.urgency or "")
    return None if minutes is None else filed_at + timedelta(minutes=minutes)


def offer_due(star: Star, policy: Policy) -> datetime | None:
    """When a page of the manager on call is offered, if nobody acknowledges before; None where none will be."""
    if star.status != "announced" or star.offered_at is not None or not policy.offer_page_minutes:
        return None
    return star.waits_since + timedelta(minutes=policy.offer_page_minutes)


def linked(star: Star, rival: Star) -> Star:
    """The other STAR was there first."""
    return star.model_copy(update={"linked_to": twin(rival)})


def twin(star: Star) -> Twin:
    """How another STAR for the same ticket is pointed at."""
    issue_url = star.issue.url if star.issue else ""
    return Twin(case_id=star.id, root=star.root or star.card, issue_url=issue_url)


def see(star: Star, seen: Seen | None) -> tuple[Star, bool]:
    """Remembers a reaction; an older report of one that is known is no news (a late or repeated delivery)."""
    if seen is None:
        return star, True
    known = next((s for s in star.seen if (s.ts, s.user, s.name) == (seen.ts, seen.user, seen.name)), None)
    if known is not None and seen.at <= known.at:
        return star, False
    others = tuple(s for s in star.seen if s != known)
    return star.model_copy(update={"seen": (*others, seen)}), True


def mark_of(star: Star, seen: Seen | None) -> str:
    """The emoji at the head of the thread by which a step was made, if it was that."""
    return seen.name if seen is not None and star.root is not None and seen.ts == star.root.ts else ""


def whispered(star: Star, user: str | None, deed: Deed, why: Any, view: str = "") -> Star:
    """One person is told about what they did; None: it was a reaction, which gets no answer."""
    if user is None:
        return star
    whispers = (*star.whispers, Whispered(user=user, deed=deed, why=why, view=view))
    forgotten = max(0, len(whispers) - WHISPERS_KEPT)
    return star.model_copy(
        update={"whispers": whispers[forgotten:], "whispers_before": star.whispers_before + forgotten}
    )


def remarked(star: Star, kind: RemarkKind, by: Person, text: str = "", **about: Any) -> Star:
    """One more note for the issue."""
    return star.model_copy(update={"remarks": (*star.remarks, Remark(kind=kind, by=by, text=text, **about))})


def lined(star: Star, kind: Any, by: Person | None, text: str = "") -> Star:
    """One more line for the thread."""
    return star.model_copy(update={"lines": (*star.lines, Line(kind=kind, by=by, text=text))})


def told(star: Star, kind: Any, by: Person | None = None, text: str = "") -> Star:
    """One more word to the initiator, if we know who it is; people are not told what they did themselves."""
    user = star.form.initiator
    if not user or (by is not None and by.slack == user):
        return star
    return star.model_copy(update={"news": (*star.news, News(kind=kind, by=by, text=text))})


def without(star: Star, effect: str) -> tuple[Trouble, ...]:
    """The troubles but those of this kind of effect."""
    return tuple(t for t in star.troubles if t.effect != effect)


def troubled(star: Star, trouble: Trouble) -> Star:
    """In the order of their keys, so that it does not matter which was told first."""
    troubles = (*(t for t in star.troubles if t.key != trouble.key), trouble)
    return star.model_copy(update={"troubles": tuple(sorted(troubles, key=lambda t: t.key))})


def settled(star: Star, event: Event) -> Star:
    """One of several effects of a kind is done."""
    key = key_of(event)
    troubles = tuple(t for t in star.troubles if t.key != key)
    return star.model_copy(update={"settled": tuple(sorted({*star.settled, key})), "troubles": troubles})


def key_of(event: Event) -> str:
    """The key of the effect that this event answers: the engine names answers so."""
    return event.id.partition(">")[0].partition("~")[0]
