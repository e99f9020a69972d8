"""The Escalated Ticket macro: applied privately, its blanks filled, and said in words where it cannot be."""

from typing import Any

from tests.stage import ACTED, LENA, MEI, RETRY, SEND, TICKET, Stage, said

MACRO = "Support::Managers::Escalated Ticket"


def _acknowledged(stage: Stage) -> str:
    root = stage.announced()
    stage.reacts(LENA, root, "eyes")
    return root


def _card(stage: Stage, root: str) -> str:
    return said(stage.card(root) or {})


def test_the_macro_is_private_changes_just_its_own_and_repeats_no_link(stage: Stage) -> None:
    before = stage.ticket()
    _acknowledged(stage)
    stage.until(lambda: ACTED in stage.ticket()["tags"])
    after, (note, macro) = stage.ticket(), stage.comments()
    assert (note["public"], macro["public"]) == (False, False)
    assert macro["body"] == "A Support Manager is looking at this ticket."
    assert set(after["tags"]) - set(before["tags"]) == {"star_submitted", ACTED}
    for field in ("status", "priority", "assignee", "subject", "custom_fields"):
        assert after[field] == before[field], field
    assert after["macro_ids"] == [801]


def test_with_the_note_switched_off_the_macros_own_links_are_filled_in(empty_stage: Stage) -> None:
    empty_stage.configure("[zendesk]\nnote = false\n")
    stage = empty_stage.start()
    root = stage.files_star()
    stage.until(lambda: "STAR issue #" in _card(stage, root))
    stage.reacts(LENA, root, "eyes")
    stage.until(lambda: ACTED in stage.ticket()["tags"])
    (macro,) = stage.comments()
    assert macro["public"] is False
    assert "STAR issue: http" in macro["body"] and "/issues/1\n" in macro["body"]
    assert f"?thread_ts={root}" in macro["body"]
    assert "_LINK" not in macro["body"]


def test_a_macro_that_wants_a_public_comment_sends_nothing_until_a_manager_read_it(stage: Stage) -> None:
    stage.desk.post("zendesk/act", action="set_macro_public", macro=MACRO, public=True)
    root = _acknowledged(stage)
    stage.until(lambda: SEND in _card(stage, root))
    stage.quiet()
    assert [comment["public"] for comment in stage.comments()] == [False, False]
    assert "Nothing was sent" in _card(stage, root)
    card = stage.card(root)
    assert card is not None
    stage.presses(MEI, card, SEND)
    view = stage.until(lambda: stage.desk.get("slack/views", user=MEI))[-1]
    assert "will get this by e-mail" in said(view)
    assert "A Support Manager is looking at this ticket." in said(view)
    assert "_LINK" not in said(view) and "http" not in _text_of(view), "our links are not for customers"
    stage.sends(MEI, text="A Support Manager is looking at it, and writes to you today.")
    stage.until(lambda: any(comment["public"] for comment in stage.comments()))
    stage.until(lambda: SEND not in _card(stage, root))
    stage.until(lambda: len(stage.issues()[0]["notes"]) == 3)
    public = [comment["body"] for comment in stage.comments() if comment["public"]]
    assert public == ["A Support Manager is looking at it, and writes to you today."]
    assert "Mei Tanaka sent this to the customer" in stage.issues()[0]["notes"][2]["body"]


def test_the_issue_does_not_say_that_the_customer_was_written_to_before_that(stage: Stage) -> None:
    stage.desk.post("zendesk/act", action="set_macro_public", macro=MACRO, public=True)
    root = _acknowledged(stage)
    stage.until(lambda: SEND in _card(stage, root))
    stage.breaks("zendesk", status=403, method="PUT")
    stage.presses(LENA, stage.card(root) or {}, SEND)
    stage.sends(LENA, text="Hello, we look at it.")
    stage.until(lambda: "I could not write to the customer" in _card(stage, root))
    stage.quiet()
    assert "to the customer" not in str(stage.issues()[0]["notes"])
    stage.mends()
    stage.presses(LENA, stage.card(root) or {}, RETRY)
    stage.until(lambda: "Lena Vogt sent this to the customer" in str(stage.issues()[0]["notes"]))
    assert [comment["body"] for comment in stage.comments() if comment["public"]] == ["Hello, we look at it."]


def test_a_missing_macro_is_told_on_the_card_and_retry_works_after_the_mend(empty_stage: Stage) -> None:
    empty_stage.desk.post("zendesk/act", action="set_macro_active", macro=MACRO, active=False)
    stage = empty_stage.start()
    root = _acknowledged(stage)
    stage.until(lambda: RETRY in _card(stage, root))
    assert (
        "I could not apply the Escalated Ticket macro: Zendesk has no active macro of that name. "
        "To mend it, make it active, or ask the admin to name another; then press *Retry*."
    ) in _card(stage, root)
    assert "Retry: apply the Escalated Ticket macro" in _card(stage, root)
    stage.presses(LENA, stage.card(root) or {}, RETRY)
    stage.until(lambda: _failures(stage) == 2)
    stage.quiet()  # the card loses its button while it is tried, and has it again after
    stage.until(lambda: RETRY in _card(stage, root))
    stage.desk.post("zendesk/act", action="set_macro_active", macro=MACRO, active=True)
    stage.presses(LENA, stage.card(root) or {}, RETRY)
    stage.until(lambda: ACTED in stage.ticket()["tags"])
    stage.until(lambda: RETRY not in _card(stage, root) and "could not" not in _card(stage, root))
    assert len(stage.comments()) == 2


def test_the_macro_by_its_other_name_serves_too(empty_stage: Stage) -> None:
    other = "Support::Managers::STAR Escalated Ticket"
    empty_stage.desk.post("zendesk/act", action="rename_macro", macro=MACRO, title=other)
    stage = empty_stage.start()
    _acknowledged(stage)
    stage.until(lambda: ACTED in stage.ticket()["tags"])


def test_somebody_who_changes_the_ticket_meanwhile_loses_nothing(stage: Stage) -> None:
    root = stage.announced()
    stage.breaks("zendesk", "delay_before", method="PUT", delay_s=2.0, times=1)
    stage.reacts(LENA, root, "eyes")
    stage.until(lambda: stage.desk.get("faults") == [])
    # The bot has read the ticket and its update is on the way. Zendesk tells times by the second.
    stage.passes(minutes=1)
    stage.desk.post("zendesk/act", action="tag", ticket=TICKET, tags=["added_by_an_engineer"])
    stage.until(lambda: ACTED in stage.ticket()["tags"])
    stage.quiet()
    assert "added_by_an_engineer" in stage.ticket()["tags"]
    assert 409 in [row["status"] for row in stage.requests("zendesk")]
    assert len(stage.comments()) == 2


def test_a_ticket_closed_after_filing_is_told_without_a_retry_that_cannot_help(stage: Stage) -> None:
    root = stage.announced()
    stage.desk.post("zendesk/act", action="close", ticket=TICKET)
    stage.reacts(LENA, root, "eyes")
    stage.until(lambda: "I could not apply the Escalated Ticket macro: it is closed" in _card(stage, root))
    stage.until(lambda: len(stage.issues()[0]["notes"]) == 2)
    assert "Retry" not in _card(stage, root)


def _failures(stage: Stage) -> int:
    return sum("/macros.json" in row["path"] for row in stage.requests("zendesk"))


def _text_of(view: dict[str, Any]) -> str:
    return str([b["element"].get("initial_value") for b in view["blocks"] if b["type"] == "input"])
