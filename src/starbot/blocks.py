"""What every message and dialog of the bot is made of: Slack's building blocks, names, moments, links; and what a
dialog says that was sent. Pure.

People's text goes through `line` or `starbot.core.text.slack_text` before it stands in `mrkdwn`; plain text objects
show it as it is. Whatever breaks Block Kit's limits raises here: that is a fault of ours.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from slack_sdk.models.blocks import (
    Block,
    ButtonElement,
    ConfirmObject,
    InputBlock,
    MarkdownTextObject,
    Option,
    PlainTextInputElement,
    PlainTextObject,
    RadioButtonsElement,
    SectionBlock,
    StaticSelectElement,
    UserSelectElement,
)
from slack_sdk.models.views import View

from starbot.core.case import Document
from starbot.core.facts import MessageRef, Person
from starbot.core.text import one_line, plain, slack_clip, slack_text

SECTION_LIMIT = 3000
VALUE_LIMIT = 120
SHORT_INPUT, LONG_INPUT = 300, 3000
MOST_RADIOS = 4
_MOST_DIGITS = 12


def ticket_link(pattern: str, ticket: int, name: str = "") -> str:
    """A ticket as a link, `pattern` having {ticket} for its number; the name alone where there is no pattern."""
    shown = name or f"ZD#{ticket}"
    return f"<{pattern.replace('{ticket}', str(ticket))}|{shown}>" if pattern else shown


def permalink(team_url: str, ref: MessageRef) -> str:
    """The address of a message, as Slack makes it (docs.slack.dev, chat.getPermalink)."""
    address = f"{team_url.rstrip('/')}/archives/{ref.channel}/p{ref.ts.replace('.', '')}"
    if ref.thread_ts and ref.thread_ts != ref.ts:
        return f"{address}?thread_ts={ref.thread_ts}&cid={ref.channel}"
    return address


def message(text: str, blocks: Sequence[Block]) -> Document:
    """What Slack is sent; raises if a block breaks Block Kit's limits, which is a fault of ours."""
    return {"text": text, "blocks": [block.to_dict() for block in blocks]}


def valid(view: View) -> dict[str, Any]:
    """A dialog as Slack is sent it; raises like `message`."""
    made: dict[str, Any] = view.to_dict()
    return made


def notice(name: str, text: str) -> dict[str, Any]:
    """A dialog that only says something."""
    return valid(View(type="modal", title=name, close="Close", blocks=[section(text)]))


def section(text: str, limit: int = SECTION_LIMIT) -> SectionBlock:
    """A paragraph; what is too long for Slack is cut."""
    return SectionBlock(text=mrkdwn(slack_clip(text, limit)))


def line(text: str, limit: int = VALUE_LIMIT) -> str:
    """People's text for one line in Slack; escaping makes it longer, so it is cut after that too."""
    return slack_clip(slack_text(one_line(text, limit)), limit)


def mrkdwn(text: str) -> MarkdownTextObject:
    """Text with our formatting, in which Slack links nothing by itself."""
    return MarkdownTextObject(text=text, verbatim=True)


def button(
    label: str, action: str, value: str, style: str | None = None, sure: ConfirmObject | None = None
) -> ButtonElement:
    """A button; a label that is too long is cut. `sure` asks once more before it is pressed."""
    text = PlainTextObject(text=one_line(label, 75))
    return ButtonElement(text=text, action_id=action, value=value, style=style, confirm=sure)


def text_input(
    name: str,
    label: str,
    hint: str,
    *,
    multiline: bool = False,
    optional: bool = False,
    value: str = "",
    about: str | None = None,
) -> InputBlock:
    """A field of a dialog; its block and its action have the same name. `about` stands in small print below."""
    most = LONG_INPUT if multiline else SHORT_INPUT
    return InputBlock(
        block_id=name,
        label=label,
        optional=optional,
        hint=about,
        element=PlainTextInputElement(
            action_id=name,
            multiline=multiline,
            max_length=most,
            placeholder=hint,
            initial_value=value[:most] or None,
        ),
    )


def choice(
    name: str,
    label: str,
    options: Sequence[tuple[str, str]],
    *,
    chosen: str = "",
    optional: bool = False,
    about: str | None = None,
) -> InputBlock:
    """A field to choose one of (value, text) from; a few stand open, many in a menu."""
    made = [Option(value=value, text=PlainTextObject(text=one_line(text, 75))) for value, text in options]
    first = next((option for option in made if option.value == chosen), None)
    element: RadioButtonsElement | StaticSelectElement
    if len(made) <= MOST_RADIOS and not optional:
        element = RadioButtonsElement(action_id=name, options=made, initial_option=first)
    else:
        element = StaticSelectElement(
            action_id=name, options=made, initial_option=first, placeholder="Choose one"
        )
    return InputBlock(block_id=name, label=label, optional=optional, hint=about, element=element)


def person_input(name: str, label: str, *, chosen: str = "", about: str | None = None) -> InputBlock:
    """A field for one colleague, who may stay open."""
    element = UserSelectElement(action_id=name, initial_user=chosen or None, placeholder="Choose a person")
    return InputBlock(block_id=name, label=label, optional=True, hint=about, element=element)


def mention(person: Person | None) -> str:
    """A person in Slack, by name where we know no id; *Somebody* where we know nothing."""
    if person is not None and person.slack:
        return f"<@{person.slack}>"
    return (line(person.name) if person is not None else "") or "Somebody"


def group_mention(group: str, name: str) -> str:
    """A user group in Slack, by its id; by name, which calls nobody, where Slack has not told the id."""
    return f"<!subteam^{group}>" if group else f"@{slack_text(name)}"


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


# -- a dialog that was sent


def sent(view: Mapping[str, Any]) -> str:
    """Which dialog was sent, and how it was at that moment: its answer waits for our acknowledgement."""
    return f"{view['id']}:{view.get('hash', '')}"


def answer(view: Mapping[str, Any], name: str) -> str:
    """What was typed or chosen in a field."""
    state = (view["state"]["values"].get(name) or {}).get(name) or {}
    chosen = (state.get("selected_option") or {}).get("value")
    return plain(state.get("value") or chosen or "").strip()


def metadata(view: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a dialog carries along; nothing where it was made up."""
    try:
        about = json.loads(view["private_metadata"])
    except (KeyError, TypeError, ValueError):
        return {}
    return about if isinstance(about, dict) else {}


def read_ticket(text: str) -> int | None:
    """`ZD#123456`, `#123456`, `123456`, or the ticket's link."""
    word = plain(text).strip().rstrip("/").rpartition("/")[2]
    digits = word.upper().removeprefix("ZD").strip(" #:-")
    is_number = digits.isascii() and digits.isdigit() and len(digits) <= _MOST_DIGITS
    return int(digits) or None if is_number else None
