"""What the initiator hears by direct message: only who is not in the channel, only what matters, each thing once."""

from typing import Any

import pytest

from tests.stage import (
    CASEY,
    LENA,
    MARIA,
    PRIYA,
    RESOLVE,
    SELF_MANAGED,
    STARS,
    TICKET,
    Stage,
    said,
)

REASON = "It is a real emergency"


def _heard(stage: Stage, ticket: int = TICKET, user: str = PRIYA) -> list[str]:
    """The direct messages to this person about this ticket, the oldest first."""
    return [m["text"] for m in stage.messages(f"D{user[1:]}") if f"#{ticket}" in said(m)]


def _filed(stage: Stage, initiator: str = PRIYA, ticket: int | None = None) -> tuple[int, str]:
    number = ticket or stage.fresh_ticket()
    root = stage.announced(Ticket=str(number), **{"Submitted by": f"<@{initiator}>"})
    return number, root


def _card(stage: Stage, root: str) -> dict[str, Any]:
    found = stage.card(root)
    assert found is not None
    return found


def _resolves(stage: Stage, user: str, root: str, **answers: str) -> None:
    stage.presses(user, _card(stage, root), RESOLVE)
    assert stage.sends(user, **answers) == {"ok": True}


def _unstars(stage: Stage, root: str) -> None:
    card = _card(stage, root)
    menu = next(
        one for block in card["blocks"] for one in block.get("elements", []) if one["type"] == "overflow"
    )
    value = next(one["value"] for one in menu["options"] if one["value"].startswith("star_unstar "))
    stage.desk.post(
        "slack/click", user=LENA, channel=STARS, ts=card["ts"], action_id="star_more", selected=value
    )
    view = stage.until(lambda: stage.views(LENA))[-1]
    reasons = next(block["element"]["options"] for block in view["blocks"] if block["block_id"] == "reason")
    sent = stage.sends(
        LENA,
        reason=reasons[0]["value"],
        text="Nobody is down.",
        alternative="Raise it with the account team.",
        agreed="pending",
    )
    assert sent == {"ok": True}


def test_filed_acknowledged_and_resolved_are_told_once_each_and_nothing_else(shared: Stage) -> None:
    ticket, root = _filed(shared)
    shared.until(lambda: len(_heard(shared, ticket)) == 1)
    filed = _heard(shared, ticket)[0]
    name = f"|STAR for #{ticket}>"
    assert (
        filed.startswith("Your <https://")
        and f"{name} is filed. A Support Manager looks at it by <!date^" in filed
    )
    shared.reacts(LENA, root, "eyes")
    shared.until(lambda: len(_heard(shared, ticket)) == 2)
    assert f"<@{LENA}> is looking at your <" in _heard(shared, ticket)[1]
    shared.reacts(MARIA, root, "eyes")
    shared.presses(LENA, _card(shared, root), "star_triage")
    shared.sends(LENA, decision="work", next_step="Anna takes it.")
    shared.until(lambda: "Anna takes it." in said(_card(shared, root)))
    _resolves(shared, LENA, root, next_step="Anna calls them at 16:00.", owner="Anna")
    shared.until(lambda: len(_heard(shared, ticket)) == 3)
    shared.until(lambda: (shared.issue(ticket) or {})["state"] == "closed")
    shared.quiet()
    told = _heard(shared, ticket)
    assert len(told) == 3
    assert f"<@{LENA}> resolved your <" in told[2] and "Next step: Anna calls them at 16:00." in told[2]


def test_the_word_of_the_filing_has_buttons_and_the_others_have_none(shared: Stage) -> None:
    ticket, root = _filed(shared)
    shared.reacts(LENA, root, "eyes")
    shared.until(lambda: len(_heard(shared, ticket)) == 2)
    with_buttons = [
        [one["text"]["text"] for block in m["blocks"] for one in block.get("elements", [])]
        for m in shared.messages(f"D{PRIYA[1:]}")
        if f"#{ticket}" in said(m)
    ]
    assert with_buttons == [["Add facts", "Withdraw"], []]


def test_whoever_is_in_the_channel_hears_it_there_only(shared: Stage) -> None:
    ticket, root = _filed(shared, CASEY)
    shared.reacts(LENA, root, "eyes")
    shared.until(lambda: f"<@{LENA}> has been looking" in said(_card(shared, root)))
    _resolves(shared, LENA, root, next_step="Anna calls.")
    shared.until(lambda: (shared.issue(ticket) or {})["state"] == "closed")
    shared.quiet()
    assert _heard(shared, ticket, CASEY) == []


def test_an_unstarred_one_is_told_with_reason_and_other_path(shared: Stage) -> None:
    ticket, root = _filed(shared)
    _unstars(shared, root)
    shared.until(lambda: len(_heard(shared, ticket)) == 2)
    shared.until(lambda: (shared.issue(ticket) or {})["state"] == "closed")
    shared.quiet()
    told = _heard(shared, ticket)
    assert len(told) == 2
    assert f"<@{LENA}> looked at it, and it does not fit: " in told[1]
    assert "Nobody is down.\n*Instead:* Raise it with the account team." in told[1]


def test_an_unstarred_form_that_nobody_could_read_is_told_too(shared: Stage) -> None:
    root = shared.files_star(Ticket="N/A", **{"Submitted by": f"<@{PRIYA}>"})
    shared.until(lambda: "needs one thing from you" in shared.reply(root))
    before = len(shared.messages(f"D{PRIYA[1:]}"))
    shared.reacts(LENA, root, "green-check-mark")
    question = shared.until(lambda: shared.messages(f"D{LENA[1:]}")[-1:])[0]
    assert "STAR whose form could not be read" in said(question)
    shared.writes(LENA, f"D{LENA[1:]}", "Filed anew.", thread_ts=question["ts"])
    told = shared.until(lambda: shared.messages(f"D{PRIYA[1:]}")[before:])
    assert [m["text"].partition("<https")[0] for m in told] == [f"<@{LENA}> resolved your "]
    assert told[0]["text"].endswith("|STAR>. Next step: Filed anew.")


def test_a_check_mark_alone_is_told_with_its_sentence(shared: Stage) -> None:
    ticket, root = _filed(shared)
    shared.reacts(LENA, root, "green-check-mark")
    question = shared.until(lambda: shared.question(LENA, ticket))
    shared.quiet(0.3)
    assert len(_heard(shared, ticket)) == 1, "not before the sentence"
    shared.writes(LENA, f"D{LENA[1:]}", "Anna calls.", thread_ts=question["ts"])
    shared.until(lambda: len(_heard(shared, ticket)) == 2)
    shared.writes(LENA, f"D{LENA[1:]}", "At five.", thread_ts=question["ts"])
    shared.until(lambda: "Anna calls. At five." in said(_card(shared, root)))
    shared.quiet(0.3)
    told = _heard(shared, ticket)
    assert len(told) == 2 and told[1].endswith("Next step: Anna calls.")


def test_a_check_mark_alone_is_told_with_what_a_slower_manager_wrote(shared: Stage) -> None:
    ticket, root = _filed(shared)
    shared.presses(MARIA, _card(shared, root), RESOLVE)
    shared.until(lambda: shared.views(MARIA))
    shared.reacts(LENA, root, "green-check-mark")
    shared.until(lambda: shared.question(LENA, ticket))
    shared.sends(MARIA, next_step="Anna calls.")
    shared.until(lambda: len(_heard(shared, ticket)) == 2)
    assert _heard(shared, ticket)[1].endswith("Next step: Anna calls.")


def test_a_check_mark_alone_is_told_when_the_time_for_its_sentence_is_over(stage: Stage) -> None:
    _, root = _filed(stage, ticket=TICKET)
    stage.reacts(LENA, root, "green-check-mark")
    question = stage.until(lambda: stage.question(LENA))
    stage.quiet(0.3)
    assert len(_heard(stage)) == 1
    stage.passes(11)
    stage.until(lambda: len(_heard(stage)) == 2)
    assert _heard(stage)[1].endswith("The next step is under way.")
    stage.writes(LENA, f"D{LENA[1:]}", "Anna calls.", thread_ts=question["ts"])
    stage.until(lambda: "Anna calls." in said(_card(stage, root)))
    stage.quiet(0.3)
    assert len(_heard(stage)) == 2


def test_what_was_taken_back_in_time_is_not_told(stage: Stage) -> None:
    _, root = _filed(stage, ticket=TICKET)
    stage.reacts(LENA, root, "green-check-mark")
    question = stage.until(lambda: stage.question(LENA))
    stage.until(lambda: stage.issues()[0]["state"] == "closed")
    stage.presses(LENA, question, "star_undo")
    stage.until(lambda: (stage.issue() or {})["state"] == "opened")
    stage.passes(11)
    stage.quiet()
    assert len(_heard(stage)) == 1


@pytest.mark.parametrize("fault", ["drop_after", "drop_before"])
def test_a_lost_answer_of_slack_doubles_no_news(shared: Stage, fault: str) -> None:
    ticket, root = _filed(shared)
    shared.breaks("slack", fault, method="chat.postMessage", times=1)
    shared.reacts(LENA, root, "eyes")
    shared.until(lambda: len(_heard(shared, ticket)) == 2, timeout_s=30)
    shared.quiet(2)
    assert len(_heard(shared, ticket)) == 2


def test_one_who_files_by_command_and_closes_the_dialog_is_told_once(shared: Stage) -> None:
    ticket = shared.fresh_ticket()
    shared.commands(PRIYA, str(ticket), channel=SELF_MANAGED)
    view = shared.until(lambda: shared.views(PRIYA))[-1]
    answers: dict[str, Any] = {
        "ticket": str(ticket),
        "urgency": "Urgent",
        "reason": "They go live.",
        "desired_result": "An engineer today.",
        "consent": ["yes"],
    }
    shared.breaks("zendesk", "delay_before", delay_s=0.5)
    shared.desk.post("slack/submit", user=PRIYA, view_id=view["id"], values=answers)
    for open_view in shared.views(PRIYA):
        shared.desk.post("slack/close", user=PRIYA, view_id=open_view["id"])
    shared.until(lambda: shared.issue(ticket))
    shared.until(lambda: _heard(shared, ticket))
    shared.quiet()
    assert len(_heard(shared, ticket)) == 1
    assert [m["text"] for m in shared.messages(f"D{PRIYA[1:]}") if m["text"] == "Your STAR is filed."] == []
