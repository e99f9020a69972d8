"""What is said to a customer with a compromised instance: talking points that managers change for the case, and the
macro, on the ticket just as it was read."""

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.corpus import HOSTILE
from tests.scenarios.compromised import (
    CUSTOMER,
    MACRO,
    NOTE,
    POINTS,
    TEXT,
    TITLE,
    applies,
    commands,
    ends,
    hears,
    opens,
    presses_copy,
    record,
    reports,
    says,
    second_manager,
    words_to,
)
from tests.scenarios.managing import ANNA
from tests.scenarios.paging import closes_dialogs, sends_raw, shown, submission
from tests.stage import CLOSED_TICKET, LENA, TOMAS, Stage, said

WIRED = [name for name in HOSTILE if name != "lone_surrogate"]
"""What this test's own client can send."""


@pytest.fixture
def shared(shared: Stage) -> Iterator[Stage]:
    yield shared
    ends(shared)


# -- what to say


def test_the_talking_points_are_whole_and_a_manager_changes_them_for_this_case(shared: Stage) -> None:
    ticket = reports(shared, ANNA)
    says(shared, ticket, "Press a button")
    view = said(opens(shared, ticket, POINTS, "How did this happen?"))
    for part in ("Rotate every secret", "gitlab-secrets.json", "Not safely.", "What data was accessed?"):
        assert part in view
    assert shared.sends(LENA, points="Say that <!channel> Aurora comes first.") == {"ok": True}
    says(shared, ticket, f"<@{LENA}> changed the talking points", ANNA)
    shared.until(lambda: "are saved" in shown(shared))
    own = opens(shared, ticket, POINTS, "Aurora comes first.", ANNA)
    assert "submit" not in own or own["submit"] is None, "she reads them"
    other = reports(shared)
    assert "Aurora comes first." not in said(opens(shared, other, POINTS, "How did this happen?"))


def test_who_changes_them_at_the_same_time_sees_the_newer_ones_and_loses_nothing(shared: Stage) -> None:
    second_manager(shared)
    ticket = reports(shared, ANNA)
    for user in (LENA, TOMAS):
        says(shared, ticket, "Press a button", user)
        opens(shared, ticket, POINTS, "How did this happen?", user)
    shared.sends(LENA, points="Those of Lena.")
    says(shared, ticket, f"<@{LENA}> changed the talking points", TOMAS)
    shared.sends(TOMAS, points="Those of Tomas.")
    shared.until(lambda: "yours are *not saved*" in shown(shared, TOMAS))
    assert "Those of Lena." in shown(shared, TOMAS) and "Those of Tomas." in shown(shared, TOMAS)
    shared.sends(TOMAS, points="Those of both.")
    says(shared, ticket, f"<@{TOMAS}> changed the talking points")
    closes_dialogs(shared)
    opens(shared, ticket, POINTS, "Those of both.")


def test_talking_points_that_nobody_can_see_go_back_to_their_field(shared: Stage) -> None:
    ticket = reports(shared)
    opens(shared, ticket, POINTS, "How did this happen?")
    assert "points" in shared.sends(LENA, points=" \u200b ")["errors"]


@pytest.mark.parametrize("names", [WIRED[::2], WIRED[1::2]], ids=["even", "odd"])
def test_what_hostile_people_write_stays_text_wherever_it_is_shown(shared: Stage, names: list[str]) -> None:
    text = "\n".join(HOSTILE[name][:70] for name in names)
    ticket = shared.fresh_ticket()
    commands(shared, "compromised", ANNA)
    shared.until(lambda: "What we know" in shown(shared, ANNA))
    assert shared.sends(ANNA, ticket=str(ticket), summary=text) == {"ok": True}
    says(shared, ticket, "Press a button")
    opens(shared, ticket, POINTS, "How did this happen?")
    assert shared.sends(LENA, points=text) == {"ok": True}
    says(shared, ticket, "changed the talking points", ANNA)
    messages = [record(shared, ticket), record(shared, ticket, ANNA)]
    marks = {mark for message in messages for mark in re.findall(r"<([^>|]+)", json.dumps(message["blocks"]))}
    assert all(
        mark.startswith((f"@{LENA}", f"@{ANNA}", "!date^17", "!date^18", "http://127")) for mark in marks
    ), marks
    assert shared.comments(ticket) == []


def test_what_was_written_in_a_dialog_that_outlives_its_record_goes_back_and_does_nothing(
    shared: Stage,
) -> None:
    second_manager(shared)
    ticket = reports(shared, ANNA)
    for user in (LENA, TOMAS):
        says(shared, ticket, f"<@{TOMAS}> informed", user)
    opens(shared, ticket, MACRO, TEXT)
    opens(shared, ticket, POINTS, "How did this happen?", TOMAS)
    before = record(shared, ticket, TOMAS)
    with ThreadPoolExecutor(2) as hands:
        list(hands.map(lambda user: presses_copy(shared, user, before, "Close this record"), (LENA, TOMAS)))
    says(shared, ticket, "*Closed* by", ANNA)
    assert shared.sends(LENA, mode=CUSTOMER) == {"ok": True}
    shared.until(lambda: "nothing was changed" in shown(shared, LENA))
    assert shared.sends(TOMAS, points="Those of Tomas.") == {"ok": True}
    shared.until(lambda: "You wrote: Those of Tomas." in shown(shared, TOMAS))
    shared.quiet()
    assert shared.comments(ticket) == []
    assert len(words_to(shared, ANNA, ticket)) == 1, "it was closed once"


# -- the macro


def test_the_macro_is_a_private_note_unless_somebody_chose_otherwise(shared: Stage) -> None:
    ticket = reports(shared, ANNA)
    before = shared.ticket(ticket)
    view = opens(shared, ticket, MACRO, TEXT, ANNA)
    assert "add the tags compromised＿instance" in said(view) or "compromised_instance" in said(view)
    assert shared.comments(ticket) == [], "nothing is done before the dialog is sent"
    shared.sends(ANNA)
    (comment,) = shared.until(lambda: shared.comments(ticket))
    assert (comment["public"], comment["body"]) == (False, TEXT)
    shared.until(lambda: "is on the ticket as a private note" in shown(shared, ANNA))
    says(shared, ticket, f"the macro is on the ticket, as a private note, by <@{ANNA}>")
    after = shared.ticket(ticket)
    assert set(after["tags"]) - set(before["tags"]) == {"compromised_instance"}
    assert after["status"] == before["status"]


def test_the_customer_reads_it_where_somebody_chose_that_in_the_dialog_with_the_text(shared: Stage) -> None:
    ticket = reports(shared)
    applies(shared, ticket, CUSTOMER)
    (comment,) = shared.until(lambda: shared.comments(ticket))
    assert (comment["public"], comment["body"]) == (True, TEXT)
    says(shared, ticket, f"the macro is on the ticket, to the customer, by <@{LENA}>")


def test_a_dialog_that_is_sent_twice_applies_it_once(shared: Stage) -> None:
    ticket = reports(shared)
    twice = submission(opens(shared, ticket, MACRO, TEXT), LENA, mode=NOTE)
    for _ in range(3):
        sends_raw(shared, twice)
    says(shared, ticket, "the macro is on the ticket")
    shared.quiet()
    assert len(shared.comments(ticket)) == 1


def test_two_who_apply_it_do_not_do_so_twice(shared: Stage) -> None:
    ticket = reports(shared, ANNA)
    says(shared, ticket, "Press a button")
    for user in (LENA, ANNA):
        opens(shared, ticket, MACRO, TEXT, user)
    shared.sends(LENA, mode=NOTE)
    says(shared, ticket, "the macro is on the ticket")
    shared.sends(ANNA, mode=CUSTOMER)
    shared.until(lambda: "was applied while you read" in shown(shared, ANNA))
    assert [comment["public"] for comment in shared.comments(ticket)] == [False]


def test_an_answer_that_is_lost_applies_it_once(shared: Stage) -> None:
    ticket = reports(shared)
    opens(shared, ticket, MACRO, TEXT)
    shared.breaks("zendesk", "drop_after", method="PUT", times=1)
    shared.sends(LENA, mode=CUSTOMER)
    says(shared, ticket, "the macro is on the ticket, to the customer")
    shared.quiet()
    assert len(shared.comments(ticket)) == 1


def test_what_the_macro_would_not_do_any_more_is_shown_anew_and_not_done(shared: Stage) -> None:
    ticket = reports(shared)
    opens(shared, ticket, MACRO, TEXT)
    shared.desk.post("zendesk/act", action="tag", ticket=ticket, tags=["compromised_instance"])
    shared.sends(LENA, mode=CUSTOMER)
    shared.until(lambda: "Please read it anew" in shown(shared))
    assert "add the tags" not in shown(shared)
    assert shared.comments(ticket) == []
    shared.sends(LENA, mode=CUSTOMER)
    shared.until(lambda: shared.comments(ticket))
    assert [comment["public"] for comment in shared.comments(ticket)] == [True]


def test_a_closed_ticket_is_said_before_and_after_the_dialog(shared: Stage) -> None:
    commands(shared, f"compromised ZD#{CLOSED_TICKET} Unknown runners")
    shared.until(lambda: record(shared, CLOSED_TICKET))
    opens(shared, CLOSED_TICKET, MACRO, "The ticket is closed")
    closes_dialogs(shared)
    ticket = reports(shared)
    opens(shared, ticket, MACRO, TEXT)
    shared.desk.post("zendesk/act", action="close", ticket=ticket)
    shared.sends(LENA, mode=NOTE)
    shared.until(lambda: "It was not applied. The ticket is closed" in shown(shared))
    says(shared, ticket, "It was not applied. The ticket is closed")


def test_with_zendesk_down_it_is_recorded_and_the_macro_waits(shared: Stage) -> None:
    shared.breaks("zendesk", status=503)
    ticket = reports(shared, ANNA)
    says(shared, ticket, "Press a button")
    opens(shared, ticket, MACRO, "Zendesk does not answer right now")
    closes_dialogs(shared)
    shared.mends()
    opens(shared, ticket, MACRO, TEXT)
    shared.breaks("zendesk", status=503)
    shared.sends(LENA, mode=NOTE)
    shared.until(lambda: "Zendesk has not answered yet" in shown(shared))
    shared.mends()
    says(shared, ticket, "the macro is on the ticket, as a private note")
    hears(shared, LENA, ticket, "the macro is on the ticket as a private note")
    assert len(shared.comments(ticket)) == 1


def test_a_macro_that_is_not_there_is_said_with_the_mend(empty_stage: Stage) -> None:
    empty_stage.desk.post("zendesk/act", action="set_macro_active", macro=TITLE, active=False)
    stage = empty_stage.start()
    ticket = reports(stage)
    opens(stage, ticket, MACRO, "Zendesk has no active macro of that name")
    stage.desk.post("zendesk/act", action="set_macro_active", macro=TITLE, active=True)
    stage.desk.post("zendesk/act", action="rename_macro", macro=TITLE, title="Compromised Instance")
    closes_dialogs(stage)
    applies(stage, ticket, NOTE)
    says(stage, ticket, "the macro is on the ticket")
