"""The card: one message a STAR that always shows the present state, and the marks on the form post. Pure."""

from collections.abc import Iterable

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    ContextBlock,
    MarkdownTextObject,
    SectionBlock,
)

from starbot.core.case import Document
from starbot.core.text import slack_clip, slack_text
from starbot.duties.stars.model import Star, Trouble
from starbot.duties.stars.words.parts import (
    ANSWER_LIMIT,
    SECTION_LIMIT,
    Look,
    age,
    button,
    clock,
    customer_of,
    line,
    mention,
    message,
    moment,
    mrkdwn,
    section,
    ticket_address,
    twin_sentence,
)

ACKNOWLEDGE = "star_acknowledge"
RESOLVE = "star_resolve"
SEND_PUBLICLY = "star_send_publicly"
RETRY = "star_retry"


def card(star: Star, look: Look) -> Document | None:
    """The one message of a STAR in Slack; None while nobody knows whom to mention, or there is no STAR."""
    if star.linked_to is not None and star.card is not None:
        text = f"{twin_sentence(star, look)} Please go on there."
        return message(text, [section(text)])
    if star.linked_to is not None or not star.is_readable or star.oncall is None:
        return None
    blocks: list[Block] = [
        section(_headline(star, look)),
        section(_state(star, look)),
        SectionBlock(fields=[MarkdownTextObject(text=f, verbatim=True) for f in _facts(star)]),
        *_answers(star),
        ContextBlock(elements=[mrkdwn(slack_clip(line, SECTION_LIMIT)) for line in _notes(star, look)[:10]]),
    ]
    buttons = _buttons(star)
    if buttons:
        blocks.append(ActionsBlock(block_id="star_actions", elements=buttons))
    return message(_phone(star), blocks)


def _phone(star: Star) -> str:
    """What a lock screen shows: urgency, deadline, ticket, customer, first."""
    said = {
        "resolved": "Resolved",
        "acknowledged": "Acknowledged",
    }.get(star.status)
    parts = [
        *([said] if said else []),
        f"{slack_text(star.form.urgency or 'STAR')}: reply by {clock(star.deadline)}",
        f"#{star.form.ticket}",
        line(customer_of(star)),
    ]
    return " · ".join(part for part in parts if part)


def _headline(star: Star, look: Look) -> str:
    urgency = f"*{slack_text(star.form.urgency or '')}*"
    by = f"reply by *{moment(star.deadline)}*" if star.deadline else ""
    ticket = f"*<{ticket_address(star, look)}|#{star.form.ticket}>*"
    customer = line(customer_of(star))
    return " · ".join(part for part in (urgency, by, ticket, f"*{customer}*" if customer else "") if part)


def _state(star: Star, look: Look) -> str:
    if star.resolution is not None:
        ending = star.resolution
        step = line(ending.next_step, ANSWER_LIMIT) or "_not said yet_"
        lines = [f":{look.resolve_emoji}: Resolved by {mention(ending.by)}, {moment(ending.at)}."]
        lines.append(f"Next step: {step}")
        if ending.owner:
            lines.append(f"Owner: {line(ending.owner)}")
        if ending.customer_hears:
            lines.append(f"The customer hears: {line(ending.customer_hears)}")
        return "\n".join(lines)
    problem = f"\n:warning: {_TICKET_STATES[star.ticket_problem]}" if star.ticket_problem else ""
    if star.acknowledged is not None:
        who = mention(star.acknowledged.by)
        return f":{look.acknowledge_emoji}: {who} has been looking since {moment(star.acknowledged.at)}.{problem}"
    return f"{_whom(star, look)}{problem}"


def _whom(star: Star, look: Look) -> str:
    """Who is asked to look: everybody on call, as far as we know, or the group."""
    oncall = star.oncall
    how = f"Add :{look.acknowledge_emoji}: or press *Acknowledge* when you look at it."
    if oncall is None or not oncall.managers:
        group = f"<!subteam^{look.fallback_group}>" if look.fallback_group else f"@{look.fallback_name}"
        why = (
            "PagerDuty shows nobody on call"
            if oncall and oncall.source == "live"
            else "PagerDuty does not answer"
        )
        return f"{group}: {why}, so this goes to all of you. {how}"
    names = " ".join(mention(person) for person in oncall.managers)
    if oncall.source == "remembered" and oncall.as_of is not None:
        known_for = age(star.filed_at, oncall.as_of)
        return f"{names}: PagerDuty does not answer; its schedule of {known_for} ago names you. {how}"
    return (
        f"{names}: you are on call. {how}"
        if len(oncall.managers) == 1
        else f"{names}: you are all on call. {how}"
    )


def _facts(star: Star) -> list[str]:
    ticket = star.ticket
    pairs = [
        ("Customer", customer_of(star)),
        ("Plan", star.form.plan or (ticket and ticket.plan)),
        ("Product", star.form.product or (ticket and ticket.product)),
        ("Priority", ticket and ticket.priority),
        ("Assignee", (ticket.assignee_name or "nobody yet") if ticket else None),
        ("Last reply", ticket and ticket.last_public_by and f"by the {ticket.last_public_by}"),
        ("Licence", None if star.form.is_license is None else ("yes" if star.form.is_license else "no")),
        ("Kind", "Internal Request" if ticket and ticket.is_internal_request else None),
    ]
    facts = [f"*{name}*\n{line(value)}" for name, value in pairs if value]
    if star.form.initiator:
        facts.append(f"*Filed by*\n<@{star.form.initiator}>")
    elif star.form.initiator_raw:
        facts.append(f"*Filed by*\n{line(star.form.initiator_raw)}")
    sla = _sla(star)
    return (facts + ([f"*SLA*\n{sla}"] if sla else []))[:10] or ["*Filed by*\nunknown"]


def _sla(star: Star) -> str:
    """The clock that runs out first; a ticket without one has nothing to say."""
    running = [m for m in (star.ticket.sla if star.ticket else ()) if m.breach_at is not None]
    first = min(running, key=lambda m: m.breach_at or star.filed_at, default=None)
    if first is None or first.breach_at is None:
        return ""
    name = slack_text(first.metric.replace("_", " "))
    return f"{name} {'was due' if first.breach_at < star.filed_at else 'due'} {moment(first.breach_at)}"


def _answers(star: Star) -> Iterable[Block]:
    for title, answer in (("Why", star.form.reason), ("Wanted", star.form.desired_result)):
        if answer:
            yield section(f"*{title}*\n{slack_clip(slack_text(answer), ANSWER_LIMIT)}")


def _notes(star: Star, look: Look) -> list[str]:
    """The small print: where the issue is, who has it, what is missing and how to mend it."""
    lines = []
    if star.issue is not None:
        issue = f"<{star.issue.url}|STAR issue #{star.issue.iid}>"
        holder = star.issue.assignee
        lines.append(
            f"{issue} · {f'assigned to {slack_text(holder)}' if holder else 'not assigned: ' + _no_assignee(star)}"
        )
    if star.issue is None and star.ticket_problem is not None:
        lines.append("There is no STAR issue yet: it is opened once the form post names a ticket to work on.")
    lines += dict.fromkeys(_trouble(trouble) for trouble in star.troubles if trouble.effect not in _QUIET)
    if star.public_text is not None:
        lines.append(
            "The macro also has a text for the customer. Nothing was sent: press *Send publicly* to read it first."
        )
    return lines or ["The STAR issue is on its way."]


def _no_assignee(star: Star) -> str:
    person = (
        star.acknowledged.by
        if star.acknowledged
        else next(iter(star.oncall.managers if star.oncall else ()), None)
    )
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
            buttons.append(button("Acknowledge", ACKNOWLEDGE, star.id, style="primary"))
        buttons.append(button("Resolve", RESOLVE, star.id))
    if star.public_text is not None:
        buttons.append(button("Send publicly", SEND_PUBLICLY, star.id))
    # One button a kind tries all of that kind again; Slack takes 25 buttons.
    kinds = {trouble.effect: trouble for trouble in reversed(star.troubles) if _can_be_tried(trouble)}
    for number, trouble in enumerate(sorted(kinds.values(), key=lambda trouble: trouble.key)):
        name = _DEEDS.get(trouble.effect, ("the rest", ""))[0]
        buttons.append(button(f"Retry: {name}", f"{RETRY}_{number}", f"{star.id} {trouble.key}"))
    return buttons


def _can_be_tried(trouble: Trouble) -> bool:
    is_for_ever = trouble.reason == "closed" and trouble.service == "zendesk"
    return not trouble.delayed and not is_for_ever and trouble.effect not in _QUIET


_TICKET_STATES = {
    "ticket_not_found": "Zendesk has no ticket with this number; the initiator has been asked for the right one.",
    "ticket_closed": "This ticket is closed; the initiator has been asked for its follow-up.",
}

_QUIET = frozenset({"whisper", "read_initiator", "read_labels"})
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
    "missing_scope": (
        "says that a scope is missing",
        "ask the admin to install the app with its manifest again",
    ),
    "not_in_channel": ("says that I am not in the channel", "invite me there"),
    "channel_missing": ("has no such channel", "ask the admin to look at the channel names"),
    "user_missing": ("does not know that person", "ask the admin to look at the people file"),
    "emoji_missing": ("has no such emoji", "add it, or ask the admin to name another"),
    "macro_missing": ("has no active macro of that name", "make it active, or ask the admin to name another"),
    "project_missing": ("has no such project, or hides it from me", "invite the bot's user to it"),
    "conflict": ("says that somebody else changed it", "wait a moment"),
    "too_long": ("says that the text is too long", "shorten it"),
    "invalid": ("does not accept it as it is", "ask the admin to look at the log"),
}


# -- the marks on the form post


def marks(star: Star, look: Look) -> Document | None:
    """The reactions that the bot keeps on the form post, so that the channel reads the same whichever way a
    step was made. A mark that a manager put there needs no second one."""
    if star.linked_to is not None or star.acknowledged is None:
        return None
    wanted = []
    if star.acknowledged.mark != look.acknowledge_emoji:
        wanted.append(look.acknowledge_emoji)
    if star.resolution is not None and star.resolution.mark != look.resolve_emoji:
        wanted.append(look.resolve_emoji)
    return {"marks": wanted}
