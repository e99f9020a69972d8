"""How a STAR ends: by check mark or dialog; the missing sentence; Undo."""

from typing import Any

from tests.stage import ACTED, BOT, LENA, MARIA, MEI, RESOLVE, STARS, TICKET, UNDO, Stage, reactions, said

CHECK = "green-check-mark"


def _card(stage: Stage, root: str) -> str:
    return said(stage.card(root) or {})


def _notes(stage: Stage, ticket: int) -> list[str]:
    return [note["body"] for note in (stage.issue(ticket) or {"notes": []})["notes"]]


def _is_closed(stage: Stage, ticket: int) -> bool:
    return (stage.issue(ticket) or {"state": ""})["state"] == "closed"


def _resolved(stage: Stage, user: str = LENA, ticket: int = 0) -> tuple[int, str]:
    """A STAR that a manager closed with the check mark, and whose question has come."""
    ticket = ticket or stage.fresh_ticket()
    root = stage.announced(Ticket=str(ticket))
    stage.reacts(user, root, CHECK)
    stage.until(lambda: _is_closed(stage, ticket) and stage.question(user, ticket))
    return ticket, root


def _question(stage: Stage, ticket: int, user: str = LENA) -> dict[str, Any]:
    question = stage.question(user, ticket)
    assert question is not None
    return question


def test_a_check_mark_without_eyes_acknowledges_too(shared: Stage) -> None:
    ticket, root = _resolved(shared, ticket=TICKET)
    shared.until(lambda: ACTED in shared.ticket(ticket)["tags"])
    shared.until(lambda: len(_notes(shared, ticket)) == 3)
    shared.until(lambda: reactions(shared.root(root)) == {CHECK: [LENA], "eyes": [BOT]})
    shared.until(lambda: f":{CHECK}: Resolved by <@{LENA}>" in _card(shared, root))
    acknowledged, disposition = sorted(_notes(shared, ticket)[1:], key=lambda note: "disposition" in note)
    assert "Lena Vogt is looking at this STAR." in acknowledged
    assert "**Final disposition.** Lena Vogt resolved this STAR" in disposition
    assert "The ticket was assigned to" in disposition, "it closes with what is known"
    assert _card(shared, root).startswith("Resolved · Urgent")
    assert "Next step: _not said yet_" in _card(shared, root)
    assert "star_resolve" not in _card(shared, root) and "star_reopen" in _card(shared, root)


def test_the_standard_check_mark_counts_too_and_the_bot_adds_the_green_one(shared: Stage) -> None:
    ticket = shared.fresh_ticket()
    root = shared.announced(Ticket=str(ticket))
    shared.reacts(LENA, root, "white_check_mark")
    shared.until(lambda: _is_closed(shared, ticket))
    shared.until(lambda: reactions(shared.root(root)).get(CHECK) == [BOT])


def test_the_dialog_says_what_happens_next_so_nobody_is_asked(shared: Stage) -> None:
    ticket = shared.fresh_ticket()
    root = shared.announced(Ticket=str(ticket))
    shared.presses(LENA, shared.card(root) or {}, RESOLVE)
    shared.until(lambda: shared.desk.get("slack/views", user=LENA))
    view = shared.desk.get("slack/views", user=LENA)[-1]
    assert shared.sends(LENA, next_step="") == {
        "ok": False,
        "errors": {"next_step": "Please complete this required field."},
    }
    assert f"#{ticket}" in said(view)
    shared.sends(
        LENA, next_step="Anna takes a call at 15:00.", owner="Anna Kowalska", customer_hears="in an hour"
    )
    shared.until(lambda: _is_closed(shared, ticket) and len(_notes(shared, ticket)) == 3)
    shared.quiet()
    assert shared.question(LENA, ticket) is None
    note = next(note for note in _notes(shared, ticket) if "disposition" in note)
    for text in ("Anna takes a call at 15:00.", "Anna Kowalska", "in an hour"):
        assert text in note and text in _card(shared, root)
    assert reactions(shared.root(root)) == {"eyes": [BOT], CHECK: [BOT]}


def test_a_next_step_that_escaping_makes_too_long_for_slack_is_cut(shared: Stage) -> None:
    ticket = shared.fresh_ticket()
    root = shared.announced(Ticket=str(ticket))
    shared.presses(LENA, shared.card(root) or {}, RESOLVE)
    shared.sends(LENA, next_step="&" * 900, owner="&" * 300, customer_hears="&" * 300)
    shared.until(lambda: _is_closed(shared, ticket))
    shared.until(lambda: "&" * 900 in str(_notes(shared, ticket)))
    shared.until(lambda: f":{CHECK}: Resolved by" in _card(shared, root))


def test_the_missing_sentence_is_asked_in_a_direct_message_and_added_to_the_issue(shared: Stage) -> None:
    ticket, root = _resolved(shared)
    question = _question(shared, ticket)
    assert "What is the next step, and who has it?" in said(question)
    shared.writes(LENA, "D0LENA", "Sofia reproduces it & writes <today>.", thread_ts=question["ts"])
    shared.until(lambda: len(_notes(shared, ticket)) == 4)
    assert "Lena Vogt on the next step:" in _notes(shared, ticket)[-1]
    assert "Sofia reproduces it & writes <today>." in _notes(shared, ticket)[-1]
    shared.until(lambda: "Next step: Sofia reproduces it &amp; writes &lt;today&gt;." in _card(shared, root))
    shared.until(lambda: "your sentence is on the issue" in said(_question(shared, ticket)))


def test_a_top_level_answer_belongs_to_the_one_question_that_waits(shared: Stage) -> None:
    ticket, _ = _resolved(shared, MARIA)
    shared.writes(MARIA, "D0MARIA", "Carlos calls back.")
    shared.until(lambda: len(_notes(shared, ticket)) == 4)
    other, _ = _resolved(shared, MARIA)
    shared.writes(MARIA, "D0MARIA", "Hannah has it.")
    shared.until(lambda: len(_notes(shared, other)) == 4)
    assert "Hannah has it." in _notes(shared, other)[-1]
    assert len(_notes(shared, ticket)) == 4


def test_with_several_questions_open_the_bot_asks_which_and_the_thread_decides(shared: Stage) -> None:
    first, _ = _resolved(shared, MEI)
    second, _ = _resolved(shared, MEI)
    shared.writes(MEI, "D0MEI", "Dev looks at it.")
    shared.until(lambda: "Which STAR is that for?" in str(shared.whispers(MEI)))
    assert len(_notes(shared, first)) == len(_notes(shared, second)) == 3
    shared.writes(MEI, "D0MEI", "Dev looks at it.", thread_ts=_question(shared, second, MEI)["ts"])
    shared.until(lambda: len(_notes(shared, second)) == 4)
    assert len(_notes(shared, first)) == 3


def test_undo_opens_the_star_again_and_says_so_everywhere(shared: Stage) -> None:
    ticket, root = _resolved(shared)
    shared.presses(LENA, _question(shared, ticket), UNDO)
    shared.until(lambda: not _is_closed(shared, ticket))
    shared.until(lambda: any("this STAR is open again" in note for note in _notes(shared, ticket)))
    shared.until(lambda: f"<@{LENA}> has been looking since" in _card(shared, root))
    shared.until(lambda: "is open again" in said(_question(shared, ticket)))
    assert UNDO not in said(_question(shared, ticket))
    shared.desk.post("slack/unreact", user=LENA, channel="C0STARS", ts=root, name=CHECK)
    shared.reacts(LENA, root, CHECK)
    shared.until(lambda: _is_closed(shared, ticket))
    shared.until(lambda: sum("disposition" in note for note in _notes(shared, ticket)) == 2)


def test_undo_takes_the_bots_own_check_mark_off(shared: Stage) -> None:
    ticket = shared.fresh_ticket()
    root = shared.announced(Ticket=str(ticket))
    shared.reacts(LENA, (shared.card(root) or {})["ts"], CHECK)
    shared.until(lambda: set(reactions(shared.root(root))) == {"eyes", CHECK})
    shared.presses(LENA, shared.until(lambda: shared.question(LENA, ticket)), UNDO)
    shared.until(lambda: set(reactions(shared.root(root))) == {"eyes"})


def test_after_ten_minutes_undo_is_over(shared: Stage) -> None:
    ticket, _ = _resolved(shared)
    old = _question(shared, ticket)
    shared.passes(minutes=9)
    shared.quiet()
    assert UNDO in said(_question(shared, ticket))
    shared.passes(minutes=1.1)
    shared.until(lambda: UNDO not in said(_question(shared, ticket)))
    shared.quiet()
    # Somebody's screen still shows the button.
    shared.desk.slack().chat_update(channel=old["channel"], ts=old["ts"], text="old", blocks=old["blocks"])
    shared.presses(LENA, old, UNDO)
    told = shared.until(lambda: [text for text in shared.whispers(LENA) if "Undo" in text])
    assert told == ["The 10 minutes for *Undo* are over. A manager can press *Reopen* on the card."]
    places = {e["channel"] for e in shared.part("slack")["ephemerals"] if "Undo" in e["text"]}
    assert places == {"D0LENA"}, "it is said where the button is"
    assert _is_closed(shared, ticket)


def test_undo_gives_way_to_a_newer_star_for_the_ticket(shared: Stage) -> None:
    ticket, _ = _resolved(shared)
    shared.files_star(Ticket=str(ticket))
    shared.until(lambda: len([i for i in shared.issues() if f"ticket {ticket}," in i["title"]]) == 2)
    shared.presses(LENA, _question(shared, ticket), UNDO)
    shared.until(lambda: any("a newer open STAR for this ticket" in text for text in shared.whispers(LENA)))
    states = [i["state"] for i in shared.issues() if f"ticket {ticket}," in i["title"]]
    assert states == ["closed", "opened"]


def test_a_button_of_an_old_screen_is_answered_with_how_things_are(shared: Stage) -> None:
    ticket = shared.fresh_ticket()
    root = shared.announced(Ticket=str(ticket))
    old = shared.card(root)
    assert old is not None
    shared.reacts(LENA, root, CHECK)
    shared.until(lambda: f":{CHECK}: Resolved by" in _card(shared, root))
    shared.quiet()
    shared.desk.slack().chat_update(channel=old["channel"], ts=old["ts"], text="old", blocks=old["blocks"])
    shared.presses(MARIA, old, RESOLVE)
    told = shared.until(lambda: shared.whispers(MARIA))
    assert told[-1].startswith(f"This STAR was resolved by <@{LENA}>")
    assert shared.desk.get("slack/views", user=MARIA) == []


def test_whoever_resolves_after_an_undo_is_asked_and_their_mark_is_kept(stage: Stage) -> None:
    root = stage.announced()
    stage.reacts(LENA, root, "green-check-mark")
    stage.until(lambda: (stage.issue() or {})["state"] == "closed")
    stage.presses(LENA, stage.until(lambda: stage.question(LENA)), "star_undo")
    stage.until(lambda: (stage.issue() or {})["state"] == "opened")
    stage.reacts(MARIA, (stage.card(root) or {})["ts"], "green-check-mark")
    stage.until(lambda: stage.question(MARIA))
    stage.writes(MARIA, f"D{MARIA[1:]}", "Anna calls at 04:00.")
    stage.until(lambda: any("Anna calls at 04:00." in n["body"] for n in (stage.issue() or {})["notes"]))
    stage.writes(MARIA, f"D{MARIA[1:]}", "And Ben reviews.")
    stage.until(lambda: any("And Ben reviews." in n["body"] for n in (stage.issue() or {})["notes"]))
    stage.until(lambda: BOT in reactions(stage.root(root))["green-check-mark"])


def test_a_mark_that_was_taken_off_after_an_undo_comes_back_with_the_dialog(stage: Stage) -> None:
    root = stage.announced()
    stage.reacts(LENA, root, "green-check-mark")
    stage.until(lambda: (stage.issue() or {})["state"] == "closed")
    stage.presses(LENA, stage.until(lambda: stage.question(LENA)), "star_undo")
    stage.until(lambda: (stage.issue() or {})["state"] == "opened")
    stage.desk.post("slack/unreact", user=LENA, channel=STARS, ts=root, name="green-check-mark")
    stage.until(lambda: "star_resolve" in said(stage.card(root) or {}))
    stage.presses(LENA, stage.card(root) or {}, "star_resolve")
    stage.sends(LENA, next_step="Anna calls.", owner="", customer_hears="")
    stage.until(lambda: reactions(stage.root(root)).get("green-check-mark") == [BOT])


def test_what_a_second_manager_wrote_is_not_lost(stage: Stage) -> None:
    root = stage.announced()
    stage.presses(MARIA, stage.card(root) or {}, "star_resolve")
    stage.reacts(LENA, root, "green-check-mark")
    stage.until(lambda: (stage.issue() or {})["state"] == "closed")
    stage.sends(MARIA, next_step="Anna calls at 15:00.", owner="Anna", customer_hears="today")
    stage.until(lambda: any("Anna calls at 15:00." in n["body"] for n in (stage.issue() or {})["notes"]))
    stage.until(lambda: any("What you wrote is on the issue too" in w for w in stage.whispers(MARIA)))
