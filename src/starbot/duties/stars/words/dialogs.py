"""The dialogs: file a STAR, triage it, ask, resolve, unstar, reopen, add facts, withdraw, write to the customer. Pure.

A dialog carries what it is about in its private metadata, which comes back from the client: whoever reads it
checks it like anything else that people send. Its callback id says of which kind it is.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from slack_sdk.models.blocks import (
    Block,
    CheckboxesElement,
    InputBlock,
    Option,
    PlainTextInputElement,
    PlainTextObject,
)
from slack_sdk.models.views import View

from starbot.blocks import LONG_INPUT, button, choice, line, moment, person_input, section, text_input, valid
from starbot.core.text import one_line
from starbot.duties.stars.form import Draft, FormProblem, ProblemKind, form_of
from starbot.duties.stars.model import Hint, Star, Verdict
from starbot.duties.stars.words.doubts import at_length
from starbot.duties.stars.words.parts import Look, customer_of, thread_link, twin_sentence

FILE_VIEW = "star_file_view"
TRIAGE_VIEW = "star_triage_view"
ASK_VIEW = "star_ask_view"
RESOLVE_VIEW = "star_resolve_view"
UNSTAR_VIEW = "star_unstar_view"
REOPEN_VIEW = "star_reopen_view"
FACTS_VIEW = "star_facts_view"
WITHDRAW_VIEW = "star_withdraw_view"
SEND_PUBLICLY_VIEW = "star_send_publicly_view"

CONSENT = "consent"

MOST_OPTIONS, OPTION_LIMIT = 100, 150

# -- filing


def file_view(
    draft: Draft, look: Look, *, case_id: str = "", hints: Sequence[Hint] = (), trouble: str = ""
) -> dict[str, Any]:
    """The STAR form. `case_id`: it completes this STAR. `hints`: what was found, so that sending it once more
    files it anyway. `trouble`: why it could not be filed as it was."""
    blocks: list[Block] = [section(_before(draft, look, case_id, hints, trouble))]
    blocks += [
        text_input("ticket", "Ticket", "123456, or its link", value=draft.ticket),
        choice("urgency", "Urgency: reply from Support within", _levels(look), chosen=draft.urgency),
        text_input("customer", "Customer", "Who is it for?", value=draft.customer, optional=True),
        _pick("plan", "Plan", look.plans, draft.plan),
        _pick("product", "Product", look.products, draft.product),
        text_input(
            "group",
            "GitLab.com group URL or name",
            "https://gitlab.com/...",
            value=draft.group,
            optional=True,
        ),
        text_input(
            "reason",
            "Reason this ticket needs additional attention",
            "What is at stake, and by when?",
            multiline=True,
            value=draft.reason,
        ),
        text_input(
            "desired_result",
            "Desired result",
            "What would help, and by when?",
            multiline=True,
            value=draft.desired_result,
        ),
        _consent(bool(hints or trouble)),
    ]
    view = View(
        type="modal",
        callback_id=FILE_VIEW,
        private_metadata=json.dumps({"case": case_id, "ticket": _number(draft), "hints": list(hints)}),
        title="Complete this STAR" if case_id else "File a STAR",
        submit="File it anyway" if hints else ("Complete" if case_id else "File"),
        close="Cancel",
        blocks=blocks,
    )
    return valid(view)


def _before(draft: Draft, look: Look, case_id: str, hints: Sequence[Hint], trouble: str) -> str:
    if trouble:
        return f":warning: {trouble}"
    if hints:
        found = "\n".join(f"• {at_length(hint, look)}" for hint in hints)
        return (
            f":warning: Before I file this for #{_number(draft)}:\n{found}\n"
            "You may still file it: the manager on call decides. Nothing is filed yet."
        )
    if case_id:
        return "Here is what I could read. Please add what is missing, and the STAR goes on its way."
    how = f" <{look.how_to_star}|When to file one>" if look.how_to_star else ""
    return f"A STAR asks the Support Manager on call to look at one ticket.{how}"


def _number(draft: Draft) -> int | None:
    """The ticket that is meant, whether its number was written or its link."""
    return form_of(draft, "", ()).ticket


def _levels(look: Look) -> list[tuple[str, str]]:
    return [
        (name, f"{name} ({_span(minutes)})")
        for name, minutes in zip(look.urgencies, look.urgency_minutes, strict=False)
    ]


def _span(minutes: int) -> str:
    if minutes % 60:
        return f"{minutes} minutes"
    return "1 hour" if minutes == 60 else f"{minutes // 60} hours"


def _pick(name: str, label: str, offered: Sequence[str], given: str) -> InputBlock:
    """What was given is among the choices, however it is spelt; without choices it is typed."""
    if not offered:
        return text_input(name, label, f"Which {label.lower()}?", value=given, optional=True)
    known = next((one for one in offered if one.casefold() == given.casefold()), "")
    own = one_line(given, 75)
    options = [(one, one) for one in offered] + ([(own, own)] if own and not known else [])
    return choice(name, label, options, chosen=known or own, optional=True)


def _consent(is_given: bool) -> InputBlock:
    yes = Option(
        value="yes",
        text=PlainTextObject(text="I have read when to file a STAR"),
        description=PlainTextObject(text="One that does not fit is closed with a word why."),
    )
    element = CheckboxesElement(action_id=CONSENT, options=[yes], initial_options=[yes] if is_given else None)
    return InputBlock(block_id=CONSENT, label="Before you send it", element=element)


def field_problem(problem: FormProblem, look: Look) -> str:
    """What is wrong with an answer, for the place under its field."""
    return _FIELD_PROBLEMS[problem.kind].format(
        seen=one_line(problem.seen, 80), levels=", ".join(look.urgencies)
    )


_FIELD_PROBLEMS: Mapping[ProblemKind, str] = {
    "no_ticket": "Put in the number of the Zendesk ticket, such as 123456.",
    "ticket_not_applicable": "A STAR is about one Zendesk ticket: put in its number, such as 123456.",
    "ticket_is_email": "This is an e-mail address. Put in the number of the ticket, such as 123456.",
    "ticket_is_salesforce": "This is a Salesforce link. Put in the number of the ticket, such as 123456.",
    "ticket_unreadable": "I find no ticket number in “{seen}”. Put in the number alone, such as 123456.",
    "several_tickets": "This names several tickets. Keep the one that needs attention; file a STAR for each other.",
    "no_urgency": "Choose one of: {levels}.",
    "unknown_urgency": "I do not know “{seen}”. Choose one of: {levels}.",
}


def consent_missing() -> str:
    """Under the switch."""
    return "Please read when to file a STAR, and tick this."


def choose_one() -> str:
    """Under a choice that is not offered (any more)."""
    return "That choice is not there any more. Please open the dialog again and choose another."


def answer_missing() -> str:
    """Under a field that must be filled in and holds nothing that can be read."""
    return "Please write something here."


def out_of_date() -> str:
    """Under the first field of a dialog that was opened before an update."""
    return "This dialog is from before an update. Copy what you wrote, close it, and open it again."


def _notice(title: str, text: str) -> dict[str, Any]:
    return valid(View(type="modal", title=title, close="Close", blocks=[section(text)]))


def old_dialog() -> dict[str, Any]:
    """A dialog that we do not know (any more)."""
    return _notice(
        "Please open it again", "This dialog is from before an update. Please close it and open it again."
    )


def looking(ticket: int | None) -> dict[str, Any]:
    """While the ticket is looked at."""
    return _notice(
        "One moment",
        f":hourglass_flowing_sand: I am looking at ticket #{ticket}. This takes a moment; your STAR is kept even if "
        "you close this.",
    )


def no_such_ticket(problem: str) -> str:
    """Why a STAR cannot be filed about this ticket."""
    return {
        "ticket_not_found": "Zendesk has no ticket with this number. Check it, and send the form again.",
        "ticket_closed": "This ticket is closed, and Zendesk takes no more updates to it. Put in its follow-up ticket.",
    }[problem]


def strangers_cannot_file() -> dict[str, Any]:
    """To a guest, or somebody of another workspace."""
    return _notice(
        "File a STAR",
        "STARs are filed by members of this workspace. Please ask your contact at GitLab to file it for you.",
    )


def filed(star: Star, look: Look) -> dict[str, Any]:
    """The dialog after the STAR was filed, or went to the one that was open already."""
    if star.linked_to is not None:
        return _notice(
            "Already there",
            f"{twin_sentence(star, look)} The Support Managers know of it. Add there what is new.",
        )
    link = thread_link(star, look)
    where = f" <{link}|Here it is.>" if link else ""
    by = f" by {moment(star.deadline)}" if star.deadline else ""
    return _notice(
        "Filed",
        f":white_check_mark: Your STAR for #{star.form.ticket} is filed.{where} A Support Manager looks at it{by}. "
        "Please stay reachable in Slack.",
    )


def completed(star: Star, look: Look) -> dict[str, Any]:
    """The dialog after an unreadable form post was completed."""
    if star.linked_to is not None:
        return filed(star, look)
    return _notice("Thank you", f"Thank you: the STAR for #{star.form.ticket} is on its way.")


def nothing_missing() -> dict[str, Any]:
    """The dialog of somebody who completed a STAR that was whole by then."""
    return _notice(
        "Nothing is missing",
        "Somebody was faster, or the STAR has ended, so nothing was changed. See its card.",
    )


def ended_meanwhile() -> dict[str, Any]:
    """The dialog of somebody who filed a second STAR in the moment in which the first one ended."""
    return _notice(
        "Not filed",
        "The STAR that was open for this ticket ended at this very moment, so what you wrote was added to nothing. "
        "If the ticket still needs attention, please file it again.",
    )


def added(star: Star, look: Look) -> dict[str, Any]:
    """The dialog after a second STAR was filed for a ticket whose STAR is open."""
    link = thread_link(star, look)
    where = f"<{link}|Here it is.>" if link else "Its card is on its way."
    return _notice(
        "Already there",
        f"Ticket #{star.form.ticket} already has an open STAR. {where} What you wrote has been added to it, and the "
        "manager sees it there.",
    )


def not_yours() -> dict[str, Any]:
    """To somebody who may not complete a STAR."""
    return _notice(
        "Complete this STAR", "Only whoever filed this STAR, or a Support Manager, can complete it."
    )


# -- triage


VERDICTS: Mapping[Verdict, str] = {
    "work": "An engineer works on it now",
    "sla": "It goes on in the order of its SLA",
    "ask": "The initiator must say more first",
    "emergency": "It is an emergency",
    "account": "It is an account escalation",
    "unstar": "It does not qualify",
}


def triage_view(star: Star, look: Look) -> dict[str, Any]:
    """The dialog behind *Triage*, filled with the triage before it."""
    before = star.triage
    categories = [(label, label) for label in look.categories if _is_option(label)][:MOST_OPTIONS]
    blocks: list[Block] = [section(_about(star))]
    if categories:
        blocks.append(
            choice(
                "category",
                "Category",
                categories,
                chosen=before.category if before else "",
                optional=True,
                about=f"A label of the issue. A new {look.category_scope}:: label is made in GitLab by an admin.",
            )
        )
    blocks += [
        choice("decision", "Decision", list(VERDICTS.items()), chosen=before.decision if before else ""),
        text_input(
            "next_step",
            "Next step",
            "What happens next?",
            multiline=True,
            optional=True,
            value=before.next_step if before else "",
        ),
        person_input(
            "dri",
            "DRI",
            chosen=before.dri.slack if before and before.dri else "",
            about="Who is responsible for the ticket's next step. Best neither on call nor on another STAR.",
        ),
    ]
    view = _about_star(TRIAGE_VIEW, "Triage the STAR", "Save", star, blocks)
    # So that it is known on what this manager decided, should another one be faster.
    view.private_metadata = f"{star.id} {before.version}" if before else star.id
    return valid(view)


def _is_option(label: str) -> bool:
    """Whether a menu of Slack can hold it and gives it back as it is: the tracker may hold any label."""
    return one_line(label, OPTION_LIMIT) == label


def _about_star(callback_id: str, title: str, submit: str, star: Star, blocks: Sequence[Block]) -> View:
    return View(
        type="modal",
        callback_id=callback_id,
        private_metadata=star.id,
        title=title,
        submit=submit,
        close="Cancel",
        blocks=blocks,
    )


def _about(star: Star) -> str:
    customer = customer_of(star)
    reason = f"\n{line(star.form.reason, 300)}" if star.form.reason else ""
    name = f"*#{star.form.ticket}*" if star.form.ticket else "*A form that could not be read*"
    return f"{name}{f' · {line(customer)}' if customer else ''}{reason}"


def ask_view(star: Star) -> dict[str, Any]:
    """The dialog behind *Ask the initiator*."""
    who = (
        f"<@{star.form.initiator}>" if star.form.initiator else "whoever filed it (the form does not say who)"
    )
    places = [("thread", "In the thread: for now")]
    if star.initiator_gitlab:
        places.append(("issue", "On the STAR issue: for later"))
    blocks: list[Block] = [
        section(f"{_about(star)}\nThe question goes to {who}; the STAR waits for the answer."),
        text_input("text", "Question", "What exactly is missing?", multiline=True),
        choice("where", "Where", places, chosen="thread"),
    ]
    return valid(_about_star(ASK_VIEW, "Ask the initiator", "Ask", star, blocks))


# -- how it ends


def resolve_view(star: Star) -> dict[str, Any]:
    """The dialog behind *Resolve*, filled from the triage."""
    triage = star.triage
    about = f" for #{star.form.ticket}" if star.form.ticket else ""
    ticket = " The ticket itself stays as it is." if star.form.ticket else ""
    blocks: list[Block] = [
        section(f"Resolved means that the right next step{about} is known and under way.{ticket}"),
        text_input(
            "next_step",
            "Next step",
            "What happens next?",
            multiline=True,
            value=triage.next_step if triage else "",
        ),
        text_input(
            "owner",
            "Owner",
            "Who has it?",
            optional=True,
            value=triage.dri.name if triage and triage.dri else "",
        ),
        text_input("customer_hears", "The customer hears", "When, and from whom?", optional=True),
    ]
    return valid(_about_star(RESOLVE_VIEW, "Resolve the STAR", "Resolve", star, blocks))


AGREED = {"yes": "Yes", "no": "No", "pending": "Not asked yet"}


def unstar_view(star: Star, look: Look) -> dict[str, Any]:
    """The dialog behind *Unstar*."""
    proposals = "\n".join(
        f"• {line(why)}: {line(instead, 300)}" for why, instead in look.unstar_reasons if instead
    )
    blocks: list[Block] = [
        section(
            f"{_about(star)}\nThe initiator is told the reason and the other path. The issue keeps both and is closed."
        ),
        choice("reason", "Reason", [(why, why) for why, _ in look.unstar_reasons]),
        text_input("text", "In your words", "Why it does not qualify", multiline=True, optional=True),
        text_input("alternative", "What happens instead", "Another path: who does what?", multiline=True),
        choice("agreed", "Did the initiator agree?", list(AGREED.items()), chosen="pending"),
    ]
    if proposals:
        blocks.append(section(f"*What usually helps instead*\n{proposals}"))
    return valid(_about_star(UNSTAR_VIEW, "Unstar", "Unstar", star, blocks))


def reopen_view(star: Star) -> dict[str, Any]:
    """The dialog behind *Reopen*."""
    blocks: list[Block] = [
        section(f"{_about(star)}\nThe STAR and its issue are opened again, and the thread is told why."),
        text_input("reason", "Reason", "What has changed?", multiline=True),
    ]
    return valid(_about_star(REOPEN_VIEW, "Reopen the STAR", "Reopen", star, blocks))


def facts_view(star: Star) -> dict[str, Any]:
    """The dialog behind *Add facts*."""
    asked = f"\nAsked: {line(star.waiting.text, 600)}" if star.waiting else ""
    blocks: list[Block] = [
        section(f"{_about(star)}{asked}\nWhat you write goes to the thread and to the STAR issue."),
        text_input("text", "What should the manager know?", "New facts, answers, dates", multiline=True),
    ]
    return valid(_about_star(FACTS_VIEW, "Add facts", "Add", star, blocks))


def withdraw_view(star: Star) -> dict[str, Any]:
    """The dialog behind *Withdraw*: its button is the confirmation."""
    blocks: list[Block] = [
        section(
            f"{_about(star)}\nWithdraw it if attention is needed no more. The manager is told; the ticket stays."
        ),
        text_input("text", "Why", "It is solved, or ...", multiline=True, optional=True),
    ]
    return valid(_about_star(WITHDRAW_VIEW, "Withdraw the STAR", "Withdraw", star, blocks))


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
                    max_length=LONG_INPUT,
                    initial_value=(star.public_text or "")[:LONG_INPUT],
                ),
            ),
        ],
    )
    return valid(view)


FILE = "star_file"


def file_button() -> Any:
    """Opens the form."""
    return button("File a STAR", FILE, "new")
