"""What the bot says to people beside the card: under the form post, in direct messages, to one person only,
and in dialogs. Pure.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from slack_sdk.models.blocks import ActionsBlock, Block, ContextBlock, InputBlock, PlainTextInputElement
from slack_sdk.models.views import View

from starbot.core.case import Document
from starbot.core.facts import MessageRef
from starbot.duties.stars.form import FormProblem
from starbot.duties.stars.model import Deed, Star, Whispered
from starbot.duties.stars.words.parts import (
    Look,
    button,
    line,
    mention,
    message,
    moment,
    mrkdwn,
    permalink,
    section,
    text_input,
    twin_sentence,
    valid,
)

UNDO = "star_undo"
RESOLVE_VIEW = "star_resolve_view"
SEND_PUBLICLY_VIEW = "star_send_publicly_view"

MOST_LINKS = 15

# -- the reply to a form post: what is missing, or where the STAR is


def reply(star: Star, look: Look) -> Document | None:
    """The word about the form post itself, in its thread; None where there is nothing to say about it."""
    if star.linked_to is not None:
        text = (
            f"Thank you. {twin_sentence(star, look)} The Support Managers know of it, so nothing is lost; please "
            "add in that thread whatever is new."
        )
        return message(text, [section(text)])
    problems = _problems(star, look)
    if problems:
        what = "one thing" if len(problems) == 1 else "some things"
        lines = [f"{_thank_you(star)} for the STAR. It is kept, and needs {what} from you:"]
        lines += [f"• {problem}" for problem in problems]
        lines.append(
            "Edit the form post above, and I go on by myself. If you cannot edit it, send the form again."
        )
        text = "\n".join(lines)
        return message("Your STAR needs something from you.", [section(text)])
    if star.other_ticket is not None:
        text = (
            f"{_thank_you(star)} for the edit. This STAR stays with #{star.form.ticket}, where work on it has begun. "
            f"For #{star.other_ticket}, please send the form again."
        )
        return message(text, [section(text)])
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
        now = "The STAR is on its way." if star.resolution is None else "A Support Manager resolved the STAR."
        text = f"Thank you, that is all I needed. {now}"
        return message(text, [section(text)])
    return None


def _thank_you(star: Star) -> str:
    return f"<@{star.form.initiator}>, thank you" if star.form.initiator else "Thank you"


def _problems(star: Star, look: Look) -> list[str]:
    if star.resolution is not None:
        return []
    if star.ticket_problem is not None:
        return [_TICKET_PROBLEMS[star.ticket_problem]]
    return [_problem(problem, look) for problem in star.form.problems]


def _problem(problem: FormProblem, look: Look) -> str:
    seen = line(problem.seen, 80)
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


# -- after a long absence


def not_opened(posts: Sequence[MessageRef], look: Look) -> Document:
    """The form posts that were sent while the bot was away, and are too old to be opened by themselves."""
    whom = f"<!subteam^{look.fallback_group}>: " if look.fallback_group else ""
    links = [f"<{permalink(look, post)}|form {number}>" for number, post in enumerate(posts[:MOST_LINKS], 1)]
    more = f" and {len(posts) - MOST_LINKS} more" if len(posts) > MOST_LINKS else ""
    text = (
        f"{whom}I was away for more than twelve hours and did not open what was sent first: {', '.join(links)}{more}. "
        "If one still matters, please send its form again."
    )
    return message(text, [section(text)])


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


def whisper(star: Star, said: Whispered, look: Look) -> str:
    """The answer to a click that could not do what it said."""
    if said.why == "no_right":
        return (
            "Thank you. Only Support Managers can do that; whoever is on call has been told about this STAR."
        )
    if said.why == "too_late":
        return f"The {look.undo_minutes} minutes for *Undo* are over. If it needs attention again, file a new STAR."
    if said.why == "newer_star":
        return "There is a newer open STAR for this ticket, so this one stays closed. Please go on there."
    if said.why == "no_text":
        return "There was no text to read, so nothing was sent. Press *Send publicly* to try again."
    if said.why == "added":
        return f"{_now(star)} What you wrote is on the issue too."
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
    "send_publicly": "No text for the customer is waiting.",
    "retry": "That has been done meanwhile, or is being tried right now.",
}


def ask_again_in_thread() -> str:
    """The answer to a sentence in a direct message that may belong to several STARs."""
    return "Which STAR is that for? Please answer in the thread under my question."


def open_again(star: Star) -> str:
    """The answer to a sentence about a STAR that was opened again by *Undo*."""
    about = f"for #{star.form.ticket} " if star.form.ticket else ""
    return (
        f"This STAR {about}is open again, so I have put that sentence nowhere. Resolve the STAR once more and tell "
        "me then."
    )


# -- dialogs


def answer_missing() -> str:
    """What a dialog says under a field that must be filled in and holds nothing that can be read."""
    return "Please write something here."


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
