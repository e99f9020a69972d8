"""A form post that cannot be read is never dropped: its thread says what is missing; an edit mends it."""

import pytest

from tests.stage import CASEY, CLOSED_TICKET, LENA, STARS, UNDO, Stage, reactions, said

UNREADABLE = {
    "no ticket": ({"Ticket": ""}, "*Ticket* is missing."),
    "not applicable": ({"Ticket": "N/A"}, "*Ticket* says “N/A”. A STAR is about one Zendesk ticket"),
    "an e-mail address": ({"Ticket": "cto@aurora.example"}, "*Ticket* holds an e-mail address."),
    "a Salesforce link": (
        {"Ticket": "<https://gitlab.my.salesforce.com/0018X00002abcDEQAY>"},
        "*Ticket* holds a Salesforce link.",
    ),
    "words": ({"Ticket": "the big one"}, "*Ticket* says “the big one”, which holds no ticket number."),
    "several": ({"Ticket": "123456 and 123457"}, "*Ticket* names several tickets (“123456 and 123457”)."),
    "no urgency": ({"Urgency": ""}, "*Urgency* is missing. Choose one of: Urgent, Timely, Not Urgent."),
    "unknown urgency": ({"Urgency": "yesterday"}, "*Urgency* says “yesterday”, which I do not know."),
    "no such ticket": ({"Ticket": "999999"}, "Zendesk has no ticket with this number."),
    "a closed ticket": (
        {"Ticket": str(CLOSED_TICKET)},
        "This ticket is closed, and Zendesk takes no more updates",
    ),
    "30,000 characters": (
        {"Ticket": "word " * 6_000},
        "which holds no ticket number. Put in the number alone",
    ),
    "30,000 signs": ({"Ticket": "*_~`<>&#[]{}|/" * 2_000}, "A STAR is about one Zendesk ticket"),
}


@pytest.mark.parametrize("fields,said_of_it", UNREADABLE.values(), ids=UNREADABLE)
def test_the_thread_says_what_is_missing_and_an_edit_puts_it_right(
    shared: Stage, fields: dict[str, str], said_of_it: str
) -> None:
    ticket = shared.fresh_ticket()
    root = shared.files_star(**{"Ticket": str(ticket), **fields})
    shared.until(lambda: said_of_it in shared.reply(root))
    told = shared.reply(root)
    assert f"<@{CASEY}>, thank you for the STAR. It is kept, and needs one thing from you:" in told
    assert "Press *Complete this STAR*, or edit the form post above, and I go on by myself." in told
    assert shared.issue(ticket) is None
    shared.edits(root, Ticket=str(ticket))
    shared.until(lambda: "STAR issue #" in said(shared.card(root) or {}))
    shared.until(lambda: "Thank you, that is all I needed. The STAR is on its way." in shared.reply(root))
    shared.until(lambda: (shared.issue(ticket) or {"notes": []})["notes"])
    shared.until(lambda: len(shared.comments(ticket)) == 1)
    assert ":warning:" not in said(shared.card(root) or {})
    assert len([m for m in shared.messages(thread_ts=root) if m.get("user") == "U0STARBOT"]) == 2


def test_several_problems_are_told_in_one_go(shared: Stage) -> None:
    root = shared.files_star(without=("Submitted by",), Ticket="N/A", Urgency="now")
    shared.until(
        lambda: "Thank you for the STAR. It is kept, and needs some things from you:" in shared.reply(root)
    )
    assert "*Ticket* says" in shared.reply(root) and "*Urgency* says" in shared.reply(root)


def test_an_edit_that_helps_half_is_told_what_is_still_missing(shared: Stage) -> None:
    root = shared.files_star(Ticket="N/A", Urgency="now")
    shared.until(lambda: "some things" in shared.reply(root))
    shared.edits(root, Ticket="N/A")
    shared.until(lambda: "needs one thing from you" in shared.reply(root))
    assert "*Urgency*" not in shared.reply(root)


def test_an_edit_from_one_bad_ticket_to_another_is_told_again(shared: Stage) -> None:
    root = shared.files_star(Ticket="999999")
    shared.until(lambda: "Zendesk has no ticket with this number." in shared.reply(root))
    shared.edits(root, Ticket=str(CLOSED_TICKET))
    shared.until(lambda: "This ticket is closed" in shared.reply(root))


def test_an_edit_to_a_ticket_that_has_an_open_star_becomes_a_link(shared: Stage) -> None:
    ticket = shared.fresh_ticket()
    first = shared.announced(Ticket=str(ticket))
    second = shared.files_star(Ticket="N/A")
    shared.until(lambda: "It is kept" in shared.reply(second))
    shared.edits(second, Ticket=str(ticket))
    shared.until(lambda: "already has an open STAR" in shared.reply(second))
    assert f"p{first.replace('.', '')}|here it is" in shared.reply(second)
    assert shared.card(second) is None


def test_a_linked_form_that_is_put_right_becomes_a_star_of_its_own(shared: Stage) -> None:
    taken, own = shared.fresh_ticket(), shared.fresh_ticket()
    shared.announced(Ticket=str(taken))
    root = shared.files_star(Ticket=str(taken))
    shared.until(lambda: "already has an open STAR" in shared.reply(root))
    shared.edits(root, Ticket=str(own))
    shared.until(lambda: "STAR issue #" in said(shared.card(root) or {}))
    shared.until(lambda: "Thank you, that is all I needed." in shared.reply(root))
    shared.until(lambda: len(shared.comments(own)) == 1)


def test_an_edit_before_zendesk_answers_names_the_ticket_that_counts(shared: Stage) -> None:
    ticket = shared.fresh_ticket()
    shared.breaks("zendesk", status=503)
    root = shared.files_star(Ticket="999999")
    shared.until(lambda: shared.card(root))
    shared.edits(root, Ticket=str(ticket))
    shared.until(lambda: f"#{ticket}" in said(shared.card(root) or {}))
    shared.mends()
    shared.until(lambda: len(shared.comments(ticket)) == 1, 30)
    shared.until(lambda: "hourglass" not in said(shared.card(root) or {}))
    assert f"ticket {ticket}," in (shared.issue(ticket) or {})["title"]
    assert shared.issue(999999) is None
    assert shared.reply(root) == ""


def test_an_edit_of_a_good_form_to_another_ticket_is_answered(shared: Stage) -> None:
    ticket, other = shared.fresh_ticket(), shared.fresh_ticket()
    root = shared.announced(Ticket=str(ticket))
    shared.edits(root, Ticket=str(other))
    shared.until(lambda: f"For #{other}, please send the form again." in shared.reply(root))
    assert f"<@{CASEY}>, thank you for the edit. This STAR stays with #{ticket}" in shared.reply(root)
    shared.quiet(0.3)
    assert shared.issue(other) is None


def test_a_form_put_right_after_it_was_closed_counts_after_undo(shared: Stage) -> None:
    ticket = shared.fresh_ticket()
    root = shared.files_star(Ticket="N/A")
    shared.until(lambda: "It is kept" in shared.reply(root))
    shared.reacts(LENA, root, "green-check-mark")
    shared.until(lambda: "A Support Manager closed this STAR as it is" in shared.reply(root))
    shared.edits(root, Ticket=str(ticket))
    shared.until(lambda: (shared.issue(ticket) or {"state": ""})["state"] == "closed")
    question = shared.until(lambda: shared.question(LENA, ticket))
    shared.until(lambda: (shared.issue(ticket) or {"state": ""})["state"] == "closed")
    shared.presses(LENA, question, UNDO)
    shared.until(lambda: (shared.issue(ticket) or {"state": ""})["state"] == "opened")
    shared.until(lambda: f"<@{LENA}> has been looking" in said(shared.card(root) or {}))


def test_a_manager_may_close_what_cannot_be_read(shared: Stage) -> None:
    root = shared.files_star(Ticket="N/A")
    shared.until(lambda: "It is kept" in shared.reply(root))
    shared.reacts(LENA, root, "green-check-mark")
    shared.until(lambda: "A Support Manager closed this STAR as it is" in shared.reply(root))
    shared.until(lambda: "eyes" in reactions(shared.root(root)))
    shared.until(lambda: "nothing more is needed from you" in said(shared.messages("D0LENA")[-1]))
    shared.quiet(0.3)
    assert shared.card(root) is None


def test_eyes_on_a_form_that_cannot_be_read_count_once_it_is_put_right(shared: Stage) -> None:
    ticket = shared.fresh_ticket()
    root = shared.files_star(Ticket="N/A")
    shared.until(lambda: "It is kept" in shared.reply(root))
    shared.reacts(LENA, root, "eyes")
    shared.edits(root, Ticket=str(ticket))
    shared.until(lambda: f"<@{LENA}> has been looking" in said(shared.card(root) or {}))
    shared.until(lambda: len((shared.issue(ticket) or {"notes": []})["notes"]) == 2)


def test_a_form_with_answers_of_30000_characters_is_read_and_kept_whole(shared: Stage) -> None:
    ticket = shared.fresh_ticket()
    reason = "They wait. " * 2_700
    root = shared.announced(Ticket=str(ticket), **{"Reason this ticket needs additional attention": reason})
    # Slack cuts a long text into blocks of 3,000 characters, wherever a word may be.
    assert "".join(reason.split()) in "".join((shared.issue(ticket) or {})["description"].split())
    assert len(said(shared.card(root) or {})) < 8_000


def test_an_edit_of_a_good_form_updates_card_and_issue(shared: Stage) -> None:
    ticket = shared.fresh_ticket()
    root = shared.announced(Ticket=str(ticket), Urgency="Timely")
    shared.edits(root, Ticket=str(ticket), Urgency="Urgent", **{"Desired result": "A call at noon."})
    shared.until(lambda: "A call at noon." in (shared.issue(ticket) or {})["description"])
    shared.until(lambda: "A call at noon." in said(shared.card(root) or {}))
    assert "(Urgent)" in (shared.issue(ticket) or {})["title"]
    assert (shared.card(root) or {})["text"].startswith("Urgent")


def test_an_edit_that_spoils_a_good_form_changes_nothing(shared: Stage) -> None:
    ticket = shared.fresh_ticket()
    root = shared.announced(Ticket=str(ticket))
    before = said(shared.card(root) or {})
    shared.desk.post(
        "slack/edit", channel=STARS, ts=root, text="*Ticket*\nnone\n*Urgency*\nnone\n*Plan*\nnone"
    )
    shared.quiet(0.3)
    assert said(shared.card(root) or {}) == before
    assert shared.reply(root) == ""
