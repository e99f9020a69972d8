"""Payloads about compromised instances: commands as people write them, dialogs that are whole, old or made up."""

import json
from typing import Any

import pytest

from starbot.duties.compromised import slack, words
from starbot.duties.compromised.deeds import MacroSent, PointsSent, Reported
from tests.corpus import HOSTILE
from tests.duties.compromised.stories import LOOK, NOW, PREVIEW, SHOWN, after, event

CASE = after(event("instance_reported"))
MACRO = words.macro_view(CASE, PREVIEW, LOOK)
POINTS = words.points_view(CASE, LOOK, True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("compromised ZD#123456 Unknown runners", (123456, "Unknown runners")),
        ("Compromised   <https://z.example/agent/tickets/123456>  They saw it", (123456, "They saw it")),
        ("compromised 123456", (123456, "")),
        ("compromised ZD#12x4 Unknown", (None, "Unknown")),
        ("compromised", (None, "")),
    ],
)
def test_a_command_is_read_as_people_write_it(text: str, expected: Any) -> None:
    wanted = slack.read_command(text)
    assert wanted is not None
    assert (wanted.ticket, wanted.summary) == expected


@pytest.mark.parametrize("text", ["", "compromise", "backup ZD#1 compromised", *HOSTILE.values()])
def test_other_words_are_no_command_of_ours(text: str) -> None:
    assert slack.read_command(text) is None


def _sent(view: dict[str, Any], **answers: str) -> dict[str, Any]:
    values = {name: {name: {"type": "plain_text_input", "value": text}} for name, text in answers.items()}
    return {"user": {"id": "U1"}, "view": {**view, "id": "V1", "hash": "1.1", "state": {"values": values}}}


def _made_up(view: dict[str, Any], **changes: Any) -> dict[str, Any]:
    about = json.loads(view["private_metadata"]) | changes
    return {**view, "private_metadata": json.dumps(about)}


def test_each_dialog_becomes_its_event_and_stays_open() -> None:
    report = _sent(words.report_view(), ticket="ZD#123456", summary="Unknown runners")
    points = _sent(POINTS, points="Say this.")
    macro = _sent(MACRO, mode=words.TO_CUSTOMER)
    events = [slack.from_dialog(body, NOW) for body in (report, points, macro)]
    assert [type(one) for one in events] == [Reported, PointsSent, MacroSent]
    assert all(slack.objections(body) == {} and slack.shown_next(body) for body in (report, points, macro))
    sent = events[2]
    assert isinstance(sent, MacroSent)
    assert (sent.case_id, sent.public, sent.shown, sent.seen) == (CASE.id, True, SHOWN, 0)


@pytest.mark.parametrize("mode", [{}, {"mode": words.AS_NOTE}, {"mode": ""}, {"mode": "everybody"}])
def test_only_the_choice_of_the_customer_makes_it_public(mode: dict[str, str]) -> None:
    sent = slack.from_dialog(_sent(MACRO, **mode), NOW)
    assert isinstance(sent, MacroSent) and not sent.public


@pytest.mark.parametrize(
    "changes",
    [{"v": 0}, {"v": None}, {"case": None}, {"case": 1}, {"seen": "0"}, {"seen": True}, {"shown": None}],
)
def test_a_dialog_that_is_old_or_made_up_does_nothing_and_says_so(changes: dict[str, Any]) -> None:
    body = _sent(_made_up(MACRO, **changes))
    assert slack.from_dialog(body, NOW) is None
    assert slack.objections(body) == {"mode": words.problem("old")}
    if "shown" not in changes:
        body = _sent(_made_up(POINTS, **changes), points="Say this.")
        assert slack.from_dialog(body, NOW) is None
        assert slack.objections(body) == {"points": words.problem("old")}


@pytest.mark.parametrize("text", ["", " \t\n ", "\u200b\ufeff"])
def test_a_text_that_nobody_can_see_goes_back_to_its_field(text: str) -> None:
    report = _sent(words.report_view(), ticket=text, summary=text)
    assert set(slack.objections(report)) == {"ticket", "summary"}
    assert set(slack.objections(_sent(POINTS, points=text))) == {"points"}


def test_talking_points_that_are_too_long_go_back_to_their_field() -> None:
    assert slack.objections(_sent(POINTS, points="x" * 3000)) == {}
    assert slack.objections(_sent(POINTS, points="x" * 30_000)) == {"points": words.problem("too_long")}
    assert set(slack.objections(_sent(words.report_view(), ticket="1", summary="x" * 30_000))) == {"summary"}


@pytest.mark.parametrize(
    "value", ["", "compromised-1", "compromised-1:", "compromised-1:x", "compromised-1:-1"]
)
def test_a_button_whose_value_is_none_of_ours_decides_nothing(value: str) -> None:
    action = {"action_id": words.BEFORE, "value": value}
    assert slack.from_click({"trigger_id": "1", "user": {"id": "U1"}, "actions": [action]}, NOW) is None


def test_dialogs_and_buttons_of_others_are_left_alone() -> None:
    other = _sent({"callback_id": "page_ask_view", "private_metadata": ""})
    assert (slack.objections(other), slack.shown_next(other), slack.from_dialog(other, NOW)) == (
        {},
        None,
        None,
    )
    press = {"trigger_id": "1", "user": {"id": "U1"}, "actions": [{"action_id": "page_agree", "value": "x"}]}
    assert slack.from_click(press, NOW) is None
