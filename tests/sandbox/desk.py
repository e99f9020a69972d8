"""The hands to work a running sandbox with: its controls, and a Socket Mode client that listens."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlencode

import httpx
from pydantic_core import from_json
from slack_sdk import WebClient
from slack_sdk.socket_mode import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

from starbot_sandbox.application import Application
from starbot_sandbox.server import create_app, listening, run

MANIFEST: dict[str, Any] = {
    "features": {
        "app_home": {"home_tab_enabled": True},
        "slash_commands": [
            {"command": "/star", "description": "STARs", "should_escape": True},
            {"command": "/plain", "description": "The same, with text as it is typed"},
        ],
        "shortcuts": [
            {"type": "global", "callback_id": "file", "name": "File a STAR", "description": "Opens the form"},
            {"type": "message", "callback_id": "redirect", "name": "Redirect", "description": "To the form"},
        ],
    },
    "oauth_config": {
        "scopes": {
            "bot": [
                "channels:history",
                "channels:read",
                "chat:write",
                "commands",
                "emoji:read",
                "im:history",
                "im:read",
                "im:write",
                "reactions:read",
                "reactions:write",
                "team:read",
                "usergroups:read",
                "users:read",
                "users:read.email",
            ]
        }
    },
    "settings": {
        "event_subscriptions": {
            "bot_events": [
                "app_home_opened",
                "message.channels",
                "message.im",
                "reaction_added",
                "reaction_removed",
            ]
        },
        "interactivity": {"is_enabled": True},
    },
}


@dataclass
class Desk:
    """A running sandbox: its address and its controls."""

    url: str
    http: httpx.Client
    # Stories look again and again: a quick client and a quick reader halve what a look costs.
    _looks: threading.local = field(default_factory=threading.local)

    def get(self, path: str, /, **query: Any) -> Any:
        if not hasattr(self._looks, "connection"):
            self._looks.connection = HTTPConnection(self.url.removeprefix("http://"), timeout=30)
        address = f"/_sandbox/{path}?{urlencode(query)}"
        try:
            return _asked(self._looks.connection, address)
        except ConnectionError:  # the sandbox ends a connection on which nothing was asked for seconds
            return _asked(self._looks.connection, address)

    def ask(self, path: str, /, **body: Any) -> httpx.Response:
        return self.http.post(f"/_sandbox/{path}", json=body)

    def post(self, path: str, /, **body: Any) -> Any:
        answer = self.ask(path, **body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def slack(self, token: str = "xoxb-sandbox") -> WebClient:
        return WebClient(token=token, base_url=f"{self.url}/slack/api/", retry_handlers=[], timeout=10)

    def ephemerals(self, user: str) -> list[dict[str, Any]]:
        return [e for e in self.get("state")["slack"]["ephemerals"] if e["user"] == user]

    def messages(self, channel: str) -> list[dict[str, Any]]:
        return [m for m in self.get("state")["slack"]["messages"] if m["channel"] == channel]


def _asked(connection: HTTPConnection, address: str) -> Any:
    try:
        connection.request("GET", address)
        return from_json(connection.getresponse().read())
    except BaseException:
        connection.close()
        raise


def serving(
    manifest: dict[str, Any], application: Application | None = None, token: str = "", port: int = 0
) -> Iterator[Desk]:
    """A sandbox in a thread of its own until the iterator is closed."""
    ready: threading.Event = threading.Event()
    told: dict[str, Any] = {}

    def tell(url: str) -> None:
        told["url"] = url
        ready.set()

    async def main() -> None:
        told["loop"], told["stop"] = asyncio.get_running_loop(), asyncio.Event()
        app = create_app("weekday", manifest, application, token)
        await run(app, listening("127.0.0.1", port), tell, told["stop"])

    thread = threading.Thread(target=lambda: asyncio.run(main()), daemon=True)
    thread.start()
    assert ready.wait(10), "the sandbox did not start"
    try:
        with httpx.Client(base_url=told["url"], timeout=30) as http:
            yield Desk(told["url"], http)
    finally:
        told["loop"].call_soon_threadsafe(told["stop"].set)
        thread.join(5)


class Ear:
    """A Socket Mode client that keeps what it hears; `answer` makes the ack (None: no ack)."""

    def __init__(self, desk: Desk) -> None:
        self.heard: list[SocketModeRequest] = []
        self.answer: Callable[[SocketModeRequest], dict[str, Any] | None] = lambda request: {}
        self.client = SocketModeClient(app_token="xapp-sandbox", web_client=desk.slack())
        self.client.socket_mode_request_listeners.append(self._hear)  # type: ignore[arg-type]
        self.client.connect()

    def _hear(self, client: SocketModeClient, request: SocketModeRequest) -> None:
        self.heard.append(request)
        payload = self.answer(request)
        if payload is not None:
            client.send_socket_mode_response(SocketModeResponse(request.envelope_id, payload or None))

    def events(self, kind: str) -> list[dict[str, Any]]:
        """The events of a type, or of a message subtype, heard so far."""
        found = [r.payload["event"] for r in self.heard if r.type == "events_api"]
        return [e for e in found if kind in (e["type"], e.get("subtype"))]

    def last(self, kind: str) -> SocketModeRequest:
        """The newest envelope of that type, or whose payload is; waits for the first."""
        return until(
            lambda: next((r for r in reversed(self.heard) if kind in (r.type, r.payload.get("type"))), None)
        )

    def close(self) -> None:
        self.client.close()


def until(is_true: Callable[[], Any], timeout_s: float = 15.0) -> Any:
    """What `is_true` gives as soon as it is something; fails after `timeout_s`."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if found := is_true():
            return found
        time.sleep(0.01)
    raise AssertionError("it did not come true in time")
