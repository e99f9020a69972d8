"""The limits of Block Kit, and that slack_sdk's own models pass them."""

from typing import Any

import pytest
from slack_sdk.models.blocks import ActionsBlock, ButtonElement, HeaderBlock, SectionBlock
from slack_sdk.models.views import View

from starbot_sandbox.slack.blocks import checked_blocks, checked_view
from starbot_sandbox.slack.errors import SlackError


def section(text: str, **more: Any) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}, **more}


def button(text: str = "Go", **more: Any) -> dict[str, Any]:
    return {"type": "button", "text": {"type": "plain_text", "text": text}, **more}


def actions(*elements: dict[str, Any]) -> dict[str, Any]:
    return {"type": "actions", "elements": list(elements)}


GOOD = [
    HeaderBlock(text="STAR").to_dict(),
    SectionBlock(text="a *ticket*", fields=["one", "two"]).to_dict(),
    ActionsBlock(elements=[ButtonElement(text="Go", action_id="go", value="1")]).to_dict(),
]

BAD = [
    ([section("x")] * 51, "no more than 50 items allowed [json-pointer:/blocks]"),
    ([section("x" * 3001)], "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"),
    ([section("")], "must be more than 0 characters"),
    ([{"type": "section"}], "missing required field: text or fields"),
    ([{"type": "poem"}], "unsupported type: poem [json-pointer:/blocks/0/type]"),
    ([{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}], "less than 151"),
    ([{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}], "must be plain_text"),
    ([actions(button("x" * 76))], "[json-pointer:/blocks/0/elements/0/text/text]"),
    ([actions(button(value="x" * 2001))], "less than 2001"),
    ([actions(*[button()] * 26)], "no more than 25 items"),
    ([actions()], "missing required field: elements"),
    ([{"type": "context", "elements": [{"type": "mrkdwn", "text": "x"}] * 11}], "no more than 10"),
    ([{"type": "section", "fields": [{"type": "mrkdwn", "text": "x" * 2001}]}], "less than 2001"),
    ([section("x", block_id="b"), section("y", block_id="b")], "`block_id` b already exists"),
    ([actions(button(action_id="a"), button(action_id="a"))], "`action_id` a already exists"),
]


def test_what_the_models_of_slack_sdk_write_is_taken() -> None:
    assert [block["type"] for block in checked_blocks(GOOD)] == ["header", "section", "actions"]


@pytest.mark.parametrize(("blocks", "complaint"), BAD)
def test_what_is_over_a_limit_is_refused_with_its_place(blocks: list[dict[str, Any]], complaint: str) -> None:
    with pytest.raises(SlackError) as caught:
        checked_blocks(blocks)
    assert caught.value.code == "invalid_blocks"
    assert any(complaint in message for message in caught.value.extra["response_metadata"]["messages"])


def test_blocks_that_are_no_list_or_too_long_together_have_errors_of_their_own() -> None:
    with pytest.raises(SlackError, match="invalid_blocks_format"):
        checked_blocks({"type": "section"})
    with pytest.raises(SlackError, match="msg_blocks_too_long"):
        checked_blocks([section("x" * 2900)] * 5)


def test_blocks_and_elements_without_ids_get_one() -> None:
    first, second = checked_blocks([section("x"), actions(button())])
    assert first["block_id"] != second["block_id"]
    assert second["elements"][0]["action_id"]


def test_a_confirm_dialog_has_limits() -> None:
    confirm = {
        "title": {"type": "plain_text", "text": "x" * 101},
        "text": {"type": "plain_text", "text": "x"},
        "confirm": {"type": "plain_text", "text": "Yes"},
        "deny": {"type": "plain_text", "text": "No"},
    }
    with pytest.raises(SlackError) as caught:
        checked_blocks([actions(button(confirm=confirm))])
    assert "less than 101" in str(caught.value.extra)


@pytest.mark.parametrize(
    "change",
    [
        {"title": {"type": "plain_text", "text": "x" * 25}},
        {"private_metadata": "x" * 3001},
        {"blocks": [section("x")] * 101},
        {"type": "page"},
        {"submit": None},
    ],
)
def test_a_view_over_a_limit_is_refused(change: dict[str, Any]) -> None:
    element = {"type": "plain_text_input", "action_id": "a"}
    label = {"type": "plain_text", "text": "Sentence"}
    blocks = [{"type": "input", "block_id": "b", "label": label, "element": element}]
    view = View(type="modal", title="Resolve", submit="Send", blocks=blocks).to_dict()
    assert checked_view(view)["type"] == "modal"
    changed = {key: value for key, value in (view | change).items() if value is not None}
    with pytest.raises(SlackError, match="invalid_arguments"):
        checked_view(changed)
