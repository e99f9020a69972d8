"""A dry run can write nowhere: each method of a service that writes is one that the rehearsal has of its own."""

import ast
import inspect
import textwrap
from typing import Any

import pytest

from starbot.cli.dry_run import DEEDS, words
from starbot.core.facts import IssueRef, MacroPreview, MessageRef
from starbot.errors import StarbotError
from starbot.services.gitlab import GitLabService
from starbot.services.pagerduty import PagerDutyService
from starbot.services.rehearsal import (
    GitLabRehearsal,
    PagerDutyRehearsal,
    Script,
    SlackRehearsal,
    Would,
    ZendeskRehearsal,
)
from starbot.services.slack import SlackService
from starbot.services.zendesk import ZendeskService
from tests.services.controls import TIMEOUT_S, Sandbox

REAL_AND_REHEARSED = [
    (SlackService, SlackRehearsal),
    (GitLabService, GitLabRehearsal),
    (ZendeskService, ZendeskRehearsal),
    (PagerDutyService, PagerDutyRehearsal),
]
PROJECT = "gitlab-com/support/ticket-attention-requests"
WRITES = {"open_issue", "update_issue", "note", "public_reply", "apply_macro", "post", "update", "ephemeral"}


def functions_of(service: type) -> dict[str, ast.AST]:
    source = ast.parse(textwrap.dedent(inspect.getsource(service)))
    return {node.name: node for node in ast.walk(source) if isinstance(node, ast.FunctionDef)}


def says_that_it_writes(function: ast.AST) -> bool:
    return any(
        isinstance(node, ast.keyword) and node.arg == "writes" and getattr(node.value, "value", None) is True
        for node in ast.walk(function)
    )


def writers_of(service: type) -> set[str]:
    """The public methods that write, themselves or by a private one of the class."""
    functions = functions_of(service)
    writers = {name for name, function in functions.items() if says_that_it_writes(function)}
    while True:
        callers = {
            name
            for name, function in functions.items()
            for node in ast.walk(function)
            if isinstance(node, ast.Attribute) and node.attr in writers and ast.unparse(node.value) == "self"
        }
        if callers <= writers:
            return {name for name in writers if not name.startswith("_")}
        writers |= callers


@pytest.mark.parametrize(("real", "rehearsed"), REAL_AND_REHEARSED)
def test_every_method_that_writes_is_rehearsed(real: type, rehearsed: type) -> None:
    assert writers_of(real) - set(vars(rehearsed)) == set()


def test_the_walk_finds_the_methods_that_write() -> None:
    found = set().union(*(writers_of(real) for real, _ in REAL_AND_REHEARSED))
    assert found >= WRITES | {"react", "unreact", "open_view", "open_dm"}


@pytest.mark.parametrize(("real", "rehearsed"), REAL_AND_REHEARSED)
def test_a_rehearsed_method_is_called_as_the_real_one(real: Any, rehearsed: Any) -> None:
    for name in set(vars(rehearsed)) & set(vars(real)) - {"__init__", "__doc__", "__module__", "client"}:
        ours, theirs = inspect.signature(vars(rehearsed)[name]), inspect.signature(vars(real)[name])
        assert list(ours.parameters) == list(theirs.parameters), name


def written(sandbox: Sandbox) -> list[str]:
    return [
        row["path"]
        for service in ("slack", "gitlab", "zendesk")
        for row in sandbox.requests(service)
        if row["method"] != "GET"
        and not row["path"].endswith(("auth.test", "users.info", "conversations.list", "oauth/tokens"))
    ]


def test_what_slack_would_be_told_is_only_told(sandbox: Sandbox) -> None:
    script = Script(lambda line: None)
    slack = SlackRehearsal(script, "xoxb-sandbox", f"{sandbox.url}/slack/api/", TIMEOUT_S)
    slack.channel_ids()
    root = MessageRef(channel="C0STARS", ts="1794924000.000100")
    posted = slack.post("C0STARS", "hello", thread_ts=root.ts, key="k")
    assert slack.find_post("C0STARS", "k") == posted
    slack.update(posted, "hello again")
    slack.ephemeral("C0STARS", "U0LENA", "psst")
    slack.react(root, "eyes")
    slack.unreact(root, "eyes")
    slack.open_view("trigger", {"callback_id": "form"})
    slack.answer_dialog("V1:1.a", {"callback_id": "form"})
    slack.post(slack.open_dm("U0LENA"), "a word", key="k2")
    with pytest.raises(StarbotError):
        _ = slack.client
    assert [words(line) for line in script.lines] == [
        "would post in a thread of #support_ticket-attention-requests: hello",
        "would change its message in #support_ticket-attention-requests: hello again",
        "would say to Lena Vogt alone: psst",
        "would put :eyes: on a post in #support_ticket-attention-requests",
        "would take :eyes: off a post in #support_ticket-attention-requests",
        "would open the dialog form",
        "would open the dialog form",
        "would write to Lena Vogt: a word",
    ]
    assert written(sandbox) == []


def test_a_made_up_issue_goes_on_living(sandbox: Sandbox) -> None:
    script = Script(lambda line: None)
    gitlab = GitLabRehearsal(script, f"{sandbox.url}/gitlab", "glpat-sandbox", TIMEOUT_S)
    issue = gitlab.open_issue(
        PROJECT,
        title="STAR",
        description="text",
        labels=["a"],
        confidential=True,
        assignee_id=gitlab.user_id("lvogt"),
        marker="m" * 16,
    )
    assert (issue.assignee, issue.labels) == ("lvogt", ("a",))
    assert gitlab.find_issues(PROJECT, "m" * 16, None) == [issue]
    closed = gitlab.update_issue(PROJECT, issue.iid, add_labels=["b"], state_event="close")
    assert (closed.state, closed.labels) == ("closed", ("a", "b"))
    noted = gitlab.note(PROJECT, issue.iid, "text", marker="n" * 16, internal=True)
    assert gitlab.find_note(PROJECT, issue.iid, "n" * 16) == noted
    assert gitlab.label_changes(PROJECT, issue.iid) == []
    assert [words(line) for line in script.lines] == [
        f"would open an issue in {PROJECT} (confidential): STAR",
        f"would change the new issue in {PROJECT}: labels, close",
        f"would note the new issue in {PROJECT}: text",
    ]
    assert written(sandbox) == []


def test_an_issue_that_is_really_there_is_read_and_left_as_it_is(sandbox: Sandbox) -> None:
    sandbox.control("gitlab/act", {"action": "open", "title": "another bot's", "description": ""})
    gitlab = GitLabRehearsal(Script(lambda line: None), f"{sandbox.url}/gitlab", "glpat-sandbox", TIMEOUT_S)
    found = gitlab.update_issue(PROJECT, 1, state_event="close")
    assert isinstance(found, IssueRef)
    assert (found.iid, found.state) == (1, "closed")
    assert sandbox.state()["gitlab"]["issues"][0]["state"] == "opened"
    assert gitlab.find_note(PROJECT, 1, "z" * 16) is None


def test_what_zendesk_would_be_told_is_only_told(sandbox: Sandbox) -> None:
    script = Script(lambda line: None)
    zendesk = ZendeskRehearsal(
        script, f"{sandbox.url}/zendesk", "starbot", "sandbox-client-secret", "", "", TIMEOUT_S
    )
    zendesk.note(123456, "two\nlines", add_tags=["star"], key="k")
    zendesk.public_reply(123456, "dear customer", "k2")
    preview = MacroPreview(ticket_id=123456, macro_id=1, updated_stamp="", tags_added=("t",))
    zendesk.apply_macro(123456, preview, comment="text", key="k3")
    zendesk.apply_macro(123456, preview, comment="text", key="k4", public=True)
    assert all(zendesk.has_key(123456, key) for key in ("k", "k2", "k3", "k4"))
    assert not zendesk.has_key(123456, "k5")
    assert [words(line) for line in script.lines] == [
        "would note #123456 (private): two",
        "would tag #123456: star",
        "would write to the customer on #123456: dear customer",
        "would apply the macro to #123456: tag t, a note",
        "would apply the macro to #123456: tag t, a public reply",
    ]
    assert written(sandbox) == []


def test_every_deed_has_words_and_every_word_a_deed() -> None:
    source = inspect.getsource(inspect.getmodule(Script))  # type: ignore[arg-type]
    assert {deed for deed in DEEDS if f'"{deed}"' in source} == set(DEEDS)
    assert all(words(Would("slack", deed, "there", "that")).startswith("would ") for deed in DEEDS)
