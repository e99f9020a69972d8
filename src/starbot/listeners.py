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
from datetime import datetime
from typing import Any, TypeAlias, TypeVar

import structlog
from slack_bolt import Ack, App, BoltRequest
from slack_bolt.authorization import AuthorizeResult

from starbot.core.case import Event
from starbot.services.slack import Identity, SlackService

log = structlog.get_logger("starbot.slack")

Parse: TypeAlias = Callable[[dict[str, Any], datetime], Event | None]
"""Payload and time to event; None where it is none of this duty's business."""
Object: TypeAlias = Callable[[dict[str, Any]], Mapping[str, str]]
"""A dialog that was sent, to what is wrong with its answers, by field."""
Open: TypeAlias = Callable[[dict[str, Any]], None]
"""Opens a dialog for a click; runs in a thread of ours."""
Answer = TypeVar("Answer")

DIALOG_THREADS = 32
ANYTHING = re.compile(".*", re.DOTALL)
NOT_AS_DESCRIBED = (LookupError, ValueError, TypeError, AttributeError, ArithmeticError, OSError)
"""What reading a payload raises that is not as Slack describes it (OSError: a time out of any calendar)."""


def bolt_app(
    slack: SlackService,
    identity: Identity,
    *,
    messages: Sequence[Parse],
    reactions: Sequence[Parse],
    clicks: Sequence[Parse],
    dialogs: Sequence[Parse],
    objections: Sequence[Object],
    openers: dict[str, Open],
    submit: Callable[[Event], None],
    now: Callable[[], datetime],
) -> App:
    """The Slack app. `openers` are the buttons (by action id) that open a dialog; a dialog to which one of
    `objections` has something to say stays open and shows it."""
    # Below ERROR it logs whole bodies of requests, and a warning about a token that we give on purpose.
    logging.getLogger("slack_bolt").setLevel(logging.ERROR)
    pool = ThreadPoolExecutor(DIALOG_THREADS, thread_name_prefix="starbot-dialog")
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
        logger=logging.getLogger("slack_bolt"),
    )

    def hear(parsers: Sequence[Parse], payload: dict[str, Any]) -> None:
        for parse in parsers:
            event = _read(parse, payload, now())
            if event is not None:
                submit(event)

    @app.event("message")
    def _message(event: dict[str, Any]) -> None:
        hear(messages, event)

    @app.event("reaction_added")
    def _reaction(event: dict[str, Any]) -> None:
        hear(reactions, event)

    @app.action(ANYTHING)
    def _action(ack: Ack, body: dict[str, Any]) -> None:
        opener = openers.get(body["actions"][0]["action_id"])
        if opener is not None:
            pool.submit(_logged, opener, body)
        else:
            hear(clicks, body)
        ack()

    @app.view(ANYTHING)
    def _view(ack: Ack, body: dict[str, Any]) -> None:
        wrong = next(filter(None, (_read(look, body) for look in objections)), None)
        if wrong:
            ack(response_action="errors", errors=dict(wrong))
        else:
            hear(dialogs, body)
            ack()

    # Slack sends again what nobody answers: whatever else comes is answered and left alone.
    @app.event(ANYTHING)
    def _anything(req: BoltRequest) -> None:
        log.debug("left alone", type=req.body.get("type"))

    return app


def _read(read: Callable[..., Answer], *arguments: Any) -> Answer | None:
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
    except Exception:
        log.exception("a dialog could not be opened", action=body["actions"][0]["action_id"])
