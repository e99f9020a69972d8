"""What opens for a compromised instance: `/star-page compromised`, *Talking points*, and the macro with what it would
do. Opening waits for Slack and Zendesk, in a thread of its own; nothing of it must last.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starbot.core.case import Event
from starbot.core.text import plain
from starbot.duties.compromised import slack as door
from starbot.duties.compromised import words
from starbot.duties.compromised.deeds import Known, Reported
from starbot.duties.compromised.model import Compromise, Refused
from starbot.duties.compromised.words import Look
from starbot.errors import ServiceError, ServiceRefused
from starbot.services.roster import Roster
from starbot.services.slack import SlackService
from starbot.services.zendesk import ZendeskService

Body = Mapping[str, Any]


@dataclass(frozen=True)
class CompromisedDialogs:
    """Opens dialogs for managers and for whoever reported it."""

    slack: SlackService
    zendesk: ZendeskService
    roster: Roster
    known: Known
    now: Callable[[], datetime]
    look: Callable[[], Look]
    macro_titles: tuple[str, ...]
    submit: Callable[[Event], None]

    @property
    def openers(self) -> Mapping[str, Callable[[Body], None]]:
        """What each button opens, by its action id."""
        return {words.POINTS: self.open_points, words.MACRO: self.open_macro}

    # -- /star-page compromised

    def is_meant(self, body: Body) -> bool:
        """Whether `/star-page` was written with our word."""
        return door.read_command(str(body.get("text") or "")) is not None

    def command(self, body: Body) -> dict[str, Any] | None:
        """Records what was said whole; None where a dialog must ask for the rest."""
        wanted = door.read_command(str(body.get("text") or ""))
        user = str(body["user_id"])
        may = self.roster.manager(user) is not None or self.roster.engineer(user) is not None
        if wanted is None or (may and (wanted.ticket is None or not wanted.summary)):
            return None
        about = {"user": user, "ticket": wanted.ticket, "summary": wanted.summary}
        self.submit(Reported(id=f"command:{body['trigger_id']}", at=self.now(), **about))
        return words.on_its_way()

    def open(self, body: Body) -> None:
        """The dialog that asks for what the command did not say."""
        wanted = door.read_command(str(body.get("text") or "")) or door.Wanted(None, "", "")
        self.slack.open_view(body["trigger_id"], words.report_view(wanted.ticket_raw, wanted.summary))

    # -- the buttons

    def open_points(self, body: Body) -> None:
        """*Talking points*: managers may change them, whoever reported it reads them."""
        case = self._case(body)
        if case is not None:
            may_edit = self.roster.manager(body["user"]["id"]) is not None
            self.slack.open_view(body["trigger_id"], words.points_view(case, self.look(), may_edit))

    def open_macro(self, body: Body) -> None:
        """What the macro would do to the ticket; nothing is done yet."""
        case = self._case(body)
        if case is not None and case.ticket is not None:
            view_id = self.slack.open_view(body["trigger_id"], words.looking())
            self.slack.answer_dialog(view_id, self._preview(case, case.ticket))

    def _preview(self, case: Compromise, ticket: int) -> dict[str, Any]:
        try:
            macro_id = self.zendesk.macro_id(self.macro_titles)
            if self.zendesk.ticket(ticket).status == "closed":
                return words.no_macro("closed", self.look())
            return words.macro_view(case, self.zendesk.preview_macro(ticket, macro_id), self.look())
        except ServiceRefused as no:
            return words.no_macro(no.reason, self.look())
        except ServiceError:
            return words.no_macro("silent", self.look())

    def _case(self, body: Body) -> Compromise | None:
        """The record of a button, for whoever may; who may not is told so through the journal."""
        case = self.known.by_id(plain(str(body["actions"][0].get("value"))))
        user = str(body["user"]["id"])
        if case is None:
            self.slack.ephemeral(str(body["channel"]["id"]), user, words.no_such_record())
            return None
        if self.roster.manager(user) is None and case.reporter(user) is None:
            refused = Refused(id=f"click:{body['trigger_id']}", at=self.now(), case_id=case.id, user=user)
            self.submit(refused)
            return None
        if case.status == "closed":
            self.slack.ephemeral(str(body["channel"]["id"]), user, words.over(case, self.look()))
            return None
        return case
