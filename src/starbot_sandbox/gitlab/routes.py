"""GitLab REST v4 on the wire: the token at the door, then projects, labels, members, issues and notes.

Sources: docs.gitlab.com/api (issues, notes, labels, resource_label_events, members), gitlabhq
lib/api/{issues,notes}.rb.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from starbot_sandbox.gitlab import shapes
from starbot_sandbox.gitlab.markdown import QuickAction
from starbot_sandbox.gitlab.seed import GitLabUser
from starbot_sandbox.gitlab.state import (
    DESCRIPTION_LIMIT,
    NOTE_LIMIT,
    TITLE_LIMIT,
    GitLabState,
    Issue,
    Note,
    Project,
    Token,
)
from starbot_sandbox.quota import Reading
from starbot_sandbox.world import Sandbox

_EDITABLE = (
    "assignee_id, assignee_ids, confidential, created_at, description, discussion_locked, due_date, labels, "
    "add_labels, remove_labels, milestone_id, state_event, title, issue_type"
)
_SUMMARY = {"close": "Closed this issue.", "reopen": "Reopened this issue."}


class Refusal(Exception):
    """An answer that is an error, in GitLab's words."""

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        super().__init__(status, body)
        self.status = status
        self.body = body


@dataclass(frozen=True)
class Call:
    """One authenticated request. `fields` is the query and the body in one, as GitLab reads them."""

    request: Request
    state: GitLabState
    user: GitLabUser
    token: Token
    fields: dict[str, Any]
    base: str

    @property
    def project(self) -> Project:
        """The project of the path. Refusal 404 also where the caller is no member."""
        reference = self.request.path_params["project"]
        raw = self.request.scope.get("raw_path") or b"%2f"
        found = self.state.project_of(reference)
        if "/" in reference and b"%2f" not in raw.lower():
            raise Refusal(404, {"error": "404 Not Found"})
        if found is None or (self.user.id not in found.members and found.visibility == "private"):
            raise Refusal(404, {"message": "404 Project Not Found"})
        return found

    @property
    def issue(self) -> Issue:
        """The issue of the path, by iid. Refusal 404 where there is none."""
        iid = self.request.path_params["iid"]
        for issue in self.project.issues:
            if issue.iid == iid:
                return issue
        raise Refusal(404, {"message": "404 Issue Not Found"})

    @property
    def note(self) -> Note:
        """The note of the path. Refusal 404 where there is none."""
        note_id = self.request.path_params["note_id"]
        for note in self.issue.notes:
            if note.id == note_id:
                return note
        raise Refusal(404, {"message": "404 Note Not Found"})

    def text(self, name: str) -> str | None:
        """A field as text, None where it was not sent."""
        value = self.fields.get(name)
        return None if value is None else str(value)

    def flag(self, name: str) -> bool | None:
        """A field as a boolean, None where it was not sent. Refusal 400 for anything else."""
        value = self.fields.get(name)
        if value is None or isinstance(value, bool):
            return value
        if str(value).lower() in ("true", "1", "yes", "false", "0", "no", ""):
            return str(value).lower() in ("true", "1", "yes")
        raise Refusal(400, {"error": f"{name} is invalid"})

    def names(self, name: str) -> list[str]:
        """A comma-separated field (or a list) as names."""
        value = self.fields.get(name) or []
        parts = ",".join(str(one) for one in value) if isinstance(value, list) else str(value)
        return [name for name in (part.strip() for part in parts.split(",")) if name]

    def ids(self, name: str) -> list[int]:
        """A list of ids. Refusal 400 for anything that is no number."""
        value = self.fields.get(name)
        parts = value if isinstance(value, list) else str(value or "").split(",")
        try:
            return [int(part) for part in parts if str(part).strip()]
        except ValueError:
            raise Refusal(400, {"error": f"{name} is invalid"}) from None

    def number(self, name: str, default: int) -> int:
        """A field as a positive number. Refusal 400 for anything else."""
        value = str(self.fields.get(name) or default)
        if not value.isdigit() or int(value) < 1:
            raise Refusal(400, {"error": f"{name} is invalid"})
        return int(value)

    def moment(self, name: str) -> datetime | None:
        """A field as a moment, UTC where it names no zone. Refusal 400 where it is none."""
        value = self.fields.get(name)
        if value is None:
            return None
        try:
            found = datetime.fromisoformat(str(value).replace(" ", "+"))
        except ValueError:
            raise Refusal(400, {"error": f"{name} is invalid"}) from None
        return found if found.tzinfo else found.replace(tzinfo=UTC)


Handler = Callable[[Call], Response]


def routes(sandbox: Sandbox) -> list[BaseRoute]:
    """Everything below /gitlab."""

    def route(path: str, **handlers: Handler) -> Route:
        return Route(f"/api/v4{path}", _endpoint(sandbox, handlers), methods=[*handlers])

    # Slashes of an encoded project path arrive decoded, so the longest paths come first.
    return [
        route("/user", GET=_me),
        route("/version", GET=_version),
        route("/users", GET=_users),
        route("/personal_access_tokens/self", GET=_own_token),
        route("/projects/{project:path}/issues/{iid:int}/notes/{note_id:int}", GET=_note),
        route("/projects/{project:path}/issues/{iid:int}/notes", GET=_notes, POST=_comment),
        route("/projects/{project:path}/issues/{iid:int}/resource_label_events", GET=_label_events),
        route("/projects/{project:path}/issues/{iid:int}", GET=_issue, PUT=_edit),
        route("/projects/{project:path}/issues", GET=_issues, POST=_open),
        route("/projects/{project:path}/labels", GET=_labels),
        route("/projects/{project:path}/members/all/{user_id:int}", GET=_member),
        route("/projects/{project:path}/members/all", GET=_members),
        route("/projects/{project:path}/members", GET=_members),
        route("/projects/{project:path}", GET=_project),
        route("/{rest:path}", GET=_nowhere, POST=_nowhere, PUT=_nowhere, DELETE=_nowhere),
    ]


def _endpoint(sandbox: Sandbox, handlers: dict[str, Handler]) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> Response:
        state = sandbox.world.gitlab
        token = _token_behind(state, request)
        user = state.users.get(token.user_id) if token else None
        if token is None or user is None:
            return JSONResponse({"message": "401 Unauthorized"}, 401)
        reading = state.quota.take(user.username)
        if sandbox.rates_on and reading.exceeded:
            headers = {**_rate_headers(reading, state), "Retry-After": str(reading.reset_s)}
            return PlainTextResponse("Retry later\n", 429, headers)
        handler = handlers["GET" if request.method == "HEAD" else request.method]
        try:
            answer = handler(Call(request, state, user, token, await _fields(request), _base(request)))
        except Refusal as refusal:
            answer = JSONResponse(refusal.body, refusal.status)
        answer.headers.update(_rate_headers(reading, state))
        return answer

    return endpoint


def _token_behind(state: GitLabState, request: Request) -> Token | None:
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    token = request.headers.get("private-token") or (bearer if scheme.lower() == "bearer" else "")
    found = state.tokens.get(token)
    return None if found is None or found.revoked else found


def _rate_headers(reading: Reading, state: GitLabState) -> dict[str, str]:
    reset = int(datetime.now(UTC).timestamp()) + reading.reset_s
    return {
        "RateLimit-Limit": str(reading.limit),
        "RateLimit-Name": "throttle_authenticated_api",
        "RateLimit-Observed": str(reading.observed),
        "RateLimit-Remaining": str(reading.remaining),
        "RateLimit-Reset": str(reset),
    }


def _base(request: Request) -> str:
    return f"{request.url.scheme}://{request.url.netloc}{request.scope.get('root_path', '')}"


async def _fields(request: Request) -> dict[str, Any]:
    body = await request.body()
    fields = _unpacked(parse_qsl(request.url.query, keep_blank_values=True))
    if not body:
        return fields
    if "json" not in request.headers.get("content-type", ""):
        return {**fields, **_unpacked(parse_qsl(body.decode(), keep_blank_values=True))}
    try:
        sent = json.loads(body)
    except ValueError:
        raise Refusal(400, {"error": "Problems parsing JSON"}) from None
    return {**fields, **sent} if isinstance(sent, dict) else fields


def _unpacked(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name, value in pairs:
        if name.endswith("[]"):
            fields.setdefault(name[:-2], []).append(value)
        else:
            fields[name] = value
    return fields


def _page(call: Call, found: list[dict[str, Any]]) -> Response:
    """One page of `found` with GitLab's paging headers; per_page is clamped to 100 silently."""
    page, size = call.number("page", 1), min(100, call.number("per_page", 20))
    pages = max(1, -(-len(found) // size))
    headers = {
        "X-Page": str(page),
        "X-Per-Page": str(size),
        "X-Total": str(len(found)),
        "X-Total-Pages": str(pages),
        "X-Next-Page": str(page + 1) if page < pages else "",
        "X-Prev-Page": str(page - 1) if page > 1 else "",
        "Link": ", ".join(_links(call, page, pages, size)),
    }
    return JSONResponse(found[(page - 1) * size : page * size], headers=headers)


def _links(call: Call, page: int, pages: int, size: int) -> list[str]:
    raw: bytes = call.request.scope.get("raw_path") or call.request.url.path.encode()
    address = f"{call.request.url.scheme}://{call.request.url.netloc}{raw.decode()}"
    kept = [pair for pair in parse_qsl(call.request.url.query) if pair[0] not in ("page", "per_page")]
    targets = {"prev": page - 1, "next": page + 1, "first": 1, "last": pages}
    return [
        f'<{address}?{urlencode([*kept, ("page", number), ("per_page", size)])}>; rel="{name}"'
        for name, number in targets.items()
        if 1 <= number <= pages
    ]


def _nowhere(call: Call) -> Response:
    return JSONResponse({"error": "404 Not Found"}, 404)


def _me(call: Call) -> Response:
    return JSONResponse(shapes.me(call.user, call.base))


def _own_token(call: Call) -> Response:
    return JSONResponse(shapes.token(call.token))


def _version(call: Call) -> Response:
    return JSONResponse({"version": "18.6.0-ee", "revision": "0123456789a"})


def _users(call: Call) -> Response:
    username, search = call.text("username"), (call.text("search") or "").lower()
    found = [
        shapes.user(one, call.base)
        for one in call.state.users.values()
        if (username is None or one.username == username.lower())
        and (not search or search in one.username or search in one.name.lower() or search == one.email)
    ]
    return _page(call, found)


def _project(call: Call) -> Response:
    return JSONResponse(shapes.project(call.project, call.base))


def _labels(call: Call) -> Response:
    search = (call.text("search") or "").lower()
    labels = sorted(call.project.labels, key=lambda label: label.name.lower())
    return _page(call, [shapes.label(one) for one in labels if search in one.name.lower()])


def _members(call: Call) -> Response:
    project = call.project
    wanted = call.ids("user_ids")
    ids = [user_id for user_id in sorted(project.members) if not wanted or user_id in wanted]
    members = [call.state.users[user_id] for user_id in ids]
    return _page(call, [_shown_member(call, project, one) for one in members])


def _member(call: Call) -> Response:
    project, user_id = call.project, call.request.path_params["user_id"]
    if user_id not in project.members:
        raise Refusal(404, {"message": "404 Not found"})
    return JSONResponse(_shown_member(call, project, call.state.users[user_id]))


def _shown_member(call: Call, project: Project, one: GitLabUser) -> dict[str, Any]:
    return {**shapes.user(one, call.base), "access_level": project.level_of(one.id), "expires_at": None}


def _open(call: Call) -> Response:
    project, title = call.project, call.text("title")
    if title is None:
        raise Refusal(400, {"error": "title is missing"})
    description = call.text("description") or ""
    _check_texts(title, description)
    issue = call.state.open_issue(project, call.user, title, description)
    issue.confidential = bool(call.flag("confidential")) or issue.confidential
    _apply(call, issue)
    return JSONResponse(shapes.issue(issue, call.base), 201)


def _check_texts(title: str | None, description: str | None) -> None:
    faults: dict[str, list[str]] = {}
    if title is not None and not title.strip():
        faults["title"] = ["can't be blank"]
    if title is not None and len(title) > TITLE_LIMIT:
        faults["title"] = [f"is too long (maximum is {TITLE_LIMIT} characters)"]
    if description is not None and len(description) > DESCRIPTION_LIMIT:
        faults["description"] = [f"is too long (maximum is {DESCRIPTION_LIMIT} characters)"]
    if faults:
        raise Refusal(400, {"message": faults})


def _apply(call: Call, issue: Issue) -> None:
    """Labels, assignees, due date and state as sent, for a new and for an edited issue."""
    state = call.state
    if "labels" in call.fields:
        state.set_labels(issue, call.user, call.names("labels"))
    if added := call.names("add_labels"):
        state.set_labels(issue, call.user, issue.labels + added)
    if removed := call.names("remove_labels"):
        state.set_labels(issue, call.user, [name for name in issue.labels if name not in removed])
    for name in ("assignee_id", "assignee_ids"):
        if name in call.fields:
            state.assign(issue, [state.users[one] for one in call.ids(name) if one in state.users])
    if "due_date" in call.fields:
        issue.due_date = _day(call.text("due_date"))


def _day(value: str | None) -> date | None:
    if not value:
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise Refusal(400, {"error": "due_date is invalid"}) from None


def _edit(call: Call) -> Response:
    issue = call.issue
    if not set(call.fields) & set(_EDITABLE.split(", ")):
        raise Refusal(400, {"error": f"{_EDITABLE} are missing, at least one parameter must be provided"})
    title, description, event = call.text("title"), call.text("description"), call.text("state_event")
    if event not in (None, "close", "reopen"):
        raise Refusal(400, {"error": "state_event does not have a valid value"})
    _check_texts(title, description)
    issue.title = title or issue.title
    confidential, locked = call.flag("confidential"), call.flag("discussion_locked")
    issue.confidential = issue.confidential if confidential is None else confidential
    issue.discussion_locked = issue.discussion_locked if locked is None else locked
    if description is not None:
        call.state.describe(issue, call.user, description)
    _apply(call, issue)
    if event:
        call.state.move(issue, call.user, event)
    issue.updated_at = call.state.clock.now()
    return JSONResponse(shapes.issue(issue, call.base))


def _issue(call: Call) -> Response:
    return JSONResponse(shapes.issue(call.issue, call.base))


def _issues(call: Call) -> Response:
    order = call.text("order_by") or "created_at"
    if order not in ("created_at", "updated_at", "title"):
        raise Refusal(400, {"error": "order_by does not have a valid value"})
    found = [issue for issue in call.project.issues if _fits(call, issue)]
    found.sort(key=lambda issue: (getattr(issue, order), issue.id), reverse=call.text("sort") != "asc")
    return _page(call, [shapes.issue(issue, call.base) for issue in found])


def _fits(call: Call, issue: Issue) -> bool:
    state, author, scope = call.text("state"), call.text("author_id"), call.text("scope")
    username, confidential = call.text("author_username"), call.flag("confidential")
    after, before = call.moment("created_after"), call.moment("created_before")
    changed, iids = call.moment("updated_after"), call.ids("iids")
    return all(
        (
            state in (None, "all", issue.state),
            author in (None, str(issue.author.id)),
            username in (None, issue.author.username),
            scope != "created_by_me" or issue.author.id == call.user.id,
            scope != "assigned_to_me" or call.user in issue.assignees,
            confidential in (None, issue.confidential),
            after is None or issue.created_at >= after,
            before is None or issue.created_at <= before,
            changed is None or issue.updated_at >= changed,
            not iids or issue.iid in iids,
            set(call.names("labels")) <= set(issue.labels),
            _has_words(call, issue),
        )
    )


def _has_words(call: Call, issue: Issue) -> bool:
    places = call.names("in") or ["title", "description"]
    text = " ".join(getattr(issue, place) for place in places if place in ("title", "description"))
    return (call.text("search") or "").lower() in text.lower()


def _label_events(call: Call) -> Response:
    issue = call.issue
    return _page(call, [shapes.label_event(one, issue, call.base) for one in issue.label_events])


def _comment(call: Call) -> Response:
    issue, body = call.issue, call.text("body")
    if body is None:
        raise Refusal(400, {"error": "body is missing"})
    if not body.strip():
        raise Refusal(400, {"message": '400 Bad request - Note {:note=>["can\'t be blank"]}'})
    if len(body) > NOTE_LIMIT:
        fault = f"is too long (maximum is {NOTE_LIMIT} characters)"
        raise Refusal(400, {"message": f'400 Bad request - Note {{:note=>["{fault}"]}}'})
    internal = call.flag("internal") or call.flag("confidential") or False
    note, reading = call.state.comment(issue, call.user, body, internal)
    if note is None:
        return JSONResponse(_commands(reading.actions), 202)
    return JSONResponse(shapes.note(note, issue, call.base), 201)


def _commands(actions: tuple[QuickAction, ...]) -> dict[str, Any]:
    """Entities::NoteCommands: what commands alone have changed; no note, so no id."""
    changes: dict[str, Any] = {}
    for action in actions:
        changes |= {"state_event": action.name} if action.name in _SUMMARY else {action.name: action.argument}
    return {
        "commands_changes": changes,
        "summary": [_SUMMARY.get(action.name, f"Ran /{action.name}.") for action in actions],
    }


def _note(call: Call) -> Response:
    return JSONResponse(shapes.note(call.note, call.issue, call.base))


def _notes(call: Call) -> Response:
    issue = call.issue
    notes = [] if call.text("activity_filter") == "only_activity" else list(issue.notes)
    notes.sort(key=lambda note: note.id, reverse=call.text("sort") != "asc")
    return _page(call, [shapes.note(note, issue, call.base) for note in notes])
