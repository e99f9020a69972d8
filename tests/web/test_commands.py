"""A slash command over HTTP reaches Bolt as it was typed, and its answer goes back in the same breath."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from slack_bolt import Ack, App
from slack_bolt.authorization import AuthorizeResult

from starbot.engine.store import Store
from starbot.services.names import Names
from starbot.web.health import Health, Watched
from starbot.web.server import WebServer
from starbot.web.slack import SlackDoor
from tests.web.letters import SECRET, Postman

KNOWN = AuthorizeResult(enterprise_id=None, team_id="T0SANDBOX", bot_token="xoxb-sandbox")


@pytest.fixture
def said() -> list[str]:
    """What was typed behind the command."""
    return []


@pytest.fixture
def postman(said: list[str], tmp_path: Path) -> Iterator[Postman]:
    """Brings commands to an app that answers with what it heard."""
    app = App(authorize=lambda: KNOWN, process_before_response=True)

    @app.command("/star")
    def _star(ack: Ack, command: dict[str, Any]) -> None:
        said.append(command["text"])
        ack(f"heard: {command['text']}")

    store = Store(f"sqlite:///{tmp_path / 'starbot.db'}")
    server = WebServer(("127.0.0.1", 0), Health(Watched(store, names=Names)))
    server.slack = SlackDoor(app, SECRET, "T0SANDBOX", "A0STARBOT", missed=lambda: None)
    yield Postman(server.port)
    server.stop()
    store.close()


@pytest.mark.parametrize("text", ["show 123456", "", "the payload = 5 & more, ünïcode", "{}", "ssl_check=1"])
def test_a_command_arrives_as_it_was_typed(postman: Postman, said: list[str], text: str) -> None:
    typed = {"command": "/star", "text": text, "team_id": "T0SANDBOX", "api_app_id": "A0STARBOT"}
    answer = postman.brings(
        urlencode(typed).encode(), path="/slack/commands", kind="application/x-www-form-urlencoded"
    )
    assert (answer.status_code, answer.text) == (200, f"heard: {text}")
    assert said == [text]
