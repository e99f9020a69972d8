"""What opens a dialog: buttons of a STAR, the shortcuts, `/star`. Opening waits for Slack, so it happens in a thread of
its own; nothing here must last: a dialog that did not open can be asked for again.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from starbot.blocks import LONG_INPUT
from starbot.core.case import Event
from starbot.core.text import from_slack, plain
from starbot.duties.stars import words
from starbot.duties.stars.door import OF_INITIATOR, Pressed
from starbot.duties.stars.filing import may_complete
from starbot.duties.stars.form import Draft, draft_of, ticket_in
from starbot.duties.stars.model import Deed, Star
from starbot.duties.stars.words import Look
from starbot.errors import ServiceError, ServiceRefused
from starbot.services.roster import Roster
from starbot.services.slack import SlackService

Body = Mapping[str, Any]
_MENTIONED = re.compile(r"<@([UW][A-Z0-9]+)")


class Known(Protocol):
    """The STARs as stored."""

    def by_id(self, case_id: str) -> Star | None:
        """The STAR with this id."""

    def about(self, ticket: int) -> Sequence[Star]:
        """Every STAR about a ticket, the one that changed last first."""


class PageManager(Protocol):
    """Opens the confirmation of a page of the manager on call; nobody is paged by it."""

    def __call__(self, trigger_id: str, ticket: int | None, summary: str) -> None: ...


@dataclass(frozen=True)
class Dialogs:
    """Opens dialogs for whoever may use them; who may not, or comes too late, is told so through the journal."""

    slack: SlackService
    roster: Roster
    known: Known
    submit: Callable[[Event], None]
    now: Callable[[], datetime]
    look: Callable[[], Look]
    page: PageManager
    help_now: Callable[[Body, int | None, str], None]
    """Asks for hands for a ticket, with what is known of it."""

    @property
    def openers(self) -> Mapping[str, Callable[[Body], None]]:
        """What each button opens, by its action id."""
        return {
            words.TRIAGE: self._button("triage"),
            words.RESOLVE: self._button("resolve"),
            words.REOPEN: self._button("reopen"),
            words.ADD_FACTS: self._button("add_facts"),
            words.WITHDRAW: self._button("withdraw"),
            words.SEND_PUBLICLY: self._button("send_publicly"),
            words.COMPLETE: self.complete,
            words.PAGE_MANAGER: self.page_manager,
            words.FILE: self.file,
            words.MORE: self.more,
        }

    # -- the form

    def file(self, body: Body) -> None:
        """`/star`, the shortcut, or the button under a redirect: the empty form, or with the ticket that was
        written behind the command."""
        text = from_slack(str(body.get("text") or ""), {})
        self._open_form(body, Draft(ticket=ticket_in(text) or text.strip()[:100]))

    def file_about(self, body: Body) -> None:
        """The shortcut of a message: the form with its ticket and its words."""
        text = str((body.get("message") or {}).get("text") or "")
        names = {user: known for user in set(_MENTIONED.findall(text)) if (known := self._name(user))}
        self._open_form(body, Draft(ticket=ticket_in(text), reason=from_slack(text, names)[:LONG_INPUT]))

    def _name(self, user: str) -> str:
        """How the people file calls a person: a dialog waits for nobody."""
        return self.roster.known(user, "").name

    def complete(self, body: Body) -> None:
        """*Complete this STAR*: the form with what could be read of the post."""
        star = self._star(body, plain(str(body["actions"][0].get("value"))))
        if star is None:
            return
        if star.is_closed or (star.is_readable and not star.ticket_problem):
            self._say(body, star, words.stale(star, "complete"))
        elif not may_complete(star, body["user"]["id"], self.roster):
            self._press(body, star, "complete")
        else:
            self._open_form(body, draft_of(star.form), star.id)

    def _open_form(self, body: Body, draft: Draft, case_id: str = "") -> None:
        """Who is not known to be a stranger gets the form: it is looked at again when it is sent."""
        user = str((body.get("user") or {}).get("id") or body.get("user_id"))
        view = words.dialogs.file_view(draft, self.look(), case_id=case_id)
        with suppress(ServiceError):
            if not self.slack.member(user).is_whole:
                view = words.dialogs.strangers_cannot_file()
        self.slack.open_view(body["trigger_id"], view)

    # -- a STAR

    def more(self, body: Body) -> None:
        """The menu of what is done less often: its choice says what, and about which STAR."""
        value = str((body["actions"][0].get("selected_option") or {}).get("value"))
        action, _, case_id = plain(value).partition(" ")
        if action == words.HELP_NOW:
            self._help_now(body, case_id)
            return
        deed = {
            words.ASK: "ask",
            words.UNSTAR: "unstar",
            words.ADD_FACTS: "add_facts",
            words.WITHDRAW: "withdraw",
        }.get(action)
        if deed is None:
            self.unknown(body)
        else:
            self._open(body, deed, case_id)  # type: ignore[arg-type]

    def page_manager(self, body: Body) -> None:
        """*Page the manager on call*: shows who would be paged, and asks."""
        star = self._star(body, plain(str(body["actions"][0].get("value"))))
        if star is None:
            return
        if not self._may(star, "page", body["user"]["id"]):
            self._press(body, star, "page")
        elif not star.may_page:
            self._say(body, star, words.stale(star, "page"))
        else:
            self.page(body["trigger_id"], star.form.ticket, words.page_summary(star))

    def _help_now(self, body: Body, case_id: str) -> None:
        star = self._star(body, case_id)
        if star is not None:
            self.help_now(body, star.form.ticket, star.form.reason[:LONG_INPUT])

    def _button(self, deed: Deed) -> Callable[[Body], None]:
        return lambda body: self._open(body, deed, plain(str(body["actions"][0].get("value"))))

    def _open(self, body: Body, deed: Deed, case_id: str) -> None:
        star = self._star(body, case_id)
        if star is None:
            return
        if not self._may(star, deed, body["user"]["id"]):
            self._press(body, star, deed)
        elif not _can(star, deed):
            self._say(body, star, words.stale(star, deed))
        elif deed == "reopen" and (newer := self._open_one(star)) is not None:
            self._say(body, star, words.newer_star(words.thread_link(newer, self.look())))
        else:
            self.slack.open_view(body["trigger_id"], self._view(star, deed))

    def _open_one(self, star: Star) -> Star | None:
        """The STAR that is open for the ticket of one that has ended."""
        ticket = star.form.ticket
        rivals = self.known.about(ticket) if ticket is not None else ()
        return next((one for one in rivals if one.claim and one.id != star.id), None)

    def _may(self, star: Star, deed: Deed, user: str) -> bool:
        return star.form.initiator == user if deed in OF_INITIATOR else self.roster.manager(user) is not None

    def _view(self, star: Star, deed: Deed) -> dict[str, Any]:
        views: Mapping[str, Callable[[], dict[str, Any]]] = {
            "triage": lambda: words.dialogs.triage_view(star, self.look()),
            "ask": lambda: words.dialogs.ask_view(star),
            "resolve": lambda: words.dialogs.resolve_view(star),
            "unstar": lambda: words.dialogs.unstar_view(star, self.look()),
            "reopen": lambda: words.dialogs.reopen_view(star),
            "add_facts": lambda: words.dialogs.facts_view(star),
            "withdraw": lambda: words.dialogs.withdraw_view(star),
            "send_publicly": lambda: words.dialogs.send_publicly_view(star),
        }
        return views[deed]()

    def _star(self, body: Body, case_id: str) -> Star | None:
        star = self.known.by_id(case_id)
        if star is None:
            self._answer(body, words.no_such_star())
        elif star.blanked_at is not None:
            self._answer(body, words.long_closed())
            return None
        return star

    # -- answers

    def unknown(self, body: Body) -> None:
        """A button that we do not know."""
        self._answer(body, words.no_such_button())

    def stranger(self, body: Body) -> None:
        """Somebody of another workspace did something."""
        self._answer(body, words.strangers())

    def _answer(self, body: Body, text: str) -> None:
        """A word to one person where they are; where that is nowhere, there is nobody to tell."""
        channel = (body.get("channel") or {}).get("id") or body.get("channel_id")
        user = (body.get("user") or {}).get("id") or body.get("user_id")
        if channel and user:
            with suppress(ServiceRefused):
                self.slack.ephemeral(channel, user, text)

    def _say(self, body: Body, star: Star, text: str) -> None:
        channel = str((body.get("channel") or {}).get("id") or star.place)
        thread_ts = star.root.ts if star.root and channel == star.root.channel else None
        self.slack.ephemeral(channel, body["user"]["id"], text, thread_ts)

    def _press(self, body: Body, star: Star, deed: Deed) -> None:
        user = body["user"]["id"]
        self.submit(
            Pressed(id=f"click:{body['trigger_id']}", at=self.now(), case_id=star.id, deed=deed, user=user)
        )


def _can(star: Star, deed: Deed) -> bool:
    """Whether the STAR is in a state in which this means something."""
    if deed == "send_publicly":
        return star.public_text is not None
    return star.is_ended if deed == "reopen" else not star.is_closed
