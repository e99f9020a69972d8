"""GitLab through python-gitlab: STAR issues, their notes and the history of their labels.

Bodies come escaped (`core.text`). GitLab has no idempotency key, so each issue and note that we write
ends with a hidden marker. We find it again by listing what we wrote, not by the search index, which lags.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal, NamedTuple

import gitlab
import requests

from starbot.core.facts import IssueNote, IssueRef, LabelChange
from starbot.errors import RefusedReason, ServiceRefused
from starbot.services.wire import Deeds, Door, Limits, Pool, Rejected

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


_OURS = re.compile(r"\s*<!-- starbot:([a-z0-9]{16}) -->")


def _parted(body: str) -> tuple[str, str]:
    """What we wrote, and its marker, the last one: what people write stands before it. "" where there is none."""
    found = [*_OURS.finditer(body)]
    return (body[: found[-1].start()], found[-1][1]) if found else (body, "")


def _marked(body: str, marker: str) -> str:
    return f"{body}\n\n{_hidden(marker)}"


class TokenFacts(NamedTuple):
    """What our token is; `expires` is None for one that does not."""

    name: str
    scopes: frozenset[str]
    expires: date | None


class ProjectFacts(NamedTuple):
    """A project as far as opening issues in it goes."""

    id: int
    visibility: str
    has_issues: bool
    is_archived: bool


class OwnIssue(NamedTuple):
    """An issue that our token opened, with the marker at its end; "" for one without."""

    ref: IssueRef
    title: str
    description: str
    marker: str


class OwnNote(NamedTuple):
    """A note that our token wrote, and when (aware)."""

    body: str
    marker: str
    at: datetime


class GitLabService:
    """What the bot does in GitLab. Projects are full paths such as "group/project" or numeric ids as text."""

    def __init__(self, url: str, token: str, timeout_s: float) -> None:
        self._url = url
        self._token = token
        self._timeout_s = timeout_s
        self._limits = Limits()
        self._clients = Pool(self._connect)
        self._doing = Deeds("gitlab", _reason, (gitlab.GitlabError,))
        self._me: tuple[int, str] | None = None
        self._user_ids: dict[str, int] = {}

    def _connect(self) -> gitlab.Gitlab:
        session = requests.Session()
        session.mount("http://", Door(self._limits))
        session.mount("https://", Door(self._limits))
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

    def own_token(self) -> TokenFacts:
        """What our token may do and until when (docs.gitlab.com/api/personal_access_tokens, self-inform)."""
        with self._doing("ask what the token may do"), self._clients.lend() as client:
            told: Any = client.http_get("/personal_access_tokens/self")
            ends = told.get("expires_at")
            return TokenFacts(
                str(told.get("name") or ""),
                frozenset(told["scopes"]),
                date.fromisoformat(ends) if ends else None,
            )

    def project(self, path: str) -> ProjectFacts:
        """How a project is set up. ServiceRefused project_missing if our token cannot see it."""
        with self._doing("look up the project"), self._clients.lend() as client:
            told = client.projects.get(path).attributes
            # An old GitLab knows issues_enabled only.
            access = told.get("issues_access_level", "enabled")
            return ProjectFacts(
                int(told["id"]),
                str(told["visibility"]),
                access != "disabled" and bool(told.get("issues_enabled", True)),
                bool(told.get("archived")),
            )

    def access_level(self, project_id: int, user_id: int) -> int:
        """A user's role in a project as a number, inherited ones count too; 0 for somebody without one."""
        try:
            with self._doing("look up a member"), self._clients.lend() as client:
                member = client.projects.get(project_id, lazy=True).members_all.get(user_id)
                return int(member.access_level)
        except ServiceRefused as no:
            if no.reason != "not_found":
                raise
            return 0

    def members_among(self, project_id: int, usernames: Iterable[str]) -> set[str]:
        """Those of the usernames that are members, inherited ones too: whom an issue can be assigned to."""
        ids = {self.user_id(name): name for name in usernames}
        ids.pop(None, None)
        if not ids:
            return set()
        with self._doing("list the members"), self._clients.lend() as client:
            members = client.projects.get(project_id, lazy=True).members_all
            found = members.list(iterator=True, per_page=100, query_parameters={"user_ids[]": list(ids)})
            return {ids[int(one.id)] for one in found if int(one.id) in ids}

    def label_names(self, project_id: int) -> set[str]:
        """The labels that a project has, its groups' too."""
        with self._doing("list the labels"), self._clients.lend() as client:
            labels = client.projects.get(project_id, lazy=True).labels
            return {str(one.name) for one in labels.list(iterator=True, per_page=100)}

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
            return issue_ref(project, issue.attributes)

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
            return [issue_ref(project, issue) for issue in marked]

    def own_issues(self, project: str, closed_since: datetime) -> list[OwnIssue]:
        """Our issues that are open, and those closed ones that changed since then (aware), the oldest first."""
        author_id, _ = self.whoami()
        since = closed_since.astimezone(UTC).isoformat()
        with self._doing("list our issues"), self._clients.lend() as client:
            issues = client.projects.get(project, lazy=True).issues
            ours: dict[str, Any] = {"per_page": 100, "scope": "all", "author_id": author_id}
            found = [*issues.list(iterator=True, state="opened", **ours)]
            found += issues.list(iterator=True, state="closed", updated_after=since, **ours)
            told = [one.attributes for one in found]
            return [
                OwnIssue(issue_ref(project, one), one["title"], *_parted(one.get("description") or ""))
                for one in sorted(told, key=lambda one: int(one["iid"]))
            ]

    def issue(self, project: str, iid: int) -> IssueRef:
        """An issue as it is now. ServiceRefused not_found if there is none (any more)."""
        with self._doing("read the issue"), self._clients.lend() as client:
            found = client.projects.get(project, lazy=True).issues.get(iid)
            return issue_ref(project, found.attributes)

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
        """Change only what is given. A new `description` needs its `marker`; `assignee_id` 0 unassigns.

        At least one change is needed, else GitLab refuses (ServiceRefused invalid).
        """
        fields: dict[str, Any] = {
            "title": title,
            "description": _marked(description, marker) if description and marker else description,
            "assignee_ids": None if assignee_id is None else [assignee_id],
            "add_labels": ",".join(add_labels) or None,
            "remove_labels": ",".join(remove_labels) or None,
            "state_event": state_event,
        }
        changed = {name: value for name, value in fields.items() if value is not None}
        with self._doing("update the issue", writes=True), self._clients.lend() as client:
            issue = client.projects.get(project, lazy=True).issues.update(iid, changed)
            return issue_ref(project, issue)

    def labels(self, project: str, scope: str) -> list[str]:
        """The project's labels of a scope (`scope::name`), those of its groups included, sorted by name."""
        with self._doing("list the labels"), self._clients.lend() as client:
            found = client.projects.get(project, lazy=True).labels.list(
                iterator=True, per_page=100, search=f"{scope}::", include_ancestor_groups=True
            )
            names = [str(one.name) for one in found]
        return sorted(name for name in names if name.startswith(f"{scope}::") and "," not in name)

    def issues_about(self, project: str, ticket: int, since: datetime) -> list[IssueRef]:
        """Other people's open issues that name this ticket and were opened since then (aware), the oldest first."""
        author_id, _ = self.whoami()
        named = re.compile(rf"(?<![0-9]){ticket}(?![0-9])")
        with self._doing("look for another bot's issue"), self._clients.lend() as client:
            found = client.projects.get(project, lazy=True).issues.list(
                iterator=True,
                per_page=100,
                scope="all",
                state="opened",
                created_after=since.astimezone(UTC).isoformat(),
                order_by="created_at",
                sort="asc",
            )
            return [
                issue_ref(project, one.attributes)
                for one in found
                if one.author["id"] != author_id and named.search(f"{one.title}\n{one.description or ''}")
            ]

    def answers(self, project: str, iid: int, since: datetime) -> list[IssueNote]:
        """What people (not we, not GitLab itself) noted on an issue since then (aware), the oldest first."""
        author_id, _ = self.whoami()
        told = [note for note in self._notes(project, iid) if note["author"]["id"] != author_id]
        heard = [_issue_note(note) for note in told]
        return [note for note in heard if note.at >= since]

    def own_notes(self, project: str, iid: int) -> list[OwnNote]:
        """What we noted on an issue, the oldest first."""
        author_id, _ = self.whoami()
        ours = [note for note in self._notes(project, iid) if note["author"]["id"] == author_id]
        return [OwnNote(*_parted(note["body"]), _issue_note(note).at) for note in ours]

    def _notes(self, project: str, iid: int) -> list[dict[str, Any]]:
        """What anybody but GitLab itself noted on an issue, the oldest first."""
        with self._doing("read the notes"), self._clients.lend() as client:
            notes = client.projects.get(project, lazy=True).issues.get(iid, lazy=True).notes
            found = [
                one.attributes
                for one in notes.list(iterator=True, per_page=100, order_by="created_at", sort="asc")
            ]
        return [note for note in found if not note.get("system")]

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


def _issue_note(note: dict[str, Any]) -> IssueNote:
    return IssueNote(
        id=int(note["id"]),
        author=note["author"]["username"],
        body=note["body"],
        at=datetime.fromisoformat(note["created_at"]).astimezone(UTC),
    )


def issue_ref(project: str, issue: dict[str, Any]) -> IssueRef:
    """GitLab's issue in our words."""
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
