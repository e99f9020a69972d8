"""The card: one message a STAR that always shows the present state, and the marks at the head of the thread. Pure."""

from collections.abc import Iterable
from datetime import timedelta

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ContextBlock,
    InteractiveElement,
    MarkdownTextObject,
    Option,
    OverflowMenuElement,
    PlainTextObject,
    SectionBlock,
)

from starbot.blocks import (
    SECTION_LIMIT,
    age,
    button,
    clock,
    line,
    mention,
    message,
    moment,
    mrkdwn,
    permalink,
    section,
)
from starbot.core.case import Document
from starbot.core.text import slack_clip, slack_text
from starbot.duties.stars.model import Star, Trouble
from starbot.duties.stars.words.dialogs import AGREED, VERDICTS
from starbot.duties.stars.words.doubts import in_short
from starbot.duties.stars.words.parts import (
    ANSWER_LIMIT,
    SYSTEMS,
    Look,
    customer_of,
    fallback,
    ticket_address,
    twin_sentence,
)

ACKNOWLEDGE = "star_acknowledge"
TRIAGE = "star_triage"
ASK = "star_ask"
RESOLVE = "star_resolve"
UNSTAR = "star_unstar"
REOPEN = "star_reopen"
ADD_FACTS = "star_add_facts"
WITHDRAW = "star_withdraw"
CLAIM = "star_claim"
HELP_NOW = "star_help_now"
MORE = "star_more"
"""The menu of what is done less often; the value of each choice begins with one of the names above."""
SEND_PUBLICLY = "star_send_publicly"
RETRY = "star_retry"
PAGE_MANAGER = "star_page_manager"


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
    said = _PHONE_STATES.get(star.status)
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


_PHONE_STATES = {
    "resolved": "Resolved",
    "unstarred": "Unstarred",
    "withdrawn": "Withdrawn",
    "waiting_on_initiator": "Waiting for the initiator",
    "acknowledged": "Acknowledged",
}


def _state(star: Star, look: Look) -> str:
    if star.withdrawal is not None:
        gone = star.withdrawal
        why = f" {line(gone.text, ANSWER_LIMIT)}" if gone.text else ""
        return f"Withdrawn by {mention(gone.by)}, {moment(gone.at)}.{why}"
    if star.unstarring is not None:
        return _unstarred(star)
    if star.resolution is not None:
        return _resolved(star, look)
    problem = f"\n:warning: {_TICKET_STATES[star.ticket_problem]}" if star.ticket_problem else ""
    if star.acknowledged is None:
        return f"{_whom(star, look)}{problem}{_offer(star)}"
    who = mention(star.acknowledged.by)
    looking = f":{look.acknowledge_emoji}: {who} has been looking since {moment(star.acknowledged.at)}."
    return "\n".join([f"{looking}{problem}", *_triage(star), *_waiting(star)])


def _offer(star: Star) -> str:
    if not star.may_page:
        return ""
    return (
        f"\n:hourglass_flowing_sand: Nobody has acknowledged it since {moment(star.waits_since)}: a manager can "
        "page whoever is on call, and sees first who that is."
    )


def _resolved(star: Star, look: Look) -> str:
    ending = star.resolution
    assert ending is not None, "resolved without a resolution"
    step = line(ending.next_step, ANSWER_LIMIT) or "_not said yet_"
    lines = [f":{look.resolve_emoji}: Resolved by {mention(ending.by)}, {moment(ending.at)}."]
    lines.append(f"Next step: {step}")
    if ending.owner:
        lines.append(f"Owner: {line(ending.owner)}")
    if ending.customer_hears:
        lines.append(f"The customer hears: {line(ending.customer_hears)}")
    return "\n".join(lines)


def _unstarred(star: Star) -> str:
    no = star.unstarring
    assert no is not None, "unstarred without a reason"
    lines = [f"Unstarred by {mention(no.by)}, {moment(no.at)}: {line(no.reason)}."]
    if no.text:
        lines.append(line(no.text, ANSWER_LIMIT))
    lines.append(f"Instead: {line(no.alternative, ANSWER_LIMIT)}")
    lines.append(f"The initiator agreed: {AGREED[no.agreed].lower()}")
    return "\n".join(lines)


def _triage(star: Star) -> Iterable[str]:
    triage = star.triage
    if triage is None:
        return
    if triage.decision:
        yield f"Decision: {_inside(VERDICTS[triage.decision])}{_NEXT_PRESS.get(triage.decision, '')}"
    if triage.category:
        yield f"Category: {line(triage.category)}"
    if triage.next_step:
        yield f"Next step: {line(triage.next_step, ANSWER_LIMIT)}"
    if triage.dri is not None:
        yield f"DRI: {mention(triage.dri)}"


def _inside(sentence: str) -> str:
    """As it goes on after a colon: "SLA" stays as it is."""
    return sentence[:1].lower() + sentence[1:]


def _waiting(star: Star) -> Iterable[str]:
    asked = star.waiting
    if asked is not None:
        whom = f"<@{star.form.initiator}>" if star.form.initiator else "whoever filed it"
        where = " on the issue" if asked.where == "issue" else ""
        yield (
            f":speech_balloon: Waiting for {whom}, asked{where} by {mention(asked.by)} {moment(asked.at)}: "
            f"{line(asked.text, 300)}"
        )


_NEXT_PRESS = {
    "ask": ". Choose *Ask the initiator* below.",
    "unstar": ". Choose *Unstar* below, so that the initiator hears why.",
    "emergency": ". The customer raises one, then press *Resolve*.",
    "account": ". The account team opens it, then press *Resolve*.",
}


def _whom(star: Star, look: Look) -> str:
    """Who is asked to look: everybody on call, as far as we know, or the group."""
    oncall = star.oncall
    how = f"Add :{look.acknowledge_emoji}: or press *Acknowledge* when you look at it."
    if oncall is None or not oncall.managers:
        why = (
            "PagerDuty shows nobody on call"
            if oncall and oncall.source == "live"
            else "PagerDuty does not answer"
        )
        return f"{fallback(look)}: {why}, so this goes to all of you. {how}"
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
        where = "form post" if star.has_post else "STAR"
        lines.append(f"There is no STAR issue yet: it is opened once the {where} names a ticket to work on.")
    if star.previous is not None:
        lines.append(_previous(star, look))
    if star.hints and not star.is_ended:
        lines.append(
            f"Worth knowing: {'; '.join(in_short(hint) for hint in star.hints)}. The decision is yours."
        )
    lines += dict.fromkeys(_trouble(star, one, look) for one in star.troubles if one.effect not in _QUIET)
    if star.public_text is not None:
        lines.append(
            "The macro also has a text for the customer. Nothing was sent: press *Send publicly* to read it first."
        )
    return lines or ["The STAR issue is on its way."]


def _previous(star: Star, look: Look) -> str:
    before = star.previous
    assert before is not None, "no STAR before this one"
    links = []
    if before.root is not None:
        links.append(f"<{permalink(look.team_url, before.root)}|thread>")
    if before.issue_url:
        links.append(f"<{before.issue_url}|issue>")
    return f"There was a STAR for this ticket before: {' · '.join(links) or slack_text(before.case_id)}"


def _no_assignee(star: Star) -> str:
    person = (
        star.acknowledged.by
        if star.acknowledged
        else next(iter(star.oncall.managers if star.oncall else ()), None)
    )
    if person is None:
        return "nobody is known to be on call"
    return f"the people file has no GitLab name for {slack_text(person.name)}"


def _trouble(star: Star, trouble: Trouble, look: Look) -> str:
    if trouble.delayed and trouble.effect == "issue" and star.issue is None and look.adopt_minutes:
        latest = moment(star.filed_at + timedelta(minutes=look.adopt_minutes))
        wait = ":hourglass_flowing_sand: I wait for the other bot's STAR issue"
        return f"{wait}; if none has come by {latest}, I open one."
    deed, late = _DEEDS.get(trouble.effect, ("do its part", "It follows"))
    system = SYSTEMS[trouble.service]
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


def _buttons(star: Star) -> list[InteractiveElement]:
    buttons: list[InteractiveElement] = []
    if star.is_ended:
        buttons.append(button("Reopen", REOPEN, star.id))
    else:
        if star.acknowledged is None:
            buttons.append(button("Acknowledge", ACKNOWLEDGE, star.id, style="primary"))
        buttons += [button("Triage", TRIAGE, star.id), button("Resolve", RESOLVE, star.id)]
        if star.may_page:
            buttons.append(button("Page the manager on call", PAGE_MANAGER, star.id, style="danger"))
        if star.form.initiator is None:
            buttons.append(button("That's me", CLAIM, star.id))
        buttons.append(_more(star))
    if star.public_text is not None:
        buttons.append(button("Send publicly", SEND_PUBLICLY, star.id))
    # One button a kind tries all of that kind again; Slack takes 25 buttons.
    kinds = {trouble.effect: trouble for trouble in reversed(star.troubles) if _can_be_tried(trouble)}
    for number, trouble in enumerate(sorted(kinds.values(), key=lambda trouble: trouble.key)):
        name = _DEEDS.get(trouble.effect, ("the rest", ""))[0]
        buttons.append(button(f"Retry: {name}", f"{RETRY}_{number}", f"{star.id} {trouble.key}"))
    return buttons


def _more(star: Star) -> OverflowMenuElement:
    """For managers first, then for whoever filed it: Slack shows everybody the same."""
    choices = (
        ("Ask the initiator", ASK),
        ("Unstar", UNSTAR),
        ("Needs help now", HELP_NOW),
        ("Initiator: add facts", ADD_FACTS),
        ("Initiator: withdraw", WITHDRAW),
    )
    options = [
        Option(text=PlainTextObject(text=text), value=f"{action} {star.id}") for text, action in choices
    ]
    return OverflowMenuElement(action_id=MORE, options=options)


def _can_be_tried(trouble: Trouble) -> bool:
    is_for_ever = trouble.reason == "closed" and trouble.service == "zendesk"
    return not trouble.delayed and not is_for_ever and trouble.effect not in _QUIET


_TICKET_STATES = {
    "ticket_not_found": "Zendesk has no ticket with this number; the initiator has been asked for the right one.",
    "ticket_closed": "This ticket is closed; the initiator has been asked for its follow-up.",
}

_QUIET = frozenset({"whisper", "read_initiator", "read_labels"})
"""Effects whose trouble is nobody's business."""

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
    "post_line": ("say it in the thread", "The line in the thread follows"),
    "tell_initiator": ("tell the initiator", "The message to the initiator follows"),
    "marks": ("put the mark at the head of the thread", "The mark follows"),
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


# -- the marks at the head of the thread


def marks(star: Star, look: Look) -> Document | None:
    """The reactions that the bot keeps at the head of the thread, so that the channel reads the same whichever way a
    step was made. A mark that a manager put there needs no second one."""
    if star.linked_to is not None or star.root is None or star.acknowledged is None:
        return None
    wanted = []
    if star.acknowledged.mark != look.acknowledge_emoji:
        wanted.append(look.acknowledge_emoji)
    if star.status == "resolved" and star.resolution and star.resolution.mark != look.resolve_emoji:
        wanted.append(look.resolve_emoji)
    return {"marks": wanted}
