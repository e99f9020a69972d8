"""What the bot says to people beside the card: under the form post, in the question to a manager, to one person
only. Pure.
"""

from collections.abc import Mapping, Sequence

from slack_sdk.models.blocks import ActionsBlock, Block, ContextBlock

from starbot.blocks import button, clock, line, mention, message, moment, mrkdwn, permalink, section
from starbot.core.case import Document
from starbot.core.facts import MessageRef
from starbot.duties.stars.form import FormProblem
from starbot.duties.stars.model import Deed, Star, Whispered
from starbot.duties.stars.words.card import CLAIM
from starbot.duties.stars.words.parts import Look, thread_link, twin_sentence

UNDO = "star_undo"
COMPLETE = "star_complete"

MOST_LINKS = 15

# -- the reply to a form post: what is missing, or where the STAR is


def reply(star: Star, look: Look) -> Document | None:
    """The word about the form post itself, in its thread; None where there is nothing to say about it."""
    if star.linked_to is not None and star.has_post:
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
        lines.append(_how_to_mend(star))
        buttons = [button("Complete this STAR", COMPLETE, star.id, style="primary")]
        if star.form.initiator is None:
            buttons.append(button("That's me", CLAIM, star.id))
        actions = ActionsBlock(block_id="star_reply", elements=buttons)
        return message("Your STAR needs something from you.", [section("\n".join(lines)), actions])
    if star.other_ticket is not None:
        text = (
            f"{_thank_you(star)} for the edit. This STAR stays with #{star.form.ticket}, where work on it has begun. "
            f"For #{star.other_ticket}, please send the form again."
        )
        return message(text, [section(text)])
    if star.reply is not None and star.is_ended and (star.ticket_problem or not star.is_readable):
        text = (
            "A Support Manager closed this STAR as it is, so nothing more is needed from you here. If the ticket "
            "still needs attention, please send the form again."
        )
        return message(text, [section(text)])
    if star.reply is not None:
        now = _REPLY_ENDINGS.get(star.status, "The STAR is on its way.")
        text = f"Thank you, that is all I needed. {now}"
        return message(text, [section(text)])
    return None


_REPLY_ENDINGS = {
    "resolved": "A Support Manager resolved the STAR.",
    "unstarred": "A Support Manager looked at the STAR; the answer is below.",
    "withdrawn": "The STAR was withdrawn.",
}


def _thank_you(star: Star) -> str:
    return f"<@{star.form.initiator}>, thank you" if star.form.initiator else "Thank you"


def _how_to_mend(star: Star) -> str:
    first = "" if star.form.initiator else "The form does not say who you are: press *That's me* first. "
    edit = ", or edit the form post above," if star.has_post else ""
    return f"{first}Press *Complete this STAR*{edit} and I go on by myself."


def _problems(star: Star, look: Look) -> list[str]:
    if star.is_ended or star.root is None:
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
    links = [
        f"<{permalink(look.team_url, post)}|form {number}>"
        for number, post in enumerate(posts[:MOST_LINKS], 1)
    ]
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
    link = thread_link(star, look)
    ticket = f"<{link}|{name}>" if link else name
    ending = star.resolution
    if ending is None:
        if star.question is None or star.is_ended:
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
    # Each resolution is asked about in a message of its own, though the words may be the same.
    return message(text, blocks) | {"number": star.questions}


# -- words to one person


def whisper(star: Star, said: Whispered, look: Look) -> str:
    """The answer to something one person did: what is so now, and what to do next."""
    if said.why in ("state", "known"):
        return stale(star, said.deed)
    if said.why == "too_late":
        return (
            f"The {look.undo_minutes} minutes for *Undo* are over. A manager can press *Reopen* on the card."
        )
    if said.why == "newer_star":
        return newer_star()
    if said.why == "overtaken":
        return _overtaken(star)
    if said.why == "added":
        return f"{_now(star)} What you wrote is on the issue too."
    if said.why == "kept":
        return f"{_now(star)} Taking the emoji away changes nothing. {_BACK[star.is_ended]}"
    if said.why == "not_yours" and said.deed == "complete":
        return _not_yours_to_complete(star)
    if said.why == "repeated" and star.linked_to is not None:
        return f"{twin_sentence(star, look)} Add there what is new."
    if said.why == "done":
        return _DONE.get(said.deed, "Done.")
    if said.why == "not_yours" and star.form.initiator is None:
        return (
            "The form does not say who filed this STAR. If that was you, press *That's me* on the card first."
        )
    return _WORDS[said.why]


def _not_yours_to_complete(star: Star) -> str:
    who = "Only whoever filed this STAR, or a Support Manager, can complete it."
    return who if star.form.initiator else f"{who} If that is you, press *That's me* first."


def _overtaken(star: Star) -> str:
    made = star.triage
    who = f"{mention(made.by)} triaged this STAR meanwhile, {moment(made.at)}" if made else _now(star)
    return (
        f"{who}: see the card. What you wrote is on the issue; to put it in its place, press *Triage* again."
    )


_WORDS: Mapping[str, str] = {
    "no_right": "Thank you. Only Support Managers can do that; whoever is on call has been told about this STAR.",
    "not_yours": "Only whoever filed this STAR can do that. You can write what you know in its thread.",
    "no_name": "That is for members of this workspace. Please ask your contact at GitLab.",
    "no_text": "There was no text to read, so nothing was sent. Press *Send publicly* to try again.",
    "repeated": "There is an open STAR for this ticket already, so what you wrote was added to it.",
}

_BACK = {
    True: "To go on with it, press *Reopen* on the card.",
    False: "If somebody else should look, say so in the thread.",
}

_DONE: Mapping[Deed, str] = {
    "claim": "Thank you. This STAR is yours now: you hear how it goes on, and can add facts or withdraw it.",
    "add_facts": "Thank you. What you wrote is in the thread and on the STAR issue.",
    "withdraw": "Done: the STAR is withdrawn, and the manager is told.",
    "complete": "Thank you, that is all I needed.",
    "file": "Your STAR is filed.",
}


def stale(star: Star, deed: Deed) -> str:
    """What to say to somebody whose button cannot do any more what it says."""
    return f"{_now(star)} {_STALE[deed]}"


def _now(star: Star) -> str:
    if star.linked_to is not None:
        return "Another STAR for this ticket was open first; this one follows it."
    if star.withdrawal is not None:
        return f"This STAR was withdrawn by {mention(star.withdrawal.by)}, {moment(star.withdrawal.at)}."
    if star.unstarring is not None:
        return f"This STAR was unstarred by {mention(star.unstarring.by)}, {moment(star.unstarring.at)}."
    if star.resolution is not None:
        return f"This STAR was resolved by {mention(star.resolution.by)}, {moment(star.resolution.at)}."
    if star.acknowledged is not None:
        return f"{mention(star.acknowledged.by)} has been looking at this STAR since {moment(star.acknowledged.at)}."
    return "This STAR is open."


_STALE: Mapping[Deed, str] = {
    "acknowledge": "Nothing more to do here.",
    "triage": "Nothing was changed.",
    "ask": "Nothing was asked.",
    "resolve": "Nothing more to do here.",
    "unstar": "Nothing was changed.",
    "reopen": "It needs no reopening.",
    "undo": "There is nothing to undo.",
    "send_publicly": "No text for the customer is waiting.",
    "retry": "That has been done meanwhile, or is being tried right now.",
    "add_facts": "Nothing was added. If the ticket still needs attention, file a new STAR.",
    "withdraw": "Nothing more to do here.",
    "claim": "We know who filed it.",
    "complete": "Nothing is missing any more.",
    "file": "Nothing was filed.",
    "page": "Nobody was paged.",
}


def page_summary(star: Star) -> str:
    """What a page of the manager on call begins with; whoever sends it may change it."""
    return f"STAR ({star.form.urgency}) not acknowledged since {clock(star.waits_since, date=True)}"


def newer_star(link: str = "") -> str:
    """The answer to somebody who wants to open a STAR again whose ticket has another one by now."""
    there = f"<{link}|there>" if link else "there"
    return f"There is a newer open STAR for this ticket, so this one stays closed. Please go on {there}."


def no_such_button() -> str:
    """The answer to a button that we do not know (any more)."""
    return (
        "I do not know that button any more; the message may be from before an update. Nothing was changed."
    )


def no_such_star() -> str:
    """The answer to a button of a STAR that is not in our books."""
    return (
        "I have no STAR behind that button (any more), so nothing was changed. Look it up with `/star list`."
    )


def long_closed() -> str:
    """The answer to a button of a STAR whose text is gone, because it was closed long ago."""
    return "This STAR was closed long ago, so nothing was changed. If its ticket needs attention, file a new STAR."


def strangers() -> str:
    """The answer to somebody of another workspace."""
    return "That is for members of this workspace. Please ask your contact at GitLab to do it."


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
