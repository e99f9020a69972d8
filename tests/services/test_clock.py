"""The bot's clock: the machine's own, or one that follows the sandbox."""

import os
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta

import pytest

from starbot.errors import SetupError
from starbot.services.clock import SandboxClock, SystemClock
from tests.services.controls import Sandbox

START = datetime(2026, 11, 17, 14, tzinfo=UTC)


def test_the_system_clock_tells_utc() -> None:
    now = SystemClock().now()
    assert now.tzinfo is UTC
    assert abs(now - datetime.now(UTC)) < timedelta(seconds=5)


def test_the_sandbox_clock_follows_every_move(sandbox: Sandbox) -> None:
    clock = SandboxClock(f"{sandbox.url}/_sandbox/clock")
    told: list[datetime] = []
    moved = threading.Event()
    clock.on_move(told.append)
    clock.on_move(lambda _: moved.set())
    assert START <= clock.now() < START + timedelta(minutes=5)
    sandbox.control("clock", {"advance_s": 7200})
    assert moved.wait(5)
    assert clock.now() >= told[0] >= START + timedelta(hours=2)
    clock.close()


def test_the_sandbox_clock_runs_between_moves(sandbox: Sandbox) -> None:
    clock = SandboxClock(f"{sandbox.url}/_sandbox/clock")
    assert clock.now() < clock.now()
    clock.close()


def test_no_proxy_is_asked_for_the_time(sandbox: Sandbox) -> None:
    asking = f"from starbot.services.clock import SandboxClock; SandboxClock('{sandbox.url}/_sandbox/clock')"
    environ = {**os.environ, "http_proxy": "http://127.0.0.1:9", "no_proxy": ""}
    subprocess.run([sys.executable, "-c", asking], env=environ, check=True, capture_output=True)


def test_no_other_machine_tells_us_the_time() -> None:
    with pytest.raises(SetupError, match="is not on this machine; remove it"):
        SandboxClock("https://example.com/_sandbox/clock")


def test_a_sandbox_that_is_not_there_is_a_set_up_error() -> None:
    with pytest.raises(SetupError, match="no sandbox answers"):
        SandboxClock("http://127.0.0.1:9/_sandbox/clock")
