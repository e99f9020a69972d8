"""What happened in the STAR channel while the bot was away: form posts, reactions, edits, read from Slack.

It runs after each start and each reconnection. Everything it finds becomes the same event, with the same id
where Slack gives one, as if it had been heard; so finding what was heard already changes nothing. How far the
channel has been read is remembered; at the first install that is *now*, so nothing old is acted on.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from starbot.core.case import Event
from starbot.core.facts import MessageRef, SlackMessage
from starbot.core.text import marker
from starbot.duties.stars import words
from starbot.duties.stars.door import LOOK_BACK, Meaning, form_posted
from starbot.duties.stars.model import Seen, Star, handle, moment
from starbot.duties.stars.slack import FormReader, form_edited, reacted, said, wrote
from starbot.duties.stars.words import Look
from starbot.engine.memory import StoreMemory
from starbot.errors import ServiceRefused
from starbot.services.slack import SlackService

log = structlog.get_logger("starbot.stars")

LONGEST = timedelta(days=7)
"""How far back an absence is looked at at all."""
STILL_WATCHED = timedelta(hours=2)
"""How long after its end a STAR's thread is still looked at."""

_READ_UNTIL = "stars.read_until"


@dataclass(frozen=True)
class CatchUp:
    """Reads what was missed. `watched` lists the STARs that are open or ended lately."""

    slack: SlackService
    reader: FormReader
    own_user: str
    emoji: Mapping[Meaning, Collection[str]]
    memory: StoreMemory
    watched: Callable[[datetime], Sequence[Star]]
    known: Callable[[str], Star | None]
    """The STAR with this outside name."""
    look: Callable[[], Look]
    submit: Callable[[Event], None]

    def begin(self, now: datetime) -> None:
        """At the first install, before anything is heard: what is older than now is left alone."""
        if self.memory.recall(_READ_UNTIL) is None:
            self.memory.remember(_READ_UNTIL, now, f"{now.timestamp():.6f}")

    def __call__(self, now: datetime) -> int:
        """Submits what was missed and answers how many events that were. ServiceError if Slack is silent.

        While the STAR channel's id is unknown nothing is read, and nothing counts as read.
        """
        kept = self.memory.recall(_READ_UNTIL)
        if not self.reader.channel():
            return 0
        if kept is None:
            self.begin(now)
            return 0
        oldest = max(float(kept[1]), (now - LONGEST).timestamp())
        read_until = kept[1]
        events: list[Event] = []
        too_old: list[MessageRef] = []
        watched = self.watched(now - STILL_WATCHED)
        ours = {ref.ts for star in watched for ref in (star.root, star.card) if ref is not None}
        for message in self.slack.history(self.reader.channel(), f"{oldest:.6f}"):
            read_until = max(read_until, message.ts)
            form = self.reader.read(message)
            if form is not None and float(message.ts) < (now - LOOK_BACK).timestamp():
                too_old.append(message.ref)
            elif form is not None:
                events.append(form_posted(message, form))
                events += () if message.ts in ours else self._reactions(message, (), now)
        for star in watched:
            try:
                events.extend(self._of_star(star, now))
            except ServiceRefused as no:
                log.warning("a STAR could not be caught up with", star=star.id, error=str(no))
        for event in events:
            self.submit(event)
        self._list([ref for ref in too_old if self.known(handle(ref.channel, ref.ts)) is None], kept[1])
        self.memory.remember(_READ_UNTIL, now, read_until)
        if events:
            log.info("caught up", events=len(events))
        return len(events)

    def _list(self, too_old: Sequence[MessageRef], since: str) -> None:
        """Says once which form posts of a long absence were not opened, so that a person decides."""
        if not too_old:
            return
        key = marker(f"{self.reader.channel()}:away:{since}")
        if self.slack.find_post(self.reader.channel(), key, oldest=since) is None:
            told = words.not_opened(too_old, self.look())
            self.slack.post(self.reader.channel(), told["text"], told["blocks"], key=key)

    def _of_star(self, star: Star, now: datetime) -> Iterator[Event]:
        if star.root is None:
            return
        for message in self.slack.replies(star.root.channel, star.root.ts):
            if message.ts == star.root.ts:
                yield from self._edit(star, message, now)
            elif star.waiting is not None and moment(message.ts) >= star.waiting.at:
                yield from filter(None, [wrote(message, self.own_user)])
            if message.ts in {star.root.ts, star.card.ts if star.card else ""}:
                yield from self._reactions(message, star.seen, now)
        yield from self._answers(star)
        yield from self._initiators_answers(star)

    def _edit(self, star: Star, message: SlackMessage, now: datetime) -> Iterable[Event]:
        form = self.reader.read(message) if message.edited_ts else None
        if form is None or form == star.form:
            return []
        return [form_edited(message, form, now)]

    def _answers(self, star: Star) -> Iterator[Event]:
        """What was said to the question, below it or in its thread: Slack repeats it for minutes only.

        Where the question may have been posted without our knowing, the answer may be there too.
        """
        ended, question, trouble = star.resolution, star.question, star.trouble("question")
        if (
            ended is None
            or not ended.asked
            or (question is None and trouble is not None and not trouble.delayed)
        ):
            return
        if question is None:
            channel = self.slack.open_dm(ended.by.slack)
            found = list(self.slack.history(channel, f"{ended.at.timestamp():.6f}"))
        else:
            found = list(self.slack.history(question.channel, question.ts))
            found += self.slack.replies(question.channel, question.ts)
        for message in sorted(found, key=lambda one: one.ts):
            if (heard := said(message, self.own_user)) is not None:
                yield heard

    def _initiators_answers(self, star: Star) -> Iterator[Event]:
        """What the initiator answered by direct message, below some news of the STAR or beside it."""
        asked, user = star.waiting, star.form.initiator
        if asked is None or user is None:
            return
        channel, since = self.slack.open_dm(user), f"{asked.at.timestamp():.6f}"
        found = list(self.slack.history(channel, since))
        news = [name.rpartition(":")[2] for name in star.handles if name.startswith(f"slack:{channel}:")]
        for ts in news:
            found += [one for one in self.slack.replies(channel, ts) if one.ts != ts]
        for message in sorted(found, key=lambda one: one.ts):
            if message.user == user and moment(message.ts) >= asked.at:
                yield from filter(None, [said(message, self.own_user)])

    def _reactions(self, message: SlackMessage, seen: Iterable[Seen], now: datetime) -> Iterator[Event]:
        known = {(one.ts, one.user, one.name) for one in seen}
        ref = MessageRef(channel=message.channel, ts=message.ts)
        for toned, users in message.reactions:
            name = toned.partition("::")[0]
            meaning = next((use for use, names in self.emoji.items() if name in names), None)
            for user in users:
                if meaning and user != self.own_user and (message.ts, user, name) not in known:
                    yield reacted(meaning, ref, user, name, f"{now.timestamp():.6f}", now)
