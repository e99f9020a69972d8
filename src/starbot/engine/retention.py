"""What is not kept for ever: the text of cases that have been closed for so long, or those cases themselves.

One case, one transaction, so that nobody waits long for the database. A case that is open, that has a deadline, or
of which something is still to be done is left alone, and so is one that was blanked before: to do it twice does no
harm. The line of an event stays in the journal without its text, so that the event does nothing a second time.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Literal, TypeAlias

import structlog
from pydantic import TypeAdapter, ValidationError

from starbot.core.retention import blanked
from starbot.engine.duty import Duty
from starbot.engine.store import Books, Store

log = structlog.get_logger("starbot.engine")

What: TypeAlias = Literal["blank", "delete"]
MOST = 1000
"""How many cases of a duty one turn takes."""


def let_go(store: Store, duties: Iterable[Duty], now: datetime, age: timedelta, what: What) -> int:
    """Blanks or deletes the cases that were closed before so long; answers how many there were."""
    return sum(_let_go(store, duty, now, now - age, what) for duty in duties)


def _let_go(store: Store, duty: Duty, now: datetime, until: datetime, what: What) -> int:
    with store.read() as books:
        found = books.closed_before(duty.name, duty.closed, until, limit=MOST)
    done = 0
    for case_id in found:
        with store.transaction() as books:
            stored = books.case(case_id, lock=True)
            # Something may have happened to it meanwhile.
            if stored is None or not books.closed_before(duty.name, duty.closed, until, case_id=case_id):
                continue
            if what == "delete":
                books.delete_case(case_id)
            else:
                _blank(books, duty, case_id, stored.body, now)
            done += 1
    if done:
        log.info("closed cases were let go", duty=duty.name, what=what, cases=done)
    return done


def _blank(books: Books, duty: Duty, case_id: str, body: str, now: datetime) -> None:
    books.blank_case(
        case_id,
        now,
        body=_blanked_case(duty, body, now),
        events={one.event_id: _blanked(duty, duty.events, one.body) for one in books.entries(case_id)},
        wishes={key: _blanked(duty, duty.effects, effect) for key, effect in books.effects_of(case_id)},
    )


def _blanked_case(duty: Duty, body: str, now: datetime) -> str:
    case = blanked(duty.cases.model_validate_json(body), duty.kept)
    return case.model_copy(update={"blanked_at": now}).model_dump_json()


def _blanked(duty: Duty, adapter: TypeAdapter[Any], body: Any) -> str:
    """An event or an effect without its text; nothing is left of one that this version cannot read."""
    try:
        told = adapter.validate_python(body)
    except ValidationError:
        return "{}"
    shown: str = blanked(told, duty.kept).model_dump_json()
    return shown
