"""Two bots as processes on one PostgreSQL: each event acts once, and when one is gone the other ends its work."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from starbot.app import LEFT
from starbot.engine.onlooker import Onlooker
from tests.crash.normal_form import normal_form
from tests.crash.pair import Pair
from tests.crash.points import Acked, Asked, Point, Served, ServedLate, waits_until_all_has_ended
from tests.crash.story import STORY
from tests.sandbox.desk import Desk
from tests.stage import ACTED, LENA, reactions, said

pytestmark = pytest.mark.long

LOOK_S = 1


@pytest.fixture
def pair(crash_desk: Desk, tmp_path: Path, postgresql: str) -> Iterator[Pair]:
    pair = Pair(crash_desk, tmp_path, postgresql)
    yield pair
    pair.close()


def ends(pair: Pair, hoped: Any) -> None:
    """The four systems end as hoped, and no bot has complained."""
    pair.stage.until(lambda: normal_form(pair.stage.state) == hoped)
    pair.stage.quiet()
    assert normal_form(pair.stage.state) == hoped
    assert "level='error'" not in pair.log, pair.log


def test_two_bots_started_at_once_are_ready_and_each_event_acts_once_whoever_hears_it(
    pair: Pair, postgresql: str
) -> None:
    stage = pair.stage
    stage.configure(f"[paging]\nemergency_poll_seconds = {LOOK_S}\n")
    pair.start()
    onlooker = Onlooker(postgresql)
    assert onlooker.facts().bots == 2
    onlooker.close()
    assert [ready.status_code for ready in pair.health("readyz")] == [200, 200]
    stage.until(lambda: pair.meters("starbot_bots") == [2, 2])
    assert sorted(pair.meters("starbot_leads")) == [0, 1]
    # So that some tries come again from the queue, which both take from.
    stage.breaks("gitlab", method="POST", path="*/issues", status=503, times=16)
    tickets = [stage.fresh_ticket() for _ in range(8)]
    roots = {ticket: stage.files_star(Ticket=str(ticket)) for ticket in tickets}
    # Once more: as the bots hear in turn, some come to the other one now.
    for number in range(1, len(tickets)):
        stage.desk.post("slack/redeliver", n=number)
    for ticket, root in roots.items():
        stage.reacts(LENA, root, "eyes")
        stage.until(lambda ticket=ticket: ACTED in stage.ticket(ticket)["tags"])
    for ticket, root in roots.items():
        stage.until(lambda ticket=ticket: len((stage.issue(ticket) or {"notes": []})["notes"]) == 2)
        stage.until(lambda root=root: f"<@{LENA}> has been looking" in said(stage.card(root) or {}))
        stage.until(lambda root=root: "eyes" in reactions(stage.root(root)))
    assert "#" in str(stage.commands(LENA, "list")) and "#" in str(stage.commands(LENA, "list"))
    stage.quiet()
    assert len(stage.issues()) == len(tickets)
    for ticket, root in roots.items():
        assert len(stage.messages(thread_ts=root)) == 1
        assert len(stage.comments(ticket)) == 2
        assert len(stage.ticket(ticket)["macro_ids"]) == 1
    workers = pair.ask("select executor_id from dbos.workflow_status")
    assert {bot.number for bot in pair.bots} == set(workers)
    stage.until(lambda: pair.meters("starbot_oldest_unfinished_effect_seconds") == [0, 0])
    looks = [
        datetime.fromisoformat(one["at"])
        for one in stage.requests("pagerduty")
        if one["path"] == "/pagerduty/incidents"
    ]
    assert 1 < len(looks) <= 2 + (looks[-1] - looks[0]).total_seconds() / LOOK_S, "only one of them asks"
    assert "level='error'" not in pair.log, pair.log


DEATHS: tuple[Point, ...] = (
    Served("form", "slack", "chat.postMessage"),
    Asked("eyes", "zendesk", "PUT"),
    Acked("check mark"),
    Served("answer", "gitlab", "POST", "*/notes"),
)


def test_what_a_killed_bot_was_at_is_ended_by_the_other(pair: Pair, undisturbed: Any) -> None:
    pair.start()
    for step, death in zip(STORY, DEATHS, strict=True):
        pair.rests()
        death.arm(pair.stage)
        step.act(pair.stage)
        death.wait(pair.stage)
        dead = pair.at_work()
        dead.kill()
        pair.stage.mends()
        pair.follows(step)
        death.check(pair.stage)
        dead.start()
    ends(pair, undisturbed)


def test_what_a_vendor_serves_after_another_bot_took_over_is_not_done_twice(
    pair: Pair, undisturbed: Any
) -> None:
    waits_until_all_has_ended(pair.stage)
    pair.start()
    form, *others = STORY
    late = ServedLate("form", "slack", "chat.postMessage")
    late.arm(pair.stage)
    form.act(pair.stage)
    late.wait(pair.stage)
    pair.at_work().kill()
    pair.follows(form)
    late.check(pair.stage)
    for step in others:
        step.act(pair.stage)
        pair.follows(step)
    ends(pair, undisturbed)


def test_a_bot_that_loses_its_mark_leaves_and_the_other_goes_on(pair: Pair, undisturbed: Any) -> None:
    pair.start()
    form, *others = STORY
    asked = Asked("form", "gitlab", "POST", "*/issues")
    asked.arm(pair.stage)
    form.act(pair.stage)
    asked.wait(pair.stage)
    lost = pair.at_work()
    cut = "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and objid = %s"
    assert pair.ask(cut, int(lost.number)) == [True]
    pair.stage.mends()
    assert lost.ends() == LEFT
    assert "has lost its mark on the database" in lost.log
    pair.follows(form)
    for step in others:
        step.act(pair.stage)
        pair.follows(step)
    pair.stage.until(lambda: normal_form(pair.stage.state) == undisturbed)


def test_a_rolling_restart_loses_nothing_that_is_pending(pair: Pair, undisturbed: Any) -> None:
    pair.start()
    form, *others = STORY
    pair.stage.breaks("gitlab", status=503)
    form.act(pair.stage)
    pair.stage.until(lambda: len(pair.stage.messages()) == 2)
    for bot in pair.bots:
        bot.stop()
        bot.start()
    pair.stage.mends()
    pair.follows(form)
    for step in others:
        step.act(pair.stage)
        pair.follows(step)
    ends(pair, undisturbed)
