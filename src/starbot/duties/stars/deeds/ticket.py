"""Deeds on the ticket in Zendesk: read it, note it, apply the macro, write to the customer.

Writes to one ticket take turns, because Zendesk's safe update tells times by the second only.
"""

from contextlib import AbstractContextManager
from typing import Any

from starbot.core.case import Event
from starbot.core.facts import MacroPreview
from starbot.core.text import marker
from starbot.duties.stars import model, words
from starbot.duties.stars.deeds.hands import Hands, ticket_of
from starbot.duties.stars.model import Star
from starbot.errors import ServiceDelayed, ServiceRefused

CONFLICT_TRIES = 3


def read_ticket(hands: Hands, effect: model.ReadTicket, star: Star) -> Event:
    """The ticket, or what is wrong with it."""
    about: dict[str, Any] = {"id": effect.key, "at": hands.now()}
    try:
        ticket = hands.zendesk.ticket(effect.number)
    except ServiceRefused as no:
        if no.reason != "not_found":
            raise
        return model.TicketUnfit(**about, number=effect.number, problem="ticket_not_found")
    if ticket.status == "closed":
        return model.TicketUnfit(**about, number=effect.number, problem="ticket_closed")
    return model.TicketRead(**about, ticket=ticket)


def note_ticket(hands: Hands, effect: model.NoteTicket, star: Star) -> Event:
    """The internal note with both links, and the tag."""
    look = hands.look()
    number = ticket_of(star)
    with _turn(hands, number):
        tags = [look.ticket_tag] if look.ticket_tag else []
        hands.zendesk.note(number, words.ticket_note(star, look), add_tags=tags, key=marker(effect.key))
    return model.TicketNoted(id=effect.key, at=hands.now())


def find_ticket_note(hands: Hands, effect: model.NoteTicket, star: Star) -> Event | None:
    """Whether the note is there."""
    if not hands.zendesk.has_key(ticket_of(star), marker(effect.key)):
        return None
    return model.TicketNoted(id=effect.key, at=hands.now())


def apply_macro(hands: Hands, effect: model.ApplyMacro, star: Star) -> Event:
    """Preview, then change just what the macro changes. Where somebody else was faster, preview again."""
    look = hands.look()
    number = ticket_of(star)
    macro_id = hands.zendesk.macro_id(hands.macro_titles)
    for last in [False] * (CONFLICT_TRIES - 1) + [True]:
        with _turn(hands, number):
            preview = hands.zendesk.preview_macro(number, macro_id)
            filled = words.macro_comment(star, look, preview.comment_body, hands.note_ticket)
            try:
                hands.zendesk.apply_macro(number, preview, comment=filled, key=marker(effect.key))
            except ServiceDelayed as conflict:
                if last or conflict.maybe_done or conflict.retry_after_s != 0:
                    raise
                continue
        return _macro_applied(hands, effect, star, preview)
    raise AssertionError("unreachable")


def find_macro(hands: Hands, effect: model.ApplyMacro, star: Star) -> Event | None:
    """Whether the macro was applied."""
    number = ticket_of(star)
    if not hands.zendesk.has_key(number, marker(effect.key)):
        return None
    preview = hands.zendesk.preview_macro(number, hands.zendesk.macro_id(hands.macro_titles))
    return _macro_applied(hands, effect, star, preview)


def _macro_applied(hands: Hands, effect: model.ApplyMacro, star: Star, preview: MacroPreview) -> Event:
    """What it would tell the customer never holds our links: those lines are left out whatever the note says."""
    offered = words.macro_comment(star, hands.look(), preview.comment_body, note_has_links=True)
    return model.MacroApplied(
        id=effect.key, at=hands.now(), public_text=offered if preview.comment_public else None
    )


def send_publicly(hands: Hands, effect: model.SendPublicly, star: Star) -> Event:
    """What a manager confirmed goes to the customer."""
    with _turn(hands, ticket_of(star)):
        hands.zendesk.public_reply(ticket_of(star), effect.text, marker(effect.key))
    return model.PublicReplySent(id=effect.key, at=hands.now())


def find_public(hands: Hands, effect: model.SendPublicly, star: Star) -> Event | None:
    """Whether it went."""
    if not hands.zendesk.has_key(ticket_of(star), marker(effect.key)):
        return None
    return model.PublicReplySent(id=effect.key, at=hands.now())


def _turn(hands: Hands, number: int) -> AbstractContextManager[None]:
    return hands.turn(f"ticket:{number}")
