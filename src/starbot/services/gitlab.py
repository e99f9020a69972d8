"""GitLab through python-gitlab: STAR issues, their notes and the history of their labels.

Bodies come escaped (`core.text`). GitLab has no idempotency key, so each issue and note that we write
ends with a hidden marker. We find it again by listing what we wrote, not by the search index, which lags.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import gitlab
import requests

from starbot.core.facts import IssueRef, LabelChange
from starbot.errors import RefusedReason, ServiceRefused
from starbot.services.wire import Deeds, Door, Pool, Rejected

_CLOCK_SKEW = timedelta(minutes=5)
_NOT_IN_A_LINK = re.compile(r"[<>|{}\s]")


def _reason(no: Rejected) -> RefusedReason:
    """What a status means (docs.gitlab.com/api/rest): 404 also stands for "may not see"."""
    if no.status == 404 and "Project Not Found" in no.body:
        return "project_missing"
    reasons: dict[int, RefusedReason] = {
        401: "unauthorized",
        403: "forbidden",
        404: "not_found",
        409: "conflict",
        413: "too_long",
    }
    return reasons.get(no.status, "invalid")


def _hidden(marker: str) -> str:
    return f"<!-- starbot:{marker} -->"


def _marked(body: str, marker: str) -> str:
    return f"{body}\n\n{_hidden(marker)}"


class GitLabService:
    """What the bot does in GitLab. Projects are full paths such as "group/project" or numeric ids as text."""

    def __init__(self, url: str, token: str, timeout_s: float) -> None:
        self._url = url
        self._token = token
        self._timeout_s = timeout_s
        self._clients = Pool(self._connect)
        self._doing = Deeds("gitlab", _reason, (gitlab.GitlabError,))
        self._me: tuple[int, str] | None = None
        self._user_ids: dict[str, int] = {}

    def _connect(self) -> gitlab.Gitlab:
        session = requests.Session()
        session.mount("http://", Door())
        session.mount("https://", Door())
        return gitlab.Gitlab(
            self._url,
            private_token=self._token,
            timeout=self._timeout_s,
            keep_base_url=True,
            retry_transient_errors=False,
            session=session,
        )

    def whoami(self) -> tuple[int, str]:
        """The id and username that our token stands for; asked once."""
        if self._me is None:
            with self._doing("ask who we are"), self._clients.lend() as client:
                me = client.http_get("/user")
                self._me = (int(me["id"]), str(me["username"]))  # type: ignore[index]
        return self._me

    def user_id(self, username: str) -> int | None:
        """The id of a username, None if nobody has it; who was found is remembered."""
        if username not in self._user_ids:
            with self._doing("look up a user"), self._clients.lend() as client:
                for user in client.users.list(username=username, get_all=False):
                    self._user_ids[username] = int(user.id)
        return self._user_ids.get(username)

    def project_id(self, path: str) -> int:
        """The id of a project. ServiceRefused project_missing if our token cannot see it."""
        with self._doing("look up the project"), self._clients.lend() as client:
            return int(client.projects.get(path).id)

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
        """Open an issue; `marker` is a word [a-z0-9]{16}. GitLab silently creates a label that is missing."""
        fields: dict[str, Any] = {
            "title": title,
            "description": _marked(description, marker),
            "confidential": confidential,
        }
        if labels:
            fields["labels"] = ",".join(labels)
        if assignee_id is not None:
            fields["assignee_ids"] = [assignee_id]
        with self._doing("open the issue", writes=True), self._clients.lend() as client:
            issue = client.projects.get(project, lazy=True).issues.create(fields)
            return _issue_ref(project, issue.attributes)

    def find_issues(self, project: str, marker: str, since: datetime) -> list[IssueRef]:
        """Our issues with this marker that were opened since then (aware), the oldest first."""
        author_id, _ = self.whoami()
        with self._doing("look for the issue"), self._clients.lend() as client:
            ours = client.projects.get(project, lazy=True).issues.list(
                iterator=True,
                per_page=100,
                scope="all",
                author_id=author_id,
                created_after=(since - _CLOCK_SKEW).astimezone(UTC).isoformat(),
                order_by="created_at",
                sort="asc",
            )
            marked = [one.attributes for one in ours if _hidden(marker) in (one.description or "")]
            return [_issue_ref(project, issue) for issue in marked]

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
        state_event: Literal["close", "reopen"] | None = None,
    ) -> IssueRef:
        """Change only what is given. A new `description` needs its `marker`; `assignee_id` 0 unassigns.

        At least one change is needed, else GitLab refuses (ServiceRefused invalid).
        """
        fields: dict[str, Any] = {
            "title": title,
            "description": _marked(description, marker) if description and marker else description,
            "assignee_ids": None if assignee_id is None else [assignee_id],
            "add_labels": ",".join(add_labels) or None,
            "state_event": state_event,
        }
        changed = {name: value for name, value in fields.items() if value is not None}
        with self._doing("update the issue", writes=True), self._clients.lend() as client:
            issue = client.projects.get(project, lazy=True).issues.update(iid, changed)
            return _issue_ref(project, issue)

    def label_changes(self, project: str, iid: int) -> list[LabelChange]:
        """Every change of the issue's labels, the oldest first (docs.gitlab.com/api/resource_label_events)."""
        with self._doing("read the label history"), self._clients.lend() as client:
            issue = client.projects.get(project, lazy=True).issues.get(iid, lazy=True)
            events = [one.attributes for one in issue.resourcelabelevents.list(iterator=True, per_page=100)]
        return [_label_change(event) for event in sorted(events, key=lambda event: int(event["id"]))]

    def note(self, project: str, iid: int, body: str, *, marker: str, internal: bool) -> int:
        """Write a note and return its id. `internal` hides it from people without a role in the project."""
        with self._doing("note the issue", writes=True), self._clients.lend() as client:
            notes = client.projects.get(project, lazy=True).issues.get(iid, lazy=True).notes
            written = notes.create({"body": _marked(body, marker), "internal": internal}).attributes
        if "id" not in written:
            # 202: every line was a quick action and no note was kept (lib/api/helpers/notes_helpers.rb).
            raise ServiceRefused("gitlab", "invalid", "note the issue")
        return int(written["id"])

    def find_note(self, project: str, iid: int, marker: str) -> int | None:
        """The id of our note with this marker, None if there is none."""
        author_id, _ = self.whoami()
        with self._doing("look for the note"), self._clients.lend() as client:
            notes = client.projects.get(project, lazy=True).issues.get(iid, lazy=True).notes
            for note in notes.list(iterator=True, per_page=100, order_by="created_at", sort="desc"):
                if note.author["id"] == author_id and _hidden(marker) in note.body:
                    return int(note.id)
        return None


def _issue_ref(project: str, issue: dict[str, Any]) -> IssueRef:
    assignees = issue.get("assignees") or []
    return IssueRef(
        project=project,
        iid=issue["iid"],
        id=issue["id"],
        url=_NOT_IN_A_LINK.sub("", issue["web_url"]),
        labels=tuple(issue["labels"]),
        state=issue["state"],
        assignee=assignees[0]["username"] if assignees else None,
    )


def _label_change(event: dict[str, Any]) -> LabelChange:
    """GitLab keeps the event of a label or an account that has been deleted since, with a null in its place."""
    return LabelChange(
        label=(event["label"] or {}).get("name", ""),
        added=event["action"] == "add",
        at=datetime.fromisoformat(event["created_at"]).astimezone(UTC),
        by=(event["user"] or {}).get("username", ""),
    )
