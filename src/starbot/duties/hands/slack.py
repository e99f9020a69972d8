"""Where requests for hands meet Slack: payloads become typed events; an answer that will not do goes back to its
field."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple, TypeAlias

from starbot.blocks import LONG_INPUT, answer, metadata, read_ticket, sent
from starbot.core.case import Event
from starbot.core.text import from_slack, plain
from starbot.duties.hands import words
from starbot.duties.hands.deeds import CallSent, HandsSent, Pressed
from starbot.duties.hands.model import Choice

VIEWS = (words.ASK_VIEW, words.CONFIRM_VIEW, words.CALL_VIEW)
_PRESSED: Mapping[str, Literal["take", "assist", "give_back", "drop"]] = {
    words.TAKE: "take",
    words.ASSIST: "assist",
    words.GIVE_BACK: "give_back",
    words.DROP: "drop",
}

Compromised: TypeAlias = Callable[[str, datetime, str, int, str], Event]
"""What happened (its id), when, by which Slack user, ticket, summary: the event of the duty that takes it."""


class Wanted(NamedTuple):
    """What somebody wrote behind `/star-page`; `ticket` is what stands in its place."""

    what: Choice
    ticket: str
    summary: str


@dataclass(frozen=True)
class Listener:
    """Reads commands, presses and dialogs. `compromised` makes the event of the duty that takes those."""

    compromised: Compromised

    def read_command(self, text: str) -> Wanted | None:
        """`hands ZD#123456 summary`; None for words that are none of ours."""
        word, _, rest = from_slack(plain(text), {}).strip().partition(" ")
        what = self._choice(word.strip().lower())
        if what is None:
            return None
        ticket, _, summary = rest.strip().partition(" ")
        return Wanted(what, ticket, summary.strip())

    def _choice(self, word: str) -> Choice | None:
        return next((one for one in words.CHOICES if one == word), None)

    def from_click(self, body: Mapping[str, Any], at: datetime) -> Pressed | None:
        """*I'll take it*, *I assist*, *Give it back*, *No longer needed*, *Not needed*."""
        action = body["actions"][0]
        what = _PRESSED.get(action["action_id"])
        if what is None:
            return None
        case_id, _, turn = plain(str(action.get("value"))).partition(":")
        return Pressed(
            id=f"click:{body['trigger_id']}",
            at=at,
            case_id=case_id,
            user=body["user"]["id"],
            what=what,
            turn=int(turn) if turn.isdecimal() else 0,
        )

    def objections(self, body: Mapping[str, Any]) -> Mapping[str, str]:
        """What keeps a dialog from being sent, by field."""
        view = body["view"]
        if view["callback_id"] not in VIEWS:
            return {}
        wrong: dict[str, str] = {}
        if not answer(view, "summary"):
            wrong["summary"] = words.problem("no_summary")
        if len(answer(view, "summary")) > LONG_INPUT:
            wrong["summary"] = words.problem("too_long")
        if metadata(view).get("v") != words.VERSION or not self._is_whole(view):
            return {"summary": words.problem("old")}
        if view["callback_id"] != words.CONFIRM_VIEW and read_ticket(answer(view, "ticket")) is None:
            wrong["ticket"] = words.problem("no_ticket")
        return wrong

    def _is_whole(self, view: Mapping[str, Any]) -> bool:
        """Whether it holds what it must: one that stood open for long, or was made up, may not."""
        if view["callback_id"] == words.CONFIRM_VIEW:
            return _ticket(view) > 0
        return view["callback_id"] == words.ASK_VIEW or self._choice(answer(view, "what")) is not None

    def shown_next(self, body: Mapping[str, Any]) -> dict[str, Any] | None:
        """The dialogs stay open: what became of it is shown there."""
        view = body["view"]
        if view["callback_id"] not in VIEWS:
            return None
        if view["callback_id"] == words.ASK_VIEW:
            return words.looking()
        is_passed_on = view["callback_id"] == words.CALL_VIEW and answer(view, "what") == "compromised"
        return words.passed_on() if is_passed_on else words.sending()

    def from_dialog(self, body: Mapping[str, Any], at: datetime) -> Event | None:
        """*Ask for hands*, or *Tell the manager*."""
        view = body["view"]
        if view["callback_id"] == words.CALL_VIEW:
            return self._call(body, at)
        if view["callback_id"] != words.CONFIRM_VIEW:
            return None
        about = metadata(view)
        return HandsSent(
            id=f"hands:{view['id']}",
            at=at,
            case_id=plain(str(about["case"])),
            ticket=_ticket(view),
            summary=answer(view, "summary"),
            user=body["user"]["id"],
            channel=str(about["channel"]),
            view=sent(view),
        )

    def _call(self, body: Mapping[str, Any], at: datetime) -> Event | None:
        view, user = body["view"], body["user"]["id"]
        what, ticket = self._choice(answer(view, "what")), read_ticket(answer(view, "ticket"))
        summary = answer(view, "summary")
        if what is None or ticket is None:
            return None
        if what == "compromised":
            return self.compromised(f"compromised:{view['id']}", at, user, ticket, summary)
        asked = {"what": what, "ticket": ticket, "summary": summary, "user": user, "view": sent(view)}
        return CallSent(id=f"hands:{view['id']}", at=at, **asked)


def _ticket(view: Mapping[str, Any]) -> int:
    """The ticket that the dialog was about; 0 where it was made up."""
    ticket = metadata(view).get("ticket")
    return ticket if type(ticket) is int else 0
