"""How long a vendor asks us to wait, in each of the ways that they say it."""

import time

import pytest

from starbot.services.wire import Limited, Limits, Unanswered, retry_after_s


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "30"}, 30.0),
        ({"RateLimit-Reset": "12"}, 12.0),
        ({"Retry-After": "Fri, 01 Jan 2027 00:00:00 GMT"}, None),
        ({"Retry-After": "5", "RateLimit-Reset": "60"}, 5.0),
        ({}, None),
    ],
)
def test_the_wait_is_read_from_what_the_vendor_sends(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after_s(headers) == seconds


def test_a_reset_as_a_moment_becomes_a_wait() -> None:
    wait = retry_after_s({"RateLimit-Reset": str(int(time.time()) + 40)})
    assert wait is not None and 30 < wait <= 40


def test_a_reset_in_the_past_is_no_wait() -> None:
    assert retry_after_s({"RateLimit-Reset": "1700000000"}) == 0.0


def test_while_a_vendors_wait_lasts_nobody_asks_for_the_same() -> None:
    limits = Limits()
    with pytest.raises(Limited), limits.passing("posts"):
        raise Limited(30.0)
    with pytest.raises(Unanswered) as told, limits.passing("posts"):
        raise AssertionError("it was asked for")
    assert told.value.retry_after_s is not None and 0 < told.value.retry_after_s <= 30
    with limits.passing("looks"):
        pass


def test_once_a_vendors_wait_is_over_it_is_asked_again() -> None:
    limits = Limits()
    with pytest.raises(Limited), limits.passing("posts"):
        raise Limited(0.0)
    with limits.passing("posts"):
        pass
