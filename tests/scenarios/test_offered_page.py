"""A STAR that nobody acknowledges: after ten minutes a manager may page whoever is on call, and nobody else does."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.scenarios.managing import acknowledged, card, shown, shows_again
from tests.scenarios.paging import (
    MANAGER,
    MANY,
    closes_dialogs,
    confirmation,
    confirms,
    incidents,
    many_pages,
    post,
)
from tests.stage import CASEY, ENGINEER, LENA, MEI, TICKET, Stage, said

OFFERED = "star_page_manager"
LINE = "nobody has acknowledged this STAR yet"


@pytest.fixture(scope="module")
def files_stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with many_pages(tmp_path_factory.mktemp("offered")) as stage:
        yield stage


@pytest.fixture
def shared(shared: Stage) -> Iterator[Stage]:
    """No dialog stays open for the next story."""
    yield shared
    closes_dialogs(shared)


def _lines(stage: Stage, root: str) -> list[str]:
    return [said(message) for message in stage.messages(thread_ts=root) if LINE in said(message)]


def _offered(stage: Stage) -> tuple[int, str]:
    """A STAR that nobody has acknowledged in time: its ticket and the ts of its form post."""
    ticket = stage.fresh_ticket()
    root = stage.announced(Ticket=str(ticket))
    stage.passes(10.1)
    stage.until(lambda: OFFERED in shown(stage, root) and _lines(stage, root))
    return ticket, root


def _pages(stage: Stage, ticket: int) -> list[dict[str, Any]]:
    """The pages of the manager on call about a ticket."""
    return [one for one in incidents(stage, MANAGER) if f"ZD#{ticket}" in one["title"]]


def test_it_is_offered_after_ten_minutes_and_not_before_with_one_line_in_the_thread(stage: Stage) -> None:
    root = stage.announced()
    stage.passes(9.5)
    stage.quiet()
    assert OFFERED not in shown(stage, root) and _lines(stage, root) == []
    stage.passes(0.6)
    stage.until(lambda: OFFERED in shown(stage, root))
    assert "Nobody has acknowledged it since" in shown(stage, root)
    (line,) = stage.until(lambda: _lines(stage, root))
    assert "<!subteam^S0SMOC>" in line and f"<@{LENA}>" in line
    stage.passes(60)
    stage.stop()
    stage.start()
    stage.quiet()
    assert len(_lines(stage, root)) == 1
    assert incidents(stage, None) == [], "nobody is paged by itself"


def test_what_is_acknowledged_in_time_offers_nothing(shared: Stage) -> None:
    _, root = acknowledged(shared, MEI)
    shared.passes(11)
    shared.quiet()
    assert OFFERED not in shown(shared, root) and _lines(shared, root) == []


def test_the_button_asks_first_and_only_the_confirmation_opens_one_incident(shared: Stage) -> None:
    ticket, root = _offered(shared)
    shared.presses(LENA, card(shared, root), OFFERED)
    view = said(confirmation(shared))
    assert f"about *ZD#{ticket}*: Lena Vogt." in view and "Service: Support Managers" in view
    assert "STAR (Urgent) not acknowledged since 2026-11-17" in view
    shared.quiet()
    assert _pages(shared, ticket) == [], "the button pages nobody"
    assert confirms(shared) == {"ok": True}
    (incident,) = shared.until(lambda: _pages(shared, ticket))
    assert incident["title"].startswith(f"ZD#{ticket}: STAR (Urgent) not acknowledged since 2026-11-17")
    shared.until(lambda: "Nobody has answered yet." in post(shared, ticket))
    shared.reacts(LENA, root, "eyes")
    shared.until(lambda: "has been looking" in shown(shared, root))
    assert OFFERED not in shown(shared, root)
    shared.quiet()
    assert len(_pages(shared, ticket)) == 1


@pytest.mark.parametrize("user", [CASEY, ENGINEER], ids=["the initiator", "an engineer"])
def test_who_is_no_manager_is_told_so_and_it_is_kept(shared: Stage, user: str) -> None:
    ticket, root = _offered(shared)
    before = len(shared.whispers(user))
    shared.presses(user, card(shared, root), OFFERED)
    shared.until(lambda: shared.whispers(user)[before:])
    assert "Only Support Managers can do that" in shared.whispers(user)[-1]
    assert shared.views(user) == []
    history = said(shared.commands(LENA, f"show {ticket}")["response"])
    assert f"{user} pressed page without the right to." in history
    shared.quiet()
    assert _pages(shared, ticket) == []


@pytest.mark.parametrize("ending", ["eyes", "green-check-mark"])
def test_an_old_button_of_a_star_that_somebody_has_tells_how_it_stands(shared: Stage, ending: str) -> None:
    ticket, root = _offered(shared)
    old = card(shared, root)
    shared.reacts(MEI, root, ending)
    shared.until(lambda: OFFERED not in shown(shared, root))
    shared.quiet()
    shows_again(shared, old)
    before = len(shared.whispers(LENA))
    shared.presses(LENA, old, OFFERED)
    shared.until(lambda: shared.whispers(LENA)[before:])
    told = shared.whispers(LENA)[-1]
    assert f"<@{MEI}>" in told and "Nobody was paged." in told
    assert shared.views(LENA) == []
    assert _pages(shared, ticket) == []


def test_a_star_from_while_the_bot_was_away_is_offered_at_once_with_one_line(empty_stage: Stage) -> None:
    stage = empty_stage
    stage.start()
    stage.stop()
    root = stage.files_star()
    stage.passes(120)
    stage.start()
    stage.until(lambda: OFFERED in shown(stage, root))
    stage.until(lambda: _lines(stage, root))
    stage.quiet()
    assert len(_lines(stage, root)) == 1


def test_where_the_settings_say_never_nothing_is_offered(empty_stage: Stage) -> None:
    empty_stage.configure(f"[timing]\noffer_page_minutes = 0\n{MANY}")
    stage = empty_stage.start()
    root = stage.announced(Ticket=str(TICKET))
    stage.passes(60)
    stage.quiet()
    assert OFFERED not in shown(stage, root) and _lines(stage, root) == []
