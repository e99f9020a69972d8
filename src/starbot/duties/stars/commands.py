"""`/star`: looking up is answered at once from the store, in the acknowledgement itself; filing opens a dialog."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple, Protocol

from pydantic import BaseModel

from starbot.core.text import from_slack
from starbot.duties.stars.form import ticket_in
from starbot.duties.stars.model import Star
from starbot.duties.stars.words import Look, lookup
from starbot.duties.stars.words.history import Line
from starbot.engine.database import DATABASE_AWAY
from starbot.services.roster import Roster

_LATEST = datetime.max.replace(tzinfo=UTC)


class Outline(NamedTuple):
    """An open STAR as far as the order of the list needs it; the rest is read for the rows that are shown."""

    deadline: datetime | None
    initiator: str | None
    body: str

    @property
    def star(self) -> Star:
        """All of it."""
        return Star.model_validate_json(self.body)


class _OutlineOfForm(BaseModel):
    initiator: str | None = None


class _OutlineOfStar(BaseModel):
    deadline: datetime | None = None
    form: _OutlineOfForm


def outline(body: str) -> Outline:
    """The outline of a STAR as it is stored: reading a few fields of thousands is quick, reading them all is not."""
    found = _OutlineOfStar.model_validate_json(body)
    return Outline(found.deadline, found.form.initiator, body)


class Known(Protocol):
    """The STARs as stored."""

    def open(self) -> Sequence[Outline]:
        """The STARs that have not ended."""

    def about(self, ticket: int) -> Sequence[Star]:
        """Every STAR about a ticket, the one that changed last first."""

    def history(self, star: Star) -> Sequence[Line]:
        """What happened to a STAR, the oldest first."""


@dataclass(frozen=True)
class StarCommand:
    """What `/star` answers; None where it opens the dialog."""

    known: Known
    roster: Roster
    look: Callable[[], Look]

    def __call__(self, body: Mapping[str, Any]) -> dict[str, Any] | None:
        """The answer that Slack shows to whoever wrote the command."""
        try:
            return self._answer(body)
        except DATABASE_AWAY:
            return lookup.cannot_look()

    def _answer(self, body: Mapping[str, Any]) -> dict[str, Any] | None:
        text = from_slack(str(body.get("text") or ""), {}).strip()
        word, rest = (*text.split(maxsplit=1), "", "")[:2]
        user = str(body["user_id"])
        if word.lower() == "list":
            return self._list(user, rest)
        if word.lower() == "show":
            return self._show(user, rest)
        if not word or ticket_in(text):
            return None
        unknown = "" if word.lower() == "help" else text
        return lookup.helped(unknown, self._is_manager(user), self.look())

    def _is_manager(self, user: str) -> bool:
        return self.roster.manager(user) is not None

    def _may_see(self, user: str, stars: Sequence[Star]) -> Sequence[Star]:
        if self._is_manager(user):
            return stars
        return [star for star in stars if star.form.initiator == user]

    def _list(self, user: str, rest: str) -> dict[str, Any]:
        is_manager = self._is_manager(user)
        mine = [one for one in self.known.open() if is_manager or one.initiator == user]
        mine.sort(key=lambda one: one.deadline or _LATEST)
        pages = max(1, -(-len(mine) // lookup.PAGE))
        page = min(int(rest), pages) if rest.isascii() and rest.isdigit() and 0 < len(rest) < 6 else 1
        page = max(page, 1)
        on_it = [one.star for one in mine[(page - 1) * lookup.PAGE : page * lookup.PAGE]]
        return lookup.listed(on_it, page, len(mine), is_manager, self.look())

    def _show(self, user: str, rest: str) -> dict[str, Any]:
        ticket = ticket_in(rest)
        if not ticket:
            return lookup.which_ticket(rest)
        is_manager = self._is_manager(user)
        found = self._may_see(user, self.known.about(int(ticket)))
        if not found:
            return lookup.none_about(int(ticket), is_manager)
        first = next((star for star in found if not star.is_closed), found[0])
        others = [star for star in found if star.id != first.id]
        return lookup.shown(first, others, self.known.history(first), self.look())
