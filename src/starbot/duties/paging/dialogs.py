"""What comes before a page: `/star-page`, its dialog, and the confirmation that shows who would be paged.

Nothing here pages. It asks PagerDuty and Zendesk while a dialog says so, in a thread of its own; what is lost here is
asked again by whoever wanted it. Kept is only that somebody without the right was told no.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starbot.blocks import answer, metadata, read_ticket, sent
from starbot.core.case import Event
from starbot.core.hours import Region, is_weekend_shift
from starbot.core.text import plain
from starbot.duties.paging import slack as door
from starbot.duties.paging import words
from starbot.duties.paging.deeds import NoRight
from starbot.duties.paging.model import Purpose
from starbot.duties.paging.words import Doubt, Draft, Look, Preview
from starbot.errors import ServiceDelayed, ServiceRefused
from starbot.services.pagerduty import PagerDutyService
from starbot.services.roster import Roster
from starbot.services.slack import SlackService
from starbot.services.zendesk import ZendeskService

Body = Mapping[str, Any]
GoOn = Callable[[str, str, int, str, str], None]
"""Goes on in the dialog that was sent: which, by whom, ticket, summary, where it was asked."""

BACKUP_REGION = "APAC"


@dataclass(frozen=True)
class PageDialogs:
    """Opens the dialogs of a page for whoever may page."""

    slack: SlackService
    pagerduty: PagerDutyService
    zendesk: ZendeskService
    roster: Roster
    now: Callable[[], datetime]
    look: Callable[[], Look]
    service_ids: Callable[[], Mapping[str, str]]
    policy_of: Callable[[Purpose], str | None]
    """The escalation policy that a page of this purpose goes to, if it is known."""
    emergency_services: Callable[[], Sequence[str]]
    """The services whose open incidents are emergencies."""
    regions: Sequence[Region]
    others: Mapping[str, GoOn]
    """What else the dialog offers (`Look.others`), by value."""
    submit: Callable[[Event], None]

    def command(self, body: Body) -> dict[str, Any] | None:
        """`/star-page`: an answer to words that are not understood; None where a dialog opens."""
        text = plain(str(body.get("text") or "")).strip()
        wanted = door.read_command(text) or door.Wanted("", None, "", "")
        if text and not wanted.purpose:
            return {"response_type": "ephemeral", "text": words.helped(self.look())}
        if self.roster.manager(str(body["user_id"])) is None:
            self._refuse(f"command:{body['trigger_id']}", str(body["user_id"]), wanted)
            return {"response_type": "ephemeral", "text": words.problem("no_right")}
        if self._lacks_help(wanted.purpose):
            said = f"{words.problem('no_help')} {words.helped(self.look())}"
            return {"response_type": "ephemeral", "text": said}
        return None

    def _lacks_help(self, purpose: str) -> bool:
        """Whether help is asked of a level that the settings do not name."""
        return purpose == "help" and purpose not in self.look().services

    def open(self, body: Body) -> None:
        """The dialog behind `/star-page`; where all is said already, the confirmation at once."""
        channel = str(body.get("channel_id") or "")
        wanted = door.read_command(plain(str(body.get("text") or "")))
        if wanted is None or not wanted.purpose:
            self.slack.open_view(body["trigger_id"], words.ask_view(self.look(), channel=channel))
        elif not wanted.summary or (wanted.ticket is None and wanted.purpose in door.WANT_A_TICKET):
            view = words.ask_view(self.look(), wanted.purpose, wanted.ticket_raw, wanted.summary, channel)
            self.slack.open_view(body["trigger_id"], view)
        else:
            self._open_filled(
                body["trigger_id"], Draft(wanted.purpose, wanted.ticket, wanted.summary, channel)
            )

    def open_for(self, purpose: Purpose, trigger_id: str, ticket: int | None, summary: str) -> None:
        """The confirmation of a page from where all is known, such as an emergency or a STAR; where a ticket is
        needed and not known, the dialog that asks for it."""
        if ticket is None and purpose in door.WANT_A_TICKET:
            self.slack.open_view(trigger_id, words.ask_view(self.look(), purpose, "", summary))
        else:
            self._open_filled(trigger_id, Draft(purpose, ticket, summary, ""))

    def _open_filled(self, trigger_id: str, draft: Draft) -> None:
        view_id = self.slack.open_view(trigger_id, words.looking())
        self.slack.answer_dialog(view_id, self._confirmation(draft))

    def follow(self, body: Body) -> None:
        """The dialog was sent: shows who would be paged, and asks."""
        view = body["view"]
        channel = str(metadata(view).get("channel") or "")
        ticket, summary = answer(view, "ticket"), answer(view, "summary")
        chosen, number = answer(view, "purpose"), read_ticket(ticket)
        if chosen in self.others and number is not None:
            self.others[chosen](sent(view), body["user"]["id"], number, summary, channel)
            return
        purpose = door.read_purpose(chosen)
        if purpose is None:
            return
        draft = Draft(purpose, number, summary, channel)
        if self.roster.manager(body["user"]["id"]) is None:
            wanted = door.Wanted(purpose, draft.ticket, ticket, summary)
            self._refuse(f"dialog:{view['id']}", body["user"]["id"], wanted)
            self.slack.answer_dialog(sent(view), words.refusal("no_right"))
        else:
            self.slack.answer_dialog(sent(view), self._confirmation(draft))

    def _refuse(self, what: str, user: str, wanted: door.Wanted) -> None:
        asked = {"purpose": wanted.purpose, "ticket": wanted.ticket, "summary": wanted.summary}
        self.submit(NoRight(id=f"page-tried:{what}", at=self.now(), user=user, **asked))

    def _confirmation(self, draft: Draft) -> dict[str, Any]:
        if draft.ticket is not None and not self._exists(draft.ticket):
            return words.refusal("no_such_ticket")
        if self._lacks_help(draft.purpose):
            return words.refusal("no_help")
        if draft.purpose not in self.service_ids():
            return words.refusal("not_set_up")
        return words.confirm_view(draft, self._preview(draft), self.look())

    def _exists(self, ticket: int) -> bool:
        """Whether Zendesk knows the ticket; where it does not tell, it is taken for granted."""
        try:
            self.zendesk.ticket(ticket)
        except ServiceRefused as no:
            return no.reason != "not_found"
        except ServiceDelayed:
            return True
        return True

    def _preview(self, draft: Draft) -> Preview:
        """What PagerDuty tells of it; it is asked no further once it does not answer."""
        doubts: list[Doubt] = []
        people: list[str] = []
        if draft.purpose == "backup" and not is_weekend_shift(self.now(), BACKUP_REGION, self.regions):
            doubts.append("not_the_hours")
        try:
            people = self._people(draft.purpose)
            doubts += [] if people else ["nobody_there"]
            doubts += ["renamed"] if self._is_renamed(draft.purpose) else []
            doubts += ["no_other_emergency"] if self._is_alone(draft) else []
        except (ServiceDelayed, ServiceRefused):
            doubts += [] if people else ["pool_unknown"]
        return Preview(people, doubts, self.now())

    def _people(self, purpose: Purpose) -> list[str]:
        policy_id = self.policy_of(purpose)
        if policy_id is None:
            raise ServiceRefused("pagerduty", "policy_missing", "ask who is on call")
        return [person.name for person in self.pagerduty.first_on_call(policy_id)]

    def _is_renamed(self, purpose: Purpose) -> bool:
        """Whether PagerDuty has nothing under our name any more; the id that it had goes on to be used."""
        look = self.look()
        name = look.services[purpose]
        if name not in self.pagerduty.service_ids([name]):
            return True
        policy = look.policies.get(purpose, "")
        return bool(policy) and policy not in self.pagerduty.policy_ids([policy])

    def _is_alone(self, draft: Draft) -> bool:
        """Whether no other emergency is open, so that nobody need stand in."""
        if draft.purpose != "backup":
            return False
        others = self.pagerduty.open_incidents(list(self.emergency_services()))
        own = re.compile(rf"(?<!\d){draft.ticket}(?!\d)")
        return all(own.search(one.title) for one in others)
