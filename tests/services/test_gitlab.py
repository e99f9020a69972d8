"""GitLab through python-gitlab, as far as the bot uses it."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from starbot.core.facts import IssueRef
from starbot.errors import ServiceRefused
from starbot.services.gitlab import GitLabService
from starbot.services.wire import Door
from tests.services.controls import Sandbox

PROJECT = "gitlab-com/support/ticket-attention-requests"
START = datetime(2026, 11, 17, 14, tzinfo=UTC)
MARKER = "abcdefgh12345678"


def opened(gitlab: GitLabService, marker: str = MARKER, **changed: Any) -> IssueRef:
    fields: dict[str, Any] = {
        "title": "STAR for 123456",
        "description": "Aurora Robotics waits.",
        "labels": ["Escalation::Response-Time"],
        "confidential": True,
        "assignee_id": None,
    }
    return gitlab.open_issue(PROJECT, **(fields | changed), marker=marker)


def issue_in(sandbox: Sandbox, ref: IssueRef) -> Any:
    return next(one for one in sandbox.state()["gitlab"]["issues"] if one["iid"] == ref.iid)


def test_an_issue_is_opened_as_asked(gitlab: GitLabService, sandbox: Sandbox) -> None:
    lena = gitlab.user_id("lvogt")
    ref = opened(gitlab, assignee_id=lena)
    assert (ref.project, ref.state, ref.assignee) == (PROJECT, "opened", "lvogt")
    assert ref.labels == ("Escalation::Response-Time",)
    assert ref.url.endswith(f"/-/issues/{ref.iid}")
    issue = issue_in(sandbox, ref)
    assert issue["confidential"] is True
    assert issue["description"] == f"Aurora Robotics waits.\n\n<!-- starbot:{MARKER} -->"


def test_an_issue_is_found_again_by_its_marker_only(gitlab: GitLabService) -> None:
    ref = opened(gitlab)
    opened(gitlab, marker="x" * 16)
    assert gitlab.find_issues(PROJECT, MARKER, START) == [ref]
    assert gitlab.find_issues(PROJECT, "0" * 16, START) == []
    assert gitlab.find_issues(PROJECT, MARKER, START + timedelta(hours=1)) == []


def test_two_issues_with_one_marker_come_the_elder_first(gitlab: GitLabService) -> None:
    elder, younger = opened(gitlab), opened(gitlab)
    assert gitlab.find_issues(PROJECT, MARKER, START) == [elder, younger]


def test_a_user_is_looked_up_once(gitlab: GitLabService, sandbox: Sandbox) -> None:
    assert gitlab.user_id("lvogt") == gitlab.user_id("lvogt")
    assert gitlab.user_id("nobody-of-that-name") is None
    assert len(sandbox.requests("gitlab")) == 2


def test_the_token_has_a_name(gitlab: GitLabService) -> None:
    assert gitlab.whoami() == (9001, "gl-support-bot")


def test_only_what_changed_is_sent(gitlab: GitLabService, sandbox: Sandbox) -> None:
    ref = opened(gitlab)
    changed = gitlab.update_issue(PROJECT, ref.iid, add_labels=["unstarred"])
    assert set(changed.labels) == {"Escalation::Response-Time", "unstarred"}
    [sent] = [row["request"] for row in sandbox.requests("gitlab", "PUT")]
    assert sent == {"add_labels": "unstarred"}


def test_an_issue_is_assigned_unassigned_closed_and_reopened(gitlab: GitLabService) -> None:
    ref = opened(gitlab)
    lena = gitlab.user_id("lvogt")
    assert gitlab.update_issue(PROJECT, ref.iid, assignee_id=lena).assignee == "lvogt"
    assert gitlab.update_issue(PROJECT, ref.iid, assignee_id=0).assignee is None
    assert gitlab.update_issue(PROJECT, ref.iid, state_event="close").state == "closed"
    assert gitlab.update_issue(PROJECT, ref.iid, state_event="reopen").state == "opened"


def test_a_new_description_keeps_its_marker(gitlab: GitLabService) -> None:
    ref = opened(gitlab)
    gitlab.update_issue(PROJECT, ref.iid, description="More is known.", marker=MARKER)
    assert [one.iid for one in gitlab.find_issues(PROJECT, MARKER, START)] == [ref.iid]


def test_a_note_is_found_again_by_its_marker(gitlab: GitLabService, sandbox: Sandbox) -> None:
    ref = opened(gitlab)
    note = gitlab.note(PROJECT, ref.iid, "The thread: link", marker=MARKER, internal=True)
    assert gitlab.find_note(PROJECT, ref.iid, MARKER) == note
    assert gitlab.find_note(PROJECT, ref.iid, "0" * 16) is None
    [kept] = issue_in(sandbox, ref)["notes"]
    assert kept["internal"] is True


def test_each_change_of_labels_is_told_with_its_time_and_who_made_it(
    gitlab: GitLabService, sandbox: Sandbox
) -> None:
    ref = opened(gitlab)
    on_it = {"project": PROJECT, "iid": ref.iid, "user": "lvogt", "label": "unstarred"}
    for action in ("label", "unlabel") * 60:
        sandbox.control("gitlab/act", {**on_it, "action": action})
    changes = gitlab.label_changes(PROJECT, ref.iid)
    assert [(one.label, one.added, one.by) for one in changes] == [
        ("Escalation::Response-Time", True, "gl-support-bot"),
        *[("unstarred", True, "lvogt"), ("unstarred", False, "lvogt")] * 60,
    ]
    assert all(START <= one.at < START + timedelta(minutes=5) for one in changes)
    assert changes == sorted(changes, key=lambda one: one.at)


def test_the_project_has_an_id(gitlab: GitLabService) -> None:
    assert gitlab.project_id(PROJECT) == 101


@pytest.mark.parametrize(
    ("project", "iid", "reason"), [("no/such/project", 1, "project_missing"), (PROJECT, 99999, "not_found")]
)
def test_what_is_not_there_is_named(gitlab: GitLabService, project: str, iid: int, reason: str) -> None:
    with pytest.raises(ServiceRefused) as refused:
        gitlab.update_issue(project, iid, title="STAR")
    assert refused.value.reason == reason


def test_a_wrong_token_is_unauthorized(sandbox: Sandbox) -> None:
    with pytest.raises(ServiceRefused) as refused:
        GitLabService(f"{sandbox.url}/gitlab", "glpat-wrong", 1.0).whoami()
    assert refused.value.reason == "unauthorized"


def test_many_threads_may_ask_at_once(gitlab: GitLabService) -> None:
    with ThreadPoolExecutor(8) as pool:
        refs = list(pool.map(lambda n: opened(gitlab, marker=f"{n:016d}"), range(16)))
    assert len({ref.iid for ref in refs}) == 16


def test_nothing_in_an_issues_address_can_end_a_link_in_slack(
    gitlab: GitLabService, monkeypatch: pytest.MonkeyPatch
) -> None:
    send = Door.send

    def hostile(door: Door, *args: Any, **kwargs: Any) -> Any:
        answer = send(door, *args, **kwargs)
        answer._content = re.sub(rb'(/-/issues/\d+)"', rb'\1|x> \\n{<!channel>}"', answer.content)
        return answer

    monkeypatch.setattr(Door, "send", hostile)
    assert opened(gitlab).url.endswith("x!channel")
