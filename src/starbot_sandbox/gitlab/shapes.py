"""GitLab's JSON: how users, projects, labels, issues, notes and label events look in an answer.

Shapes: GitLab's own schemas spec/fixtures/api/schemas/public_api/v4 and docs.gitlab.com/api/issues.
"""

from datetime import datetime
from typing import Any

from starbot_sandbox.gitlab.seed import GitLabLabel, GitLabUser
from starbot_sandbox.gitlab.state import Issue, LabelEvent, Note, Project, Token


def moment(when: datetime) -> str:
    """2026-11-17T14:00:00.123Z"""
    return when.strftime("%Y-%m-%dT%H:%M:%S.") + f"{when.microsecond // 1000:03}Z"


def user(one: GitLabUser, base: str) -> dict[str, Any]:
    """Entities::UserBasic. `base` is the instance's address without a slash at its end."""
    return {
        "id": one.id,
        "username": one.username,
        "name": one.name,
        "state": "active",
        "avatar_url": f"{base}/uploads/-/system/user/avatar/{one.id}/avatar.png",
        "web_url": f"{base}/{one.username}",
    }


def me(one: GitLabUser, base: str) -> dict[str, Any]:
    """Entities::UserPublic, the answer of GET /user."""
    return {
        **user(one, base),
        "created_at": "2020-01-06T09:00:00.000Z",
        "bio": "",
        "bot": one.bot,
        "location": None,
        "public_email": "",
        "email": one.email,
        "commit_email": one.email,
    }


def token(one: Token) -> dict[str, Any]:
    """Entities::PersonalAccessToken (docs.gitlab.com/api/personal_access_tokens)."""
    return {
        "id": one.id,
        "name": "starbot",
        "revoked": one.revoked,
        "created_at": "2026-01-05T09:00:00.000Z",
        "description": None,
        "scopes": list(one.scopes),
        "user_id": one.user_id,
        "last_used_at": None,
        "active": not one.revoked,
        "expires_at": one.expires_at.isoformat() if one.expires_at else None,
    }


def label(one: GitLabLabel) -> dict[str, Any]:
    """Entities::ProjectLabel."""
    return {
        "id": one.id,
        "name": one.name,
        "color": one.color,
        "text_color": "#FFFFFF",
        "description": one.description,
        "subscribed": False,
    }


def project(one: Project, base: str) -> dict[str, Any]:
    """Entities::Project, the fields that a client of issues meets."""
    namespace, _, slug = one.path.rpartition("/")
    return {
        "id": one.id,
        "description": None,
        "name": one.name,
        "name_with_namespace": f"{namespace.replace('/', ' / ')} / {one.name}",
        "path": slug,
        "path_with_namespace": one.path,
        "default_branch": "main",
        "visibility": one.visibility,
        "archived": one.archived,
        "issues_enabled": one.issues_enabled,
        "issues_access_level": "enabled" if one.issues_enabled else "disabled",
        "web_url": f"{base}/{one.path}",
        "open_issues_count": sum(issue.state == "opened" for issue in one.issues),
    }


def issue(one: Issue, base: str) -> dict[str, Any]:
    """Entities::Issue."""
    assignees = [user(who, base) for who in one.assignees]
    address = f"{base}/{one.project.path}/-/issues/{one.iid}"
    api = f"{base}/api/v4/projects/{one.project.id}"
    return {
        "id": one.id,
        "iid": one.iid,
        "project_id": one.project.id,
        "title": one.title,
        "description": one.description or None,
        "state": one.state,
        "created_at": moment(one.created_at),
        "updated_at": moment(one.updated_at),
        "closed_at": moment(one.closed_at) if one.closed_at else None,
        "closed_by": user(one.closed_by, base) if one.closed_by else None,
        "labels": list(one.labels),
        "milestone": None,
        "assignees": assignees,
        "author": user(one.author, base),
        "type": "ISSUE",
        "assignee": assignees[0] if assignees else None,
        "user_notes_count": len(one.notes),
        "merge_requests_count": 0,
        "upvotes": 0,
        "downvotes": 0,
        "due_date": one.due_date.isoformat() if one.due_date else None,
        "confidential": one.confidential,
        "discussion_locked": one.discussion_locked or None,
        "issue_type": "issue",
        "web_url": address,
        "time_stats": {
            "time_estimate": 0,
            "total_time_spent": 0,
            "human_time_estimate": None,
            "human_total_time_spent": None,
        },
        "has_tasks": False,
        "_links": {
            "self": f"{api}/issues/{one.iid}",
            "notes": f"{api}/issues/{one.iid}/notes",
            "award_emoji": f"{api}/issues/{one.iid}/award_emoji",
            "project": api,
        },
        "references": {
            "short": f"#{one.iid}",
            "relative": f"#{one.iid}",
            "full": f"{one.project.path}#{one.iid}",
        },
        "severity": "UNKNOWN",
        "moved_to_id": None,
    }


def note(one: Note, on: Issue, base: str) -> dict[str, Any]:
    """Entities::Note."""
    return {
        "id": one.id,
        "type": None,
        "body": one.body,
        "attachment": None,
        "author": user(one.author, base),
        "created_at": moment(one.created_at),
        "updated_at": moment(one.created_at),
        "system": False,
        "noteable_id": on.id,
        "noteable_type": "Issue",
        "noteable_iid": on.iid,
        "resolvable": False,
        "confidential": one.internal,
        "internal": one.internal,
        "commands_changes": {},
    }


def label_event(one: LabelEvent, on: Issue, base: str) -> dict[str, Any]:
    """Entities::ResourceLabelEvent (docs.gitlab.com/api/resource_label_events)."""
    return {
        "id": one.id,
        "user": user(one.user, base),
        "created_at": moment(one.created_at),
        "resource_type": "Issue",
        "resource_id": on.id,
        "label": {
            "id": one.label.id,
            "name": one.label.name,
            "color": one.label.color,
            "description": one.label.description,
        },
        "action": "add" if one.added else "remove",
    }
