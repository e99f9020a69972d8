"""HTTP mode played through: one STAR, a database that is locked, a stop in the middle of it all."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from tests.sandbox.desk import until
from tests.stage import ACKNOWLEDGE, LENA, RESOLVE, Stage, reactions, said
from tests.web.letters import Postman, form_post

pytestmark = pytest.mark.long


@contextmanager
def locked(stage: Stage) -> Iterator[None]:
    """Somebody else holds the engine's database."""
    with sqlite3.connect(stage.folder / "starbot.engine.db", isolation_level=None) as other:
        other.execute("begin immediate")
        try:
            yield
        finally:
            other.execute("rollback")
    other.close()


def deliveries(stage: Stage, method: str = "events_api") -> list[int]:
    rows = stage.desk.get("journal")
    return [row["status"] for row in rows if row["kind"] == "delivery" and row["method"] == method]


def test_the_story_of_one_star_over_http(stage: Stage) -> None:
    root = stage.files_star()
    card = stage.until(lambda: (found := stage.card(root)) and "STAR issue #" in said(found) and found)
    assert f"<@{LENA}>" in said(card)
    stage.presses(LENA, card, ACKNOWLEDGE)
    stage.until(lambda: "escalated_ticket" in stage.ticket()["tags"])
    stage.presses(LENA, stage.card(root) or {}, RESOLVE)
    view = stage.until(lambda: stage.desk.get("slack/views", user=LENA))[-1]
    field = next(block["block_id"] for block in view["blocks"] if block["type"] == "input")
    assert stage.sends(LENA, **{field: "Anna calls them at 16:00."}) == {"ok": True}
    stage.until(lambda: (stage.issue() or {}).get("state") == "closed")
    stage.until(lambda: "green-check-mark" in reactions(stage.root(root)))
    assert set(deliveries(stage)) == {200}
    assert deliveries(stage, "interactive") == [200, 200, 200]
    paths = {row["path"] for row in stage.desk.get("journal") if row["kind"] == "delivery"}
    assert paths == {"/slack/events", "/slack/interactions"}


def test_what_the_database_does_not_take_is_not_acknowledged_and_is_looked_for_later(stage: Stage) -> None:
    with locked(stage):
        root = stage.files_star()
        stage.until(lambda: len(deliveries(stage)) == 2)
        assert deliveries(stage) == [503, 503]
    # Slack tries again in a minute; the bot looks for itself.
    stage.until(lambda: stage.card(root), timeout_s=30)
    stage.until(stage.issue)
    assert len(stage.issues()) == 1


def test_a_retry_in_the_same_second_is_taken_once_the_database_is_back(stage: Stage, port: int) -> None:
    postman, event = Postman(port), form_post()
    with locked(stage):
        first = postman.brings(event)
    signed = {
        name: first.request.headers[name] for name in ("x-slack-signature", "x-slack-request-timestamp")
    }
    assert first.status_code == 503
    again = postman.http.post(
        "/slack/events",
        content=first.request.content,
        headers={**signed, "content-type": "application/json", "x-slack-retry-num": "1"},
    )
    assert again.status_code == 200
    stage.until(stage.issue)


def test_a_stop_answers_what_was_taken_and_nothing_of_it_is_lost(stage: Stage, port: int) -> None:
    tickets = [stage.fresh_ticket() for _ in range(8)]
    with locked(stage):
        for ticket in tickets:
            stage.files_star(Ticket=str(ticket))
        until(lambda: under_way(len(tickets)))
        stopping = threading.Thread(target=stage.stop)
        stopping.start()
        until(lambda: refuses(port))
    stopping.join(20)
    answered = deliveries(stage)[: len(tickets)]
    # A machine so slow that the stop comes after Slack's patience refuses them, and finds them when it is back.
    assert len(answered) == len(tickets) and set(answered) <= {200, 503}
    stage.start()
    stage.until(lambda: all(stage.issue(ticket) for ticket in tickets), timeout_s=30)
    assert len(stage.issues()) == len(tickets)


def under_way(count: int) -> bool:
    """Whether so many requests wait for the database."""
    return sum(one.name == "starbot-within" for one in threading.enumerate()) >= count


def refuses(port: int) -> bool:
    """Whether nobody is let in any more."""
    try:
        httpx.get(f"http://127.0.0.1:{port}/livez")
    except httpx.HTTPError:
        return True
    return False


def test_with_a_token_and_a_secret_the_bot_hears_either_way(empty_stage: Stage, port: int) -> None:
    empty_stage.environ["SLACK_APP_TOKEN"] = "xapp-sandbox"
    empty_stage.start()
    assert Postman(port).brings(form_post(123457)).status_code == 200
    empty_stage.until(lambda: empty_stage.issue(123457))
    opened = [row for row in empty_stage.requests("slack") if row["path"].endswith("apps.connections.open")]
    assert len(opened) == 1
