"""`/star list`, `/star show`, `/star help`: answered at once, to one person, with what that person may see."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.corpus import HOSTILE
from tests.stage import (
    CASEY,
    ENGINEER,
    GUEST,
    LENA,
    PRIYA,
    RESOLVE,
    SELF_MANAGED,
    STARS,
    Stage,
    said,
    sandbox,
)


def _answer(stage: Stage, user: str, text: str) -> str:
    """What the command says at once, and that it says it to this person only."""
    # Who is not in the STAR channel writes elsewhere.
    told = stage.commands(user, text, channel=SELF_MANAGED if user == PRIYA else STARS)
    assert told["ok"] is True, told
    payload = told["response"]
    assert payload["response_type"] == "ephemeral"
    return said(payload)


def _rows(shown: str) -> list[int]:
    """The tickets of a list, in its order."""
    return [int(found) for found in re.findall(r"\*<[^|>]*\|#(\d+)>\*", shown)]


@pytest.fixture(scope="module")
def files_stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A bot of this file's own: the list shows every open STAR there is."""
    with sandbox() as desk:
        stage = Stage(desk, tmp_path_factory.mktemp("lookup")).start()
        yield stage
        stage.stop()


@pytest.fixture(scope="module")
def several(files_stage: Stage) -> dict[str, int]:
    """One STAR of each urgency, the least urgent first, of two people; and one that has ended."""
    filed = {}
    for name, urgency, who in (
        ("late", "Not Urgent", CASEY),
        ("middle", "Timely", PRIYA),
        ("early", "Urgent", CASEY),
        ("ended", "Urgent", CASEY),
    ):
        filed[name] = files_stage.fresh_ticket()
        root = files_stage.announced(
            Ticket=str(filed[name]), Urgency=urgency, **{"Submitted by": f"<@{who}>"}
        )
        if name == "ended":
            files_stage.presses(LENA, files_stage.card(root) or {}, RESOLVE)
            files_stage.sends(LENA, next_step="Anna calls them.")
            files_stage.until(
                lambda root=root: (files_stage.card(root) or {"text": ""})["text"].startswith("Resolved")
            )
    return filed


# -- the list


def test_a_manager_sees_every_open_star_the_next_deadline_first(
    shared: Stage, several: dict[str, int]
) -> None:
    shown = _answer(shared, LENA, "list")
    assert "*3 open STARs, the next deadline first.*" in shown
    assert _rows(shown) == [several["early"], several["middle"], several["late"]]
    assert "Urgent" in shown and "nobody looks yet" in shown and "<!date^" in shown


def test_an_initiator_sees_their_own_and_nobody_elses(shared: Stage, several: dict[str, int]) -> None:
    assert _rows(_answer(shared, CASEY, "list")) == [several["early"], several["late"]]
    only = _answer(shared, PRIYA, "List")
    assert "*1 open STAR of yours, the next deadline first.*" in only
    assert _rows(only) == [several["middle"]]
    for nobody in (ENGINEER, GUEST):
        none = _answer(shared, nobody, "list")
        assert "There are no open STARs of yours." in none and _rows(none) == []


@pytest.mark.parametrize("page", ["1", "2", "0", "-1", "99999", "x", "١", "1; drop", "9" * 5000])
def test_a_page_that_there_is_not_is_the_nearest_one(
    shared: Stage, several: dict[str, int], page: str
) -> None:
    assert len(_rows(_answer(shared, LENA, f"list {page}"))) == 3


def test_a_long_list_has_pages(stage: Stage) -> None:
    tickets = [stage.fresh_ticket() for _ in range(22)]
    for ticket in tickets:
        stage.files_star(Ticket=str(ticket))
    stage.until(lambda: "*22 open STARs" in _answer(stage, LENA, "list"), timeout_s=40)
    first, second = _answer(stage, LENA, "list"), _answer(stage, LENA, "list 2")
    assert len(_rows(first)) == 20 and "Page 1 of 2. Next: `/star list 2`." in first
    assert len(_rows(second)) == 2 and "Page 2 of 2." in second and "Next:" not in second
    assert sorted(_rows(first) + _rows(second)) == tickets
    assert _answer(stage, LENA, "list\n2") == second


# -- one STAR


def test_one_star_is_shown_with_its_state_its_time_line_and_its_links(
    shared: Stage, several: dict[str, int]
) -> None:
    for user in (LENA, CASEY):
        shown = _answer(shared, user, f"show {several['ended']}")
        assert f"*STAR for #{several['ended']}: resolved*" in shown
        assert "Next step: Anna calls them." in shown
        for link in ("|Thread>", "|Issue #", "|Ticket>"):
            assert link in shown
        happened = [
            shown.index(part)
            for part in ("The form was posted", "Zendesk showed ticket", "Lena Vogt resolved it")
        ]
        assert happened == sorted(happened)


def test_a_ticket_may_be_named_by_its_link(shared: Stage, several: dict[str, int]) -> None:
    link = f"<https://gitlab.zendesk.com/agent/tickets/{several['early']}>"
    assert f"*STAR for #{several['early']}: nobody looks yet*" in _answer(shared, LENA, f"show {link}")


def test_others_do_not_learn_whether_there_is_a_star(shared: Stage, several: dict[str, int]) -> None:
    for user in (PRIYA, ENGINEER, GUEST):
        for ticket in (several["early"], 999999):
            shown = _answer(shared, user, f"show {ticket}")
            assert f"I know of no STAR of yours for #{ticket}." in shown
            assert "Aurora" not in shown
    assert "I know of no STAR for #999999." in _answer(shared, LENA, "show 999999")


def test_a_later_star_is_shown_with_the_one_before_it(shared: Stage) -> None:
    ticket = shared.fresh_ticket()
    first = shared.announced(Ticket=str(ticket))
    shared.presses(LENA, shared.card(first) or {}, RESOLVE)
    shared.sends(LENA, next_step="Anna calls.")
    shared.until(lambda: (shared.issue(ticket) or {})["state"] == "closed")
    second = shared.files_star(Ticket=str(ticket))
    shared.until(lambda: shared.card(second))
    # The card is in Slack a moment before the bot knows that it is.
    head = f"*STAR for #{ticket}: nobody looks yet*"
    shared.until(lambda: head in _answer(shared, LENA, f"show {ticket}"))
    shown = _answer(shared, LENA, f"show {ticket}")
    others = shown.partition("*Other STARs for the ticket*")[2]
    assert others.count("resolved") == 1


def test_the_time_line_of_a_long_story_ends_with_how_it_stands(shared: Stage) -> None:
    ticket = shared.fresh_ticket()
    root = shared.announced(Ticket=str(ticket))
    for n in range(20):
        shared.presses(LENA, shared.card(root) or {}, "star_triage")
        shared.sends(LENA, decision="work", next_step=f"{n} " + "& word " * 60)
        shared.until(lambda n=n: f"Next step: {n} " in said(shared.card(root) or {}).replace("\\n", "\n"))
    shared.presses(LENA, shared.card(root) or {}, RESOLVE)
    shared.sends(LENA, next_step="That is the end.")
    shared.until(lambda: (shared.card(root) or {"text": ""})["text"].startswith("Resolved"))
    shown = _answer(shared, LENA, f"show {ticket}")
    line = shown.partition("*What happened*")[2]
    assert "(the newest " in line and "Next step: “That is the end.”" in line


# -- help, and words that we do not know


def test_help_says_what_there_is(shared: Stage) -> None:
    manager, other = _answer(shared, LENA, "help"), _answer(shared, CASEY, "HELP")
    for shown in (manager, other):
        for part in ("/star 123456", "/star list", "/star show 123456", "/star help", "When to file a STAR"):
            assert part in shown
        assert "I do not know" not in shown
    assert "the open STARs" in manager and "your open STARs" in other


def test_an_unknown_word_is_answered_with_the_help(shared: Stage) -> None:
    shown = _answer(shared, CASEY, "shwo something")
    assert "I do not know `/star shwo something`." in shown and "/star list" in shown
    assert shared.views(CASEY) == []


@pytest.mark.parametrize("rest", ["", " nothing", " 1 2", " " + "9" * 6000])
def test_show_without_a_ticket_asks_for_one(shared: Stage, rest: str) -> None:
    assert "Write `/star show 123456`, with the number of the ticket." in _answer(shared, LENA, f"show{rest}")


@pytest.mark.parametrize("name", [name for name in HOSTILE if name != "lone_surrogate"])
def test_hostile_text_behind_the_command_is_answered_and_harmless(shared: Stage, name: str) -> None:
    text = HOSTILE[name][:3000]
    for line in (text, f"list {text}", f"show {text}"):
        told: dict[str, Any] = shared.commands(CASEY, line)
        assert told["ok"] is True, line
        for view in shared.views(CASEY):
            shared.desk.post("slack/close", user=CASEY, view_id=view["id"])
        shown = said(told.get("response") or {})
        foreign = [
            one
            for one in re.findall(r"<([^<>]*)>", shown)
            if not re.fullmatch(
                r"(https?://\S+\|[^|]+)|(!date\^\d+\^\{date_short_pretty\} \{time\}\|[^|]*UTC)", one
            )
        ]
        assert foreign == [], shown
        assert "evil.example|" not in shown and not re.search(r"@(here|channel|everyone|all)\b", shown)
