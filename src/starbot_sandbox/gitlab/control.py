"""What people do in GitLab while a story runs: POST /_sandbox/gitlab/act."""

from datetime import timedelta
from typing import Any

from starbot_sandbox.gitlab.seed import GitLabUser
from starbot_sandbox.gitlab.state import GitLabState, Issue, Project

_ON_ISSUES = ("comment", "label", "unlabel", "assign", "unassign", "close", "reopen", "edit")
_BY_ADMIN = ("project", "member", "token")


def act(state: GitLabState, body: dict[str, Any]) -> dict[str, Any]:
    """Let `user` (name, default lvogt) do `action` in `project` (id or path, default the first) on `iid`.

    open {title, description}; comment {body, internal}; label, unlabel {label}; assign {assignee}; unassign;
    close; reopen; edit {title, description}. hide and show {project}: the bot's access to the project.
    project {visibility, issues_enabled, archived}; member {user, access_level}; token {expires_in_days, scopes,
    revoked}: what an admin changes.
    Answers {"ok": true, ...}. ValueError says what is wrong.
    """
    action = str(body.get("action", ""))
    project = _project(state, body)
    if action in ("hide", "show"):
        return _set_access(state, project, visible=action == "show")
    if action in _BY_ADMIN:
        return _by_admin(state, project, action, body)
    user = _user(state, str(body.get("user", "lvogt")))
    if action == "open":
        title, text = str(body.get("title", "Untitled")), str(body.get("description", ""))
        issue = state.open_issue(project, user, title, text)
        return {"ok": True, "iid": issue.iid}
    if action not in _ON_ISSUES:
        known = ", ".join(("open", *_ON_ISSUES, "hide", "show", *_BY_ADMIN))
        raise ValueError(f"unknown action {action!r}; known are {known}")
    _on_issue(state, _issue(project, body), user, action, body)
    return {"ok": True, "iid": int(body["iid"])}


def _on_issue(state: GitLabState, issue: Issue, user: GitLabUser, action: str, body: dict[str, Any]) -> None:
    label = str(body.get("label", ""))
    match action:
        case "comment":
            state.comment(issue, user, str(body.get("body", "")), bool(body.get("internal", False)))
        case "label":
            state.set_labels(issue, user, [*issue.labels, label])
        case "unlabel":
            state.set_labels(issue, user, [name for name in issue.labels if name != label])
        case "assign":
            state.assign(issue, [_user(state, str(body.get("assignee", user.username)))])
        case "unassign":
            state.assign(issue, [])
        case "close" | "reopen":
            state.move(issue, user, action)
        case "edit":
            issue.title = str(body.get("title", issue.title))
            state.describe(issue, user, str(body.get("description", issue.description)))


def _set_access(state: GitLabState, project: Project, visible: bool) -> dict[str, Any]:
    for token in state.tokens.values():
        (project.members.add if visible else project.members.discard)(token.user_id)
    return {"ok": True, "project": project.path, "visible": visible}


def _by_admin(state: GitLabState, project: Project, action: str, body: dict[str, Any]) -> dict[str, Any]:
    match action:
        case "project":
            project.visibility = str(body.get("visibility", project.visibility))
            project.issues_enabled = bool(body.get("issues_enabled", project.issues_enabled))
            project.archived = bool(body.get("archived", project.archived))
        case "member":
            project.levels[_user(state, str(body.get("user", ""))).id] = int(body.get("access_level", 30))
        case "token":
            for token in state.tokens.values():
                token.scopes = list(body.get("scopes", token.scopes))
                token.revoked = bool(body.get("revoked", token.revoked))
                if "expires_in_days" in body:
                    token.expires_at = state.clock.now().date() + timedelta(days=int(body["expires_in_days"]))
    return {"ok": True, "project": project.path}


def _project(state: GitLabState, body: dict[str, Any]) -> Project:
    wanted = str(body.get("project", next(iter(state.projects))))
    for project in state.projects.values():
        if wanted in (str(project.id), project.path, project.path.rpartition("/")[2]):
            return project
    known = ", ".join(project.path for project in state.projects.values())
    raise ValueError(f"no project {wanted!r}; known are {known}")


def _issue(project: Project, body: dict[str, Any]) -> Issue:
    for issue in project.issues:
        if str(issue.iid) == str(body.get("iid")):
            return issue
    raise ValueError(f"no issue {body.get('iid')!r} in {project.path}; it has {len(project.issues)}")


def _user(state: GitLabState, name: str) -> GitLabUser:
    user = state.user_named(name.lstrip("@"))
    if user is None:
        known = ", ".join(one.username for one in state.users.values())
        raise ValueError(f"no user {name!r}; known are {known}")
    return user
