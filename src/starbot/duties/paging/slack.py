"""Where pages meet Slack: payloads become typed events; an answer that will not do goes back to its field."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple, get_args

from starbot.blocks import answer, metadata, read_ticket, sent
from starbot.core.text import from_slack, plain
from starbot.duties.paging import words
from starbot.duties.paging.deeds import PageSent, Pressed
from starbot.duties.paging.model import Purpose

PURPOSES: tuple[Purpose, ...] = get_args(Purpose)
WANT_A_TICKET: tuple[Purpose, ...] = ("backup", "emergency")


class Wanted(NamedTuple):
    """What somebody wants to page, as far as they have said; `ticket_raw` is what they wrote for it."""

    purpose: Purpose | Literal[""]
    ticket: int | None
    ticket_raw: str
    summary: str


def read_command(text: str) -> Wanted | None:
    """`backup ZD#123456 summary`, `manager summary`; None for words that are not understood, and for none."""
    words_said = from_slack(text, {}).strip()
    purpose, _, rest = words_said.partition(" ")
    wanted = read_purpose(purpose)
    if wanted is None:
        return None
    first, _, more = rest.strip().partition(" ")
    # "3 customers are down" is no ticket.
    is_named = wanted in WANT_A_TICKET or not first.isdigit()
    ticket = read_ticket(first) if is_named else None
    if ticket is None and wanted not in WANT_A_TICKET:
        return Wanted(wanted, None, "", rest.strip())
    return Wanted(wanted, ticket, first, more.strip())


def read_purpose(word: str) -> Purpose | None:
    """Whom somebody means; None for another word."""
    return next((one for one in PURPOSES if one == word.strip().lower()), None)


def objections(body: Mapping[str, Any]) -> Mapping[str, str]:
    """What keeps a dialog of a page from being sent, by field."""
    view = body["view"]
    if view["callback_id"] not in (words.ASK_VIEW, words.CONFIRM_VIEW):
        return {}
    wrong = {} if answer(view, "summary") else {"summary": words.problem("no_summary")}
    if view["callback_id"] == words.CONFIRM_VIEW:
        return wrong if _about(view) is not None else {"summary": words.problem("old")}
    chosen = answer(view, "purpose")
    is_other = bool(chosen) and chosen in (metadata(view).get("others") or ())
    if read_purpose(chosen) is None and not is_other:
        return wrong | {"summary": words.problem("old")}
    needs = is_other or chosen in WANT_A_TICKET or bool(answer(view, "ticket"))
    if needs and read_ticket(answer(view, "ticket")) is None:
        wrong["ticket"] = words.problem("no_ticket")
    return wrong


def shown_next(body: Mapping[str, Any]) -> dict[str, Any] | None:
    """Both dialogs stay open: one is followed by the confirmation, the other by what became of it."""
    return words.looking() if body["view"]["callback_id"] in (words.ASK_VIEW, words.CONFIRM_VIEW) else None


def from_dialog(body: Mapping[str, Any], at: datetime) -> PageSent | None:
    """*Page them now*: the one thing that pages."""
    view = body["view"]
    about = _about(view) if view["callback_id"] == words.CONFIRM_VIEW else None
    if about is None:
        return None
    return PageSent(
        id=f"page:{view['id']}",
        at=at,
        purpose=about["purpose"],
        shown_at=datetime.fromtimestamp(about["at"], UTC),
        way="macro" if about["purpose"] == "emergency" and answer(view, "way") == "macro" else "pagerduty",
        ticket=about["ticket"],
        summary=answer(view, "summary"),
        user=body["user"]["id"],
        channel=str(about.get("channel") or ""),
        expected=tuple(plain(str(name)) for name in about.get("people") or ()),
        view=sent(view),
    )


def from_click(body: Mapping[str, Any], at: datetime) -> Pressed | None:
    """A second manager's yes or no."""
    action = body["actions"][0]
    if action["action_id"] not in (words.AGREE, words.DECLINE):
        return None
    return Pressed(
        id=f"click:{body['trigger_id']}",
        at=at,
        case_id=plain(str(action.get("value"))),
        user=body["user"]["id"],
        yes=action["action_id"] == words.AGREE,
    )


def _about(view: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """What the confirmation was about; None where it is of another version, or was made up."""
    about = metadata(view)
    purpose, ticket = about.get("purpose"), about.get("ticket")
    is_known = about.get("v") == words.VERSION and purpose in PURPOSES and type(about.get("at")) is int
    has_ticket = type(ticket) is int and ticket > 0
    is_whole = has_ticket or (ticket is None and purpose not in WANT_A_TICKET)
    return about if is_known and is_whole else None
