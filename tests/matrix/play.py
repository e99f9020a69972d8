"""Plays one cell: a story with one death, the bot being a process or two of them on one PostgreSQL, or with one fault,
the bot being in this process."""

import contextlib
import logging
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import structlog

from tests.crash.conftest import Theatre
from tests.crash.normal_form import normal_form
from tests.crash.pair import Pair
from tests.crash.points import Asked, Point, Served
from tests.crash.story import Step
from tests.matrix.cases import FAULTS, Call, Cell, Json, Seen, calls, judged
from tests.matrix.stories import STORIES, Story
from tests.postgresql import new_database
from tests.sandbox.desk import Desk
from tests.stage import LENA, Stage

# What a bot in this process says of the faults that it meets would hide the progress.
structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))

SOON_S, LATE_S = 4.0, 20.0
"""How long what follows may take where nothing was said to be missing; where something was, the first."""


@contextlib.contextmanager
def _in_process(desk: Desk, story: Story) -> Iterator[Stage]:
    with tempfile.TemporaryDirectory(prefix="starbot-matrix-") as folder:
        desk.post("reset", scenario=story.scenario)
        stage = Stage(desk, Path(folder))
        stage.configure(story.toml)
        try:
            yield stage.start()
        finally:
            stage.stop()


def undisturbed(desk: Desk, number: int) -> tuple[Json, list[Call]]:
    """How a story ends when nothing happens, and every call that its steps make."""
    story, found = STORIES[number], []
    with _in_process(desk, story) as stage:
        for step in story.steps:
            since = stage.last_row()
            step.act(stage)
            stage.until(lambda step=step: step.is_followed(stage), LATE_S)  # type: ignore[misc]
            stage.quiet()
            if step.is_disturbed:
                found += calls(number, step.name, stage.requests(since=since))
        return normal_form(stage.state), found


def _death(cell: Cell) -> Point:
    """Right before the call is served, or right after."""
    kind, call = Asked if cell.trouble == "before" else Served, cell.call
    return kind(call.step, call.service, call.method, call.path)


def dies(desk: Desk, cell: Cell, hoped: Json) -> Seen:
    """The bot dies at the call and starts again."""
    story, death = STORIES[cell.call.story], _death(cell)
    with tempfile.TemporaryDirectory(prefix="starbot-matrix-") as folder:
        theatre = Theatre(desk, Path(folder), story.scenario, story.toml)
        try:
            theatre.play(death, story=story.steps)
            return _seen(theatre.stage, cell, hoped, theatre.recovery_s)
        finally:
            theatre.close()


def leaves_it_to_the_other(desk: Desk, cell: Cell, hoped: Json, server: str) -> Seen:
    """Of two bots the one that makes the call dies at it; it comes back once the other has done its work."""
    story, death = STORIES[cell.call.story], _death(cell)
    with tempfile.TemporaryDirectory(prefix="starbot-matrix-") as folder:
        pair, recovery_s = Pair(desk, Path(folder), new_database(server), story.scenario, story.toml), None
        try:
            pair.start()
            for step in story.steps:
                if step.name == death.step:
                    recovery_s = _loses_one(pair, step, death)
                else:
                    step.act(pair.stage)
                    pair.follows(step)
            return _seen(pair.stage, cell, hoped, recovery_s)
        finally:
            pair.close()


def _loses_one(pair: Pair, step: Step, death: Point) -> float:
    """Seconds from the death to the end of the step."""
    pair.rests()
    death.arm(pair.stage)
    step.act(pair.stage)
    death.wait(pair.stage)
    try:
        dead = pair.at_work(SOON_S)
    except AssertionError:  # a look at PagerDuty is nobody's work
        dead = pair.leader()
    dead.kill()
    died = time.monotonic()
    pair.stage.mends()
    pair.follows(step)
    recovery_s = time.monotonic() - died
    death.check(pair.stage)
    dead.start()
    return recovery_s


def _seen(stage: Stage, cell: Cell, hoped: Json, recovery_s: float | None = None) -> Seen:
    """How it ended, once it had time to end as hoped."""
    with contextlib.suppress(AssertionError):
        stage.until(lambda: normal_form(stage.state) == hoped, SOON_S)
    stage.quiet()
    verdict, why = judged(stage, hoped)
    return Seen(cell, verdict, recovery_s, why)


def suffers(desk: Desk, cell: Cell, hoped: Json) -> Seen:
    """The call meets the fault, once; then the story goes on, after *Retry* where the card offers it."""
    story, call = STORIES[cell.call.story], cell.call
    with _in_process(desk, story) as stage:
        for step in story.steps:
            if step.name == call.step:
                stage.breaks(
                    call.service, method=call.method, path=call.path, times=1, **FAULTS[cell.trouble]
                )
            step.act(stage)
            if not _follows(stage, step):
                verdict, why = judged(stage, hoped)
                return Seen(cell, verdict, None, why)
        return _seen(stage, cell, hoped)


def _follows(stage: Stage, step: Step) -> bool:
    """Whether the bot did its part, by itself or once somebody pressed *Retry*."""
    with contextlib.suppress(AssertionError):
        return bool(stage.until(lambda: step.is_followed(stage), SOON_S))
    _retries(stage)
    with contextlib.suppress(AssertionError):
        return bool(
            stage.until(lambda: step.is_followed(stage), LATE_S - SOON_S if not _offers(stage) else SOON_S)
        )
    return False


def _offers(stage: Stage) -> list[tuple[dict[str, object], str]]:
    """Every button *Retry*."""
    return [
        (message, element["action_id"])
        for message in stage.messages()
        for block in message.get("blocks") or []
        for element in block.get("elements", [])
        if str(element.get("action_id", "")).startswith("star_retry")
    ]


def _retries(stage: Stage) -> None:
    for message, action in _offers(stage):
        stage.presses(LENA, message, action)
