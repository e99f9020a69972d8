"""Asking for hands where something will not do: the ticket, the words, the right, or Zendesk."""

import json
import re
from collections.abc import Iterator

import pytest

from tests.corpus import HOSTILE
from tests.scenarios.hands import (
    ANNA,
    GIVE_BACK,
    PIETER,
    TAKE,
    asks,
    changes,
    closes_dialogs,
    confirmation,
    confirms,
    hears,
    is_high,
    kept,
    post,
    posted,
    posts,
    shown,
    star_page,
)
from tests.scenarios.paging import sends_raw, submission
from tests.stage import (
    CASEY,
    CLOSED_TICKET,
    GITLAB_COM,
    LENA,
    MARIA,
    MEI,
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


# -- bad input, and no right


@pytest.mark.parametrize(
    ("number", "says"),
    [
        (999999, "Zendesk has no ticket with this number. Nothing was done"),
        (CLOSED_TICKET, "This ticket is closed"),
    ],
)
def test_a_ticket_for_which_nothing_can_be_done_is_answered_in_the_dialog(
    shared: Stage, number: int, says: str
) -> None:
    star_page(shared, f"hands ZD#{number} Pushes fail")
    shared.until(lambda: says in shown(shared))
    shared.quiet()
    assert posts(shared, number) == []


def test_a_merged_ticket_is_answered_so(shared: Stage, ticket: int) -> None:
    shared.desk.post("zendesk/act", ticket=ticket, action="tag", tags=["closed_by_merge"])
    shared.desk.post("zendesk/act", ticket=ticket, action="close")
    star_page(shared, f"hands ZD#{ticket} Pushes fail")
    shared.until(lambda: "was merged into another one" in shown(shared))


def test_a_summary_that_is_empty_or_too_long_goes_back_to_its_field(shared: Stage, ticket: int) -> None:
    star_page(shared, f"hands ZD#{ticket} {'word ' * 1000}")
    view = confirmation(shared)
    assert "It was cut" in said(view)
    for summary, says in ((" \u200b ", "Say in a few words"), ("x" * 5000, "at most 3000 characters")):
        answer = sends_raw(shared, submission(view, LENA, summary=summary))
        assert says in answer["errors"]["summary"]
    shared.quiet()
    assert posts(shared, ticket) == []


@pytest.mark.parametrize("user", [CASEY, PIETER])
def test_without_the_right_it_is_a_polite_no_that_is_kept(shared: Stage, user: str, ticket: int) -> None:
    answer = star_page(shared, f"hands ZD#{ticket} Pushes fail", user, GITLAB_COM)
    assert "Only Support Managers and the engineer on call can ask for this" in str(answer)
    (tried,) = shared.until(lambda: kept(shared, ticket))
    assert (tried["status"], tried["what"], tried["by"]["slack"]) == ("refused", "hands", user)
    assert shared.views(user) == [] and posts(shared, ticket) == []


def test_a_dialog_that_reaches_somebody_without_the_right_asks_nobody(shared: Stage, ticket: int) -> None:
    star_page(shared, f"hands ZD#{ticket} Pushes fail")
    sends_raw(shared, submission(confirmation(shared), CASEY, summary="Pushes fail"))
    (refused,) = shared.until(lambda: kept(shared, ticket))
    assert (refused["status"], refused["by"]["slack"]) == ("refused", CASEY)
    shared.quiet()
    assert posts(shared, ticket) == [] and shared.comments(ticket) == []


def test_what_hostile_people_write_stays_text_in_the_post_and_on_the_ticket(
    shared: Stage, ticket: int
) -> None:
    text = "\n".join(one[:60] for name, one in HOSTILE.items() if name != "lone_surrogate")
    star_page(shared, f"hands ZD#{ticket} Pushes fail")
    assert confirms(shared, summary=text) == {"ok": True}
    message = posted(shared, ticket)
    marks = set(re.findall(r"<([^>|]+)", json.dumps(message["blocks"])))
    assert all(mark.startswith((f"@{LENA}", "!date^17", "!date^18", "http://127")) for mark in marks), marks
    (note,) = shared.until(lambda: shared.comments(ticket))
    assert note["public"] is False and "{{ticket" not in note["body"] and "{%" not in note["body"]
    assert "status" not in {
        event.get("field_name") for audit in shared.ticket(ticket)["audits"] for event in audit["events"]
    }


# -- Zendesk


def test_with_zendesk_down_the_post_comes_and_says_that_the_priority_is_not_set_yet(
    shared: Stage, ticket: int
) -> None:
    star_page(shared, f"hands ZD#{ticket} Pushes fail")
    confirmation(shared)
    shared.breaks("zendesk", status=503)
    confirms(shared)
    message = posted(shared, ticket, "the priority is not set yet")
    shared.presses(PIETER, message, TAKE)
    posted(shared, ticket, "the ticket is not assigned yet")
    shared.mends()
    posted(shared, ticket, f"The ticket is assigned to <@{PIETER}>.")
    shared.until(lambda: is_high(shared, ticket) and "not set yet" not in post(shared, ticket))
    assert len(shared.comments(ticket)) == changes(shared, ticket, "priority") == 1


def test_given_back_while_zendesk_is_down_the_ticket_stays_whose_it_was(shared: Stage, ticket: int) -> None:
    shared.desk.post("zendesk/act", ticket=ticket, action="assign", assignee="Sofia Rossi")
    changed = changes(shared, ticket, "assignee_id")
    asks(shared, ticket)
    shared.until(lambda: is_high(shared, ticket))
    shared.breaks("zendesk", status=503)
    shared.presses(PIETER, posted(shared, ticket), TAKE)
    shared.presses(PIETER, posted(shared, ticket, "the ticket is not assigned yet"), GIVE_BACK)
    message = posted(shared, ticket, "gave it back")
    shared.mends()
    shared.presses(ANNA, message, TAKE)
    message = posted(shared, ticket, f"The ticket is assigned to <@{ANNA}>.")
    shared.presses(ANNA, message, GIVE_BACK)
    shared.until(lambda: shared.ticket(ticket)["assignee"] == "Sofia Rossi")
    assert changes(shared, ticket, "assignee_id") == changed + 2


def test_an_answer_of_zendesk_that_is_lost_gives_the_ticket_back_once(shared: Stage, ticket: int) -> None:
    shared.desk.post("zendesk/act", ticket=ticket, action="assign", assignee="Sofia Rossi")
    changed = changes(shared, ticket, "assignee_id")
    asks(shared, ticket)
    shared.presses(PIETER, posted(shared, ticket), TAKE)
    message = posted(shared, ticket, f"The ticket is assigned to <@{PIETER}>.")
    shared.breaks("zendesk", "drop_after", method="PUT", times=1)
    shared.presses(PIETER, message, GIVE_BACK)
    shared.until(lambda: shared.ticket(ticket)["assignee"] == "Sofia Rossi")
    shared.quiet()
    assert changes(shared, ticket, "assignee_id") == changed + 2


def test_a_ticket_that_is_closed_meanwhile_is_told_in_the_post(shared: Stage, ticket: int) -> None:
    star_page(shared, f"hands ZD#{ticket} Pushes fail")
    confirmation(shared)
    shared.desk.post("zendesk/act", ticket=ticket, action="close")
    confirms(shared)
    message = posted(shared, ticket, "The priority is not set: the ticket is closed")
    shared.presses(PIETER, message, TAKE)
    posted(shared, ticket, "The ticket is not assigned: the ticket is closed")
    hears(shared, PIETER, ticket, "you have it, but the ticket is not assigned")


def test_an_answer_of_zendesk_that_is_lost_changes_the_ticket_once(shared: Stage, ticket: int) -> None:
    star_page(shared, f"hands ZD#{ticket} Pushes fail")
    confirmation(shared)
    shared.breaks("zendesk", "drop_after", method="PUT", times=1)
    confirms(shared)
    message = posted(shared, ticket)
    shared.until(lambda: kept(shared, ticket)[0]["priority"] == "high")
    assert len(shared.comments(ticket)) == changes(shared, ticket, "priority") == 1
    shared.breaks("zendesk", "drop_after", method="PUT", times=1)
    shared.presses(PIETER, message, TAKE)
    posted(shared, ticket, f"The ticket is assigned to <@{PIETER}>.")
    assert changes(shared, ticket, "assignee_id") == 1


def test_an_urgent_ticket_stays_urgent(shared: Stage, ticket: int) -> None:
    shared.desk.post("zendesk/act", ticket=ticket, action="set_priority", priority="urgent")
    asks(shared, ticket)
    posted(shared, ticket)
    shared.until(lambda: shared.comments(ticket))
    assert shared.ticket(ticket)["priority"] == "urgent"
