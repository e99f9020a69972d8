"""What the deeds of a STAR need: the services, what the organisation decided, and whose turn it is at a ticket."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta

from starbot.duties.stars.model import Star
from starbot.duties.stars.words import Look
from starbot.services.gitlab import GitLabService
from starbot.services.roster import Roster
from starbot.services.slack import SlackService
from starbot.services.zendesk import ZendeskService


@dataclass
class Hands:
    """What the deeds need: the services, and what the organisation decided about writing."""

    slack: SlackService
    gitlab: GitLabService
    zendesk: ZendeskService
    roster: Roster
    now: Callable[[], datetime]
    look: Callable[[], Look]
    project: str
    confidential: bool
    macro_titles: tuple[str, ...]
    note_ticket: bool
    channel: Callable[[], str]
    """The STAR channel's id, "" while Slack has not told it."""
    turn: Callable[[str], AbstractContextManager[None]]
    """To be held while reading and writing what is named; one bot of all has it at a time."""
    adopt: timedelta = timedelta()
    """How long to wait for another bot's issue about the ticket before opening one."""


def ticket_of(star: Star) -> int:
    """The number of the ticket; a deed on the ticket of a form without one is a fault of ours."""
    assert star.form.ticket is not None, "a deed on the ticket of a form without one"
    return star.form.ticket
