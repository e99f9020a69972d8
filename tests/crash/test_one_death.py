"""kill -9 in every step of the story: the four systems end as in the undisturbed run, nothing is there twice.

Each story has a death in several of its steps, because a bot takes a second to start: a row of `STORIES` is
one story. Every other write is met in this process (test_every_call.py), and by kill -9 in `make crash`.
"""

from typing import Any

import pytest

from tests.crash.conftest import Theatre
from tests.crash.points import Acked, Asked, Point, Served

STORIES: dict[str, tuple[Point, ...]] = {
    "the event is acknowledged and nothing is done": (
        Acked("form"),
        Acked("eyes"),
        Acked("check mark"),
        Acked("answer"),
    ),
    "the card, the macro, the question and the sentence are about to be written": (
        Asked("form", "slack", "chat.postMessage"),
        Asked("eyes", "zendesk", "PUT"),
        Asked("check mark", "slack", "chat.postMessage"),
        Asked("answer", "gitlab", "POST", "*/notes"),
    ),
    "the card is posted, the macro applied, the question asked, the sentence noted": (
        Served("form", "slack", "chat.postMessage"),
        Served("eyes", "zendesk", "PUT"),
        Served("check mark", "slack", "chat.postMessage"),
        Served("answer", "gitlab", "POST", "*/notes"),
    ),
}


@pytest.mark.parametrize("deaths", STORIES.values(), ids=STORIES.keys())
def test_a_bot_that_died_ends_as_if_it_had_not(
    theatre: Theatre, undisturbed: Any, deaths: tuple[Point, ...]
) -> None:
    theatre.play(*deaths)
    assert theatre.end(undisturbed) == undisturbed
