"""Services against the sandbox over loopback: the real client libraries, the real wire."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from starbot.services.gitlab import GitLabService
from starbot.services.pagerduty import PagerDutyService
from starbot.services.slack import SlackService
from starbot.services.zendesk import ZendeskService
from tests.services.controls import TIMEOUT_S, Sandbox

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def running_sandbox() -> Iterator[Sandbox]:
    """One sandbox process for all these tests."""
    process = subprocess.Popen(
        [sys.executable, "-m", "starbot_sandbox", "--port", "0", "--manifest", str(ROOT / "manifest.yml")],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    assert "http://" in line, "the sandbox did not start"
    yield Sandbox(line.strip().rpartition(" ")[2])
    process.terminate()
    process.wait(timeout=10)


@pytest.fixture
def sandbox(running_sandbox: Sandbox) -> Sandbox:
    """The weekday world as it begins, without faults."""
    running_sandbox.control("faults", method="DELETE")
    running_sandbox.control("reset", {"scenario": "weekday"})
    return running_sandbox


@pytest.fixture
def slack(sandbox: Sandbox) -> SlackService:
    return SlackService("xoxb-sandbox", f"{sandbox.url}/slack/api/", TIMEOUT_S)


@pytest.fixture
def gitlab(sandbox: Sandbox) -> GitLabService:
    return GitLabService(f"{sandbox.url}/gitlab", "glpat-sandbox", TIMEOUT_S)


@pytest.fixture
def zendesk(sandbox: Sandbox) -> ZendeskService:
    return ZendeskService(f"{sandbox.url}/zendesk", "starbot", "sandbox-client-secret", "", "", TIMEOUT_S)


@pytest.fixture
def pagerduty(sandbox: Sandbox) -> PagerDutyService:
    return PagerDutyService(f"{sandbox.url}/pagerduty", "pd-sandbox", "lena.vogt@example.com", TIMEOUT_S)
