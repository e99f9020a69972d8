"""What happened while the bot was away is done when it is back, once."""

from tests.stage import ACTED, BOT, LENA, TICKET, Stage, reactions, said


def test_a_form_posted_and_seen_by_a_manager_meanwhile_is_filed_and_acknowledged(stage: Stage) -> None:
    stage.quiet()  # the first start notes from when on it reads the channel
    stage.stop()
    root = stage.files_star()
    stage.reacts(LENA, root, "eyes")
    stage.start()
    stage.until(lambda: ACTED in stage.ticket()["tags"])
    stage.until(lambda: (stage.issue() or {"notes": []})["notes"][1:])
    stage.until(lambda: f"<@{LENA}> has been looking" in said(stage.card(root) or {}))
    stage.quiet()
    assert len(stage.issues()) == 1
    assert len(stage.comments()) == 2
    assert len([m for m in stage.messages(thread_ts=root) if m.get("user") == BOT]) == 1


def test_a_reaction_and_an_edit_meanwhile_count(stage: Stage) -> None:
    root = stage.announced()
    unreadable = stage.files_star(Ticket="N/A")
    stage.until(lambda: "It is kept" in stage.reply(unreadable))
    stage.stop()
    stage.reacts(LENA, (stage.card(root) or {})["ts"], "green-check-mark")
    stage.edits(unreadable, Ticket="123457")
    stage.start()
    stage.until(lambda: (stage.issue(TICKET) or {})["state"] == "closed")
    stage.until(lambda: (stage.issue(123457) or {"notes": []})["notes"])
    stage.until(lambda: set(reactions(stage.root(root))) == {"eyes", "green-check-mark"})


def test_a_reaction_that_was_undone_is_not_found_again(stage: Stage) -> None:
    root = stage.announced()
    stage.reacts(LENA, root, "green-check-mark")
    question = stage.until(lambda: stage.question(LENA))
    stage.presses(LENA, question, "star_undo")
    stage.until(lambda: (stage.issue() or {})["state"] == "opened")
    stage.stop()
    stage.start()
    stage.quiet()
    assert (stage.issue() or {})["state"] == "opened"


def test_what_was_posted_before_the_first_start_is_left_alone(empty_stage: Stage) -> None:
    root = empty_stage.files_star()
    empty_stage.start()
    empty_stage.quiet()
    assert empty_stage.messages(thread_ts=root) == []
    empty_stage.stop()
    empty_stage.start()
    empty_stage.quiet()
    assert empty_stage.messages(thread_ts=root) == []
