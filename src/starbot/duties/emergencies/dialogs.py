"""*Page the backup pool* and *I need help*: the confirmation of a page, filled from the emergency; and
`/star emergencies`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Literal, Protocol

from starbot.core.case import Event
from starbot.core.text import from_slack
from starbot.duties.emergencies import slack as door
from starbot.duties.emergencies import words
from starbot.duties.emergencies.deeds import Known
from starbot.duties.emergencies.model import Emergency, Refused
from starbot.duties.emergencies.words import Look
from starbot.engine.database import DATABASE_AWAY
from starbot.services.roster import Roster
from starbot.services.slack import SlackService

Body = Mapping[str, Any]
Whom = Literal["backup", "help"]


class KnownById(Known, Protocol):
    """The emergencies as stored, each by its id too."""

    def by_id(self, case_id: str) -> Emergency | None:
        """The emergency with this id."""


class PageFilled(Protocol):
    """Opens the confirmation of a page; nobody is paged by it."""

    def __call__(self, purpose: Whom, trigger_id: str, ticket: int | None, summary: str) -> None: ...


@dataclass(frozen=True)
class EmergencyDialogs:
    """What a press or a command opens or answers."""

    slack: SlackService
    roster: Roster
    known: KnownById
    now: Callable[[], datetime]
    look: Callable[[], Look]
    page: PageFilled
    watching: Callable[[], str]
    submit: Callable[[Event], None]

    @property
    def openers(self) -> Mapping[str, Callable[[Body], None]]:
        """What each button opens, by its action id."""
        return {words.PAGE: partial(self._open_page, "backup"), words.HELP: partial(self._open_page, "help")}

    def _open_page(self, whom: Whom, body: Body) -> None:
        """Shows who would be paged, and asks."""
        case_id, _ = door.read_value(body["actions"][0])
        case = self.known.by_id(case_id)
        user = str(body["user"]["id"])
        if case is None or not case.is_open:
            self.slack.ephemeral(str(body["channel"]["id"]), user, words.refusal_over())
        elif self.roster.manager(user) is None:
            self.submit(Refused(id=f"click:{body['trigger_id']}", at=self.now(), case_id=case.id, user=user))
        else:
            said = words.call_for_help if whom == "help" else words.summary_of
            self.page(whom, body["trigger_id"], case.ticket, said(case.incident.title))

    def command(self, body: Body) -> dict[str, Any] | None:
        """`/star emergencies`, from the store; None for every other word."""
        if from_slack(str(body.get("text") or ""), {}).strip().lower() != "emergencies":
            return None
        user = str(body["user_id"])
        if self.roster.manager(user) is None and self.roster.engineer(user) is None:
            return words.listed_for_staff_only()
        try:
            cases = sorted(self.known.open(), key=lambda case: case.incident.created_at)
        except DATABASE_AWAY:
            return words.cannot_look()
        return words.listed(cases, self.now(), self.look(), self.watching())
