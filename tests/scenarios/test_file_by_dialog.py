"""A STAR filed in the dialog: by /star or by the shortcuts; what the dialog refuses, and what it warns of."""

from collections.abc import Iterator, Sequence

import pytest

from tests.filing import (
    ANSWERS,
    FINE,
    OTHERS,
    begun,
    card_about,
    cards_about,
    closes,
    filed,
    files,
    insists,
    is_sent_raw,
    opened,
    sends,
    shown,
    submission,
)
from tests.stage import CASEY, CLOSED_TICKET, ENGINEER, LENA, SELF_MANAGED, STARS, Stage, reactions, said

NOAH = "U0NOAH"


def _unused(stage: Stage, tickets: Sequence[int]) -> int:
    """One that nobody has filed a STAR for: neither the card nor the issue of one may be there."""
    there = [*(issue["title"] for issue in stage.issues()), *(said(m) for m in stage.messages())]
    return next(n for n in tickets if not any(str(n) in one for one in there))


@pytest.fixture
def fine(shared: Stage) -> int:
    """A ticket of which nothing speaks against a STAR, and that no story before has used."""
    return _unused(shared, FINE)


@pytest.fixture
def ticket(shared: Stage) -> int:
    """A ticket that no story before has used."""
    return _unused(shared, OTHERS)


@pytest.fixture(autouse=True)
def _no_dialog_stays(shared: Stage) -> Iterator[None]:
    yield
    for user in (CASEY, LENA, ENGINEER, NOAH):
        closes(shared, user)


def test_a_star_filed_by_command_has_its_card_as_the_head_of_its_thread(shared: Stage, fine: int) -> None:
    answer = files(shared, CASEY, fine)
    assert answer == {"ok": True}
    card = shared.until(lambda: card_about(shared, fine))
    assert f"<@{LENA}>: you are on call." in said(card)
    assert f"*Filed by*\\n<@{CASEY}>" in said(card)
    shared.until(lambda: f"Your STAR for #{fine} is filed." in shown(shared, CASEY))
    issue = shared.until(lambda: shared.issue(fine))
    assert "They go live tomorrow morning." in issue["description"]
    shared.until(lambda: "star_submitted" in shared.ticket(fine)["tags"])
    assert "Worth knowing" not in said(card_about(shared, fine) or {})
    shared.reacts(LENA, card["ts"], "eyes")
    shared.until(lambda: "has been looking" in said(card_about(shared, fine) or {}))
    assert reactions(shared.root(card["ts"])) == {"eyes": [LENA]}, "the manager's own mark is enough"


def test_the_shortcut_opens_the_same_form(shared: Stage, ticket: int) -> None:
    assert shared.uses_shortcut(CASEY, "star_file")["ok"]
    view = opened(shared, CASEY)
    assert set(begun(view).values()) == {""}
    assert "A STAR asks the Support Manager on call to look at one ticket." in shown(shared, CASEY)
    assert "|When to file one>" in shown(shared, CASEY)
    sends(shared, CASEY, **(ANSWERS | {"ticket": str(ticket)}))
    insists(shared, CASEY)
    shared.until(lambda: card_about(shared, ticket))


def test_the_form_shows_within_which_time_each_urgency_is_answered(shared: Stage) -> None:
    shared.commands(CASEY, "")
    opened(shared, CASEY)
    for level in ("Urgent (30 minutes)", "Timely (1 hour)", "Not Urgent (2 hours)"):
        assert level in shown(shared, CASEY)


@pytest.mark.parametrize(
    "text", ["{}", "#{}", "https://gitlab.zendesk.com/agent/tickets/{}", "please look at {} today"]
)
def test_a_ticket_behind_the_command_stands_in_the_form(shared: Stage, ticket: int, text: str) -> None:
    shared.commands(CASEY, text.format(ticket))
    assert begun(opened(shared, CASEY))["ticket"] == str(ticket)


def test_the_shortcut_of_a_message_fills_in_its_ticket_and_its_words(shared: Stage, ticket: int) -> None:
    words = f"<@{LENA}>, can you look at <https://gitlab.zendesk.com/agent/tickets/{ticket}|this one>? R&amp;D waits."
    post = shared.writes(CASEY, SELF_MANAGED, words)
    shared.uses_shortcut(ENGINEER, "star_file_about", SELF_MANAGED, post)
    stands = begun(opened(shared, ENGINEER))
    assert stands["ticket"] == str(ticket)
    address = f"https://gitlab.zendesk.com/agent/tickets/{ticket}"
    assert stands["reason"] == f"@Lena Vogt, can you look at this one ({address})? R&D waits."
    assert stands["urgency"] == stands["customer"] == ""
    answers = {name: ANSWERS[name] for name in ("urgency", "desired_result", "consent")}
    assert sends(shared, ENGINEER, **answers) == {"ok": True}
    insists(shared, ENGINEER)
    card = shared.until(lambda: card_about(shared, ticket))
    assert f"*Filed by*\\n<@{ENGINEER}>" in said(card)
    assert f"<@{LENA}>, can" not in said(card), "what was a mention mentions nobody"


def test_a_message_with_several_tickets_leaves_the_choice_to_people(shared: Stage) -> None:
    post = shared.writes(CASEY, SELF_MANAGED, "Which is worse, 123456 or 123457?")
    shared.uses_shortcut(CASEY, "star_file_about", SELF_MANAGED, post)
    stands = begun(opened(shared, CASEY))
    assert (stands["ticket"], stands["reason"]) == ("", "Which is worse, 123456 or 123457?")


def test_of_a_message_of_30000_characters_the_form_holds_what_it_can(shared: Stage, ticket: int) -> None:
    post = shared.writes(CASEY, SELF_MANAGED, f"Ticket {ticket}: " + "word " * 6_000)
    shared.uses_shortcut(CASEY, "star_file_about", SELF_MANAGED, post)
    stands = begun(opened(shared, CASEY))
    assert stands["ticket"] == str(ticket)
    assert len(stands["reason"]) == 3_000 and stands["reason"].startswith(f"Ticket {ticket}: word word")


# -- what stands at the field

WRONG = {
    "an e-mail address": (
        {"ticket": "cto@aurora.example"},
        {"ticket": "This is an e-mail address. Put in the number of the ticket, such as 123456."},
    ),
    "a Salesforce link": (
        {"ticket": "https://gitlab.my.salesforce.com/0018X00002abcDEQAY"},
        {"ticket": "This is a Salesforce link. Put in the number of the ticket, such as 123456."},
    ),
    "not applicable": (
        {"ticket": "N/A"},
        {"ticket": "A STAR is about one Zendesk ticket: put in its number, such as 123456."},
    ),
    "words": (
        {"ticket": "the <big> one"},
        {"ticket": "I find no ticket number in “the <big> one”. Put in the number alone, such as 123456."},
    ),
    "several tickets": (
        {"ticket": "123456 and 123457"},
        {
            "ticket": "This names several tickets. Keep the one that needs attention; file a STAR for each other."
        },
    ),
    "signs that nobody sees": (
        {"ticket": "\u200b \u2060", "reason": " \u200b ", "desired_result": "\u00ad"},
        {
            "ticket": "Put in the number of the Zendesk ticket, such as 123456.",
            "reason": "Please write something here.",
            "desired_result": "Please write something here.",
        },
    ),
}


@pytest.mark.parametrize("answers,errors", WRONG.values(), ids=WRONG)
def test_what_is_wrong_stands_at_its_field_and_nothing_is_filed(
    shared: Stage, answers: dict[str, str], errors: dict[str, str]
) -> None:
    before = len(shared.messages())
    shared.commands(CASEY, "")
    assert sends(shared, CASEY, **(ANSWERS | answers)) == {"ok": False, "errors": errors}
    shared.quiet(0.3)
    assert len(shared.messages()) == before
    assert "A STAR asks" in shown(shared, CASEY), "the form is still there"


def test_without_consent_nothing_is_filed(shared: Stage, ticket: int) -> None:
    shared.commands(CASEY, "")
    answers = {name: answer for name, answer in ANSWERS.items() if name != "consent"}
    answer = sends(shared, CASEY, **answers, ticket=str(ticket))
    assert not answer["ok"] and set(answer["errors"]) == {"consent"}


# -- what speaks against it

SPEAKS_AGAINST = {
    123459: ("Support asked the customer something and waits for the answer.", "the customer was asked"),
    123463: ("There is still time until the first reply is due.", "the SLA has time left"),
    123471: ("The ticket is solved. A reply from the customer opens it again.", "the ticket is solved"),
    123472: ("The ticket belongs to no organisation.", "the ticket has no organisation"),
    123475: ("The ticket is less than 30 minutes old.", "the ticket is very new"),
    123467: ("The last reply is from Support.", "the last reply is from Support"),
}


@pytest.mark.parametrize("ticket", SPEAKS_AGAINST)
def test_the_dialog_says_what_speaks_against_it_and_files_it_anyway(shared: Stage, ticket: int) -> None:
    at_length, in_short = SPEAKS_AGAINST[ticket]
    assert files(shared, CASEY, ticket) == {"ok": True}
    shared.until(lambda: at_length in shown(shared, CASEY))
    warned = shown(shared, CASEY)
    assert f"Before I file this for #{ticket}:" in warned
    assert "You may still file it: the manager on call decides. Nothing is filed yet." in warned
    view = opened(shared, CASEY)
    assert view["submit"]["text"] == "File it anyway"
    shared.quiet(0.3)
    assert card_about(shared, ticket) is None
    assert sends(shared, CASEY) == {"ok": True}
    card = shared.until(lambda: card_about(shared, ticket))
    shared.until(lambda: "Worth knowing" in said(card_about(shared, ticket) or {}))
    assert in_short in said(card_about(shared, ticket) or {})
    assert "The decision is yours." in said(card_about(shared, ticket) or {})
    assert card["text"].startswith("Urgent: reply by ")


def test_whoever_closes_the_warning_has_filed_nothing(shared: Stage) -> None:
    files(shared, CASEY, 123461)
    shared.until(lambda: "Nothing is filed yet." in shown(shared, CASEY))
    closes(shared, CASEY)
    shared.quiet(0.3)
    assert card_about(shared, 123461) is None and shared.issue(123461) is None


def test_a_warning_about_one_ticket_is_no_warning_about_another(shared: Stage) -> None:
    files(shared, CASEY, 123464)
    shared.until(lambda: "Before I file this for #123464:" in shown(shared, CASEY))
    sends(shared, CASEY, ticket="123474")
    shared.until(lambda: "Before I file this for #123474:" in shown(shared, CASEY))
    shared.quiet(0.3)
    assert card_about(shared, 123464) is None and card_about(shared, 123474) is None


def test_a_ticket_given_as_a_long_link_is_named_by_its_number_and_filed_anyway(shared: Stage) -> None:
    files(shared, CASEY, "https://gitlab.zendesk.com/agent/tickets/123479?" + "brand_id=360000&" * 12)
    shared.until(lambda: "Before I file this for #123479:" in shown(shared, CASEY))
    sends(shared, CASEY)
    shared.until(lambda: card_about(shared, 123479))


def test_a_plan_without_support_is_worth_a_word(shared: Stage, ticket: int) -> None:
    files(shared, CASEY, ticket, plan="Core / Free")
    shared.until(lambda: "This plan comes without support, so a STAR may not help." in shown(shared, CASEY))
    assert begun(opened(shared, CASEY))["plan"] == "Core / Free"
    sends(shared, CASEY, plan="Premium")
    insists(shared, CASEY)
    shared.until(lambda: card_about(shared, ticket))


# -- tickets that cannot be worked on


@pytest.mark.parametrize(
    ("unfit", "why"),
    [
        (999999, "Zendesk has no ticket with this number. Check it, and send the form again."),
        (
            CLOSED_TICKET,
            "This ticket is closed, and Zendesk takes no more updates to it. Put in its follow-up ticket.",
        ),
    ],
)
def test_a_ticket_that_cannot_be_worked_on_is_refused_and_nothing_that_was_written_is_lost(
    shared: Stage, ticket: int, unfit: int, why: str
) -> None:
    assert files(shared, CASEY, unfit, reason="A reason of many words.") == {"ok": True}
    shared.until(lambda: why in shown(shared, CASEY))
    stands = begun(opened(shared, CASEY))
    assert (stands["ticket"], stands["reason"]) == (str(unfit), "A reason of many words.")
    shared.quiet(0.3)
    assert card_about(shared, unfit) is None and shared.issue(unfit) is None
    sends(shared, CASEY, ticket=str(ticket))
    insists(shared, CASEY)
    issue = shared.until(lambda: shared.issue(ticket))
    assert "A reason of many words." in issue["description"]


# -- more than one STAR for a ticket


def test_a_second_star_for_an_open_ticket_adds_to_the_first(shared: Stage, ticket: int) -> None:
    card = filed(shared, CASEY, ticket)
    files(shared, NOAH, ticket, urgency="Timely", reason="Their board asks too.", desired_result="A call.")
    shared.until(lambda: f"Ticket #{ticket} already has an open STAR." in shown(shared, NOAH))
    assert "What you wrote has been added to it, and the manager sees it there." in shown(shared, NOAH)
    assert f"/p{card['ts'].replace('.', '')}|Here it is.>" in shown(shared, NOAH)
    line = shared.until(lambda: shared.messages(thread_ts=card["ts"]))[-1]
    assert line["text"] == (
        f"<@{LENA}>: <@{NOAH}> filed a STAR for this ticket too: Timely\nTheir board asks too.\nA call."
    )
    shared.until(lambda: len((shared.issue(ticket) or {"notes": []})["notes"]) == 2)
    assert "Their board asks too." in (shared.issue(ticket) or {})["notes"][-1]["body"]
    assert len([i for i in shared.issues() if f"ticket {ticket}," in i["title"]]) == 1
    assert [m["ts"] for m in cards_about(shared, ticket)] == [card["ts"]]


def test_a_form_post_about_the_ticket_of_a_star_filed_by_dialog_is_sent_to_it(
    shared: Stage, ticket: int
) -> None:
    card = filed(shared, CASEY, ticket)
    root = shared.files_star(Ticket=str(ticket))
    shared.until(lambda: "already has an open STAR" in shared.reply(root))
    assert card["ts"].replace(".", "") in shared.reply(root)


def test_a_form_post_that_cannot_be_read_takes_nothing_from_a_star_about_its_ticket(
    shared: Stage, ticket: int
) -> None:
    root = shared.files_star(Ticket=str(ticket), Urgency="now")
    shared.until(lambda: "*Urgency* says “now”" in shared.reply(root))
    card = filed(shared, CASEY, ticket)
    assert f"<@{LENA}>: you are on call." in said(card)
    assert f"Your STAR for #{ticket} is filed." in shown(shared, CASEY)
    shared.edits(root, Ticket=str(ticket))
    shared.until(lambda: "already has an open STAR" in shared.reply(root))


def test_a_star_after_a_closed_one_links_to_it(shared: Stage, ticket: int) -> None:
    first = filed(shared, CASEY, ticket)
    shared.presses(LENA, first, "star_resolve")
    sends(shared, LENA, next_step="Anna calls them.")
    shared.until(lambda: (card_about(shared, ticket) or {"text": ""})["text"].startswith("Resolved"))
    issue = shared.issue(ticket) or {}
    files(shared, CASEY, ticket)
    insists(shared, CASEY)
    again = shared.until(lambda: (now := card_about(shared, ticket)) and now["ts"] != first["ts"] and now)
    assert "There was a STAR for this ticket before:" in said(again)
    assert f"/p{first['ts'].replace('.', '')}|thread>" in said(again)
    assert f"/issues/{issue['iid']}|issue>" in said(again)
    shared.until(lambda: len([i for i in shared.issues() if f"ticket {ticket}," in i["title"]]) == 2)
    assert f"/issues/{issue['iid']} |" in (shared.issue(ticket) or {})["description"]


def test_of_two_that_are_sent_at_once_one_is_filed_and_the_other_is_told(shared: Stage, fine: int) -> None:
    for user in (CASEY, NOAH):
        shared.commands(user, "")
        opened(shared, user)
    # Both are read, and neither is known, while Zendesk is slow to say what the ticket is.
    shared.breaks("zendesk", "delay_before", delay_s=1.0, times=2)
    for user in (CASEY, NOAH):
        sends(shared, user, **(ANSWERS | {"ticket": str(fine), "reason": f"Reason of {user}."}))
    shared.until(lambda: "is filed" in shown(shared, CASEY) + shown(shared, NOAH))
    shared.until(lambda: "already has an open STAR" in shown(shared, CASEY) + shown(shared, NOAH))
    slower = NOAH if "already has" in shown(shared, NOAH) else CASEY
    assert "has been added" not in shown(shared, slower)
    assert "Add there what is new." in shown(shared, slower)
    shared.quiet(0.5)
    assert len(cards_about(shared, fine)) == 1


def test_the_same_dialog_sent_twice_files_one_star(shared: Stage, fine: int) -> None:
    shared.commands(CASEY, "")
    sends(shared, CASEY, **(ANSWERS | {"ticket": str(fine)}))
    row = next(row for row in reversed(shared.desk.get("journal", since=0)) if "view_submission" in str(row))
    payload = row["request"]["payload"]
    for _ in range(3):
        is_sent_raw(shared, payload)
    shared.until(lambda: shared.issue(fine) and "STAR issue #" in said(card_about(shared, fine) or {}))
    shared.quiet(0.5)
    cards = cards_about(shared, fine)
    assert len(cards) == 1 and shared.messages(thread_ts=cards[0]["ts"]) == []
    assert len([i for i in shared.issues() if f"ticket {fine}," in i["title"]]) == 1


# -- while something is slow, down or closed


def test_a_dialog_that_is_closed_meanwhile_has_filed_with_the_doubts_on_the_card(shared: Stage) -> None:
    shared.breaks("zendesk", "delay_before", delay_s=0.7, times=1)
    files(shared, CASEY, 123481)
    assert "I am looking at ticket #123481." in shown(shared, CASEY)
    assert "your STAR is kept even if you close this." in shown(shared, CASEY)
    closes(shared, CASEY)
    shared.until(lambda: "Worth knowing: the customer was asked" in said(card_about(shared, 123481) or {}))
    shared.quiet(0.3)
    assert shared.question(CASEY, 123481) is None, "the card says it, and Casey reads the channel"


def test_while_zendesk_is_down_it_is_filed_without_a_look_at_the_ticket(shared: Stage) -> None:
    shared.breaks("zendesk", status=503)
    files(shared, CASEY, 123484)
    card = shared.until(lambda: card_about(shared, 123484))
    shared.until(lambda: "Your STAR for #123484 is filed." in shown(shared, CASEY))
    assert f"<@{LENA}>: you are on call." in said(card)
    shared.until(lambda: "Zendesk has not answered yet." in said(card_about(shared, 123484) or {}))
    shared.mends()
    shared.until(lambda: "Worth knowing:" in said(card_about(shared, 123484) or {}))
    shared.until(lambda: "star_submitted" in shared.ticket(123484)["tags"])


def test_while_zendesk_is_slow_nobody_waits_longer_than_a_moment(shared: Stage) -> None:
    shared.breaks("zendesk", "delay_before", delay_s=6.0)
    files(shared, CASEY, 123483)
    shared.until(lambda: card_about(shared, 123483), timeout_s=5)
    shared.until(lambda: "Your STAR for #123483 is filed." in shown(shared, CASEY))


def test_a_closed_dialog_about_no_ticket_is_asked_in_the_thread_and_completed_there(
    shared: Stage, ticket: int
) -> None:
    shared.breaks("zendesk", "delay_before", delay_s=0.7, times=1)
    files(shared, CASEY, 999998, reason="Kept whatever happens.")
    closes(shared, CASEY)
    card = shared.until(lambda: card_about(shared, 999998))
    shared.until(
        lambda: (
            "There is no STAR issue yet: it is opened once the STAR names"
            in said(card_about(shared, 999998) or {})
        )
    )
    reply = shared.until(lambda: shared.messages(thread_ts=card["ts"]))[-1]
    assert f"<@{CASEY}>, thank you for the STAR. It is kept, and needs one thing from you:" in said(reply)
    assert "Press *Complete this STAR* and I go on by myself." in said(reply)
    shared.presses(CASEY, reply, "star_complete")
    stands = begun(opened(shared, CASEY))
    assert (stands["ticket"], stands["reason"]) == ("999998", "Kept whatever happens.")
    sends(shared, CASEY, ticket=str(ticket), consent=["yes"])
    insists(shared, CASEY)
    shared.until(lambda: f"the STAR for #{ticket} is on its way" in shown(shared, CASEY))
    issue = shared.until(lambda: shared.issue(ticket))
    assert "Kept whatever happens." in issue["description"]
    shared.until(lambda: f"#{ticket}" in shared.root(card["ts"])["text"])


# -- long answers


def test_answers_of_3000_characters_stand_whole_on_the_issue(shared: Stage, ticket: int) -> None:
    reason, wanted = "word " * 599 + "start", "x" * 3_000
    filed(shared, CASEY, ticket, reason=reason, desired_result=wanted)
    described = (shared.issue(ticket) or {})["description"]
    assert reason in described and wanted in described


def test_slack_itself_takes_no_answer_of_3001_characters(shared: Stage, ticket: int) -> None:
    answer = files(shared, CASEY, ticket, reason="x" * 3_001)
    assert answer["errors"] == {"reason": "Please enter no more than 3000 characters."}


def test_an_answer_of_30000_characters_that_slack_let_through_is_kept_whole(shared: Stage, fine: int) -> None:
    shared.commands(CASEY, "")
    view = opened(shared, CASEY)
    long = dict.fromkeys(
        ("reason", "desired_result", "customer", "plan", "product", "group"), "wörd " * 6_000
    )
    is_sent_raw(shared, submission(CASEY, view, ticket=str(fine), **long))
    issue = shared.until(lambda: shared.issue(fine))
    assert issue["description"].count("wörd " * 5_999 + "wörd") == 2
    shared.until(lambda: "STAR issue #" in said(card_about(shared, fine) or {}))
    assert len(said(card_about(shared, fine) or {})) < 12_000
    assert (card_about(shared, fine) or {})["channel"] == STARS
