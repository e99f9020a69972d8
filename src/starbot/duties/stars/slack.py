"""Where STARs meet Slack: payloads become typed events, and a dict goes no further.

A listener parses, the engine stores, and only then is the event acknowledged. What opens a dialog is done by
a thread of its own, because it waits for Slack and nothing of it must last.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starbot.core.facts import MessageRef, SlackMessage
from starbot.core.text import from_slack, plain
from starbot.duties.stars import words
from starbot.duties.stars.door import Meaning, Pressed, Reacted, Said, form_posted
from starbot.duties.stars.form import Form, FormLabels, FormMessage, UrgencyLevel, read_form
from starbot.duties.stars.model import Deed, FormEdited, handle, moment


@dataclass(frozen=True)
class FormReader:
    """Knows a STAR form post when it sees one. Nothing but the settings and the message decides.

    `channel` answers with the STAR channel's id, "" while Slack has not told it.
    """

    channel: Callable[[], str]
    labels: FormLabels
    urgencies: Sequence[UrgencyLevel]

    def read(self, message: SlackMessage) -> Form | None:
        """The form in this message; None for a message that is no form post, such as a contact notice."""
        if message.channel != self.channel() or message.subtype == "message_deleted":
            return None
        if message.thread_ts is not None and message.thread_ts != message.ts:
            return None
        post = FormMessage(
            text=message.text,
            blocks=list(message.blocks),
            bot_id=message.bot_id,
            workflow_id=message.workflow_id,
            username=message.username,
            user=message.user,
        )
        found = read_form(post, self.labels, self.urgencies)
        return found if isinstance(found, Form) else None


@dataclass(frozen=True)
class Listener:
    """Turns what Slack sends into events of STARs."""

    reader: FormReader
    own_user: str
    emoji: Mapping[Meaning, Collection[str]]

    def from_message(self, event: Mapping[str, Any], at: datetime) -> Any | None:
        """A form post, an edited form post, or an answer in a direct message."""
        if event.get("channel_type") == "im":
            return said(slack_message(event, str(event["channel"])), self.own_user)
        if event.get("channel") != self.reader.channel():
            return None
        if event.get("subtype") == "message_changed":
            return self._edited(event, at)
        message = slack_message(event, str(event["channel"]))
        form = self.reader.read(message)
        return None if form is None else form_posted(message, form)

    def _edited(self, event: Mapping[str, Any], at: datetime) -> Any | None:
        """Only a real edit has `edited`; an unfurled link or a first reply changes a message too."""
        message = slack_message(event.get("message") or {}, str(event["channel"]))
        form = self.reader.read(message) if message.edited_ts else None
        if form is None:
            return None
        return form_edited(message, form, at)

    def from_reaction(self, event: Mapping[str, Any], at: datetime) -> Reacted | None:
        """One of our emoji on a message in the STAR channel; a skin tone changes nothing."""
        item = event.get("item") or {}
        name = str(event.get("reaction", "")).partition("::")[0]
        meaning = next((use for use, names in self.emoji.items() if name in names), None)
        if meaning is None or item.get("type") != "message" or item.get("channel") != self.reader.channel():
            return None
        if event.get("user") in (None, self.own_user):
            return None
        return reacted(
            meaning,
            MessageRef(channel=item["channel"], ts=_timestamp(item)),
            event["user"],
            name,
            event["event_ts"],
            at,
        )

    def from_click(self, body: Mapping[str, Any], at: datetime) -> Pressed | None:
        """A button that acts at once: Acknowledge, Undo, Retry."""
        action = body["actions"][0]
        case_id, _, key = plain(str(action.get("value") or "")).partition(" ")
        deed = _button_deed(action["action_id"])
        if deed is None or not case_id:
            return None
        user = body["user"]["id"]
        return Pressed(
            id=f"click:{body['trigger_id']}", at=at, case_id=case_id, deed=deed, user=user, key=key
        )

    def from_dialog(self, body: Mapping[str, Any], at: datetime) -> Pressed | None:
        """A dialog that was sent: Resolve, or the text to the customer."""
        view = body["view"]
        deed = _DIALOG_DEEDS.get(view["callback_id"])
        if deed is None:
            return None
        return Pressed(
            id=f"dialog:{view['id']}",
            at=at,
            case_id=plain(view["private_metadata"]),
            deed=deed,
            user=body["user"]["id"],
            said={name: answer for name in _FIELDS[deed] if (answer := _answer(view, name))},
        )

    def objections(self, body: Mapping[str, Any]) -> Mapping[str, str]:
        """What keeps a dialog from being sent, by the field under which Slack shows it; empty if nothing does.

        Slack itself takes an answer of spaces, or of signs that nobody can see, for an answer.
        """
        view = body["view"]
        deed = _DIALOG_DEEDS.get(view["callback_id"])
        if deed is None or _answer(view, _FIELDS[deed][0]):
            return {}
        return {_FIELDS[deed][0]: words.answer_missing()}


def form_edited(message: SlackMessage, form: Form, at: datetime) -> FormEdited:
    """The event of an edited form post, the same whichever way we learnt of it."""
    return FormEdited(
        id=f"edit:{message.channel}:{message.ts}:{message.edited_ts}",
        at=at,
        handle=handle(message.channel, message.ts),
        form=form,
        edited_ts=message.edited_ts or "",
    )


def reacted(
    meaning: Meaning, message: MessageRef, user: str, name: str, event_ts: str, at: datetime
) -> Reacted:
    """The event of a reaction, its id being what happened."""
    return Reacted(
        id=f"react:{message.channel}:{message.ts}:{user}:{name}:{event_ts}",
        at=at,
        meaning=meaning,
        message=message,
        user=user,
        name=name,
        event_ts=event_ts,
    )


def said(message: SlackMessage, own_user: str) -> Said | None:
    """What a person wrote to the bot in a direct message, its id being what happened."""
    if message.subtype not in _SPOKEN or message.bot_id or message.user in (None, own_user):
        return None
    text = from_slack(message.text, {}).strip()
    if not text:
        return None
    return Said(
        id=f"dm:{message.channel}:{message.ts}",
        at=moment(message.ts),
        message=MessageRef(channel=message.channel, ts=message.ts, thread_ts=message.thread_ts),
        user=message.user,
        text=text,
    )


def slack_message(event: Mapping[str, Any], channel: str) -> SlackMessage:
    """The message in an event, as far as we look at it; raises what reading raises if it is no message."""
    return SlackMessage(
        channel=channel,
        ts=_timestamp(event),
        thread_ts=event.get("thread_ts"),
        user=event.get("user"),
        bot_id=event.get("bot_id"),
        workflow_id=event.get("workflow_id"),
        username=event.get("username"),
        subtype=event.get("subtype"),
        text=event.get("text") or "",
        blocks=tuple(event.get("blocks") or ()),
        edited_ts=(event.get("edited") or {}).get("ts"),
    )


def _timestamp(raw: Mapping[str, Any]) -> str:
    """Which message it is; raises where nobody could tell when it was posted."""
    moment(raw["ts"])
    return str(raw["ts"])


def _answer(view: Mapping[str, Any], name: str) -> str:
    """What was typed into a field of a dialog, as it was typed; fields and their inputs have the same name.

    It is plain text, not Slack's markup: `&lt;b&gt;` is meant (docs.slack.dev/reference/views).
    """
    return plain(view["state"]["values"].get(name, {}).get(name, {}).get("value") or "").strip()


def _button_deed(action_id: str) -> Deed | None:
    if action_id.startswith(words.RETRY):
        return "retry"
    return _BUTTON_DEEDS.get(action_id)


_BUTTON_DEEDS: dict[str, Deed] = {words.ACKNOWLEDGE: "acknowledge", words.UNDO: "undo"}
_DIALOG_DEEDS: dict[str, Deed] = {
    words.RESOLVE_VIEW: "resolve",
    words.SEND_PUBLICLY_VIEW: "send_publicly",
}
_FIELDS: dict[Deed, Sequence[str]] = {
    "resolve": ("next_step", "owner", "customer_hears"),
    "send_publicly": ("text",),
}
"""The fields of each dialog; the first must be filled in."""
_SPOKEN = (None, "thread_broadcast", "file_share", "me_message")
"""The kinds of message with which people speak: plainly, from a thread to all, with a file, with /me
(docs.slack.dev/reference/events/message)."""
