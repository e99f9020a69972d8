"""A compromised instance: a manager is informed before any call, and decides about it; the record keeps who knew and
who said what when."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.scenarios.compromised import (
    BEFORE,
    CLOSE,
    INSTEAD,
    MACRO,
    NOT_NEEDED,
    POINTS,
    RULE,
    buttons_of,
    commands,
    ends,
    hears,
    paging_calls,
    presses_copy,
    record,
    records,
    reports,
    says,
    second_manager,
    words_to,
)
from tests.scenarios.managing import ANNA
from tests.scenarios.paging import shown, told
from tests.stage import CASEY, LENA, MANAGERS, MEI, TOMAS, Stage, said


@pytest.fixture
def shared(shared: Stage) -> Iterator[Stage]:
    yield shared
    ends(shared)


# -- who is informed


def test_a_manager_who_reports_it_has_the_record_with_the_rule_and_the_advice(shared: Stage) -> None:
    ticket = reports(shared, words="Unknown runners, version 16.1")
    message = record(shared, ticket)
    assert buttons_of(message) == [BEFORE, INSTEAD, NOT_NEEDED, POINTS, MACRO, CLOSE]
    text = said(message)
    assert (
        text.index(RULE)
        < text.index("Unknown runners, version 16.1")
        < text.index("1. Shut the instance down.")
    )
    assert "5. Then audit users" in text and "SIRT" in text and "began this" in text
    assert paging_calls(shared) == []


def test_an_engineer_on_call_who_reports_it_informs_the_manager_and_pages_nobody(shared: Stage) -> None:
    ticket = reports(shared, ANNA)
    asked = says(shared, ticket, f"<@{LENA}> informed, by <@{ANNA}>")
    own = says(shared, ticket, f"<@{LENA}> informed, by <@{ANNA}>", ANNA)
    assert buttons_of(asked) == [BEFORE, INSTEAD, NOT_NEEDED, POINTS, MACRO, CLOSE]
    assert buttons_of(own) == [POINTS, MACRO]
    assert all(RULE in said(one) for one in (asked, own))
    assert records(shared, ticket, MEI) == [], "she is not on call"
    shared.quiet()
    assert paging_calls(shared) == []


def test_every_manager_on_call_is_informed(shared: Stage) -> None:
    second_manager(shared)
    ticket = reports(shared, ANNA)
    for user in (LENA, TOMAS):
        says(shared, ticket, f"<@{TOMAS}> informed, by <@{ANNA}>", user)


def test_where_nobody_is_on_call_the_managers_channel_is_asked(shared: Stage) -> None:
    shared.desk.post("pagerduty/act", action="gap", schedule="Support Manager - EMEA")
    ticket = reports(shared, ANNA)
    message = says(shared, ticket, "I find nobody on call", MANAGERS)
    assert "<!subteam^" in said(message)
    shared.presses(MEI, message, BEFORE)
    says(shared, ticket, f"<@{MEI}> joins before the call", ANNA)


def test_a_second_report_joins_the_first_and_its_manager_has_a_message_too(shared: Stage) -> None:
    ticket = reports(shared, ANNA, "Unknown runners")
    commands(shared, f"compromised ZD#{ticket} And unknown users", MEI)
    hears(shared, MEI, ticket, f"was reported before, by <@{ANNA}>")
    for user in (LENA, MEI, ANNA):
        says(shared, ticket, "And unknown users", user)
        assert "Unknown runners" in said(record(shared, ticket, user))
    assert BEFORE in buttons_of(record(shared, ticket, MEI))


def test_two_who_report_it_at_the_same_moment_have_one_record(shared: Stage) -> None:
    ticket = shared.fresh_ticket()
    with ThreadPoolExecutor(2) as hands:
        list(
            hands.map(
                lambda user: commands(shared, f"compromised ZD#{ticket} Says {user}", user), (LENA, MEI)
            )
        )
    for user in (LENA, MEI):
        says(shared, ticket, f"Says {LENA}", user)
        says(shared, ticket, f"Says {MEI}", user)


def test_who_may_not_is_told_so_and_it_is_kept(shared: Stage) -> None:
    ticket = shared.fresh_ticket()
    for user in (CASEY, "U0ENG07"):
        commands(shared, f"compromised ZD#{ticket} Help", user)
        shared.until(lambda user=user: "Only Support Managers and engineers on call" in told(shared, user))
    assert records(shared, ticket) == records(shared, ticket, CASEY) == []
    assert shared.bot is not None
    with shared.bot._store.read() as books:
        assert (
            len([one for one in books.in_status("compromised", ("refused",)) if str(ticket) in one.body]) == 2
        )


@pytest.mark.parametrize(("user", "field"), [(ANNA, "what"), (LENA, "purpose")])
def test_the_dialog_of_star_page_leads_to_it_too(shared: Stage, user: str, field: str) -> None:
    ticket = shared.fresh_ticket()
    commands(shared, "", user)
    shared.sends(user, **{field: "compromised"}, ticket=str(ticket), summary="Unknown runners")
    if user == LENA:
        shared.until(lambda: "Nobody is paged by this" in shown(shared, user))
        assert shared.sends(user) == {"ok": True}
    says(shared, ticket, "Unknown runners", user)
    says(shared, ticket, "Unknown runners", LENA)
    assert paging_calls(shared) == []


def test_a_manager_without_a_slack_id_is_asked_for_in_the_managers_channel(empty_stage: Stage) -> None:
    stage = empty_stage
    people = stage.folder / "people.yml"
    kept = [part for part in people.read_text("utf-8").split("- ") if LENA not in part]
    people.write_text("- ".join(kept), "utf-8")
    stage.breaks("slack", path="/slack/api/users.lookupByEmail", kind="malformed")
    stage.start()
    ticket = reports(stage, ANNA)
    message = says(stage, ticket, "Lena Vogt is on call, and I cannot reach them", MANAGERS)
    assert "<!subteam^" in said(message) and BEFORE in buttons_of(message)


# -- the decision


@pytest.mark.parametrize(
    ("button", "words"),
    [
        (BEFORE, "joins before the call"),
        (INSTEAD, "takes the call instead of the engineer"),
        (NOT_NEEDED, "says that no manager is needed"),
    ],
)
def test_what_the_manager_says_is_in_both_messages_and_the_engineer_hears_of_it(
    shared: Stage, button: str, words: str
) -> None:
    ticket = reports(shared, ANNA)
    shared.presses(LENA, says(shared, ticket, "Press a button"), button)
    hears(shared, ANNA, ticket, f"<@{LENA}> {words}")
    for user in (LENA, ANNA):
        says(shared, ticket, f"<@{LENA}> {words}, since ", user)


def test_the_first_word_counts_and_is_replaced_only_by_who_has_seen_it(shared: Stage) -> None:
    second_manager(shared)
    ticket = reports(shared, ANNA)
    for user in (LENA, TOMAS):
        says(shared, ticket, f"<@{TOMAS}> informed", user)
    undecided = record(shared, ticket, TOMAS)
    shared.presses(LENA, record(shared, ticket), BEFORE)
    says(shared, ticket, f"<@{LENA}> joins before the call", TOMAS)
    presses_copy(shared, TOMAS, undecided, "I take the call instead")
    hears(shared, TOMAS, ticket, f"was decided already: <@{LENA}> joins before the call")
    assert "takes the call" not in said(record(shared, ticket))
    shared.presses(TOMAS, record(shared, ticket, TOMAS), INSTEAD)
    hears(shared, LENA, ticket, f"<@{TOMAS}> takes the call instead")
    text = said(says(shared, ticket, f"<@{TOMAS}> takes the call instead of the engineer, since"))
    assert f": <@{LENA}> joins before the call" in text, "the record keeps both"
    assert len([one for one in words_to(shared, ANNA, ticket) if "Next:" in one]) == 2


def test_who_decided_may_say_otherwise(shared: Stage) -> None:
    ticket = reports(shared)
    old = record(shared, ticket)
    shared.presses(LENA, old, BEFORE)
    says(shared, ticket, "joins before the call, since")
    presses_copy(shared, LENA, old, "No manager needed")
    text = said(says(shared, ticket, "says that no manager is needed, since"))
    assert f": <@{LENA}> joins before the call" in text


def test_who_is_no_manager_decides_nothing_and_opens_nothing(shared: Stage) -> None:
    ticket = reports(shared)
    message = record(shared, ticket)
    labels = ("I join before the call", "Talking points", "Compromised Instance macro")
    before = told(shared, CASEY).count("Only Support Managers can do that")
    for label in labels:
        presses_copy(shared, CASEY, message, label)
    shared.until(lambda: told(shared, CASEY).count("Only Support Managers can do that") == before + 3)
    assert shared.views(CASEY) == []
    assert "Press a button" in said(record(shared, ticket))


# -- a decision that does not come, and the close


def test_when_no_manager_decides_who_is_on_call_and_who_reported_it_are_reminded_once(stage: Stage) -> None:
    ticket = reports(stage, ANNA)
    says(stage, ticket, "Press a button")
    stage.passes(10.1)
    hears(stage, LENA, ticket, "no manager has said how within 10 minutes. Next: press a button")
    hears(stage, ANNA, ticket, "Next: page one in PagerDuty: Support Managers.")
    says(stage, ticket, "No manager has said how within 10 minutes.")
    stage.desk.post("pagerduty/act", action="gap", schedule="Support Manager - EMEA")
    alone = reports(stage, ANNA)
    says(stage, alone, "I find nobody on call", MANAGERS)
    stage.passes(10.1)
    stage.until(lambda: [m for m in stage.messages(MANAGERS) if "on my message about it" in m["text"]])
    stage.passes(30)
    stage.quiet()
    assert len(words_to(stage, LENA, ticket)) == len(words_to(stage, ANNA, ticket)) == 1
    assert len([m for m in stage.messages(MANAGERS) if "on my message about it" in m["text"]]) == 1
    assert paging_calls(stage) == []


def test_a_manager_closes_the_record_and_what_is_reported_later_begins_a_new_one(shared: Stage) -> None:
    ticket = reports(shared, ANNA, "Unknown runners")
    before = says(shared, ticket, "Press a button")
    own = says(shared, ticket, "informed, by", ANNA)
    assert CLOSE not in buttons_of(own)
    presses_copy(shared, ANNA, before, "Close this record")
    shared.until(lambda: "Only Support Managers can do that" in told(shared, ANNA))
    shared.presses(LENA, before, CLOSE)
    closed = says(shared, ticket, f"*Closed* by <@{LENA}>", ANNA)
    assert buttons_of(closed) == [] and RULE not in said(closed)
    hears(shared, ANNA, ticket, f"<@{LENA}> closed the record of the compromised instance")
    presses_copy(shared, LENA, before, "I join before the call")
    hears(shared, LENA, ticket, f"the record was closed by <@{LENA}>, and nothing was changed")
    presses_copy(shared, LENA, before, "Talking points")
    commands(shared, f"compromised ZD#{ticket} They are back", LENA)
    shared.until(lambda: len(records(shared, ticket)) == 2)
    newest = said(records(shared, ticket)[-1])
    assert "They are back" in newest and "Unknown runners" not in newest and RULE in newest
    assert shared.views(LENA) == []


def test_a_name_that_zendesk_did_not_tell_at_the_report_is_there_at_its_next_answer(shared: Stage) -> None:
    ticket = shared.fresh_ticket()
    shared.breaks("zendesk", "malformed", path=f"/zendesk/api/v2/tickets/{ticket}.json", times=1)
    commands(shared, f"compromised ZD#{ticket} Unknown runners", ANNA)
    organisation = shared.ticket(ticket)["organization"]
    for user in (LENA, ANNA):
        says(shared, ticket, organisation, user)
    faults = [row for row in shared.requests("zendesk") if f"/tickets/{ticket}" in row["path"]]
    assert len(faults) >= 2, "the first look failed"


# -- what people write


@pytest.mark.parametrize(
    "text", ["compromised", "compromised ZD#12x4 Unknown runners", "compromised ZD#123456"]
)
def test_what_the_command_did_not_say_is_asked_for(shared: Stage, text: str) -> None:
    commands(shared, text)
    shared.until(lambda: "What we know" in shown(shared))
    errors = shared.sends(LENA, ticket="12 34", summary=" \u200b ")["errors"]
    assert set(errors) == {"ticket", "summary"}
    ticket = shared.fresh_ticket()
    assert shared.sends(LENA, ticket=f"ZD#{ticket}", summary="Unknown runners") == {"ok": True}
    shared.until(lambda: "is recorded, and nobody was paged" in shown(shared))
    says(shared, ticket, "Unknown runners")


def test_a_ticket_that_zendesk_does_not_have_informs_nobody(shared: Stage) -> None:
    commands(shared, "compromised ZD#999999 Unknown runners")
    shared.until(lambda: "Zendesk has no ticket ZD#999999" in told(shared, LENA))
    assert records(shared, 999999) == []


def test_a_long_report_is_recorded_whole_and_shown_cut(shared: Stage) -> None:
    ticket = reports(shared, ANNA, "<!channel> " + "x" * 5000)
    text = said(says(shared, ticket, "Press a button"))
    assert "<!channel>" not in text and "…" in text
    assert shared.bot is not None
    with shared.bot._store.read() as books:
        (stored,) = [one for one in books.about("compromised", f"ticket:{ticket}")]
    assert "x" * 5000 in stored.body
