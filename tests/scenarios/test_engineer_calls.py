"""The engineer on call tells the manager: they decide, the engineer hears what, and no incident is opened by it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.scenarios.hands import (
    ANNA,
    ASK,
    DROP,
    GIVE_BACK,
    PAGE,
    PIETER,
    SOFIA,
    TAKE,
    asks,
    buttons,
    calls,
    closes_dialogs,
    confirms,
    desk,
    desk_says,
    hands_stage,
    hears,
    is_high,
    kept,
    pages_nobody,
    posted,
    posts,
    shown,
    star_page,
    told,
)
from tests.scenarios.managing import card, picks_more
from tests.scenarios.paging import incidents, presses_old
from tests.stage import CASEY, LENA, MANAGERS, MARIA, MEI, PRIYA, SELF_MANAGED, Stage, said

AIKO = "U0ENG01"
SHORTCUT = "star_call_manager"


@pytest.fixture
def shared(shared: Stage) -> Iterator[Stage]:
    """No dialog stays open for the next story."""
    yield shared
    closes_dialogs(shared, LENA, MARIA, ANNA, CASEY)


@pytest.fixture
def ticket(shared: Stage) -> int:
    return shared.fresh_ticket()


# -- needs help now


def test_the_manager_is_told_and_asks_for_hands(shared: Stage, ticket: int) -> None:
    calls(shared, ticket)
    message = desk_says(shared, ticket, "No manager has decided yet.")
    says = said(message)
    assert "*Needs help now*" in says and f"Told by <@{ANNA}>, the engineer on call" in says
    assert "Pushes fail" in says and "Nobody was paged." in says
    assert buttons(message) == [ASK, DROP]
    shared.until(lambda: f"<@{LENA}> is told, and nobody was paged" in shown(shared, ANNA))
    assert posts(shared, ticket) == []
    shared.presses(LENA, message, ASK)
    hears(shared, ANNA, ticket, f"<@{LENA}> is looking at it.")
    desk_says(shared, ticket, f"Seen by <@{LENA}>.")
    assert confirms(shared) == {"ok": True}
    post = posted(shared, ticket)
    assert f"Asked by <@{LENA}>" in said(post) and f"for <@{ANNA}>, the engineer on call" in said(post)
    hears(shared, ANNA, ticket, f"<@{LENA}> asks for hands")
    assert buttons(desk_says(shared, ticket, f"<@{LENA}> asks for hands")) == []
    shared.until(lambda: is_high(shared, ticket))
    assert "for Anna Kowalska, the engineer on call" in shared.comments(ticket)[0]["body"]
    shared.presses(PIETER, post, TAKE)
    hears(shared, ANNA, ticket, f"<@{PIETER}> has it.")
    desk_says(shared, ticket, f"<@{PIETER}> has it.")
    shared.presses(ANNA, post, DROP)
    posted(shared, ticket, f"No longer needed, says <@{ANNA}>.")
    pages_nobody(shared)


def test_not_needed_is_told_to_the_engineer(shared: Stage, ticket: int) -> None:
    calls(shared, ticket)
    message = desk_says(shared, ticket, "No manager has decided yet.")
    shared.presses(LENA, message, DROP)
    hears(shared, ANNA, ticket, f"<@{LENA}> says that it is not needed.")
    assert buttons(desk_says(shared, ticket, f"Not needed, says <@{LENA}>.")) == []
    presses_old(shared, LENA, message, "Ask for hands")
    shared.until(lambda: any("decided already" in word for word in shared.whispers(LENA)))
    assert posts(shared, ticket) == []


def test_a_request_by_command_answers_what_the_engineer_told(shared: Stage, ticket: int) -> None:
    calls(shared, ticket)
    desk_says(shared, ticket, "No manager has decided yet.")
    asks(shared, ticket, user=MARIA)
    posted(shared, ticket)
    desk_says(shared, ticket, f"<@{MARIA}> asks for hands")
    assert len(kept(shared, ticket)) == 1


def test_who_is_no_manager_decides_nothing_at_the_message(shared: Stage, ticket: int) -> None:
    calls(shared, ticket, "another")
    message = desk_says(shared, ticket, "No manager has decided yet.")
    labels = ("Ask for hands", "Page the backup pool", "I'll take it", "Not needed")
    others = (CASEY, PIETER, SOFIA, PRIYA)
    for user, label in zip(others, labels, strict=True):
        presses_old(shared, user, message, label)
    for user in others:
        shared.until(lambda who=user: any("Nothing was changed" in word for word in told(shared, who)))
    assert [user for user in others if shared.views(user)] == []
    assert buttons(desk(shared, ticket)) == [PAGE, ASK, TAKE, DROP]


# -- another emergency


def test_another_emergency_is_taken_or_paged_for_by_the_manager_alone(shared: Stage, ticket: int) -> None:
    calls(shared, ticket, "another", "A second one is down")
    message = desk_says(shared, ticket, "*Another emergency*")
    assert buttons(message) == [PAGE, ASK, TAKE, DROP]
    shared.presses(LENA, message, PAGE)
    shared.until(lambda: "This pages people" in shown(shared))
    assert f"about *ZD#{ticket}*" in shown(shared) and "A second one is down" in shown(shared)
    hears(shared, ANNA, ticket, f"<@{LENA}> is looking at it.")
    closes_dialogs(shared, LENA)
    shared.presses(LENA, message, TAKE)
    hears(shared, ANNA, ticket, f"<@{LENA}> has it.")
    assert buttons(desk_says(shared, ticket, f"<@{LENA}> has it.")) == [GIVE_BACK]
    shared.quiet()
    assert posts(shared, ticket) == [] and shared.comments(ticket) == []
    pages_nobody(shared)


def test_a_manager_who_took_it_gives_it_back_and_the_managers_decide_again(
    shared: Stage, ticket: int
) -> None:
    before = shared.ticket(ticket)["assignee"]
    calls(shared, ticket, "another")
    shared.presses(LENA, desk_says(shared, ticket, "No manager has decided yet."), TAKE)
    shared.presses(LENA, desk_says(shared, ticket, f"<@{LENA}> has it."), GIVE_BACK)
    message = desk_says(shared, ticket, f"No manager has decided yet; <@{LENA}> gave it back.")
    assert buttons(message) == [PAGE, ASK, TAKE, DROP]
    hears(shared, ANNA, ticket, "Next: a manager on call decides")
    assert shared.ticket(ticket)["assignee"] == before
    pages_nobody(shared)


def test_another_emergency_is_told_though_hands_are_asked_for(shared: Stage, ticket: int) -> None:
    asks(shared, ticket)
    posted(shared, ticket)
    calls(shared, ticket, "another")
    message = desk_says(shared, ticket, "*Another emergency*")
    closes_dialogs(shared, LENA)
    shared.presses(LENA, message, ASK)
    assert confirms(shared) == {"ok": True}
    shared.until(lambda: "Hands are asked for already" in shown(shared))
    assert len(posts(shared, ticket)) == 1 and buttons(desk(shared, ticket)) == [PAGE, ASK, TAKE, DROP]


def test_the_same_told_twice_is_told_once(shared: Stage, ticket: int) -> None:
    calls(shared, ticket)
    desk_says(shared, ticket, "No manager has decided yet.")
    closes_dialogs(shared, ANNA)
    calls(shared, ticket)
    shared.until(lambda: "The managers on call know of it" in shown(shared, ANNA))


# -- the ways in


def test_star_page_alone_and_the_shortcut_open_the_engineers_dialog(shared: Stage, ticket: int) -> None:
    for opened in (
        lambda: star_page(shared, "", ANNA, SELF_MANAGED),
        lambda: shared.uses_shortcut(ANNA, SHORTCUT),
    ):
        opened()
        shared.until(lambda: "Nobody is paged by this" in shown(shared, ANNA))
        view = shown(shared, ANNA)
        for choice in ("Needs help now", "Another emergency", "A compromised instance"):
            assert choice in view
        refused = shared.sends(ANNA, what="another", ticket="12 34", summary="Down")
        assert refused["errors"] == {"ticket": "Put in the number of the Zendesk ticket, such as ZD#123456."}
        closes_dialogs(shared, ANNA)
    star_page(shared, "another", ANNA, SELF_MANAGED)
    assert shared.sends(ANNA, ticket=f"ZD#{ticket}", summary="Down") == {"ok": True}
    desk_says(shared, ticket, "*Another emergency*")


def test_a_manager_and_everybody_else_use_the_shortcut_as_they_may(shared: Stage) -> None:
    shared.uses_shortcut(LENA, SHORTCUT)
    shared.until(lambda: "backup pool" in shown(shared) and "ask for hands" in shown(shared))
    shared.uses_shortcut(CASEY, SHORTCUT)
    shared.until(lambda: "Only Support Managers and the engineer on call" in shown(shared, CASEY))
    shared.until(lambda: kept(shared, 0))


def test_a_manager_who_writes_another_is_shown_the_page_of_the_backup_pool(
    shared: Stage, ticket: int
) -> None:
    star_page(shared, f"another ZD#{ticket} A second one is down")
    shared.until(lambda: "This pages people" in shown(shared) and f"*ZD#{ticket}*" in shown(shared))
    assert kept(shared, ticket) == []


def test_the_engineer_tells_it_from_a_stars_card(shared: Stage, ticket: int) -> None:
    root = shared.announced(Ticket=str(ticket))
    picks_more(shared, ANNA, card(shared, root), "star_help_now")
    shared.until(lambda: "They go live tomorrow morning." in shown(shared, ANNA))
    assert shared.sends(ANNA) == {"ok": True}
    desk_says(shared, ticket, "They go live tomorrow morning.")


def test_a_ticket_that_zendesk_does_not_know_is_told_to_nobody(shared: Stage) -> None:
    calls(shared, 999999)
    shared.until(lambda: "Zendesk has no ticket with this number" in shown(shared, ANNA))
    assert desk(shared, 999999) == {}


def test_with_zendesk_and_pagerduty_down_the_manager_is_told_all_the_same(shared: Stage, ticket: int) -> None:
    for service in ("zendesk", "pagerduty"):
        shared.breaks(service, status=503)
    calls(shared, ticket)
    desk_says(shared, ticket, "No manager has decided yet.")


# -- nobody answers, nobody is known, the weekend


def test_when_no_manager_answers_the_engineer_hears_what_to_do_next(stage: Stage) -> None:
    calls(stage, 123456)
    desk_says(stage, 123456, "No manager has decided yet.")
    stage.passes(10.1)
    hears(stage, ANNA, 123456, "press *Escalate*")
    desk_says(stage, 123456, "No manager has decided within 10 minutes.")
    pages_nobody(stage)


def test_a_manager_without_a_slack_account_is_told_in_the_channel_for_pages(empty_stage: Stage) -> None:
    stage = empty_stage
    stage.desk.post("pagerduty/act", action="extra", schedule="Support Manager - EMEA", user="Dana Okafor")
    stage.start()
    calls(stage, 123456)
    stage.until(
        lambda: any("I cannot reach them by direct message" in said(m) for m in stage.messages(MANAGERS))
    )
    (message,) = [m for m in stage.messages(MANAGERS) if "I cannot reach them" in said(m)]
    assert "<!subteam^S0SMOC>" in said(message)


@pytest.fixture
def weekend(tmp_path: Path) -> Iterator[Stage]:
    """A Saturday morning in Brisbane: Aiko Mori is the engineer on call, Mei Tanaka the manager."""
    with hands_stage(tmp_path, "apac_weekend") as stage:
        yield stage


def test_at_the_weekend_the_engineer_who_is_busy_is_not_asked_again(weekend: Stage) -> None:
    before = len(incidents(weekend, None))
    star_page(weekend, "hands ZD#123456 Pushes fail", AIKO, SELF_MANAGED)
    weekend.until(lambda: "contacts the manager only when busy" in shown(weekend, AIKO))
    assert weekend.sends(AIKO) == {"ok": True}
    message = desk_says(weekend, 123456, "It is the weekend", MEI)
    weekend.presses(MEI, message, ASK)
    assert confirms(weekend, MEI) == {"ok": True}
    says = said(posted(weekend, 123456))
    assert "the engineer on call is busy with another emergency" in says
    assert len(incidents(weekend, None)) == before
    pages_nobody(weekend)
