"""The sandbox as a process of its own."""

import re
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from starbot_sandbox.server import serve
from tests.stage import sandbox

MANIFEST = "settings: {interactivity: {is_enabled: true}}\n"


def test_it_prints_one_line_with_its_address_and_answers(tmp_path: Path) -> None:
    manifest = tmp_path / "manifest.yml"
    manifest.write_text(MANIFEST)
    command = [sys.executable, "-m", "starbot_sandbox", "--port", "0", "--manifest", str(manifest)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        told = re.fullmatch(r"sandbox listening on (http://127\.0\.0\.1:\d+)\n", line)
        assert told, line
        assert httpx.get(told[1] + "/_sandbox/clock").json()["now"].startswith("2026-11-17T14:00:")
        process.terminate()


def test_it_listens_on_loopback_only(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="loopback"):
        serve("0.0.0.0", 0, "weekday", tmp_path / "manifest.yml", print)


def test_a_sandbox_of_the_tests_ends_with_its_story() -> None:
    before = set(threading.enumerate())
    with sandbox() as desk:
        desk.get("clock")
        assert set(threading.enumerate()) > before
    assert set(threading.enumerate()) <= before


def test_who_waits_for_the_clock_of_a_sandbox_that_ends_is_answered() -> None:
    with ThreadPoolExecutor(1) as waits, sandbox() as desk:
        moves = desk.get("clock")["n"]
        answer = waits.submit(httpx.get, f"{desk.url}/_sandbox/clock?after={moves}", timeout=10)
        desk.get("wait", timeout_s=0.1)
    assert answer.result(0).status_code == 200
