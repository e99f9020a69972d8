"""What answering a misplaced post means, and finding out which post was pointed at."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from starbot.core.case import Document, Event
from starbot.core.facts import MessageRef
from starbot.core.text import marker
from starbot.duties.redirects import model
from starbot.duties.redirects.model import Redirect
from starbot.engine.duty import Deed
from starbot.services.slack import SlackService


@dataclass(frozen=True)
class Hands:
    """What the deeds need."""

    slack: SlackService
    now: Callable[[], datetime]
    answer: Callable[[], Document]


def deeds(hands: Hands) -> Mapping[str, Deed]:
    """One deed for each kind of effect."""
    return {"answer": Deed(partial(_answer, hands), partial(_find_answer, hands))}


def arrive(hands: Hands, event: Any) -> Sequence[Event]:
    """Finds the post at the head of the thread; posts of bots, ours among them, are left alone."""
    if not isinstance(event, model.PointedAt):
        return [event]
    there = hands.slack.read_message(event.message.channel, event.message.ts)
    if there is None:
        return []
    if there.thread_ts and there.thread_ts != there.ts:
        there = hands.slack.read_message(there.channel, there.thread_ts)
    if there is None or there.bot_id is not None or there.user is None:
        return []
    return [model.misplaced(MessageRef(channel=there.channel, ts=there.ts), event.at)]


def _answer(hands: Hands, effect: model.Answer, redirect: Redirect) -> Event:
    said = hands.answer()
    post = redirect.post
    ref = hands.slack.post(
        post.channel, said["text"], said["blocks"], thread_ts=post.ts, key=marker(effect.key)
    )
    return model.Answered(id=effect.key, at=hands.now(), ref=ref)


def _find_answer(hands: Hands, effect: model.Answer, redirect: Redirect) -> Event | None:
    post = redirect.post
    ref = hands.slack.find_post(post.channel, marker(effect.key), thread_ts=post.ts)
    return None if ref is None else model.Answered(id=effect.key, at=hands.now(), ref=ref)
