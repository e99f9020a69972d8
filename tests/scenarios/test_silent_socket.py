"""A connection to Slack that goes silent without being closed is replaced, and what was posted meanwhile is read."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stage import Stage, sandbox

pytestmark = pytest.mark.long


@pytest.fixture
def quick(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """A sandbox of its own, with which a silent connection stays, and a bot that asks often whether it is heard."""
    monkeypatch.setattr("starbot.socket_mode.PING_EVERY_S", 0.1)
    with sandbox() as desk:
        stage = Stage(desk, tmp_path)
        yield stage
        stage.stop()


def connections(stage: Stage) -> int:
    """How many the bot has asked for."""
    return len([one for one in stage.requests("slack") if one["path"].endswith("/apps.connections.open")])


def test_a_connection_that_falls_silent_is_replaced_and_nothing_is_missed(quick: Stage) -> None:
    quick.start().announced()
    assert quick.desk.post("slack/silence") == {"ok": True, "connections": 1}
    missed = quick.files_star(Ticket="123457")
    quick.until(lambda: quick.card(missed))
    assert connections(quick) == 2


def test_a_connection_that_was_silent_from_the_first_is_replaced_too(quick: Stage) -> None:
    quick.desk.post("slack/silence", coming=1)
    missed = quick.start().files_star()
    quick.until(lambda: quick.card(missed))
    assert connections(quick) == 2
