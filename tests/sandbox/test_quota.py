"""Counting calls in a window."""

from starbot_sandbox.quota import Quota


def test_a_quota_counts_each_key_for_itself() -> None:
    quota = Quota(limit=2, window_s=60)
    assert [quota.take("a").exceeded for _ in range(3)] == [False, False, True]
    assert not quota.take("b").exceeded


def test_a_reading_says_what_is_left() -> None:
    reading = Quota(limit=2, window_s=60).take()
    assert (reading.remaining, reading.reset_s) == (1, 60)


def test_a_new_window_begins_at_zero() -> None:
    quota = Quota(limit=1, window_s=0)
    assert not quota.take().exceeded
    assert not quota.take().exceeded
