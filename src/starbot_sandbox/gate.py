"""The gate that every request passes: loopback names only, faults on order, a row in the journal."""

import asyncio
import time
from typing import Any
from urllib.parse import urlsplit

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from starbot_sandbox.faults import SERVICES, Fault
from starbot_sandbox.journal import readable
from starbot_sandbox.world import Sandbox

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
FORBIDDEN = "the sandbox answers to loopback names only"


class Exchange:
    """One request and the answer to it, held back until it is clear whether it may leave."""

    def __init__(self, scope: Scope, body: bytes) -> None:
        self.scope = scope
        self.body = body
        self.path = scope.get("raw_path", scope["path"].encode()).decode("latin-1")
        self.service = service_of(self.path)
        self.method: str = scope["method"]
        self.headers = {k.decode("latin-1"): v.decode("latin-1") for k, v in scope["headers"]}
        self.answer: list[Message] = []

    async def keep(self, message: Message) -> None:
        """Take the application's answer instead of the wire."""
        self.answer.append(message)

    @property
    def status(self) -> int:
        """The HTTP status of the answer; 0 while there is none."""
        return int(self.answer[0]["status"]) if self.answer else 0

    @property
    def answer_body(self) -> bytes:
        """The body of the answer."""
        return b"".join(part.get("body", b"") for part in self.answer[1:])

    def row(self, at: str, duration_ms: float, fault: Fault | None) -> dict[str, Any]:
        """The journal's row about this exchange."""
        return {
            "at": at,
            "service": self.service,
            "kind": "request",
            "method": self.method,
            "path": self.path,
            "query": self.scope["query_string"].decode("latin-1"),
            "status": self.status,
            "request": readable(self.body, self.headers.get("content-type", "")) if self.body else None,
            "response": readable(self.answer_body, "") if self.answer else None,
            "duration_ms": round(duration_ms, 2),
            "user_agent": self.headers.get("user-agent", ""),
            "fault": fault.kind if fault else None,
        }


class Gate:
    """ASGI middleware around all routes of the sandbox."""

    def __init__(self, app: ASGIApp, sandbox: Sandbox) -> None:
        self.app = app
        self.sandbox = sandbox

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        elif not is_local(scope):
            await refuse(scope, receive, send)
        elif scope["type"] == "http" and service_of(scope["path"]):
            await self._vendor(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _vendor(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        exchange = Exchange(scope, await whole_body(receive))
        fault = self.sandbox.faults.take(exchange.service, exchange.method, exchange.path)
        await self._serve(exchange, fault)
        if fault and fault.kind == "delay_after":
            await asyncio.sleep(fault.delay_s)
        at = self.sandbox.world.clock.now().isoformat()
        self.sandbox.journal.add(exchange.row(at, (time.perf_counter() - started) * 1000, fault))
        if fault and fault.kind in ("drop_before", "drop_after"):
            await hang_up(scope, receive)
            return
        for message in exchange.answer:
            await send(message)

    async def _serve(self, exchange: Exchange, fault: Fault | None) -> None:
        if fault and fault.kind == "drop_before":
            return
        if fault and fault.kind == "status":
            exchange.answer = broken_answer(exchange.service, fault)
            return
        if fault and fault.kind == "delay_before":
            await asyncio.sleep(fault.delay_s)
        await self.app(exchange.scope, replay(exchange.body), exchange.keep)
        if fault and fault.kind == "malformed":
            exchange.answer = answer(200, b'{"ok": tru', b"application/json")


def service_of(path: str) -> str:
    """The vendor that a path belongs to, "" for the controls."""
    first = path.lstrip("/").split("/", 1)[0]
    return first if first in SERVICES else ""


def is_local(scope: Scope) -> bool:
    """Whether Host, and Origin where sent, name this machine: a web page elsewhere must not reach us."""
    headers = {k.lower(): v.decode("latin-1") for k, v in scope["headers"]}
    host = urlsplit(f"//{headers.get(b'host', '')}").hostname
    origin = headers.get(b"origin")
    return host in LOOPBACK and (origin is None or urlsplit(origin).hostname in LOOPBACK)


async def refuse(scope: Scope, receive: Receive, send: Send) -> None:
    """403 to a request, or to a websocket before it opens."""
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008, "reason": FORBIDDEN})
        return
    await PlainTextResponse(FORBIDDEN, 403)(scope, receive, send)


async def whole_body(receive: Receive) -> bytes:
    """The request's body."""
    parts: list[bytes] = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


def replay(body: bytes) -> Receive:
    """A `receive` that gives a body already read."""
    messages = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        return messages.pop() if messages else {"type": "http.disconnect"}

    return receive


async def hang_up(scope: Scope, receive: Receive) -> None:
    """Close the TCP connection without an answer (the server puts the transport into the scope)."""
    scope["state"]["transport"].abort()
    while (await receive())["type"] != "http.disconnect":
        pass


def broken_answer(service: str, fault: Fault) -> list[Message]:
    """The body that each vendor sends with a status that is no success."""
    if service == "slack":
        return answer(fault.status, slack_body(fault.status), b"application/json", fault.retry_after)
    if service == "gitlab" and fault.status == 429:
        return answer(429, b"Retry later\n", b"text/plain", fault.retry_after)
    return answer(fault.status, json_body(service, fault.status), b"application/json", fault.retry_after)


def slack_body(status: int) -> bytes:
    """Slack's body for an HTTP status."""
    error = b"ratelimited" if status == 429 else b"internal_error"
    return b'{"ok":false,"error":"%s"}' % error


def json_body(service: str, status: int) -> bytes:
    """A short JSON body in the vendor's own shape."""
    if service == "gitlab":
        return b'{"message":"%d %s"}' % (status, b"Sandbox fault")
    if service == "zendesk":
        return b'{"error":"SandboxFault","description":"HTTP %d"}' % status
    code = 2020 if status == 429 else 2000
    return b'{"error":{"message":"HTTP %d","code":%d,"errors":["Sandbox fault"]}}' % (status, code)


def answer(status: int, body: bytes, content_type: bytes, retry_after: int | None = None) -> list[Message]:
    """An answer as the two ASGI messages."""
    headers = [(b"content-type", content_type), (b"content-length", str(len(body)).encode())]
    if retry_after is not None:
        headers.append((b"retry-after", str(retry_after).encode()))
    return [
        {"type": "http.response.start", "status": status, "headers": headers},
        {"type": "http.response.body", "body": body},
    ]
