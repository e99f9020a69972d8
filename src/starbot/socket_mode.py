"""Socket Mode: the connection that the bot opens to Slack, by which it hears without an open port."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import structlog
from slack_bolt import App
from slack_bolt.adapter.socket_mode.base_handler import BaseSocketModeHandler
from slack_bolt.adapter.socket_mode.internals import run_bolt_app, send_response
from slack_bolt.response import BoltResponse
from slack_sdk.errors import SlackClientNotConnectedError
from slack_sdk.socket_mode import SocketModeClient

from starbot.meters import acked

log = structlog.get_logger("starbot.slack")

SLACK_PAUSE_S = 3.0
ODD = (LookupError, ValueError, TypeError, AttributeError, RecursionError)
AT_ONCE = 20
"""How many deliveries are worked on at the same time."""
ENDS_S = 0.05
PING_EVERY_S = 5.0
"""A connection on which no ping has been answered for more than four times as long is replaced: it may go silent
without being closed."""


class Client(SocketModeClient):
    """slack_sdk's own, which never gives up a connection on which not even the first ping was answered, and which
    may never end one that is closed as it begins."""

    def connect(self) -> None:
        """Connects; from now on silence counts."""
        super().connect()
        session = self.current_session
        if session is not None and session.last_ping_pong_time is None:
            session.last_ping_pong_time = time.time()

    def close(self) -> None:
        """Closes for good. Where its reading begins at this very moment, that takes back its end: it is ended until
        it has."""
        self.auto_reconnect_enabled = False
        self.disconnect()
        reading = self.current_session_runner
        reading.event.set()
        while reading.is_alive():
            self.current_session_state.terminated = True
            reading.thread.join(ENDS_S)
        self.closed = True
        # Wakes what would wait another second for the next message.
        self.message_queue.put(None)
        super().close()


class SocketMode(BaseSocketModeHandler):
    """Bolt's handler, with what we ask of it: `hello` is called at each connection, acks are measured."""

    client: Client

    def __init__(self, app: App, token: str, hello: Callable[[], None]) -> None:
        self.app = app
        self.client = Client(
            app_token=token,
            logger=app.logger,
            web_client=app.client,
            proxy=app.client.proxy,
            ping_interval=PING_EVERY_S,
            concurrency=AT_ONCE,
        )
        self._hello = hello
        self.client.socket_mode_request_listeners.append(self.handle)
        self.client.message_listeners.append(self._heard)

    def handle(self, client: Any, req: Any) -> None:
        """One delivery, from its arrival to its ack."""
        began = time.time()
        answer = self._answer(req)
        try:
            send_response(client, req, answer, began)
        except SlackClientNotConnectedError:
            log.warning("the connection was gone before the acknowledgement: Slack sends it again")
            return
        acked("socket", answer.status, time.time() - began)

    def _answer(self, req: Any) -> BoltResponse:
        """Bolt itself stumbles over what is not as Slack describes it; unanswered it would come again and again."""
        try:
            answer: BoltResponse = run_bolt_app(self.app, req)
            return answer
        except ODD as error:
            log.warning("a payload that cannot be read was left alone", error=type(error).__name__)
            return BoltResponse(status=200)

    @property
    def is_connected(self) -> bool:
        """Whether the connection is up now."""
        return bool(self.client.is_connected())

    def connect(self) -> None:
        """Connects, however long that takes."""
        while True:
            try:
                self.client.connect()
                return
            except Exception as error:
                log.warning(
                    "could not connect to Slack; trying again",
                    error=type(error).__name__,
                    pause_s=SLACK_PAUSE_S,
                )
                time.sleep(SLACK_PAUSE_S)

    def hang_up(self) -> threading.Thread:
        """Closes the connection now (the client would first wait out its reading, three seconds) and lets the
        client tidy up in the thread that is returned."""
        client = self.client
        client.auto_reconnect_enabled = False
        session = client.current_session
        if session is not None and session.sock is not None:
            with contextlib.suppress(OSError):
                session.sock.shutdown(socket.SHUT_RDWR)
        closing = threading.Thread(target=client.close, name="starbot-closing", daemon=True)
        closing.start()
        return closing

    def _heard(self, client: Any, message: dict[str, Any], raw: str | None) -> None:
        """Slack says hello at each connection: whatever came while there was none is read now."""
        if message.get("type") == "hello":
            self._hello()
