"""Stages for stories: one sandbox a session; a fresh world a test, or one world and bot for a whole file.

A story that changes who is on call, the clock, the macro or the settings takes `stage` or `empty_stage`. One
that needs no more than a ticket of its own takes `shared`, which saves the second that a bot takes to start.
"""

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
    bots_desk.post("reset", scenario="weekday")
    stage = Stage(bots_desk, tmp_path)
    yield stage
    stage.stop()


@pytest.fixture
def stage(empty_stage: Stage) -> Stage:
    """A fresh world with a bot that listens."""
    return empty_stage.start()


@pytest.fixture(scope="module")
def files_stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A sandbox and a bot for all stories of one file."""
    with sandbox() as desk:
        stage = Stage(desk, tmp_path_factory.mktemp("shared")).start()
        yield stage
        stage.stop()


@pytest.fixture
def shared(files_stage: Stage) -> Iterator[Stage]:
    """The stage of the file; whatever a story broke is mended after it."""
    if files_stage.bot is None:
        files_stage.start()
    yield files_stage
    files_stage.mends()
