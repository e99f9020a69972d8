"""Every text and block of a request for hands: its dialogs, the post, the message to the managers, the word to one
person, the note on the ticket. Pure.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from slack_sdk.models.blocks import ActionsBlock, Block, ButtonElement
from slack_sdk.models.views import View

from starbot.blocks import (
    LONG_INPUT,
    button,
    choice,
    clock,
    group_mention,
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
from starbot.core.facts import Fact, MessageRef, Person
from starbot.core.text import plain, slack_clip, slack_text, zendesk_text
from starbot.duties.hands.model import LAPSES_AFTER, Choice, Desk, Request, Told, Twin

ASK_VIEW, CONFIRM_VIEW, CALL_VIEW = "hands_ask_view", "hands_confirm_view", "hands_call_view"
TAKE, ASSIST, DROP = "hands_take", "hands_assist", "hands_drop"
GIVE_BACK = "hands_give_back"
ASK, PAGE = "hands_ask", "hands_page"
PRIORITY = "high"
SHOWN = 900
"""So much of a summary stands in a message."""
MOST_NAMES = 20
VERSION = 1

Answer = dict[str, Any]


class Draft(NamedTuple):
    """A request that somebody has begun and not sent; `ticket` is what they wrote for it, `channel` is where,
    `case_id` the engineer's request that it answers."""

    ticket: str = ""
    summary: str = ""
    channel: str = ""
    case_id: str = ""


class Look(Fact):
    """Names of this organisation."""

    team_url: str = ""
    ticket_link: str = ""
    """With {ticket} for the number."""
    channel: str = ""
    """The name of the channel that is asked for hands."""
    answer_minutes: int = 10
    fallback_group: str = ""
    fallback_name: str = ""


CHOICES: Mapping[Choice, str] = {
    "hands": "Needs help now: nearly an emergency",
    "another": "Another emergency, at the same time",
    "compromised": "A compromised instance",
}
_NAMES: Mapping[str, str] = {"hands": "Needs help now", "another": "Another emergency"}


OFFERED_TO_MANAGERS: Mapping[str, str] = {
    "hands": "Nobody: ask for hands, a ticket needs help now",
    "compromised": CHOICES["compromised"],
}
"""What the dialog of `/star-page` offers beside pages."""


# -- the dialogs


def ask_view(draft: Draft) -> Answer:
    """What is still to be said before a request for hands."""
    about = section("Nobody is asked yet: the next step shows what happens, and asks.")
    return _view(ASK_VIEW, "Ask for hands", "Show what happens", [about, *_inputs(draft)], draft)


def call_view(draft: Draft, what: str, is_weekend: bool) -> Answer:
    """The engineer on call tells the manager on call."""
    text = ["The manager on call hears of it and decides. *Nobody is paged by this.*"]
    if is_weekend:
        text.append(f":calendar: {_WEEKEND} Then say so here.")
    options = [(value, label) for value, label in CHOICES.items()]
    chosen = what if what in CHOICES else "hands"
    blocks = [section("\n".join(text)), choice("what", "What", options, chosen=chosen), *_inputs(draft)]
    return _view(CALL_VIEW, "Tell the manager", "Tell the manager", blocks, draft)


_WEEKEND = (
    "It is the weekend: the engineer on call does what is nearly an emergency, and contacts the manager only when busy "
    "with another emergency."
)


def confirm_view(
    draft: Draft, ticket: int, look: Look, is_weekend: bool, engineers: Sequence[Person]
) -> Answer:
    """What a request for hands does, and the button that does it."""
    text = [
        f"*This asks for hands* for *ZD#{ticket}*. Nobody is paged. Once you send it,",
        f"• the ticket is *{PRIORITY}* in Zendesk (an urgent one stays so), with a private note that says why and that "
        "you asked",
        f"• a post asks in {_channel(look)}, and here if I am a member. The first who takes it is the ticket's "
        "assignee.",
    ]
    if is_weekend:
        who = f" The post speaks to {_names(engineers)}." if engineers else ""
        text.append(f":calendar: {_WEEKEND} If that is so, ask.{who}")
    about = "It was cut: what stands here is posted." if len(draft.summary) > LONG_INPUT else None
    blocks = [section("\n".join(text)), _summary(draft.summary, about)]
    return _view(CONFIRM_VIEW, "Ask for hands?", "Ask for hands", blocks, draft, ticket=ticket)


def _inputs(draft: Draft) -> list[Block]:
    return [text_input("ticket", "Ticket", "ZD#123456", value=draft.ticket), _summary(draft.summary, None)]


def _summary(value: str, about: str | None) -> Block:
    return text_input(
        "summary", "Summary", "What happens, in a few words", value=value, multiline=True, about=about
    )


def _view(
    callback: str, name: str, submit: str, blocks: Sequence[Block], draft: Draft, **more: Any
) -> Answer:
    about = {"v": VERSION, "channel": draft.channel, "case": draft.case_id, **more}
    return valid(
        View(
            type="modal",
            callback_id=callback,
            private_metadata=json.dumps(about),
            title=name,
            submit=submit,
            close="Cancel",
            blocks=list(blocks),
        )
    )


def looking() -> Answer:
    """While the ticket is looked at."""
    return notice(
        "One moment",
        ":hourglass_flowing_sand: I am looking at the ticket. Nobody is asked yet. If this stays for more than ten "
        "seconds, close it and try again.",
    )


def sending() -> Answer:
    """What was sent is kept; while it is carried out."""
    return notice(
        "One moment",
        ":hourglass_flowing_sand: I am on it; nobody is paged. You may close this: then you hear by direct message.",
    )


def passed_on() -> Answer:
    """A compromised instance was told: what follows comes from there."""
    return notice(
        "Compromised instance", "I have passed it on, and nobody was paged. You hear by direct message."
    )


def problem(kind: str) -> str:
    """Under a field, or in place of the dialog: why it cannot be done so, and how it can."""
    return _PROBLEMS[kind]


_ASK_AGAIN = "please open it again with `/star-page`."
_PROBLEMS: Mapping[str, str] = {
    "no_ticket": "Put in the number of the Zendesk ticket, such as ZD#123456.",
    "no_summary": "Say in a few words what happens: it is all that they see at first.",
    "too_long": f"Say it in at most {LONG_INPUT} characters; the rest goes on the ticket.",
    "old": f"This dialog is from before. Nothing was done: {_ASK_AGAIN}",
    "no_such_ticket": "Zendesk has no ticket with this number. Nothing was done: check the number.",
    "closed": "This ticket is closed, and Zendesk takes no change to it. Nothing was done: ask for its follow-up.",
    "merged": "This ticket was merged into another one. Nothing was done: ask for the one that goes on.",
    "no_right": "Only Support Managers and the engineer on call can ask for this. Nobody was asked or paged. In an "
    "emergency tell the manager on call.",
    "manager_only": "Only Support Managers can do that. Nothing was changed; tell the manager on call.",
    "guest": "Guests cannot take a request or assist. Nothing was changed.",
    "gone": "That is decided already: the message says how it stands.",
}


def refusal(kind: str) -> Answer:
    """A dialog that says why nothing was done."""
    return notice("Nothing was done", _PROBLEMS[kind])


def refused(kind: str) -> Answer:
    """The same in answer to a command."""
    return {"response_type": "ephemeral", "text": _PROBLEMS[kind]}


# -- the post


def post(case: Request, look: Look) -> Document | None:
    """One message a request, which always says how it stands; None where none asks."""
    if case.posted_at is None:
        return None
    lines = [f":raised_hands: *Needs help now* · {_ticket(case, look)}", _state(case, look)]
    if case.is_weekend and case.status == "open":
        lines.append(_weekend(case))
    lines += ["Handled as *high*, with an immediate response.", *_zendesk(case)]
    if case.helpers:
        lines.append(f"Assisting: {_names(case.helpers)}")
    lines.append(_asked_by(case))
    blocks: list[Block] = [section("\n".join(lines)), *_what_happens(case)]
    if case.status in ("open", "taken"):
        blocks.append(ActionsBlock(block_id="hands", elements=_buttons(case)))
    return message(f"Needs help now ZD#{case.ticket}: {_short(case)}", blocks)


def _ticket(case: Request, look: Look) -> str:
    return ticket_link(look.ticket_link, case.ticket)


def _what_happens(case: Request) -> list[Block]:
    summary = slack_clip(slack_text(plain(case.summary).strip()), SHOWN)
    return [section(summary)] if summary else []


def _state(case: Request, look: Look) -> str:
    if case.status == "open" and case.is_unanswered:
        return f":warning: *Nobody has taken it within {look.answer_minutes} minutes.* Whoever is free: please do."
    if case.status == "open":
        back = f"; {mention(case.given_back_by)} gave it back" if case.given_back_by else ""
        return f"*Nobody has it yet{back}.* The first who takes it has it; the others may assist."
    if case.status == "taken":
        return f":white_check_mark: *{mention(case.taker)} has it.*"
    had = f" {mention(case.taker)} had it." if case.taker else ""
    if case.dropped_by is None:
        return f"Over: nobody closed it within {LAPSES_AFTER.seconds // 3600} hours.{had}"
    return f"No longer needed, says {mention(case.dropped_by)}.{had}"


def _weekend(case: Request) -> str:
    if case.engineers:
        return f":calendar: It is the weekend, so this is for the engineer on call: {_names(case.engineers)}."
    return ":calendar: It is the weekend, and the engineer on call is busy with another emergency."


def _zendesk(case: Request) -> list[str]:
    """What of the ticket is not as it should be."""
    lines = []
    if case.status != "dropped" and case.priority == "late":
        lines.append(
            ":hourglass_flowing_sand: Zendesk does not answer: the priority is not set yet. I keep trying."
        )
    if case.priority == "failed":
        lines.append(
            f":warning: The priority is not set: {_why(case, 'raise_priority')}. Set it by hand if it can be."
        )
    if case.taker is None:
        return lines
    if case.status == "taken" and case.assigned == "late":
        lines.append(
            ":hourglass_flowing_sand: Zendesk does not answer: the ticket is not assigned yet. I keep trying."
        )
    if case.assigned == "done":
        lines.append(f"The ticket is assigned to {mention(case.taker)}.")
    if case.assigned == "failed":
        lines.append(
            f":warning: The ticket is not assigned: {_why(case, 'assign')}. Assign it by hand if it can be."
        )
    if case.assigned == "by_hand":
        lines.append(
            f"{mention(case.taker)} assigns the ticket to themselves: I do not know their Zendesk account."
        )
    return lines


_WHY: Mapping[str, str] = {
    "closed": "the ticket is closed, and Zendesk takes no change to it",
    "not_found": "Zendesk has no such ticket",
    "forbidden": "Zendesk does not let me change this ticket",
    "unauthorized": "Zendesk does not accept my credentials: the admin renews them",
    "too_late": "it was no longer needed when Zendesk answered",
    "invalid": "Zendesk does not accept it",
    "ours": "a fault of mine, sorry",
}


def _why(case: Request, effect: str) -> str:
    return _WHY.get(case.reasons.get(effect, ""), "Zendesk said no: the admin looks at the log")


def _asked_by(case: Request) -> str:
    """By whom and when, and for whom."""
    asked = f"Asked by {mention(case.poster)}, {moment(case.posted_at)}"
    return f"{asked}, for {mention(case.by)}, the engineer on call" if case.is_called else asked


def _short(case: Request) -> str:
    if case.status == "open":
        return "nobody has taken it" if case.is_unanswered else "nobody has it yet"
    return "somebody has it" if case.status == "taken" else "over"


def _buttons(case: Request) -> list[ButtonElement]:
    take = [button("I'll take it", TAKE, case.id, "primary")] if case.status == "open" else []
    back = [_give_back(case)] if case.status == "taken" else []
    return [*take, button("I assist", ASSIST, case.id), *back, button("No longer needed", DROP, case.id)]


def _give_back(case: Request) -> ButtonElement:
    return button("Give it back", GIVE_BACK, f"{case.id}:{case.turns}")


# -- the message to the managers on call


def desk(case: Request, number: int, look: Look) -> Document | None:
    """One message a manager, which always says how it stands; None where nobody has that number."""
    if number >= len(case.desks):
        return None
    lines = [
        f":raising_hand: *{_NAMES[case.what]}* · {_ticket(case, look)}",
        _decision(case, look),
        f"Told by {mention(case.by)}, the engineer on call, {moment(case.asked_at)}. Nobody was paged.",
    ]
    who = case.desks[number]
    if not who.slack:
        lines.insert(0, _to_group(who, look))
    if case.status == "asked" and case.seen_by is not None:
        lines.append(f"Seen by {mention(case.seen_by)}.")
    if case.status == "asked" and case.is_weekend and case.what == "hands":
        lines.append(f":calendar: {_WEEKEND}")
    blocks: list[Block] = [section("\n".join(lines)), *_what_happens(case)]
    if case.status == "asked":
        blocks.append(ActionsBlock(block_id="hands_desk", elements=_desk_buttons(case)))
    if case.status == "taken" and case.posted_at is None:
        blocks.append(ActionsBlock(block_id="hands_desk", elements=[_give_back(case)]))
    return message(f"{_NAMES[case.what]} ZD#{case.ticket}: {_decided(case)}", blocks)


def _to_group(who: Desk, look: Look) -> str:
    group = group_mention(look.fallback_group, look.fallback_name)
    if not who.person.name:
        return f"{group}: I do not know who is on call."
    return f"{group}: {mention(who.person)} is on call, and I cannot reach them by direct message."


def _decision(case: Request, look: Look) -> str:
    if case.status == "asked" and case.is_unanswered:
        return f":warning: *No manager has decided within {look.answer_minutes} minutes.*"
    if case.status == "asked":
        back = f"; {mention(case.given_back_by)} gave it back" if case.given_back_by else ""
        return f"*No manager has decided yet{back}.*"
    if case.posted_at is None:
        return _state(case, look) if case.status == "taken" or case.dropped_by is None else _not_needed(case)
    where = _link(case.post, look, "the post")
    return f"{mention(case.poster)} asks for hands: {where}. {_state(case, look)}"


def _not_needed(case: Request) -> str:
    return f"Not needed, says {mention(case.dropped_by)}."


def _decided(case: Request) -> str:
    if case.status == "asked":
        return "no manager has decided yet"
    return "hands are asked for" if case.status == "open" else _short(case)


def _desk_buttons(case: Request) -> list[ButtonElement]:
    ask, drop = button("Ask for hands", ASK, case.id), button("Not needed", DROP, case.id)
    if case.what == "hands":
        return [ask, drop]
    page = button("Page the backup pool", PAGE, case.id, "danger")
    return [page, ask, button("I'll take it", TAKE, case.id, "primary"), drop]


# -- the word to one person


def result(case: Request, told: Told, look: Look) -> str:
    """A sentence to one person."""
    if told.what == "no_right":
        return _PROBLEMS[_no(case)]
    if told.what == "no_ticket":
        return _PROBLEMS["no_such_ticket"]
    if told.what == "not_yours":
        return "Whoever asked says when it is no longer needed, or a Support Manager. Nothing was changed."
    if told.what == "open_request":
        return _first(case, look)
    name = f"*ZD#{case.ticket}*"
    if told.what == "posted":
        where = _link(case.post, look, "the post")
        return f"{name}: on its way. {where[:1].upper()}{where[1:]} says who takes it; nobody was paged."
    if told.what == "called":
        return f"{name}: {_managers(case)} told, and nobody was paged. You hear what they decide by direct message."
    if told.what == "no_post":
        return f"{name}: nobody sees that you asked for hands. I may not write in {_channel(look)}: ask there yourself."
    if told.what == "unanswered":
        return (
            f"{name}: nobody has taken it within {look.answer_minutes} minutes ({_link(case.post, look, 'the post')}). "
            "Next: write to somebody who is free, or ask in the regional channel. Once it is an emergency, "
            "`/star-page emergency` pages the rotation."
        )
    if told.what == "no_manager":
        return (
            f"{name}: no manager has answered within {look.answer_minutes} minutes. Next: call them. In an emergency "
            "press *Escalate* at the incident in PagerDuty, which pages them."
        )
    return f"{name}: {_sentence(case, told, look)}"


def _no(case: Request) -> str:
    """At a post only guests are told no."""
    if case.posted_at is not None:
        return "guest"
    return "no_right" if case.status == "refused" else "manager_only"


def _sentence(case: Request, told: Told, look: Look) -> str:
    if told.what == "given_back":
        return _given_back(case, told.by or case.given_back_by, look)
    if told.what == "not_theirs":
        return "only whoever has it gives it back, or a Support Manager for them. Nothing was changed."
    if told.what == "unassign_yourself":
        return "it was given back. Please see in Zendesk that the ticket is not assigned to you any more."
    if told.what == "not_returned":
        why = _why(case, "return")
        return f"it was given back, but I could not undo the assignment: {why}. Please see to it in Zendesk."
    if told.what == "has_it":
        return f"{mention(told.by or case.taker)} has it already. Press *I assist* if you want to help."
    if told.what == "over":
        return "it is no longer needed. For a new one there is `/star-page`."
    if told.what == "assign_yourself":
        return "you have it. I do not know your Zendesk account: please assign the ticket to yourself."
    if told.what == "not_assigned":
        why = _why(case, "assign")
        return f"you have it, but the ticket is not assigned to you: {why}. Please see to it in Zendesk."
    if told.what == "seen":
        return f"{mention(told.by or case.seen_by)} is looking at it."
    if told.what == "asks":
        who = mention(told.by or case.poster)
        return f"{who} asks for hands: {_link(case.post, look, 'the post')} says who takes it."
    if told.what == "taken":
        return f"{mention(told.by or case.taker)} has it."
    return f"{mention(told.by or case.dropped_by)} says that it is not needed. If that is wrong, tell them."


def _given_back(case: Request, by: Person | None, look: Look) -> str:
    who = mention(by) if by else "whoever had it"
    if case.posted_at is None:
        return f"{who} gave it back. Next: a manager on call decides, on my message about it."
    return f"{who} gave it back. Next: {_link(case.post, look, 'the post')} asks for hands again."


def _first(case: Request, look: Look) -> str:
    """What a second try is shown: the request that is open already."""
    first = case.rival or Twin(case_id=case.id, asked_at=case.asked_at, post=case.post)
    if first.post is None:
        return (
            f"The managers on call know of it since {moment(first.asked_at)}. Nothing was sent a second time."
        )
    where = _link(first.post, look, "the open request")
    return f"Hands are asked for already, since {moment(first.asked_at)}: {where}. Nothing was sent a second time."


def _managers(case: Request) -> str:
    known = [one.person for one in case.desks if one.person.name]
    verb = "is" if len(known) < 2 else "are"
    return f"{_names(known) or 'the group of the managers on call'} {verb}"


def result_view(case: Request, told: Told, look: Look) -> Answer:
    """The same in the dialog that waits for it."""
    return notice("Asking for hands", result(case, told, look))


# -- the note on the ticket


def note(case: Request) -> str:
    """Why the ticket is high, and by whom; private."""
    asker = case.poster or case.by
    lines = [
        f"Support asks for hands on this ticket: it is handled as {PRIORITY} priority, with an immediate response.",
        f"Asked by {zendesk_text(_name(asker))}, {clock(case.posted_at, date=True)}"
        + (f", for {zendesk_text(_name(case.by))}, the engineer on call." if case.is_called else "."),
        "",
        zendesk_text(case.summary.strip()[:LONG_INPUT]),
    ]
    return "\n".join(lines)


def _name(person: Person) -> str:
    return " ".join(plain(person.name).split())[:120] or "somebody"


# -- building blocks


def _channel(look: Look) -> str:
    return f"#{slack_text(look.channel)}"


def _link(ref: MessageRef | None, look: Look, name: str) -> str:
    return f"<{permalink(look.team_url, ref)}|{name}>" if ref is not None and look.team_url else name


def _names(people: Sequence[Person]) -> str:
    shown = ", ".join(mention(one) for one in people[:MOST_NAMES])
    return f"{shown} and {len(people) - MOST_NAMES} more" if len(people) > MOST_NAMES else shown
