"""A manager asks whoever filed the STAR; the answer brings it back, wherever it is given. Facts and withdrawing."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.scenarios.paging import presses
from tests.stage import (
    BOT,
    CASEY,
    ENGINEER,
    GUEST,
    LENA,
    PRIYA,
    STARS,
    STRANGER,
    TICKET,
    TOMAS,
    Stage,
    said,
    sandbox,
)

QUESTION = "Which version do they run?"
ANSWER = "They run 17.5.2 since Monday."
POLLING = "[timing]\nissue_poll_seconds = 1\n"


@pytest.fixture(scope="module")
def files_stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A bot that looks at issues each second."""
    with sandbox() as desk:
        stage = Stage(desk, tmp_path_factory.mktemp("asking"))
        stage.configure(POLLING)
        yield stage.start()
        stage.stop()


def _card(stage: Stage, root: str) -> dict[str, Any]:
    found = stage.card(root)
    assert found is not None
    return found


def _chooses(stage: Stage, user: str, root: str, what: str) -> None:
    """A choice of the card's menu: `star_ask`, `star_add_facts`, `star_withdraw`."""
    card = _card(stage, root)
    menu = next(
        one
        for block in card["blocks"]
        for one in block.get("elements", [])
        if one.get("action_id") == "star_more"
    )
    value = next(one["value"] for one in menu["options"] if one["value"].startswith(f"{what} "))
    stage.desk.post(
        "slack/click", user=user, channel=STARS, ts=card["ts"], action_id="star_more", selected=value
    )


def _asks(stage: Stage, root: str, where: str = "thread", text: str = QUESTION) -> None:
    _chooses(stage, LENA, root, "star_ask")
    assert stage.sends(LENA, text=text, where=where) == {"ok": True}
    stage.until(lambda: "Waiting for " in said(_card(stage, root)))


def _filed(stage: Stage, initiator: str = CASEY) -> tuple[int, str]:
    """A STAR that somebody filed and that is where nobody has to do anything more."""
    ticket = stage.fresh_ticket()
    root = stage.announced(Ticket=str(ticket), **{"Submitted by": f"<@{initiator}>"})
    return ticket, root


def _lines(stage: Stage, root: str) -> list[str]:
    """What the bot said in the thread beside its card."""
    card = _card(stage, root)
    return [
        m["text"] for m in stage.messages(thread_ts=root) if m.get("user") == BOT and m["ts"] != card["ts"]
    ]


def _notes(stage: Stage, ticket: int) -> list[str]:
    return [str(note["body"]) for note in (stage.issue(ticket) or {"notes": []})["notes"]]


def _is_noted(stage: Stage, ticket: int, *parts: str) -> bool:
    return any(all(part in note for part in parts) for note in _notes(stage, ticket))


def _is_back(stage: Stage, root: str) -> bool:
    card = said(_card(stage, root))
    return f"<@{LENA}> has been looking" in card and "Waiting for" not in card


# -- asking


def test_a_question_in_the_thread_is_answered_in_the_thread(shared: Stage) -> None:
    ticket, root = _filed(shared)
    _asks(shared, root)
    asked = f"<@{CASEY}>: <@{LENA}> asks: {QUESTION}\nPlease answer here in the thread."
    shared.until(lambda: asked in _lines(shared, root))
    card = _card(shared, root)
    assert card["text"].startswith("Waiting for the initiator · ")
    assert f"Waiting for <@{CASEY}>, asked by <@{LENA}>" in said(card)
    # Whoever asks has looked.
    assert f"<@{LENA}> has been looking since" in said(card)
    shared.until(lambda: _is_noted(shared, ticket, "@clin, Lena Vogt asks:", QUESTION))
    shared.writes(ENGINEER, STARS, "I wonder too.", thread_ts=root)
    shared.writes(LENA, STARS, "No hurry.", thread_ts=root)
    shared.writes(CASEY, STARS, ANSWER, thread_ts=root)
    shared.until(lambda: _is_back(shared, root))
    shared.until(lambda: _is_noted(shared, ticket, "Casey Lin answered:", ANSWER))
    assert not _is_noted(shared, ticket, "I wonder too.") and not _is_noted(shared, ticket, "No hurry.")
    assert _lines(shared, root) == [asked], "the answer is in the thread already"


def test_a_question_on_the_issue_mentions_the_initiator_and_is_answered_there(shared: Stage) -> None:
    ticket, root = _filed(shared)
    _asks(shared, root, where="issue")
    shared.until(lambda: _is_noted(shared, ticket, "@clin, Lena Vogt asks:", QUESTION))
    issue = shared.issue(ticket) or {}
    assert [one["mention"] for one in issue["notified"]] == ["clin"], "one mention, and it is real"
    assert "asked on the issue by" in said(_card(shared, root))
    about = {"iid": issue["iid"], "project": issue["project"], "action": "comment"}
    shared.desk.post("gitlab/act", user="lvogt", body="No hurry.", **about)
    shared.desk.post("gitlab/act", user="clin", body=ANSWER, **about)
    shared.until(lambda: _is_back(shared, root))
    told = f"<@{LENA}>: <@{CASEY}> answered: {ANSWER}"
    shared.until(lambda: told in _lines(shared, root))
    shared.quiet()
    assert _lines(shared, root) == [told]
    assert not _is_noted(shared, ticket, "Casey Lin answered:"), "it stands on the issue already"


def test_a_question_in_the_thread_may_be_answered_on_the_issue(shared: Stage) -> None:
    ticket, root = _filed(shared)
    _asks(shared, root)
    shared.until(lambda: _is_noted(shared, ticket, "@clin, Lena Vogt asks:"))
    issue = shared.issue(ticket) or {}
    shared.desk.post(
        "gitlab/act", user="clin", body=ANSWER, iid=issue["iid"], project=issue["project"], action="comment"
    )
    shared.until(lambda: _is_back(shared, root))
    shared.until(lambda: f"<@{LENA}>: <@{CASEY}> answered: {ANSWER}" in _lines(shared, root))


def test_a_question_on_the_issue_may_be_answered_in_the_thread(shared: Stage) -> None:
    ticket, root = _filed(shared)
    _asks(shared, root, where="issue")
    shared.writes(CASEY, STARS, ANSWER, thread_ts=root)
    shared.until(lambda: _is_back(shared, root))
    shared.until(lambda: _is_noted(shared, ticket, "Casey Lin answered:", ANSWER))


def test_whoever_is_not_in_the_channel_is_asked_and_answers_by_direct_message(shared: Stage) -> None:
    ticket, root = _filed(shared, PRIYA)
    _asks(shared, root)
    question = shared.until(
        lambda: (found := shared.question(PRIYA, ticket)) and "asks about" in said(found) and found
    )
    assert QUESTION in said(question) and "Answer here below this message." in said(question)
    shared.writes(PRIYA, f"D{PRIYA[1:]}", ANSWER, thread_ts=question["ts"])
    shared.until(lambda: _is_back(shared, root))
    shared.until(lambda: f"<@{LENA}>: <@{PRIYA}> answered: {ANSWER}" in _lines(shared, root))
    shared.until(lambda: _is_noted(shared, ticket, "Priya Nair answered:", ANSWER))
    heard = "Thank you. What you wrote is in the thread and on the STAR issue."
    shared.until(lambda: heard in [m["text"] for m in shared.messages(f"D{PRIYA[1:]}")])


def test_one_who_is_in_the_channel_may_answer_by_direct_message_too(shared: Stage) -> None:
    ticket, root = _filed(shared)
    _asks(shared, root)
    shared.writes(CASEY, f"D{CASEY[1:]}", ANSWER)
    shared.until(lambda: _is_back(shared, root))
    shared.until(lambda: _is_noted(shared, ticket, "Casey Lin answered:", ANSWER))


def test_an_answer_that_may_belong_to_two_stars_is_asked_about(shared: Stage) -> None:
    asked = [_filed(shared, PRIYA) for _ in range(2)]
    for _, root in asked:
        _asks(shared, root)
    first, second = (
        shared.until(
            lambda ticket=ticket: (
                (found := shared.question(PRIYA, ticket)) and "asks about" in said(found) and found
            )
        )
        for ticket, _ in asked
    )
    shared.writes(PRIYA, f"D{PRIYA[1:]}", ANSWER)
    which = "Which STAR is that for? Please answer in the thread under my question."
    shared.until(lambda: which in shared.whispers(PRIYA))
    shared.writes(PRIYA, f"D{PRIYA[1:]}", ANSWER, thread_ts=second["ts"])
    shared.until(lambda: _is_back(shared, asked[1][1]))
    assert "Waiting for" in said(_card(shared, asked[0][1]))
    shared.writes(PRIYA, f"D{PRIYA[1:]}", ANSWER)
    shared.until(lambda: _is_back(shared, asked[0][1]))
    assert first["ts"] != second["ts"]


def test_where_the_initiator_is_unknown_in_gitlab_the_issue_is_not_offered(shared: Stage) -> None:
    ticket, root = _filed(shared, TOMAS)
    _chooses(shared, LENA, root, "star_ask")
    view = shared.until(lambda: shared.views(LENA))[-1]
    assert "On the STAR issue" not in said(view) and "In the thread" in said(view)
    shared.sends(LENA, text=QUESTION, where="thread")
    shared.until(lambda: _is_noted(shared, ticket, "Tomas Novak, Lena Vogt asks:", QUESTION))
    assert (shared.issue(ticket) or {})["notified"] == []


def test_a_second_question_waits_for_a_second_answer(shared: Stage) -> None:
    ticket, root = _filed(shared)
    _asks(shared, root)
    shared.writes(CASEY, STARS, ANSWER, thread_ts=root)
    shared.until(lambda: _is_back(shared, root))
    _asks(shared, root, where="issue", text="And on which cloud?")
    shared.until(lambda: _is_noted(shared, ticket, "@clin, Lena Vogt asks:", "And on which cloud?"))
    shared.writes(CASEY, STARS, "On none.", thread_ts=root)
    shared.until(lambda: _is_back(shared, root))
    shared.until(lambda: _is_noted(shared, ticket, "Casey Lin answered:", "On none."))


def test_only_a_manager_asks_and_an_empty_question_is_sent_back(shared: Stage) -> None:
    _, root = _filed(shared)
    for user in (CASEY, ENGINEER):
        _chooses(shared, user, root, "star_ask")
        shared.until(lambda user=user: any("Only Support Managers" in one for one in shared.whispers(user)))
        assert shared.views(user) == []
    _chooses(shared, LENA, root, "star_ask")
    answer = shared.sends(LENA, text=" \u200b ", where="thread")
    assert answer["errors"]["text"] == "Please write something here."
    shared.desk.post("slack/close", user=LENA, view_id=shared.views(LENA)[-1]["id"])
    assert "Waiting for" not in said(_card(shared, root))


# -- facts, withdrawing


def test_facts_of_the_initiator_reach_the_manager_and_the_issue(shared: Stage) -> None:
    ticket, root = _filed(shared)
    shared.reacts(LENA, root, "eyes")
    shared.until(lambda: _is_back(shared, root))
    _chooses(shared, CASEY, root, "star_add_facts")
    shared.sends(CASEY, text=ANSWER)
    shared.until(lambda: f"<@{LENA}>: <@{CASEY}> adds: {ANSWER}" in _lines(shared, root))
    shared.until(lambda: _is_noted(shared, ticket, "Casey Lin adds:", ANSWER))
    thanks = "Thank you. What you wrote is in the thread and on the STAR issue."
    shared.until(lambda: thanks in shared.whispers(CASEY))


def test_facts_are_the_answer_where_something_was_asked(shared: Stage) -> None:
    _, root = _filed(shared)
    _asks(shared, root)
    _chooses(shared, CASEY, root, "star_add_facts")
    shared.sends(CASEY, text=ANSWER)
    shared.until(lambda: _is_back(shared, root))


def test_the_initiator_adds_facts_and_withdraws_by_the_buttons_of_their_news(shared: Stage) -> None:
    ticket, root = _filed(shared, PRIYA)
    filed = shared.until(lambda: shared.question(PRIYA, ticket))
    shared.presses(PRIYA, filed, "star_add_facts")
    shared.sends(PRIYA, text=ANSWER)
    shared.until(lambda: f"<@{LENA}>: <@{PRIYA}> adds: {ANSWER}" in _lines(shared, root))
    shared.presses(PRIYA, filed, "star_withdraw")
    shared.sends(PRIYA, text="They found it.")
    shared.until(lambda: _card(shared, root)["text"].startswith("Withdrawn · "))
    shared.until(lambda: (shared.issue(ticket) or {})["state"] == "closed")
    told = "Done: the STAR is withdrawn, and the manager is told."
    shared.until(lambda: told in [m["text"] for m in shared.messages(f"D{PRIYA[1:]}")])


def test_the_initiator_withdraws_and_the_manager_hears_why(shared: Stage) -> None:
    ticket, root = _filed(shared)
    _chooses(shared, CASEY, root, "star_withdraw")
    shared.sends(CASEY, text="The customer found it.")
    shared.until(lambda: _card(shared, root)["text"].startswith("Withdrawn · "))
    line = f"<@{LENA}>: <@{CASEY}> withdrew this STAR: The customer found it."
    shared.until(lambda: line in _lines(shared, root))
    shared.until(lambda: (shared.issue(ticket) or {})["state"] == "closed")
    shared.until(lambda: _is_noted(shared, ticket, "Casey Lin withdrew this STAR:", "The customer found it."))
    assert f"Withdrawn by <@{CASEY}>" in said(_card(shared, root))


def test_a_withdrawal_needs_no_reason_and_ends_the_waiting(shared: Stage) -> None:
    ticket, root = _filed(shared)
    _asks(shared, root)
    _chooses(shared, CASEY, root, "star_withdraw")
    shared.sends(CASEY)
    shared.until(lambda: f"<@{LENA}>: <@{CASEY}> withdrew this STAR." in _lines(shared, root))
    shared.writes(CASEY, STARS, ANSWER, thread_ts=root)
    shared.quiet(0.3)
    assert not _is_noted(shared, ticket, "answered:")
    assert _card(shared, root)["text"].startswith("Withdrawn · ")


@pytest.mark.parametrize("user", [LENA, ENGINEER, GUEST])
@pytest.mark.parametrize("deed", ["star_add_facts", "star_withdraw"])
def test_others_are_refused_politely(shared: Stage, user: str, deed: str) -> None:
    ticket, root = _filed(shared)
    _chooses(shared, user, root, deed)
    no = "Only whoever filed this STAR can do that. You can write what you know in its thread."
    shared.until(lambda: shared.whispers(user)[-1:] == [no])
    assert shared.views(user) == []
    assert (shared.issue(ticket) or {})["state"] == "opened"


def test_a_dialog_that_was_open_when_the_star_ended_says_that_nothing_was_kept(shared: Stage) -> None:
    ticket, root = _filed(shared)
    _chooses(shared, CASEY, root, "star_add_facts")
    shared.until(lambda: shared.views(CASEY))
    shared.reacts(LENA, root, "green-check-mark")
    shared.until(lambda: _card(shared, root)["text"].startswith("Resolved · "))
    shared.sends(CASEY, text=ANSWER)
    shared.until(lambda: any("Nothing was added." in one for one in shared.whispers(CASEY)))
    assert not _is_noted(shared, ticket, ANSWER)


def test_a_word_below_the_news_of_an_ended_star_is_answered(shared: Stage) -> None:
    ticket, root = _filed(shared, PRIYA)
    filed = shared.until(lambda: shared.question(PRIYA, ticket))
    shared.presses(PRIYA, filed, "star_withdraw")
    shared.sends(PRIYA)
    shared.until(lambda: _card(shared, root)["text"].startswith("Withdrawn · "))
    shared.writes(PRIYA, f"D{PRIYA[1:]}", ANSWER, thread_ts=filed["ts"])
    shared.until(lambda: any("Nothing was added." in one for one in shared.whispers(PRIYA)))
    assert not _is_noted(shared, ticket, ANSWER)


# -- That's me


def test_who_filed_it_can_be_said_where_the_form_did_not(shared: Stage) -> None:
    ticket = shared.fresh_ticket()
    root = shared.announced(Ticket=str(ticket), **{"Submitted by": "somebody"})
    _asks(shared, root)
    how = "Please press *That's me* on the card first, then answer here in the thread."
    shared.until(lambda: f"somebody: <@{LENA}> asks: {QUESTION}\n{how}" in _lines(shared, root))
    _chooses(shared, CASEY, root, "star_add_facts")
    first = "The form does not say who filed this STAR. If that was you, press *That's me* on the card first."
    shared.until(lambda: shared.whispers(CASEY)[-1:] == [first])
    for user in (GUEST, STRANGER):
        shared.presses(user, _card(shared, root), "star_claim")
        shared.until(
            lambda user=user: any("members of this workspace" in one for one in shared.whispers(user))
        )
    assert "star_claim" in said(_card(shared, root))
    shared.presses(CASEY, _card(shared, root), "star_claim")
    shared.until(lambda: f"Waiting for <@{CASEY}>" in said(_card(shared, root)))
    assert "star_claim" not in said(_card(shared, root))
    yours = "Thank you. This STAR is yours now: you hear how it goes on, and can add facts or withdraw it."
    shared.until(lambda: yours in shared.whispers(CASEY))
    shared.writes(CASEY, STARS, ANSWER, thread_ts=root)
    shared.until(lambda: _is_back(shared, root))
    shared.until(lambda: _is_noted(shared, ticket, "Casey Lin answered:", ANSWER))


def test_the_first_who_says_so_filed_it(stage: Stage) -> None:
    root = stage.announced(**{"Submitted by": "somebody"})
    elements = [one for block in _card(stage, root)["blocks"] for one in block.get("elements", [])]
    claim = next(one for one in elements if one.get("action_id") == "star_claim")
    for user in (CASEY, ENGINEER):
        presses(stage, user, claim, STARS)
        stage.until(lambda user=user: stage.whispers(user))
    assert stage.whispers(ENGINEER) == ["This STAR is open. We know who filed it."]
    assert f"*Filed by*\\n<@{CASEY}>" in said(_card(stage, root))


# -- while the bot was away


@pytest.mark.parametrize("place", ["thread", "direct message", "below the news", "issue"])
def test_an_answer_while_the_bot_was_away_is_caught_up_with(empty_stage: Stage, place: str) -> None:
    empty_stage.configure(POLLING)
    stage = empty_stage.start()
    who, name = (CASEY, "clin") if place == "thread" else (PRIYA, "pnair")
    root = stage.announced(**{"Submitted by": f"<@{who}>"})
    _asks(stage, root)
    stage.until(lambda: _is_noted(stage, TICKET, f"@{name}, Lena Vogt asks:"))
    stage.quiet(0.3)
    question = stage.question(who)
    stage.stop()
    issue = stage.issue() or {}
    about = {"iid": issue["iid"], "project": issue["project"], "action": "comment"}
    if place == "issue":
        stage.desk.post("gitlab/act", user=name, body=ANSWER, **about)
    elif place == "thread":
        stage.writes(who, STARS, ANSWER, thread_ts=root)
    else:
        below = question["ts"] if question and place == "below the news" else None
        stage.writes(who, f"D{who[1:]}", ANSWER, thread_ts=below)
    stage.start()
    stage.until(lambda: _is_back(stage, root))
    stage.until(lambda: _is_noted(stage, TICKET, ANSWER))
    stage.quiet(0.3)
    assert sum(ANSWER in note for note in _notes(stage, TICKET)) == 1
