"""Carries out what was decided: one-off effects, and targets that always show the case as it is.

Both ask before they repeat: only the first try of the first run writes without looking. A wait of more
than a second ends the run, which comes again from its service's queue. What cannot succeed, and whatever
else goes wrong, ends in an event with a sentence, never in silence; only a database that is away ends in
nothing but another try, because what was done at the service must not be told as failed.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import structlog

from starbot.core.case import Case, Document, Event, Service
from starbot.core.text import marker
from starbot.engine.advance import Advance, Also, rendered
from starbot.engine.database import DATABASE_AWAY
from starbot.engine.duty import Deed, Duty, Target, Try, looking
from starbot.engine.patience import GO_ON_AFTER_S, SHORT_WAIT_S, Alarm, Busy, Share, back_off_s
from starbot.engine.store import Books, Start, Store, StoredTarget
from starbot.errors import ServiceDelayed, ServiceRefused
from starbot.logs import harmless
from starbot.meters import EFFECTS, kind_of
from starbot.traces import watching

log = structlog.get_logger("starbot.engine")


@dataclass(frozen=True)
class Again:
    """The run comes again: soon in its own thread, or later from this service's queue."""

    service: Service
    delay_s: float

    @property
    def is_soon(self) -> bool:
        """Whether the wait is short enough to hold the thread."""
        return self.delay_s < SHORT_WAIT_S


@dataclass(frozen=True)
class Sending:
    """One thing on its way to a service: what is needed to tell its case about it."""

    duty: Duty
    case_id: str
    key: str
    name: str
    service: Service
    event_id: str


class Performer:
    """Performs effects, converges targets. `start` starts what follows; `tell` submits an event durably."""

    def __init__(
        self,
        store: Store,
        duties: Mapping[str, Duty],
        advance: Advance,
        now: Callable[[], datetime],
        shares: Mapping[Service, Share],
        settle_s: Mapping[Service, float],
        start: Callable[[list[Start]], None],
        tell: Callable[[Event], None],
    ) -> None:
        self._store = store
        self._duties = duties
        self._advance = advance
        self._now = now
        self._shares = shares
        self._settle_s = settle_s
        self._start = start
        self._tell = tell
        self._alarm = Alarm()
        self._busy = Busy()
        self._born_at = now()

    def is_alive(self) -> bool:
        """Whether the thread of its alarm still runs."""
        return self._alarm.is_alive

    def stop(self) -> None:
        """Ends the alarm; what is under way goes on."""
        self._alarm.stop()

    # -- one-off effects
    def perform(self, key: str) -> Again | None:
        """Performs the effect with this key; answers when it must come again."""
        return _soon_once(lambda: self._perform(key))

    def _perform(self, key: str) -> Again | None:
        with self._store.read() as books:
            stored = books.effect(key)
        if stored is None:
            return None
        duty = self._duties[stored.duty]
        effect = duty.effect(stored.body)
        event_id = f"{key}~{effect.run}" if effect.run else key
        sending = Sending(duty, stored.case_id, key, stored.kind, effect.service, event_id)
        if stored.state != "open":
            self._restart(f"{event_id}>{stored.state}")
            return None
        # After a crash a run and the one that was to come after it may both be there.
        with self._alone(key) as is_alone, self._shares[effect.service].place() as had:
            if not (is_alone and had):
                self._delayed(sending)
                return Again(effect.service, SHORT_WAIT_S)
            return self._sending(
                sending,
                lambda: self._try(sending, duty.deeds[stored.kind], effect),
                lambda books: books.settle_effect(key, "failed"),
            )

    def _try(self, sending: Sending, deed: Deed, effect: Any) -> None:
        with self._store.transaction() as books:
            stored = books.begin_try(sending.key)
            case = _case(sending.duty, books, sending.case_id)
            may_be_there = stored is not None and (
                stored.attempts > 0 or self._is_from_before(books, sending.case_id)
            )
            if deed.find is not None and stored is not None and not stored.attempts:
                books.set_unsure(sending.key, self._unsure_until(sending))
        event = None
        if deed.find is not None and stored is not None and may_be_there:
            with looking():
                event = deed.find(effect, case)
            if event is None:
                self._may_write(sending, stored.unsure_until)
        if event is None:
            event = deed.do(effect, case)
        self._done(sending, event, lambda books: books.settle_effect(sending.key, "done"))

    def _may_write(self, sending: Sending, unsure_until: float | None) -> None:
        """Not while the vendor may still serve an earlier try: then look again, and write only after that."""
        if unsure_until is not None and time.time() < unsure_until:
            raise ServiceDelayed(sending.service, "look again", None, True, True)
        with self._store.transaction() as books:
            books.set_unsure(sending.key, self._unsure_until(sending))

    def _unsure_until(self, sending: Sending) -> float:
        return time.time() + self._settle_s[sending.service]

    # -- targets
    def converge(self, case_id: str, thing: str, writer: str) -> Again | None:
        """Shows the case on this thing until what is shown is what is wanted."""
        try:
            self._restart_shown(case_id, thing, writer)
            return _soon_once(lambda: self._converge(case_id, thing, writer))
        except DATABASE_AWAY:
            raise
        except Exception:
            self._release(case_id, thing, writer)
            raise

    def _converge(self, case_id: str, thing: str, writer: str) -> Again | None:
        while True:
            claimed = self._claim(case_id, thing, writer)
            if claimed is None:
                return None
            duty, case, stored, this_try = claimed
            target = duty.targets[thing]
            key = f"{case_id}:{thing}"
            sending = Sending(duty, case_id, key, thing, target.service, f"{key}:{case.version}")
            # The same for the runs of one writer.
            with self._alone(key) as is_alone, self._shares[target.service].place() as had:
                if not (is_alone and had):
                    self._delayed(sending)
                    return Again(target.service, SHORT_WAIT_S)
                again = self._sending(
                    sending,
                    partial(self._show, sending, target, case, stored.document, this_try),
                    _given_up(sending, case),
                )
            if again is not None:
                return again

    def _claim(self, case_id: str, thing: str, writer: str) -> tuple[Duty, Any, StoredTarget, Try] | None:
        with self._store.transaction() as books:
            stored = books.target(case_id, thing)
            if stored is None or stored.writer not in (None, writer):
                return None
            if stored.shown >= stored.wanted:
                books.set_target(case_id, thing, writer=None)
                return None
            body = books.case(case_id)
            assert body is not None, "a target without a case"
            duty = self._duties[body.duty]
            case: Case = duty.cases.model_validate_json(body.body)
            document = rendered(duty.targets[thing], case)
            # A try that nobody answered may have shown something else in between.
            if document is None or (document == stored.document and not stored.attempts):
                books.set_target(case_id, thing, shown=case.version, writer=None)
                return None
            now = time.time()
            is_sure = stored.unsure_until is None or now >= stored.unsure_until
            until = now + self._settle_s[duty.targets[thing].service] if is_sure else stored.unsure_until
            books.set_target(case_id, thing, writer=writer, attempts=stored.attempts + 1, unsure_until=until)
            # What this database showed itself needs no look for what a later one may have made.
            is_new = stored.document is None and self._is_from_before(books, case_id)
            return duty, case, stored, Try(look=stored.attempts > 0 or is_new, may_make=is_sure)

    def _is_from_before(self, books: Books, case_id: str) -> bool:
        """Whether the case began before this bot did: the database may come from a back-up, and what it has not
        tried may have been done after that."""
        began_at = books.began_at(case_id)
        return began_at is not None and began_at < self._born_at

    def _show(
        self, sending: Sending, target: Target, case: Any, before: Document | None, this_try: Try
    ) -> None:
        document = target.render(case)
        assert document is not None

        def shown(books: Books) -> None:
            books.set_target(
                case.id,
                sending.name,
                shown=case.version,
                document=document,
                attempts=0,
                unsure_until=None,
            )

        event = target.show(case, document, before, this_try)
        if event is None:
            with self._store.transaction() as books:
                shown(books)
        else:
            self._done(sending, event, shown)

    def _release(self, case_id: str, thing: str, writer: str) -> None:
        """A writer that ends in an error must not keep the thing for ever."""
        with self._store.transaction() as books:
            stored = books.target(case_id, thing)
            if stored is not None and stored.writer == writer:
                books.set_target(case_id, thing, writer=None)

    # -- what both have in common
    @contextmanager
    def _alone(self, key: str) -> Iterator[bool]:
        """Yields whether nobody else is at it, in this bot or in another."""
        with self._busy.alone(key) as is_alone:
            if is_alone:
                with self._store.mark.alone(key) as is_alone:
                    yield is_alone
            else:
                yield False

    def _sending(self, sending: Sending, attempt: Callable[[], None], give_up: Also) -> Again | None:
        """Tries once; answers when to come again if the service did not do it now."""
        with self._alarm.after(GO_ON_AFTER_S, lambda: self._delayed(sending)), watching() as has_written:
            try:
                attempt()
            except ServiceDelayed as delay:
                log.info("delayed", key=sending.key, error=str(delay))
                _count(sending, "delayed")
                self._delayed(sending)
                wait_s = self._wait_s(sending, delay)
                if delay.retry_after_s is not None and not delay.maybe_done and not has_written():
                    self._untried(sending)
                return Again(sending.service, wait_s)
            except ServiceRefused as refusal:
                self._sure(sending)
                self._failed(sending, refusal, give_up)
            except DATABASE_AWAY:
                raise
            except Exception as error:
                self._failed(sending, error, give_up)
            else:
                _count(sending, "done")
        return None

    def _wait_s(self, sending: Sending, delay: ServiceDelayed) -> float:
        with self._store.read() as books:
            stored = books.effect(sending.key)
            target = books.target(sending.case_id, sending.name) if stored is None else None
        asked = stored or target
        wait = back_off_s(asked.attempts if asked else 1)
        if delay.retry_after_s is not None:
            wait = delay.retry_after_s
        if not (delay.maybe_done and delay.may_still_run):
            self._sure(sending)
            if delay.retry_after_s is not None:
                return wait
        unsure_s = (asked.unsure_until or 0.0) - time.time() if asked else 0.0
        # What is not found by then was never served: no need to double the wait beyond that.
        return min(wait, max(unsure_s, back_off_s(1))) if unsure_s > 0 else wait

    def _sure(self, sending: Sending) -> None:
        """The vendor answered, or was never reached: nothing of this try is still under way there."""
        with self._store.transaction() as books:
            books.set_unsure(sending.key, None)
            books.set_target(sending.case_id, sending.name, unsure_until=None)

    def _untried(self, sending: Sending) -> None:
        """The vendor asked to wait before anything was written: the next try is as this one was. Of many who wait for
        their turn each would else look for what it surely did not write, and looks are limited too."""
        with self._store.transaction() as books:
            books.take_back_try(sending.key)
            stored = books.target(sending.case_id, sending.name)
            if stored is not None:
                books.set_target(sending.case_id, sending.name, attempts=max(0, stored.attempts - 1))

    def _done(self, sending: Sending, event: Event, also: Also) -> None:
        named = event.model_copy(update={"id": f"{sending.event_id}>done", "case_id": sending.case_id})
        self._start(self._advance(named, also))

    def _delayed(self, sending: Sending) -> None:
        """Tells the case; where that cannot be told, the effect itself goes on."""
        event = sending.duty.event(
            {
                "kind": "effect_delayed",
                "id": f"{sending.event_id}>delayed",
                "at": self._now(),
                "case_id": sending.case_id,
                "key": sending.key,
                "effect": sending.name,
                "service": sending.service,
            }
        )
        try:
            self._tell(event)
        except Exception as error:
            log.warning("a delay could not be told", key=sending.key, error=harmless(error))

    def _failed(self, sending: Sending, error: Exception, give_up: Also) -> None:
        _count(sending, "failed")
        reference = marker(f"{sending.event_id}{self._now()}")[:8]
        refused = isinstance(error, ServiceRefused)
        log.log(
            30 if refused else 40,
            "failed",
            key=sending.key,
            reference=reference,
            error=harmless(error),
            exc_info=None if refused else error,
        )
        event = sending.duty.event(
            {
                "kind": "effect_failed",
                "id": f"{sending.event_id}>failed",
                "at": self._now(),
                "case_id": sending.case_id,
                "key": sending.key,
                "effect": sending.name,
                "service": sending.service,
                "reason": error.reason if isinstance(error, ServiceRefused) else "ours",
                "reference": "" if refused else reference,
            }
        )
        try:
            self._start(self._advance(event, give_up))
        except DATABASE_AWAY:
            raise
        except Exception:
            # Not even that could be decided: it ends here, and the event is set aside for after the mend.
            with self._store.transaction() as books:
                give_up(books)
            self._tell(event)

    def _restart(self, event_id: str) -> None:
        """After a crash: what followed from a finished effect is started again, which changes nothing
        where it already runs."""
        with self._store.read() as books:
            starts = books.starts_of(event_id)
        self._start(starts or [])

    def _restart_shown(self, case_id: str, thing: str, writer: str) -> None:
        """The same for what a writer had shown when it died: it still holds the thing."""
        with self._store.read() as books:
            stored = books.target(case_id, thing)
        if stored is not None and stored.writer == writer:
            for outcome in ("done", "failed"):
                self._restart(f"{case_id}:{thing}:{stored.shown}>{outcome}")


def _count(sending: Sending, outcome: str) -> None:
    EFFECTS.labels(sending.duty.name, kind_of(sending.name), sending.service, outcome).inc()


def _given_up(sending: Sending, case: Case) -> Also:
    """This version will not be shown: what was shown before still is. The next try looks first."""
    return lambda books: books.set_target(case.id, sending.name, shown=case.version)


def _soon_once(run: Callable[[], Again | None]) -> Again | None:
    """Runs, and once more in the same thread if that is soon: a lost answer should not cost a queue tick."""
    again = run()
    if again is None or not again.is_soon:
        return again
    time.sleep(again.delay_s)
    return run()


def _case(duty: Duty, books: Books, case_id: str) -> Any:
    stored = books.case(case_id)
    assert stored is not None, "an effect without a case"
    return duty.cases.model_validate_json(stored.body)
