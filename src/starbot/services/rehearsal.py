"""The four services of a dry run: reading goes through, writing is only told, and remembered so far that the
story goes on. A test holds every writing method of the services against these.
"""

import itertools
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal, NamedTuple, NoReturn

from starbot.core.facts import IssueRef, LabelChange, MacroPreview, MessageRef
from starbot.errors import Service, StarbotError
from starbot.services.gitlab import GitLabService, issue_ref
from starbot.services.pagerduty import PagerDutyService
from starbot.services.slack import Channel, SlackService
from starbot.services.zendesk import ZendeskService

_MADE_UP = "D-"
"""How the ids of direct messages begin that nobody opened."""


class Would(NamedTuple):
    """One thing that would have been done: where, and its first words."""

    service: Service
    deed: str
    where: str
    what: str


class Script:
    """Takes down what would have been done, in any thread. `tell` hears of each at once."""

    def __init__(self, tell: Callable[[Would], None]) -> None:
        self._tell = tell
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self.lines: list[Would] = []

    def write(self, service: Service, deed: str, where: str, what: str = "") -> None:
        """One more line."""
        line = Would(service, deed, where, what)
        with self._lock:
            self.lines.append(line)
            self._tell(line)

    def number(self) -> int:
        """A number that nothing else here has."""
        return next(self._numbers)


class SlackRehearsal(SlackService):
    """Slack, read only."""

    def __init__(self, script: Script, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._script = script
        self._channel_names: dict[str, str] = {}
        self._posted: dict[str, MessageRef] = {}

    @property
    def client(self) -> NoReturn:
        """Nobody gets it: with it one could write, and take events from the bot that runs."""
        raise StarbotError("a dry run does not listen to Slack")

    def channel_ids(self) -> dict[str, Channel]:
        """As Slack tells; their names are for the lines."""
        found = super().channel_ids()
        self._channel_names |= {channel.id: name for name, channel in found.items()}
        return found

    def post(
        self,
        channel: str,
        text: str,
        blocks: Sequence[dict[str, Any]] | None = None,
        *,
        thread_ts: str | None = None,
        broadcast: bool = False,
        key: str,
    ) -> MessageRef:
        """Told; the message has a made-up ts."""
        deed = "post" if not thread_ts else "post_and_show" if broadcast else "answer"
        self._script.write(
            "slack", "write_to" if channel.startswith(_MADE_UP) else deed, self._at(channel), text
        )
        ref = MessageRef(
            channel=channel, ts=f"{int(time.time())}.{self._script.number():06}", thread_ts=thread_ts
        )
        self._posted[key] = ref
        return ref

    def find_post(
        self, channel: str, key: str, *, thread_ts: str | None = None, oldest: str | None = None
    ) -> MessageRef | None:
        """What was told, else what is really there."""
        if key in self._posted or channel.startswith(_MADE_UP):
            return self._posted.get(key)
        return super().find_post(channel, key, thread_ts=thread_ts, oldest=oldest)

    def update(self, ref: MessageRef, text: str, blocks: Sequence[dict[str, Any]] | None = None) -> None:
        """Told."""
        self._script.write("slack", "change_message", self._at(ref.channel), text)

    def ephemeral(self, channel: str, user: str, text: str, thread_ts: str | None = None) -> None:
        """Told."""
        self._script.write("slack", "whisper", self.user_name(user), text)

    def react(self, ref: MessageRef, name: str) -> None:
        """Told."""
        self._script.write("slack", "react", self._at(ref.channel), name)

    def unreact(self, ref: MessageRef, name: str) -> None:
        """Told."""
        self._script.write("slack", "unreact", self._at(ref.channel), name)

    def open_view(self, trigger_id: str, view: dict[str, Any]) -> str:
        """Told; there is no such dialog."""
        self._script.write("slack", "open_view", "", str(view.get("callback_id", "")))
        return ""

    def update_view(self, view_id: str, view: dict[str, Any], seen: str | None = None) -> str:
        """Told."""
        self._script.write("slack", "open_view", "", str(view.get("callback_id", "")))
        return ""

    def answer_dialog(self, sent: str, view: dict[str, Any]) -> None:
        """Told."""
        self.update_view(sent, view)

    def open_dm(self, user: str) -> str:
        """A made-up channel that knows whose it is."""
        return f"{_MADE_UP}{user}"

    def _at(self, channel: str) -> str:
        if channel.startswith(_MADE_UP):
            return self.user_name(channel.removeprefix(_MADE_UP))
        return self._channel_names.get(channel, channel)


class GitLabRehearsal(GitLabService):
    """GitLab, read only. Made-up issues have negative numbers."""

    def __init__(self, script: Script, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._script = script
        self._issues: dict[int, IssueRef] = {}
        self._by_marker: dict[str, int] = {}
        self._usernames: dict[int, str] = {}

    def user_id(self, username: str) -> int | None:
        """As GitLab tells; the name is for the issue."""
        found = super().user_id(username)
        if found is not None:
            self._usernames[found] = username
        return found

    def open_issue(
        self,
        project: str,
        *,
        title: str,
        description: str,
        labels: Sequence[str],
        confidential: bool,
        assignee_id: int | None,
        marker: str,
    ) -> IssueRef:
        """Told; the issue is made up."""
        deed = "open_confidential_issue" if confidential else "open_issue"
        self._script.write("gitlab", deed, project, title)
        number = -self._script.number()
        self._by_marker[marker] = number
        self._issues[number] = IssueRef(
            project=project,
            iid=number,
            id=number,
            url=f"{self._url}/{project}/-/issues/NEW",
            labels=tuple(labels),
            assignee=self._usernames.get(assignee_id or 0),
        )
        return self._issues[number]

    def find_issues(self, project: str, marker: str, since: Any) -> list[IssueRef]:
        """What was told, else what is really there."""
        if marker in self._by_marker:
            return [self._issues[self._by_marker[marker]]]
        return super().find_issues(project, marker, since)

    def update_issue(
        self,
        project: str,
        iid: int,
        *,
        title: str | None = None,
        description: str | None = None,
        marker: str | None = None,
        assignee_id: int | None = None,
        add_labels: Iterable[str] = (),
        remove_labels: Iterable[str] = (),
        state_event: Literal["close", "reopen"] | None = None,
    ) -> IssueRef:
        """Told; the issue is then as it would be."""
        added, removed = tuple(add_labels), tuple(remove_labels)
        parts = {
            "title": title,
            "description": description,
            "assignee": None if assignee_id is None else self._usernames.get(assignee_id, "nobody"),
            "labels": added or removed or None,
            state_event or "": state_event,
        }
        changed = ", ".join(name for name, value in parts.items() if value is not None)
        self._script.write("gitlab", "change_issue", self._named(project, iid), changed)
        issue = self._issues.get(iid) or self._read(project, iid)
        kept = tuple(label for label in (*issue.labels, *added) if label not in removed)
        changes: dict[str, Any] = {"labels": kept}
        if state_event is not None:
            changes["state"] = "closed" if state_event == "close" else "opened"
        if assignee_id is not None:
            changes["assignee"] = self._usernames.get(assignee_id)
        self._issues[iid] = issue.model_copy(update=changes)
        return self._issues[iid]

    def note(self, project: str, iid: int, body: str, *, marker: str, internal: bool) -> int:
        """Told."""
        self._script.write("gitlab", "note_issue", self._named(project, iid), body)
        self._by_marker[marker] = -self._script.number()
        return self._by_marker[marker]

    def find_note(self, project: str, iid: int, marker: str) -> int | None:
        """What was told, else what is really there."""
        if marker in self._by_marker or iid < 0:
            return self._by_marker.get(marker)
        return super().find_note(project, iid, marker)

    def label_changes(self, project: str, iid: int) -> list[LabelChange]:
        """A made-up issue has no history."""
        return [] if iid < 0 else super().label_changes(project, iid)

    def _read(self, project: str, iid: int) -> IssueRef:
        with self._doing("read the issue"), self._clients.lend() as client:
            return issue_ref(project, client.projects.get(project, lazy=True).issues.get(iid).attributes)

    def _named(self, project: str, iid: int) -> str:
        return f"the new issue in {project}" if iid < 0 else f"{project}#{iid}"


class ZendeskRehearsal(ZendeskService):
    """Zendesk, read only."""

    def __init__(self, script: Script, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._script = script
        self._keys: set[str] = set()

    def has_key(self, ticket_id: int, key: str) -> bool:
        """What was told, else what is really there."""
        return key in self._keys or super().has_key(ticket_id, key)

    def note(self, ticket_id: int, body: str, *, add_tags: Iterable[str], key: str) -> None:
        """Told, the tags apart."""
        self._told("note_ticket", ticket_id, body, key)
        if tags := ", ".join(add_tags):
            self._told("tag_ticket", ticket_id, tags, key)

    def raise_priority(self, ticket_id: int, priority: str, body: str, *, key: str) -> None:
        """Told, the note apart."""
        self._told("raise_priority", ticket_id, priority, key)
        self._told("note_ticket", ticket_id, body, key)

    def assign(self, ticket_id: int, user_id: int, *, key: str) -> None:
        """Told."""
        self._told("assign_ticket", ticket_id, str(user_id), key)

    def take_back(self, ticket_id: int, assigned: Sequence[str], *, key: str) -> None:
        """Told."""
        self._told("take_ticket_back", ticket_id, "", key)

    def public_reply(self, ticket_id: int, body: str, key: str) -> None:
        """Told."""
        self._told("reply_publicly", ticket_id, body, key)

    def apply_macro(
        self, ticket_id: int, preview: MacroPreview, *, comment: str | None, key: str, public: bool = False
    ) -> None:
        """Told, with what it changes."""
        changed = [*preview.changes, *(f"tag {tag}" for tag in preview.tags_added)]
        says = ["a public reply" if public else "a note"] if comment else []
        self._told("apply_macro", ticket_id, ", ".join([*changed, *says]), key)

    def _told(self, deed: str, ticket_id: int, what: str, key: str) -> None:
        self._script.write("zendesk", deed, f"#{ticket_id}", what)
        self._keys.add(key)


class PagerDutyRehearsal(PagerDutyService):
    """PagerDuty, read only. A dry run confirms no page, so none of these is ever called; each would raise."""

    def create_incident(
        self,
        *,
        service_id: str,
        title: str,
        details: str,
        key: str,
        from_email: str,
        escalation_policy_id: str | None = None,
    ) -> NoReturn:
        """Nobody is paged."""
        raise StarbotError("a dry run pages nobody")

    def acknowledge(self, incident_id: str, from_email: str) -> NoReturn:
        """Nothing is acknowledged."""
        raise StarbotError("a dry run changes no incident")
