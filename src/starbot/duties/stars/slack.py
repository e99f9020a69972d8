"""Where STARs meet Slack: payloads become typed events, and a dict goes no further.

A listener parses, the engine stores, and only then is the event acknowledged. What opens a dialog is done by
a thread of its own, because it waits for Slack and nothing of it must last.
"""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starbot.core.facts import MessageRef, SlackMessage
from starbot.core.text import from_slack, plain
from starbot.duties.stars import words
from starbot.duties.stars.door import Meaning, Pressed, Reacted, Said, Unreacted, Wrote, form_posted
from starbot.duties.stars.filing import FormSent
from starbot.duties.stars.form import (
    Draft,
    Form,
    FormLabels,
    FormMessage,
    UrgencyLevel,
    form_of,
    read_form,
)
from starbot.duties.stars.model import Deed, FormEdited, handle, moment
from starbot.duties.stars.words import Look


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
    look: Callable[[], Look]
    others: Collection[str] = ()
    """The callback ids of dialogs that belong to other duties."""

    def from_message(self, event: Mapping[str, Any], at: datetime) -> Any | None:
        """A form post, an edited form post, an answer in a thread or in a direct message."""
        if event.get("channel_type") == "im":
            return said(slack_message(event, str(event["channel"])), self.own_user)
        if event.get("channel") != self.reader.channel():
            return None
        if event.get("subtype") == "message_changed":
            return self._edited(event, at)
        message = slack_message(event, str(event["channel"]))
        form = self.reader.read(message)
        return wrote(message, self.own_user) if form is None else form_posted(message, form)

    def _edited(self, event: Mapping[str, Any], at: datetime) -> Any | None:
        """Only a real edit has `edited`; an unfurled link or a first reply changes a message too."""
        message = slack_message(event.get("message") or {}, str(event["channel"]))
        form = self.reader.read(message) if message.edited_ts else None
        if form is None:
            return None
        return form_edited(message, form, at)

    def from_reaction(self, event: Mapping[str, Any], at: datetime) -> Reacted | None:
        """One of our emoji on a message in the STAR channel; a skin tone changes nothing."""
        found = self._marked(event)
        if found is None:
            return None
        meaning, message, name = found
        return reacted(meaning, message, event["user"], name, event["event_ts"], at)

    def from_unreaction(self, event: Mapping[str, Any], at: datetime) -> Unreacted | None:
        """One of our emoji taken away again."""
        found = self._marked(event)
        if found is None:
            return None
        meaning, message, name = found
        user, ts = event["user"], event["event_ts"]
        return Unreacted(
            id=f"unreact:{message.channel}:{message.ts}:{user}:{name}:{ts}",
            at=at,
            meaning=meaning,
            message=message,
            user=user,
            name=name,
        )

    def _marked(self, event: Mapping[str, Any]) -> tuple[Meaning, MessageRef, str] | None:
        """Which emoji of ours is on, or off, which message of the STAR channel."""
        item = event.get("item") or {}
        name = str(event.get("reaction", "")).partition("::")[0]
        meaning = next((use for use, names in self.emoji.items() if name in names), None)
        if meaning is None or item.get("type") != "message" or item.get("channel") != self.reader.channel():
            return None
        if event.get("user") in (None, self.own_user):
            return None
        return meaning, MessageRef(channel=item["channel"], ts=item["ts"]), name

    def from_click(self, body: Mapping[str, Any], at: datetime) -> Pressed | None:
        """A button that acts at once: Acknowledge, Undo, Retry, That's me."""
        action = body["actions"][0]
        case_id, _, key = plain(str(action.get("value") or "")).partition(" ")
        deed = _button_deed(action["action_id"])
        if deed is None or not case_id:
            return None
        return Pressed(
            id=f"click:{body['trigger_id']}",
            at=at,
            case_id=case_id,
            deed=deed,
            user=body["user"]["id"],
            key=key,
            channel=str((body.get("channel") or {}).get("id") or ""),
        )

    def from_dialog(self, body: Mapping[str, Any], at: datetime) -> Pressed | FormSent | None:
        """A dialog that was sent. The same one may be sent again with other answers: its hash tells which."""
        view = body["view"]
        if view["callback_id"] == words.dialogs.FILE_VIEW:
            return self._form(body, at)
        fields = _DIALOGS.get(view["callback_id"])
        if fields is None:
            return None
        case_id, _, key = plain(view["private_metadata"]).partition(" ")
        return Pressed(
            id=f"dialog:{view['id']}",
            at=at,
            case_id=case_id,
            deed=fields.deed,
            key=key,
            user=body["user"]["id"],
            said={name: answer for name in fields.names if (answer := _answer(view, name))},
        )

    def _form(self, body: Mapping[str, Any], at: datetime) -> FormSent:
        view = body["view"]
        case_id, hints, ticket = _behind(view)
        return FormSent(
            id=f"dialog:{view['id']}:{view.get('hash', '')}",
            at=at,
            case_id=case_id,
            user=body["user"]["id"],
            channel=self.reader.channel(),
            draft=_draft(view),
            view=f"{view['id']}:{view.get('hash', '')}",
            told=hints,
            told_ticket=ticket,
        )

    def objections(self, body: Mapping[str, Any]) -> Mapping[str, str]:
        """What keeps a dialog from being sent, by the field under which Slack shows it; empty if nothing does.

        Slack itself takes an answer of spaces, or of signs that nobody can see, for an answer.
        """
        view = body["view"]
        if view["callback_id"] in self.others:
            return {}
        if view["callback_id"] == words.dialogs.FILE_VIEW:
            return self._form_objections(view)
        fields = _DIALOGS.get(view["callback_id"])
        if fields is None:
            return _out_of_date(view)
        missing = {name: words.dialogs.answer_missing() for name in fields.needed if not _answer(view, name)}
        if missing and not set(missing) <= _inputs(view):
            return _out_of_date(view) or missing
        return missing or self._unknown_choices(view)

    def _form_objections(self, view: Mapping[str, Any]) -> Mapping[str, str]:
        needed = {"ticket", "urgency", "reason", "desired_result", words.dialogs.CONSENT}
        if not (needed <= _inputs(view) and _is_ours(view)):
            return _out_of_date(view)
        draft, look = _draft(view), self.look()
        form = form_of(draft, "", self.reader.urgencies)
        wrong: dict[str, str] = {
            problem.field: words.dialogs.field_problem(problem, look) for problem in form.problems
        }
        for name in ("reason", "desired_result"):
            if not getattr(draft, name):
                wrong[name] = words.dialogs.answer_missing()
        if _answer(view, words.dialogs.CONSENT) != "yes":
            wrong[words.dialogs.CONSENT] = words.dialogs.consent_missing()
        return wrong

    def _unknown_choices(self, view: Mapping[str, Any]) -> Mapping[str, str]:
        """A dialog that stood open for long, or was made up, may hold a choice that nobody offers."""
        look = self.look()
        offered: dict[str, Collection[str]] = {
            "category": look.categories,
            "decision": words.dialogs.VERDICTS.keys(),
            "where": ("thread", "issue"),
            "agreed": words.dialogs.AGREED.keys(),
        }
        if view["callback_id"] == words.dialogs.UNSTAR_VIEW:
            offered["reason"] = [why for why, _ in look.unstar_reasons]
        return {
            name: words.dialogs.choose_one()
            for name, choices in offered.items()
            if (answer := _answer(view, name)) and answer not in choices
        }

    def shown_next(self, body: Mapping[str, Any]) -> dict[str, Any] | None:
        """What a dialog shows once it was sent; None: it closes."""
        view = body["view"]
        if view["callback_id"] == words.dialogs.FILE_VIEW:
            return words.dialogs.looking(form_of(_draft(view), "", self.reader.urgencies).ticket)
        is_known = view["callback_id"] in _DIALOGS or view["callback_id"] in self.others
        return None if is_known else words.dialogs.old_dialog()


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
    text = _spoken(message, own_user)
    if not text:
        return None
    return Said(
        id=f"dm:{message.channel}:{message.ts}",
        at=moment(message.ts),
        message=MessageRef(channel=message.channel, ts=message.ts, thread_ts=message.thread_ts),
        user=message.user,
        text=text,
    )


def wrote(message: SlackMessage, own_user: str) -> Wrote | None:
    """What a person wrote in a thread of the STAR channel, its id being what happened."""
    text = _spoken(message, own_user)
    if not text or message.thread_ts in (None, message.ts):
        return None
    return Wrote(
        id=f"reply:{message.channel}:{message.ts}",
        at=moment(message.ts),
        handle=handle(message.channel, message.thread_ts or ""),
        user=message.user,
        text=text,
    )


def _spoken(message: SlackMessage, own_user: str) -> str:
    if message.subtype not in _SPOKEN or message.bot_id or message.user in (None, own_user):
        return ""
    return from_slack(message.text, {}).strip()


def slack_message(event: Mapping[str, Any], channel: str) -> SlackMessage:
    """The message in an event, as far as we look at it; raises what reading raises if it is no message."""
    return SlackMessage(
        channel=channel,
        ts=event["ts"],
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


def _answer(view: Mapping[str, Any], name: str) -> str:
    """What was typed or chosen in a field of a dialog; fields and their inputs have the same name.

    It is plain text, not Slack's markup: `&lt;b&gt;` is meant (docs.slack.dev/reference/views).
    """
    state = (view["state"]["values"].get(name) or {}).get(name) or {}
    options = state.get("selected_options") or [state.get("selected_option")]
    chosen = (options[0] or {}).get("value")
    return plain(state.get("value") or chosen or state.get("selected_user") or "").strip()


def _draft(view: Mapping[str, Any]) -> Draft:
    return Draft(**{name: _answer(view, name) for name in Draft.model_fields})


def _behind(view: Mapping[str, Any]) -> tuple[str, tuple[str, ...], int | None]:
    """What the form's dialog carries: the STAR that it completes, the doubts that it told, and about which ticket."""
    about = json.loads(view["private_metadata"])
    ticket = about["ticket"]
    return (
        plain(str(about["case"])),
        tuple(str(hint) for hint in about["hints"]),
        ticket if isinstance(ticket, int) else None,
    )


def _is_ours(view: Mapping[str, Any]) -> bool:
    """Whether the form's dialog carries what ours carry: an older one, or one that was made up, may not."""
    try:
        _behind(view)
    except (LookupError, TypeError, ValueError):
        return False
    return True


def _inputs(view: Mapping[str, Any]) -> set[str]:
    return {block["block_id"] for block in view.get("blocks") or () if block["type"] == "input"}


def _out_of_date(view: Mapping[str, Any]) -> Mapping[str, str]:
    """Said under the first field, so that what was written stays on the screen; a dialog without one is closed."""
    first = next((block["block_id"] for block in view.get("blocks") or () if block["type"] == "input"), None)
    return {first: words.dialogs.out_of_date()} if first else {}


def _button_deed(action_id: str) -> Deed | None:
    if action_id.startswith(words.RETRY):
        return "retry"
    return _BUTTON_DEEDS.get(action_id)


@dataclass(frozen=True)
class _Fields:
    """The fields of a dialog, and those that must be filled in."""

    deed: Deed
    names: tuple[str, ...]
    needed: tuple[str, ...]


_BUTTON_DEEDS: dict[str, Deed] = {
    words.ACKNOWLEDGE: "acknowledge",
    words.UNDO: "undo",
    words.CLAIM: "claim",
}
_DIALOGS: dict[str, _Fields] = {
    words.dialogs.TRIAGE_VIEW: _Fields("triage", ("category", "decision", "next_step", "dri"), ("decision",)),
    words.dialogs.ASK_VIEW: _Fields("ask", ("text", "where"), ("text", "where")),
    words.dialogs.RESOLVE_VIEW: _Fields("resolve", ("next_step", "owner", "customer_hears"), ("next_step",)),
    words.dialogs.UNSTAR_VIEW: _Fields(
        "unstar", ("reason", "text", "alternative", "agreed"), ("reason", "alternative", "agreed")
    ),
    words.dialogs.REOPEN_VIEW: _Fields("reopen", ("reason",), ("reason",)),
    words.dialogs.FACTS_VIEW: _Fields("add_facts", ("text",), ("text",)),
    words.dialogs.WITHDRAW_VIEW: _Fields("withdraw", ("text",), ()),
    words.dialogs.SEND_PUBLICLY_VIEW: _Fields("send_publicly", ("text",), ("text",)),
}
_SPOKEN = (None, "thread_broadcast", "file_share", "me_message")
"""The kinds of message with which people speak: plainly, from a thread to all, with a file, with /me
(docs.slack.dev/reference/events/message)."""
