"""Many STARs in one moment, with the vendors' rate limits on: nothing is lost, nothing is doubled."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from bench.limits import Doors
from tests.stage import BOT, STARS, Stage, said

pytestmark = pytest.mark.long

AT_ONCE = 20


def _tags(stage: Stage, tickets: list[int]) -> list[list[str]]:
    known = stage.part("zendesk")["tickets"]
    return [known[str(ticket)]["tags"] for ticket in tickets]


@pytest.fixture
def limited(stage: Stage) -> Iterator[Stage]:
    stage.desk.post("rates", on=True)
    yield stage
    stage.desk.post("rates", on=False)


def test_twenty_stars_at_once_under_the_vendors_limits_are_all_there_once(limited: Stage) -> None:
    tickets = [limited.fresh_ticket() for _ in range(AT_ONCE)]
    with ThreadPoolExecutor(AT_ONCE) as people:
        roots = list(people.map(lambda ticket: limited.files_star(Ticket=str(ticket)), tickets))

    def announced() -> list[str]:
        ours = [one for one in limited.messages(STARS) if one.get("user") == BOT]
        cards = [one["thread_ts"] for one in ours if one.get("thread_ts") in roots]
        return sorted(cards) if set(cards) == set(roots) else []

    limited.until(announced, timeout_s=120)
    limited.until(lambda: len(limited.issues()) >= AT_ONCE, timeout_s=120)
    limited.until(lambda: all("star_submitted" in tags for tags in _tags(limited, tickets)), timeout_s=120)
    doors = Doors()
    doors.read(limited.requests())
    assert doors.refused["slack chat.postMessage"], "there was no pressure"
    assert doors.early.total() < doors.refused.total()
    assert announced() == sorted(roots)
    for ticket in tickets:
        assert len([one for one in limited.issues() if f"ticket {ticket}," in one["title"]]) == 1
        assert len(limited.comments(ticket)) == 1
    for root in roots:
        assert "STAR" in said(limited.card(root) or {})
