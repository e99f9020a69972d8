"""What the world still knows of STARs that the database does not know, or knows less of: read from our issues in
GitLab, their notes, the threads in Slack and the messages to initiators. It only reads.

An issue is taken for a STAR only where the marker on it is that of the message to which it leads: what people wrote
into an issue can point anywhere.
"""

import re
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Literal, NamedTuple, TypeAlias, TypeVar

from starbot.core.facts import MessageRef, Person, SlackMessage
from starbot.core.text import marker
from starbot.duties.stars import model, words
from starbot.duties.stars.door import LOOK_BACK, Meaning, form_posted
from starbot.duties.stars.form import Form, form_of
from starbot.duties.stars.model import Remark, Seen, Star
from starbot.duties.stars.slack import FormReader
from starbot.duties.stars.words import Look
from starbot.errors import ServiceDelayed, ServiceRefused
from starbot.posting import BACK
from starbot.services.gitlab import GitLabService, OwnIssue, OwnNote
from starbot.services.slack import SlackService

Why: TypeAlias = Literal["no_marker", "no_thread", "gone", "unreadable", "taken"]
MOST = 200
"""How many things of a kind a STAR is taken to have at most."""
SETTLES = timedelta(seconds=30)
"""A line that comes so long after a question in GitLab is not its own."""

TRIES = 5
"""How often one thing is read that a vendor delays by a rate limit."""

T = TypeVar("T")

_ADDRESS = re.compile(r"/archives/([A-Z0-9]{2,20})/p(\d{10})(\d{6})(?:\?thread_ts=(\d{10}\.\d{6}))?")
_CASE = re.compile(r"star-[a-z2-7]{8}")
_FILED_BY = re.compile(r"\*Filed by\*\\n<@([A-Z0-9]+)>")


class NotRebuilt(NamedTuple):
    """An open issue of ours that stays without a STAR, and why."""

    url: str
    title: str
    why: Why


class Found(NamedTuple):
    """STARs to rebuild; form posts that nobody ever answered; what cannot be rebuilt; how many STARs are known
    already."""

    stars: Sequence[model.Rebuilt]
    missed: Sequence[model.FormPosted]
    not_rebuilt: Sequence[NotRebuilt]
    known: int


class _Place(NamedTuple):
    """The thread of an issue's STAR: the STAR's id, its thread from the head on, its form if a post tells it."""

    star_id: str
    root: MessageRef
    messages: Sequence[SlackMessage]
    has_post: bool


class _Unfit(Exception):
    """This issue cannot be rebuilt."""

    def __init__(self, why: Why) -> None:
        super().__init__(why)
        self.why: Why = why


@dataclass(frozen=True)
class Rebuild:
    """What it takes to read them."""

    slack: SlackService
    gitlab: GitLabService
    reader: FormReader
    project: str
    own_user: str
    emoji: Mapping[Meaning, Collection[str]]
    people: Callable[[], Sequence[Person]]
    look: Callable[[], Look]
    by_id: Callable[[str], Star | None]
    about: Callable[[int], Sequence[Star]]
    knows: Callable[[str], bool]
    """Whether a STAR has this outside name."""

    def read(self, now: datetime, progress: Callable[[int, int], None]) -> Found:
        """Everything there is. `progress` is told how many issues are read, of how many. ServiceError."""
        issues = self.gitlab.own_issues(self.project, now - LOOK_BACK)
        stars: list[model.Rebuilt] = []
        unfit: list[NotRebuilt] = []
        known = 0
        for number, issue in enumerate(issues, 1):
            try:
                taken = {one.form.ticket for one in stars if _is_open(one)}
                star = _in_time(partial(self._star, issue, now, taken))
                known += star is None
                stars += [star] if star is not None else []
            except _Unfit as no:
                # Of what is closed nothing is left to do.
                unfit += [NotRebuilt(issue.ref.url, issue.title, no.why)] if _is_opened(issue) else []
            progress(number, len(issues))
        roots = {one.root.ts for one in stars}
        missed = [one for one in _in_time(lambda: list(self._missed(now))) if one.root.ts not in roots]
        return Found(stars, missed, unfit, known)

    def _star(self, issue: OwnIssue, now: datetime, taken: Collection[int | None]) -> model.Rebuilt | None:
        """The STAR of an issue; None for one of which the database knows all."""
        if not issue.marker:
            raise _Unfit("no_marker")
        notes = self.gitlab.own_notes(issue.ref.project, issue.ref.iid)
        place = self._place(issue, notes)
        remarks, since = self._remarks(place.star_id, notes)
        stored = self.by_id(place.star_id)
        if stored is not None and len(stored.remarks) >= len(remarks):
            return None
        form, edited_ts = self._form(issue, place)
        if form.problems:
            raise _Unfit("unreadable")
        keys = {one.metadata_key: one for one in place.messages if one.user == self.own_user}
        card, reply = (keys.get(marker(f"{place.star_id}:{thing}")) for thing in ("card", "reply"))
        star = model.Rebuilt(
            id=f"rebuilt:{place.star_id}:{len(remarks)}",
            at=model.moment(place.root.ts),
            handle=model.handle(place.root.channel, place.root.ts),
            star_id=place.star_id,
            root=place.root,
            channel="" if place.has_post else place.root.channel,
            form=form,
            edited_ts=edited_ts,
            issue=issue.ref,
            card=card and card.ref,
            reply=reply and reply.ref,
            remarks=remarks,
            remarked_at=since,
            lines=self._count(place.star_id, "post_line", keys),
            is_answered=self._is_answered(keys, place, remarks, since),
            news=self._news(place.star_id, form, place.root),
            seen=tuple(self._seen(place, card, remarks, now)),
            mark=self._mark(place),
        )
        is_taken = form.ticket in taken or any(
            one.claim and one.id != place.star_id for one in self.about(form.ticket or 0)
        )
        if _is_open(star) and is_taken:
            raise _Unfit("taken")
        if _is_open(star) and not _is_opened(issue):
            return None  # a person closed it: that stays
        return star

    # -- where it is

    def _place(self, issue: OwnIssue, notes: Sequence[OwnNote]) -> _Place:
        """The thread to which the issue leads and whose STAR's marker it carries."""
        is_gone = False
        texts = "\n".join([*(one.body for one in notes if one.marker), issue.description])
        for channel, seconds, micros, thread in dict.fromkeys(_ADDRESS.findall(texts)):
            ts = thread or f"{seconds}.{micros}"
            posted = model.star_id(f"form:{channel}:{ts}")
            is_post = marker(f"{posted}:issue") == issue.marker
            try:
                messages = list(self.slack.replies(channel, ts))
            except ServiceRefused:
                is_gone = is_gone or is_post
                continue
            if is_post:
                return _Place(posted, MessageRef(channel=channel, ts=ts), messages, True)
            for case_id in _CASE.findall(str(messages[0].blocks)) if messages else ():
                is_card = messages[0].metadata_key == marker(f"{case_id}:card")
                if is_card and marker(f"{case_id}:issue") == issue.marker:
                    return _Place(case_id, MessageRef(channel=channel, ts=ts), messages, False)
        raise _Unfit("gone" if is_gone else "no_thread")

    def _form(self, issue: OwnIssue, place: _Place) -> tuple[Form, str]:
        """The answers as the form post tells them now; of a STAR that was filed in a dialog, as the issue does."""
        head = place.messages[0]
        if not place.has_post:
            filed_by = _FILED_BY.search(repr(head.blocks))
            return form_of(
                words.answers(issue.description, self.look()),
                filed_by[1] if filed_by else "",
                self.reader.urgencies,
            ), ""
        form = self.reader.read(head) if head.ts == place.root.ts else None
        if form is None:
            raise _Unfit("gone")
        return form, head.edited_ts or ""

    # -- what happened to it

    def _remarks(
        self, star_id: str, notes: Sequence[OwnNote]
    ) -> tuple[tuple[Remark, ...], tuple[datetime, ...]]:
        """What its notes tell, each at its own place: one that is missing is counted, so that no number is used
        twice."""
        marked = {one.marker: one for one in notes if one.marker}
        keys = [marker(f"{star_id}:note_issue:{number}") for number in range(MOST)]
        last = max((number for number, key in enumerate(keys) if key in marked), default=-1)
        people = self.people()
        remarks: list[Remark] = []
        since: list[datetime] = []
        for key in keys[: last + 1]:
            note = marked.get(key)
            told = words.reread(note.body, note.at, people) if note else None
            remarks.append(told or Remark(kind="thread"))
            since.append(note.at if note else (since[-1] if since else notes[0].at))
        return tuple(remarks), tuple(since)

    def _is_answered(
        self,
        keys: Mapping[str | None, SlackMessage],
        place: _Place,
        remarks: Sequence[Remark],
        since: Sequence[datetime],
    ) -> bool:
        """Whether a line in the thread came after the last question: it told the answer."""
        asked = max(
            (at for said, at in zip(remarks, since, strict=True) if said.kind == "asked"), default=None
        )
        names = {marker(f"{place.star_id}:post_line:{number}") for number in range(MOST)}
        lines = [model.moment(one.ts) for key, one in keys.items() if key in names]
        return asked is not None and any(line > asked + SETTLES for line in lines)

    def _news(self, star_id: str, form: Form, root: MessageRef) -> int:
        if form.initiator is None:
            return 0
        since = f"{(model.moment(root.ts) - BACK).timestamp():.6f}"
        try:
            told = self.slack.history(self.slack.open_dm(form.initiator), since)
            return self._count(star_id, "tell_initiator", {one.metadata_key for one in told})
        except ServiceRefused:
            return 0

    def _count(self, star_id: str, kind: str, keys: Collection[str | None]) -> int:
        """How many of a kind may be there, by the last one that is."""
        found = [number for number in range(MOST) if marker(f"{star_id}:{kind}:{number}") in keys]
        return max(found, default=-1) + 1

    def _seen(
        self, place: _Place, card: SlackMessage | None, remarks: Sequence[Remark], now: datetime
    ) -> Iterator[Seen]:
        """Emoji by which something was done that is known: they do nothing a second time."""
        kinds = {said.kind for said in remarks}
        done: set[Meaning] = {"acknowledge"} if "acknowledged" in kinds else set()
        done |= {"resolve"} if kinds & {"disposition", "undone", "reopened"} else set()
        names = {name for meaning in done for name in self.emoji[meaning]}
        for message in [place.messages[0], *([card] if card else [])]:
            for toned, users in message.reactions:
                name = toned.partition("::")[0]
                for user in users if name in names else ():
                    yield Seen(ts=message.ts, user=user, name=name, at=f"{now.timestamp():.6f}")

    def _mark(self, place: _Place) -> str:
        """A person's emoji that says that somebody looks; the bot adds its own where there is none."""
        by_people = {
            toned.partition("::")[0]
            for toned, users in place.messages[0].reactions
            if set(users) - {self.own_user}
        }
        return next((name for name in self.emoji["acknowledge"] if name in by_people), "")

    # -- what never became one

    def _missed(self, now: datetime) -> Iterator[model.FormPosted]:
        """Form posts of the last hours that no bot answered."""
        channel = self.reader.channel()
        if not channel:
            raise ServiceDelayed("slack", "tell the names of its channels")
        for message in self.slack.history(channel, f"{(now - LOOK_BACK).timestamp():.6f}"):
            form = self.reader.read(message)
            if form is None or self.knows(model.handle(channel, message.ts)):
                continue
            thread = self.slack.replies(channel, message.ts)
            if not any(one.metadata_key for one in thread if one.user == self.own_user):
                yield form_posted(message, form)


def _in_time(read: Callable[[], T]) -> T:
    """What is read, waiting as long as a vendor's rate limit asks. ServiceDelayed where it goes on too long, or says
    no time."""
    for _ in range(TRIES - 1):
        try:
            return read()
        except ServiceDelayed as delay:
            if delay.retry_after_s is None:
                raise
            time.sleep(delay.retry_after_s)
    return read()


def _is_opened(issue: OwnIssue) -> bool:
    return issue.ref.state == "opened"


def _is_open(star: model.Rebuilt) -> bool:
    stands = model.standing(star)
    return not any(stands[end] for end in ("resolution", "unstarring", "withdrawal"))
