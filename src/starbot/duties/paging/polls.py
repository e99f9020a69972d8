"""How a page goes on, where no webhook tells it: each open page's incident is looked at now and then.

Only while a page is open does this make a call.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from starbot.core.case import Event
from starbot.core.facts import Incident
from starbot.core.text import marker
from starbot.duties.paging.model import IncidentSeen, Page
from starbot.errors import ServiceRefused
from starbot.services.pagerduty import PagerDutyService

log = structlog.get_logger("starbot.paging")


@dataclass(frozen=True)
class OpenPages:
    """Looks at the incidents of open pages."""

    pagerduty: PagerDutyService
    open: Callable[[], Sequence[Page]]
    submit: Callable[[Event], None]
    now: Callable[[], datetime]

    def __call__(self) -> int:
        """Submits what is new; answers how many pages were looked at. ServiceDelayed if PagerDuty is silent."""
        pages = [page for page in self.open() if page.incident is not None]
        for page in pages:
            self._look(page)
        return len(pages)

    def _look(self, page: Page) -> None:
        assert page.incident is not None, "a page without an incident"
        at = self.now()
        try:
            seen = self.pagerduty.incident(page.incident.id)
        except ServiceRefused as no:
            log.warning("the incident of a page cannot be read", page=page.id, error=str(no))
            return
        if seen.differs(page.incident):
            self.submit(seen_at(page.id, seen, at))


def seen_at(case_id: str, incident: Incident, at: datetime) -> IncidentSeen:
    """The event of a look at an incident."""
    return IncidentSeen(
        id=f"look:{incident.id}:{marker(incident.model_dump_json())}:{at.timestamp():.0f}",
        at=at,
        case_id=case_id,
        incident=incident,
    )
