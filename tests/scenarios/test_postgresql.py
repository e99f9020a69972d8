"""The whole life of a STAR, and of a page, kept in PostgreSQL: the same path, another address."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sandbox.desk import Desk
from tests.scenarios.paging import about, acts, confirmation, confirms, page, paged, post, posts, shown
from tests.stage import CASEY, LENA, MEI, STARS, Stage, reactions, said


@pytest.fixture
def on_postgresql(bots_desk: Desk, tmp_path: Path, postgresql: str) -> Iterator[Stage]:
    """A fresh world with a bot that keeps everything in PostgreSQL."""
    bots_desk.post("reset")
    stage = Stage(bots_desk, tmp_path, database=postgresql)
    stage.configure("[paging]\npoll_seconds = 1\nemergency_poll_seconds = 0\n")
    yield stage.start()
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
    # What the first life left undone is taken over a moment later.
    stage.until(lambda: "Resolved" in stage.card(root)["text"])
    stage.quiet()
    assert len(stage.issues()) == 1
    assert CASEY in said(stage.card(root))
    assert set(reactions(stage.messages(STARS)[0])) >= {"eyes", "green-check-mark"}
    comments = [comment for comment in stage.ticket()["comments"] if "STAR" in comment["body"]]
    assert [comment["public"] for comment in comments] == [False]
    assert not list(stage.folder.glob("*.db"))


def test_a_page_on_postgresql_is_confirmed_sent_once_and_followed(on_postgresql: Stage) -> None:
    stage = on_postgresql
    page(stage, "backup ZD#123456 Two are down")
    confirmation(stage)
    assert about(stage, 123456) == []
    confirms(stage)
    (incident,) = stage.until(lambda: about(stage, 123456))
    stage.until(lambda: "Nobody has answered yet." in post(stage, 123456))
    paged(stage, "backup ZD#123456 Still down", MEI)
    stage.until(lambda: "Nobody was paged a second time" in shown(stage, MEI))
    acts(stage, incident, "acknowledge")
    stage.until(lambda: "Grace Wu answered." in post(stage, 123456), 30)
    acts(stage, incident, "resolve")
    stage.until(lambda: "Over in PagerDuty. Grace Wu had answered." in post(stage, 123456), 30)
    assert len(about(stage, 123456)) == len(posts(stage, 123456)) == 1
    assert not list(stage.folder.glob("*.db"))
