"""What performing each effect of a STAR means, and how each target is shown: our words through the services.

Every deed that writes has a way to find out that it already happened. One room a system; this is the list.
"""

from collections.abc import Callable, Mapping
from functools import partial

from starbot.core.case import Document
from starbot.duties.stars import words
from starbot.duties.stars.deeds import issue, people, slack, ticket
from starbot.duties.stars.deeds.hands import Hands
from starbot.duties.stars.model import Star
from starbot.duties.stars.words import Look
from starbot.engine.duty import Deed, Target

__all__ = ["Hands", "deeds", "targets"]


def deeds(hands: Hands) -> Mapping[str, Deed]:
    """One deed for each kind of effect."""
    return {
        "read_ticket": Deed(partial(ticket.read_ticket, hands)),
        "read_oncall": Deed(partial(people.read_oncall, hands)),
        "read_initiator": Deed(partial(people.read_initiator, hands)),
        "read_labels": Deed(partial(issue.read_labels, hands)),
        "note_ticket": Deed(partial(ticket.note_ticket, hands), partial(ticket.find_ticket_note, hands)),
        "note_issue": Deed(partial(issue.note_issue, hands), partial(issue.find_issue_note, hands)),
        "apply_macro": Deed(partial(ticket.apply_macro, hands), partial(ticket.find_macro, hands)),
        "send_publicly": Deed(partial(ticket.send_publicly, hands), partial(ticket.find_public, hands)),
        "post_line": Deed(partial(slack.post_line, hands), partial(slack.find_line, hands)),
        "tell_initiator": Deed(partial(slack.tell_initiator, hands), partial(slack.find_news, hands)),
        "whisper": Deed(partial(slack.whisper, hands), partial(slack.find_whisper, hands)),
    }


def targets(hands: Hands) -> Mapping[str, Target]:
    """Everything that always shows the STAR as it is."""

    def seen(render: Callable[[Star, Look], Document | None]) -> Callable[[Star], Document | None]:
        return lambda star: render(star, hands.look())

    return {
        "card": Target("slack", seen(words.card), partial(slack.show_card, hands)),
        "reply": Target("slack", seen(words.reply), partial(slack.show_reply, hands)),
        "question": Target("slack", seen(words.question), partial(slack.show_question, hands)),
        "marks": Target("slack", seen(words.marks), partial(slack.show_marks, hands)),
        "issue": Target("gitlab", seen(words.issue), partial(issue.show_issue, hands)),
    }
