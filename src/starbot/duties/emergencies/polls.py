"""How emergencies are seen where no webhook tells of them: their service is asked for its open incidents.

One call a turn, open emergencies or not, and one more for each that is no longer among the open ones. Where webhooks
tell, a turn is made once after the start, for what they told of before.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from starbot.core.case import Event
from starbot.core.facts import Incident
from starbot.core.text import marker
from starbot.duties.emergencies.deeds import IncidentTold
from starbot.duties.emergencies.model import Emergency
from starbot.errors import ServiceDelayed, ServiceRefused
from starbot.services.pagerduty import PagerDutyService

log = structlog.get_logger("starbot.emergencies")


@dataclass
class OpenEmergencies:
    """Looks at the open incidents of the services for emergencies and for their backup pool."""

    pagerduty: PagerDutyService
    services: Callable[[], Sequence[str]]
    known: Callable[[], Sequence[Emergency]]
    submit: Callable[[Event], None]
    now: Callable[[], datetime]
    silent_since: datetime | None = field(default=None, init=False)
    """When PagerDuty answered last, while it does not."""
    _answered: datetime | None = field(default=None, init=False)
    _told: dict[str, Incident] = field(default_factory=dict, init=False)
    """What was told last of those that are no emergency of ours: a page of the backup pool for another ticket."""

    def __call__(self) -> int:
        """Submits what is new; answers how much that was. ServiceDelayed if PagerDuty is silent."""
        at = self.now()
        try:
            seen = self._look()
        except (ServiceDelayed, ServiceRefused) as error:
            self.silent_since = self.silent_since or self._answered or at
            if isinstance(error, ServiceRefused):
                log.warning("the open emergencies cannot be read", error=str(error))
                return 0
            raise
        self._answered, self.silent_since = at, None
        for incident in seen:
            self.submit(told(incident, at))
        self._told |= {incident.id: incident for incident in seen}
        return len(seen)

    def _look(self) -> list[Incident]:
        services = list(self.services())
        if not services:
            raise ServiceDelayed("pagerduty", "find the service of emergencies")
        listed = {one.id: one for one in self.pagerduty.open_incidents(services)}
        before = {case.incident.id: case.incident for case in self.known()}
        before |= {case.backup.id: case.backup for case in self.known() if case.backup is not None}
        gone = [self._ended(one) for one in before.values() if one.is_open and one.id not in listed]
        self._told = {id_: one for id_, one in self._told.items() if id_ in listed}
        before = self._told | before
        found = [*listed.values(), *(one for one in gone if one is not None)]
        return [one for one in found if one.id not in before or one.differs(before[one.id])]

    def _ended(self, known: Incident) -> Incident | None:
        """What is not among the open ones any more, as it is; deleted means over."""
        try:
            return self.pagerduty.incident(known.id)
        except ServiceRefused as no:
            if no.reason == "not_found":
                return known.model_copy(update={"status": "resolved"})
            log.warning("an emergency cannot be read", incident=known.number, error=str(no))
            return None


def told(incident: Incident, at: datetime) -> IncidentTold:
    """The event of a look at an incident."""
    return IncidentTold(
        id=f"emergency-look:{incident.id}:{marker(incident.model_dump_json())}:{at.timestamp():.3f}",
        at=at,
        incident=incident,
    )
