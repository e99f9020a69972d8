"""The gate that every request passes: loopback names only, faults on order, a row in the journal."""

import asyncio
import json
import secrets
import time
from email.utils import formatdate
from http.cookies import SimpleCookie
from ipaddress import ip_address
from typing import Any
from urllib.parse import parse_qs, urlsplit

from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from starbot_sandbox.faults import SERVICES, Fault
from starbot_sandbox.journal import readable
from starbot_sandbox.world import Sandbox

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
NONSENSE = {"malformed": b'{"ok": tru', "empty": b""}
"""What a request is answered with that was served."""
FORBIDDEN = "the sandbox answers to loopback names only"
COOKIE = "sandbox_token"


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

    @property
    def retry_after_s(self) -> int | None:
        """How long the answer asks the caller to wait, if it does."""
        headers = dict(self.answer[0]["headers"]) if self.answer else {}
        asked: bytes | None = headers.get(b"retry-after")
        return None if asked is None else int(asked)

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
            "retry_after_s": self.retry_after_s,
            "user_agent": self.headers.get("user-agent", ""),
            "fault": fault.kind if fault else None,
        }


class Gate:
    """ASGI middleware around all routes of the sandbox. With a `token` whoever has it may come from elsewhere."""

    def __init__(self, app: ASGIApp, sandbox: Sandbox, token: str = "") -> None:
        self.app = app
        self.sandbox = sandbox
        self.token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        elif not (self._is_near(scope) or knows(scope, self.token)):
            await refuse(scope, receive, send)
        elif scope["type"] == "http" and service_of(scope["path"]):
            await self._vendor(scope, receive, send)
        elif scope["type"] == "http" and is_invitation(scope, self.token):
            await RedirectResponse("/", 303, {"set-cookie": cookie(self.token)})(scope, receive, send)
        else:
            await self.app(scope, receive, send)
            self.sandbox.journal.pulse.beat()

    def _is_near(self, scope: Scope) -> bool:
        """Whether a request is of this machine. Only a sandbox with a token listens where others may come from."""
        host = (scope.get("client") or ("127.0.0.1",))[0]
        return is_local(scope) and (not self.token or ip_address(host).is_loopback)

    async def _vendor(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        exchange = Exchange(scope, await whole_body(receive))
        fault = self.sandbox.faults.take(exchange.service, exchange.method, exchange.path)
        world = self.sandbox.world
        if fault and fault.kind == "delay_before":
            await asyncio.sleep(fault.delay_s)
        if self.sandbox.world is world:
            await self._serve(exchange, fault)
        if fault and fault.kind == "delay_after":
            await asyncio.sleep(fault.delay_s)
        if self.sandbox.world is not world:
            # Reset meanwhile: what was asked of the old world must neither change nor be told in the new one.
            await hang_up(scope, receive)
            return
        at = self.sandbox.world.clock.now().isoformat()
        self.sandbox.journal.add(exchange.row(at, (time.perf_counter() - started) * 1000, fault))
        if fault and fault.kind in ("drop_before", "drop_after"):
            await hang_up(scope, receive)
            return
        for message in exchange.answer:
            await send(dated(message, fault.skew_s if fault else 0.0))

    async def _serve(self, exchange: Exchange, fault: Fault | None) -> None:
        if fault and fault.kind == "drop_before":
            return
        if fault and fault.kind == "status":
            exchange.answer = broken_answer(exchange.service, fault)
            return
        await self.app(exchange.scope, replay(exchange.body), exchange.keep)
        if fault and fault.kind in NONSENSE:
            exchange.answer = answer(200, NONSENSE[fault.kind], b"application/json")


def dated(message: Message, skew_s: float) -> Message:
    """The answer's head with the vendor's clock in it: the wire's, which no story moves but by a fault."""
    if message["type"] != "http.response.start":
        return message
    date = formatdate(time.time() + skew_s, usegmt=True).encode()
    return {**message, "headers": [*message["headers"], (b"date", date)]}


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


def knows(scope: Scope, token: str) -> bool:
    """Whether a request has the token, by an invitation or the cookie that it left, and comes from the page itself."""
    if not token:
        return False
    headers = {k.lower(): v.decode("latin-1") for k, v in scope["headers"]}
    origin = headers.get(b"origin")
    if origin is not None and urlsplit(origin).netloc != headers.get(b"host"):
        return False
    sent = SimpleCookie(headers.get(b"cookie", "")).get(COOKIE)
    given: str = sent.value if sent else invited_by(scope)
    return secrets.compare_digest(given.encode(), token.encode())


def is_invitation(scope: Scope, token: str) -> bool:
    """Whether this is the page's address with the token in it."""
    return bool(token) and scope["path"] == "/" and invited_by(scope) == token


def invited_by(scope: Scope) -> str:
    """The token in an address, "" without one."""
    return parse_qs(str(scope["query_string"], "latin-1")).get("token", [""])[0]


def cookie(token: str) -> str:
    """What makes a browser send the token with whatever the page asks for, and never on another page's behalf."""
    return f"{COOKIE}={token}; HttpOnly; SameSite=Strict; Path=/"


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
        body = slack_body(fault.status, fault.error)
        return answer(fault.status, body, b"application/json", fault.retry_after)
    if service == "gitlab" and fault.status == 429:
        return answer(429, b"Retry later\n", b"text/plain", fault.retry_after)
    return answer(fault.status, json_body(service, fault.status), b"application/json", fault.retry_after)


def slack_body(status: int, word: str | None = None) -> bytes:
    """Slack's body for an HTTP status, or for a refusal by this word."""
    error = word or ("ratelimited" if status == 429 else "internal_error")
    return json.dumps({"ok": False, "error": error}).encode()


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
