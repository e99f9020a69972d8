"""Who may change a STAR; what is told twice acts once; what is no form post is left alone."""

import pytest

from tests.stage import (
    ACKNOWLEDGE,
    ACTED,
    BOT,
    CASEY,
    ENGINEER,
    GUEST,
    LENA,
    MARIA,
    RESOLVE,
    STARS,
    UNDO,
    Stage,
    reactions,
    said,
)

NOTHING_MORE = {"comments": 1, "notes": 1}


def _done(stage: Stage, ticket: int) -> dict[str, int]:
    issue = stage.issue(ticket)
    return {"comments": len(stage.comments(ticket)), "notes": len(issue["notes"]) if issue else 0}


def test_reactions_of_people_without_the_right_change_nothing(shared: Stage) -> None:
    ticket = shared.fresh_ticket()
    root = shared.announced(Ticket=str(ticket))
    before = said(shared.card(root) or {})
    for stranger in (CASEY, ENGINEER, GUEST):
        for name in ("eyes", "green-check-mark", "white_check_mark"):
            shared.reacts(stranger, root, name)
            shared.reacts(stranger, (shared.card(root) or {})["ts"], name)
    shared.quiet()
    assert said(shared.card(root) or {}) == before
    assert _done(shared, ticket) == NOTHING_MORE
    assert (shared.issue(ticket) or {})["state"] == "opened"
    assert all(BOT not in users for users in reactions(shared.root(root)).values())


@pytest.mark.parametrize("action", [ACKNOWLEDGE, RESOLVE])
def test_clicks_of_people_without_the_right_get_a_kind_no(shared: Stage, action: str) -> None:
    ticket = shared.fresh_ticket()
    root = shared.announced(Ticket=str(ticket))
    for stranger in (ENGINEER, GUEST):
        shared.presses(stranger, shared.card(root) or {}, action)
        told = shared.until(lambda stranger=stranger: shared.whispers(stranger))  # type: ignore[misc]
        assert told[-1] == (
            "Thank you. Only Support Managers can do that; whoever is on call has been told about this STAR."
        )
        assert shared.desk.get("slack/views", user=stranger) == []
    shared.quiet(0.3)
    assert _done(shared, ticket) == NOTHING_MORE
    assert ACKNOWLEDGE in said(shared.card(root) or {})


def test_other_emoji_and_other_messages_change_nothing(shared: Stage) -> None:
    ticket = shared.fresh_ticket()
    root = shared.announced(Ticket=str(ticket))
    shared.reacts(LENA, root, "tada")
    shared.reacts(LENA, shared.writes(CASEY, STARS, "thank you!", thread_ts=root), "green-check-mark")
    shared.reacts(LENA, shared.writes(CASEY, STARS, "Ticket: 123456, Urgency: Urgent"), "eyes")
    shared.quiet(0.3)
    assert _done(shared, ticket) == NOTHING_MORE


def test_a_form_post_delivered_three_times_is_one_star(shared: Stage) -> None:
    ticket = shared.fresh_ticket()
    root = shared.files_star(Ticket=str(ticket))
    for _ in range(2):
        shared.desk.post("slack/redeliver", n=1)
    shared.until(
        lambda: len(shared.comments(ticket)) == 1 and (shared.issue(ticket) or {"notes": []})["notes"]
    )
    shared.quiet()
    assert len([i for i in shared.issues() if f"ticket {ticket}," in i["title"]]) == 1
    assert len([m for m in shared.messages(thread_ts=root) if m.get("user") == BOT]) == 1
    assert _done(shared, ticket) == NOTHING_MORE


@pytest.mark.parametrize("name", ["eyes", "green-check-mark"])
def test_a_reaction_delivered_three_times_acts_once(shared: Stage, name: str) -> None:
    ticket = shared.fresh_ticket()
    root = shared.announced(Ticket=str(ticket))
    shared.reacts(LENA, root, name)
    for _ in range(2):
        shared.desk.post("slack/redeliver", n=1)
    shared.until(lambda: ACTED in shared.ticket(ticket)["tags"])
    shared.quiet()
    assert _done(shared, ticket) == {"comments": 2, "notes": 2 if name == "eyes" else 3}
    questions = [m for m in shared.messages("D0LENA") if f"#{ticket}" in said(m)]
    assert len(questions) == (0 if name == "eyes" else 1)


def test_eyes_of_two_managers_and_a_click_acknowledge_once(shared: Stage) -> None:
    ticket = shared.fresh_ticket()
    root = shared.announced(Ticket=str(ticket))
    shared.reacts(LENA, root, "eyes")
    shared.reacts("U0MEI", root, "eyes")
    shared.reacts("U0RAVI", (shared.card(root) or {})["ts"], "eyes")
    shared.until(lambda: ACTED in shared.ticket(ticket)["tags"])
    shared.quiet()
    assert _done(shared, ticket) == {"comments": 2, "notes": 2}


def test_a_second_form_for_an_open_star_becomes_a_link_with_a_kind_word(shared: Stage) -> None:
    ticket = shared.fresh_ticket()
    first = shared.announced(Ticket=str(ticket))
    second = shared.files_star(Ticket=f"<https://gitlab.zendesk.com/agent/tickets/{ticket}>")
    shared.until(lambda: shared.reply(second))
    shared.reacts(LENA, second, "eyes")
    shared.quiet()
    assert f"Thank you. Ticket #{ticket} already has an open STAR: <" in shared.reply(second)
    assert f"p{first.replace('.', '')}|here it is>" in shared.reply(second)
    assert shared.card(second) is None
    assert len([i for i in shared.issues() if f"ticket {ticket}," in i["title"]]) == 1
    assert _done(shared, ticket) == NOTHING_MORE


def test_a_form_after_the_star_is_closed_is_a_new_star(shared: Stage) -> None:
    ticket = shared.fresh_ticket()
    first = shared.announced(Ticket=str(ticket))
    shared.reacts(LENA, first, "green-check-mark")
    shared.until(lambda: (shared.issue(ticket) or {})["state"] == "closed")
    second = shared.files_star(Ticket=str(ticket))
    shared.until(lambda: shared.card(second))
    shared.until(
        lambda: (
            [i["state"] for i in shared.issues() if f"ticket {ticket}," in i["title"]] == ["closed", "opened"]
        )
    )


@pytest.mark.parametrize(
    "text",
    [
        "Negative feedback for ticket 123456 from Aurora Robotics.\n*Ticket*\n123456\n*Urgency*\nUrgent",
        "Positive feedback for ticket 123457",
        "Reminder: the weekly STAR review begins in ten minutes.",
    ],
)
def test_contact_notices_and_other_posts_of_bots_are_left_alone(shared: Stage, text: str) -> None:
    posted = shared.files_star(text=text)
    shared.reacts(LENA, posted, "eyes")
    shared.quiet(0.3)
    assert shared.messages(thread_ts=posted) == []
    assert reactions(shared.root(posted)) == {"eyes": [LENA]}


@pytest.mark.parametrize(
    "text",
    ["Is anybody looking at 123456?", "*Ticket*\n123456\n*Urgency*\nUrgent\n*Plan*\nUltimate", ":escalate:"],
)
def test_messages_of_people_in_the_channel_are_left_alone(shared: Stage, text: str) -> None:
    posted = shared.writes(CASEY, STARS, text)
    shared.quiet(0.3)
    assert shared.messages(thread_ts=posted) == []


@pytest.mark.parametrize("in_thread", [True, False])
def test_a_sentence_after_undo_is_told_that_the_star_is_open_again(shared: Stage, in_thread: bool) -> None:
    ticket = shared.fresh_ticket()
    root = shared.announced(Ticket=str(ticket))
    shared.reacts(MARIA, root, "green-check-mark")
    question = shared.until(lambda: shared.question(MARIA, ticket))
    shared.until(lambda: (shared.issue(ticket) or {})["state"] == "closed")
    shared.presses(MARIA, question, UNDO)
    shared.until(lambda: (shared.issue(ticket) or {})["state"] == "opened")
    before = len(shared.whispers(MARIA))
    shared.writes(MARIA, "D0MARIA", "We call them at five.", thread_ts=question["ts"] if in_thread else None)
    told = shared.until(lambda: shared.whispers(MARIA)[before:])
    shared.quiet(0.3)
    assert f"This STAR for #{ticket} is open again" in told[0] and len(told) == 1
    assert "We call them" not in str(shared.issue(ticket))


def test_a_dialog_with_an_answer_that_nobody_can_read_stays_open(shared: Stage) -> None:
    ticket = shared.fresh_ticket()
    root = shared.announced(Ticket=str(ticket))
    shared.presses(LENA, shared.card(root) or {}, RESOLVE)
    assert shared.sends(LENA, next_step=" \u200b ") == {
        "ok": False,
        "errors": {"next_step": "Please write something here."},
    }
    shared.quiet(0.3)
    assert (shared.issue(ticket) or {})["state"] == "opened"
    shared.sends(LENA, next_step="Anna calls them.")
    shared.until(lambda: (shared.issue(ticket) or {})["state"] == "closed")
