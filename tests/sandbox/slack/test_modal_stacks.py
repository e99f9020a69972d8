"""A modal is a stack of views: what the answer to a submission makes of it, pushing, closing."""

from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from tests.sandbox.desk import Desk, Ear
from tests.sandbox.slack.modal import asking, modal, opened, plain, titles, trigger

BUTTON = {"type": "button", "text": plain("More"), "action_id": "more"}
MORE = {"type": "actions", "block_id": "buttons", "elements": [BUTTON]}
SENTENCE = asking("sentence")


def sent(desk: Desk, ear: Ear, view_id: str, answer: Any) -> Any:
    """Lena sends the view and the app's ack is `answer`."""
    ear.answer = lambda request: answer
    values = {"sentence": "An engineer has it"}
    return desk.post("slack/submit", user="U0LENA", view_id=view_id, values=values)


def error_of(slack: WebClient, trigger_id: str, view: dict[str, Any]) -> str:
    with pytest.raises(SlackApiError) as caught:
        slack.views_push(trigger_id=trigger_id, view=view)
    return str(caught.value.response["error"])


def test_a_pushed_view_lies_on_the_one_it_came_from(desk: Desk, slack: WebClient, ear: Ear) -> None:
    root = opened(desk, slack, ear, SENTENCE, title="First")
    pushed = modal(SENTENCE, title="Second")
    assert sent(desk, ear, root, {"response_action": "push", "view": pushed}) == {"ok": True}
    first, second = desk.get("slack/views", user="U0LENA")
    assert (first["root_view_id"], first["previous_view_id"]) == (root, None)
    assert (second["root_view_id"], second["previous_view_id"]) == (root, root)
    under = desk.ask("slack/submit", user="U0LENA", view_id=root)
    assert (under.status_code, "lies under" in under.json()["error"]) == (400, True)
    assert sent(desk, ear, second["id"], {}) == {"ok": True}
    assert titles(desk) == ["First"]


def test_a_fourth_view_is_one_too_many(desk: Desk, slack: WebClient, ear: Ear) -> None:
    top = opened(desk, slack, ear, SENTENCE, title="1")
    for title in "23":
        sent(desk, ear, top, {"response_action": "push", "view": modal(SENTENCE, title=title)})
        top = desk.get("slack/views", user="U0LENA")[-1]["id"]
    answer = sent(desk, ear, top, {"response_action": "push", "view": modal(SENTENCE, title="4")})
    assert answer == {"ok": False, "error": "push_limit_reached"}
    assert titles(desk) == ["1", "2", "3"]
    assert sent(desk, ear, top, {"response_action": "clear"}) == {"ok": True}
    assert titles(desk) == []


def test_an_update_keeps_the_view_and_what_was_typed_under_ids_that_stay(
    desk: Desk, slack: WebClient, ear: Ear
) -> None:
    view_id = opened(desk, slack, ear, SENTENCE, asking("reason", initial_value="x"), title="Before")
    before = desk.get("slack/views", user="U0LENA")[0]["hash"]
    changed = modal(SENTENCE, asking("reason", "email_text_input", action_id="other"), title="After")
    sent(desk, ear, view_id, {"response_action": "update", "view": changed})
    assert ear.last("view_submission").payload["view"]["hash"] == before
    (after,) = desk.get("slack/views", user="U0LENA")
    assert (after["id"], after["title"]["text"], after["hash"] == before) == (view_id, "After", False)
    assert set(after["state"]["values"]) == {"sentence"}
    ear.answer = lambda request: {}
    again = desk.post("slack/submit", user="U0LENA", view_id=view_id, values={"reason": "a@b.example"})
    assert again == {"ok": True}
    values = ear.last("view_submission").payload["view"]["state"]["values"]
    assert values["sentence"]["sentence-answer"]["value"] == "An engineer has it"


REJECTED = [
    ({"response_action": "errors", "errors": {"nowhere": "x"}}, "no input block nowhere"),
    ({"response_action": "errors", "errors": {"buttons": "x"}}, "no input block buttons"),
    ({"response_action": "errors", "errors": {"sentence": ""}}, "must be a text"),
    ({"response_action": "errors", "errors": {}}, "must be an object of errors"),
    ({"response_action": "errors"}, "must be an object of errors"),
    ({"response_action": "update"}, "must be an object [json-pointer:/view]"),
    ({"response_action": "update", "view": modal(title="x" * 25)}, "less than 25"),
    ({"response_action": "update", "view": modal(id="V1")}, "invalid additional property: id"),
    ({"response_action": "push", "view": {"type": "home", "blocks": []}}, "must be modal"),
    ({"response_action": "dance"}, "unknown response_action 'dance'"),
]


@pytest.mark.parametrize(("answer", "complaint"), REJECTED, ids=lambda case: str(case)[:70])
def test_an_answer_that_slack_rejects_is_an_error_and_leaves_the_view(
    desk: Desk, slack: WebClient, ear: Ear, answer: dict[str, Any], complaint: str
) -> None:
    view_id = opened(desk, slack, ear, SENTENCE, MORE)
    said = sent(desk, ear, view_id, answer)
    assert (said["ok"], said["error"]) == (False, "invalid_arguments")
    assert complaint in str(said["response_metadata"])
    assert titles(desk) == ["Dialog"]


def test_errors_stand_under_their_inputs_and_what_was_typed_stays(
    desk: Desk, slack: WebClient, ear: Ear
) -> None:
    view_id = opened(desk, slack, ear, SENTENCE)
    errors = {"sentence": "A whole one, please."}
    assert sent(desk, ear, view_id, {"response_action": "errors", "errors": errors})["errors"] == errors
    ear.answer = lambda request: {}
    assert desk.post("slack/submit", user="U0LENA", view_id=view_id) == {"ok": True}
    values = ear.last("view_submission").payload["view"]["state"]["values"]
    assert values["sentence"]["sentence-answer"]["value"] == "An engineer has it"


def test_views_push_takes_the_trigger_of_a_click_in_the_modal(desk: Desk, slack: WebClient, ear: Ear) -> None:
    root = opened(desk, slack, ear, MORE, title="First")
    desk.post("slack/click", user="U0LENA", view_id=root, action_id="more")
    inside = ear.last("block_actions").payload["trigger_id"]
    pushed = slack.views_push(trigger_id=inside, view=modal(title="Second"))["view"]
    assert (pushed["root_view_id"], pushed["previous_view_id"]) == (root, root)
    assert titles(desk) == ["First", "Second"]
    assert error_of(slack, inside, modal()) == "exchanged_trigger_id"
    assert error_of(slack, trigger(desk, ear), modal()) == "not_found"
    assert error_of(slack, "1.2.3", modal()) == "invalid_trigger_id"


def test_views_push_stops_at_three_views(desk: Desk, slack: WebClient, ear: Ear) -> None:
    top = opened(desk, slack, ear, MORE)
    for _ in range(3):
        desk.post("slack/click", user="U0LENA", view_id=top, action_id="more")
        inside = ear.last("block_actions").payload["trigger_id"]
        if len(titles(desk)) < 3:
            top = slack.views_push(trigger_id=inside, view=modal(MORE))["view"]["id"]
    assert error_of(slack, inside, modal(MORE)) == "push_limit_reached"


def test_a_home_tab_cannot_be_opened_as_a_modal(desk: Desk, slack: WebClient, ear: Ear) -> None:
    with pytest.raises(SlackApiError, match="must be modal"):
        slack.views_open(trigger_id=trigger(desk, ear), view={"type": "home", "blocks": []})


# -- closing


def closings(ear: Ear) -> list[tuple[str, bool]]:
    found = [r.payload for r in ear.heard if r.payload.get("type") == "view_closed"]
    return [(p["view"]["title"]["text"], p["is_cleared"]) for p in found]


def stack(desk: Desk, slack: WebClient, ear: Ear, **top: Any) -> str:
    """First, over it Second, both to be told of when closed; the id of Second."""
    root = opened(desk, slack, ear, SENTENCE, title="First", notify_on_close=True)
    second = modal(SENTENCE, title="Second", notify_on_close=True, **top)
    sent(desk, ear, root, {"response_action": "push", "view": second})
    ear.answer = lambda request: {}
    return str(desk.get("slack/views", user="U0LENA")[-1]["id"])


def test_the_app_hears_of_a_closed_view_if_it_wants_to(desk: Desk, slack: WebClient, ear: Ear) -> None:
    quiet = opened(desk, slack, ear, title="Quiet")
    assert desk.post("slack/close", user="U0LENA", view_id=quiet) == {"ok": True}
    assert (titles(desk), closings(ear)) == ([], [])
    desk.post("slack/close", user="U0LENA", view_id=stack(desk, slack, ear))
    assert (titles(desk), closings(ear)) == (["First"], [("Second", False)])
    assert "trigger_id" not in ear.last("view_closed").payload
    assert desk.ask("slack/close", user="U0LENA", view_id=quiet).status_code == 400


@pytest.mark.parametrize(("top", "closing"), [({}, {"clear": True}), ({"clear_on_close": True}, {})])
def test_the_whole_modal_is_closed_by_its_cross_and_by_clear_on_close(
    desk: Desk, slack: WebClient, ear: Ear, top: dict[str, Any], closing: dict[str, Any]
) -> None:
    desk.post("slack/close", user="U0LENA", view_id=stack(desk, slack, ear, **top), **closing)
    assert titles(desk) == []
    assert closings(ear) == [("Second", True), ("First", True)]


def test_what_has_no_button_for_it_is_neither_sent_nor_closed(desk: Desk, slack: WebClient, ear: Ear) -> None:
    view = {"type": "modal", "title": plain("Read"), "blocks": []}
    view_id = slack.views_open(trigger_id=trigger(desk, ear), view=view)["view"]["id"]
    home = slack.views_publish(user_id="U0LENA", view={"type": "home", "blocks": []})["view"]["id"]
    refused = desk.ask("slack/submit", user="U0LENA", view_id=view_id)
    assert (refused.status_code, "no submit button" in refused.json()["error"]) == (400, True)
    assert desk.ask("slack/close", user="U0LENA", view_id=home).status_code == 400
