"""Socket Mode: the app's websockets, one of which gets each envelope, and the three seconds for its ack.

docs.slack.dev/apis/events-api/using-socket-mode: at most ten connections, any of them may get a payload,
the address of a connection works once. Events that nobody acks are sent again; interactions are not.
"""

import asyncio
import secrets
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from starbot_sandbox.delivery import Deliveries, with_retries
from starbot_sandbox.journal import Journal
from starbot_sandbox.slack.errors import SlackError
from starbot_sandbox.slack.seed import SlackSeed

Json = dict[str, Any]

ACK_S = 3.0
RETRY_PAUSES_S = (0.0, 60.0, 300.0)
MAX_CONNECTIONS = 10
ACKED, NOT_ACKED, NO_CONNECTION = 200, 408, 503


class Connection:
    """One open websocket and the envelopes that wait for its ack."""

    def __init__(self, websocket: WebSocket) -> None:
        self.websocket = websocket
        self.waiting: dict[str, asyncio.Future[Json]] = {}
        self.is_silent = False

    async def ask(self, envelope: Json) -> Json | None:
        """Send an envelope; the ack, or None if none came in time or the connection was lost."""
        acked: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        self.waiting[envelope["envelope_id"]] = acked
        try:
            await self.say(envelope)
            # Not wait_for: in Python 3.11 that swallows the cancellation by a reset if the ack is just in.
            async with asyncio.timeout(ACK_S):
                return await acked
        except (TimeoutError, ConnectionError, WebSocketDisconnect, RuntimeError):
            return None
        finally:
            self.waiting.pop(envelope["envelope_id"], None)

    async def say(self, frame: Json) -> None:
        """Send a frame, unless nothing passes."""
        if not self.is_silent:
            await self.websocket.send_json(frame)

    def fall_silent(self) -> None:
        """From now on nothing passes, in neither direction, and nobody is told."""
        self.is_silent = True
        self.websocket.scope["state"]["transport"].pause_reading()

    def heard(self, frame: Json) -> None:
        """Take an ack; one that comes late finds nobody waiting."""
        acked = self.waiting.get(frame.get("envelope_id", ""))
        if acked is not None and not acked.done():
            acked.set_result(frame)

    def lost(self) -> None:
        """Fail what waits: its acks will never come."""
        for acked in self.waiting.values():
            if not acked.done():
                acked.set_exception(ConnectionError("the websocket was closed"))


class SocketMode:
    """All connections of the app. Outlives a reset of the world, as the app's sockets do."""

    def __init__(self, journal: Journal, now: Callable[[], datetime]) -> None:
        self.deliveries = Deliveries()
        self._journal = journal
        self._now = now
        self._tickets: set[str] = set()
        self._connections: list[Connection] = []
        self._silent_next = 0

    @property
    def is_heard(self) -> bool:
        """Whether a connection is open."""
        return bool(self._connections)

    def new_ticket(self) -> str:
        """What makes the address of one connection."""
        ticket = secrets.token_hex(16)
        self._tickets.add(ticket)
        return ticket

    async def serve(self, websocket: WebSocket, seed: SlackSeed) -> None:
        """One connection from its opening to its end."""
        ticket = websocket.query_params.get("ticket", "")
        if ticket not in self._tickets:
            await websocket.close(1008)
            return
        self._tickets.discard(ticket)
        connection = Connection(websocket)
        if self._silent_next:
            self._silent_next -= 1
            connection.fall_silent()
        await websocket.accept()
        if len(self._connections) >= MAX_CONNECTIONS:
            await websocket.send_json(self._disconnect(seed))
            await websocket.close()
            return
        await self._run(connection, seed)

    async def _run(self, connection: Connection, seed: SlackSeed) -> None:
        self._connections.append(connection)
        try:
            await connection.say(self._hello(seed))
            while True:
                connection.heard(await connection.websocket.receive_json())
        except (WebSocketDisconnect, RuntimeError, ValueError):
            pass
        finally:
            self._forget(connection)
            connection.lost()

    def _forget(self, connection: Connection) -> None:
        if connection in self._connections:
            self._connections.remove(connection)

    def fall_silent(self, coming: int) -> int:
        """Every open connection falls silent without being closed, and so do the next so many; how many were open.

        The first delivery that such a one leaves unanswered is its last.
        """
        self._silent_next = coming
        for connection in self._connections:
            connection.fall_silent()
        return len(self._connections)

    def send_event(self, callback: Json) -> None:
        """Deliver an event in the background: at once, then as Slack retries."""

        async def attempt(number: int) -> bool:
            reason = "timeout" if number else ""
            return await self.try_event(callback, retry_attempt=number, retry_reason=reason)

        self.deliveries.start(with_retries(attempt, RETRY_PAUSES_S))

    async def try_event(self, callback: Json, retry_attempt: int, retry_reason: str) -> bool:
        """One try to deliver an event; whether it was acked."""
        retry = {"retry_attempt": retry_attempt, "retry_reason": retry_reason}
        return await self._send("events_api", callback, accepts_response=False, **retry) is not None

    async def interact(self, payload: Json, accepts_response: bool) -> Any:
        """Deliver a click, a shortcut or a submission, once; the ack's payload ({} if bare).

        None if there was no ack in time; SlackError dispatch_failed if there was nobody to send it to.
        """
        return await self._once("interactive", payload, accepts_response)

    async def command(self, payload: Json) -> Any:
        """Deliver a slash command, as `interact` does."""
        return await self._once("slash_commands", payload, accepts_response=True)

    async def raw(self, kind: str, payload: Json) -> Any:
        """Deliver whatever it is in an envelope of this type, as `interact` does."""
        return await self._once(kind, payload, accepts_response=kind != "events_api")

    async def _once(self, kind: str, payload: Json, accepts_response: bool) -> Any:
        is_heard = self.is_heard
        answer = await self._send(kind, payload, accepts_response)
        if not is_heard:
            raise SlackError("dispatch_failed")
        return answer

    async def _send(self, kind: str, payload: Json, accepts_response: bool, **retry: Any) -> Any:
        envelope: Json = {"envelope_id": secrets.token_hex(16), "payload": payload, "type": kind}
        envelope |= {"accepts_response_payload": accepts_response, **retry}
        started = time.perf_counter()
        if not self._connections:
            self._record(envelope, NO_CONNECTION, None, 0.0)
            return None
        connection = self._connections.pop(0)
        self._connections.append(connection)
        frame = await connection.ask(envelope)
        status = NOT_ACKED if frame is None else ACKED
        if connection.is_silent:
            self._forget(connection)
        self._record(envelope, status, frame, (time.perf_counter() - started) * 1000)
        return None if frame is None else frame.get("payload") or {}

    def _record(self, envelope: Json, status: int, frame: Json | None, duration_ms: float) -> None:
        self._journal.add(
            {
                "at": self._now().isoformat(),
                "service": "slack",
                "kind": "delivery",
                "method": envelope["type"],
                "path": "/slack/socket",
                "query": "",
                "status": status,
                "request": envelope,
                "response": frame,
                "duration_ms": round(duration_ms, 2),
                "user_agent": "",
                "fault": None,
            }
        )

    def _hello(self, seed: SlackSeed) -> Json:
        return {
            "type": "hello",
            "num_connections": len(self._connections),
            "debug_info": {"host": "sandbox", "build_number": 1, "approximate_connection_time": 18060},
            "connection_info": {"app_id": seed.app_id},
        }

    def _disconnect(self, seed: SlackSeed) -> Json:
        return {
            "type": "disconnect",
            "reason": "too_many_websockets",
            "num_connections": len(self._connections),
            "debug_info": {"host": "sandbox"},
            "connection_info": {"app_id": seed.app_id},
        }
