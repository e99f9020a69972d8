"""kill -9 in every step of the story: the four systems end as in the undisturbed run, nothing is there twice.

One of each kind of death, in one story, because a bot takes a second to start. Every write of every story is met in
this process (test_every_call.py), and by kill -9 in `make crash`.
"""

from typing import Any

import pytest

from tests.crash.conftest import Theatre
from tests.crash.points import Acked, Asked, Point, Served

DEATHS: tuple[Point, ...] = (
    Acked("form"),
    Asked("eyes", "zendesk", "PUT"),
    Served("check mark", "slack", "chat.postMessage"),
    Asked("answer", "gitlab", "POST", "*/notes"),
)

pytestmark = pytest.mark.long


def test_a_bot_that_died_in_every_step_ends_as_if_it_had_not(theatre: Theatre, undisturbed: Any) -> None:
    theatre.play(*DEATHS)
    assert theatre.end(undisturbed) == undisturbed
