"""A lost database: the open STARs are read again from GitLab and Slack, and the manager goes on."""

from collections.abc import Callable

import pytest

from starbot.cli.rebuild import rebuild_stars
from tests.crash.normal_form import normal_form
from tests.filing import filed
from tests.printed import Printed, printed
from tests.scenarios.test_backup import handles, settles, written
from tests.scenarios.test_show import set_up
from tests.stage import ACKNOWLEDGE, ACTED, CASEY, LENA, PRIYA, TICKET, Stage, said

pytestmark = pytest.mark.long

BY_DIALOG = 123480
TRIAGE = {
    "category": "Escalation::License-Issue",
    "decision": "work",
    "next_step": "Anna looks at <the> *logs*.",
    "dri": LENA,
}


def lost(stage: Stage) -> None:
    """The bot ends, and nothing of its database is left."""
    settles(stage)
    stage.stop()
    for file in stage.folder.glob("starbot*.db*"):
        file.unlink()


def rebuilds(stage: Stage, monkeypatch: pytest.MonkeyPatch, do: bool) -> Printed:
    set_up(stage, monkeypatch)
    return printed(lambda: rebuild_stars(do))


def triages(stage: Stage, root: str) -> None:
    stage.presses(LENA, stage.card(root) or {}, "star_triage")
    stage.sends(LENA, **TRIAGE)
    stage.until(lambda: "triaged this STAR" in str((stage.issue() or {})["notes"]))


def test_three_stars_of_a_lost_database_are_there_again_and_nothing_is_doubled(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    second, third = stage.fresh_ticket(), stage.fresh_ticket()
    triaged = stage.announced()
    acknowledged = stage.announced(Ticket=str(second), **{"Submitted by": f"<@{PRIYA}>"})
    fresh = stage.announced(Ticket=str(third))
    triages(stage, triaged)
    stage.reacts(LENA, acknowledged, "eyes")
    stage.until(lambda: all(ACTED in stage.ticket(one)["tags"] for one in (TICKET, second)))
    stage.until(lambda: "has been looking" in said(stage.card(acknowledged) or {}))
    refused = rebuilds(stage, monkeypatch, do=True)
    assert refused.status == 2 and "Stop that one" in refused.err
    lost(stage)
    before, world = written(stage), normal_form(stage.state)
    told = rebuilds(stage, monkeypatch, do=False)
    assert (told.status, told.err) == (0, "")
    assert f"would rebuild  ticket {TICKET}, Urgent, Lena Vogt is looking, triaged: http" in told.out
    assert f"would rebuild  ticket {second}, Urgent, Lena Vogt is looking: http" in told.out
    assert f"would rebuild  ticket {third}, Urgent, nobody looks yet: http" in told.out
    assert normal_form(stage.state) == world and "C0STARS" not in handles(stage.folder / "starbot.db")
    done = rebuilds(stage, monkeypatch, do=True)
    assert (done.status, done.err) == (0, "")
    assert "3 rebuilt, 0 never filed before, 0 known already, 0 for people to look at." in done.out
    assert written(stage) == before and normal_form(stage.state) == world
    again = rebuilds(stage, monkeypatch, do=True)
    assert "0 rebuilt, 0 never filed before, 3 known already, 0 for people to look at." in again.out
    assert normal_form(stage.state) == world
    stage.start()
    stage.quiet()
    assert normal_form(stage.state) == world
    stage.presses(LENA, stage.card(fresh) or {}, ACKNOWLEDGE)
    stage.reacts(LENA, acknowledged, "green-check-mark")
    stage.until(lambda: ACTED in stage.ticket(third)["tags"])
    stage.until(lambda: (stage.issue(second) or {})["state"] == "closed")
    stage.until(lambda: "has been looking" in said(stage.card(fresh) or {}))
    stage.until(lambda: stage.question(LENA, second))
    stage.until(lambda: "looking at this STAR" in str((stage.issue(third) or {})["notes"]))
    stage.until(lambda: "Final disposition" in str((stage.issue(second) or {})["notes"]))
    settles(stage)
    after = written(stage)
    assert {one: after[one] for one in before} == before
    assert [one for one, times in after.items() if times > 1] == []
    assert len(stage.issues()) == 3


def test_what_came_after_a_copy_is_taken_back_and_what_cannot_be_is_told_with_the_mend(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = stage.announced()
    settles(stage)
    stage.stop()
    copy = {file: file.read_bytes() for file in stage.folder.glob("starbot*.db")}
    stage.start()
    ended, garbled, foreign = (stage.fresh_ticket() for _ in range(3))
    stage.presses(LENA, stage.card(known) or {}, ACKNOWLEDGE)
    resolved = stage.announced(Ticket=str(ended))
    stage.reacts(LENA, resolved, "green-check-mark")
    post = stage.announced(Ticket=str(garbled))
    stage.announced(Ticket=str(foreign))
    filed(stage, CASEY, BY_DIALOG)
    stage.until(lambda: "Final disposition" in str((stage.issue(ended) or {})["notes"]))
    lost(stage)
    before = written(stage)
    missed = stage.files_star(Ticket=str(stage.fresh_ticket()))
    stage.edits(post, text="*Ticket*\nsee above\n*Urgency*\nUrgent")
    iid, description = (stage.issue(foreign) or {})["iid"], "Somebody wrote this anew."
    stage.desk.post("gitlab/act", iid=iid, action="edit", description=description)
    for file, data in copy.items():
        file.write_bytes(data)
    done = rebuilds(stage, monkeypatch, do=True)
    assert (done.status, done.err) == (1, "")
    assert f"rebuilt  ticket {TICKET}, Urgent, Lena Vogt is looking: http" in done.out
    assert f"rebuilt  ticket {ended}, Urgent, resolved: http" in done.out
    assert f"rebuilt  ticket {BY_DIALOG}, Urgent, nobody looks yet: http" in done.out
    assert f"(STAR: ticket {garbled}, " in done.out and "its form names no ticket or urgency" in done.out
    assert f"(STAR: ticket {foreign}, " in done.out and "does not carry the bot's marker" in done.out
    assert "3 rebuilt, 1 never filed before, 0 known already, 2 for people to look at." in done.out
    assert (stage.issue(ended) or {})["state"] == "closed"
    assert stage.card(missed)
    after = written(stage)
    assert {one: after[one] for one in before} == before
    assert [one for one, times in after.items() if times > 1] == []


def test_a_lost_postgresql_database_is_rebuilt_once_every_bot_stands_still(
    empty_stage: Stage,
    new_postgresql_database: Callable[[], str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stage = empty_stage
    stage.environ["DATABASE_URL"] = new_postgresql_database()
    stage.start()
    root = stage.announced()
    stage.reacts(LENA, root, "eyes")
    stage.until(lambda: "has been looking" in said(stage.card(root) or {}))
    refused = rebuilds(stage, monkeypatch, do=True)
    assert refused.status == 2 and "Stop every bot first." in refused.err
    settles(stage)
    stage.stop()
    stage.environ["DATABASE_URL"] = new_postgresql_database()
    before, world = written(stage), normal_form(stage.state)
    # A rate limit is waited for; a vendor that is down ends it before anything is written.
    stage.breaks("gitlab", status=503)
    assert "A vendor does not answer" in rebuilds(stage, monkeypatch, do=True).err
    stage.mends()
    stage.breaks("slack", method="conversations.replies", status=429, retry_after=1, times=1)
    done = rebuilds(stage, monkeypatch, do=True)
    assert (done.status, done.err) == (0, "")
    assert "1 rebuilt, 0 never filed before, 0 known already, 0 for people to look at." in done.out
    assert written(stage) == before and normal_form(stage.state) == world
