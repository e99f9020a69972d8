"""What must have been asked for by now, read off the facts of a STAR; the order in which they came is no matter."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from starbot.core.case import Effect
from starbot.core.text import marker
from starbot.duties.stars.model.events import (
    ApplyMacro,
    NoteIssue,
    NoteTicket,
    ReadInitiator,
    ReadOnCall,
    ReadTicket,
    RetryAsked,
    SendPublicly,
    Whisper,
)
from starbot.duties.stars.model.star import Policy, Star


class Wish(NamedTuple):
    """So many effects of a kind should have been asked for by now; `make(key, n)` is the n-th."""

    kind: str
    times: int
    make: Callable[[str, int], Effect]


def _wishes(star: Star, policy: Policy) -> Iterator[Wish]:
    """Everything that should have been asked for by now, read off the facts."""
    yield Wish("whisper", len(star.whispers), lambda key, n: Whisper(key=key, number=n))
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
    if star.acknowledged and has_ticket and (policy.note_ticket or has_links):
        yield Wish("apply_macro", 1, lambda key, n: ApplyMacro(key=key))
    texts = star.public_asks
    yield Wish("send_publicly", len(texts), lambda key, n: SendPublicly(key=key, text=texts[n]))


def wish(star: Star, policy: Policy) -> tuple[Star, tuple[Effect, ...]]:
    """The effects that have not been asked for yet, and the STAR that remembers having asked."""
    effects: list[Effect] = []
    wished = dict(star.wished)
    for wish in _wishes(star, policy):
        for n in range(wished.get(wish.kind, 0), wish.times):
            effects.append(wish.make(_key(star, wish.kind, n), n))
        wished[wish.kind] = max(wish.times, wished.get(wish.kind, 0))
    return star.model_copy(update={"wished": wished}), tuple(effects)


def _key(star: Star, kind: str, n: int) -> str:
    return f"{star.id}:{kind}:{n}"


def retried(star: Star, event: RetryAsked, policy: Policy) -> tuple[Effect | str, ...]:
    """The same wish with the same key, so that it finds what it may have done, in a run of its own."""
    failed = next((t for t in star.troubles if t.key == event.key and not t.delayed), None)
    if failed is None:
        return ()
    for wish in _wishes(star, policy):
        for n in range(wish.times):
            if _key(star, wish.kind, n) == event.key:
                return (wish.make(event.key, n).model_copy(update={"run": marker(event.id)[:8]}),)
    return (failed.effect,)
