"""What happened while the bot was away is done when it is back, once."""

import pytest

from tests.stage import ACTED, BOT, CASEY, LENA, SELF_MANAGED, TICKET, Stage, reactions, said


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
    stage.until(lambda: stage.issues()[0]["state"] == "closed")
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


def test_a_post_from_long_before_the_first_start_is_opened_by_no_reaction_and_no_edit(
    empty_stage: Stage,
) -> None:
    seen, edited = empty_stage.files_star(), empty_stage.files_star(Ticket="123457")
    empty_stage.passes(60 * 24 * 30)
    empty_stage.start()
    empty_stage.reacts(LENA, seen, "green-check-mark")
    empty_stage.edits(edited, Ticket="123458")
    empty_stage.quiet()
    assert empty_stage.messages(thread_ts=seen) == empty_stage.messages(thread_ts=edited) == []
    assert empty_stage.issues() == []


def test_a_first_start_at_which_slack_tells_no_names_is_made_up_for(
    empty_stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("starbot.engine.sweep.AGAIN_AFTER_S", 0.3)
    empty_stage.breaks("slack", method="usergroups.list", status=500)
    empty_stage.start()
    root = empty_stage.files_star()
    empty_stage.reacts(LENA, root, "eyes")
    empty_stage.desk.get("wait", since=empty_stage.last_row(), timeout_s=0.5)
    assert empty_stage.messages(thread_ts=root) == []
    empty_stage.mends()
    empty_stage.until(lambda: ACTED in empty_stage.ticket()["tags"])
    post = empty_stage.writes(CASEY, SELF_MANAGED, "Can somebody look at ticket 123456?")
    empty_stage.reacts(CASEY, post, "escalate", SELF_MANAGED)
    empty_stage.until(lambda: empty_stage.messages(SELF_MANAGED, post))
    later = empty_stage.files_star(Ticket="123457")
    empty_stage.until(lambda: empty_stage.card(later))


def test_what_was_sent_in_a_long_absence_is_listed_once_and_not_opened(stage: Stage) -> None:
    stage.quiet()
    stage.stop()
    early = stage.files_star()
    stage.passes(minutes=13 * 60)
    late = stage.files_star(Ticket="123457")
    stage.start()
    stage.until(lambda: stage.card(late))
    stage.stop()
    stage.start()
    stage.quiet()
    lists = [said(m) for m in stage.messages() if "I was away" in said(m)]
    assert (
        len(lists) == 1 and f"p{early.replace('.', '')}" in lists[0] and late.replace(".", "") not in lists[0]
    )
    assert stage.messages(thread_ts=early) == []
