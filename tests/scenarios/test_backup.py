"""A back-up taken while the bot works, and a bot on the copy after the world went on."""

import sqlite3
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from starbot.cli.backup import backup
from tests.printed import printed
from tests.scenarios.test_show import set_up
from tests.stage import ACKNOWLEDGE, ACTED, BOT, LENA, PRIYA, Stage, said

pytestmark = pytest.mark.long

BURST = 6


@pytest.fixture
def restored(stage: Stage, tmp_path: Path) -> Iterator[Stage]:
    """A second folder in the same world, in which the copy goes."""
    folder = tmp_path / "restored"
    folder.mkdir()
    other = Stage(stage.desk, folder)
    yield other
    other.stop()


def test_a_copy_taken_in_a_burst_goes_on_and_doubles_nothing_though_the_world_went_on(
    stage: Stage, restored: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    acknowledged = stage.announced()
    tickets = [stage.fresh_ticket() for _ in range(BURST)]
    roots = [stage.files_star(Ticket=str(ticket)) for ticket in tickets]
    stage.until(lambda: stage.card(roots[0]))
    set_up(stage, monkeypatch)
    ended = printed(lambda: backup(restored.folder / "starbot.db", force=False))
    assert (ended.status, ended.err) == (0, "")
    # The world goes on: what was begun ends, one more is filed, a manager looks at one by a button.
    later = stage.announced(Ticket=str(stage.fresh_ticket()), **{"Submitted by": f"<@{PRIYA}>"})
    stage.until(lambda: all("star_submitted" in stage.ticket(one)["tags"] for one in tickets))
    stage.presses(LENA, stage.card(acknowledged) or {}, ACKNOWLEDGE)
    stage.until(lambda: ACTED in stage.ticket()["tags"])
    stage.until(lambda: "has been looking" in said(stage.card(acknowledged) or {}))
    settles(stage)
    before = written(stage)
    stage.stop()
    restored.start()
    restored.until(lambda: restored.bot and later in handles(restored.folder / "starbot.db"))
    settles(restored)
    assert written(restored) == before
    # The manager goes on, with what the copy does not know about.
    restored.reacts(LENA, acknowledged, "green-check-mark")
    restored.reacts(LENA, roots[-1], "eyes")
    restored.reacts(LENA, later, "eyes")
    restored.until(lambda: ACTED in restored.ticket(tickets[-1])["tags"])
    restored.until(lambda: (restored.issue() or {})["state"] == "closed")
    restored.until(lambda: "has been looking" in said(restored.card(later) or {}))
    settles(restored)
    after = written(restored)
    assert {one: after[one] for one in before} == before
    assert [one for one, times in after.items() if times > 1] == []


def settles(stage: Stage) -> None:
    """Waits until the bot has nothing left to do."""
    stage.quiet()
    assert stage.bot is not None and stage.bot._engine.settle(30)


def written(stage: Stage) -> Counter[tuple[str, ...]]:
    """What a bot wrote once in each of the four systems, and how often it is there."""
    said_of_us = [m for m in stage.part("slack")["messages"] if m.get("user") == BOT]
    keys = [("slack", m["metadata"]["event_payload"]["key"]) for m in said_of_us if m.get("metadata")]
    issues = [("issue", i["title"]) for i in stage.issues()]
    notes = [("note", i["title"], n["body"]) for i in stage.issues() for n in i["notes"]]
    comments = [
        ("comment", number, c["body"])
        for number, ticket in stage.part("zendesk")["tickets"].items()
        for c in ticket["comments"]
        if c["author"] == "GitLab Support Bot"
    ]
    return Counter([*keys, *issues, *notes, *comments])


def handles(database: Path) -> str:
    """Every outside name that a database knows."""
    with sqlite3.connect(database) as connection:
        return str(connection.execute("select handle from handles").fetchall())
