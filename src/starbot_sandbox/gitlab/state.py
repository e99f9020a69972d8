"""The GitLab instance in memory: projects, labels, issues, notes, and what saving a text sets off."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from starbot_sandbox.clock import Clock
from starbot_sandbox.gitlab.markdown import QuickAction, Reading, mentions, read_actions
from starbot_sandbox.gitlab.seed import GitLabLabel, GitLabProject, GitLabSeed, GitLabUser
from starbot_sandbox.quota import Quota

TITLE_LIMIT = 255
DESCRIPTION_LIMIT = 1_048_576
NOTE_LIMIT = 1_000_000
CALLS_PER_MINUTE = 2000
REPORTER, DEVELOPER = 20, 30


@dataclass
class Note:
    """A comment on an issue. `internal` ones are seen by project members only."""

    id: int
    author: GitLabUser
    body: str
    created_at: datetime
    internal: bool = False


@dataclass(frozen=True)
class LabelEvent:
    """A label that came to an issue or left it, and who did that."""

    id: int
    user: GitLabUser
    label: GitLabLabel
    added: bool
    created_at: datetime


@dataclass
class Issue:
    """An issue. `id` is global, `iid` counts within the project."""

    id: int
    iid: int
    project: "Project"
    author: GitLabUser
    title: str
    created_at: datetime
    updated_at: datetime
    description: str = ""
    state: str = "opened"
    labels: list[str] = field(default_factory=list)
    label_events: list[LabelEvent] = field(default_factory=list)
    assignees: list[GitLabUser] = field(default_factory=list)
    confidential: bool = False
    discussion_locked: bool = False
    due_date: date | None = None
    closed_at: datetime | None = None
    closed_by: GitLabUser | None = None
    notes: list[Note] = field(default_factory=list)
    notified: list[dict[str, str]] = field(default_factory=list)
    ran: list[dict[str, str]] = field(default_factory=list)


@dataclass
class Token:
    """What an access token is: whose, for what, until when."""

    id: int
    user_id: int
    expires_at: date | None
    scopes: list[str] = field(default_factory=lambda: ["api"])
    revoked: bool = False


@dataclass
class Project:
    """A project with its labels and issues; `members` are the user ids that may see it, `levels` those of them
    who are no Developers."""

    id: int
    path: str
    name: str
    members: set[int]
    labels: list[GitLabLabel]
    issues: list[Issue] = field(default_factory=list)
    levels: dict[int, int] = field(default_factory=dict)
    visibility: str = "private"
    issues_enabled: bool = True
    archived: bool = False

    def level_of(self, user_id: int) -> int:
        """A member's access level (docs.gitlab.com/api/members)."""
        return self.levels.get(user_id, DEVELOPER)


class GitLabState:
    """All that the routes and the controls read and change."""

    def __init__(self, clock: Clock, seed: GitLabSeed) -> None:
        self.clock = clock
        self.users = {user.id: user for user in seed.users}
        self.tokens = {
            secret: Token(n, user_id, seed.tokens_expire)
            for n, (secret, user_id) in enumerate(seed.tokens.items(), start=601)
        }
        self.scoped_labels_exclusive = seed.scoped_labels_exclusive
        self.projects = {one.id: _project(one) for one in seed.projects}
        self.quota = Quota(CALLS_PER_MINUTE, 60)
        self._last_id = {"issue": 10_000, "note": 50_000, "label": 900, "label event": 70_000}

    def next_id(self, kind: str) -> int:
        """A fresh global id of "issue", "note", "label" or "label event"."""
        self._last_id[kind] += 1
        return self._last_id[kind]

    def user_named(self, username: str) -> GitLabUser | None:
        """The account behind @username, case ignored."""
        return next((one for one in self.users.values() if one.username == username.lower()), None)

    def project_of(self, reference: str) -> Project | None:
        """A project by number or by full path, whoever asks."""
        if reference.isdigit():
            return self.projects.get(int(reference))
        return next((one for one in self.projects.values() if one.path == reference), None)

    def open_issue(self, project: Project, author: GitLabUser, title: str, description: str) -> Issue:
        """A new issue. Quick actions in `description` run; mentions in it notify."""
        now = self.clock.now()
        issue = Issue(
            id=self.next_id("issue"),
            iid=len(project.issues) + 1,
            project=project,
            author=author,
            title=title,
            created_at=now,
            updated_at=now,
        )
        project.issues.append(issue)
        self.describe(issue, author, description)
        return issue

    def describe(self, issue: Issue, author: GitLabUser, description: str) -> None:
        """Set the description as GitLab saves it: commands run and vanish, new mentions notify."""
        known = set(mentions(issue.description))
        reading = read_actions(description)
        issue.description = reading.text
        self._notify(issue, author, "description", [m for m in mentions(reading.text) if m not in known])
        self.run(issue, author, reading.actions)

    def comment(
        self, issue: Issue, author: GitLabUser, body: str, internal: bool
    ) -> tuple[Note | None, Reading]:
        """Add a note. Answers None for the note when `body` held nothing but quick actions."""
        reading = read_actions(body)
        self.run(issue, author, reading.actions)
        if reading.actions and not reading.text:
            return None, reading
        note = Note(self.next_id("note"), author, reading.text, self.clock.now(), internal)
        issue.notes.append(note)
        issue.updated_at = note.created_at
        self._notify(issue, author, f"note {note.id}", mentions(reading.text))
        return note, reading

    def _notify(
        self, issue: Issue, author: GitLabUser, place: str, names: list[str] | tuple[str, ...]
    ) -> None:
        issue.notified += [{"mention": name, "by": author.username, "in": place} for name in names]

    def run(self, issue: Issue, author: GitLabUser, actions: tuple[QuickAction, ...]) -> None:
        """Run quick actions. Each is recorded in `issue.ran`, also those with no effect in this sandbox."""
        for action in actions:
            issue.ran.append({"action": action.name, "argument": action.argument, "by": author.username})
            self._run_one(issue, author, action)

    def _run_one(self, issue: Issue, author: GitLabUser, action: QuickAction) -> None:
        match action.name:
            case "close" | "reopen":
                self.move(issue, author, action.name)
            case "assign" | "reassign":
                self.assign(issue, self._named_users(action.argument, author))
            case "unassign":
                self.assign(issue, [])
            case "label" | "labels":
                self.set_labels(issue, author, issue.labels + _label_names(action.argument))
            case "relabel":
                self.set_labels(issue, author, _label_names(action.argument))
            case "unlabel":
                gone = _label_names(action.argument) or issue.labels
                self.set_labels(issue, author, [name for name in issue.labels if name not in gone])
            case "confidential":
                issue.confidential = True
            case "title":
                issue.title = action.argument or issue.title
            case "due":
                issue.due_date = _day(action.argument)
            case "remove_due_date":
                issue.due_date = None
            case "lock" | "unlock":
                issue.discussion_locked = action.name == "lock"

    def _named_users(self, argument: str, author: GitLabUser) -> list[GitLabUser]:
        names = [name.strip(",").lstrip("@") for name in argument.split()]
        found = [author if name == "me" else self.user_named(name) for name in names]
        return [user for user in found if user is not None]

    def move(self, issue: Issue, author: GitLabUser, event: str) -> None:
        """Close or reopen."""
        closing = event == "close"
        issue.state = "closed" if closing else "opened"
        issue.closed_at = self.clock.now() if closing else None
        issue.closed_by = author if closing else None
        issue.updated_at = self.clock.now()

    def assign(self, issue: Issue, users: list[GitLabUser]) -> None:
        """Set the assignees."""
        issue.assignees = list(users)
        issue.updated_at = self.clock.now()

    def set_labels(self, issue: Issue, author: GitLabUser, names: list[str]) -> None:
        """Set the labels; missing ones are created silently, of a scope only the last stays (Premium)."""
        before = list(issue.labels)
        wanted = list(dict.fromkeys(name for name in names if name))
        if self.scoped_labels_exclusive:
            wanted = _one_of_each_scope(wanted)
        for name in wanted:
            if not any(label.name == name for label in issue.project.labels):
                issue.project.labels.append(GitLabLabel(self.next_id("label"), name))
        issue.labels = sorted(wanted, key=str.lower)
        issue.updated_at = self.clock.now()
        self._record_labels(issue, author, before)

    def _record_labels(self, issue: Issue, author: GitLabUser, before: list[str]) -> None:
        """What came, then what left (app/services/resource_events/change_labels_service.rb)."""
        known = {label.name: label for label in issue.project.labels}
        came = [(name, True) for name in issue.labels if name not in before]
        left = [(name, False) for name in before if name not in issue.labels]
        issue.label_events += [
            LabelEvent(self.next_id("label event"), author, known[name], added, issue.updated_at)
            for name, added in came + left
        ]

    def snapshot(self) -> dict[str, Any]:
        """Projects, and issues with notes; `notified` lists the mentions, `quick_actions` what ran."""
        return {
            "projects": [
                {"id": one.id, "path": one.path, "labels": [label.name for label in one.labels]}
                for one in self.projects.values()
            ],
            "issues": [_issue(issue) for one in self.projects.values() for issue in one.issues],
        }


def _project(seed: GitLabProject) -> Project:
    levels = dict.fromkeys(seed.reporters, REPORTER)
    return Project(seed.id, seed.path, seed.name, set(seed.members), list(seed.labels), levels=levels)


def _label_names(argument: str) -> list[str]:
    """The names in `~bug ~"two words" ~scope::value` (the tilde may be missing)."""
    quoted = argument.split('"')
    names = [part for n, part in enumerate(quoted) if n % 2]
    names += [word.lstrip("~") for part in quoted[::2] for word in part.replace(",", " ").split()]
    return [name for name in names if name]


def _one_of_each_scope(names: list[str]) -> list[str]:
    last_of: dict[str, str] = {}
    for name in names:
        last_of[name.rpartition("::")[0] or f"\0{name}"] = name
    return [name for name in names if name in last_of.values()]


def _day(argument: str) -> date | None:
    try:
        return date.fromisoformat(argument)
    except ValueError:
        return None


def _issue(issue: Issue) -> dict[str, Any]:
    return {
        "project": issue.project.path,
        "id": issue.id,
        "iid": issue.iid,
        "title": issue.title,
        "description": issue.description,
        "state": issue.state,
        "labels": list(issue.labels),
        "confidential": issue.confidential,
        "author": issue.author.username,
        "assignees": [user.username for user in issue.assignees],
        "created_at": issue.created_at.isoformat(),
        "notes": [
            {
                "id": note.id,
                "author": note.author.username,
                "body": note.body,
                "internal": note.internal,
                "created_at": note.created_at.isoformat(),
            }
            for note in issue.notes
        ],
        "notified": list(issue.notified),
        "quick_actions": list(issue.ran),
    }
