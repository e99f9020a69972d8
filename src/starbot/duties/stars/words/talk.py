"""What the bot says to people beside the card: under the form post, in direct messages, to one person only,
and in dialogs. Pure.
"""

from collections.abc import Mapping
from typing import Any

from slack_sdk.models.blocks import ActionsBlock, Block, ContextBlock, InputBlock, PlainTextInputElement
from slack_sdk.models.views import View

from starbot.core.case import Document
from starbot.core.text import one_line, slack_clip, slack_text
from starbot.duties.stars.form import FormProblem
from starbot.duties.stars.model import Deed, Star
from starbot.duties.stars.words.parts import (
    SECTION_LIMIT,
    Look,
    button,
    mention,
    message,
    moment,
    mrkdwn,
    permalink,
    section,
    text_input,
    valid,
)

UNDO = "star_undo"
RESOLVE_VIEW = "star_resolve_view"
SEND_PUBLICLY_VIEW = "star_send_publicly_view"

# -- the reply to a form post: what is missing, or where the STAR is


def reply(star: Star, look: Look) -> Document | None:
    """The word about the form post itself, in its thread; None where there is nothing to say about it."""
    if star.linked_to is not None:
        there = permalink(look, star.linked_to.root)
        text = (
            f"Thank you. Ticket #{star.form.ticket} already has an open STAR: <{there}|here it is>. The Support "
            "Managers know of it, so nothing is lost; please add in that thread whatever is new."
        )
        return message(text, [section(text)])
    problems = _problems(star, look)
    if problems:
        who = f"<@{star.form.initiator}>, thank" if star.form.initiator else "Thank"
        lines = [
            f"{who} you for the STAR. It is kept, and needs one thing from you:"
            if len(problems) == 1
            else f"{who} you for the STAR. It is kept, and needs some things from you:"
        ]
        lines += [f"• {problem}" for problem in problems]
        lines.append(
            "Edit the form post above, and I go on by myself. If you cannot edit it, send the form again."
        )
        text = "\n".join(lines)
        return message("Your STAR needs something from you.", [section(slack_clip(text, SECTION_LIMIT))])
    if (
        star.reply is not None
        and star.resolution is not None
        and (star.ticket_problem or not star.is_readable)
    ):
        text = (
            "A Support Manager closed this STAR as it is, so nothing more is needed from you here. If the ticket "
            "still needs attention, please send the form again."
        )
        return message(text, [section(text)])
    if star.reply is not None:
        text = "Thank you, that is all I needed. The STAR is on its way."
        return message(text, [section(text)])
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
    "ticket_is_salesforce": "*Ticket* holds a Salesforce link. Put in the number of the Zendesk ticket, such as "
    "123456.",
    "ticket_unreadable": "*Ticket* says “{seen}”, which holds no ticket number. Put in the number alone, such as "
    "123456.",
    "several_tickets": "*Ticket* names several tickets (“{seen}”). Keep the one that needs attention, and send a STAR "
    "for each other.",
    "no_urgency": "*Urgency* is missing. Choose one of: {levels}.",
    "unknown_urgency": "*Urgency* says “{seen}”, which I do not know. Choose one of: {levels}.",
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
        return message(text, [section(text)])
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
    blocks: list[Block] = [section(text)]
    if not ending.undo_lapsed:
        blocks.append(ActionsBlock(block_id="star_question", elements=[button("Undo", UNDO, star.id)]))
        blocks.append(
            ContextBlock(elements=[mrkdwn(f"Undo opens the STAR again, until {moment(star.next_due)}.")])
        )
    return message(text, blocks)


# -- words to one person


def whisper(star: Star, number: int, look: Look) -> str:
    """The answer to a click that could not do what it said."""
    said = star.whispers[number]
    if said.why == "no_right":
        return (
            "Thank you. Only Support Managers can do that; whoever is on call has been told about this STAR."
        )
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
        return f"This STAR was resolved by {mention(star.resolution.by)}, {moment(star.resolution.at)}."
    if star.acknowledged is not None:
        return f"{mention(star.acknowledged.by)} has been looking at this STAR since {moment(star.acknowledged.at)}."
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
            section(
                f"Resolved means that the right next step for #{ticket} is known and under way. The ticket itself "
                "stays as it is."
                if ticket
                else "Resolved means that the right next step is known and under way."
            ),
            text_input("next_step", "Next step", "What happens next?", multiline=True),
            text_input("owner", "Owner", "Who has it?", optional=True),
            text_input("customer_hears", "The customer hears", "When, and from whom?", optional=True),
        ],
    )
    return valid(view)


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
            section(
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
    return valid(view)
