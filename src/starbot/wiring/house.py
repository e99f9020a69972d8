"""What every duty is made from: the services, what is stored, who may what, and what the organisation decided."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime

from starbot.core.case import Event
from starbot.core.hours import Region
from starbot.engine.memory import StoreMemory
from starbot.services.gitlab import GitLabService
from starbot.services.pagerduty import PagerDutyService
from starbot.services.roster import Roster
from starbot.services.slack import SlackService
from starbot.services.zendesk import ZendeskService
from starbot.settings import Settings
from starbot.stored import StoredCompromises, StoredEmergencies, StoredHands, StoredPages, StoredStars
from starbot.wiring.directory import Directory


@dataclass(frozen=True)
class House:
    """Handed to every room of this folder."""

    settings: Settings
    slack: SlackService
    gitlab: GitLabService
    zendesk: ZendeskService
    pagerduty: PagerDutyService
    memory: StoreMemory
    stars: StoredStars
    pages: StoredPages
    emergencies: StoredEmergencies
    compromises: StoredCompromises
    requests: StoredHands
    roster: Roster
    directory: Directory
    now: Callable[[], datetime]
    submit: Callable[[Event], None]
    turn: Callable[[str], AbstractContextManager[None]]
    """Waits until nobody is at something, in this bot or in another on the same database."""

    @property
    def regions(self) -> tuple[Region, ...]:
        """Where managers are, and when."""
        return tuple(Region(r.name, r.zone, r.opens, r.closes) for r in self.settings.region)

    @property
    def ticket_link(self) -> str:
        """Where tickets are, with {ticket} for the number."""
        zendesk = self.settings.zendesk
        return zendesk.ticket_link or f"{self.settings.env.zendesk_url}/agent/tickets/{{ticket}}"

    def channel(self, name: str) -> str:
        """The id of a channel; "" while Slack has not told it."""
        return self.directory.names.channels.get(name, "")

    def group(self, name: str) -> str:
        """The id of a user group; "" while Slack has not told it."""
        return self.directory.names.groups.get(name, "")
