"""A stage for each story: one sandbox a session, a fresh world and a fresh bot a test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sandbox.desk import Desk
from tests.stage import Stage, sandbox


@pytest.fixture(scope="session")
def bots_desk() -> Iterator[Desk]:
    with sandbox() as desk:
        yield desk


@pytest.fixture
def empty_stage(bots_desk: Desk, tmp_path: Path) -> Iterator[Stage]:
    """A fresh world without a bot: for stories that configure it first."""
    bots_desk.post("reset")
    stage = Stage(bots_desk, tmp_path)
    yield stage
    stage.stop()


@pytest.fixture
def stage(empty_stage: Stage) -> Stage:
    """A fresh world with a bot that listens."""
    return empty_stage.start()
