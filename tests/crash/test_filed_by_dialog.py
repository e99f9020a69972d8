"""A bot that dies after a form was sent in the dialog, and before the STAR is where people see it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crash.conftest import Theatre
from tests.crash.points import NEVER_S, SERVICES, Asked
from tests.filing import ANSWERS, FINE, card_about, cards_about, opened, sends, shown
from tests.sandbox.desk import Desk
from tests.stage import CASEY, Stage, said

pytestmark = pytest.mark.long

TICKET = FINE[0]
WARNED = 123459


@pytest.fixture
def theatre(crash_desk: Desk, tmp_path: Path) -> Iterator[Theatre]:
    theatre = Theatre(crash_desk, tmp_path)
    theatre.bot.start()
    yield theatre
    theatre.close()


def _sends_form(stage: Stage, ticket: int) -> None:
    stage.commands(CASEY, "")
    opened(stage, CASEY)
    assert sends(stage, CASEY, **(ANSWERS | {"ticket": str(ticket)})) == {"ok": True}


def _lives_again(theatre: Theatre) -> None:
    theatre.bot.kill()
    theatre.stage.mends()
    theatre.bot.start()


def _is_filed_once(theatre: Theatre) -> None:
    stage = theatre.stage
    stage.until(lambda: "STAR issue #" in said(card_about(stage, TICKET) or {}), 30)
    stage.until(lambda: "star_submitted" in stage.ticket(TICKET)["tags"], 30)
    stage.until(lambda: f"Your STAR for #{TICKET} is filed." in shown(stage, CASEY))
    stage.until(lambda: (stage.issue(TICKET) or {"notes": []})["notes"])
    stage.quiet()
    assert len(cards_about(stage, TICKET)) == len(stage.issues()) == len(stage.comments(TICKET)) == 1
    assert "level='error'" not in theatre.bot.log, theatre.bot.log


def test_a_form_that_was_taken_is_filed_by_the_next_life(theatre: Theatre) -> None:
    stage = theatre.stage
    stage.commands(CASEY, "")
    opened(stage, CASEY)
    for service in SERVICES:
        stage.breaks(service, "delay_before", delay_s=NEVER_S)
    assert sends(stage, CASEY, **(ANSWERS | {"ticket": str(TICKET)})) == {"ok": True}
    _lives_again(theatre)
    _is_filed_once(theatre)


def test_the_warning_of_a_life_is_told_by_the_next_and_then_nothing_is_filed(theatre: Theatre) -> None:
    stage = theatre.stage
    death = Asked("form", "zendesk", "GET")
    death.arm(stage)
    _sends_form(stage, WARNED)
    death.wait(stage)
    _lives_again(theatre)
    stage.until(lambda: f"Before I file this for #{WARNED}:" in shown(stage, CASEY), 30)
    stage.quiet()
    assert card_about(stage, WARNED) is None and stage.issues() == []
