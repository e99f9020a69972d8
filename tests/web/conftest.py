"""A port of this machine that nobody else is given while the tests run, and a sandbox that delivers to it."""

import copy
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
import yaml

from starbot import logs
from tests.sandbox.desk import Desk
from tests.stage import MANIFEST, ROOT, Stage, sandbox


@pytest.fixture(scope="module", autouse=True)
def lines_as_in_production() -> Iterator[None]:
    """structlog's own way of showing an error takes half of the second that is left before Slack gives up."""
    logs.set_up_ours("WARNING", "text", logs.Redactor([]))
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def port() -> Iterator[int]:
    """Held by a socket that does not listen, beside which another may."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


def http_manifest(base: str) -> dict[str, Any]:
    """The bot's manifest, changed as docs/http.md says, with another host."""
    page = (ROOT / "docs" / "http.md").read_text("utf-8")
    lines = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)[0]
    told = yaml.safe_load(lines.replace("https://starbot.example.com", base))
    manifest = copy.deepcopy(MANIFEST)
    urls = {one["command"]: one["url"] for one in told["features"]["slash_commands"]}
    for command in manifest["features"]["slash_commands"]:
        command["url"] = urls[command["command"]]
    for name, value in told["settings"].items():
        before = manifest["settings"][name]
        manifest["settings"][name] = before | value if isinstance(value, dict) else value
    return manifest


@pytest.fixture(scope="session")
def http_desk(port: int) -> Iterator[Desk]:
    with sandbox(http_manifest(f"http://127.0.0.1:{port}")) as desk:
        yield desk


@pytest.fixture
def empty_stage(http_desk: Desk, port: int, tmp_path: Path) -> Iterator[Stage]:
    """A fresh world, and a bot in HTTP mode that has not started."""
    http_desk.post("reset")
    stage = Stage(http_desk, tmp_path, listen=f"127.0.0.1:{port}")
    yield stage
    stage.stop()


@pytest.fixture
def stage(empty_stage: Stage) -> Stage:
    """A fresh world with a bot that Slack reaches over HTTP."""
    return empty_stage.start()


@pytest.fixture(scope="module")
def shared(http_desk: Desk, port: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """One world and bot for a whole file."""
    http_desk.post("reset")
    stage = Stage(http_desk, tmp_path_factory.mktemp("shared"), listen=f"127.0.0.1:{port}").start()
    yield stage
    stage.stop()
