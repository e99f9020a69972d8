"""The whole life of a STAR, kept in PostgreSQL: the same path, another address."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sandbox.desk import Desk
from tests.stage import CASEY, LENA, STARS, Stage, reactions, said


@pytest.fixture
def on_postgresql(bots_desk: Desk, tmp_path: Path, postgresql: str) -> Iterator[Stage]:
    """A fresh world with a bot that keeps everything in PostgreSQL."""
    bots_desk.post("reset")
    stage = Stage(bots_desk, tmp_path, database=postgresql).start()
    yield stage
    stage.stop()


def test_the_whole_life_of_a_star_on_postgresql(on_postgresql: Stage) -> None:
    stage = on_postgresql
    root = stage.files_star()
    stage.until(lambda: "star_submitted" in stage.ticket()["tags"])
    stage.until(lambda: [i for i in stage.issues() if i["notes"]])
    assert f"<@{LENA}>" in said(stage.card(root))
    stage.presses(LENA, stage.card(root), "star_acknowledge")
    stage.until(lambda: "escalated_ticket" in stage.ticket()["tags"])
    stage.stop()
    stage.start()
    stage.reacts(LENA, root, "green-check-mark")
    stage.until(lambda: stage.issues()[0]["state"] == "closed")
    question = stage.until(lambda: stage.messages("D0LENA"))[0]
    stage.writes(LENA, "D0LENA", "Anna calls them at 15:00.", question["ts"])
    stage.until(lambda: "Anna calls them at 15:00." in str(stage.issues()[0]["notes"]))
    stage.quiet()
    assert len(stage.issues()) == 1
    assert "Resolved" in stage.card(root)["text"] and CASEY in said(stage.card(root))
    assert set(reactions(stage.messages(STARS)[0])) >= {"eyes", "green-check-mark"}
    comments = [comment for comment in stage.ticket()["comments"] if "STAR" in comment["body"]]
    assert [comment["public"] for comment in comments] == [False]
    assert not list(stage.folder.glob("*.db"))
