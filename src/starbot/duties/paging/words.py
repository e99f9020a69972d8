"""Every text and block of a page: the dialogs before it, the post that follows it, the word to one person. Pure."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple, TypeAlias

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    ConfirmObject,
    InputBlock,
    Option,
    PlainTextObject,
    RadioButtonsElement,
)
from slack_sdk.models.views import View

from starbot.blocks import (
    LONG_INPUT,
    button,
    choice,
    line,
    mention,
    message,
    moment,
    notice,
    permalink,
    section,
    text_input,
    ticket_link,
    valid,
)
from starbot.core.case import Document
from starbot.core.facts import Fact, MessageRef
from starbot.core.text import one_line, plain, slack_address, slack_clip, slack_text
from starbot.duties.paging.model import Page, Purpose, Told

ASK_VIEW = "page_ask_view"
CONFIRM_VIEW = "page_confirm_view"
AGREE, DECLINE = "page_agree", "page_decline"
LONGEST_SUMMARY = LONG_INPUT
LONGEST_TITLE = 255
VERSION = 1

MOST_NAMES = 20

Doubt: TypeAlias = Literal["not_the_hours", "no_other_emergency", "pool_unknown", "nobody_there", "renamed"]


class Draft(NamedTuple):
    """A page that somebody has asked for and not confirmed; `channel` is where."""

    purpose: Purpose
    ticket: int | None
    summary: str
    channel: str


class Preview(NamedTuple):
    """Who would be paged, what speaks against it, and when that was so."""

    people: Sequence[str]
    doubts: Sequence[Doubt]
    at: datetime


class Look(Fact):
    """Names of this organisation."""

    team_url: str = ""
    ticket_link: str = ""
    """With {ticket} for the number."""
    services: Mapping[str, str] = {}
    """The PagerDuty service by purpose; none for help where the settings name none."""
    policies: Mapping[str, str] = {}
    """The escalation policy by purpose, where it is not the service's own."""
    help_name: str = "the next level"
    """What people read for whom a manager pages for help."""
    emergency_macro: str = ""
    """The macro by which an emergency can be triggered too; "" where there is none."""
    channel: str = ""
    """The name of the channel in which pages are followed."""
    answer_minutes: int = 5
    others: Mapping[str, str] = {}
    """What the dialog offers beside pages, by value."""


def _purposes(look: Look) -> list[tuple[str, str]]:
    """Whom one can choose to page."""
    shown = [
        ("backup", "The APAC backup pool, for a second emergency at once"),
        ("emergency", "The emergency rotation, by hand"),
        ("manager", "The Support Manager on call"),
    ]
    return [*shown, ("help", f"Help: {look.help_name}")] if "help" in look.services else shown


# -- what PagerDuty is told (it reads titles aloud and sends them as text messages: no markup, no customer)


def title(page: Page) -> str:
    """The incident's title: the words of GitLab's handbook."""
    if page.purpose == "backup":
        return f"Duplicate emergency - ZD#{page.ticket}"
    if page.purpose == "emergency":
        return f"ZD#{page.ticket}"
    about = f"ZD#{page.ticket}: " if page.ticket else ""
    said = _spoken(page.summary) or f"{_spoken(page.by.name) or 'A manager'} asks for you"
    return one_line(about + said, LONGEST_TITLE)


def details(page: Page) -> str:
    """The incident's description."""
    return plain(page.summary).strip() or f"Asked by {page.by.name}."


def _spoken(text: str) -> str:
    """Without the signs that a voice would spell."""
    return " ".join("".join(" " if sign in "*_~`<>|[]{}#" else sign for sign in plain(text)).split())


# -- before anybody is paged


def ask_view(
    look: Look, purpose: str = "backup", ticket: str = "", summary: str = "", channel: str = ""
) -> dict[str, Any]:
    """`/star-page`: whom, about which ticket, and why. Nobody is paged by it yet."""
    offered = [*_purposes(look), *look.others.items()]
    chosen = purpose if purpose in dict(offered) else "backup"
    return _view(
        ASK_VIEW,
        "Page somebody",
        "Show who it is",
        [
            section("Nobody is paged yet: the next step shows who it would be, and asks."),
            choice("purpose", "Whom, or what", offered, chosen=chosen),
            text_input("ticket", "Ticket", "ZD#123456", value=ticket, optional=True),
            text_input("summary", "Summary", "What happens, in a few words", value=summary, multiline=True),
        ],
        {"channel": channel, "others": list(look.others)},
    )


def looking() -> dict[str, Any]:
    """While PagerDuty and Zendesk are asked about it."""
    return notice(
        "One moment",
        ":hourglass_flowing_sand: I am looking that up. Nobody is paged yet. If this stays for more than "
        "ten seconds, close it and try again.",
    )


def confirm_view(draft: Draft, preview: Preview, look: Look) -> dict[str, Any]:
    """Who would be paged, what speaks against it, and the button that does it."""
    cut = " It was cut: PagerDuty gets what stands here." if len(draft.summary) > LONGEST_SUMMARY else ""
    blocks: list[Block] = [section(_warning(draft, preview, look))]
    if draft.purpose == "emergency" and look.emergency_macro:
        blocks.append(_ways(look))
    summary = draft.summary[:LONGEST_SUMMARY]
    blocks.append(
        text_input("summary", "Summary", "What happens", value=summary, multiline=True, about=cut or None)
    )
    about = {
        "v": VERSION,
        "at": int(preview.at.timestamp()),
        "purpose": draft.purpose,
        "ticket": draft.ticket,
        "channel": draft.channel,
        "people": [one_line(name, 40) for name in preview.people[:MOST_NAMES]],
    }
    return _view(CONFIRM_VIEW, "Page them?", "Page them now", blocks, about)


def _warning(draft: Draft, preview: Preview, look: Look) -> str:
    about = f" about *ZD#{draft.ticket}*" if draft.ticket else ""
    shown = [line(name, 80) for name in preview.people[:MOST_NAMES]]
    names = ", ".join(shown) or "whoever PagerDuty finds"
    more = f" and {len(preview.people) - MOST_NAMES} more" if len(preview.people) > MOST_NAMES else ""
    policy = look.policies.get(draft.purpose, "")
    text = [
        f":rotating_light: *This pages people*{about}: {names}{more}.",
        f"Service: {slack_text(look.services.get(draft.purpose, ''))}"
        + (f", escalation policy: {slack_text(policy)}" if policy else ""),
        *(f":warning: {_DOUBTS[doubt]}" for doubt in preview.doubts),
    ]
    if draft.purpose == "backup":
        text.append("They are volunteers: nobody is obliged to answer.")
    if draft.purpose == "help":
        text.append(f"This is the next level: {line(look.help_name)}.")
    return "\n".join(text)


def _ways(look: Look) -> InputBlock:
    """One or the other: both would page twice."""
    options = [
        Option(value="pagerduty", text=PlainTextObject(text="By an incident in PagerDuty")),
        Option(
            value="macro",
            text=PlainTextObject(text="By the macro on the ticket"),
            description=PlainTextObject(text=one_line(look.emergency_macro, 75)),
        ),
    ]
    element = RadioButtonsElement(action_id="way", options=options, initial_option=options[0])
    return InputBlock(block_id="way", label="How (only one of them)", element=element)


_DOUBTS: Mapping[Doubt, str] = {
    "not_the_hours": "The backup pool is for weekends in APAC's on-call hours, and it is not that now.",
    "no_other_emergency": "No other emergency is open: the engineer on call may be free for this one.",
    "pool_unknown": "PagerDuty does not say right now who it would be.",
    "nobody_there": "PagerDuty shows nobody there right now: it may reach no one.",
    "renamed": "PagerDuty has this name no more: the same service or policy under its new name would page. Tell the "
    "admin to run `starbot doctor`.",
}


def problem(kind: str) -> str:
    """Under a field, or in place of the dialog: why it cannot be done so, and how it can."""
    return _PROBLEMS[kind]


_PROBLEMS = {
    "no_ticket": "Put in the number of the Zendesk ticket, such as ZD#123456.",
    "no_such_ticket": "Zendesk has no ticket with this number. Nobody was paged: check the number.",
    "no_summary": "Say in a few words what happens: it is all that they see at first.",
    "not_set_up": "PagerDuty has no such service any more. Nobody was paged: ask the admin to run `starbot doctor`, "
    "and page by hand in PagerDuty meanwhile.",
    "no_help": "I do not know whom to page for help, so nobody was paged. The admin sets `help_service`, `help_name` "
    "and perhaps `help_policy` under [paging]; meanwhile page in PagerDuty, or call.",
    "no_right": "Only Support Managers can page from here. Nobody was paged. In an emergency tell the manager on call.",
    "old": "This dialog is from before. Nobody was paged: please open it again with `/star-page`.",
}


def refusal(kind: str) -> dict[str, Any]:
    """A dialog that says why nothing was done."""
    return notice("Nobody was paged", _PROBLEMS[kind])


def helped(look: Look) -> str:
    """`/star-page` with words that are not understood."""
    help_too = "`/star-page help what happens`, " if "help" in look.services else ""
    return (
        "Write `/star-page backup ZD#123456 what happens`, `/star-page emergency ZD#123456 what happens`, "
        f"`/star-page manager what happens`, {help_too}or `/star-page` alone for a dialog. Nobody is paged before you "
        "confirm. `/star-page hands ZD#123456 what happens` asks for hands, `/star-page compromised ZD#123456 what we "
        "know` informs the manager on call; both page nobody."
    )


# -- what became of it, for whoever asked


def result(page: Page, told: Told, look: Look) -> str:
    """A sentence to one person about what they did."""
    if told.what in ("no_right", "old"):
        return _PROBLEMS[told.what]
    if told.what == "open_page":
        link = _link(page.rival.post if page.rival else None, look, "the open page")
        return f"Nobody was paged a second time: {link} for the same is not over. Follow it there."
    if told.what == "same_person":
        return "Somebody else has to agree: you asked for this page yourself."
    if told.what == "state":
        return f"That is decided: {_state(page, look)}"
    if told.what == "decided":
        return f"Your page{_about(page, look)}: {_state(page, look)}"
    if told.what == "no_post":
        channel = f"#{slack_text(look.channel)}" if look.channel else "the channel for pages"
        about = _about(page, look)
        return (
            f"Your page{about} cannot be followed in Slack: I may not write in {channel}. Look in PagerDuty."
        )
    if page.status in ("failed", "declined"):
        return _state(page, look)
    if page.status == "waiting":
        return "Many people were paged within the hour, so a second manager must agree. I have asked the managers."
    where = _link(page.post, look, "the post")
    return f"On its way: {where} says who answers." if page.post else "On its way. The post says who answers."


def result_view(page: Page, told: Told, look: Look) -> dict[str, Any]:
    """The same in the dialog that waits for it."""
    return notice("Page", result(page, told, look))


def _link(ref: MessageRef | None, look: Look, name: str) -> str:
    return f"<{permalink(look.team_url, ref)}|{name}>" if ref is not None and look.team_url else name


# -- the post that follows the page


def post(page: Page, look: Look) -> Document | None:
    """One message a page, which always says how it stands; None for one that was refused."""
    if page.status == "refused":
        return None
    head = f"*{_name(page, look)}*{_about(page, look)}"
    text = [head, _state(page, look), f"Asked by {mention(page.by)}, {moment(page.asked_at)}"]
    summary = slack_clip(slack_text(page.summary), 900)
    blocks: list[Block] = [section("\n".join(text))]
    if summary:
        blocks.append(section(summary))
    if page.status == "waiting":
        blocks.append(ActionsBlock(block_id="page_agree", elements=_agree_buttons(page)))
    return message(
        f"{_name(page, look)}{' ZD#' + str(page.ticket) if page.ticket else ''}: {_short(page)}", blocks
    )


def _name(page: Page, look: Look) -> str:
    if page.purpose == "help":
        return f"Page for help, {line(look.help_name)}"
    return _NAMES.get(page.purpose, "Page")


_NAMES: Mapping[str, str] = {
    "backup": "Page of the APAC backup pool",
    "emergency": "Page of the emergency rotation, by hand",
    "manager": "Page of the manager on call",
}


def _about(page: Page, look: Look) -> str:
    return f" · {ticket_link(look.ticket_link, page.ticket)}" if page.ticket is not None else ""


def _short(page: Page) -> str:
    return {
        "waiting": "a second manager must agree",
        "declined": "not agreed, nobody was paged",
        "paging": "on its way",
        "failed": "failed, nobody was paged",
        "handed": "the macro is on the ticket",
        "paged": "nobody has answered" if page.is_unanswered else "nobody has answered yet",
        "acknowledged": "answered",
        "resolved": "over" if page.incident else "the macro is on the ticket",
    }.get(page.status, "")


def _state(page: Page, look: Look) -> str:
    """How it stands, and what to do next."""
    incident = page.incident
    link = f" <{slack_address(incident.url)}|Incident #{incident.number}>" if incident else ""
    if page.status == "waiting":
        return (
            "Many people were paged within the hour. *A second manager must agree* before this one goes out."
        )
    if page.status == "declined" and page.agreed_by is None:
        return "Nobody agreed within an hour, so nobody was paged."
    if page.status == "declined":
        return f"{mention(page.agreed_by)} did not agree, so nobody was paged."
    if page.status == "failed":
        return f":warning: {_failure(page)} Page by hand in PagerDuty meanwhile."
    if page.status == "paging":
        where = _where(page)
        late = f" {where} has not answered yet; I keep trying for an hour, and it will not page twice."
        return f"On its way to {where}.{late if page.is_late else ''}"
    if page.way == "macro":
        return (
            f"The macro {slack_text(look.emergency_macro)} is on the ticket: Zendesk pages by itself. PagerDuty shows "
            "who answers; if no incident is there within a few minutes, page by hand."
        )
    who = ", ".join(mention(one) for one in (incident.acknowledgers if incident else ()))
    if page.status == "acknowledged":
        return f":white_check_mark: {who or 'Somebody'} answered.{link}"
    if page.status == "resolved":
        by = f" {who} had answered." if who else " Nobody had answered here."
        return f"Over in PagerDuty.{by}{link}"
    if page.is_unanswered:
        return f":warning: {_nobody(page, look)}{link}"
    asked = [one.name for one in incident.assignees] if incident else []
    names = ", ".join(line(name, 80) for name in (asked or page.expected)[:MOST_NAMES])
    return f"Nobody has answered yet.{f' Paged: {names}.' if names else ''}{link}"


def _where(page: Page) -> str:
    return "Zendesk" if page.way == "macro" else "PagerDuty"


def _nobody(page: Page, look: Look) -> str:
    waited = f"Nobody has answered within {look.answer_minutes} minutes."
    if page.purpose == "backup":
        return (
            f"{waited} They are volunteers and nobody is obliged to. Next: ask in the regional channel, or page the "
            "manager on call of the next region with `/star-page manager`."
        )
    if page.purpose == "manager":
        return f"{waited} PagerDuty goes on to the next level by itself. Next: call them, or their director."
    if page.purpose == "help":
        return (
            f"{waited} PagerDuty goes on by itself if there is another level. Next: call them, or ask in the managers' "
            "channel who can help."
        )
    return f"{waited} PagerDuty goes on to the managers by itself. Next: look who is free in the regional channel."


_GONE = "PagerDuty has no such service or policy any more: the admin runs `starbot doctor`."
_FAILURES: Mapping[str, str] = {
    "from_unknown": "PagerDuty does not know the e-mail address in whose name I page: the admin sets `PAGERDUTY_FROM`.",
    "nobody_on_call": "PagerDuty shows nobody on call there.",
    "forbidden": "PagerDuty does not let me page: the admin gives the key the right to write.",
    "unauthorized": "PagerDuty does not accept my key: the admin renews it.",
    "not_found": _GONE,
    "service_missing": _GONE,
    "policy_missing": _GONE,
    "service_disabled": "The service is switched off in PagerDuty: the admin switches it on.",
    "invalid": "PagerDuty does not accept it as it is: the admin looks at the log.",
    "too_late": "It was not taken within an hour, and I stopped trying.",
}
_MACRO_FAILURES: Mapping[str, str] = {
    "macro_missing": "Zendesk has no active macro of that name: the admin sets `emergency_macro` under [paging].",
    "closed": "The ticket is closed, and takes no macro.",
    "not_found": "Zendesk has no such ticket.",
    "too_late": _FAILURES["too_late"],
}


def _failure(page: Page) -> str:
    if page.reason == "ours":
        return f"Nobody was paged: a fault of mine (reference `{page.reference}`), sorry."
    known = _MACRO_FAILURES if page.way == "macro" else _FAILURES
    return (
        f"Nobody was paged. {known.get(page.reason, f'{_where(page)} said no: the admin looks at the log.')}"
    )


def _agree_buttons(page: Page) -> list[ButtonElement]:
    sure = ConfirmObject(
        title="Page them?", text="This pages people now.", confirm="Page them", deny="Not yet"
    )
    return [
        button("Yes, page them", AGREE, page.id, "danger", sure),
        button("No", DECLINE, page.id),
    ]


def _view(
    callback: str, name: str, submit: str, blocks: Sequence[Block], about: dict[str, Any]
) -> dict[str, Any]:
    carried = json.dumps(about, ensure_ascii=False)
    return valid(
        View(
            type="modal",
            callback_id=callback,
            private_metadata=carried,
            title=name,
            submit=submit,
            close="Cancel",
            blocks=blocks,
        )
    )
