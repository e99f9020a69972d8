"""Deeds in Slack: the card, the reply, the question, the marks; lines in the thread, news, words to one person."""

from collections.abc import Callable, Mapping
from typing import Any

from starbot.core.case import Document, Event
from starbot.core.facts import MessageRef
from starbot.core.text import marker
from starbot.duties.stars import model, words
from starbot.duties.stars.deeds.hands import Hands
from starbot.duties.stars.model import Star, Whispered
from starbot.engine.duty import Try, looking
from starbot.errors import ServiceRefused
from starbot.posting import find_told, placed, shown_in_dialog, told, told_alone, updated


def show_card(
    hands: Hands, star: Star, wanted: Document, shown: Document | None, this_try: Try
) -> Event | None:
    """The card, in its thread or as the head of one."""
    if updated(hands.slack, star.card, wanted):
        return None
    thread_ts = star.root.ts if star.root is not None and star.has_post else None
    channel = star.place or hands.channel()
    broadcast = thread_ts is not None and hands.look().broadcast
    ref = _placed(hands, star, "card", channel, wanted, this_try, thread_ts, broadcast)
    return model.CardPosted(id="", at=hands.now(), ref=ref)


def show_reply(
    hands: Hands, star: Star, wanted: Document, shown: Document | None, this_try: Try
) -> Event | None:
    """The word about the form post."""
    if star.root is None or updated(hands.slack, star.reply, wanted):
        return None
    ref = _placed(hands, star, "reply", star.root.channel, wanted, this_try, star.root.ts)
    return model.ReplyPosted(id="", at=hands.now(), ref=ref)


def show_question(
    hands: Hands, star: Star, wanted: Document, shown: Document | None, this_try: Try
) -> Event | None:
    """The question to the manager, by direct message."""
    if updated(hands.slack, star.question, wanted) or star.resolution is None:
        return None
    with looking(this_try):
        channel = hands.slack.open_dm(star.resolution.by.slack)
    ref = _placed(hands, star, f"question:{star.questions}", channel, wanted, this_try)
    return model.QuestionPosted(id="", at=hands.now(), ref=ref)


def _placed(
    hands: Hands,
    star: Star,
    thing: str,
    channel: str,
    wanted: Document,
    this_try: Try,
    thread_ts: str | None = None,
    broadcast: bool = False,
) -> MessageRef:
    """The message of this thing of a STAR."""
    return placed(
        hands.slack,
        channel,
        wanted,
        key=f"{star.id}:{thing}",
        begun_at=star.filed_at,
        this_try=this_try,
        thread_ts=thread_ts,
        broadcast=broadcast,
    )


def show_marks(hands: Hands, star: Star, wanted: Document, shown: Document | None, this_try: Try) -> None:
    """The bot's own reactions at the head of the thread."""
    before = set(shown["marks"]) if shown else set()
    assert star.root is not None, "marks on nothing"
    for name in wanted["marks"]:
        if name not in before:
            hands.slack.react(star.root, name)
    # After a try whose answer was lost, whatever we may have put there.
    perhaps = {hands.look().acknowledge_emoji, hands.look().resolve_emoji} if this_try.look else set()
    for name in sorted((before | perhaps) - set(wanted["marks"])):
        hands.slack.unreact(star.root, name)


def post_line(hands: Hands, effect: model.PostLine, star: Star) -> Event:
    """One line in the thread."""
    said = words.thread_line(star, effect.line, hands.look())
    root = _root(star)
    hands.slack.post(root.channel, said["text"], said["blocks"], thread_ts=root.ts, key=marker(effect.key))
    return model.LinePosted(id=effect.key, at=hands.now())


def find_line(hands: Hands, effect: model.PostLine, star: Star) -> Event | None:
    """Whether the line is there."""
    root = _root(star)
    if hands.slack.find_post(root.channel, marker(effect.key), thread_ts=root.ts) is None:
        return None
    return model.LinePosted(id=effect.key, at=hands.now())


def _root(star: Star) -> MessageRef:
    assert star.root is not None, "a line in no thread"
    return star.root


def tell_initiator(hands: Hands, effect: model.TellInitiator, star: Star) -> Event:
    """Whoever reads the channel has seen it there."""
    user = star.form.initiator
    if user is None or hands.slack.is_in_channel(star.place, user):
        return model.InitiatorTold(id=effect.key, at=hands.now())
    said = words.news(star, effect.news, hands.look())
    ref = told(hands.slack, user, said, key=effect.key)
    return model.InitiatorTold(id=effect.key, at=hands.now(), ref=ref)


def find_news(hands: Hands, effect: model.TellInitiator, star: Star) -> Event | None:
    """Whether the message is there."""
    user = star.form.initiator
    if user is None:
        return None
    ref = find_told(hands.slack, user, key=effect.key, begun_at=star.filed_at)
    return None if ref is None else model.InitiatorTold(id=effect.key, at=hands.now(), ref=ref)


def whisper(hands: Hands, effect: model.Whisper, star: Star) -> Event:
    """Said once: in the dialog that waits for it, else where it was asked, else by direct message."""
    said = effect.said
    heard = model.WhisperHeard(id=effect.key, at=hands.now())
    if said.view and _shown_in_dialog(hands, star, said):
        return heard
    if said.deed == "file" and said.why == "done":
        # The dialog is gone; the card, or a direct message of its own, says that it is filed.
        return heard
    text = words.whisper(star, said, hands.look())
    # *Undo* is pressed in the direct message, where a word in the channel would not be seen.
    there = star.question if said.deed == "undo" and star.question else star.root
    try:
        if there is None:
            raise ServiceRefused("slack", "user_missing", "answer one person")
        thread_ts = None if there == star.question else there.ts
        hands.slack.ephemeral(there.channel, said.user, text, thread_ts)
    except ServiceRefused:
        # They are not in the channel, or there is nothing in it yet.
        told_alone(hands.slack, said.user, text, key=effect.key, there="")
    return heard


def find_whisper(hands: Hands, effect: model.Whisper, star: Star) -> Event | None:
    """Only a direct message is kept and can be found; what was shown in passing is shown again."""
    found = find_told(hands.slack, effect.said.user, key=effect.key, begun_at=star.filed_at)
    return None if found is None else model.WhisperHeard(id=effect.key, at=hands.now())


def _shown_in_dialog(hands: Hands, star: Star, said: Whispered) -> bool:
    """Whether the person has the dialog still before them."""
    with_star = words.dialogs.completed if said.deed == "complete" else words.dialogs.filed
    shown: Mapping[str, Callable[[], dict[str, Any]]] = {
        "not_yours": words.dialogs.not_yours,
        "no_name": words.dialogs.strangers_cannot_file,
        "repeated": lambda: (with_star if star.linked_to else words.dialogs.added)(star, hands.look()),
        "state": words.dialogs.nothing_missing if said.deed == "complete" else words.dialogs.ended_meanwhile,
    }
    view = shown.get(said.why, lambda: with_star(star, hands.look()))()
    return shown_in_dialog(hands.slack, said.view, view)
