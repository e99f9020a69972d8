"""The rules of interactive elements, and that nothing an app sends can break their check."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slack_sdk.models.blocks import (
    CheckboxesElement,
    ConfirmObject,
    DatePickerElement,
    InputBlock,
    Option,
    OptionGroup,
    PlainTextInputElement,
    RadioButtonsElement,
    StaticMultiSelectElement,
    StaticSelectElement,
    TimePickerElement,
    UserMultiSelectElement,
    UserSelectElement,
)

from starbot_sandbox.slack.blocks import checked_blocks, checked_view
from starbot_sandbox.slack.errors import SlackError
from tests.sandbox.slack.modal import asking, modal, option, plain

MRKDWN = {"type": "mrkdwn", "text": "*x*"}
ONE = [option("one")]
OPTIONS = [Option(text="One", value="one", description="first"), Option(text="Two", value="two")]
MODELS = [
    PlainTextInputElement(multiline=True, min_length=1, max_length=3000, placeholder="Write"),
    StaticSelectElement(options=OPTIONS, initial_option=OPTIONS[0], placeholder="Choose"),
    StaticSelectElement(option_groups=[OptionGroup(label="Group", options=OPTIONS)], placeholder="Choose"),
    StaticMultiSelectElement(options=OPTIONS, initial_options=OPTIONS, max_selected_items=2),
    RadioButtonsElement(options=OPTIONS, initial_option=OPTIONS[1]),
    CheckboxesElement(options=OPTIONS, initial_options=OPTIONS[:1]),
    UserSelectElement(initial_user="U0LENA", confirm=ConfirmObject(title="Sure?", text="Really?")),
    UserMultiSelectElement(initial_users=["U0LENA"]),
    DatePickerElement(initial_date="2026-11-17"),
    TimePickerElement(initial_time="09:30"),
]


@pytest.mark.parametrize("element", MODELS, ids=lambda element: str(element.type))
def test_what_the_models_of_slack_sdk_write_is_taken(element: Any) -> None:
    assert checked_view(modal(InputBlock(label="?", element=element).to_dict()))["blocks"]


def confirm(**change: Any) -> dict[str, Any]:
    whole = {name: plain("x") for name in ("title", "text", "confirm", "deny")} | change
    return {name: text for name, text in whole.items() if text is not None}


def grouped(**group: Any) -> dict[str, Any]:
    return asking("a", "static_select", option_groups=[{"label": plain("x"), "options": ONE, **group}])


BAD = [
    (asking("a", "static_select"), "missing required field: options or option_groups"),
    (asking("a", "static_select", options=ONE, option_groups=[]), "options or option_groups, not both"),
    (asking("a", "radio_buttons", option_groups=[]), "missing required field: options"),
    (asking("a", "static_select", options=[]), "no fewer than 1 item"),
    (asking("a", "static_select", options="x"), "must be an array"),
    (asking("a", "static_select", options=["x"]), "must be an object"),
    (asking("a", "static_select", options=[option(str(n)) for n in range(101)]), "no more than 100 items"),
    (asking("a", "radio_buttons", options=[option(str(n)) for n in range(11)]), "no more than 10 items"),
    (asking("a", "checkboxes", options=[option(str(n)) for n in range(11)]), "no more than 10 items"),
    (asking("a", "static_select", options=[{"text": plain("x")}]), "missing required field: value"),
    (asking("a", "static_select", options=[{"value": "x"}]), "must be an object"),
    (asking("a", "static_select", options=[{"text": plain(""), "value": "x"}]), "more than 0 characters"),
    (asking("a", "static_select", options=[{"text": plain("x" * 76), "value": "x"}]), "less than 76"),
    (asking("a", "static_select", options=[option("x" * 151, text=plain("x"))]), "less than 151"),
    (asking("a", "static_select", options=[option("x", description=plain("x" * 76))]), "less than 76"),
    (asking("a", "static_select", options=[option("x", text=MRKDWN)]), "must be plain_text"),
    (asking("a", "static_select", options=ONE, initial_option=option("two")), "must be one of the options"),
    (asking("a", "checkboxes", options=ONE, initial_options=[option("two")]), "must be one of the options"),
    (asking("a", "checkboxes", options=ONE, initial_options=[]), "no fewer than 1 item"),
    (asking("a", "static_select", options=ONE, placeholder=plain("x" * 151)), "less than 151"),
    (asking("a", "static_select", options=ONE, placeholder=MRKDWN), "must be plain_text"),
    (asking("a", "static_select", options=ONE, confirm=confirm(deny=None)), "missing required field: deny"),
    (asking("a", "static_select", options=ONE, confirm=confirm(title=MRKDWN)), "must be plain_text"),
    (grouped(options=[]), "no fewer than 1 item"),
    (grouped(label=plain("x" * 76)), "less than 76"),
    (grouped(label=MRKDWN), "must be plain_text"),
    (grouped(options=[option("x", text=MRKDWN)]), "must be plain_text"),
    (asking("a", "static_select", option_groups=["x"]), "must be an object"),
    (asking("a", "datepicker", initial_date="17.11.2026"), "is not a date"),
    (asking("a", "timepicker", initial_time="25:00"), "hour must be in"),
    (asking("a", "multi_users_select", max_selected_items=0), "must be at least 1"),
    (asking("a", "multi_users_select", initial_users="U0LENA"), "must be an array of user ids"),
    (asking("a", max_length=3001), "must be between 1 and 3000"),
    (asking("a", min_length=-1), "must be between 0 and 3000"),
    (asking("a", min_length=9, max_length=8), "must not be more than max_length"),
    (asking("a", "button", text=plain("x")), "unsupported type: button"),
    (asking("a") | {"label": plain("x" * 2001)}, "less than 2001"),
    (asking("a") | {"label": MRKDWN}, "must be plain_text"),
    (asking("a") | {"label": "x"}, "must be an object"),
    (asking("a", action_id=5), "must be a string"),
    ({"type": "actions", "elements": [{"type": "plain_text_input"}]}, "unsupported type: plain_text_input"),
]


@pytest.mark.parametrize(
    ("block", "complaint"), BAD, ids=[f"{n}-{said[:30]}" for n, (_, said) in enumerate(BAD)]
)
def test_an_element_against_a_rule_is_refused(block: dict[str, Any], complaint: str) -> None:
    with pytest.raises(SlackError) as caught:
        checked_view(modal(block))
    messages = caught.value.extra["response_metadata"]["messages"]
    assert any(complaint in message for message in messages), messages


def test_only_radio_buttons_and_checkboxes_may_be_formatted() -> None:
    formatted = [option("x", text=MRKDWN, description=MRKDWN)]
    for kind in ("radio_buttons", "checkboxes"):
        assert checked_view(modal(asking("a", kind, options=formatted)))


@pytest.mark.parametrize(
    "change",
    [
        {"title": MRKDWN},
        {"title": plain("")},
        {"title": "Dialog"},
        {"title": None},
        {"close": MRKDWN},
        {"submit": plain("x" * 25)},
        {"external_id": "x" * 256},
        {"callback_id": 5},
        {"state": {"values": {}}},
        {"blocks": ["x"]},
        {"blocks": None},
        {"type": ["modal"]},
    ],
    ids=str,
)
def test_a_view_against_a_rule_is_refused(change: dict[str, Any]) -> None:
    assert checked_view(modal())
    with pytest.raises(SlackError, match="invalid_arguments"):
        checked_view(modal() | change)


KEYS = st.sampled_from(
    [
        *("type", "text", "blocks", "elements", "element", "accessory", "options", "option_groups", "value"),
        *("initial_option", "initial_options", "confirm", "action_id", "block_id", "title", "min_length"),
        *("label", "fields"),
    ]
)
KINDS = st.sampled_from(
    [
        *("modal", "home", "section", "actions", "input", "context", "rich_text", "button", "plain_text"),
        *("static_select", "checkboxes", "datepicker", "multi_users_select", "overflow", "plain_text_input"),
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3) | KINDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=6),
    max_leaves=25,
)


@settings(deadline=None)
@given(JSON, st.lists(st.dictionaries(KEYS, JSON, max_size=6), max_size=3))
def test_whatever_an_app_sends_is_taken_or_refused_and_breaks_nothing(view: Any, blocks: Any) -> None:
    for check, sent in ((checked_view, view), (checked_view, modal(*blocks)), (checked_blocks, blocks)):
        try:
            check(sent)  # type: ignore[operator]
        except SlackError as error:
            assert error.code.startswith("invalid_")
