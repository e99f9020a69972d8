"""*Complete this STAR*: a form post that could not be read is made whole in the dialog, by whoever may."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.filing import begun, closes, insists, opened, sends, shown
from tests.stage import BOT, CASEY, ENGINEER, GUEST, LENA, Stage, said

CONSENT = {"consent": ["yes"]}
COMPLETE, CLAIM = "star_complete", "star_claim"


@pytest.fixture(autouse=True)
def _no_dialog_stays(shared: Stage) -> Iterator[None]:
    yield
    for user in (CASEY, LENA, ENGINEER, GUEST):
        closes(shared, user)


def _unreadable(stage: Stage, **more: Any) -> tuple[str, dict[str, Any]]:
    """A form post without a ticket, and what the bot says about it."""
    root = stage.files_star(**{"Ticket": "N/A"}, **more)
    return root, stage.until(lambda: _reply(stage, root))


def _reply(stage: Stage, root: str) -> dict[str, Any] | None:
    """What the bot says about the form post itself."""
    ours = (m for m in stage.messages(thread_ts=root) if m.get("user") == BOT)
    return next((m for m in ours if COMPLETE in said(m)), None)


@pytest.mark.parametrize("user", [CASEY, LENA], ids=["the initiator", "a manager"])
def test_it_opens_with_what_could_be_read_and_the_star_goes_on_its_way(shared: Stage, user: str) -> None:
    ticket = shared.fresh_ticket()
    root, reply = _unreadable(shared)
    shared.presses(user, reply, COMPLETE)
    view = opened(shared, user)
    assert (view["title"]["text"], view["submit"]["text"]) == ("Complete this STAR", "Complete")
    assert "Here is what I could read. Please add what is missing" in said(view)
    assert begun(view) == {
        "ticket": "N/A",
        "urgency": "Urgent",
        "customer": "Aurora Robotics",
        "plan": "Ultimate",
        "product": "",
        "group": "",
        "reason": "They go live tomorrow morning.",
        "desired_result": "An engineer looks at it today.",
        "consent": "",
    }
    assert sends(shared, user, ticket=str(ticket), **CONSENT) == {"ok": True}
    insists(shared, user)
    shared.until(lambda: f"Thank you: the STAR for #{ticket} is on its way." in shown(shared, user))
    shared.until(lambda: "STAR issue #" in said(shared.card(root) or {}))
    assert f"*Filed by*\\n<@{CASEY}>" in said(shared.card(root) or {})
    shared.until(lambda: "Thank you, that is all I needed." in shared.reply(root))
    assert "They go live tomorrow morning." in (shared.issue(ticket) or {})["description"]


def test_nobody_else_can_complete_it_and_is_told_who_can(shared: Stage) -> None:
    _, reply = _unreadable(shared)
    shared.presses(ENGINEER, reply, COMPLETE)
    only = "Only whoever filed this STAR, or a Support Manager, can complete it."
    shared.until(lambda: only in shared.whispers(ENGINEER))
    assert shared.views(ENGINEER) == []


def test_whoever_filed_a_form_post_that_names_nobody_says_so_and_completes_it(shared: Stage) -> None:
    ticket = shared.fresh_ticket()
    root, reply = _unreadable(shared, without=("Submitted by",))
    assert "The form does not say who you are: press *That's me* first." in said(reply)
    shared.presses(ENGINEER, reply, COMPLETE)
    told = "can complete it. If that is you, press *That's me* first."
    shared.until(lambda: any(told in text for text in shared.whispers(ENGINEER)))
    shared.presses(ENGINEER, reply, CLAIM)
    shared.until(lambda: f"<@{ENGINEER}>, thank you for the STAR." in shared.reply(root))
    assert "That's me" not in shared.reply(root)
    shared.presses(ENGINEER, reply, COMPLETE)
    sends(shared, ENGINEER, ticket=str(ticket), **CONSENT)
    insists(shared, ENGINEER)
    shared.until(lambda: f"*Filed by*\\n<@{ENGINEER}>" in said(shared.card(root) or {}))


def test_a_guest_cannot_claim_or_complete_it(shared: Stage) -> None:
    root, reply = _unreadable(shared, without=("Submitted by",))
    shared.presses(GUEST, reply, CLAIM)
    kind = "That is for members of this workspace. Please ask your contact at GitLab."
    shared.until(lambda: kind in shared.whispers(GUEST))
    assert "Thank you for the STAR." in shared.reply(root)
    _, reply = _unreadable(shared, **{"Submitted by": f"<@{GUEST}>"})
    shared.presses(GUEST, reply, COMPLETE)
    assert "STARs are filed by members of this workspace." in said(opened(shared, GUEST))


def test_what_was_completed_meanwhile_is_not_changed(shared: Stage) -> None:
    ticket, other = shared.fresh_ticket(), shared.fresh_ticket()
    root, reply = _unreadable(shared)
    shared.presses(CASEY, reply, COMPLETE)
    opened(shared, CASEY)
    shared.edits(root, Ticket=str(ticket))
    shared.until(lambda: "STAR issue #" in said(shared.card(root) or {}))
    sends(shared, CASEY, ticket=str(other), **CONSENT)
    insists(shared, CASEY)
    shared.until(lambda: "Nothing is missing" in shown(shared, CASEY))
    shared.quiet(0.3)
    assert shared.issue(other) is None and shared.issue(ticket) is not None


def test_the_button_of_a_star_that_is_whole_says_so(shared: Stage) -> None:
    root, reply = _unreadable(shared)
    shared.edits(root, Ticket=str(shared.fresh_ticket()))
    shared.until(lambda: shared.card(root))
    # The button has gone from the message; a client that shows the old one still sends it.
    payload = {
        "type": "block_actions",
        "user": {"id": CASEY, "team_id": "T0SANDBOX"},
        "team": {"id": "T0SANDBOX"},
        "trigger_id": "1.2.complete",
        "channel": {"id": reply["channel"]},
        "actions": [{"action_id": COMPLETE, "value": reply["blocks"][1]["elements"][0]["value"]}],
    }
    shared.desk.post("slack/raw", type="interactive", payload=payload)
    shared.until(lambda: any("Nothing is missing any more." in text for text in shared.whispers(CASEY)))
    assert shared.views(CASEY) == []


def test_one_completed_for_a_ticket_with_an_open_star_follows_that_one(shared: Stage) -> None:
    ticket = shared.fresh_ticket()
    first = shared.announced(Ticket=str(ticket))
    root, reply = _unreadable(shared)
    shared.presses(CASEY, reply, COMPLETE)
    sends(shared, CASEY, ticket=str(ticket), **CONSENT)
    insists(shared, CASEY)
    shared.until(lambda: f"Ticket #{ticket} already has an open STAR:" in shown(shared, CASEY))
    assert "Add there what is new." in shown(shared, CASEY)
    assert "has been added" not in shown(shared, CASEY)
    shared.until(lambda: f"/p{first.replace('.', '')}|here it is>" in shared.reply(root))
    assert shared.card(root) is None


def test_a_ticket_that_zendesk_does_not_know_is_put_right_in_the_dialog(shared: Stage) -> None:
    root = shared.files_star(Ticket="999997")
    shared.until(lambda: "Zendesk has no ticket with this number." in shared.reply(root))
    ticket = shared.fresh_ticket()
    reply = _reply(shared, root) or {}
    shared.presses(CASEY, reply, COMPLETE)
    sends(shared, CASEY, **CONSENT)
    shared.until(lambda: "Zendesk has no ticket with this number." in shown(shared, CASEY))
    sends(shared, CASEY, ticket=str(ticket))
    insists(shared, CASEY)
    shared.until(lambda: "STAR issue #" in said(shared.card(root) or {}))
    assert "There is no STAR issue yet" not in said(shared.card(root) or {})


def test_a_long_answer_that_the_dialog_cannot_hold_is_kept_whole(shared: Stage) -> None:
    ticket = shared.fresh_ticket()
    reason = "word " * 1_999 + "end"
    _, reply = _unreadable(shared, **{"Reason this ticket needs additional attention": reason})
    shared.presses(CASEY, reply, COMPLETE)
    assert len(begun(opened(shared, CASEY))["reason"]) == 3_000
    sends(shared, CASEY, ticket=str(ticket), **CONSENT)
    insists(shared, CASEY)
    issue = shared.until(lambda: shared.issue(ticket))
    # A workflow's post holds it in parts of 3,000 characters.
    assert issue["description"].count("word") == 1_999 and "end\n```" in issue["description"]
