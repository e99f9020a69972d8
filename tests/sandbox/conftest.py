"""A sandbox on a free loopback port, in a fresh world for each test."""

from collections.abc import Iterator

import pytest
from slack_sdk import WebClient

from tests.sandbox.desk import MANIFEST, Desk, Ear, serving, until


@pytest.fixture(scope="session")
def server() -> Iterator[Desk]:
    yield from serving(MANIFEST)


@pytest.fixture
def desk(server: Desk) -> Desk:
    """The sandbox of the session, in a fresh world."""
    server.post("reset")
    return server


@pytest.fixture
def slack(desk: Desk) -> WebClient:
    return desk.slack()


@pytest.fixture(scope="session")
def session_ear(server: Desk) -> Iterator[Ear]:
    # One for all tests: to close this client takes the three seconds of its socket's time-out.
    heard = Ear(server)
    until(heard.client.is_connected)
    yield heard
    heard.close()


@pytest.fixture
def ear(desk: Desk, session_ear: Ear) -> Ear:
    """A Socket Mode client that has heard nothing yet of a fresh world."""
    session_ear.answer = lambda request: {}
    session_ear.heard.clear()
    desk.post("slack/message", user="U0CASEY", channel="C0STARS", text="last of the old world")
    until(lambda: any(e.get("text") == "last of the old world" for e in session_ear.events("message")))
    desk.post("reset")
    session_ear.heard.clear()
    return session_ear
