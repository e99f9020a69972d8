"""kill -9 around a page: what somebody confirmed opens one incident, whenever the bot dies, and one post follows it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crash.conftest import Theatre
from tests.crash.points import NEVER_S, SERVICES, Asked, Request, Served
from tests.sandbox.desk import Desk
from tests.scenarios.paging import about, acts, confirmation, confirms, page, post, posts
from tests.stage import TICKET, Stage

pytestmark = pytest.mark.long

CREATE = ("form", "pagerduty", "POST", "*/incidents")


@pytest.fixture
def theatre(crash_desk: Desk, tmp_path: Path) -> Iterator[Theatre]:
    theatre = Theatre(crash_desk, tmp_path)
    theatre.bot.start()
    yield theatre
    theatre.close()


def _asks(stage: Stage) -> None:
    page(stage, f"backup ZD#{TICKET} Two are down")
    confirmation(stage)


def _lives_again(theatre: Theatre) -> None:
    theatre.bot.kill()
    theatre.stage.mends()
    theatre.bot.start()


def _is_paged_once(theatre: Theatre, says: str = "Nobody has answered yet.") -> None:
    stage = theatre.stage
    stage.until(lambda: about(stage, TICKET), 30)
    stage.until(lambda: says in post(stage, TICKET), 30)
    stage.quiet()
    assert len(about(stage, TICKET)) == len(posts(stage, TICKET)) == 1
    assert "level='error'" not in theatre.bot.log, theatre.bot.log


@pytest.mark.parametrize(
    "death",
    [Asked(*CREATE), Served(*CREATE)],
    ids=lambda death: type(death).__name__,
)
def test_a_bot_that_dies_while_it_pages_pages_once(theatre: Theatre, death: Request) -> None:
    _asks(theatre.stage)
    death.arm(theatre.stage)
    assert confirms(theatre.stage) == {"ok": True}
    death.wait(theatre.stage)
    _lives_again(theatre)
    _is_paged_once(theatre)


def test_what_was_confirmed_and_not_begun_is_paged_by_the_next_life(theatre: Theatre) -> None:
    stage = theatre.stage
    _asks(stage)
    for service in SERVICES:
        stage.breaks(service, "delay_before", delay_s=NEVER_S)
    assert confirms(stage) == {"ok": True}
    _lives_again(theatre)
    _is_paged_once(theatre)


def test_what_was_not_confirmed_is_paged_by_no_life(theatre: Theatre) -> None:
    _asks(theatre.stage)
    _lives_again(theatre)
    theatre.stage.quiet()
    assert about(theatre.stage, TICKET) == posts(theatre.stage, TICKET) == []


def test_an_incident_that_is_over_while_the_bot_is_dead_is_not_opened_again(theatre: Theatre) -> None:
    stage = theatre.stage
    _asks(stage)
    death = Served(*CREATE)
    death.arm(stage)
    confirms(stage)
    death.wait(stage)
    theatre.bot.kill()
    stage.mends()
    (incident,) = stage.until(lambda: about(stage, TICKET))
    acts(stage, incident, "acknowledge")
    acts(stage, incident, "resolve")
    theatre.bot.start()
    _is_paged_once(theatre, "Over in PagerDuty.")
