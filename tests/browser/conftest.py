"""One browser for all tests of a file: Debian's Chromium, driven by Playwright. Without it they are skipped;
where STARBOT_REQUIRE_BROWSER is set, as in CI, they fail."""

import os
import shlex
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from starbot.cli.demo import configure
from starbot_sandbox.application import Application
from tests.browser.window import Window
from tests.sandbox.desk import Desk, serving
from tests.stage import MANIFEST

INSTALL = "apt-get install -y chromium fonts-noto-color-emoji"
PATIENCE = "[paging]\npages_an_hour = 100\n"
PICTURES = os.environ.get("STARBOT_PICTURES")
"""Where pictures for the tutorial go; `make pictures` says."""


# Of the file, not of the session: while Playwright runs, no other test of this process could use asyncio.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium")
    if chromium is None and os.environ.get("STARBOT_REQUIRE_BROWSER"):
        pytest.fail(f"there is no chromium: {INSTALL}")
    if chromium is None:
        pytest.skip(f"there is no chromium: {INSTALL}")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def window(browser: Browser, tmp_path: Path) -> Iterator[Window]:
    """A window of a desktop; nothing may go wrong in it."""
    made = Window(browser, Path(PICTURES) if PICTURES else tmp_path)
    yield made
    made.close()


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A sandbox with a bot in a process of its own, which the page may kill and start."""
    folder = tmp_path_factory.mktemp("bot")
    bot = Application(shlex.join((sys.executable, "-m", "starbot", "run")), folder)
    for found in serving(MANIFEST, bot):
        configure(folder, found.url)
        (folder / "starbot.toml").write_text(PATIENCE, "utf-8")
        found.post("app", action="start")
        yield found
        found.post("app", action="kill")
