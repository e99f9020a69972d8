"""What the four systems told us, in our own words: the vocabulary that services and duties share.

Each fact is frozen and survives a round trip through JSON, because events carry facts and the
journal keeps events. Times are aware and in UTC.
"""

from datetime import datetime
from typing import Annotated, Any, Literal, NamedTuple, TypeAlias

from pydantic import BaseModel, ConfigDict, Field


class Fact(BaseModel):
    """Something that was so when we looked. Never changed, only replaced."""

    model_config = ConfigDict(frozen=True, extra="forbid")


SlackTime: TypeAlias = Annotated[str, Field(strict=True, pattern=r"^\d{1,12}(\.\d{1,6})?$")]
"""Seconds since 1970 and a counter, by which a message is known and put in order (docs.slack.dev/messaging)."""


class MessageRef(Fact):
    """Where a Slack message is; `thread_ts` is set on a reply."""

    channel: str
    ts: SlackTime
    thread_ts: str | None = None


class Reaction(NamedTuple):
    """One emoji on a message (name without colons) and who put it there, as far as Slack lists them."""

    name: str
    users: tuple[str, ...]


class SlackMessage(Fact):
    """A message as Slack shows it now. Workflow posts have a bot and no user."""

    channel: str
    ts: SlackTime
    thread_ts: str | None = None
    user: str | None = None
    bot_id: str | None = None
    workflow_id: str | None = None
    username: str | None = None
    subtype: str | None = None
    text: str = ""
    blocks: tuple[dict[str, Any], ...] = ()
    edited_ts: str | None = None
    metadata_key: str | None = None
    reactions: tuple[Reaction, ...] = ()

    @property
    def ref(self) -> MessageRef:
        """Where this message is."""
        return MessageRef(channel=self.channel, ts=self.ts, thread_ts=self.thread_ts)


class Person(Fact):
    """One colleague, with the ids that are known in each system; "" where none is."""

    name: str
    slack: str = ""
    gitlab: str = ""
    pagerduty: str = ""
    zendesk: str = ""
    email: str = ""
    region: str = ""


class OnCall(Fact):
    """Who carries the pager: asked just now, remembered from `as_of`, or nobody that we know of."""

    managers: tuple[Person, ...] = ()
    source: Literal["live", "remembered", "none"] = "none"
    as_of: datetime | None = None


class Incident(Fact):
    """A PagerDuty incident. `assignees` hold it now: nobody once it is resolved.

    `acknowledgers` are told while it is acknowledged only; a webhook names none but who acknowledged just then.
    """

    id: str
    number: int
    key: str
    status: Literal["triggered", "acknowledged", "resolved"]
    title: str
    service_id: str
    service: str
    url: str
    created_at: datetime
    urgency: str = "high"
    policy_id: str = ""
    policy: str = ""
    assignees: tuple[Person, ...] = ()
    acknowledgers: tuple[Person, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether somebody is still asked for, or at work on it."""
        return self.status != "resolved"

    def differs(self, known: "Incident") -> bool:
        """Whether something changed that a manager would want to know. A webhook and a look tell people apart by
        nothing but their ids."""
        return self._told() != known._told()

    def _told(self) -> object:
        acknowledgers, assignees = (
            {one.pagerduty for one in people} for people in (self.acknowledgers, self.assignees)
        )
        return self.status, self.title, acknowledgers, assignees

    def following(self, known: "Incident") -> "Incident":
        """With who had acknowledged it as it was known before, where this tells nobody: a webhook names who did just
        then alone, and nobody is named once it is over."""
        if self.status == "triggered" or self.acknowledgers or known.status == "triggered":
            return self
        return self.model_copy(update={"acknowledgers": known.acknowledgers})


class SlaMetric(Fact):
    """One clock of a ticket's SLA policy; `breach_at` is None while it is paused or achieved."""

    metric: str
    stage: str
    breach_at: datetime | None = None


class Ticket(Fact):
    """A Zendesk ticket as far as a STAR needs it."""

    id: int
    subject: str
    status: str
    priority: str | None = None
    organisation: str | None = None
    plan: str | None = None
    product: str | None = None
    assignee_name: str | None = None
    tags: tuple[str, ...] = ()
    created_at: datetime
    updated_at: datetime
    sla: tuple[SlaMetric, ...] = ()
    last_public_by: Literal["customer", "support"] | None = None
    is_internal_request: bool = False
    form: str | None = None


class IssueRef(Fact):
    """A GitLab issue; `assignee` is a username, `state` is opened or closed."""

    project: str
    iid: int
    id: int
    url: str
    labels: tuple[str, ...] = ()
    state: str = "opened"
    assignee: str | None = None
    is_adopted: bool = False
    """Somebody else opened it: its words are theirs, and stay."""


class IssueNote(Fact):
    """What somebody wrote on an issue; `author` is a username."""

    id: int
    author: str
    body: str
    at: datetime


class LabelChange(Fact):
    """A label came to an issue or left it. `label` is "" where the label has been deleted since, `by` is a
    GitLab username, "" where nobody knows.
    """

    label: str
    added: bool
    at: datetime
    by: str = ""


class MacroPreview(Fact):
    """What a macro would do to a ticket: only what differs from the ticket as it is.

    `changes` holds the fields of a ticket update (status, priority, assignee_id, group_id, custom_fields ...)
    but the tags, which are told apart; `tags_after` is the whole set, because an update replaces it.
    `updated_stamp` names the state of the ticket that was looked at.
    """

    ticket_id: int
    macro_id: int
    updated_stamp: str
    changes: dict[str, Any] = {}
    tags_added: tuple[str, ...] = ()
    tags_removed: tuple[str, ...] = ()
    tags_after: tuple[str, ...] = ()
    comment_body: str | None = None
    comment_public: bool = False
