"""Payloads about hands: commands as people write them, dialogs that will not do, and what a sent one means."""

import json
from datetime import datetime
from typing import Any

import pytest

from starbot.core.case import Event
from starbot.duties.hands import words
from starbot.duties.hands.deeds import CallSent, HandsSent, NoRight
from starbot.duties.hands.slack import Listener
from starbot.duties.hands.words import Draft
from tests.corpus import HOSTILE
from tests.duties.hands.examples import LOOK, NOON


def _taken(id_: str, at: datetime, user: str, ticket: int, summary: str) -> Event:
    return NoRight(id=id_, at=at, what="compromised", ticket=ticket, summary=summary, user=user)


DOOR = Listener(_taken)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("hands ZD#123456 Pushes fail", ("hands", "ZD#123456", "Pushes fail")),
        ("HANDS  #123456   Pushes fail", ("hands", "#123456", "Pushes fail")),
        ("another", ("another", "", "")),
        ("another 12x4 Down", ("another", "12x4", "Down")),
    ],
)
def test_a_command_is_read_as_people_write_it(text: str, expected: Any) -> None:
    assert DOOR.read_command(text) == expected


@pytest.mark.parametrize("text", ["", "backup ZD#1 x", "hand ZD#1", *HOSTILE.values()])
def test_other_words_are_none_of_ours(text: str) -> None:
    assert DOOR.read_command(text) is None


def _sent(view: dict[str, Any], **answers: str) -> dict[str, Any]:
    state = {name: {name: {"type": "plain_text_input", "value": text}} for name, text in answers.items()}
    return {"user": {"id": "U1"}, "view": {**view, "id": "V1", "hash": "1.1", "state": {"values": state}}}


CONFIRM = words.confirm_view(Draft("ZD#1", "x", "C1", "hands-1"), 123456, LOOK, False, ())
CALL = words.call_view(Draft(), "hands", False)
GOOD = {"ticket": "ZD#123456", "summary": "Pushes fail"}


def test_the_confirmation_is_the_one_dialog_that_asks_for_hands() -> None:
    assert DOOR.from_dialog(_sent(CONFIRM, summary="Pushes fail"), NOON) == HandsSent(
        id="hands:V1",
        at=NOON,
        case_id="hands-1",
        ticket=123456,
        summary="Pushes fail",
        user="U1",
        channel="C1",
        view="V1:1.1",
    )
    assert DOOR.from_dialog(_sent(words.ask_view(Draft()), **GOOD), NOON) is None
    assert DOOR.from_dialog(_sent({"callback_id": "other"}, **GOOD), NOON) is None


def test_the_engineers_dialog_says_what_it_is() -> None:
    told = DOOR.from_dialog(_sent(CALL, what="another", **GOOD), NOON)
    assert isinstance(told, CallSent)
    assert (told.what, told.ticket, told.summary, told.id) == ("another", 123456, "Pushes fail", "hands:V1")


def test_a_compromised_instance_goes_to_the_duty_that_takes_it() -> None:
    body = _sent(CALL, what="compromised", **GOOD)
    assert DOOR.objections(body) == {}
    assert DOOR.from_dialog(body, NOON) == _taken("compromised:V1", NOON, "U1", 123456, "Pushes fail")
    assert DOOR.shown_next(body) == words.passed_on()


@pytest.mark.parametrize(
    ("answers", "wrong"),
    [
        (GOOD, {}),
        (GOOD | {"ticket": "12 34"}, {"ticket": "no_ticket"}),
        (GOOD | {"summary": " \u200b "}, {"summary": "no_summary"}),
        (GOOD | {"summary": "x" * 3001}, {"summary": "too_long"}),
        ({"ticket": "", "summary": ""}, {"ticket": "no_ticket", "summary": "no_summary"}),
    ],
)
def test_what_will_not_do_goes_back_to_its_field(answers: dict[str, str], wrong: dict[str, str]) -> None:
    expected = {field: words.problem(kind) for field, kind in wrong.items()}
    assert DOOR.objections(_sent(CALL, what="hands", **answers)) == expected
    assert DOOR.objections(_sent(words.ask_view(Draft()), **answers)) == expected


@pytest.mark.parametrize("change", [{"v": 0}, {"ticket": "123456"}, {"ticket": None}, {"ticket": -1}])
def test_a_confirmation_that_is_old_or_made_up_asks_nobody(change: dict[str, Any]) -> None:
    about = json.dumps(json.loads(CONFIRM["private_metadata"]) | change)
    body = _sent({**CONFIRM, "private_metadata": about}, summary="Pushes fail")
    assert DOOR.objections(body) == {"summary": words.problem("old")}


def test_a_choice_that_nobody_offers_is_no_answer() -> None:
    assert DOOR.objections(_sent(CALL, what="everybody", **GOOD)) == {"summary": words.problem("old")}
