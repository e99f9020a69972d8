"""A bot that dies at every write it makes, right before it and right after: each story ends as if it had not.

In this process, so that every story can be played in every run; `make crash` plays them by kill -9, a death a run.
"""

import contextlib
from pathlib import Path

import pytest

from tests.crash.fuse import fuse, lives_through
from tests.matrix.cases import judged
from tests.matrix.play import undisturbed
from tests.matrix.stories import STORIES
from tests.sandbox.desk import Desk
from tests.stage import Stage


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize("number", range(len(STORIES)), ids=[story.name for story in STORIES])
def test_a_bot_that_dies_at_every_write_ends_as_if_it_had_not(
    crash_desk: Desk, tmp_path: Path, number: int
) -> None:
    story, (hoped, _) = STORIES[number], undisturbed(crash_desk, number)
    crash_desk.post("reset", scenario=story.scenario)
    stage = Stage(crash_desk, tmp_path)
    stage.configure(story.toml)
    with fuse() as found:
        stage.start()
        try:
            for step in story.steps:
                lives_through(stage, found, step)
            assert {when for when, *_ in found.burnt} == {"before", "after"}
            with contextlib.suppress(AssertionError):
                stage.until(lambda: judged(stage, hoped)[1] == "")
            assert judged(stage, hoped) == ("as undisturbed", "")
        finally:
            stage.stop()
