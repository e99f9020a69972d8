"""Deaths that follow each other; what people do while the bot is dead or does not yet know what they see."""

from typing import Any

import pytest

from tests.crash.conftest import Theatre
from tests.crash.points import LATE_S, Asked, Point, Served
from tests.crash.story import STORY
from tests.stage import MARIA

pytestmark = pytest.mark.long

TWICE: dict[str, tuple[Point, ...]] = {
    "after the card, then after the ticket's note": (
        Served("form", "slack", "chat.postMessage"),
        Served("form", "zendesk", "PUT"),
    ),
    "after the issue, then while looking for it": (
        Served("form", "gitlab", "POST", "*/issues"),
        Asked("form", "gitlab", "GET", "*/issues"),
    ),
}


@pytest.mark.parametrize("deaths", TWICE.values(), ids=TWICE.keys())
def test_a_bot_that_died_again_while_it_made_up_for_a_death_ends_as_if_it_had_not(
    theatre: Theatre, undisturbed: Any, deaths: tuple[Point, ...]
) -> None:
    theatre.play(*deaths)
    assert theatre.end(undisturbed) == undisturbed


def test_what_people_do_while_the_bot_is_dead_is_caught_up_with(theatre: Theatre, undisturbed: Any) -> None:
    theatre.bot.start()
    for step in STORY:
        theatre.bot.kill()
        step.act(theatre.stage)
        theatre.bot.start()
        theatre.follows(step)
    assert theatre.end(undisturbed) == undisturbed


def test_people_may_use_what_they_see_before_the_bot_knows_that_it_is_there(
    theatre: Theatre, undisturbed: Any
) -> None:
    """Slack shows a message at once, whenever its answer reaches the bot."""
    form, eyes, check_mark, answer = STORY
    stage = theatre.stage
    theatre.bot.start()
    posts = {"service": "slack", "method": "chat.postMessage", "kind": "delay_after", "delay_s": LATE_S}
    stage.desk.post("faults", **posts)
    form.act(stage)
    stage.until(lambda: len(stage.messages()) == 2)
    eyes.act(stage)
    theatre.follows(form)
    theatre.follows(eyes)
    check_mark.act(stage)
    stage.until(lambda: stage.messages(f"D{MARIA[1:]}"))
    answer.act(stage)
    theatre.follows(check_mark)
    theatre.follows(answer)
    assert theatre.end(undisturbed) == undisturbed
