"""Dialogs of an old version, dialogs that were made up, and people who are no members of the workspace."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.filing import FINE, card_about, closes, is_sent_raw, opened, sends, shown, submission
from tests.stage import CASEY, ENGINEER, GUEST, LENA, STARS, STRANGER, Stage

ELSEWHERE = "T0ELSEWHERE"
KIND = "STARs are filed by members of this workspace. Please ask your contact at GitLab to file it for you."
STRANGE = "That is for members of this workspace. Please ask your contact at GitLab to do it."


@pytest.fixture(autouse=True)
def _nothing_is_filed_and_no_dialog_stays(shared: Stage) -> Iterator[None]:
    yield
    shared.quiet(0.3)
    assert shared.issue(FINE[0]) is None and card_about(shared, FINE[0]) is None
    for user in (CASEY, ENGINEER, GUEST):
        closes(shared, user)


@pytest.fixture
def view(shared: Stage) -> dict[str, Any]:
    """The form, as it opened for Casey."""
    shared.commands(CASEY, "")
    return opened(shared, CASEY)


def _without(view: dict[str, Any], name: str) -> dict[str, Any]:
    return view | {"blocks": [block for block in view["blocks"] if block["block_id"] != name]}


# -- an old version


@pytest.mark.parametrize("name", ["urgency", "desired_result", "consent"])
def test_a_form_that_lacks_a_field_of_today_is_sent_back_with_what_was_written(
    shared: Stage, view: dict[str, Any], name: str
) -> None:
    answer = is_sent_raw(shared, submission(CASEY, _without(view, name), ticket=str(FINE[0])))
    told = "This dialog is from before an update. Copy what you wrote, close it, and open it again."
    assert answer == {"response_action": "errors", "errors": {"ticket": told}}


@pytest.mark.parametrize("behind", ["", "star-12345678", "[]", "{}", '{"case": "", "hints": 5, "ticket": 1}'])
def test_a_form_that_carries_something_else_than_ours_is_sent_back_too(
    shared: Stage, view: dict[str, Any], behind: str
) -> None:
    odd = view | {"private_metadata": behind}
    answer = is_sent_raw(shared, submission(CASEY, odd, ticket=str(FINE[0])))
    assert answer["response_action"] == "errors" and set(answer["errors"]) == {"ticket"}


def test_a_dialog_that_is_not_known_any_more_asks_to_be_opened_again(
    shared: Stage, view: dict[str, Any]
) -> None:
    answer = is_sent_raw(shared, submission(CASEY, {**view, "callback_id": "star_old", "blocks": []}))
    assert answer["response_action"] == "update"
    assert "Please close it and open it again." in json.dumps(answer["view"])


# -- made up


@pytest.mark.parametrize("urgency", ["Very urgent", "", "Urgent, Timely", "\u202e", "x" * 30_000])
def test_an_urgency_that_nobody_offers_stands_at_its_field(
    shared: Stage, view: dict[str, Any], urgency: str
) -> None:
    answer = is_sent_raw(shared, submission(CASEY, view, ticket=str(FINE[0]), urgency=urgency))
    assert set(answer["errors"]) == {"urgency"}
    assert "Choose one of: Urgent, Timely, Not Urgent." in answer["errors"]["urgency"]
    assert len(answer["errors"]["urgency"]) < 200


@pytest.mark.parametrize("consent", [[], ["no"], ["yes, of course"]])
def test_consent_is_only_what_was_ticked(shared: Stage, view: dict[str, Any], consent: list[str]) -> None:
    answer = is_sent_raw(shared, submission(CASEY, view, ticket=str(FINE[0]), consent=consent))
    assert answer["errors"] == {"consent": "Please read when to file a STAR, and tick this."}


def test_a_made_up_form_completes_nobody_elses_star(shared: Stage) -> None:
    root = shared.files_star(Ticket="N/A")
    reply = shared.until(lambda: shared.messages(thread_ts=root))[0]
    case_id = reply["blocks"][1]["elements"][0]["value"]
    shared.commands(ENGINEER, "")
    behind = json.dumps({"case": case_id, "ticket": FINE[0], "hints": []})
    odd = opened(shared, ENGINEER) | {"private_metadata": behind}
    is_sent_raw(shared, submission(ENGINEER, odd, ticket=str(FINE[0])))
    only = "Only whoever filed this STAR, or a Support Manager, can complete it."
    shared.until(lambda: only in shown(shared, ENGINEER))
    assert "It is kept, and needs one thing from you:" in shared.reply(root)


@pytest.mark.parametrize(
    "state",
    [{}, {"values": None}, {"values": {"ticket": 5}}, {"values": {"ticket": {"ticket": {"value": 7}}}}],
    ids=repr,
)
def test_a_form_that_is_no_form_changes_nothing(
    shared: Stage, view: dict[str, Any], state: dict[str, Any]
) -> None:
    payload = submission(CASEY, view)
    payload["view"]["state"] = state
    is_sent_raw(shared, payload)


# -- guests and people of other workspaces


@pytest.mark.parametrize("way", ["command", "shortcut", "shortcut of a message"])
def test_a_guest_is_told_kindly_whom_to_ask(shared: Stage, way: str) -> None:
    if way == "command":
        shared.commands(GUEST, str(FINE[0]))
    elif way == "shortcut":
        shared.uses_shortcut(GUEST, "star_file")
    else:
        post = shared.writes(GUEST, STARS, f"Please look at {FINE[0]}.")
        shared.uses_shortcut(GUEST, "star_file_about", STARS, post)
    seen = opened(shared, GUEST)
    assert KIND in shown(shared, GUEST)
    assert seen["submit"] is None


def test_a_form_in_a_guests_hands_files_nothing(shared: Stage, view: dict[str, Any]) -> None:
    is_sent_raw(shared, submission(GUEST, view, ticket=str(FINE[0])))
    shared.until(lambda: KIND in shown(shared, CASEY))


def test_a_form_sent_from_another_workspace_files_nothing(shared: Stage, view: dict[str, Any]) -> None:
    assert is_sent_raw(shared, submission(STRANGER, view, ELSEWHERE, ticket=str(FINE[0]))) == {}


def test_a_shortcut_from_another_workspace_opens_nothing_and_is_answered_where_it_can_be(
    shared: Stage,
) -> None:
    about = {"team": {"id": ELSEWHERE}, "user": {"id": STRANGER, "team_id": ELSEWHERE}, "trigger_id": "1.2"}
    is_sent_raw(shared, about | {"type": "shortcut", "callback_id": "star_file"})
    message = {"channel": {"id": STARS}, "message": {"text": str(FINE[0])}, "message_ts": "1.2"}
    is_sent_raw(shared, about | message | {"type": "message_action", "callback_id": "star_file_about"})
    shared.until(lambda: shared.whispers(STRANGER) == [STRANGE])
    assert shared.views(STRANGER) == []


@pytest.mark.parametrize("user", [LENA, CASEY])
def test_people_of_the_workspace_get_the_form(shared: Stage, user: str) -> None:
    shared.commands(user, "")
    answer = sends(shared, user, ticket="N/A")
    assert not answer["ok"], "what makes these stories stories: the same form takes an answer of theirs"
    closes(shared, user)
