"""Where a compromised instance meets Slack: commands, buttons and dialogs become typed events."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from starbot.blocks import LONG_INPUT, answer, metadata, read_ticket, sent
from starbot.core.case import Event
from starbot.core.text import from_slack, plain
from starbot.duties.compromised import words
from starbot.duties.compromised.deeds import ClosePressed, MacroSent, PointsSent, Pressed, Reported
from starbot.duties.compromised.model import How

WORD = "compromised"
"""Behind `/star-page`."""
HOWS: Mapping[str, How] = {words.BEFORE: "before", words.INSTEAD: "instead", words.NOT_NEEDED: "none"}
DIALOGS = (words.REPORT_VIEW, words.POINTS_VIEW, words.MACRO_VIEW)


class Wanted(NamedTuple):
    """What somebody reports, as far as they have said; `ticket_raw` is what they wrote for it."""

    ticket: int | None
    ticket_raw: str
    summary: str


def read_command(text: str) -> Wanted | None:
    """`compromised ZD#123456 what we know`; None for other words."""
    word, _, rest = from_slack(text, {}).strip().partition(" ")
    if word.lower() != WORD:
        return None
    first, _, more = rest.strip().partition(" ")
    return Wanted(read_ticket(first), first, more.strip())


def reported(id: str, at: datetime, user: str, ticket: int, summary: str) -> Event:
    """Somebody (a Slack id) says that the instance behind a ticket is compromised. Whether they may, and whom to
    inform, is found out as it arrives; whoever may not is told so. `id` names the happening, once for ever."""
    return Reported(id=id, at=at, user=user, ticket=ticket, summary=plain(summary).strip())


def objections(body: Mapping[str, Any]) -> Mapping[str, str]:
    """What keeps a dialog from being sent, by field."""
    view = body["view"]
    if view["callback_id"] == words.REPORT_VIEW:
        wrong = _wrong(view, "summary", "no_summary")
        no_ticket = read_ticket(answer(view, "ticket")) is None
        return {"ticket": words.problem("no_ticket")} | wrong if no_ticket else wrong
    if view["callback_id"] == words.POINTS_VIEW:
        wrong = _wrong(view, "points", "no_points")
        return wrong if _carried(view) else {"points": words.problem("old")}
    if view["callback_id"] == words.MACRO_VIEW and not _carried(view):
        return {"mode": words.problem("old")}
    return {}


def _wrong(view: Mapping[str, Any], field: str, none: str) -> dict[str, str]:
    """What is wrong with a text: that there is none, or too much of it."""
    text = answer(view, field)
    kind = none if not text else "too_long" if len(text) > LONG_INPUT else ""
    return {field: words.problem(kind)} if kind else {}


def shown_next(body: Mapping[str, Any]) -> dict[str, Any] | None:
    """Each dialog stays open until it says what became of it."""
    return words.looking() if body["view"]["callback_id"] in DIALOGS else None


def from_dialog(body: Mapping[str, Any], at: datetime) -> Reported | PointsSent | MacroSent | None:
    """A report, new talking points, or *Apply the macro*."""
    view, user = body["view"], str(body["user"]["id"])
    name = view["callback_id"]
    about: dict[str, Any] = {"id": f"compromised:{sent(view)}", "at": at, "user": user, "view": sent(view)}
    if name == words.REPORT_VIEW:
        return Reported(**about, ticket=read_ticket(answer(view, "ticket")), summary=answer(view, "summary"))
    carried = _carried(view) if name in DIALOGS else None
    if not carried:
        return None
    about |= {"case_id": carried["case"], "seen": carried["seen"]}
    if name == words.POINTS_VIEW:
        return PointsSent(**about, text=answer(view, "points"))
    return MacroSent(**about, shown=carried["shown"], public=answer(view, "mode") == words.TO_CUSTOMER)


def from_click(body: Mapping[str, Any], at: datetime) -> Pressed | ClosePressed | None:
    """*I join before the call*, *I take the call instead*, *No manager needed* or *Close this record*."""
    action = body["actions"][0]
    about: dict[str, Any] = {"id": f"click:{body['trigger_id']}", "at": at, "user": body["user"]["id"]}
    if action["action_id"] == words.CLOSE:
        return ClosePressed(**about, case_id=plain(str(action.get("value"))))
    how = HOWS.get(action["action_id"])
    case_id, _, seen = plain(str(action.get("value"))).rpartition(":")
    if how is None or not seen.isdecimal():
        return None
    return Pressed(**about, case_id=case_id, how=how, seen=int(seen))


def _carried(view: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a dialog of ours carries along; nothing where it is of another version, or was made up."""
    carried = metadata(view)
    texts = ("case", "shown") if view["callback_id"] == words.MACRO_VIEW else ("case",)
    is_ours = carried.get("v") == words.VERSION and type(carried.get("seen")) is int
    is_whole = all(isinstance(carried.get(name), str) for name in texts)
    return {**carried, **{name: plain(carried[name]) for name in texts}} if is_ours and is_whole else {}
