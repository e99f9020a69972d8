"""What people put into the inputs of a modal, as the app gets it."""

from typing import Any

import pytest
from slack_sdk import WebClient

from starbot_sandbox.slack.inputs import begun, chosen, complaint
from tests.sandbox.desk import Desk, Ear
from tests.sandbox.slack.modal import asking, modal, opened, option, plain

LEVELS = [option("high", description=plain("now")), option("low"), option("none")]
GROUPS = [{"label": plain("Open"), "options": LEVELS[:2]}, {"label": plain("Other"), "options": LEVELS[2:]}]
PEOPLE = {"Lena Vogt": "U0LENA", "U0LENA": "U0LENA", "U0MEI": "U0MEI"}

CASES: list[tuple[dict[str, Any], Any, dict[str, Any], dict[str, Any]]] = [
    (
        {"type": "plain_text_input", "initial_value": "so far"},
        "two\nlines",
        {"value": "so far"},
        {"value": "two lines"},
    ),
    ({"type": "plain_text_input", "multiline": True}, "two\nlines", {"value": None}, {"value": "two\nlines"}),
    (
        {"type": "static_select", "options": LEVELS, "initial_option": LEVELS[1]},
        "High",
        {"selected_option": LEVELS[1]},
        {"selected_option": LEVELS[0]},
    ),
    (
        {"type": "static_select", "option_groups": GROUPS},
        "none",
        {"selected_option": None},
        {"selected_option": LEVELS[2]},
    ),
    (
        {"type": "radio_buttons", "options": LEVELS},
        "low",
        {"selected_option": None},
        {"selected_option": LEVELS[1]},
    ),
    (
        {"type": "multi_static_select", "options": LEVELS, "initial_options": LEVELS[:1]},
        ["low", "none"],
        {"selected_options": LEVELS[:1]},
        {"selected_options": LEVELS[1:]},
    ),
    (
        {"type": "checkboxes", "options": LEVELS},
        "low",
        {"selected_options": []},
        {"selected_options": [LEVELS[1]]},
    ),
    (
        {"type": "users_select", "initial_user": "U0MEI"},
        "Lena Vogt",
        {"selected_user": "U0MEI"},
        {"selected_user": "U0LENA"},
    ),
    (
        {"type": "multi_users_select", "initial_users": ["U0MEI"]},
        ["U0MEI", "Lena Vogt"],
        {"selected_users": ["U0MEI"]},
        {"selected_users": ["U0MEI", "U0LENA"]},
    ),
    (
        {"type": "datepicker", "initial_date": "2026-11-17"},
        "2026-11-20",
        {"selected_date": "2026-11-17"},
        {"selected_date": "2026-11-20"},
    ),
    ({"type": "timepicker"}, "09:30", {"selected_time": None}, {"selected_time": "09:30"}),
]


@pytest.mark.parametrize(("element", "answer", "first", "then"), CASES, ids=lambda case: str(case)[:40])
def test_an_input_begins_with_its_initial_value_and_takes_an_answer(
    element: dict[str, Any], answer: Any, first: dict[str, Any], then: dict[str, Any]
) -> None:
    kind = {"type": element["type"]}
    assert begun(element) == kind | first
    assert chosen(element, answer, PEOPLE.__getitem__) == kind | then
    empty = chosen(element, "", PEOPLE.__getitem__)
    assert complaint({"element": element}, empty) == "Please complete this required field."
    assert complaint({"element": element, "optional": True}, empty) is None


IMPOSSIBLE = [
    (
        {"type": "static_select", "options": LEVELS},
        "urgent",
        "no option 'urgent'; there are: high, low, none",
    ),
    ({"type": "checkboxes", "options": LEVELS}, ["high", "urgent"], "no option 'urgent'"),
    (
        {"type": "multi_users_select", "max_selected_items": 1},
        ["U0LENA", "U0MEI"],
        "2 were selected and 1 may be",
    ),
    ({"type": "datepicker"}, "tomorrow", "'tomorrow' is not a date"),
    ({"type": "datepicker"}, "2026-02-30", "day is out of range"),
    ({"type": "timepicker"}, "9:30", "'9:30' is not a time"),
    ({"type": "file_input"}, "x", "the sandbox cannot fill a file_input"),
]


@pytest.mark.parametrize(("element", "answer", "said"), IMPOSSIBLE, ids=lambda case: str(case)[:40])
def test_nobody_can_put_in_what_slack_does_not_offer(element: dict[str, Any], answer: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        chosen(element, answer, PEOPLE.__getitem__)


def test_too_short_a_text_is_sent_back(desk: Desk, slack: WebClient, ear: Ear) -> None:
    view_id = opened(desk, slack, ear, asking("sentence", min_length=5))
    said = desk.post("slack/submit", user="U0LENA", view_id=view_id, values={"sentence": "no"})
    assert said == {"ok": False, "errors": {"sentence": "Please enter at least 5 characters."}}


def test_a_submission_has_the_state_of_every_input_touched_or_not(
    desk: Desk, slack: WebClient, ear: Ear
) -> None:
    picker = {"type": "timepicker", "action_id": "time", "initial_time": "09:00"}
    view_id = opened(
        desk,
        slack,
        ear,
        asking("who", "users_select"),
        asking("level", "radio_buttons", options=LEVELS, initial_option=LEVELS[0]),
        {"type": "actions", "block_id": "when", "elements": [picker]},
    )
    assert desk.post("slack/submit", user="U0LENA", view_id=view_id, values={"who": "Mei Tanaka"})["ok"]
    assert ear.last("view_submission").payload["view"]["state"]["values"] == {
        "who": {"who-answer": {"type": "users_select", "selected_user": "U0MEI"}},
        "level": {"level-answer": {"type": "radio_buttons", "selected_option": LEVELS[0]}},
        "when": {"time": {"type": "timepicker", "selected_time": "09:00"}},
    }


def test_what_is_picked_in_an_actions_block_is_told_at_once_and_kept(
    desk: Desk, slack: WebClient, ear: Ear
) -> None:
    select = {"type": "static_select", "action_id": "level", "options": LEVELS}
    view_id = opened(desk, slack, ear, {"type": "actions", "block_id": "b", "elements": [select]})
    desk.post("slack/click", user="U0LENA", view_id=view_id, action_id="level", selected="low")
    payload = ear.last("block_actions").payload
    (action,) = payload["actions"]
    assert (action["type"], action["selected_option"], action["block_id"]) == (
        "static_select",
        LEVELS[1],
        "b",
    )
    state = {"b": {"level": {"type": "static_select", "selected_option": LEVELS[1]}}}
    assert payload["view"]["state"]["values"] == state
    desk.post("slack/submit", user="U0LENA", view_id=view_id)
    assert ear.last("view_submission").payload["view"]["state"]["values"] == state


def test_an_input_block_tells_of_a_pick_only_if_it_dispatches(desk: Desk, slack: WebClient, ear: Ear) -> None:
    quiet = asking("quiet", "static_select", options=LEVELS)
    loud = asking("loud", "static_select", options=LEVELS) | {"dispatch_action": True}
    view_id = opened(desk, slack, ear, quiet, loud)
    click = {"user": "U0LENA", "view_id": view_id, "selected": "low"}
    assert desk.post("slack/click", **click, action_id="quiet-answer") == {"ok": True, "payload": {}}
    assert [r.type for r in ear.heard] == ["slash_commands"]
    desk.post("slack/click", **click, action_id="loud-answer")
    values = ear.last("block_actions").payload["view"]["state"]["values"]
    assert values["quiet"]["quiet-answer"]["selected_option"] == LEVELS[1]


def test_a_menu_in_a_message_carries_its_state(desk: Desk, slack: WebClient, ear: Ear) -> None:
    menus = [
        {"type": "static_select", "action_id": "level", "options": LEVELS},
        {"type": "users_select", "action_id": "who"},
    ]
    blocks = [{"type": "actions", "block_id": "b", "elements": menus}]
    ts = slack.chat_postMessage(channel="C0STARS", text="card", blocks=blocks)["ts"]
    click = {"user": "U0LENA", "channel": "C0STARS", "ts": ts}
    desk.post("slack/click", **click, action_id="who", selected="Mei Tanaka")
    payload = ear.last("block_actions").payload
    assert payload["actions"][0]["selected_user"] == "U0MEI"
    assert payload["state"]["values"]["b"] == {
        "level": {"type": "static_select", "selected_option": None},
        "who": {"type": "users_select", "selected_user": "U0MEI"},
    }
    assert desk.ask("slack/click", **click, action_id="who", selected="Nobody").status_code == 400


def test_a_pick_survives_an_update_of_the_view(desk: Desk, slack: WebClient, ear: Ear) -> None:
    block = asking("level", "static_select", options=LEVELS)
    view_id = opened(desk, slack, ear, block)
    desk.post("slack/click", user="U0LENA", view_id=view_id, action_id="level-answer", selected="low")
    slack.views_update(view_id=view_id, view=modal(block, asking("more", "datepicker")))
    (view,) = desk.get("slack/views", user="U0LENA")
    assert view["state"]["values"]["level"]["level-answer"]["selected_option"] == LEVELS[1]
