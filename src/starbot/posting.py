"""The bot's messages in Slack, each made once: one that always shows its case as it is, and a word to one person.

Slack keeps the key of a message with it. Whoever is not sure whether an earlier try was served looks for that key
before anything is posted again.
"""

from datetime import datetime, timedelta

import structlog

from starbot.core.case import Document
from starbot.core.facts import MessageRef
from starbot.core.text import marker
from starbot.engine.duty import Try, looking
from starbot.errors import ServiceDelayed, ServiceRefused
from starbot.services.slack import SlackService

log = structlog.get_logger("starbot.slack")

BACK = timedelta(minutes=5)
"""How far before a case began we look for what may have been written: clocks differ."""


def updated(slack: SlackService, ref: MessageRef | None, wanted: Document) -> bool:
    """Whether the message is there and shows this now; one that somebody deleted is to be posted anew."""
    if ref is None:
        return False
    try:
        slack.update(ref, wanted["text"], wanted["blocks"])
    except ServiceRefused as no:
        if no.reason != "not_found":
            raise
        return False
    return True


def placed(
    slack: SlackService,
    channel: str,
    wanted: Document,
    *,
    key: str,
    begun_at: datetime,
    this_try: Try,
    thread_ts: str | None = None,
    broadcast: bool = False,
) -> MessageRef:
    """The message of this key: found where an earlier try may have posted it, else posted.

    `begun_at` (aware) is when its case began. ServiceDelayed while an earlier try may still be served.
    """
    found = None
    if this_try.look:
        with looking(this_try):
            found = slack.find_post(channel, marker(key), thread_ts=thread_ts, oldest=_oldest(begun_at))
        if found is None and not this_try.may_make:
            raise ServiceDelayed("slack", "look for the message again", None, True, True)
    if found is not None:
        slack.update(found, wanted["text"], wanted["blocks"])
        return found
    return slack.post(
        channel,
        wanted["text"],
        wanted["blocks"],
        thread_ts=thread_ts,
        broadcast=broadcast,
        key=marker(key),
    )


def told(slack: SlackService, user: str, said: str | Document, *, key: str) -> MessageRef:
    """A direct message to one person, a text or with blocks. ServiceRefused where Slack cannot reach them."""
    words: Document = {"text": said, "blocks": None} if isinstance(said, str) else said
    return slack.post(slack.open_dm(user), words["text"], words["blocks"], key=marker(key))


def shown_in_dialog(slack: SlackService, view: str, wanted: Document) -> bool:
    """Whether the person has the dialog still before them, and it shows this now; `view` is "" where none waits."""
    if not view:
        return False
    try:
        slack.answer_dialog(view, wanted)
    except ServiceRefused:
        return False
    return True


def told_alone(slack: SlackService, user: str, said: str, *, key: str, there: str) -> None:
    """A word to one person that is no reason to fail: by direct message, else in the channel `there` ("": nowhere) for
    their eyes alone. Where neither reaches them, the log says so."""
    try:
        told(slack, user, said, key=key)
    except ServiceRefused as no:
        try:
            if not there:
                raise
            slack.ephemeral(there, user, said)
        except ServiceRefused:
            log.warning("a word reached nobody", user=user, key=key, reason=no.reason)


def find_told(slack: SlackService, user: str, *, key: str, begun_at: datetime) -> MessageRef | None:
    """The direct message of this key, if it is there."""
    return find_posted(slack, slack.open_dm(user), key=key, begun_at=begun_at)


def find_posted(slack: SlackService, channel: str, *, key: str, begun_at: datetime) -> MessageRef | None:
    """The message of this key in a channel, if it is there."""
    return slack.find_post(channel, marker(key), oldest=_oldest(begun_at))


def _oldest(begun_at: datetime) -> str:
    """As Slack writes moments."""
    return f"{(begun_at - BACK).timestamp():.6f}"
