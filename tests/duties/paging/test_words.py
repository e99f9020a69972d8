"""What people read of a page, and what PagerDuty reads aloud: outside text stays text, titles hold no markup."""

import json
import re
from collections.abc import Iterator
from typing import Any, get_args

import pytest

from starbot.core.facts import Person
from starbot.duties.paging import words
from starbot.duties.paging.model import Page, Purpose, Told
from starbot.duties.paging.words import Draft, Preview
from starbot_sandbox.slack.blocks import checked_blocks, checked_view
from tests.corpus import HOSTILE
from tests.duties.paging.examples import INCIDENT, LOOK, NOON, POST, TOMAS, after, event, seen

_OURS = re.compile(
    r"@U[129]|!date\^\d+\^\{date_short_pretty\} \{time\}\|[^|]*UTC|https://z\.example/\S+\|ZD#\d+"
    r"|https://pd\.example/\S+\|Incident #7|https://team\.slack\.com/\S+\|[^|]+"
)


def _pages(text: str) -> Iterator[Page]:
    """Pages that hold this text wherever people or PagerDuty may have put it, as they may stand."""
    person = Person(name=text)
    holder = INCIDENT.model_copy(update={"assignees": (person,), "title": text})
    named = {"by": person, "summary": text, "expected": (text,) * 30}
    for purpose, ticket in (("backup", 1), ("emergency", 1), ("manager", None), ("manager", 1), ("help", 1)):
        confirmed = event("page_confirmed", purpose=purpose, ticket=ticket, **named)
        yield after(confirmed)
        yield after(confirmed, event("effect_delayed"))
        yield after(confirmed, event("effect_failed", reason=text, reference=text))
        yield after(confirmed, event("incident_seen", incident=holder))
        yield after(confirmed, event("incident_seen", incident=holder), event("due", 5))
        yield after(confirmed, seen("acknowledged", 1, text))
        yield after(confirmed, seen("acknowledged", 1, text), seen("resolved", 2))
        waiting = event("page_confirmed", purpose=purpose, ticket=ticket, lately=9, **named)
        yield after(waiting)
        yield after(waiting, event("agreed", by=person, yes=False))
        yield after(waiting, event("due"))
    by_macro = event("page_confirmed", way="macro", purpose="emergency", **named)
    yield after(by_macro)
    yield after(by_macro, event("effect_failed", effect="apply_macro", reason="macro_missing"))
    yield after(by_macro, event("macro_applied"))
    yield after(by_macro, event("macro_applied"), event("due"))
    yield after(event("page_confirmed", **named), rival=after(event("page_confirmed", **named)))


def _views(text: str) -> Iterator[dict[str, Any]]:
    yield words.looking()
    for kind in ("no_right", "no_such_ticket", "not_set_up", "no_help"):
        yield words.refusal(kind)
    for purpose in ("backup", "emergency", "manager", "help", text):
        yield words.ask_view(LOOK, purpose, text, text, "C1")
    preview = Preview((text,) * 40, get_args(words.Doubt), NOON)
    for purpose, ticket in (("backup", 10**12), ("emergency", 1), ("manager", None), ("help", None)):
        yield words.confirm_view(Draft(purpose, ticket, text, "C1"), preview, LOOK)


@pytest.mark.parametrize("name", HOSTILE)
def test_outside_text_stays_text_in_posts_answers_and_dialogs(name: str) -> None:
    text, seen = HOSTILE[name], set()
    for page in _pages(text):
        shown = words.post(page, LOOK)
        assert page.status == "refused" or shown is not None
        if shown is not None:
            checked_blocks(shown["blocks"])
            _assert_plain(json.dumps(shown, ensure_ascii=False))
        for what in get_args(Told.model_fields["what"].annotation):
            told = Told(user="U1", what=what)
            result = words.result(page, told, LOOK)
            if result not in seen:
                _assert_plain(result)
                checked_view(words.result_view(page, told, LOOK))
                seen.add(result)
    for view in _views(text):
        checked_view(view)


def _assert_plain(shown: str) -> None:
    foreign = [inside for inside in re.findall(r"<([^<>]*)>", shown) if not _OURS.fullmatch(inside)]
    assert foreign == []
    shown.encode("utf-8")


@pytest.mark.parametrize("name", HOSTILE)
def test_a_title_is_one_short_line_that_a_voice_can_read(name: str) -> None:
    for page in _pages(HOSTILE[name]):
        title = words.title(page)
        assert 0 < len(title) <= 255
        assert not re.search(r"[\n\r*_~`<>|\[\]{}]", title), title
        assert words.details(page)
        title.encode("utf-8")


def test_the_titles_are_those_of_the_handbook() -> None:
    assert words.title(after(event("page_confirmed"))) == "Duplicate emergency - ZD#123456"
    assert words.title(after(event("page_confirmed", purpose="emergency"))) == "ZD#123456"
    manager = event("page_confirmed", purpose="manager", summary="*Two* <!channel> are `down`")
    assert words.title(after(manager)) == "ZD#123456: Two !channel are down"
    nothing = event("page_confirmed", purpose="manager", ticket=None, summary="***")
    assert words.title(after(nothing)) == "Lena Vogt asks for you"


@pytest.mark.parametrize("doubt", get_args(words.Doubt))
def test_each_doubt_is_said_before_anybody_is_paged(doubt: words.Doubt) -> None:
    draft = Draft("backup", 123456, "Two are down", "C1")
    sure = json.dumps(words.confirm_view(draft, Preview(("Grace Wu",), (), NOON), LOOK))
    unsure = json.dumps(words.confirm_view(draft, Preview(("Grace Wu",), (doubt,), NOON), LOOK))
    assert ":warning:" not in sure
    assert unsure.count(":warning:") == 1


def test_only_an_emergency_by_hand_asks_which_way_and_only_where_there_are_two() -> None:
    preview = Preview((), (), NOON)
    no_macro = LOOK.model_copy(update={"emergency_macro": ""})
    asked = {
        (purpose, look.emergency_macro): "only one of them"
        in json.dumps(words.confirm_view(Draft(purpose, 1, "x", ""), preview, look))
        for purpose in get_args(Purpose)
        for look in (LOOK, no_macro)
    }
    assert [key for key, is_asked in asked.items() if is_asked] == [("emergency", LOOK.emergency_macro)]


def test_a_page_for_help_names_the_level_and_is_offered_only_where_there_is_one() -> None:
    view = words.confirm_view(Draft("help", None, "x", ""), Preview(("Dana",), (), NOON), LOOK)
    assert "This is the next level: the senior managers." in json.dumps(view)
    page = after(event("page_confirmed", purpose="help", ticket=None), seen("triggered"))
    assert "Page for help, the senior managers" in json.dumps(words.post(page, LOOK))
    asked = json.dumps(words.ask_view(LOOK, "help"))
    assert '"initial_option": {"text": {"text": "Help: the senior managers"' in asked
    services = {name: service for name, service in LOOK.services.items() if name != "help"}
    off = LOOK.model_copy(update={"services": services})
    assert "Help" not in json.dumps(words.ask_view(off, "help"))
    assert "/star-page help" in words.helped(LOOK) and "/star-page help" not in words.helped(off)


def test_a_summary_that_is_too_long_is_cut_and_that_is_said() -> None:
    draft = Draft("backup", 1, "x" * 5_000, "C1")
    view = words.confirm_view(draft, Preview((), (), NOON), LOOK)
    field = view["blocks"][-1]
    assert len(field["element"]["initial_value"]) == words.LONGEST_SUMMARY
    assert "It was cut" in json.dumps(field)


@pytest.mark.parametrize(
    "purpose,next_step",
    [
        ("backup", "ask in the regional channel"),
        ("manager", "call them"),
        ("help", "ask in the managers' channel who can help"),
    ],
)
def test_when_nobody_answers_the_post_says_what_to_do_next(purpose: str, next_step: str) -> None:
    page = after(event("page_confirmed", purpose=purpose), seen("triggered"), event("due", 5))
    shown = json.dumps(words.post(page, LOOK))
    assert "Nobody has answered within 5 minutes." in shown
    assert next_step in shown
    assert ("nobody is obliged to" in shown) is (purpose == "backup")


def test_the_post_of_a_page_says_where_it_stands_in_the_line_that_a_phone_shows() -> None:
    page = after(event("page_confirmed"), event("post_placed"), seen("acknowledged", 1, "Grace"))
    shown = words.post(page, LOOK)
    assert shown is not None
    assert shown["text"] == "Page of the APAC backup pool ZD#123456: answered"
    told = Told(user="U1", what="open_page")
    rival = after(event("page_confirmed"), event("post_placed"))
    second = after(event("page_confirmed", 1), rival=rival)
    assert f"archives/{POST.channel}/p{POST.ts.replace('.', '')}" in words.result(second, told, LOOK)
    declined = after(event("page_confirmed", lately=9), event("agreed", by=TOMAS, yes=False))
    assert "<@U2> did not agree" in words.result(declined, Told(user="U1", what="decided"), LOOK)
