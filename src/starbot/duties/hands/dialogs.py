"""What comes before a request for hands: `/star-page`, the shortcut, the menu of a STAR, a manager's message; the
dialog that says what it does; and the one in which the engineer on call tells the manager.

Nothing here asks anybody. It reads the ticket while a dialog says so, in a thread of its own; what is lost here is
asked again by whoever wanted it. Kept is only that somebody without the right was told no, and that a manager looked.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from starbot.blocks import answer, metadata, read_ticket, sent
from starbot.core.case import Event
from starbot.core.hours import Region, is_weekend
from starbot.core.text import plain
from starbot.duties.hands import words
from starbot.duties.hands.deeds import NoRight, Opened
from starbot.duties.hands.model import Request
from starbot.duties.hands.slack import Listener, Wanted
from starbot.duties.hands.words import Draft, Look
from starbot.errors import ServiceDelayed, ServiceRefused
from starbot.services.roster import Roster
from starbot.services.slack import SlackService
from starbot.services.zendesk import ZendeskService

Body = Mapping[str, Any]
MERGED = "closed_by_merge"
"""The tag that Zendesk puts on a ticket that was merged into another."""


class Known(Protocol):
    """The requests as stored."""

    def by_id(self, case_id: str) -> Request | None:
        """The request with this id."""


class PageFilled(Protocol):
    """Opens the confirmation of a page of the backup pool; nobody is paged by it."""

    def __call__(self, trigger_id: str, ticket: int | None, summary: str) -> None: ...


@dataclass(frozen=True)
class Pages:
    """What is done about pages: the answer to their words behind `/star-page`, their dialog, and their confirmation
    for the backup pool."""

    command: Callable[[Body], dict[str, Any] | None]
    open: Callable[[Body], None]
    backup: PageFilled


@dataclass(frozen=True)
class HandsDialogs:
    """Opens the dialogs for whoever may ask: a manager for hands, the engineer on call for the manager."""

    slack: SlackService
    zendesk: ZendeskService
    roster: Roster
    known: Known
    listener: Listener
    now: Callable[[], datetime]
    look: Callable[[], Look]
    regions: Sequence[Region]
    pages: Pages
    submit: Callable[[Event], None]

    # -- /star-page, and the shortcut

    def command(self, body: Body) -> dict[str, Any] | None:
        """`/star-page`: an answer to whoever may not; None where a dialog opens."""
        text, user = str(body.get("text") or ""), str(body["user_id"])
        wanted = self.listener.read_command(text)
        if wanted is None:
            return None if self._only_calls(text, user) else self.pages.command(body)
        if self._is_manager(user) or self._is_engineer(user):
            return None
        self._refuse(f"command:{body['trigger_id']}", user, wanted)
        return words.refused("no_right")

    def open(self, body: Body) -> None:
        """The dialog behind `/star-page`."""
        text, user = str(body.get("text") or ""), str(body["user_id"])
        wanted = self.listener.read_command(text)
        if wanted is None and not self._only_calls(text, user):
            self.pages.open(body)
            return
        what, ticket, summary = wanted or Wanted("hands", "", "")
        draft = Draft(ticket, summary, str(body.get("channel_id") or ""))
        if not self._is_manager(user) or what == "compromised":
            self._open_call(body["trigger_id"], draft, what)
        elif what == "another":
            self.pages.backup(body["trigger_id"], read_ticket(ticket), summary)
        else:
            self._open_ask(body["trigger_id"], draft)

    def shortcut(self, body: Body) -> None:
        """*Tell the manager on call*: the engineer's dialog; for a manager the one of `/star-page`."""
        user = str(body["user"]["id"])
        if self._is_manager(user):
            self.pages.open(body)
        elif self._is_engineer(user):
            self._open_call(body["trigger_id"], Draft(), "hands")
        else:
            self._refuse(f"shortcut:{body['trigger_id']}", user, None)
            self.slack.open_view(body["trigger_id"], words.refusal("no_right"))

    def help_now(self, body: Body, ticket: int | None, summary: str) -> None:
        """*Needs help now* in the menu of a STAR's card."""
        user = str(body["user"]["id"])
        asked = Wanted("hands", "" if ticket is None else f"ZD#{ticket}", summary)
        draft = Draft(asked.ticket, summary, str((body.get("channel") or {}).get("id") or ""))
        if self._is_manager(user):
            self._open_ask(body["trigger_id"], draft)
        elif self._is_engineer(user):
            self._open_call(body["trigger_id"], draft, "hands")
        else:
            self._refuse(f"click:{body['trigger_id']}", user, asked)
            self.slack.open_view(body["trigger_id"], words.refusal("no_right"))

    def _only_calls(self, text: str, user: str) -> bool:
        """`/star-page` alone, by the engineer on call."""
        return not plain(text).strip() and self._is_engineer(user) and not self._is_manager(user)

    def _open_call(self, trigger_id: str, draft: Draft, what: str) -> None:
        self.slack.open_view(trigger_id, words.call_view(draft, what, self._is_weekend()))

    def _open_ask(self, trigger_id: str, draft: Draft) -> None:
        """Where all is said already, what it does is shown at once."""
        ticket = read_ticket(draft.ticket)
        if ticket is None or not draft.summary:
            self.slack.open_view(trigger_id, words.ask_view(draft))
            return
        view_id = self.slack.open_view(trigger_id, words.looking())
        self.slack.answer_dialog(view_id, self._confirmation(draft, ticket))

    # -- what follows a dialog

    def follow(self, body: Body) -> None:
        """The ticket and the summary were given: shows what happens, and asks."""
        view = body["view"]
        about, ticket = metadata(view), read_ticket(answer(view, "ticket"))
        if ticket is not None:
            self.go_on(
                sent(view),
                body["user"]["id"],
                ticket,
                answer(view, "summary"),
                str(about.get("channel") or ""),
            )

    def go_on(self, view: str, user: str, ticket: int, summary: str, channel: str) -> None:
        """The same in a dialog that was sent elsewhere."""
        draft = Draft(f"ZD#{ticket}", summary, channel)
        if self._is_manager(user):
            self.slack.answer_dialog(view, self._confirmation(draft, ticket))
        else:
            self._refuse(f"dialog:{view}", user, Wanted("hands", draft.ticket, summary))
            self.slack.answer_dialog(view, words.refusal("no_right"))

    def go_on_compromised(self, view: str, user: str, ticket: int, summary: str, channel: str) -> None:
        """A manager chose *A compromised instance*: nothing is told before they send it."""
        draft = Draft(f"ZD#{ticket}", summary, channel)
        shown = words.call_view(draft, "compromised", self._is_weekend())
        self.slack.answer_dialog(view, shown)

    def _confirmation(self, draft: Draft, ticket: int) -> dict[str, Any]:
        problem = self._problem(ticket)
        if problem:
            return words.refusal(problem)
        return words.confirm_view(draft, ticket, self.look(), self._is_weekend(), self.roster.engineers())

    def _problem(self, ticket: int) -> str:
        """Why hands cannot be asked for; "" where they can, or Zendesk does not say."""
        try:
            found = self.zendesk.ticket(ticket)
        except ServiceRefused as no:
            return "no_such_ticket" if no.reason == "not_found" else ""
        except ServiceDelayed:
            return ""
        if found.status != "closed":
            return ""
        return "merged" if MERGED in found.tags else "closed"

    # -- at a manager's message

    def ask_at_desk(self, body: Body) -> None:
        """*Ask for hands*."""
        case = self._at_desk(body)
        if case is not None:
            draft = Draft(f"ZD#{case.ticket}", case.summary, "", case.id)
            self._open_ask(body["trigger_id"], draft)

    def page_at_desk(self, body: Body) -> None:
        """*Page the backup pool*: shows who would be paged, and asks."""
        case = self._at_desk(body)
        if case is not None:
            self.pages.backup(body["trigger_id"], case.ticket, case.summary)

    def _at_desk(self, body: Body) -> Request | None:
        """The request that a manager looks at, which the engineer hears; None for whoever may not, or too late."""
        user, case = str(body["user"]["id"]), self.known.by_id(plain(str(body["actions"][0].get("value"))))
        if case is None or case.status != "asked":
            self.slack.ephemeral(str(body["channel"]["id"]), user, words.problem("gone"))
            return None
        self.submit(Opened(id=f"click:{body['trigger_id']}", at=self.now(), case_id=case.id, user=user))
        return case if self._is_manager(user) else None

    # -- rights

    def _is_manager(self, user: str) -> bool:
        return self.roster.manager(user) is not None

    def _is_engineer(self, user: str) -> bool:
        return self.roster.engineer(user) is not None

    def _refuse(self, what: str, user: str, wanted: Wanted | None) -> None:
        self.submit(
            NoRight(
                id=f"hands-tried:{what}",
                at=self.now(),
                what=wanted.what if wanted else "",
                ticket=(read_ticket(wanted.ticket) if wanted else None) or 0,
                summary=wanted.summary if wanted else "",
                user=user,
            )
        )

    def _is_weekend(self) -> bool:
        return is_weekend(self.now(), self.regions)
