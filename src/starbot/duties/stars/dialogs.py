"""The buttons of a STAR that open a dialog. Opening waits for Slack, so it happens in a thread of its own;
nothing here must last: a dialog that did not open can be asked for again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from starbot.core.case import Event
from starbot.core.text import plain
from starbot.duties.stars import words
from starbot.duties.stars.door import Pressed
from starbot.duties.stars.model import Deed, Star
from starbot.services.roster import Roster
from starbot.services.slack import SlackService


class ById(Protocol):
    """The STARs as stored."""

    def by_id(self, case_id: str) -> Star | None:
        """The STAR with this id."""


@dataclass(frozen=True)
class Dialogs:
    """Opens dialogs for managers; whoever may not, or comes too late, is told so through the journal."""

    slack: SlackService
    roster: Roster
    known: ById
    submit: Callable[[Event], None]
    now: Callable[[], datetime]

    def resolve(self, body: Mapping[str, Any]) -> None:
        """*Resolve*: asks for next step, owner, and when the customer hears."""
        star = self._open_star(body, "resolve")
        if star is not None and star.resolution is None:
            self.slack.open_view(body["trigger_id"], words.resolve_view(star.id, star.form.ticket))
        elif star is not None:
            self._say(body, star, "resolve")

    def send_publicly(self, body: Mapping[str, Any]) -> None:
        """*Send publicly*: shows what the customer would read, and asks."""
        star = self._open_star(body, "send_publicly")
        if star is not None and star.public_text is not None:
            self.slack.open_view(body["trigger_id"], words.send_publicly_view(star))
        elif star is not None:
            self._say(body, star, "send_publicly")

    def _open_star(self, body: Mapping[str, Any], deed: Deed) -> Star | None:
        star = self.known.by_id(plain(str(body["actions"][0].get("value"))))
        if star is None:
            return None
        if self.roster.manager(body["user"]["id"]) is None:
            self._press(body, star, deed)
            return None
        return star

    def _say(self, body: Mapping[str, Any], star: Star, deed: Deed) -> None:
        self.slack.ephemeral(star.root.channel, body["user"]["id"], words.stale(star, deed), star.root.ts)

    def _press(self, body: Mapping[str, Any], star: Star, deed: Deed) -> None:
        user = body["user"]["id"]
        self.submit(
            Pressed(id=f"click:{body['trigger_id']}", at=self.now(), case_id=star.id, deed=deed, user=user)
        )
