"""A vendor that serves a request after the bot died, and after it was started again: looking once is too early."""

from dataclasses import dataclass
from typing import Any

import pytest

from tests.crash.conftest import Theatre
from tests.crash.points import Point, Request
from tests.stage import Stage

SERVED_AFTER_S = 4.0
SURELY_ENDED_S = 8


@dataclass
class ServedLate(Request):
    """The request waits at the vendor while the bot dies and comes back, and is served then."""

    kind = "delay_before"
    delay_s = SERVED_AFTER_S

    def check(self, stage: Stage) -> None:
        row = stage.until(lambda: self.rows(stage))[0]
        assert 200 <= row["status"] < 300


LATE: dict[str, Point] = {
    "the card": ServedLate("form", "slack", "chat.postMessage"),
    "the issue": ServedLate("form", "gitlab", "POST", "*/issues"),
    "the note on the issue": ServedLate("form", "gitlab", "POST", "*/notes"),
}


@pytest.mark.parametrize("death", LATE.values(), ids=LATE.keys())
def test_what_is_served_after_the_restart_is_not_done_twice(
    theatre: Theatre, undisturbed: Any, death: Point
) -> None:
    vendors = ("slack", "gitlab", "zendesk", "pagerduty")
    theatre.stage.patience = "".join(f"[limits.{v}]\nsettle_s = {SURELY_ENDED_S}\n" for v in vendors)
    theatre.stage.configure("")
    theatre.play(death)
    assert theatre.end(undisturbed) == undisturbed
