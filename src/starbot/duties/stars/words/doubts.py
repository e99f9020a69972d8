"""What speaks against a STAR, said kindly: in a few words on the card, with what to do instead in the dialog. Pure."""

from starbot.duties.stars.model import Hint
from starbot.duties.stars.words.parts import Look

_SHORT: dict[Hint, str] = {
    "support_closed": "filed outside the support hours",
    "ticket_young": "the ticket is very new",
    "form_not_for_stars": "the ticket's form is not one for STARs",
    "plan_without_support": "the plan has no support",
    "no_organisation": "the ticket has no organisation",
    "no_priority": "the ticket has no priority, so no SLA",
    "ticket_solved": "the ticket is solved",
    "customer_is_asked": "the customer was asked something",
    "support_replied_last": "the last reply is from Support",
    "sla_has_time": "the SLA has time left",
    "only_internal_clock": "the first reply was sent, no contract is breached",
}

_LONG: dict[Hint, str] = {
    "support_closed": "Support is closed now. Nobody may look before it opens again. {emergency}",
    "ticket_young": "The ticket is less than {age} minutes old. If its severity is right, it is best to wait for the "
    "first reply.",
    "form_not_for_stars": "STARs are for tickets to Support; this one was opened with another form.",
    "plan_without_support": "This plan comes without support, so a STAR may not help. Sales can say what would.",
    "no_organisation": "The ticket belongs to no organisation. Ask Support Operations to put it right first.",
    "no_priority": "The ticket has no priority, so no SLA runs. Ask Support Operations to put it right first.",
    "ticket_solved": "The ticket is solved. A reply from the customer opens it again.",
    "customer_is_asked": "Support asked the customer something and waits for the answer. A reply there moves it on.",
    "support_replied_last": "The last reply is from Support. It helps most if the customer, or you, answers it first.",
    "sla_has_time": "There is still time until the first reply is due. If nothing else presses, it is best to wait.",
    "only_internal_clock": "The first reply was sent, so no contract is breached. If progress has stalled, say so in "
    "the reason.",
}


def in_short(hint: Hint) -> str:
    """A few words, for the card."""
    return _SHORT[hint]


def at_length(hint: Hint, look: Look) -> str:
    """A sentence or two, for whoever is about to file."""
    emergency = f"In an emergency the customer <{look.emergency}|raises one>." if look.emergency else ""
    return _LONG[hint].format(emergency=emergency, age=look.ticket_age_minutes).strip()
