"""Bolt: which payload goes to which duty. Every listener parses, submits and stops.

What cannot be read is acknowledged and left alone; a dialog whose answers will not do is sent back.

`process_before_response` makes Slack's acknowledgement wait for the listener, and the listener for the
durable write (two or three milliseconds): what was acknowledged is never lost. What opens a dialog is
handed to threads of our own after which the listener returns at once, because a trigger lives for three
seconds.
"""

import logging
import re
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from traceback import walk_tb
from typing import Any, TypeAlias, TypeVar

import structlog
from slack_bolt import Ack, App, BoltRequest
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.error import BoltUnhandledRequestError
from slack_bolt.response import BoltResponse

from starbot.core.case import Event
from starbot.errors import ServiceError
from starbot.services.slack import Identity, SlackService

log = structlog.get_logger("starbot.slack")

Parse: TypeAlias = Callable[[dict[str, Any], datetime], Event | None]
"""Payload and time to event; None where it is none of this duty's business."""
Object: TypeAlias = Callable[[dict[str, Any]], Mapping[str, str]]
"""A dialog that was sent, to what is wrong with its answers, by field."""
Open: TypeAlias = Callable[[dict[str, Any]], None]
"""Opens a dialog, or answers one person; runs in a thread of ours."""
Show: TypeAlias = Callable[[dict[str, Any]], dict[str, Any] | None]
"""A dialog that was sent, to the dialog that takes its place."""
Answer: TypeAlias = Callable[[dict[str, Any]], dict[str, Any] | None]
"""A command, to what Slack shows to whoever wrote it; may read the store, waits for no vendor."""
Found = TypeVar("Found")

DIALOG_THREADS = 32
ANYTHING = re.compile(".*", re.DOTALL)
NOT_AS_DESCRIBED = (LookupError, ValueError, TypeError, AttributeError, ArithmeticError, OSError)
"""What reading a payload raises that is not as Slack describes it (OSError: a time out of any calendar)."""


@dataclass(frozen=True)
class Hears:
    """Everything that the Slack app listens to, handed over by `app` in lists that can be read."""

    messages: Sequence[Parse]
    reactions: Sequence[Parse]
    unreactions: Sequence[Parse]
    clicks: Sequence[Parse]
    dialogs: Sequence[Parse]
    objections: Sequence[Object]
    shown_next: Sequence[Show]
    """What a dialog that was sent shows next; None of all: it closes."""
    follow_ups: Mapping[str, Open]
    """What is done, in a thread of ours, once a dialog was sent that shows something next: by callback id."""
    openers: Mapping[str, Open]
    """The buttons that open a dialog, by action id."""
    shortcuts: Mapping[str, Open]
    """By callback id."""
    commands: Mapping[str, Answer]
    """By name, such as `/star`; a command that answers nothing opens its dialog:"""
    command_openers: Mapping[str, Open]
    unknown: Open
    """Answers a button that nobody knows."""
    stranger: Open
    """Answers somebody of another workspace."""
    strange_command: Answer
    """What Slack shows to somebody of another workspace who wrote a command."""


def bolt_app(
    slack: SlackService,
    identity: Identity,
    hears: Hears,
    *,
    submit: Callable[[Event], None],
    now: Callable[[], datetime],
) -> App:
    """The Slack app."""
    # Below ERROR it logs whole bodies of requests, and a warning about a token that we give on purpose.
    logging.getLogger("slack_bolt").setLevel(logging.ERROR)
    known = AuthorizeResult(
        enterprise_id=None,
        team_id=identity.team_id,
        bot_user_id=identity.user_id,
        bot_id=identity.bot_id,
        bot_token=slack.client.token,
    )
    app = App(
        client=slack.client,
        authorize=lambda: known,
        process_before_response=True,
        raise_error_for_unhandled_request=True,
        logger=logging.getLogger("slack_bolt"),
    )
    doors = Doors(hears, identity, submit, now)
    app.event("message")(doors.message)
    app.event("reaction_added")(doors.reaction)
    app.event("reaction_removed")(doors.unreaction)
    app.action(ANYTHING)(doors.action)
    app.view(ANYTHING)(doors.view)
    app.shortcut(ANYTHING)(doors.shortcut)
    app.command(ANYTHING)(doors.command)
    # Slack sends again what nobody answers: whatever else comes is answered and left alone.
    app.event(ANYTHING)(doors.anything)
    app.error(doors.failed)
    return app


class Doors:
    """One method a kind of payload: parse, submit, acknowledge. Bolt hands each argument over by its name."""

    def __init__(
        self,
        hears: Hears,
        identity: Identity,
        submit: Callable[[Event], None],
        now: Callable[[], datetime],
    ) -> None:
        self._hears = hears
        self._team_id = identity.team_id
        self._submit = submit
        self._now = now
        self._pool = ThreadPoolExecutor(DIALOG_THREADS, thread_name_prefix="starbot-dialog")

    def message(self, event: dict[str, Any]) -> None:
        """A message, an edit, a deletion."""
        self._hear(self._hears.messages, event)

    def reaction(self, event: dict[str, Any]) -> None:
        """An emoji on a message."""
        self._hear(self._hears.reactions, event)

    def unreaction(self, event: dict[str, Any]) -> None:
        """An emoji taken away."""
        self._hear(self._hears.unreactions, event)

    def action(self, ack: Ack, body: dict[str, Any]) -> None:
        """A button or a choice."""
        action_id = _read(lambda: str(body["actions"][0]["action_id"])) or ""
        opener = self._hears.openers.get(action_id)
        if not self._is_ours(body):
            self._open(self._hears.stranger, body)
        elif opener is not None:
            self._open(opener, body)
        elif not self._hear(self._hears.clicks, body):
            self._open(self._hears.unknown, body)
        ack()

    def view(self, ack: Ack, body: dict[str, Any]) -> None:
        """A dialog that was sent: what is wrong with it, or what follows."""
        if not self._is_ours(body):
            ack()
            return
        wrong = next(filter(None, (_read(look, body) for look in self._hears.objections)), None)
        if wrong:
            ack(response_action="errors", errors=dict(wrong))
            return
        shown = next(filter(None, (_read(show, body) for show in self._hears.shown_next)), None)
        self._hear(self._hears.dialogs, body)
        if (follow := self._hears.follow_ups.get(str(body["view"].get("callback_id")))) is not None:
            self._open(follow, body)
        if shown is None:
            ack()
        else:
            ack(response_action="update", view=shown)

    def shortcut(self, ack: Ack, body: dict[str, Any]) -> None:
        """A shortcut, global or of a message."""
        opener = self._hears.shortcuts.get(str(body.get("callback_id")))
        if not self._is_ours(body):
            self._open(self._hears.stranger, body)
        elif opener is not None:
            self._open(opener, body)
        ack()

    def command(self, ack: Ack, body: dict[str, Any]) -> None:
        """A slash command: answered here, or by a dialog."""
        name = str(body.get("command"))
        answer = self._hears.commands.get(name)
        if answer is None:
            ack()
            return
        if not self._is_ours(body):
            ack(self._hears.strange_command(body) or {})
            return
        found = _read(answer, body)
        if found is None:
            self._open(self._hears.command_openers[name], body)
            ack()
        else:
            ack(found)

    def anything(self, req: BoltRequest) -> None:
        """Whatever else comes."""
        log.debug("left alone", type=req.body.get("type"))

    def failed(self, error: Exception) -> BoltResponse:
        """What is no payload of Slack's is answered too. What we failed at is not: then Slack sends it again."""
        if isinstance(error, BoltUnhandledRequestError):
            log.debug("left alone", type="unknown")
            return BoltResponse(status=200)
        is_odd = isinstance(error, (LookupError, ValueError, TypeError, AttributeError))
        if is_odd and not _passed_through_us(error):
            # Bolt looks at a payload before we do, and stumbles over what is not as Slack describes it.
            log.warning("a payload that cannot be read was left alone", error=type(error).__name__)
            return BoltResponse(status=200)
        log.error("a delivery was not taken", exc_info=error)
        return BoltResponse(status=400 if is_odd else 503)

    def _hear(self, parsers: Sequence[Parse], payload: dict[str, Any]) -> bool:
        """Submits what the payload means; whether it means anything."""
        events = [event for parse in parsers if (event := _read(parse, payload, self._now())) is not None]
        for event in events:
            self._submit(event)
        return bool(events)

    def _open(self, opener: Open, body: dict[str, Any]) -> None:
        self._pool.submit(_logged, opener, body)

    def _is_ours(self, body: dict[str, Any]) -> bool:
        """Whether this comes from our workspace, and from a person of it (a shared channel has others too)."""
        user = body.get("user")
        team = body.get("team") or {}
        teams = (
            team.get("id") if isinstance(team, dict) else team,
            user.get("team_id") if isinstance(user, dict) else None,
            body.get("team_id"),
        )
        return all(one in (None, self._team_id) for one in teams)


def _passed_through_us(error: Exception) -> bool:
    """Whether the fault may be ours: then Slack is to send it again, and the admin to read of it."""
    return any(frame.f_globals.get("__name__") == __name__ for frame, _ in walk_tb(error.__traceback__))


def _read(read: Callable[..., Found], *arguments: Any) -> Found | None:
    """What a payload says; None where it is not as described. It would not be the next time either, so it is
    acknowledged, and nothing of it is logged: it may hold a customer's text."""
    try:
        return read(*arguments)
    except NOT_AS_DESCRIBED as error:
        log.warning("a payload that cannot be read was left alone", error=type(error).__name__)
        return None


def _logged(opener: Open, body: dict[str, Any]) -> None:
    try:
        opener(body)
    except NOT_AS_DESCRIBED as error:
        log.warning("a payload that cannot be read was left alone", error=type(error).__name__)
    except ServiceError as error:
        # A trigger lives three seconds: whoever pressed sees nothing open, and presses again.
        log.warning("a dialog could not be opened", error=str(error))
    except Exception:
        log.exception("a dialog could not be opened")
