"""A vendor that is slow, down or forgetful delays its own part only, and nothing is done twice."""

from typing import Any

import pytest

from tests.stage import ACTED, BOT, LENA, RETRY, Stage, reactions, said


def _card(stage: Stage, root: str) -> str:
    return said(stage.card(root) or {})


def _notes(stage: Stage, ticket: int) -> list[dict[str, Any]]:
    issue = stage.issue(ticket)
    return issue["notes"] if issue else []


def _is_complete(stage: Stage, root: str, ticket: int) -> bool:
    """Everything that filing brings is there, and the card says nothing of trouble."""
    card = _card(stage, root)
    return (
        "STAR issue #" in card
        and "hourglass" not in card
        and ":warning:" not in card
        and "*Priority*" in card
        and len(_notes(stage, ticket)) >= 1
        and len(stage.comments(ticket)) >= 1
    )


def _assert_nothing_twice(stage: Stage, root: str, ticket: int, notes: int = 1, comments: int = 1) -> None:
    stage.quiet()
    assert len([i for i in stage.issues() if f"ticket {ticket}," in i["title"]]) == 1
    assert len(_notes(stage, ticket)) == notes
    assert len(stage.comments(ticket)) == comments
    assert len([m for m in stage.messages(thread_ts=root) if m.get("user") == BOT]) == 1


@pytest.mark.parametrize(
    "kind", [{"kind": "status", "status": 503}, {"kind": "delay_before", "delay_s": 4.0}]
)
def test_with_gitlab_away_the_card_comes_at_once_and_is_completed_later(
    shared: Stage, kind: dict[str, Any]
) -> None:
    ticket = shared.fresh_ticket()
    shared.breaks("gitlab", **kind)
    root = shared.files_star(Ticket=str(ticket))
    shared.until(lambda: shared.card(root), timeout_s=2.5)
    shared.until(
        lambda: (
            "GitLab has not answered yet. The STAR issue follows as soon as it does." in _card(shared, root)
        )
    )
    assert f"<@{LENA}>: you are on call." in _card(shared, root)
    shared.mends()
    shared.until(lambda: _is_complete(shared, root, ticket), timeout_s=25)
    _assert_nothing_twice(shared, root, ticket)


@pytest.mark.parametrize(
    "kind", [{"kind": "status", "status": 503}, {"kind": "delay_before", "delay_s": 4.0}]
)
def test_with_zendesk_away_card_and_issue_come_and_the_rest_later(
    shared: Stage, kind: dict[str, Any]
) -> None:
    ticket = shared.fresh_ticket()
    shared.breaks("zendesk", **kind)
    root = shared.files_star(Ticket=str(ticket))
    shared.until(lambda: shared.card(root), timeout_s=2.5)
    shared.until(
        lambda: (
            "Zendesk has not answered yet. The ticket's details follow as soon as it does."
            in _card(shared, root)
        )
    )
    shared.until(lambda: _notes(shared, ticket))
    assert shared.comments(ticket) == []
    shared.mends()
    shared.until(lambda: _is_complete(shared, root, ticket), timeout_s=25)
    shared.until(lambda: "| Subject |" in (shared.issue(ticket) or {})["description"])
    _assert_nothing_twice(shared, root, ticket)


ONCE = {
    "Slack limits the post": (
        "slack",
        {"kind": "status", "status": 429, "retry_after": 1, "method": "chat.postMessage"},
    ),
    "Slack's answer to the post is lost": ("slack", {"kind": "drop_after", "method": "chat.postMessage"}),
    "Slack does not take the post": ("slack", {"kind": "drop_before", "method": "chat.postMessage"}),
    "Slack's answer to the post is broken": ("slack", {"kind": "malformed", "method": "chat.postMessage"}),
    "Slack fails at an update": ("slack", {"kind": "status", "status": 503, "method": "chat.update"}),
    "GitLab limits": ("gitlab", {"kind": "status", "status": 429, "retry_after": 1, "method": "POST"}),
    "GitLab's answer to the issue is lost": ("gitlab", {"kind": "drop_after", "method": "POST"}),
    "GitLab's answer to the issue is broken": ("gitlab", {"kind": "malformed", "method": "POST"}),
    "GitLab's answer to the note is lost": (
        "gitlab",
        {"kind": "drop_after", "method": "POST", "path": "/api/v4/projects/*/issues/*/notes"},
    ),
    "Zendesk's answer to the note is lost": ("zendesk", {"kind": "drop_after", "method": "PUT"}),
    "Zendesk's answer to the note is broken": ("zendesk", {"kind": "malformed", "method": "PUT"}),
    "Zendesk says conflict": ("zendesk", {"kind": "status", "status": 409, "method": "PUT"}),
    "Zendesk fails after all": ("zendesk", {"kind": "status", "status": 500, "method": "PUT"}),
    "PagerDuty limits": ("pagerduty", {"kind": "status", "status": 429, "retry_after": 5}),
}


@pytest.mark.parametrize("service,fault", ONCE.values(), ids=ONCE)
def test_a_fault_at_filing_leaves_nothing_undone_and_nothing_twice(
    shared: Stage, service: str, fault: dict[str, Any]
) -> None:
    ticket = shared.fresh_ticket()
    shared.breaks(service, **{"times": 1, **fault})
    root = shared.files_star(Ticket=str(ticket))
    shared.until(lambda: _is_complete(shared, root, ticket))
    _assert_nothing_twice(shared, root, ticket)


def test_lost_answers_all_along_the_end_leave_nothing_undone_and_nothing_twice(shared: Stage) -> None:
    ticket = shared.fresh_ticket()
    root = shared.announced(Ticket=str(ticket))
    for service, method in (
        ("zendesk", "PUT"),
        ("gitlab", "PUT"),
        ("gitlab", "POST"),
        ("slack", "reactions.add"),
    ):
        shared.breaks(service, "drop_after", method=method, times=1)
    shared.reacts(LENA, (shared.card(root) or {})["ts"], "eyes")
    shared.until(lambda: ACTED in shared.ticket(ticket)["tags"] and len(_notes(shared, ticket)) == 2)
    shared.breaks("slack", "drop_after", method="chat.postMessage", times=1)
    shared.breaks("gitlab", "drop_after", times=2)
    shared.reacts(LENA, (shared.card(root) or {})["ts"], "green-check-mark")
    shared.until(
        lambda: (shared.issue(ticket) or {})["state"] == "closed" and len(_notes(shared, ticket)) == 3
    )
    shared.until(lambda: set(reactions(shared.root(root))) == {"eyes", "green-check-mark"})
    shared.until(lambda: shared.question(LENA, ticket))
    shared.until(
        lambda: _card(shared, root).startswith("Resolved") and "hourglass" not in _card(shared, root)
    )
    _assert_nothing_twice(shared, root, ticket, notes=3, comments=2)
    assert len([m for m in shared.messages("D0LENA") if f"#{ticket}" in said(m)]) == 1


def test_a_token_that_ends_is_renewed_unnoticed(shared: Stage) -> None:
    ticket = shared.fresh_ticket()
    shared.desk.post("zendesk/act", action="expire_tokens")
    root = shared.files_star(Ticket=str(ticket))
    shared.until(lambda: _is_complete(shared, root, ticket))
    _assert_nothing_twice(shared, root, ticket)


def test_slow_slack_is_never_complained_of_for_ever(shared: Stage) -> None:
    ticket = shared.fresh_ticket()
    root = shared.announced(Ticket=str(ticket))
    shared.breaks("slack", status=503, method="chat.update", times=2)
    shared.breaks("slack", status=503, method="reactions.add", times=1)
    shared.presses(LENA, shared.card(root) or {}, "star_acknowledge")
    shared.until(
        lambda: (
            "has been looking since" in _card(shared, root)
            and reactions(shared.root(root)) == {"eyes": [BOT]}
        )
    )
    shared.quiet()
    assert "hourglass" not in _card(shared, root)


def test_a_project_that_hides_is_told_and_retry_opens_the_issue(shared: Stage) -> None:
    ticket = shared.fresh_ticket()
    shared.desk.post("gitlab/act", action="hide", project="101")
    root = shared.files_star(Ticket=str(ticket))
    shared.until(lambda: RETRY in _card(shared, root))
    assert "I could not open or update the STAR issue: GitLab" in _card(shared, root)
    shared.until(lambda: f"<@{LENA}>: you are on call." in _card(shared, root))
    shared.desk.post("gitlab/act", action="show", project="101")
    shared.presses(LENA, shared.card(root) or {}, RETRY)
    shared.until(lambda: _is_complete(shared, root, ticket))
    _assert_nothing_twice(shared, root, ticket)


def test_a_gitlab_that_fails_twice_costs_no_more_than_the_two_tries(empty_stage: Stage) -> None:
    """Nothing of those tries is under way, so nobody waits for the vendor's own limit."""
    empty_stage.patience = ""
    empty_stage.configure("")
    stage = empty_stage.start()
    stage.breaks("gitlab", status=503, times=2)
    stage.files_star()
    assert len(stage.until(stage.issues, timeout_s=15)) == 1
