"""What performing each effect of a STAR means, and how each target is shown: our words through the services.

Every deed that writes has a way to find out that it already happened. Writes to one ticket take turns within
this process, because Zendesk's safe update tells times by the second only.
"""

import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from starbot.core.case import Document, Event
from starbot.core.facts import IssueRef, MacroPreview, MessageRef
from starbot.core.text import marker
from starbot.duties.stars import model, words
from starbot.duties.stars.model import Star
from starbot.duties.stars.words import Look
from starbot.engine.duty import Deed, Target, Try, looking
from starbot.errors import ServiceDelayed, ServiceRefused
from starbot.services.gitlab import GitLabService
from starbot.services.roster import Roster
from starbot.services.slack import SlackService
from starbot.services.zendesk import ZendeskService

CONFLICT_TRIES = 3
BACK = timedelta(minutes=5)
"""How far before the STAR we look for what may have been written: clocks differ."""


class Turns:
    """One writer at a time for each ticket."""

    def __init__(self) -> None:
        self._locks: dict[int, threading.Lock] = {}
        self._guard = threading.Lock()

    def of(self, ticket: int) -> threading.Lock:
        """The turn of this ticket, to be held while reading and writing it."""
        with self._guard:
            return self._locks.setdefault(ticket, threading.Lock())


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
    turns: Turns = field(default_factory=Turns)


def deeds(hands: Hands) -> Mapping[str, Deed]:
    """One deed for each kind of effect."""
    return {
        "read_ticket": Deed(partial(_read_ticket, hands)),
        "read_oncall": Deed(partial(_read_oncall, hands)),
        "read_initiator": Deed(partial(_read_initiator, hands)),
        "read_labels": Deed(partial(_read_labels, hands)),
        "note_ticket": Deed(partial(_note_ticket, hands), partial(_find_ticket_note, hands)),
        "note_issue": Deed(partial(_note_issue, hands), partial(_find_issue_note, hands)),
        "apply_macro": Deed(partial(_apply_macro, hands), partial(_find_macro, hands)),
        "send_publicly": Deed(partial(_send_publicly, hands), partial(_find_public, hands)),
        "whisper": Deed(partial(_whisper, hands)),
    }


def targets(hands: Hands) -> Mapping[str, Target]:
    """Everything that always shows the STAR as it is."""

    def seen(render: Callable[[Star, Look], Document | None]) -> Callable[[Star], Document | None]:
        return lambda star: render(star, hands.look())

    return {
        "card": Target("slack", seen(words.card), partial(_show_card, hands)),
        "reply": Target("slack", seen(words.reply), partial(_show_reply, hands)),
        "question": Target("slack", seen(words.question), partial(_show_question, hands)),
        "marks": Target("slack", seen(words.marks), partial(_show_marks, hands)),
        "issue": Target("gitlab", seen(words.issue), partial(_show_issue, hands)),
    }


# -- reading


def _read_ticket(hands: Hands, effect: model.ReadTicket, star: Star) -> Event:
    about: dict[str, Any] = {"id": effect.key, "at": hands.now()}
    try:
        ticket = hands.zendesk.ticket(effect.number)
    except ServiceRefused as no:
        if no.reason != "not_found":
            raise
        return model.TicketUnfit(**about, number=effect.number, problem="ticket_not_found")
    if ticket.status == "closed":
        return model.TicketUnfit(**about, number=effect.number, problem="ticket_closed")
    return model.TicketRead(**about, ticket=ticket)


def _read_oncall(hands: Hands, effect: model.ReadOnCall, star: Star) -> Event:
    return model.OnCallRead(id=effect.key, at=hands.now(), oncall=hands.roster.on_call())


def _read_initiator(hands: Hands, effect: model.ReadInitiator, star: Star) -> Event:
    """A name is a nicety: where Slack does not know the person, the id must do."""
    try:
        name = hands.slack.user_name(effect.user)
    except ServiceRefused:
        name = effect.user
    return model.InitiatorNamed(id=effect.key, at=hands.now(), name=name)


# -- the ticket


def _note_ticket(hands: Hands, effect: model.NoteTicket, star: Star) -> Event:
    look = hands.look()
    number = _number(star)
    with hands.turns.of(number):
        tags = [look.ticket_tag] if look.ticket_tag else []
        hands.zendesk.note(number, words.ticket_note(star, look), add_tags=tags, key=marker(effect.key))
    return model.TicketNoted(id=effect.key, at=hands.now())


def _find_ticket_note(hands: Hands, effect: model.NoteTicket, star: Star) -> Event | None:
    if not hands.zendesk.has_key(_number(star), marker(effect.key)):
        return None
    return model.TicketNoted(id=effect.key, at=hands.now())


def _apply_macro(hands: Hands, effect: model.ApplyMacro, star: Star) -> Event:
    """Preview, then change just what the macro changes. Where somebody else was faster, preview again."""
    look = hands.look()
    number = _number(star)
    macro_id = hands.zendesk.macro_id(hands.macro_titles)
    for last in [False] * (CONFLICT_TRIES - 1) + [True]:
        with hands.turns.of(number):
            preview = hands.zendesk.preview_macro(number, macro_id)
            filled = words.macro_comment(star, look, preview.comment_body, hands.note_ticket)
            try:
                hands.zendesk.apply_macro(number, preview, comment=filled, key=marker(effect.key))
            except ServiceDelayed as conflict:
                if last or conflict.maybe_done or conflict.retry_after_s != 0:
                    raise
                continue
        return _macro_applied(hands, effect, star, preview)
    raise AssertionError("unreachable")


def _find_macro(hands: Hands, effect: model.ApplyMacro, star: Star) -> Event | None:
    number = _number(star)
    if not hands.zendesk.has_key(number, marker(effect.key)):
        return None
    preview = hands.zendesk.preview_macro(number, hands.zendesk.macro_id(hands.macro_titles))
    return _macro_applied(hands, effect, star, preview)


def _macro_applied(hands: Hands, effect: model.ApplyMacro, star: Star, preview: MacroPreview) -> Event:
    """What it would tell the customer never holds our links: those lines are left out whatever the note says."""
    offered = words.macro_comment(star, hands.look(), preview.comment_body, note_has_links=True)
    return model.MacroApplied(
        id=effect.key, at=hands.now(), public_text=offered if preview.comment_public else None
    )


def _send_publicly(hands: Hands, effect: model.SendPublicly, star: Star) -> Event:
    with hands.turns.of(_number(star)):
        hands.zendesk.public_reply(_number(star), effect.text, marker(effect.key))
    return model.PublicReplySent(id=effect.key, at=hands.now())


def _find_public(hands: Hands, effect: model.SendPublicly, star: Star) -> Event | None:
    if not hands.zendesk.has_key(_number(star), marker(effect.key)):
        return None
    return model.PublicReplySent(id=effect.key, at=hands.now())


def _number(star: Star) -> int:
    assert star.form.ticket is not None, "a deed on the ticket of a form without one"
    return star.form.ticket


# -- the issue


def _note_issue(hands: Hands, effect: model.NoteIssue, star: Star) -> Event:
    issue = _issue(star)
    body = words.remark(star, effect.remark, hands.look())
    hands.gitlab.note(issue.project, issue.iid, body, marker=marker(effect.key), internal=hands.confidential)
    return model.IssueNoted(id=effect.key, at=hands.now())


def _find_issue_note(hands: Hands, effect: model.NoteIssue, star: Star) -> Event | None:
    issue = _issue(star)
    if hands.gitlab.find_note(issue.project, issue.iid, marker(effect.key)) is None:
        return None
    return model.IssueNoted(id=effect.key, at=hands.now())


def _read_labels(hands: Hands, effect: model.ReadLabels, star: Star) -> Event:
    issue = _issue(star)
    changes = hands.gitlab.label_changes(issue.project, issue.iid)
    return model.LabelsRead(id=effect.key, at=hands.now(), changes=tuple(changes))


def _issue(star: Star) -> IssueRef:
    assert star.issue is not None, "a deed on an issue that is not there"
    return star.issue


def _show_issue(hands: Hands, star: Star, wanted: Document, shown: Document | None, this_try: Try) -> Event:
    """Opens the issue, or changes just the fields that differ from what was shown last."""
    issue = star.issue
    if issue is None:
        issue = _found_issue(hands, star, this_try)
        # One that was opened by a try whose answer was lost may show an older document.
        shown = None if issue else {**wanted, "state": "opened"}
        issue = issue or hands.gitlab.open_issue(
            hands.project,
            title=wanted["title"],
            description=wanted["description"],
            labels=wanted["labels"],
            confidential=hands.confidential,
            assignee_id=_user_id(hands, wanted["assignee"]),
            marker=_issue_marker(star),
        )
    changes = _issue_changes(hands, star, wanted, shown, issue)
    if changes:
        issue = hands.gitlab.update_issue(issue.project, issue.iid, **changes)
    return model.IssueSeen(id="", at=hands.now(), issue=issue)


def _found_issue(hands: Hands, star: Star, this_try: Try) -> IssueRef | None:
    """The issue of an earlier try; of two, the elder, and the younger is closed. ServiceDelayed while it may
    still come."""
    if not this_try.look:
        return None
    with looking(this_try):
        found = hands.gitlab.find_issues(hands.project, _issue_marker(star), star.filed_at - BACK)
    if not found and not this_try.may_make:
        raise ServiceDelayed("gitlab", "look for the issue again", None, True, True)
    for younger in found[1:]:
        hands.gitlab.update_issue(younger.project, younger.iid, state_event="close")
    return found[0] if found else None


def _issue_changes(
    hands: Hands, star: Star, wanted: Document, shown: Document | None, issue: IssueRef
) -> dict[str, Any]:
    changed = {name for name in wanted if shown is None or wanted[name] != shown.get(name)}
    changes: dict[str, Any] = {}
    if "title" in changed:
        changes["title"] = wanted["title"]
    if "description" in changed:
        changes |= {"description": wanted["description"], "marker": _issue_marker(star)}
    if "assignee" in changed and wanted["assignee"] is not None:
        changes["assignee_id"] = _user_id(hands, wanted["assignee"])
    if "labels" in changed and (missing := [one for one in wanted["labels"] if one not in issue.labels]):
        changes["add_labels"] = missing
    if "state" in changed and wanted["state"] != issue.state:
        changes["state_event"] = "close" if wanted["state"] == "closed" else "reopen"
    return changes


def _issue_marker(star: Star) -> str:
    return marker(f"{star.id}:issue")


def _user_id(hands: Hands, username: str | None) -> int | None:
    return hands.gitlab.user_id(username) if username else None


# -- Slack


def _show_card(
    hands: Hands, star: Star, wanted: Document, shown: Document | None, this_try: Try
) -> Event | None:
    if _updated(hands, star.card, wanted):
        return None
    broadcast = hands.look().broadcast
    ref = _posted(hands, star, "card", star.root.channel, wanted, this_try, star.root.ts, broadcast)
    return model.CardPosted(id="", at=hands.now(), ref=ref)


def _show_reply(
    hands: Hands, star: Star, wanted: Document, shown: Document | None, this_try: Try
) -> Event | None:
    if _updated(hands, star.reply, wanted):
        return None
    ref = _posted(hands, star, "reply", star.root.channel, wanted, this_try, star.root.ts)
    return model.ReplyPosted(id="", at=hands.now(), ref=ref)


def _show_question(
    hands: Hands, star: Star, wanted: Document, shown: Document | None, this_try: Try
) -> Event | None:
    if _updated(hands, star.question, wanted) or star.resolution is None:
        return None
    with looking(this_try):
        channel = hands.slack.open_dm(star.resolution.by.slack)
    ref = _posted(hands, star, f"question:{star.questions}", channel, wanted, this_try)
    return model.QuestionPosted(id="", at=hands.now(), ref=ref)


def _updated(hands: Hands, ref: MessageRef | None, wanted: Document) -> bool:
    """Whether the message is there and shows this now; one that somebody deleted is posted anew."""
    if ref is None:
        return False
    try:
        hands.slack.update(ref, wanted["text"], wanted["blocks"])
    except ServiceRefused as no:
        if no.reason != "not_found":
            raise
        return False
    return True


def _posted(
    hands: Hands,
    star: Star,
    thing: str,
    channel: str,
    wanted: Document,
    this_try: Try,
    thread_ts: str | None = None,
    broadcast: bool = False,
) -> MessageRef:
    """The message of this thing: found where an earlier try may have posted it, else posted."""
    key = marker(f"{star.id}:{thing}")
    oldest = f"{(star.filed_at - BACK).timestamp():.6f}"
    found = None
    if this_try.look:
        with looking(this_try):
            found = hands.slack.find_post(channel, key, thread_ts=thread_ts, oldest=oldest)
        if found is None and not this_try.may_make:
            raise ServiceDelayed("slack", "look for the message again", None, True, True)
    if found is not None:
        hands.slack.update(found, wanted["text"], wanted["blocks"])
        return found
    return hands.slack.post(
        channel, wanted["text"], wanted["blocks"], thread_ts=thread_ts, broadcast=broadcast, key=key
    )


def _show_marks(hands: Hands, star: Star, wanted: Document, shown: Document | None, this_try: Try) -> None:
    before = set(shown["marks"]) if shown else set()
    for name in wanted["marks"]:
        if name not in before:
            hands.slack.react(star.root, name)
    for name in sorted(before - set(wanted["marks"])):
        hands.slack.unreact(star.root, name)


def _whisper(hands: Hands, effect: model.Whisper, star: Star) -> Event:
    """Said once and kept nowhere; somebody who has left the channel does not hear it, and that is all right."""
    said = effect.said
    text = words.whisper(star, said, hands.look())
    # *Undo* is pressed in the direct message, where a word in the channel would not be seen.
    there = star.question if said.deed == "undo" and star.question else star.root
    with suppress(ServiceRefused):
        hands.slack.ephemeral(there.channel, said.user, text, None if there == star.question else there.ts)
    return model.WhisperHeard(id=effect.key, at=hands.now())
