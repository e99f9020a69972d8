"""What people read of a compromised instance: the rule first, true, short, and other people's text stays text."""

import json
import re
from collections.abc import Iterator
from typing import Any, get_args

import pytest

from starbot.core.facts import Person
from starbot.duties.compromised import words
from starbot.duties.compromised.model import Compromise, Heard, Told
from starbot.settings import default_names
from starbot_sandbox.slack.blocks import checked_blocks, checked_view
from tests.corpus import HOSTILE
from tests.duties.compromised.stories import ANNA, LENA, LOOK, PREVIEW, TOMAS, after, event

_OURS = re.compile(
    r"@U[123]|!subteam\^S1|!date\^\d+\^\{date_short_pretty\} \{time\}\|[^|]*UTC|https://z\.example/\S+\|ZD#\d+"
)
REPORTED = event("instance_reported", customer="Aurora")


def shown(case: Compromise, number: int = 0) -> str:
    document = words.message(case, number, LOOK)
    assert document is not None
    return f"{document['text']} {json.dumps(document['blocks'], ensure_ascii=False)}"


def test_the_rule_comes_first_then_what_is_known_then_the_advice() -> None:
    for number in (0, 1):
        text = shown(after(REPORTED), number)
        order = [words.RULE, "Unknown runners", "1. Step 1.", "5. Step 5.", "Think of SIRT.", "*Record*"]
        places = [text.index(part) for part in order]
        assert places == sorted(places)
        assert "6. Step 6." not in text and "Talking points" in text


def test_the_record_says_who_was_informed_when_by_whom_and_who_decided_what() -> None:
    case = after(REPORTED)
    assert "not informed yet" in shown(case)
    case = after(
        REPORTED,
        event("desk_placed", 1),
        event("call_decided", 2),
        event("call_decided", 3, by=TOMAS, how="instead", seen=1),
    )
    text = shown(case)
    assert "14:01 UTC>: <@U1> informed, by <@U3>" in text
    assert "14:02 UTC>: <@U1> joins before the call" in text
    assert "14:03 UTC>: <@U2> takes the call instead of the engineer" in text
    assert text.startswith("Compromised instance ZD#123456: a manager takes the call")


def test_a_record_that_waits_too_long_or_is_closed_says_so_and_what_to_do() -> None:
    late = after(REPORTED, event("due", 10))
    assert "*No manager has said how within 10 minutes.*" in shown(late)
    assert "*No manager" not in shown(after(REPORTED, event("due", 10), event("call_decided", 11)))
    closed = shown(after(REPORTED, event("due", 10), event("record_closed", 12)))
    assert "*Closed* by <@U1>. If it is not over, report it again" in closed
    assert words.RULE not in closed and '"actions"' not in closed and "*No manager" not in closed
    assert "14:12 UTC>: <@U1> closed this record" in closed


def test_only_a_manager_is_asked_whether_to_close_the_record() -> None:
    case = after(REPORTED)
    assert "Close this record?" in shown(case) and "Close this record" not in shown(case, 1)


def test_the_reminder_says_to_each_what_they_can_do() -> None:
    case = after(REPORTED, event("due", 10))
    to_manager, to_reporter, to_channel = (
        words.result(case, Told(user=user, what="undecided"), LOOK) for user in ("U1", "U3", "")
    )
    assert "Next: press a button" in to_manager
    assert "Next: page one in PagerDuty: Support Managers." in to_reporter
    assert to_channel.startswith("<!subteam^S1>: ") and "presses a button" in to_channel
    late = after(REPORTED, event("due", 10), event("call_decided", 11))
    assert "joins before the call" in words.result(late, Told(user="U3", what="undecided"), LOOK)


def test_nobody_on_call_and_nobody_reached_are_told_apart_in_the_channel() -> None:
    assert "<!subteam^S1>: I find nobody on call" in shown(
        after(event("instance_reported", managers=(None,)))
    )
    nameless = Person(name="Mei", pagerduty="PMEI")
    assert "<!subteam^S1>: Mei is on call" in shown(after(event("instance_reported", managers=(nameless,))))
    assert words.message(after(REPORTED), 2, LOOK) is None


def test_a_record_that_grew_long_keeps_its_newest_lines() -> None:
    turns = [event("call_decided", n, by=(LENA, TOMAS)[n % 2], how="before", seen=n) for n in range(20)]
    text = shown(after(REPORTED, *turns))
    assert "… 11 earlier lines: the journal has them" in text
    assert "14:19 UTC>: <@U2>" in text


@pytest.mark.parametrize(
    ("how", "following"),
    [("before", "offer the call once"), ("instead", "leave the call"), ("none", "the engineer may offer")],
)
def test_whoever_reported_it_hears_what_to_do_next(how: str, following: str) -> None:
    case = after(REPORTED, event("call_decided", 1, how=how))
    assert following in words.result(case, Told(user="U3", what="decided"), LOOK)


def test_the_dialog_holds_the_whole_advice_the_questions_and_the_points() -> None:
    view = json.dumps(words.points_view(after(REPORTED), LOOK, True))
    for part in ("8. Step 8.", "How did this happen?", "We may not know.", "Say that we stand by."):
        assert part in view
    assert "points" not in [
        block.get("block_id") for block in words.points_view(after(REPORTED), LOOK, False)["blocks"]
    ]


def test_the_dialog_of_the_macro_shows_all_that_it_would_do() -> None:
    view = words.macro_view(after(REPORTED), PREVIEW, LOOK)
    text = json.dumps(view, ensure_ascii=False)
    assert "set status: pending" in text and "add the tags compromised_instance" in text
    (choice,) = [block for block in view["blocks"] if block["type"] == "input"]
    assert choice["element"]["initial_option"]["value"] == words.AS_NOTE
    long = PREVIEW.model_copy(update={"comment_body": "word " * 5000 + "the end"})
    assert "the end" in json.dumps(words.macro_view(after(REPORTED), long, LOOK)), "never cut"
    silent = PREVIEW.model_copy(update={"comment_body": None})
    assert "input" not in [
        block["type"] for block in words.macro_view(after(REPORTED), silent, LOOK)["blocks"]
    ]


def test_an_earlier_application_is_told_before_another() -> None:
    case = after(REPORTED, event("macro_chosen", 1), event("macro_applied", 2))
    assert "Applied before" in json.dumps(words.macro_view(case, PREVIEW, LOOK))


def test_the_texts_of_the_defaults_hold_what_the_guide_says() -> None:
    told = default_names()["compromised"]
    order = [
        "Shut",
        "same GitLab version",
        "Restore",
        "Only then upgrade",
        "audit users, code, webhooks, runners",
    ]
    assert all(part in step for part, step in zip(order, told["advice"], strict=False))
    assert "exposed to the internet" in told["advice"][3]
    assert len(told["questions"]) == 3
    assert len(told["talking_points"]) < 3000


def _cases(text: str) -> Iterator[Compromise]:
    """Records that hold this text wherever people or vendors may have put it."""
    person = Person(name=text)
    reported = event("instance_reported", customer=text, summary=text, by=person, managers=(person, None))
    again = [event("instance_reported", n, summary=text, by=person, managers=()) for n in range(1, 7)]
    decided = event("call_decided", 8, by=person)
    chosen = event("macro_chosen", 10, by=person)
    yield after(reported)
    yield after(reported, *again, event("desk_placed", 7), decided, event("points_edited", 9, text=text))
    yield after(reported, decided, chosen, event("effect_delayed", 11))
    yield after(reported, chosen, event("effect_failed", 11, reason=text, reference=text))
    yield after(reported, chosen, event("macro_applied", 11))
    yield after(event("report_tried", by=person, summary=text))


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_outside_text_stays_text(text: str) -> None:
    preview = PREVIEW.model_copy(
        update={
            "comment_body": text,
            "changes": {"subject": text, "custom_fields": [{"id": 1, "value": text}]},
            "tags_added": (text,),
            "tags_removed": (text,),
        }
    )
    for case in _cases(text):
        for number in range(len(case.desks)):
            document = words.message(case, number, LOOK)
            assert document is not None
            checked_blocks(document["blocks"])
            _is_harmless(document)
        for what in get_args(Heard):
            said = Told(user="U1", what=what, text=text, preview=preview)
            _is_harmless(words.result(case, said, LOOK))
            _is_view(words.result_view(case, said, LOOK))
        for may_edit in (True, False):
            _is_view(words.points_view(case, LOOK, may_edit))
        _is_view(words.macro_view(case, preview, LOOK))
    _is_view(words.report_view(text, text))
    _is_view(words.no_macro(text, LOOK))


def test_a_name_without_a_slack_account_is_shown_as_it_is() -> None:
    assert "Anna" in shown(after(event("instance_reported", by=ANNA.model_copy(update={"slack": ""}))))


def _is_view(view: dict[str, Any]) -> None:
    checked_view(view)
    _is_harmless(
        [block["text"] for block in view["blocks"] if block["type"] == "section" and _formats(block)]
    )


def _formats(block: dict[str, Any]) -> bool:
    """Plain text objects show everything as it is."""
    return bool(block["text"]["type"] == "mrkdwn")


def _is_harmless(made: Any) -> None:
    text = json.dumps(made, ensure_ascii=False)
    foreign = [inside for inside in re.findall(r"<([^<>]*)>", text) if not _OURS.fullmatch(inside)]
    assert foreign == []
    assert not re.search(r"(?<![\w<])@(?=[a-z])", text), text
    text.encode("utf-8")
