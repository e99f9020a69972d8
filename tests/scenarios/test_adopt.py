"""Beside another bot that opens STAR issues: its issue is adopted, not doubled."""

from typing import Any

import pytest

from tests.scenarios.managing import shown, unstars
from tests.stage import BOT, LENA, TICKET, Stage, said

pytestmark = pytest.mark.long

THEIRS = {"title": f"Attention: {TICKET}", "description": "Opened by the other bot.\n\nDo not edit."}


@pytest.fixture
def beside(empty_stage: Stage) -> Stage:
    """A bot that waits five minutes for the other bot's issue."""
    empty_stage.configure("[gitlab]\nadopt_minutes = 5\n")
    return empty_stage.start()


def _opens(stage: Stage, **more: Any) -> int:
    return int(stage.desk.post("gitlab/act", action="open", user="jcole", **THEIRS | more)["iid"])


def _about(stage: Stage) -> list[dict[str, Any]]:
    return [i for i in stage.issues() if str(TICKET) in i["title"]]


def test_another_bots_issue_is_adopted_and_its_words_stay(beside: Stage) -> None:
    iid = _opens(beside)
    root = beside.files_star()
    beside.until(lambda: f"/issues/{iid}|STAR issue #{iid}>" in shown(beside, root), timeout_s=25)
    beside.until(lambda: _about(beside)[0]["notes"] and _about(beside)[0]["assignees"] == ["lvogt"])
    beside.until(lambda: "star_submitted" in beside.ticket()["tags"])
    beside.reacts(LENA, root, "eyes")
    beside.until(lambda: f"<@{LENA}> has been looking" in shown(beside, root))
    # A lost answer makes the bot write all that is its own again, and the other bot's words are not its own.
    beside.breaks("gitlab", "drop_after", method="PUT", times=1)
    unstars(beside, LENA, root)
    beside.until(lambda: _about(beside)[0]["state"] == "closed")
    beside.quiet()
    (issue,) = _about(beside)
    assert (issue["title"], issue["description"]) == (THEIRS["title"], THEIRS["description"])
    assert issue["author"] == "jcole" and issue["labels"] == ["unstarred"]
    assert any("**Unstarred.**" in note["body"] for note in issue["notes"])


def test_one_that_comes_a_little_later_is_adopted_and_the_card_says_what_is_waited_for(beside: Stage) -> None:
    root = beside.files_star()
    wait = "I wait for the other bot's STAR issue; if none has come by"
    beside.until(lambda: wait in shown(beside, root))
    assert "GitLab has not answered" not in shown(beside, root)
    assert f"<@{LENA}>: you are on call." in shown(beside, root), "nobody waits for it"
    iid = _opens(beside)
    beside.until(lambda: f"STAR issue #{iid}>" in shown(beside, root), timeout_s=30)
    beside.quiet()
    assert len(_about(beside)) == 1 and wait not in shown(beside, root)
    assert len([m for m in beside.messages(thread_ts=root) if m.get("user") == BOT]) == 1


def test_where_none_comes_the_bot_opens_its_own(beside: Stage) -> None:
    _opens(beside, title="Attention: 123499", description=f"Not about it: 9{TICKET}1")
    root = beside.files_star()
    beside.until(lambda: "I wait for the other bot's STAR issue" in shown(beside, root))
    beside.quiet()
    assert _about(beside) == []
    beside.passes(minutes=5.1)
    beside.until(lambda: "STAR issue #2>" in shown(beside, root), timeout_s=30)
    (issue,) = _about(beside)
    assert issue["title"] == f"STAR: ticket {TICKET}, Aurora Robotics (Urgent)"
    assert "They go live tomorrow morning." in issue["description"]
    assert "I wait for" not in said(beside.card(root) or {})
