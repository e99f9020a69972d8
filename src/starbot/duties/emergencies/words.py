"""Every text about emergencies: the message to the manager, `/star emergencies`, the word to one person. Pure."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    SectionBlock,
)

from starbot.blocks import button, group_mention, mention, moment, section, ticket_link
from starbot.blocks import message as document
from starbot.core.case import Document
from starbot.core.facts import Fact, Incident, Person
from starbot.core.text import one_line, plain, slack_address, slack_text
from starbot.duties.emergencies.model import Desk, Emergency, Other, Told

PAGE, HELP, TAKE, DISMISS = "emergency_page", "emergency_help", "emergency_take", "emergency_dismiss"
LONGEST_SUMMARY = 300
SECTION = 1300
"""So much of each, and a whole message stays below what Slack takes."""
MOST_SHOWN, MOST_LISTED = 8, 8

Answer = dict[str, Any]


class Look(Fact):
    """Names of this organisation."""

    ticket_link: str = ""
    """With {ticket} for the number."""
    fallback_group: str = ""
    fallback_name: str = ""
    has_help: bool = False
    """Whether the settings name whom a manager pages for help."""


_TICKET = re.compile(r"(?:ZD\s*#?\s*|/tickets/|^\s*#?)([0-9]{1,12})(?![0-9])", re.ASCII | re.IGNORECASE)


_BEFORE = re.compile(
    r"^(?:\S*/tickets/[0-9]+|ZD\s*#?\s*[0-9]+|#?[0-9]+)(?![0-9])\s*[-:]*", re.ASCII | re.IGNORECASE
)


def ticket_of(title: str) -> int | None:
    """The ticket that an incident's title names: ZD#123456, the ticket's link, or the number alone."""
    found = _TICKET.search(plain(title))
    return (int(found[1]) or None) if found else None


def summary_of(title: str) -> str:
    """The incident's title without the ticket: what a page says of it."""
    rest = _BEFORE.sub("", one_line(title, 1024))
    return one_line(rest, LONGEST_SUMMARY) or "A second customer emergency at the same time"


def call_for_help(title: str) -> str:
    """What a page for help says of the emergency."""
    return f"The manager on call needs help with an emergency: {summary_of(title)}"


# -- the message to a manager who is asked


def message(case: Emergency, number: int, look: Look) -> Document | None:
    """One message a manager, which always says how it stands; None where nobody has that number."""
    if number >= len(case.desks):
        return None
    desk = case.desks[number]
    about = _title(case.incident, case.ticket, look)
    lines = [f":rotating_light: *Customer emergency* · {about}", f"*{_state(case, desk)}*"]
    if not desk.person.slack:
        group = group_mention(look.fallback_group, look.fallback_name)
        lines.insert(0, f"{group}: {mention(desk.person)} is asked and has no Slack account that I know of.")
    if case.is_open:
        lines.append(_clock(case.incident.created_at, case.due_at, case.as_of))
    if case.backup is not None:
        lines.append(_backup(case.backup))
    lines += _trouble(case)
    blocks: list[Block] = [_section("\n".join(lines))]
    if case.is_open:
        blocks += [_section(_others(case.open_others, look)), _section(_pool(case))]
    if case.is_open and desk.is_needed:
        blocks.append(ActionsBlock(block_id="emergency", elements=_buttons(case, number, look)))
    elif case.is_open:
        blocks.append(_section(_not_needed(case, desk)))
    short = f"ZD#{case.ticket}" if case.ticket else f"incident #{case.incident.number}"
    return document(f"Customer emergency {short}: {_short(case, desk)}", blocks)


def _title(incident: Incident, ticket: int | None, look: Look) -> str:
    """The ticket's link, the title without the ticket, the incident's link."""
    link = f"<{slack_address(incident.url)}|Incident #{incident.number}>" if incident.url else ""
    if ticket is None:
        return f"{slack_text(one_line(incident.title, 120))} · {link}"
    name = ticket_link(look.ticket_link, ticket)
    rest = summary_of(incident.title) if len(incident.title) > len(f"ZD#{ticket}") else ""
    return f"{name} {slack_text(one_line(rest, 120))} · {link}"


def _state(case: Emergency, desk: Desk) -> str:
    """How it stands for whoever reads this."""
    if case.status == "resolved":
        who = _names(_holders(case))
        return f"Over in PagerDuty.{f' {who} had it.' if who else ''}"
    if case.status == "acknowledged":
        return f":white_check_mark: {_names(_holders(case)) or 'Somebody'} has it."
    if case.taker is not None and not case.reason:
        return f"{mention(case.taker)} takes it; PagerDuty is being told."
    if desk.is_asked:
        whom = "you" if desk.person.slack else mention(desk.person)
        return f"Nobody has acknowledged it: PagerDuty asks {whom} since {moment(desk.asked_at)}."
    return f"Nobody has acknowledged it. PagerDuty asks {_names(case.incident.assignees) or 'the next level'} now."


def _short(case: Emergency, desk: Desk) -> str:
    if case.status == "resolved":
        return "over"
    if case.status == "acknowledged":
        return "somebody has it"
    return "PagerDuty asks you" if desk.is_asked and desk.person.slack else "nobody has acknowledged it"


def _holders(case: Emergency) -> Sequence[Person]:
    """Whoever acknowledged; where that was done in the bot's name, the manager who took it."""
    if case.taker is not None and not case.taker.pagerduty and case.status in ("acknowledged", "resolved"):
        return (case.taker,)
    return case.incident.acknowledgers


def _clock(since: datetime, due: datetime, now: datetime) -> str:
    """What is left of the time for a first reply."""
    whole = round((due - since) / timedelta(minutes=1))
    left = _minutes(due - now)
    if left <= 0:
        over = f"the {whole} minutes for a first reply are over since {moment(due)}"
        return f":warning: Opened {moment(since)}: *{over}*."
    return f"Opened {moment(since)}: *{left} of {whole} minutes* left for a first reply, until {moment(due)}."


def _minutes(span: timedelta) -> int:
    """Whole minutes, a minute that has begun counts."""
    return -(-span // timedelta(minutes=1))


def _backup(page: Incident) -> str:
    link = f"<{slack_address(page.url)}|incident #{page.number}>" if page.url else ""
    if page.status == "acknowledged":
        return (
            f":white_check_mark: Backup pool: {_names(page.acknowledgers) or 'somebody'} answered ({link})."
        )
    if page.status == "resolved":
        return f"Backup pool: that page is over ({link})."
    return f":hourglass_flowing_sand: Backup pool: paged, nobody has answered yet ({link})."


def _trouble(case: Emergency) -> list[str]:
    if case.reason:
        return [f":warning: {_failure(case.reason)}"]
    if case.is_late and case.status in ("waiting", "escalated"):
        return [
            ":warning: PagerDuty does not answer me: it is *not acknowledged* yet. I keep trying; to be sure, "
            "acknowledge it in PagerDuty's app or by its phone call."
        ]
    return []


_FAILURES = {
    "from_unknown": "PagerDuty does not know your e-mail address, nor that of `PAGERDUTY_FROM`",
    "forbidden": "PagerDuty does not let me: the admin gives the key the right to write",
    "unauthorized": "PagerDuty does not accept my key: the admin renews it",
    "not_found": "PagerDuty has no such incident any more",
}


def _failure(reason: str) -> str:
    why = _FAILURES.get(reason, "PagerDuty said no: the admin looks at the log")
    return f"It is *not acknowledged*. {why}. Acknowledge it in PagerDuty, or press again."


def _others(others: Sequence[Other], look: Look) -> str:
    if not others:
        return "No other emergency is open."
    rows = [f"• {_row(other.incident, look)}" for other in others[:MOST_SHOWN]]
    more = [f"… and {len(others) - MOST_SHOWN} more: `/star emergencies`"] if len(others) > MOST_SHOWN else []
    return "\n".join(["*Also open:*", *rows, *more])


def _row(incident: Incident, look: Look) -> str:
    about = _title(incident, ticket_of(incident.title), look)
    if incident.status == "acknowledged":
        return f"{about}: {_names(incident.acknowledgers) or _names(incident.assignees) or 'somebody'} has it"
    return f"{about}: nobody yet, PagerDuty asks {_names(incident.assignees) or 'somebody'}"


def _pool(case: Emergency) -> str:
    if not case.pool.is_known:
        return "*Backup pool:* PagerDuty does not say right now who is in it."
    if not case.pool.people:
        return "*Backup pool:* nobody is in it now."
    shown = ", ".join(slack_text(one_line(name, 60)) for name in case.pool.people[:20])
    more = f" and {len(case.pool.people) - 20} more" if len(case.pool.people) > 20 else ""
    return f"*Backup pool now:* {shown}{more} (volunteers, nobody is obliged)"


def _not_needed(case: Emergency, desk: Desk) -> str:
    tail = "" if case.status == "acknowledged" else " PagerDuty still asks until somebody acknowledges."
    return f"Not needed, you said: I ask no more.{tail}"


def _buttons(case: Emergency, number: int, look: Look) -> list[ButtonElement]:
    value = f"{case.id}:{number}"
    buttons = [button("Page the backup pool", PAGE, value, "danger")]
    if look.has_help:
        buttons.append(button("I need help", HELP, value))
    is_free = case.status in ("waiting", "escalated") and (case.taker is None or bool(case.reason))
    if is_free:
        buttons.append(button("I'll take it", TAKE, value, "primary"))
    return [*buttons, button("Not needed", DISMISS, value)]


# -- the word to one person


def told(case: Emergency, said: Told, look: Look) -> str:
    """A sentence to one person."""
    name = f"ZD#{case.ticket}" if case.ticket else f"Incident #{case.incident.number}"
    if said.what == "no_right":
        return "Only Support Managers can do that. Nothing was changed; tell the manager on call."
    if said.what == "over":
        return f"{name} is over in PagerDuty: nothing is left to take."
    if said.what == "not_taken":
        return f"{name}: {_failure(case.reason)}" if case.reason else f"{name}: somebody has it now."
    if said.what == "again":
        return (
            f":rotating_light: {name}: PagerDuty asks you again, nobody has acknowledged it. The message above has "
            "the rest."
        )
    who = _names(_holders(case)) or (mention(case.taker) if case.taker else "Somebody")
    return f"{name}: {who} has it already."


def refusal_over() -> str:
    """Why *Page the backup pool* or *I need help* opened nothing."""
    return "This emergency is over in PagerDuty. Nobody was paged. For another one there is `/star-page`."


# -- /star emergencies


def listed(cases: Sequence[Emergency], now: datetime, look: Look, watching: str) -> Answer:
    """The open emergencies, the oldest first. `watching`: a warning where what is known may be old."""
    warning = [f":warning: {watching}"] if watching else []
    if not cases:
        text = "No customer emergency is open."
        return _only_you(text, [_section("\n".join([text, *warning]))])
    text = f"{len(cases)} open customer {'emergency' if len(cases) == 1 else 'emergencies'}"
    blocks = [_section("\n".join([f"*{text}*", *warning]))]
    blocks += [_section(_entry(case, now, look)) for case in cases[:MOST_LISTED]]
    if len(cases) > MOST_LISTED:
        blocks.append(_section(f"… and {len(cases) - MOST_LISTED} more in PagerDuty."))
    return _only_you(text, blocks)


def _entry(case: Emergency, now: datetime, look: Look) -> str:
    who = _names(_holders(case)) or _names(case.incident.assignees)
    if case.status == "acknowledged":
        state = f":white_check_mark: acknowledged by {who or 'somebody'}"
    else:
        state = f":hourglass_flowing_sand: nobody has acknowledged; PagerDuty asks {who or 'somebody'}"
    lines = [
        _title(case.incident, case.ticket, look),
        state,
        _clock(case.incident.created_at, case.due_at, now),
    ]
    if case.backup is not None and case.backup.is_open:
        lines.append(_backup(case.backup))
    return "\n".join([*lines, f"Next: {_next(case, now)}"])


def _next(case: Emergency, now: datetime) -> str:
    """The next step, for whoever reads the list."""
    if case.status == "acknowledged":
        if now >= case.due_at:
            return "see that the customer has a first reply; PagerDuty is resolved once they were contacted."
        return "the first reply to the customer, then resolve it in PagerDuty."
    if case.status == "escalated":
        if case.backup is not None and case.backup.status == "triggered":
            return "wait for the backup pool, or take it."
        return "the manager takes it, or pages the backup pool (`/star-page backup`)."
    return "the engineer who is asked acknowledges; after that PagerDuty asks the managers by itself."


def watching(is_watched: bool, silent_since: datetime | None) -> str:
    """Why the list may not be what PagerDuty shows; "" where it is."""
    if not is_watched:
        return (
            "I am not told of emergencies: the admin sets `PAGERDUTY_WEBHOOK_SECRET` or "
            "`paging.emergency_poll_seconds`, or mends `paging.emergency_service` (`starbot doctor` says which). "
            "PagerDuty has the list."
        )
    if silent_since is not None:
        return f"PagerDuty does not answer me: this is as I knew it at {moment(silent_since)}."
    return ""


def listed_for_staff_only() -> Answer:
    """To whoever is neither a manager nor an engineer on call."""
    text = "Only Support Managers and the engineers on call can see the emergencies."
    return _only_you(text, [_section(text)])


def cannot_look() -> Answer:
    """While the database is away."""
    text = "I cannot look that up right now: my database does not answer. PagerDuty has the list."
    return _only_you(text, [_section(text)])


# -- building blocks


def _names(people: Sequence[Person]) -> str:
    return ", ".join(mention(one) for one in people[:10])


def _section(text: str) -> SectionBlock:
    return section(text, SECTION)


def _only_you(text: str, blocks: Sequence[Block]) -> Answer:
    return {"response_type": "ephemeral", **document(text, blocks)}
