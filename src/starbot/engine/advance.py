"""One event, one transaction: lock the case, decide, save case, journal and wishes.

Atomic and repeatable: the journal holds each event once, for ever, with what it started. An event that is
already there decides nothing and answers with the same starts, so a crash between the commit and the
engine's own record changes nothing. Workflows are started after the commit, by the caller.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy.exc import IntegrityError

from starbot.core.case import Case, Decision, Document, Event
from starbot.engine.duty import Duty, Target
from starbot.engine.store import Books, Start, Store, StoredCase, stamp

Also = Callable[[Books], None]
"""What else belongs to the same transaction, such as marking an effect as done. Must be repeatable."""

CANNOT_BE_SHOWN: Document = {"cannot": "be shown"}

LOOKS_KEPT = 128
"""Of so many cases the last look is kept: more are seldom at work at once."""

LOST_RACES = 8
"""How often an event may lose against another one for the same ticket, handle or journal line."""


class Advance:
    """Applies events to cases."""

    def __init__(self, store: Store, duties: Mapping[str, Duty]) -> None:
        self._store = store
        self._duties = duties
        self._looks = Looks()

    def __call__(self, event: Event, also: Also = lambda books: None) -> list[Start]:
        """Applies one event and answers with the workflows that must run because of it."""
        for lost in range(LOST_RACES):
            try:
                with self._store.transaction() as books:
                    # The case first: whoever holds something else of it while waiting for it would deadlock.
                    stored = _lock(books, event)
                    also(books)
                    known = books.starts_of(event.id)
                    return self._apply(books, event, stored) if known is None else known
            except IntegrityError:
                if lost == LOST_RACES - 1:
                    raise
        raise AssertionError("unreachable")

    def _apply(self, books: Books, event: Event, stored: StoredCase | None) -> list[Start]:
        duty = self._duties[event.duty]
        if stored is not None and stored.duty != duty.name:
            return []
        before = None if stored is None else duty.cases.model_validate_json(stored.body)
        if before is not None and before.blanked_at is not None:
            return []
        decision = duty.decide(before, event, self._rival(books, duty, before, event))
        if decision is None:
            return []
        return self._save(books, duty, before, "" if stored is None else stored.body, event, decision)

    def _rival(self, books: Books, duty: Duty, before: Case | None, event: Event) -> Case | None:
        claim = duty.claim(before, event)
        held = None if claim is None else books.holder(claim)
        if held is None or (before is not None and held.id == before.id):
            return None
        return duty.cases.model_validate_json(held.body)

    def _save(
        self, books: Books, duty: Duty, before: Case | None, known: str, event: Event, decision: Decision
    ) -> list[Start]:
        """`known` is the case before as it is stored, "" where there was none."""
        version = 1 if before is None else before.version + 1
        case = decision.case.model_copy(update={"version": version})
        body = case.model_dump_json()
        looked = {} if before is None else self._looks.of(duty, before, known)
        looks = self._looks.of(duty, case, body)
        changed = [
            thing for thing in duty.targets if thing in decision.redraw or looks[thing] != looked.get(thing)
        ]
        starts = [
            Start("perform", e.key + (f"~{e.run}" if e.run else ""), (e.key,)) for e in decision.effects
        ] + [Start("converge", f"{case.id}:{thing}:{version}", (case.id, thing)) for thing in changed]
        self._save_case(books, duty, before, case, body, event)
        entry = {
            "version": version,
            "at": stamp(event.at),
            "kind": getattr(event, "kind", type(event).__name__),
            "body": event.model_dump_json(),
        }
        books.write_journal(event.id, case.id, entry, starts)
        for effect in decision.effects:
            kind = str(getattr(effect, "kind", type(effect).__name__))
            books.put_effect(effect.key, case.id, duty.name, kind, effect.model_dump_json())
        for thing in changed:
            books.want(case.id, thing, version)
        for thing in decision.redraw:
            books.set_target(case.id, thing, document=None)
        return starts

    def _save_case(
        self, books: Books, duty: Duty, before: Case | None, case: Case, body: str, event: Event
    ) -> None:
        values: dict[str, Any] = {
            "duty": duty.name,
            "status": case.status,
            "version": case.version,
            "claim": case.claim,
            "subject": case.subject,
            "next_due": None if case.next_due is None else stamp(case.next_due),
            "changed_at": stamp(event.at),
            "body": body,
        }
        if before is None:
            books.insert_case(case.id, values)
        else:
            books.update_case(case.id, values)
        known = () if before is None else before.handles
        books.add_handles(case.id, [handle for handle in case.handles if handle not in known])
        books.drop_handles([handle for handle in known if handle not in case.handles])


def _lock(books: Books, event: Event) -> StoredCase | None:
    if event.case_id:
        return books.case(event.case_id, lock=True)
    case_id = books.case_of(event.handle)
    stored = books.case(case_id, lock=True) if case_id else None
    # While we waited for the lock, the case may have let go of that name.
    return stored if stored is not None and books.case_of(event.handle) == case_id else None


class Looks:
    """How the things of a case look. Rendering is pure, so asking costs no call; the last look of each case is kept,
    with the body that it is of, because the next event begins with it."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, tuple[str, dict[str, Document | None]]] = OrderedDict()

    def of(self, duty: Duty, case: Case, body: str) -> dict[str, Document | None]:
        """What each of the duty's targets should show. `body` is the case as it is stored."""
        known, looks = self._kept.get(case.id, ("", {}))
        if known != body:
            looks = {thing: rendered(target, case) for thing, target in duty.targets.items()}
            self._kept.pop(case.id, None)
            self._kept[case.id] = (body, looks)
            while len(self._kept) > LOOKS_KEPT:
                self._kept.popitem(last=False)
        return looks


def rendered(target: Target, case: Case) -> Document | None:
    """What the target should show. A case that cannot be rendered is no reason to lose the event: showing it
    will fail, and that is told as this target's trouble."""
    try:
        return target.render(case)
    except Exception:
        return CANNOT_BE_SHOWN
