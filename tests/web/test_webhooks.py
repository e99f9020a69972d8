"""PagerDuty's webhooks over the wire: what is taken, what is refused, and what is told to come again."""

import time
from collections.abc import Callable, Iterator

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from starbot.web.pagerduty import PagerDutyDoor

LARGEST = 1000


@pytest.fixture
def heard() -> list[bytes]:
    return []


@pytest.fixture
def door(heard: list[bytes]) -> Iterator[Callable[..., httpx.Response]]:
    """Brings a body to a door; b"odd" cannot be read, b"away" is not stored."""

    def take(body: bytes) -> None:
        if body == b"odd":
            raise ValueError("not a webhook of PagerDuty")
        if body == b"away":
            raise OSError("the database is away")
        heard.append(body)

    made = PagerDutyDoor(lambda body, headers: headers.get("x-good") == "yes", take, LARGEST)
    client = TestClient(Starlette(routes=[Route("/", made.__call__, methods=["POST"])]))
    yield lambda body, good="yes": client.post("/", content=body, headers={"X-Good": good})
    made.close()


def test_what_is_genuine_is_taken_and_answered_at_once(
    door: Callable[..., httpx.Response], heard: list[bytes]
) -> None:
    began = time.monotonic()
    assert door(b"good").status_code == 202
    assert time.monotonic() - began < 5
    assert heard == [b"good"]


@pytest.mark.parametrize(
    ("body", "good", "status"),
    [(b"good", "no", 401), (b"odd", "yes", 400), (b"x" * (LARGEST + 1), "yes", 413), (b"odd", "no", 401)],
)
def test_what_is_forged_odd_or_too_large_is_refused(
    door: Callable[..., httpx.Response], heard: list[bytes], body: bytes, good: str, status: int
) -> None:
    answer = door(body, good)
    assert answer.status_code == status
    assert answer.text.startswith("refused: ")
    assert heard == []


def test_what_cannot_be_stored_now_is_told_to_come_again(door: Callable[..., httpx.Response]) -> None:
    assert door(b"away").status_code == 503
