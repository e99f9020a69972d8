"""Envelopes as a hostile or outdated sender would send them: each is answered, none changes anything."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from tests.stage import ACKNOWLEDGE, CASEY, ENGINEER, GUEST, LENA, STARS, STRANGER, Stage, said

TEAM, ELSEWHERE = "T0SANDBOX", "T0ELSEWHERE"
OLD = "This dialog is from before an update. Copy what you wrote, close it, and open it again."

Json = dict[str, Any]


def _sends(stage: Stage, kind: str, payload: Mapping[str, Any]) -> Json:
    """An envelope is sent; what comes back, which is never nothing."""
    answer: Json = stage.desk.post("slack/raw", type=kind, payload=dict(payload))
    assert answer["ok"] is True, answer
    response: Json = answer["response"]
    return response


def _frame(user: str, team: str = TEAM, **more: Any) -> Json:
    return {
        "user": {"id": user, "username": "x", "name": "x", "team_id": team},
        "team": {"id": TEAM, "domain": "gitlab-sandbox"},
        "trigger_id": f"{user}.{json.dumps(more, sort_keys=True)[:40]}",
        **more,
    }


def _click(user: str, action_id: str, value: str, team: str = TEAM, **more: Any) -> Json:
    action = {"type": "button", "action_id": action_id, "block_id": "b", "value": value, **more}
    return _frame(user, team, type="block_actions", channel={"id": STARS}, actions=[action])


def _view(callback_id: str, metadata: str, values: Mapping[str, str], **more: Any) -> Json:
    blocks = [{"type": "input", "block_id": name} for name in values]
    state = {name: {name: {"type": "plain_text_input", "value": given}} for name, given in values.items()}
    return {
        "id": "V0OLD",
        "hash": "1.1",
        "type": "modal",
        "callback_id": callback_id,
        "private_metadata": metadata,
        "blocks": blocks,
        "state": {"values": state},
        **more,
    }


def _submits(user: str, view: Json, team: str = TEAM) -> Json:
    return _frame(user, team, type="view_submission", view=view)


def _star(stage: Stage) -> tuple[str, str]:
    """The id of a STAR that nobody looks at yet, and the ts of its form post."""
    root = stage.announced(Ticket=str(stage.fresh_ticket()))
    card = stage.card(root) or {}
    values = [one.get("value") for block in card["blocks"] for one in block.get("elements", [])]
    return str(next(value for value in values if value)), root


def _world(stage: Stage) -> Any:
    """Everything that a change would show in; answers to one person aside."""
    stage.quiet(0.4)
    state = stage.state
    return (
        state["slack"]["messages"],
        state["gitlab"]["issues"],
        {number: one["comments"] for number, one in state["zendesk"]["tickets"].items()},
    )


def test_a_button_that_nobody_knows_is_answered(shared: Stage) -> None:
    star, _ = _star(shared)
    before = _world(shared)
    for action_id in ("star_explode", "", "star_acknowledge ", "x" * 255):
        assert _sends(shared, "interactive", _click(LENA, action_id, star)) == {}
    unknown = (
        "I do not know that button any more; the message may be from before an update. Nothing was changed."
    )
    shared.until(lambda: shared.whispers(LENA).count(unknown) == 4)
    assert _world(shared) == before


def test_a_choice_of_the_menu_that_nobody_knows_is_answered(shared: Stage) -> None:
    star, _ = _star(shared)
    before = _world(shared)
    told = len(shared.whispers(LENA))
    option = {"text": {"type": "plain_text", "text": "?"}, "value": f"star_explode {star}"}
    click = _click(LENA, "star_more", "", selected_option=option)
    assert _sends(shared, "interactive", click) == {}
    shared.until(lambda: len(shared.whispers(LENA)) == told + 1)
    assert _world(shared) == before


@pytest.mark.parametrize("action_id", [ACKNOWLEDGE, "star_triage", "star_claim", "star_undo", "star_retry_0"])
@pytest.mark.parametrize("value", ["star-nosuch", "'; drop table cases", "\u0000", "x" * 2000])
def test_a_button_of_a_star_that_is_not_in_the_books_changes_nothing(
    shared: Stage, action_id: str, value: str
) -> None:
    assert _sends(shared, "interactive", _click(LENA, action_id, value)) == {}


def test_a_dialog_that_nobody_knows_says_that_it_is_old(shared: Stage) -> None:
    star, _ = _star(shared)
    before = _world(shared)
    with_text = _sends(shared, "interactive", _submits(LENA, _view("star_old_view", star, {"text": "x"})))
    assert with_text == {"response_action": "errors", "errors": {"text": OLD}}
    answer = _sends(shared, "interactive", _submits(LENA, _view("star_old_view", star, {})))
    assert answer["response_action"] == "update"
    assert "This dialog is from before an update." in said(answer["view"])
    assert _world(shared) == before


@pytest.mark.parametrize(
    "callback_id,values",
    [
        ("star_triage_view", {"step": "x"}),
        ("star_ask_view", {"text": "x"}),
        ("star_resolve_view", {"sentence": "x"}),
        ("star_unstar_view", {"text": "x"}),
        ("star_reopen_view", {"why": "x"}),
        ("star_facts_view", {"fact": "x"}),
        ("star_file_view", {"ticket": "123456", "urgency": "Urgent"}),
    ],
)
def test_a_dialog_of_an_old_version_keeps_what_was_written_and_says_so(
    shared: Stage, callback_id: str, values: dict[str, str]
) -> None:
    star, _ = _star(shared)
    before = _world(shared)
    answer = _sends(shared, "interactive", _submits(LENA, _view(callback_id, star, values)))
    assert answer == {"response_action": "errors", "errors": {next(iter(values)): OLD}}
    assert _world(shared) == before


@pytest.mark.parametrize(
    "metadata", ["", "star-1", "{}", "[]", "5", '{"case": "", "ticket": "1"}', "{" * 3000]
)
def test_a_form_whose_notes_are_of_another_version_is_not_said_to_be_kept(
    shared: Stage, metadata: str
) -> None:
    whole = {"ticket": "123480", "urgency": "Urgent", "reason": "x", "desired_result": "x", "consent": "yes"}
    answer = _sends(shared, "interactive", _submits(CASEY, _view("star_file_view", metadata, whole)))
    assert answer == {"response_action": "errors", "errors": {"ticket": OLD}}
    assert shared.issue(123480) is None


def test_a_dialog_with_a_choice_that_nobody_offered_is_sent_back(shared: Stage) -> None:
    star, _ = _star(shared)
    before = _world(shared)
    view = _view("star_unstar_view", star, {"reason": "Because", "alternative": "x", "agreed": "perhaps"})
    answer = _sends(shared, "interactive", _submits(LENA, view))
    assert set(answer["errors"]) == {"reason", "agreed"}
    view = _view("star_triage_view", star, {"decision": "/close", "category": "Escalation::Mine"})
    assert set(_sends(shared, "interactive", _submits(LENA, view))["errors"]) == {"decision", "category"}
    assert _world(shared) == before


def test_somebody_of_another_workspace_is_refused_everywhere(shared: Stage) -> None:
    star, root = _star(shared)
    before = _world(shared)
    assert _sends(shared, "interactive", _click(STRANGER, ACKNOWLEDGE, star, ELSEWHERE)) == {}
    no = "That is for members of this workspace. Please ask your contact at GitLab to do it."
    shared.until(lambda: no in shared.whispers(STRANGER))
    for user in (STRANGER, LENA):  # a manager's id from elsewhere is not the manager
        assert _sends(shared, "interactive", _click(user, ACKNOWLEDGE, star, ELSEWHERE)) == {}
        sent = _submits(user, _view("star_resolve_view", star, {"next_step": "x"}), ELSEWHERE)
        assert _sends(shared, "interactive", sent) == {}
        shortcut = _frame(user, ELSEWHERE, type="shortcut", callback_id="star_file")
        assert _sends(shared, "interactive", shortcut) == {}
        for text in ("list", "show 123456", "", "help"):
            command = {
                "command": "/star",
                "team_id": ELSEWHERE,
                "user_id": user,
                "channel_id": STARS,
                "text": text,
                "trigger_id": "1.2",
            }
            told = said(_sends(shared, "slash_commands", command))
            assert "STARs are for members of this workspace." in told and "#123456" not in told
    assert shared.views(STRANGER) == shared.views(LENA) == []
    shared.reacts(STRANGER, root, "eyes")
    shared.writes(STRANGER, STARS, "hello", thread_ts=root)
    after = _world(shared)
    assert after[1:] == before[1:]
    assert "has been looking" not in said(shared.card(root) or {})


@pytest.mark.parametrize("user", [GUEST, ENGINEER, CASEY])
def test_a_dialog_that_somebody_without_the_right_made_up_changes_nothing(shared: Stage, user: str) -> None:
    star, _ = _star(shared)
    before = _world(shared)
    for view in (
        _view("star_resolve_view", star, {"next_step": "x"}),
        _view("star_triage_view", star, {"decision": "work"}),
        _view("star_ask_view", star, {"text": "x", "where": "thread"}),
        _view("star_reopen_view", star, {"reason": "x"}),
        _view("star_send_publicly_view", star, {"text": "x"}),
    ):
        assert (
            _sends(shared, "interactive", _submits(user, view | {"id": f"V{user}{view['callback_id']}"}))
            == {}
        )
    kind = "Thank you. Only Support Managers can do that; whoever is on call has been told about this STAR."
    shared.until(lambda: shared.whispers(user).count(kind) == 5)
    assert _world(shared) == before


def test_a_guest_gets_no_form_and_files_nothing(shared: Stage) -> None:
    shared.commands(GUEST, "123481")
    view = shared.until(lambda: shared.views(GUEST))[-1]
    assert "STARs are filed by members of this workspace." in said(view) and not view.get("submit")
    notes = json.dumps({"case": "", "ticket": "", "hints": []})
    whole = {"ticket": "123481", "urgency": "Urgent", "reason": "x", "desired_result": "x", "consent": "yes"}
    forged = _view("star_file_view", notes, whole, id="V0FORGED")
    _sends(shared, "interactive", _submits(GUEST, forged))
    shared.quiet(0.4)
    assert shared.issue(123481) is None


@pytest.mark.parametrize(
    "kind,payload",
    [
        ("interactive", {}),
        ("interactive", {"type": "block_actions"}),
        (
            "interactive",
            {"type": "view_submission", "view": {"type": "modal", "callback_id": "star_file_view"}},
        ),
        ("interactive", {"type": "view_closed", "view": {}}),
        ("interactive", {"type": "shortcut"}),
        ("slash_commands", {"command": "/star"}),
        ("slash_commands", {"command": "/star", "text": "list", "user_id": None}),
        ("slash_commands", {"command": "/star", "text": "show 123456"}),
        ("slash_commands", {"command": "/nothing", "user_id": "U0LENA", "text": "x"}),
        ("slash_commands", {}),
        ("events_api", {"type": "event_callback", "event": {"type": "message"}}),
        ("events_api", {"type": "event_callback", "event": {"type": "app_home_opened"}}),
        ("events_api", {"type": "nonsense"}),
    ],
)
def test_what_is_no_payload_of_slack_is_answered(shared: Stage, kind: str, payload: Json) -> None:
    _sends(shared, kind, payload)
