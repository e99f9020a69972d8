"""Asking for hands: the ticket is high, a post asks, the first taker has the ticket; nobody is paged by any of it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.scenarios.compromised import presses_copy
from tests.scenarios.hands import (
    ANNA,
    ASSIST,
    DROP,
    GIVE_BACK,
    PIETER,
    SOFIA,
    TAKE,
    asks,
    buttons,
    closes_dialogs,
    confirmation,
    confirms,
    hands_stage,
    hears,
    is_high,
    kept,
    pages_nobody,
    post,
    posted,
    posts,
    shown,
    star_page,
    told,
)
from tests.scenarios.managing import card, picks_more
from tests.scenarios.paging import presses_old, sends_raw, submission
from tests.stage import (
    CASEY,
    GUEST,
    LENA,
    MANAGERS,
    MARIA,
    MEI,
    SELF_MANAGED,
    STARS,
    Stage,
    said,
)

HELP_NOW = "star_help_now"


@pytest.fixture
def shared(shared: Stage) -> Iterator[Stage]:
    """No dialog stays open for the next story."""
    yield shared
    closes_dialogs(shared, LENA, MEI, MARIA, ANNA, CASEY)


@pytest.fixture
def ticket(shared: Stage) -> int:
    """A ticket that is not high yet."""
    while shared.ticket(number := shared.fresh_ticket())["priority"] in ("high", "urgent"):
        pass
    return number


# -- from the command to the taker


def test_asked_for_by_command_the_ticket_is_high_and_the_post_asks(shared: Stage, ticket: int) -> None:
    star_page(shared, f"hands ZD#{ticket} Pushes fail for everybody")
    view = said(confirmation(shared))
    assert f"*ZD#{ticket}*. Nobody is paged" in view
    assert "*high* in Zendesk" in view and "#support_self-managed" in view
    assert "Pushes fail for everybody" in view and "weekend" not in view
    assert posts(shared, ticket) == [] and shared.comments(ticket) == []
    assert confirms(shared) == {"ok": True}
    message = posted(shared, ticket)
    shared.until(lambda: is_high(shared, ticket))
    (note,) = shared.comments(ticket)
    assert note["public"] is False
    assert "handled as high priority" in note["body"] and "Asked by Lena Vogt, 2026-11-17" in note["body"]
    assert "Pushes fail for everybody" in note["body"]
    shared.until(lambda: posts(shared, ticket, MANAGERS))
    shared.until(lambda: "says who takes it" in shown(shared))
    says = said(message)
    assert "Handled as *high*, with an immediate response." in says and f"Asked by <@{LENA}>" in says
    assert "Pushes fail for everybody" in says and "weekend" not in says
    assert buttons(message) == [TAKE, ASSIST, DROP]
    pages_nobody(shared)


def test_the_first_of_two_takers_has_the_ticket_and_the_second_is_told(shared: Stage, ticket: int) -> None:
    asks(shared, ticket)
    message = posted(shared, ticket)
    shared.presses(PIETER, message, TAKE)
    message = posted(shared, ticket, f"<@{PIETER}> has it.")
    shared.until(lambda: shared.ticket(ticket)["assignee"] == "Pieter Bakker")
    posted(shared, ticket, f"The ticket is assigned to <@{PIETER}>.")
    assert buttons(message) == [ASSIST, GIVE_BACK, DROP]
    presses_old(shared, ANNA, {**message, "blocks": _old(message)}, "I'll take it")
    hears(shared, ANNA, ticket, f"<@{PIETER}> has it already.")
    shared.quiet()
    assert shared.ticket(ticket)["assignee"] == "Pieter Bakker"


def test_whom_no_direct_message_reaches_is_told_in_the_channel_for_their_eyes_alone(
    shared: Stage, ticket: int
) -> None:
    asks(shared, ticket)
    message = posted(shared, ticket)
    shared.presses(PIETER, message, TAKE)
    message = posted(shared, ticket, f"<@{PIETER}> has it.")
    shared.breaks("slack", method="chat.postMessage", status=200, error="no_permission")
    presses_old(shared, MEI, {**message, "blocks": _old(message)}, "I'll take it")
    shared.until(lambda: any(f"<@{PIETER}> has it already." in one for one in shared.whispers(MEI)))
    assert not any("has it already" in one for one in told(shared, MEI) if f"ZD#{ticket}" in one)


def _old(message: dict) -> list[dict]:
    """The buttons as they were before somebody took it."""
    row = next(block for block in message["blocks"] if block["type"] == "actions")
    value = row["elements"][0]["value"]
    take = {
        "type": "button",
        "action_id": TAKE,
        "value": value,
        "text": {"type": "plain_text", "text": "I'll take it"},
    }
    return [{**row, "elements": [take]}]


def test_two_who_take_it_at_the_same_moment_are_one_taker(shared: Stage, ticket: int) -> None:
    asks(shared, ticket)
    message = posted(shared, ticket)
    with ThreadPoolExecutor(2) as hands:
        list(hands.map(lambda user: shared.presses(user, message, TAKE), (PIETER, ANNA)))
    posted(shared, ticket, "The ticket is assigned to")
    shared.until(lambda: any("has it already" in m for user in (PIETER, ANNA) for m in told(shared, user)))
    names = {PIETER: "Pieter Bakker", ANNA: "Anna Kowalska"}
    (winner,) = [user for user in names if f"<@{user}> has it." in post(shared, ticket)]
    assert shared.ticket(ticket)["assignee"] == names[winner]


def test_who_has_no_zendesk_account_that_is_known_assigns_the_ticket_themselves(
    shared: Stage, ticket: int
) -> None:
    before = shared.ticket(ticket)["assignee"]
    asks(shared, ticket)
    shared.presses(SOFIA, posted(shared, ticket), TAKE)
    posted(shared, ticket, f"<@{SOFIA}> assigns the ticket to themselves")
    hears(shared, SOFIA, ticket, "please assign the ticket to yourself")
    shared.quiet()
    assert shared.ticket(ticket)["assignee"] == before


def test_given_back_it_asks_again_and_the_ticket_goes_back_to_whom_it_was_assigned(
    shared: Stage, ticket: int
) -> None:
    shared.desk.post("zendesk/act", ticket=ticket, action="assign", assignee="Sofia Rossi")
    asks(shared, ticket)
    shared.presses(PIETER, posted(shared, ticket), TAKE)
    taken = posted(shared, ticket, f"The ticket is assigned to <@{PIETER}>.")
    shared.presses(CASEY, taken, GIVE_BACK)
    hears(shared, CASEY, ticket, "only whoever has it gives it back")
    shared.presses(PIETER, taken, GIVE_BACK)
    message = posted(shared, ticket, f"Nobody has it yet; <@{PIETER}> gave it back.")
    assert buttons(message) == [TAKE, ASSIST, DROP]
    hears(shared, LENA, ticket, f"<@{PIETER}> gave it back. Next: ")
    shared.until(lambda: shared.ticket(ticket)["assignee"] == "Sofia Rossi")
    shared.presses(ANNA, message, TAKE)
    posted(shared, ticket, f"The ticket is assigned to <@{ANNA}>.")
    presses_copy(shared, PIETER, taken, "Give it back")
    presses_copy(shared, MEI, taken, "Give it back")
    for user in (PIETER, MEI):
        hears(shared, user, ticket, f"<@{ANNA}> has it already.")
    shared.desk.post("zendesk/act", ticket=ticket, action="assign", assignee="Lena Vogt")
    shared.presses(MEI, posts(shared, ticket)[-1], GIVE_BACK)
    hears(shared, ANNA, ticket, f"<@{MEI}> gave it back.")
    shared.quiet()
    assert shared.ticket(ticket)["assignee"] == "Lena Vogt", "somebody else has it by now"


def test_who_assists_is_named_once(shared: Stage, ticket: int) -> None:
    asks(shared, ticket)
    message = posted(shared, ticket)
    for user in (PIETER, PIETER, ANNA):
        shared.presses(user, message, ASSIST)
    posted(shared, ticket, f"Assisting: <@{PIETER}>, <@{ANNA}>")
    shared.presses(PIETER, message, TAKE)
    posted(shared, ticket, f"Assisting: <@{ANNA}>")


def test_no_longer_needed_says_whoever_asked_or_a_manager_and_nobody_else(shared: Stage, ticket: int) -> None:
    asks(shared, ticket)
    message = posted(shared, ticket)
    shared.presses(PIETER, message, DROP)
    shared.until(lambda: any("Whoever asked says when" in m for m in told(shared, PIETER)))
    assert "Nobody has it yet" in post(shared, ticket)
    shared.presses(MARIA, message, DROP)
    over = posted(shared, ticket, f"No longer needed, says <@{MARIA}>.")
    assert buttons(over) == []
    presses_old(shared, PIETER, {**message, "blocks": message["blocks"]}, "I'll take it")
    hears(shared, PIETER, ticket, "no longer needed")
    asks(shared, ticket, "It is back", MEI)
    shared.until(lambda: len(posts(shared, ticket)) == 2)


def test_where_the_bot_is_no_member_only_the_channel_for_hands_has_the_post(
    shared: Stage, ticket: int
) -> None:
    asks(shared, ticket, channel="C0GENER")
    posted(shared, ticket)
    shared.until(lambda: kept(shared, ticket)[0]["channel"] == "")
    assert posts(shared, ticket, "C0GENER") == []


def test_guests_take_nothing(shared: Stage, ticket: int) -> None:
    asks(shared, ticket, channel=STARS)
    message = shared.until(lambda: posts(shared, ticket, STARS))[-1]
    shared.presses(GUEST, message, TAKE)
    shared.until(lambda: any("Guests cannot take" in m for m in told(shared, GUEST)))
    assert "Nobody has it yet" in post(shared, ticket)


def test_nobody_takes_it_in_time_and_whoever_asked_hears_once_what_to_do_next(stage: Stage) -> None:
    asks(stage, 123456)
    posted(stage, 123456)
    stage.passes(9)
    stage.quiet()
    assert "Nobody has it yet" in post(stage, 123456)
    stage.passes(1.1)
    message = posted(stage, 123456, "Nobody has taken it within 10 minutes.")
    hears(stage, LENA, 123456, "Next: write to somebody who is free")
    stage.passes(30)
    stage.quiet()
    assert len(told(stage, LENA)) == 1
    stage.presses(PIETER, message, TAKE)
    posted(stage, 123456, f"<@{PIETER}> has it.")
    stage.passes(12 * 60 + 1)
    posted(stage, 123456, "Over: nobody closed it within 12 hours.")
    pages_nobody(stage)


# -- from the STAR's card, and from the dialog of `/star-page`


def test_from_a_stars_card_the_dialog_knows_ticket_and_reason(shared: Stage, ticket: int) -> None:
    root = shared.announced(Ticket=str(ticket))
    picks_more(shared, LENA, card(shared, root), HELP_NOW)
    view = said(confirmation(shared))
    assert f"*ZD#{ticket}*" in view and "They go live tomorrow morning." in view
    assert confirms(shared) == {"ok": True}
    posted(shared, ticket)
    shared.until(lambda: posts(shared, ticket, STARS))
    closes_dialogs(shared, LENA)
    picks_more(shared, CASEY, card(shared, root), HELP_NOW)
    shared.until(lambda: "Only Support Managers and the engineer on call" in shown(shared, CASEY))


def test_the_dialog_of_star_page_leads_on_to_hands(shared: Stage, ticket: int) -> None:
    star_page(shared, "")
    shared.until(lambda: "ask for hands" in shown(shared))
    refused = shared.sends(LENA, purpose="hands", summary="Pushes fail")
    assert refused["errors"] == {"ticket": "Put in the number of the Zendesk ticket, such as ZD#123456."}
    assert shared.sends(LENA, purpose="hands", ticket=f"ZD#{ticket}", summary="Pushes fail") == {"ok": True}
    assert f"*ZD#{ticket}*" in said(confirmation(shared))
    assert confirms(shared, summary="Pushes fail, clones too") == {"ok": True}
    assert "Pushes fail, clones too" in said(posted(shared, ticket))


def test_what_the_command_did_not_say_is_asked_for(shared: Stage, ticket: int) -> None:
    star_page(shared, "hands")
    shared.until(lambda: "Nobody is asked yet" in shown(shared))
    assert shared.sends(LENA, ticket=f"#{ticket}", summary="Pushes fail") == {"ok": True}
    assert f"*ZD#{ticket}*" in said(confirmation(shared))


# -- once


def test_a_second_request_for_the_ticket_is_shown_the_first(shared: Stage, ticket: int) -> None:
    asks(shared, ticket)
    first = posted(shared, ticket)
    asks(shared, ticket, "Still failing", MEI)
    shared.until(lambda: "Hands are asked for already" in shown(shared, MEI))
    assert f"p{first['ts'].replace('.', '')}" in shown(shared, MEI)
    shared.until(lambda: is_high(shared, ticket))
    shared.quiet()
    assert len(posts(shared, ticket)) == len(shared.comments(ticket)) == 1


def test_a_double_click_asks_once(shared: Stage, ticket: int) -> None:
    star_page(shared, f"hands ZD#{ticket} Pushes fail")
    twice = submission(confirmation(shared), LENA, summary="Pushes fail")
    with ThreadPoolExecutor(4) as hands:
        answers = list(hands.map(lambda _: sends_raw(shared, twice), range(4)))
    assert {answer["response_action"] for answer in answers} == {"update"}
    posted(shared, ticket)
    shared.until(lambda: is_high(shared, ticket))
    shared.quiet()
    assert len(posts(shared, ticket)) == len(shared.comments(ticket)) == 1


# -- the weekend


@pytest.fixture
def weekend(tmp_path: Path) -> Iterator[Stage]:
    """A Saturday morning in Brisbane: Aiko Mori is the engineer on call, Mei Tanaka the manager."""
    with hands_stage(tmp_path, "apac_weekend") as stage:
        yield stage


def test_at_the_weekend_the_dialog_tells_its_rule_and_the_post_speaks_to_the_engineer_on_call(
    weekend: Stage,
) -> None:
    star_page(weekend, "hands ZD#123456 Pushes fail", MEI)
    view = said(confirmation(weekend, MEI))
    assert "the engineer on call does what is nearly an emergency" in view and "speaks to <@U0ENG01>" in view
    confirms(weekend, MEI)
    says = said(posted(weekend, 123456))
    assert "It is the weekend, so this is for the engineer on call: <@U0ENG01>." in says
    assert posts(weekend, 123456, SELF_MANAGED)
    pages_nobody(weekend)
