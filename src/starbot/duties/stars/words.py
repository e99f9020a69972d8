"""Every text and every block that people see of a STAR, in all four systems. Pure.

A document is what one target shows: the card, the reply to a form post, the question to the manager, the
issue, the marks on the form post. It depends on the STAR alone, so equal STARs look equal and cost no call;
that is why times are given as moments ("reply by 14:30 UTC"), never as "in 12 minutes".

Outside text comes in plain and leaves through `core.text`, in the line that puts it into a message.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    ContextBlock,
    InputBlock,
    MarkdownTextObject,
    PlainTextInputElement,
    PlainTextObject,
    SectionBlock,
)
from slack_sdk.models.views import View

from starbot.core.case import Document
from starbot.core.facts import Fact, MessageRef, Person
from starbot.core.text import (
    gitlab_block,
    gitlab_text,
    gitlab_title,
    one_line,
    slack_clip,
    slack_text,
    zendesk_text,
)
from starbot.duties.stars.form import FormProblem
from starbot.duties.stars.model import Deed, Remark, Star, Trouble

ACKNOWLEDGE = "star_acknowledge"
RESOLVE = "star_resolve"
SEND_PUBLICLY = "star_send_publicly"
UNDO = "star_undo"
RETRY = "star_retry"
RESOLVE_VIEW = "star_resolve_view"
SEND_PUBLICLY_VIEW = "star_send_publicly_view"

SECTION_LIMIT = 3000
ANSWER_LIMIT = 900
VALUE_LIMIT = 120
NOTE_LIMIT = 20_000
ISSUE_TEXT_LIMIT = 100_000


class Look(Fact):
    """How a STAR looks at this organisation: names and addresses from the settings, ids resolved at start."""

    team_url: str
    ticket_link: str
    """With {ticket} for the number."""
    fallback_group: str = ""
    """Id of the user group that is mentioned when nobody is known to be on call."""
    fallback_name: str = "support-manager-oncall"
    broadcast: bool = True
    acknowledge_emoji: str = "eyes"
    resolve_emoji: str = "green-check-mark"
    urgencies: tuple[str, ...] = ("Urgent", "Timely", "Not Urgent")
    how_to_star: str = ""
    issue_title: str = "STAR: ticket {ticket}, {customer} ({urgency})"
    issue_description: str = ""
    issue_labels: tuple[str, ...] = ()
    ticket_tag: str = "star_submitted"
    issue_blanks: tuple[str, ...] = ("ISSUE_LINK",)
    thread_blanks: tuple[str, ...] = ("THREAD_LINK",)
    undo_minutes: int = 10


def permalink(look: Look, ref: MessageRef) -> str:
    """The address of a message, as Slack makes it (docs.slack.dev, chat.getPermalink)."""
    address = f"{look.team_url.rstrip('/')}/archives/{ref.channel}/p{ref.ts.replace('.', '')}"
    if ref.thread_ts and ref.thread_ts != ref.ts:
        return f"{address}?thread_ts={ref.thread_ts}&cid={ref.channel}"
    return address


# -- the card


def card(star: Star, look: Look) -> Document | None:
    """The one message of a STAR in Slack; None while nobody knows whom to mention, or there is no STAR."""
    if star.linked_to is not None or not star.is_readable or star.oncall is None:
        return None
    blocks: list[Block] = [
        _section(_headline(star, look)),
        _section(_state(star, look)),
        SectionBlock(fields=[MarkdownTextObject(text=f, verbatim=True) for f in _facts(star)]),
        *_answers(star),
        ContextBlock(elements=[_mrkdwn(slack_clip(line, SECTION_LIMIT)) for line in _notes(star, look)[:10]]),
    ]
    buttons = _buttons(star)
    if buttons:
        blocks.append(ActionsBlock(block_id="star_actions", elements=buttons))
    return _message(_phone(star), blocks)


def _phone(star: Star) -> str:
    """What a lock screen shows: urgency, deadline, ticket, customer, first."""
    said = {
        "resolved": "Resolved",
        "acknowledged": "Acknowledged",
    }.get(star.status)
    parts = [
        *([said] if said else []),
        f"{slack_text(star.form.urgency or 'STAR')}: reply by {_clock(star.deadline)}",
        f"#{star.form.ticket}",
        slack_text(one_line(_customer(star), VALUE_LIMIT)),
    ]
    return " · ".join(part for part in parts if part)


def _headline(star: Star, look: Look) -> str:
    urgency = f"*{slack_text(star.form.urgency or '')}*"
    by = f"reply by *{_moment(star.deadline)}*" if star.deadline else ""
    ticket = f"*<{look.ticket_link.format(ticket=star.form.ticket)}|#{star.form.ticket}>*"
    customer = slack_text(one_line(_customer(star), VALUE_LIMIT))
    return " · ".join(part for part in (urgency, by, ticket, f"*{customer}*" if customer else "") if part)


def _state(star: Star, look: Look) -> str:
    if star.resolution is not None:
        ending = star.resolution
        step = slack_text(one_line(ending.next_step, ANSWER_LIMIT)) or "_not said yet_"
        lines = [f":{look.resolve_emoji}: Resolved by {_mention(ending.by)}, {_moment(ending.at)}."]
        lines.append(f"Next step: {step}")
        if ending.owner:
            lines.append(f"Owner: {slack_text(one_line(ending.owner, VALUE_LIMIT))}")
        if ending.customer_hears:
            lines.append(f"The customer hears: {slack_text(one_line(ending.customer_hears, VALUE_LIMIT))}")
        return "\n".join(lines)
    problem = f"\n:warning: {_TICKET_STATES[star.ticket_problem]}" if star.ticket_problem else ""
    if star.acknowledged is not None:
        who = _mention(star.acknowledged.by)
        return f":{look.acknowledge_emoji}: {who} has been looking since {_moment(star.acknowledged.at)}.{problem}"
    return f"{_whom(star, look)}{problem}"


def _whom(star: Star, look: Look) -> str:
    """Who is asked to look: everybody on call, as far as we know, or the group."""
    oncall = star.oncall
    how = f"Add :{look.acknowledge_emoji}: or press *Acknowledge* when you look at it."
    if oncall is None or not oncall.managers:
        group = f"<!subteam^{look.fallback_group}>" if look.fallback_group else f"@{look.fallback_name}"
        why = "PagerDuty shows nobody on call" if oncall and oncall.source == "live" else "PagerDuty does not answer"
        return f"{group}: {why}, so this goes to all of you. {how}"
    names = " ".join(_mention(person) for person in oncall.managers)
    if oncall.source == "remembered" and oncall.as_of is not None:
        age = _age(star.filed_at, oncall.as_of)
        return f"{names}: PagerDuty does not answer; its schedule of {age} ago names you. {how}"
    return f"{names}: you are on call. {how}" if len(oncall.managers) == 1 else f"{names}: you are all on call. {how}"


def _facts(star: Star) -> list[str]:
    ticket = star.ticket
    pairs = [
        ("Customer", _customer(star)),
        ("Plan", star.form.plan or (ticket and ticket.plan)),
        ("Product", star.form.product or (ticket and ticket.product)),
        ("Priority", ticket and ticket.priority),
        ("Assignee", (ticket.assignee_name or "nobody yet") if ticket else None),
        ("Last reply", ticket and ticket.last_public_by and f"by the {ticket.last_public_by}"),
        ("Licence", None if star.form.is_license is None else ("yes" if star.form.is_license else "no")),
        ("Kind", "Internal Request" if ticket and ticket.is_internal_request else None),
    ]
    facts = [f"*{name}*\n{slack_text(one_line(value, VALUE_LIMIT))}" for name, value in pairs if value]
    if star.form.initiator:
        facts.append(f"*Filed by*\n<@{star.form.initiator}>")
    elif star.form.initiator_raw:
        facts.append(f"*Filed by*\n{slack_text(one_line(star.form.initiator_raw, VALUE_LIMIT))}")
    sla = _sla(star)
    return (facts + ([f"*SLA*\n{sla}"] if sla else []))[:10] or ["*Filed by*\nunknown"]


def _sla(star: Star) -> str:
    """The clock that runs out first; a ticket without one has nothing to say."""
    running = [m for m in (star.ticket.sla if star.ticket else ()) if m.breach_at is not None]
    first = min(running, key=lambda m: m.breach_at or star.filed_at, default=None)
    if first is None or first.breach_at is None:
        return ""
    name = slack_text(first.metric.replace("_", " "))
    return f"{name} {'was due' if first.breach_at < star.filed_at else 'due'} {_moment(first.breach_at)}"


def _answers(star: Star) -> Iterable[Block]:
    for title, answer in (("Why", star.form.reason), ("Wanted", star.form.desired_result)):
        if answer:
            yield _section(f"*{title}*\n{slack_clip(slack_text(answer), ANSWER_LIMIT)}")


def _notes(star: Star, look: Look) -> list[str]:
    """The small print: where the issue is, who has it, what is missing and how to mend it."""
    lines = []
    if star.issue is not None:
        issue = f"<{star.issue.url}|STAR issue #{star.issue.iid}>"
        holder = star.issue.assignee
        lines.append(f"{issue} · {f'assigned to {slack_text(holder)}' if holder else 'not assigned: ' + _no_assignee(star)}")
    if star.issue is None and star.ticket_problem is not None:
        lines.append("There is no STAR issue yet: it is opened once the form post names a ticket to work on.")
    lines += dict.fromkeys(_trouble(trouble) for trouble in star.troubles if trouble.effect not in _QUIET)
    if star.public_text is not None:
        lines.append("The macro also has a text for the customer. Nothing was sent: press *Send publicly* to read it first.")
    return lines or ["The STAR issue is on its way."]


def _no_assignee(star: Star) -> str:
    person = star.acknowledged.by if star.acknowledged else next(iter(star.oncall.managers if star.oncall else ()), None)
    if person is None:
        return "nobody is known to be on call"
    return f"the people file has no GitLab name for {slack_text(person.name)}"


def _trouble(trouble: Trouble) -> str:
    deed, late = _DEEDS.get(trouble.effect, ("do its part", "It follows"))
    system = _SYSTEMS[trouble.service]
    if trouble.delayed:
        return f":hourglass_flowing_sand: {system} has not answered yet. {late} as soon as it does."
    if trouble.reason == "ours":
        return (
            f":warning: Sorry, I could not {deed}: a fault of mine (reference `{trouble.reference}`). "
            "Press *Retry*; if it stays, tell the admin the reference."
        )
    if trouble.reason == "closed" and trouble.service == "zendesk":
        return f":warning: I could not {deed}: it is closed, and Zendesk takes no more updates to it. {_AFTER_CLOSED}"
    why, mend = _REASONS.get(trouble.reason, ("said no", "ask the admin to look at the log"))
    return f":warning: I could not {deed}: {system} {why}. To mend it, {mend}; then press *Retry*."


def _buttons(star: Star) -> list[ButtonElement]:
    buttons = []
    if star.resolution is None:
        if star.acknowledged is None:
            buttons.append(_button("Acknowledge", ACKNOWLEDGE, star.id, style="primary"))
        buttons.append(_button("Resolve", RESOLVE, star.id))
    if star.public_text is not None:
        buttons.append(_button("Send publicly", SEND_PUBLICLY, star.id))
    for number, trouble in enumerate(t for t in star.troubles if _can_be_tried(t)):
        name = _DEEDS.get(trouble.effect, ("the rest", ""))[0]
        buttons.append(_button(f"Retry: {name}", f"{RETRY}_{number}", f"{star.id} {trouble.key}"))
    return buttons


def _can_be_tried(trouble: Trouble) -> bool:
    is_for_ever = trouble.reason == "closed" and trouble.service == "zendesk"
    return not trouble.delayed and not is_for_ever and trouble.effect not in _QUIET


# -- the reply to a form post: what is missing, or where the STAR is


def reply(star: Star, look: Look) -> Document | None:
    """The word about the form post itself, in its thread; None where there is nothing to say about it."""
    if star.linked_to is not None:
        there = permalink(look, star.linked_to.root)
        text = (
            f"Thank you. Ticket #{star.form.ticket} already has an open STAR: <{there}|here it is>. The Support "
            "Managers know of it, so nothing is lost; please add in that thread whatever is new."
        )
        return _message(text, [_section(text)])
    problems = _problems(star, look)
    if problems:
        who = f"<@{star.form.initiator}>, thank" if star.form.initiator else "Thank"
        lines = [f"{who} you for the STAR. It is kept, and needs one thing from you:" if len(problems) == 1
                 else f"{who} you for the STAR. It is kept, and needs some things from you:"]
        lines += [f"• {problem}" for problem in problems]
        lines.append("Edit the form post above, and I go on by myself. If you cannot edit it, send the form again.")
        text = "\n".join(lines)
        return _message("Your STAR needs something from you.", [_section(slack_clip(text, SECTION_LIMIT))])
    if star.reply is not None and star.resolution is not None and (star.ticket_problem or not star.is_readable):
        text = (
            "A Support Manager closed this STAR as it is, so nothing more is needed from you here. If the ticket "
            "still needs attention, please send the form again."
        )
        return _message(text, [_section(text)])
    if star.reply is not None:
        text = "Thank you, that is all I needed. The STAR is on its way."
        return _message(text, [_section(text)])
    return None


def _problems(star: Star, look: Look) -> list[str]:
    if star.resolution is not None:
        return []
    if star.ticket_problem is not None:
        return [_TICKET_PROBLEMS[star.ticket_problem]]
    return [_problem(problem, look) for problem in star.form.problems]


def _problem(problem: FormProblem, look: Look) -> str:
    seen = slack_text(one_line(problem.seen, 80))
    levels = ", ".join(look.urgencies)
    return _FORM_PROBLEMS.get(problem.kind, "The form could not be read.").format(seen=seen, levels=levels)


_FORM_PROBLEMS = {
    "no_ticket": "*Ticket* is missing. Put in the number of the Zendesk ticket, such as 123456.",
    "ticket_not_applicable": "*Ticket* says “{seen}”. A STAR is about one Zendesk ticket: put in its number, such as "
    "123456. If there is no ticket yet, open one first.",
    "ticket_is_email": "*Ticket* holds an e-mail address. Put in the number of the Zendesk ticket, such as 123456.",
    "ticket_is_salesforce": "*Ticket* holds a Salesforce link. Put in the number of the Zendesk ticket, such as 123456.",
    "ticket_unreadable": "*Ticket* says “{seen}”, which holds no ticket number. Put in the number alone, such as 123456.",
    "several_tickets": "*Ticket* names several tickets (“{seen}”). Keep the one that needs attention, and send a STAR "
    "for each other.",
    "no_urgency": "*Urgency* is missing. Choose one of: {levels}.",
    "unknown_urgency": "*Urgency* says “{seen}”, which I do not know. Choose one of: {levels}.",
}

_TICKET_STATES = {
    "ticket_not_found": "Zendesk has no ticket with this number; the initiator has been asked for the right one.",
    "ticket_closed": "This ticket is closed; the initiator has been asked for its follow-up.",
}

_TICKET_PROBLEMS = {
    "ticket_not_found": "Zendesk has no ticket with this number. Check *Ticket* and put in the right one.",
    "ticket_closed": "This ticket is closed, and Zendesk takes no more updates to it. Put in its follow-up ticket.",
}


# -- the question to the manager, in a direct message


def question(star: Star, look: Look) -> Document | None:
    """The missing sentence, asked of the manager who closed the STAR by reaction alone."""
    name = f"STAR for #{star.form.ticket}" if star.form.ticket else "STAR whose form could not be read"
    ticket = f"<{permalink(look, star.card or star.root)}|{name}>"
    ending = star.resolution
    if ending is None:
        if star.question is None:
            return None
        text = (
            f"The {ticket} is open again. Your check mark may still be on the form post: it does nothing more, "
            "and you may take it off."
        )
        return _message(text, [_section(text)])
    if not ending.asked:
        return None
    if ending.next_step:
        text = f"Thank you: your sentence is on the issue of the {ticket}."
    elif star.issue is not None or (star.is_readable and not star.ticket_problem):
        text = (
            f"You resolved the {ticket}. What is the next step, and who has it? Answer here in one sentence "
            "and I will put it on the issue."
        )
    else:
        text = f"You resolved the {ticket}. It has no issue, so nothing more is needed from you."
    blocks: list[Block] = [_section(text)]
    if not ending.undo_lapsed:
        blocks.append(ActionsBlock(block_id="star_question", elements=[_button("Undo", UNDO, star.id)]))
        blocks.append(ContextBlock(elements=[_mrkdwn(f"Undo opens the STAR again, until {_moment(star.next_due)}.")]))
    return _message(text, blocks)


# -- the issue in GitLab


def issue(star: Star, look: Look) -> Document | None:
    """The fields of the STAR issue; None until we know whom to assign and what the ticket says, or that
    Zendesk does not say it now."""
    has_asked = star.ticket is not None or star.trouble("read_ticket") is not None
    if star.linked_to or not star.is_readable or star.oncall is None:
        return None
    if star.issue is None and (star.ticket_problem or not has_asked):
        return None
    values = {
        "ticket": str(star.form.ticket),
        "customer": _customer(star) or "unknown customer",
        "urgency": star.form.urgency or "",
        "subject": star.ticket.subject if star.ticket else "",
    }
    described = {name: gitlab_text(one_line(value, 300)) for name, value in values.items()}
    return {
        "title": gitlab_title(_fill(look.issue_title, values)),
        "description": _fill(look.issue_description, {**described, **_description_parts(star, look)}).strip(),
        "labels": list(look.issue_labels),
        "assignee": _assignee(star),
        "state": "opened" if star.resolution is None else "closed",
    }


def _description_parts(star: Star, look: Look) -> dict[str, str]:
    form = star.form
    rows = [
        ("Ticket", look.ticket_link.format(ticket=form.ticket)),
        ("Slack thread", permalink(look, star.root)),
        ("Urgency", f"{gitlab_text(form.urgency or '')}, reply by {_clock(star.deadline, date=True)}"),
        ("Customer", gitlab_text(one_line(_customer(star), 300))),
        ("Plan", gitlab_text(one_line(form.plan or (star.ticket and star.ticket.plan) or "", 300))),
        ("Product", gitlab_text(one_line(form.product or (star.ticket and star.ticket.product) or "", 300))),
        ("Group", gitlab_text(one_line(form.group or "", 300))),
        ("Subject", gitlab_text(one_line(star.ticket.subject, 300)) if star.ticket else ""),
        ("Priority", gitlab_text(star.ticket.priority or "") if star.ticket else ""),
        ("Licence", "" if form.is_license is None else ("yes" if form.is_license else "no")),
        ("Filed by", gitlab_text(one_line(star.initiator or form.initiator_raw, 300))),
        ("Region at filing", gitlab_text(star.region)),
        ("Filed", _clock(star.filed_at, date=True)),
    ]
    table = "\n".join(["| | |", "|-|-|", *(f"| {name} | {value} |" for name, value in rows if value)])
    return {
        "facts": table,
        "reason": gitlab_block((form.reason or "not said")[:ISSUE_TEXT_LIMIT]),
        "desired_result": gitlab_block((form.desired_result or "not said")[:ISSUE_TEXT_LIMIT]),
    }


def _fill(template: str, values: Mapping[str, str]) -> str:
    """Replaces {name}s in one pass, so that a value that looks like a {name} stays as it is."""
    parts: list[str] = []
    rest = template
    while rest:
        before, brace, after = rest.partition("{")
        parts.append(before)
        name, closing, tail = after.partition("}")
        if brace and closing and name in values:
            parts.append(values[name])
            rest = tail
        else:
            parts.append(brace)
            rest = after
    return "".join(parts)


def _assignee(star: Star) -> str | None:
    """The GitLab name of whoever looks, else of the first on call who has one."""
    looking = [star.acknowledged.by] if star.acknowledged else []
    oncall = star.oncall.managers if star.oncall else ()
    return next((person.gitlab for person in (*looking, *oncall) if person.gitlab), None)


def remark(star: Star, number: int, look: Look) -> str:
    """One note on the issue."""
    return _REMARKS[star.remarks[number].kind](star, star.remarks[number], look)


def _thread_remark(star: Star, said: Remark, look: Look) -> str:
    return f"Discussion of this STAR in Slack: {permalink(look, star.card or star.root)}"


def _acknowledged_remark(star: Star, said: Remark, look: Look) -> str:
    return f"{_named(said.by)} is looking at this STAR."


def _disposition_remark(star: Star, said: Remark, look: Look) -> str:
    ending = star.resolution
    lines = [f"**Final disposition.** {_named(said.by)} resolved this STAR: the right next step is known and under way."]
    if ending is not None and not ending.asked:
        for name, text in (
            ("Next step", ending.next_step),
            ("Owner", ending.owner),
            ("The customer hears", ending.customer_hears),
        ):
            if text:
                lines += ["", f"{name}:", "", gitlab_block(text[:NOTE_LIMIT])]
    else:
        lines.append(f"It was closed with the check mark. {_known(star)}")
    return "\n".join(lines)


def _known(star: Star) -> str:
    owner = star.ticket.assignee_name if star.ticket else None
    if owner:
        return f"The ticket was assigned to {gitlab_text(owner)} when the STAR was filed; the next step follows when it is told."
    return "The next step follows when it is told."


def _sentence_remark(star: Star, said: Remark, look: Look) -> str:
    return f"{_named(said.by)} on the next step:\n\n{gitlab_block(said.text[:NOTE_LIMIT])}"


def _undone_remark(star: Star, said: Remark, look: Look) -> str:
    return f"{_named(said.by)} took the resolution back: this STAR is open again."


def _public_remark(star: Star, said: Remark, look: Look) -> str:
    return f"{_named(said.by)} sent this to the customer on the ticket:\n\n{gitlab_block(said.text[:NOTE_LIMIT])}"


_REMARKS = {
    "thread": _thread_remark,
    "acknowledged": _acknowledged_remark,
    "disposition": _disposition_remark,
    "sentence": _sentence_remark,
    "undone": _undone_remark,
    "public": _public_remark,
}


# -- the marks on the form post


def marks(star: Star, look: Look) -> Document | None:
    """The reactions that the bot keeps on the form post, so that the channel reads the same whichever way a
    step was made. A mark that a manager put there needs no second one."""
    if star.linked_to is not None or star.acknowledged is None:
        return None
    wanted = []
    if not _is_marked(star, look.acknowledge_emoji):
        wanted.append(look.acknowledge_emoji)
    if star.resolution is not None and not _is_marked(star, look.resolve_emoji):
        wanted.append(look.resolve_emoji)
    return {"marks": wanted}


def _is_marked(star: Star, emoji: str) -> bool:
    return any(seen.ts == star.root.ts and seen.name == emoji for seen in star.seen)


# -- the ticket in Zendesk


def ticket_note(star: Star, look: Look) -> str:
    """The internal note with both links."""
    assert star.issue is not None and star.card is not None, "a note needs both links"
    return (
        f"A STAR (request for attention) was filed for this ticket, urgency {zendesk_text(star.form.urgency or '')}.\n"
        f"STAR issue: {star.issue.url}\n"
        f"Slack thread: {permalink(look, star.card)}"
    )


def macro_comment(star: Star, look: Look, body: str | None, note_has_links: bool) -> str | None:
    """The macro's text with its blanks filled. Where the note has said the links, lines that hold a blank are
    left out, so that nothing is said twice. None where nothing is left to say."""
    if body is None:
        return None
    blanks = (*look.issue_blanks, *look.thread_blanks)
    lines = [
        line
        for line in body.splitlines()
        if not (note_has_links and any(blank in line for blank in blanks))
    ]
    text = "\n".join(lines).strip()
    for blank in look.issue_blanks:
        text = text.replace(blank, star.issue.url if star.issue else "(the STAR issue follows)")
    for blank in look.thread_blanks:
        text = text.replace(blank, permalink(look, star.card or star.root))
    return text or None


# -- words to one person


def whisper(star: Star, number: int, look: Look) -> str:
    """The answer to a click that could not do what it said."""
    said = star.whispers[number]
    if said.why == "no_right":
        return "Thank you. Only Support Managers can do that; whoever is on call has been told about this STAR."
    if said.why == "too_late":
        return f"The {look.undo_minutes} minutes for *Undo* are over. If it needs attention again, file a new STAR."
    if said.why == "newer_star":
        return "There is a newer open STAR for this ticket, so this one stays closed. Please go on there."
    return stale(star, said.deed)


def stale(star: Star, deed: Deed) -> str:
    """What to say to somebody whose button cannot do any more what it says."""
    return f"{_now(star)} {_STALE[deed]}"


def _now(star: Star) -> str:
    if star.resolution is not None:
        return f"This STAR was resolved by {_mention(star.resolution.by)}, {_moment(star.resolution.at)}."
    if star.acknowledged is not None:
        return f"{_mention(star.acknowledged.by)} has been looking at this STAR since {_moment(star.acknowledged.at)}."
    return "This STAR is open."


_STALE: Mapping[Deed, str] = {
    "acknowledge": "Nothing more to do here.",
    "resolve": "Nothing more to do here.",
    "undo": "There is nothing to undo.",
    "send_publicly": "The text for the customer has been sent, or there was none.",
    "retry": "That has been done meanwhile, or is being tried right now.",
}


def ask_again_in_thread() -> str:
    """The answer to a sentence in a direct message that may belong to several STARs."""
    return "Which STAR is that for? Please answer in the thread under my question."


# -- dialogs


def resolve_view(star_id: str, ticket: int | None) -> dict[str, Any]:
    """The dialog behind *Resolve*."""
    view = View(
        type="modal",
        callback_id=RESOLVE_VIEW,
        private_metadata=star_id,
        title="Resolve the STAR",
        submit="Resolve",
        close="Cancel",
        blocks=[
            _section(
                f"Resolved means that the right next step for #{ticket} is known and under way. The ticket itself "
                "stays as it is."
                if ticket
                else "Resolved means that the right next step is known and under way."
            ),
            _input("next_step", "Next step", "What happens next?", multiline=True),
            _input("owner", "Owner", "Who has it?", optional=True),
            _input("customer_hears", "The customer hears", "When, and from whom?", optional=True),
        ],
    )
    return _valid(view)


def send_publicly_view(star: Star) -> dict[str, Any]:
    """The dialog behind *Send publicly*: what the customer would read, before anything is sent."""
    view = View(
        type="modal",
        callback_id=SEND_PUBLICLY_VIEW,
        private_metadata=star.id,
        title="Write to the customer",
        submit="Send to the customer",
        close="Do not send",
        blocks=[
            _section(
                f":warning: *The customer of #{star.form.ticket} will get this by e-mail.* The macro proposed it; "
                "change it as you like."
            ),
            InputBlock(
                block_id="text",
                label="Text",
                element=PlainTextInputElement(
                    action_id="text",
                    multiline=True,
                    max_length=3000,
                    initial_value=(star.public_text or "")[:3000],
                ),
            ),
        ],
    )
    return _valid(view)


# -- the rooms that all of these share


def _message(text: str, blocks: list[Block]) -> Document:
    for block in blocks:
        block.validate_json()
    return {"text": text, "blocks": [block.to_dict() for block in blocks]}


def _valid(view: View) -> dict[str, Any]:
    view.validate_json()
    made: dict[str, Any] = view.to_dict()
    return made


def _section(text: str) -> SectionBlock:
    return SectionBlock(text=_mrkdwn(text))


def _mrkdwn(text: str) -> MarkdownTextObject:
    return MarkdownTextObject(text=text, verbatim=True)


def _button(label: str, action: str, value: str, style: str | None = None) -> ButtonElement:
    return ButtonElement(text=PlainTextObject(text=one_line(label, 75)), action_id=action, value=value, style=style)


def _input(name: str, label: str, hint: str, *, multiline: bool = False, optional: bool = False) -> InputBlock:
    return InputBlock(
        block_id=name,
        label=label,
        optional=optional,
        element=PlainTextInputElement(
            action_id=name, multiline=multiline, max_length=3000 if multiline else 300, placeholder=hint
        ),
    )


def _mention(person: Person) -> str:
    return f"<@{person.slack}>" if person.slack else slack_text(one_line(person.name, VALUE_LIMIT))


def _named(person: Person | None) -> str:
    return gitlab_text(one_line(person.name, VALUE_LIMIT)) if person else "Somebody"


def _customer(star: Star) -> str:
    return (star.ticket.organisation if star.ticket else None) or star.form.customer or ""


def _moment(at: datetime | None) -> str:
    """A time that each reader sees in their own zone (docs.slack.dev/messaging/formatting-message-text)."""
    if at is None:
        return ""
    return f"<!date^{int(at.timestamp())}^{{date_short_pretty}} {{time}}|{_clock(at, date=True)}>"


def _clock(at: datetime | None, date: bool = False) -> str:
    if at is None:
        return ""
    return at.strftime("%Y-%m-%d %H:%M UTC" if date else "%H:%M UTC")


def _age(now: datetime, then: datetime) -> str:
    minutes = max(0, int((now - then).total_seconds() // 60))
    if minutes < 1:
        return "less than a minute"
    if minutes < 120:
        return f"{minutes} minute{'' if minutes == 1 else 's'}"
    return f"{minutes // 60} hours"


_QUIET = frozenset({"whisper", "read_initiator"})
"""Effects whose trouble is nobody's business."""

_SYSTEMS = {"slack": "Slack", "gitlab": "GitLab", "zendesk": "Zendesk", "pagerduty": "PagerDuty"}

_DEEDS = {
    "read_ticket": ("read the ticket", "The ticket's details follow"),
    "read_oncall": ("see who is on call", "The name follows"),
    "note_ticket": ("put the internal note on the ticket", "The internal note follows"),
    "note_issue": ("note it on the STAR issue", "The note on the issue follows"),
    "apply_macro": ("apply the Escalated Ticket macro", "The macro follows"),
    "send_publicly": ("write to the customer", "The text to the customer follows"),
    "issue": ("open or update the STAR issue", "The STAR issue follows"),
    "card": ("update this card", "The card follows"),
    "reply": ("answer the form post", "The answer follows"),
    "question": ("send the direct message", "The message follows"),
    "marks": ("put the mark on the form post", "The mark follows"),
}

_AFTER_CLOSED = "What is still to do belongs to its follow-up ticket."

_REASONS = {
    "not_found": ("does not find it", "check that it still exists and that I may see it"),
    "closed": ("has closed it", "open it again"),
    "forbidden": ("does not let me", "ask the admin to give the bot the right"),
    "unauthorized": ("does not accept my token", "ask the admin to renew it"),
    "missing_scope": ("says that a scope is missing", "ask the admin to install the app with its manifest again"),
    "not_in_channel": ("says that I am not in the channel", "invite me there"),
    "channel_missing": ("has no such channel", "ask the admin to look at the channel names"),
    "user_missing": ("does not know that person", "ask the admin to look at the people file"),
    "emoji_missing": ("has no such emoji", "add it, or ask the admin to name another"),
    "macro_missing": ("has no active macro of that name", "make it active, or ask the admin to name another"),
    "project_missing": ("has no such project, or hides it from me", "invite the bot's user to it"),
    "schedule_missing": ("has no such schedule", "ask the admin to look at the schedule names"),
    "conflict": ("says that somebody else changed it", "wait a moment"),
    "too_long": ("says that the text is too long", "shorten it"),
    "invalid": ("does not accept it as it is", "ask the admin to look at the log"),
}

