"""What people read of a request for hands, and what stands on the ticket: outside text stays text."""

import json
import re
from collections.abc import Iterator
from typing import Any, get_args

import pytest

from starbot.core.facts import Person
from starbot.core.text import zendesk_text
from starbot.duties.hands import words
from starbot.duties.hands.model import STATUSES, Request, Told
from starbot.duties.hands.words import Draft
from starbot_sandbox.slack.blocks import checked_blocks, checked_view
from tests.corpus import HOSTILE
from tests.duties.hands.examples import (
    ASKED,
    CALLED,
    LENA,
    LOOK,
    SOFIA,
    WAYS,
    after,
    event,
    in_status,
)

_OURS = re.compile(
    r"@U[1-9]|!subteam\^S1|!date\^\d+\^\{date_short_pretty\} \{time\}\|[^|]*UTC"
    r"|https://z\.example/\S+\|ZD#\d+|https://team\.slack\.com/\S+\|[^|]+"
)


def _requests(text: str) -> Iterator[Request]:
    """Requests that hold this text wherever people may have put it, as they may stand."""
    person = Person(name=text)
    named: dict[str, Any] = {"by": person, "summary": text}
    asked = event("hands_asked", is_weekend=True, engineers=(person,) * 30, **named)
    called = event(
        "manager_called", managers=(person, Person(name="")), is_weekend=True, what="hands", **named
    )
    another = event("manager_called", managers=(LENA,), **named)
    failed = event("effect_failed", reason=text, reference=text)
    for begun in (asked, called, another):
        yield after(begun)
        yield after(begun, event("due", 10))
        yield after(begun, event("due", 10), event("due", 800))
        yield after(begun, event("seen", by=person), event("taken", by=person, is_manager=True))
        yield after(begun, event("dropped", by=person))
    for begun in ((asked,), (called, asked)):
        yield after(*begun, failed, event("effect_delayed", effect="assign"))
        helped = [event("assisted", by=person.model_copy(update={"slack": f"U{n}"})) for n in range(1, 9)]
        taken = event("taken", by=person, user="U1")
        yield after(*begun, *helped, event("post_placed"), taken)
        yield after(
            *begun,
            taken,
            event("effect_failed", effect="assign", key=f"{after(*begun).id}:assign:0", reason="invalid"),
            event("dropped", by=person),
        )
        back = event("given_back", by=person, user="U1", is_manager=True)
        yield after(*begun, taken, back)
        yield after(*begun, taken, back, event("effect_failed", effect="return", reason=text))
    yield after(another, event("taken", by=person), event("given_back", by=person))
    yield after(asked, rival=in_status("open"))
    yield after(event("hands_asked", may=False, **named))


def _views(text: str) -> Iterator[dict[str, Any]]:
    yield words.looking()
    yield words.sending()
    yield words.passed_on()
    for kind in words._PROBLEMS:
        yield words.refusal(kind)
    draft = Draft(text, text, "C1", "hands-1")
    people = (Person(name=text),) * 30
    yield words.ask_view(draft)
    for is_weekend in (True, False):
        yield words.confirm_view(draft, 123456, LOOK, is_weekend, people)
        for what in ("hands", "compromised", text):
            yield words.call_view(draft, what, is_weekend)


@pytest.mark.parametrize("name", HOSTILE)
def test_outside_text_stays_text_in_posts_messages_answers_and_dialogs(name: str) -> None:
    seen = set()
    for case in _requests(HOSTILE[name]):
        for shown in (words.post(case, LOOK), *(words.desk(case, n, LOOK) for n in range(2))):
            if shown is not None:
                checked_blocks(shown["blocks"])
                _assert_plain(json.dumps(shown, ensure_ascii=False))
        for what in get_args(Told.model_fields["what"].annotation):
            told = Told(user="U1", what=what)
            result = words.result(case, told, LOOK)
            if result not in seen:
                _assert_plain(result)
                checked_view(words.result_view(case, told, LOOK))
                seen.add(result)
    for view in _views(HOSTILE[name]):
        checked_view(view)


@pytest.mark.parametrize("name", HOSTILE)
def test_what_people_wrote_stays_text_on_the_ticket(name: str) -> None:
    text = HOSTILE[name]
    person = Person(name=text)
    note = words.note(
        after(event("manager_called", by=person), event("hands_asked", summary=text, by=person))
    )
    assert len(note) < 10_000
    for sign in ("{{", "{%", "](", "<script", "<img", "```"):
        assert sign not in note
    assert zendesk_text(text.strip()[:100])[:20] in note


def _assert_plain(shown: str) -> None:
    foreign = [inside for inside in re.findall(r"<([^<>]*)>", shown) if not _OURS.fullmatch(inside)]
    assert foreign == []


def _said(case: Request) -> str:
    return json.dumps(words.post(case, LOOK), ensure_ascii=False)


@pytest.mark.parametrize("status", STATUSES)
def test_only_what_asks_or_asked_has_a_post(status: Any) -> None:
    assert (words.post(in_status(status), LOOK) is None) == (status in ("refused", "asked"))


def test_the_post_says_how_it_stands() -> None:
    assert "*Nobody has it yet.*" in _said(after(ASKED))
    assert "*Nobody has taken it within 10 minutes.*" in _said(after(ASKED, event("due", 10)))
    assert "*<@U1> has it.*" in _said(in_status("taken"))
    assert "No longer needed, says <@U1>." in _said(in_status("dropped"))
    assert "<@U1> had it." in _said(after(*WAYS["taken"], event("dropped")))
    assert "within 12 hours" in _said(after(*WAYS["taken"], event("due", 800)))


@pytest.mark.parametrize(
    "reason", ["closed", "not_found", "forbidden", "unauthorized", "invalid", "ours", "conflict"]
)
def test_each_reason_of_zendesk_is_a_sentence(reason: str) -> None:
    case = after(ASKED, event("effect_failed", reason=reason))
    assert re.search(r"The priority is not set: [A-Za-z ,:']+\. Set it by hand", _said(case))


def test_what_is_over_says_no_more_that_it_is_tried() -> None:
    late = event("effect_delayed")
    assert "I keep trying" in _said(after(ASKED, late))
    assert "I keep trying" not in _said(after(ASKED, late, event("dropped")))


def test_a_guest_is_told_something_else_than_somebody_at_a_managers_message() -> None:
    told = Told(user="U9", what="no_right")
    assert "Guests" in words.result(after(ASKED), told, LOOK)
    assert "Only Support Managers can do that" in words.result(after(CALLED), told, LOOK)


def test_where_nobody_is_known_to_be_on_call_the_group_is_spoken_to() -> None:
    unknown = after(event("manager_called", managers=()))
    assert "<!subteam^S1>: I do not know who is on call." in json.dumps(words.desk(unknown, 0, LOOK))
    bare = LOOK.model_copy(update={"fallback_group": ""})
    assert "@smoc: <@" not in json.dumps(words.desk(unknown, 0, bare))
    nameless = after(event("manager_called", managers=(SOFIA.model_copy(update={"slack": ""}),)))
    assert "<!subteam^S1>: Sofia Rossi is on call" in json.dumps(words.desk(nameless, 0, LOOK))
