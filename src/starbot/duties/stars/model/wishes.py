"""What must have been asked for by now, read off the facts of a STAR; the order in which they came is no matter."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from starbot.core.case import Effect
from starbot.core.text import marker
from starbot.duties.stars.model.events import (
    ApplyMacro,
    NoteIssue,
    NoteTicket,
    PostLine,
    ReadInitiator,
    ReadLabels,
    ReadOnCall,
    ReadTicket,
    RetryAsked,
    SendPublicly,
    TellInitiator,
    Whisper,
)
from starbot.duties.stars.model.star import Policy, Star


class Wish(NamedTuple):
    """So many effects of a kind should have been asked for by now; `make(key, n)` is the n-th. What came
    before `since` was asked for and is forgotten."""

    kind: str
    times: int
    make: Callable[[str, int], Effect]
    since: int = 0


def _wishes(star: Star, policy: Policy) -> Iterator[Wish]:
    """Everything that should have been asked for by now, read off the facts."""
    before = star.whispers_before
    said = before + len(star.whispers)
    yield Wish("whisper", said, lambda key, n: Whisper(key=key, said=star.whispers[n - before]), before)
    # With a link to the card, and not before it is known whether there is such a ticket, or how it ended.
    is_known = star.ticket is not None or star.trouble("read_ticket") is not None or star.is_ended
    may_tell = is_known and (star.card is not None or not star.is_readable)
    if may_tell or star.linked_to is not None:
        yield Wish("tell_initiator", len(star.news), lambda key, n: TellInitiator(key=key, news=n))
    if star.root is not None:
        yield Wish("post_line", len(star.lines), lambda key, n: PostLine(key=key, line=n))
    if star.status == "linked" or not star.is_readable:
        return
    number = star.form.ticket or 0
    has_links = star.issue is not None and star.card is not None
    has_ticket = star.ticket is not None
    # First, because the announcement waits for it and effects start in this order.
    yield Wish("read_oncall", 1, lambda key, n: ReadOnCall(key=key))
    yield Wish("read_ticket", star.readings, lambda key, n: ReadTicket(key=key, number=number))
    if user := star.form.initiator:
        yield Wish("read_initiator", 1, lambda key, n: ReadInitiator(key=key, user=user))
    if has_links and has_ticket and policy.note_ticket:
        yield Wish("note_ticket", 1, lambda key, n: NoteTicket(key=key))
    if has_links:
        yield Wish("note_issue", len(star.remarks), lambda key, n: NoteIssue(key=key, remark=n))
    # The macro's own links are left out where the note has them, so then it need not wait for the issue.
    # One that was unstarred at first sight is marked as escalated nowhere.
    is_taken = star.acknowledged is not None and star.unstarring is None
    if is_taken and has_ticket and (policy.note_ticket or has_links):
        yield Wish("apply_macro", 1, lambda key, n: ApplyMacro(key=key))
    if star.issue is not None:
        yield Wish("read_labels", star.label_readings, lambda key, n: ReadLabels(key=key))
    asks = star.public_asks
    yield Wish("send_publicly", len(asks), lambda key, n: SendPublicly(key=key, text=asks[n].text))


def wish(star: Star, policy: Policy) -> tuple[Star, tuple[Effect, ...]]:
    """The effects that have not been asked for yet, and the STAR that remembers having asked."""
    effects: list[Effect] = []
    wished = dict(star.wished)
    for wish in _wishes(star, policy):
        for n in range(max(wish.since, wished.get(wish.kind, 0)), wish.times):
            effects.append(wish.make(effect_key(star, wish.kind, n), n))
        wished[wish.kind] = max(wish.times, wished.get(wish.kind, 0))
    return star.model_copy(update={"wished": wished}), tuple(effects)


def effect_key(star: Star, kind: str, n: int) -> str:
    """The key of the n-th effect of a kind."""
    return f"{star.id}:{kind}:{n}"


def retried(star: Star, event: RetryAsked, policy: Policy) -> tuple[Effect | str, ...]:
    """The same wishes with the same keys, so that each finds what it may have done, in a run of its own."""
    failed = star.failed_like(event.key)
    keys = {trouble.key for trouble in failed}
    run = marker(event.id)[:8]
    again = [
        wish.make(key, n).model_copy(update={"run": run})
        for wish in _wishes(star, policy)
        for n in range(wish.since, wish.times)
        if (key := effect_key(star, wish.kind, n)) in keys
    ]
    return tuple(again or {trouble.effect for trouble in failed})
