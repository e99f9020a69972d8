"""Modals: triggers that live three seconds, hashes, answers of the person and of the app."""

from collections.abc import Callable
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from starbot_sandbox.slack import views
from tests.sandbox.desk import Desk, Ear


def plain(text: str) -> dict[str, str]:
    return {"type": "plain_text", "text": text}


def asking(block_id: str, **element: Any) -> dict[str, Any]:
    element = {"type": "plain_text_input", "action_id": block_id + "-answer", **element}
    return {"type": "input", "block_id": block_id, "label": plain("?"), "element": element}


ORDER = {"type": "button", "text": plain("More"), "action_id": "more", "value": "1"}
MODAL = {
    "type": "modal",
    "callback_id": "resolve",
    "title": plain("Resolve"),
    "submit": plain("Send"),
    "private_metadata": "star-1",
    "blocks": [
        asking("sentence", max_length=20),
        {
            **asking(
                "level",
                type="static_select",
                options=[{"text": plain("High"), "value": "high"}, {"text": plain("Low"), "value": "low"}],
            ),
            "optional": True,
        },
        {"type": "actions", "block_id": "buttons", "elements": [ORDER]},
    ],
}


@pytest.fixture
def trigger(desk: Desk, slack: WebClient, ear: Ear) -> Callable[[], str]:
    """A fresh trigger id, from a click of Lena's."""
    ts = slack.chat_postMessage(
        channel="C0STARS", text="card", blocks=[{"type": "actions", "block_id": "b", "elements": [ORDER]}]
    )["ts"]

    def click() -> str:
        desk.post("slack/click", user="U0LENA", channel="C0STARS", ts=ts, action_id="more")
        return str(ear.heard[-1].payload["trigger_id"])

    return click


def error_of(call: Callable[[], Any]) -> str:
    with pytest.raises(SlackApiError) as caught:
        call()
    return str(caught.value.response["error"])


def test_a_trigger_works_once_and_for_three_seconds(
    slack: WebClient, trigger: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    used = trigger()
    slack.views_open(trigger_id=used, view=MODAL)
    assert error_of(lambda: slack.views_open(trigger_id=used, view=MODAL)) == "exchanged_trigger_id"
    assert error_of(lambda: slack.views_open(trigger_id="1.2.3", view=MODAL)) == "invalid_trigger_id"
    late = trigger()
    monkeypatch.setattr(views, "TRIGGER_LIFE_S", 0.0)
    assert error_of(lambda: slack.views_open(trigger_id=late, view=MODAL)) == "expired_trigger_id"


def test_an_update_with_an_old_hash_is_refused(
    desk: Desk, slack: WebClient, trigger: Callable[[], str]
) -> None:
    first = slack.views_open(trigger_id=trigger(), view=MODAL)["view"]
    second = slack.views_update(view_id=first["id"], hash=first["hash"], view=MODAL)["view"]
    assert second["id"] == first["id"] and second["hash"] != first["hash"]
    stale = {"view_id": first["id"], "hash": first["hash"], "view": MODAL}
    assert error_of(lambda: slack.views_update(**stale)) == "hash_conflict"
    assert error_of(lambda: slack.views_update(view_id="V0NONE", view=MODAL)) == "not_found"
    assert [v["id"] for v in desk.get("slack/views", user="Lena Vogt")] == [first["id"]]
    assert desk.get("slack/views", user="U0RAVI") == []


def test_an_external_id_is_unique(slack: WebClient, trigger: Callable[[], str]) -> None:
    named = MODAL | {"external_id": "star-1"}
    slack.views_open(trigger_id=trigger(), view=named)
    again = trigger()
    assert error_of(lambda: slack.views_open(trigger_id=again, view=named)) == "duplicate_external_id"
    assert slack.views_update(external_id="star-1", view=named)["ok"]


def test_a_submission_carries_what_was_typed_and_closes_the_modal(
    desk: Desk, slack: WebClient, trigger: Callable[[], str], ear: Ear
) -> None:
    view_id = slack.views_open(trigger_id=trigger(), view=MODAL)["view"]["id"]
    values = {"sentence": "An engineer has it", "level": "low"}
    assert desk.post("slack/submit", user="U0LENA", view_id=view_id, values=values) == {"ok": True}
    request = ear.heard[-1]
    assert request.payload["type"] == "view_submission" and request.accepts_response_payload
    view = request.payload["view"]
    assert (view["callback_id"], view["private_metadata"]) == ("resolve", "star-1")
    assert view["state"]["values"]["sentence"]["sentence-answer"]["value"] == "An engineer has it"
    assert view["state"]["values"]["level"]["level-answer"]["selected_option"]["value"] == "low"
    assert desk.get("slack/views", user="U0LENA") == []


def test_slack_itself_asks_for_what_is_missing_or_too_long(
    desk: Desk, slack: WebClient, trigger: Callable[[], str], ear: Ear
) -> None:
    view_id = slack.views_open(trigger_id=trigger(), view=MODAL)["view"]["id"]
    heard = len(ear.heard)
    empty = desk.post("slack/submit", user="U0LENA", view_id=view_id)
    assert empty == {"ok": False, "errors": {"sentence": "Please complete this required field."}}
    long = desk.post("slack/submit", user="U0LENA", view_id=view_id, values={"sentence": "x" * 21})
    assert not long["ok"] and "20" in long["errors"]["sentence"]
    assert len(ear.heard) == heard
    other = desk.ask("slack/submit", user="U0LENA", view_id=view_id, values={"nonsense": "x"})
    assert other.status_code == 400
    assert desk.ask("slack/submit", user="U0RAVI", view_id=view_id).status_code == 400


def test_the_app_can_send_a_submission_back(
    desk: Desk, slack: WebClient, trigger: Callable[[], str], ear: Ear
) -> None:
    view_id = slack.views_open(trigger_id=trigger(), view=MODAL)["view"]["id"]
    submit = {"user": "U0LENA", "view_id": view_id, "values": {"sentence": "no"}}
    ear.answer = lambda request: {"response_action": "errors", "errors": {"sentence": "A whole one, please."}}
    assert desk.post("slack/submit", **submit) == {
        "ok": False,
        "errors": {"sentence": "A whole one, please."},
    }
    done = {"type": "modal", "title": plain("Done"), "blocks": [{"type": "divider"}]}
    ear.answer = lambda request: {"response_action": "update", "view": done}
    assert desk.post("slack/submit", **submit) == {"ok": True}
    assert desk.get("slack/views", user="U0LENA")[0]["title"]["text"] == "Done"


def test_a_button_in_a_modal_names_its_view(
    desk: Desk, slack: WebClient, trigger: Callable[[], str], ear: Ear
) -> None:
    view_id = slack.views_open(trigger_id=trigger(), view=MODAL)["view"]["id"]
    assert desk.post("slack/click", user="U0LENA", view_id=view_id, action_id="more")["ok"]
    payload = ear.heard[-1].payload
    assert payload["container"] == {"type": "view", "view_id": view_id}
    assert payload["view"]["id"] == view_id and payload["actions"][0]["value"] == "1"
