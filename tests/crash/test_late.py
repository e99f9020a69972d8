"""A vendor that serves a request after the bot died, and after it was started again: looking once is too early."""

from typing import Any

import pytest

from tests.crash.conftest import Theatre
from tests.crash.points import Point, ServedLate, waits_until_all_has_ended

pytestmark = pytest.mark.long

LATE: dict[str, Point] = {
    "the card": ServedLate("form", "slack", "chat.postMessage"),
    "the issue": ServedLate("form", "gitlab", "POST", "*/issues"),
    "the note on the issue": ServedLate("form", "gitlab", "POST", "*/notes"),
}


@pytest.mark.parametrize("death", LATE.values(), ids=LATE.keys())
def test_what_is_served_after_the_restart_is_not_done_twice(
    theatre: Theatre, undisturbed: Any, death: Point
) -> None:
    waits_until_all_has_ended(theatre.stage)
    theatre.play(death)
    assert theatre.end(undisturbed) == undisturbed
