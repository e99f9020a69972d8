"""python-gitlab against the sandbox over loopback, its wire held against GitLab's schemas."""

import asyncio
from typing import Any

import gitlab
import httpx
import pytest
from gitlab.v4.objects import Project
from starlette.applications import Starlette

from starbot_sandbox.gitlab.routes import routes
from starbot_sandbox.quota import Quota
from starbot_sandbox.world import Sandbox
from tests.sandbox.specs import check_answer, check_request, needs_specs

STARS = "gitlab-com/support/ticket-attention-requests"


def client(desk: Any, token: str = "glpat-sandbox") -> gitlab.Gitlab:
    return gitlab.Gitlab(f"{desk.url}/gitlab", private_token=token, keep_base_url=True, timeout=10)


@pytest.fixture
def project(desk: Any) -> Project:
    return client(desk).projects.get(STARS)


def stored(desk: Any) -> list[dict[str, Any]]:
    issues: list[dict[str, Any]] = desk.get("state")["gitlab"]["issues"]
    return issues


def test_the_token_tells_who_asks(desk: Any) -> None:
    api = client(desk)
    api.auth()
    assert (api.user.id, api.user.username) == (9001, "gl-support-bot")


def test_a_wrong_token_is_refused(desk: Any) -> None:
    with pytest.raises(gitlab.GitlabAuthenticationError, match="401 Unauthorized"):
        client(desk, "glpat-wrong").auth()


def test_a_user_is_found_by_username(desk: Any) -> None:
    assert [user.id for user in client(desk).users.list(username="lvogt", get_all=True)] == [2003]
    assert client(desk).users.list(username="nobody", get_all=True) == []


def test_a_project_is_found_by_number_and_by_path(desk: Any, project: Project) -> None:
    assert project.id == 101
    assert client(desk).projects.get(101).path_with_namespace == STARS


def test_a_project_without_membership_is_not_found(desk: Any, project: Project) -> None:
    desk.post("gitlab/act", action="hide", project=STARS)
    with pytest.raises(gitlab.GitlabGetError, match="404 Project Not Found"):
        client(desk).projects.get(STARS)


def test_a_path_that_is_not_encoded_is_not_found(desk: Any) -> None:
    answer = desk.http.get(f"/gitlab/api/v4/projects/{STARS}", headers={"PRIVATE-TOKEN": "glpat-sandbox"})
    assert answer.status_code == 404


def test_an_issue_is_opened_confidential_labelled_and_assigned(desk: Any, project: Project) -> None:
    issue = project.issues.create(
        {
            "title": "STAR",
            "description": "why",
            "labels": ["Escalation::License-Issue", "new one"],
            "confidential": True,
            "assignee_ids": [2003],
        }
    )
    assert issue.web_url.endswith(f"/{STARS}/-/issues/1")
    (seen,) = stored(desk)
    assert seen["confidential"]
    assert seen["assignees"] == ["lvogt"]
    assert seen["labels"] == ["Escalation::License-Issue", "new one"]
    assert "new one" in [label.name for label in project.labels.list(get_all=True)]


def test_of_a_scope_only_the_last_label_stays(desk: Any, project: Project) -> None:
    issue = project.issues.create({"title": "STAR", "labels": "Escalation::License-Issue"})
    project.issues.update(issue.iid, {"add_labels": "Escalation::Response-Time"})
    assert stored(desk)[0]["labels"] == ["Escalation::Response-Time"]


def test_a_label_with_a_comma_becomes_two(desk: Any, project: Project) -> None:
    project.issues.create({"title": "STAR", "labels": ["one, two"]})
    assert stored(desk)[0]["labels"] == ["one", "two"]


def test_labels_are_added_and_removed(desk: Any, project: Project) -> None:
    issue = project.issues.create({"title": "STAR", "labels": "one,two"})
    project.issues.update(issue.iid, {"add_labels": "three", "remove_labels": "one"})
    assert stored(desk)[0]["labels"] == ["three", "two"]


def test_every_change_of_labels_is_remembered_with_who_and_when(desk: Any, project: Project) -> None:
    issue = project.issues.create({"title": "STAR", "labels": "one,two"})
    project.issues.update(issue.iid, {"remove_labels": "one", "add_labels": "Escalation::License-Issue"})
    desk.post("clock", advance_s=60)
    on_it = {"project": STARS, "iid": issue.iid, "user": "lvogt"}
    desk.post("gitlab/act", action="label", label="Escalation::Response-Time", **on_it)
    desk.post("gitlab/act", action="unlabel", label="Escalation::Response-Time", **on_it)
    desk.post("gitlab/act", action="comment", body="/label ~unstarred", **on_it)
    events = issue.resourcelabelevents.list(iterator=True, per_page=3)
    assert [(one.action, one.label["name"], one.user["username"]) for one in events] == [
        ("add", "one", "gl-support-bot"),
        ("add", "two", "gl-support-bot"),
        ("add", "Escalation::License-Issue", "gl-support-bot"),
        ("remove", "one", "gl-support-bot"),
        ("add", "Escalation::Response-Time", "lvogt"),
        ("remove", "Escalation::License-Issue", "lvogt"),
        ("remove", "Escalation::Response-Time", "lvogt"),
        ("add", "unstarred", "lvogt"),
    ]
    first, *_, last = issue.resourcelabelevents.list(get_all=True)
    assert (first.resource_type, first.resource_id, first.created_at[:16]) == (
        "Issue",
        issue.id,
        "2026-11-17T14:00",
    )
    assert last.created_at[:16] == "2026-11-17T14:01"


def test_commands_in_a_description_run(desk: Any, project: Project) -> None:
    project.issues.create({"title": "STAR", "description": "text\n/close\n/label ~evil"})
    (seen,) = stored(desk)
    assert (seen["state"], seen["description"], seen["labels"]) == ("closed", "text", ["evil"])
    assert [ran["action"] for ran in seen["quick_actions"]] == ["close", "label"]


def test_a_note_of_commands_alone_answers_202_without_an_id(desk: Any, project: Project) -> None:
    issue = project.issues.create({"title": "STAR"})
    answer = issue.notes.create({"body": "/close"})
    assert not hasattr(answer, "id") or answer.get_id() is None
    assert stored(desk)[0]["notes"] == []
    assert stored(desk)[0]["state"] == "closed"


def test_mentions_are_recorded(desk: Any, project: Project) -> None:
    issue = project.issues.create({"title": "STAR", "description": "hello @all"})
    issue.notes.create({"body": "and @lvogt, not `@riyer`"})
    assert [ping["mention"] for ping in stored(desk)[0]["notified"]] == ["all", "lvogt"]


def test_notes_are_listed_newest_first_and_can_be_internal(desk: Any, project: Project) -> None:
    issue = project.issues.create({"title": "STAR"})
    issue.notes.create({"body": "first"})
    issue.notes.create({"body": "second", "internal": True})
    assert [(note.body, note.internal) for note in issue.notes.list(get_all=True)] == [
        ("second", True),
        ("first", False),
    ]


def test_an_issue_is_closed_and_reopened(desk: Any, project: Project) -> None:
    issue = project.issues.create({"title": "STAR"})
    assert project.issues.update(issue.iid, {"state_event": "close"})["state"] == "closed"
    assert project.issues.update(issue.iid, {"state_event": "reopen"})["state"] == "opened"


def test_the_list_is_filtered_and_paged(desk: Any, project: Project) -> None:
    desk.post("gitlab/act", action="open", project=STARS, user="lvogt", title="by Lena")
    for n in range(25):
        project.issues.create({"title": f"STAR {n}"})
    mine = project.issues.list(
        author_id=9001,
        created_after="2026-11-17T13:59:00Z",
        per_page=10,
        order_by="created_at",
        iterator=True,
    )
    assert [issue.title for issue in mine] == [f"STAR {n}" for n in range(24, -1, -1)]
    assert mine.total == 25  # type: ignore[union-attr]
    assert project.issues.list(created_after="2026-11-18T00:00:00Z", get_all=True) == []
    assert [issue.iid for issue in project.issues.list(search="by lena", get_all=True)] == [1]


@pytest.mark.parametrize(
    ("fields", "said"),
    [({"title": ""}, "can't be blank"), ({"title": "x" * 256}, "too long")],
)
def test_a_bad_title_is_refused(project: Project, fields: dict[str, str], said: str) -> None:
    with pytest.raises(gitlab.GitlabCreateError, match=said) as refusal:
        project.issues.create(fields)
    assert refusal.value.response_code == 400


def test_an_edit_without_a_field_is_refused(desk: Any, project: Project) -> None:
    issue = project.issues.create({"title": "STAR"})
    with pytest.raises(gitlab.GitlabUpdateError, match="at least one parameter"):
        project.issues.update(issue.iid, {})


def test_too_many_calls_are_answered_in_plain_text() -> None:
    sandbox = Sandbox("weekday", {})
    sandbox.world.gitlab.quota = Quota(limit=2, window_s=60)
    sandbox.rates_on = True

    async def ask() -> list[httpx.Response]:
        wire = httpx.ASGITransport(Starlette(routes=routes(sandbox)))
        headers = {"PRIVATE-TOKEN": "glpat-sandbox"}
        async with httpx.AsyncClient(transport=wire, base_url="http://127.0.0.1", headers=headers) as api:
            return [await api.get("/api/v4/version") for _ in range(3)]

    answers = asyncio.run(ask())
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[-1].text.strip() == "Retry later"
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 60
    assert answers[1].headers["RateLimit-Remaining"] == "0"


def test_people_act_on_issues(desk: Any, project: Project) -> None:
    issue = project.issues.create({"title": "STAR"})
    on_it = {"project": STARS, "iid": issue.iid, "user": "lvogt"}
    desk.post("gitlab/act", action="comment", body="I look", **on_it)
    desk.post("gitlab/act", action="label", label="unstarred", **on_it)
    desk.post("gitlab/act", action="assign", assignee="riyer", **on_it)
    desk.post("gitlab/act", action="close", **on_it)
    (seen,) = stored(desk)
    assert (seen["state"], seen["labels"], seen["assignees"]) == ("closed", ["unstarred"], ["riyer"])
    assert [note["author"] for note in seen["notes"]] == ["lvogt"]


def test_an_unknown_act_says_what_there_is(desk: Any) -> None:
    answer = desk.ask("gitlab/act", action="dance")
    assert answer.status_code == 400
    assert "known are open, comment" in answer.json()["error"]


@needs_specs
def test_the_wire_fits_the_schemas(desk: Any) -> None:
    with httpx.Client(
        base_url=f"{desk.url}/gitlab/api/v4", headers={"PRIVATE-TOKEN": "glpat-sandbox"}
    ) as api:
        here = "/projects/gitlab-com%2Fsupport%2Fticket-attention-requests"
        new = {"title": "STAR", "description": "why", "labels": "a", "assignee_ids": [2003]}
        calls: list[tuple[str, str, Any]] = [
            ("POST", f"{here}/issues", new),
            ("PUT", f"{here}/issues/1", {"add_labels": "b", "state_event": "close"}),
            ("POST", f"{here}/issues/1/notes", {"body": "note", "internal": True}),
            ("POST", f"{here}/issues/1/notes", {"body": "/reopen"}),
            *(
                ("GET", path, None)
                for path in (
                    "/user",
                    "/version",
                    "/users?username=lvogt",
                    here,
                    f"{here}/labels",
                    f"{here}/members",
                    f"{here}/issues?author_id=9001&state=opened&per_page=5",
                    f"{here}/issues/1",
                    f"{here}/issues/1/notes?sort=asc",
                    f"{here}/issues/1/resource_label_events?per_page=1",
                    f"{here}/issues/99",
                    "/nothing",
                )
            ),
        ]
        for method, path, body in calls:
            answer = api.request(method, path, json=body)
            local, _, query = path.partition("?")
            assert check_answer("gitlab", method, local, answer.status_code, answer.json()) == []
            assert check_request("gitlab", method, local, query, body) == []


@needs_specs
def test_the_checker_complains() -> None:
    issues = "/gitlab/api/v4/projects/101/issues"
    assert check_request("gitlab", "POST", issues, "", {"titel": "x"}) == [
        "POST /projects/:id/issues: title is missing",
        "POST /projects/:id/issues: titel is not an argument",
    ]
    assert check_answer("gitlab", "GET", f"{issues}/1", 200, {"id": "one"})
