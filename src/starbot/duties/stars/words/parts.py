"""What all words of a STAR are made of: how the organisation looks, names, moments, Slack's building blocks."""

from datetime import datetime
from typing import Any

from slack_sdk.models.blocks import (
    Block,
    ButtonElement,
    InputBlock,
    MarkdownTextObject,
    PlainTextInputElement,
    PlainTextObject,
    SectionBlock,
)
from slack_sdk.models.views import View

from starbot.core.case import Document
from starbot.core.facts import Fact, MessageRef, Person
from starbot.core.text import gitlab_text, one_line, slack_clip, slack_text
from starbot.duties.stars.model import Star

SECTION_LIMIT = 3000
ANSWER_LIMIT = 900
VALUE_LIMIT = 120
NOTE_LIMIT = 20_000
ISSUE_TEXT_LIMIT = 100_000


class Look(Fact):
    """How a STAR looks at this organisation: names and addresses from the settings, ids resolved at start."""

    team_url: str
    ticket_link: str
    """With {ticket} for the number."""
    fallback_group: str = ""
    """Id of the user group that is mentioned when nobody is known to be on call."""
    fallback_name: str = "support-manager-oncall"
    broadcast: bool = True
    acknowledge_emoji: str = "eyes"
    resolve_emoji: str = "green-check-mark"
    urgencies: tuple[str, ...] = ("Urgent", "Timely", "Not Urgent")
    how_to_star: str = ""
    issue_title: str = "STAR: ticket {ticket}, {customer} ({urgency})"
    issue_description: str = ""
    issue_labels: tuple[str, ...] = ()
    ticket_tag: str = "star_submitted"
    issue_blanks: tuple[str, ...] = ("ISSUE_LINK",)
    thread_blanks: tuple[str, ...] = ("THREAD_LINK",)
    undo_minutes: int = 10


def permalink(look: Look, ref: MessageRef) -> str:
    """The address of a message, as Slack makes it (docs.slack.dev, chat.getPermalink)."""
    address = f"{look.team_url.rstrip('/')}/archives/{ref.channel}/p{ref.ts.replace('.', '')}"
    if ref.thread_ts and ref.thread_ts != ref.ts:
        return f"{address}?thread_ts={ref.thread_ts}&cid={ref.channel}"
    return address


def message(text: str, blocks: list[Block]) -> Document:
    """What Slack is sent; raises if a block breaks Block Kit's limits, which is a fault of ours."""
    for block in blocks:
        block.validate_json()
    return {"text": text, "blocks": [block.to_dict() for block in blocks]}


def valid(view: View) -> dict[str, Any]:
    """A dialog as Slack is sent it; raises like `message`."""
    view.validate_json()
    made: dict[str, Any] = view.to_dict()
    return made


def section(text: str) -> SectionBlock:
    """A paragraph; what is too long for Slack is cut."""
    return SectionBlock(text=mrkdwn(slack_clip(text, SECTION_LIMIT)))


def line(text: str, limit: int = VALUE_LIMIT) -> str:
    """People's text for one line in Slack; escaping makes it longer, so it is cut after that too."""
    return slack_clip(slack_text(one_line(text, limit)), limit)


def ticket_address(star: Star, look: Look) -> str:
    """Where the ticket is."""
    return look.ticket_link.replace("{ticket}", str(star.form.ticket))


def twin_sentence(star: Star, look: Look) -> str:
    """Where the STAR is that was there first; "" for one that is by itself."""
    if star.linked_to is None:
        return ""
    there = permalink(look, star.linked_to.root)
    return f"Ticket #{star.form.ticket} already has an open STAR: <{there}|here it is>."


def mrkdwn(text: str) -> MarkdownTextObject:
    """Text with our formatting, in which Slack links nothing by itself."""
    return MarkdownTextObject(text=text, verbatim=True)


def button(label: str, action: str, value: str, style: str | None = None) -> ButtonElement:
    """A button; a label that is too long is cut."""
    return ButtonElement(
        text=PlainTextObject(text=one_line(label, 75)), action_id=action, value=value, style=style
    )


def text_input(
    name: str, label: str, hint: str, *, multiline: bool = False, optional: bool = False
) -> InputBlock:
    """A field of a dialog; its block and its action have the same name."""
    return InputBlock(
        block_id=name,
        label=label,
        optional=optional,
        element=PlainTextInputElement(
            action_id=name, multiline=multiline, max_length=3000 if multiline else 300, placeholder=hint
        ),
    )


def mention(person: Person) -> str:
    """A person in Slack, by name where we know no id."""
    return f"<@{person.slack}>" if person.slack else line(person.name)


def named(person: Person | None) -> str:
    """A person in GitLab."""
    return gitlab_text(one_line(person.name, VALUE_LIMIT)) if person else "Somebody"


def customer_of(star: Star) -> str:
    """The customer as Zendesk knows them, else as the form says."""
    return (star.ticket.organisation if star.ticket else None) or star.form.customer or ""


def moment(at: datetime | None) -> str:
    """A time that each reader sees in their own zone (docs.slack.dev/messaging/formatting-message-text)."""
    if at is None:
        return ""
    return f"<!date^{int(at.timestamp())}^{{date_short_pretty}} {{time}}|{clock(at, date=True)}>"


def clock(at: datetime | None, date: bool = False) -> str:
    """A time in UTC, for where Slack converts nothing."""
    if at is None:
        return ""
    return at.strftime("%Y-%m-%d %H:%M UTC" if date else "%H:%M UTC")


def age(now: datetime, then: datetime) -> str:
    """How long ago something was, in words."""
    minutes = max(0, int((now - then).total_seconds() // 60))
    if minutes < 1:
        return "less than a minute"
    if minutes < 120:
        return f"{minutes} minute{'' if minutes == 1 else 's'}"
    return f"{minutes // 60} hours"
