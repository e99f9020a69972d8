"""A world and a bot of its own process for each crash, and the end that each story must come to."""

import contextlib
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.crash.normal_form import normal_form
from tests.crash.points import Point
from tests.crash.process import BotProcess
from tests.crash.story import FOLLOWS_S, STORY, Step
from tests.sandbox.desk import Desk
from tests.stage import Stage, sandbox


class Theatre:
    """A stage, and the bot beside it as a process that can be killed."""

    def __init__(self, desk: Desk, folder: Path, scenario: str = "weekday", toml: str = "") -> None:
        desk.post("reset", scenario=scenario)
        self.stage = Stage(desk, folder)
        self.stage.configure(toml)
        self.bot = BotProcess(self.stage.environ, folder)
        self.recovery_s: float | None = None
        """How long the last life took, its start included, to do what the one before it left."""

    def play(self, *deaths: Point, story: Sequence[Step] = STORY) -> None:
        """The story with a death at each of these points.

        Several deaths of one step follow each other: the second comes while the bot makes up for the first.
        """
        self.bot.start()
        for step in story:
            self._play(step, [death for death in deaths if death.step == step.name])

    def _play(self, step: Step, deaths: Sequence[Point]) -> None:
        for number, death in enumerate(deaths):
            if number:
                deaths[number - 1].check(self.stage)
            death.arm(self.stage)
            if number == 0:
                step.act(self.stage)
            else:
                self.bot.launch()
            death.wait(self.stage)
            self.bot.kill()
            self.stage.desk.http.delete("/_sandbox/faults")
        began = time.monotonic()
        if deaths:
            self.bot.start()
        else:
            step.act(self.stage)
        self.follows(step)
        if deaths:
            self.recovery_s = time.monotonic() - began
        for death in deaths[-1:]:
            death.check(self.stage)

    def follows(self, step: Step) -> None:
        """Waits until the bot has done its part of a step."""
        try:
            self.stage.until(lambda: step.is_followed(self.stage), FOLLOWS_S)
        except AssertionError as error:
            raise AssertionError(f"nothing followed from the {step.name}:\n{self.bot.log}") from error

    def end(self, hoped: Any = None) -> Any:
        """The four systems in normal form once nothing happens any more, and not before they had time to be
        as hoped; what the bot could not do would be in its log."""
        if hoped is not None:
            with contextlib.suppress(AssertionError):
                self.stage.until(lambda: normal_form(self.stage.state) == hoped, FOLLOWS_S)
        self.stage.quiet()
        assert "level='error'" not in self.bot.log, self.bot.log
        return normal_form(self.stage.state)

    def close(self) -> None:
        """Ends the bot."""
        self.bot.close()


@pytest.fixture(scope="session")
def crash_desk() -> Iterator[Desk]:
    with sandbox() as desk:
        yield desk


@pytest.fixture(scope="session")
def undisturbed(crash_desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """How the story ends when nothing happens to the bot."""
    theatre = Theatre(crash_desk, tmp_path_factory.mktemp("undisturbed"))
    try:
        theatre.play()
        return theatre.end()
    finally:
        theatre.close()


@pytest.fixture
def theatre(undisturbed: Any, crash_desk: Desk, tmp_path: Path) -> Iterator[Theatre]:
    theatre = Theatre(crash_desk, tmp_path)
    yield theatre
    theatre.close()
