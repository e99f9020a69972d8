"""HTTP: signed requests to the addresses of the app's manifest, and the three seconds for each answer.

docs.slack.dev/authentication/verifying-requests-from-slack (the signature), docs.slack.dev/apis/events-api
(retries at once, after a minute and after five, their headers, X-Slack-No-Retry). Used where the manifest
switches Socket Mode off; only addresses of this machine are spoken to.
"""

import asyncio
import hashlib
import hmac
import http.client
import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address
from typing import Any, NamedTuple, Protocol
from urllib.parse import urlencode, urlsplit

from starbot_sandbox.delivery import Deliveries, with_retries
from starbot_sandbox.journal import Journal
from starbot_sandbox.slack.errors import SlackError
from starbot_sandbox.slack.socket import ACK_S, NO_CONNECTION, NOT_ACKED, RETRY_PAUSES_S

Json = dict[str, Any]

AT_ONCE = 128
"""How many requests are under way at the same time."""
USER_AGENT = "Slackbot 1.0 (+https://api.slack.com/robots)"


class ToApp(Protocol):
    """How the app hears of things: by Socket Mode or over HTTP."""

    @property
    def is_heard(self) -> bool:
        """Whether there is somebody to send to, as far as Slack can know."""

    def send_event(self, callback: Json) -> None:
        """Deliver an event in the background, with Slack's retries."""

    async def try_event(self, callback: Json, retry_attempt: int, retry_reason: str) -> bool:
        """One try to deliver an event; whether it was acked."""

    async def interact(self, payload: Json, accepts_response: bool) -> Any:
        """Deliver a click or a submission, once; what was answered, None if nothing was.

        SlackError dispatch_failed if there was nobody to send it to.
        """

    async def command(self, payload: Json) -> Any:
        """Deliver a slash command, as `interact` does."""

    async def raw(self, kind: str, payload: Json) -> Any:
        """Deliver whatever it is in an envelope of this type, as `interact` does."""


@dataclass(frozen=True)
class Addresses:
    """Where a manifest sends what: `commands` by the command with its slash."""

    events: str
    interactions: str
    commands: dict[str, str]

    @classmethod
    def read(cls, manifest: Json) -> "Addresses | None":
        """From a parsed manifest.yml; None where Socket Mode is on. ValueError for an address elsewhere."""
        settings = manifest.get("settings", {})
        if settings.get("socket_mode_enabled", True):
            return None
        commands = manifest.get("features", {}).get("slash_commands", ())
        interactivity = settings.get("interactivity", {})
        return cls(
            events=_local(settings.get("event_subscriptions", {}).get("request_url", "")),
            interactions=_local(interactivity.get("request_url", ""))
            if interactivity.get("is_enabled")
            else "",
            commands={one["command"]: _local(one.get("url", "")) for one in commands},
        )


class Answer(NamedTuple):
    """What the app answered: its HTTP status, or NOT_ACKED and NO_CONNECTION with Slack's word for why."""

    status: int
    body: Any = None
    reason: str = ""
    no_retry: bool = False

    @property
    def is_ack(self) -> bool:
        """Whether Slack takes it for heard."""
        return 200 <= self.status < 300 and not self.reason


class HttpMode:
    """The app's three addresses. The secret is asked for each time, because a reset may bring another."""

    def __init__(
        self,
        addresses: Addresses,
        secret: Callable[[], str],
        journal: Journal,
        now: Callable[[], datetime],
        deliveries: Deliveries,
    ) -> None:
        self._addresses = addresses
        self._secret = secret
        self._journal = journal
        self._now = now
        self._deliveries = deliveries
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="sandbox-http")

    @property
    def is_heard(self) -> bool:
        """Slack does not know before it tries."""
        return True

    def send_event(self, callback: Json) -> None:
        """Deliver an event in the background: at once, then as Slack retries, unless the app forbids it."""
        reasons = [""]

        async def attempt(number: int) -> bool:
            answer = await self._event(callback, number, reasons[-1])
            reasons.append(answer.reason)
            return answer.is_ack or answer.no_retry

        self._deliveries.start(with_retries(attempt, RETRY_PAUSES_S))

    async def try_event(self, callback: Json, retry_attempt: int, retry_reason: str) -> bool:
        """One try to deliver an event; whether it was acked."""
        return (await self._event(callback, retry_attempt, f"http_{retry_reason}")).is_ack

    async def interact(self, payload: Json, accepts_response: bool) -> Any:
        """Deliver a click or a submission, once; the answer ({} if bare), None if there was no 2xx."""
        body = urlencode({"payload": json.dumps(payload)}).encode()
        envelope = {"payload": payload, "type": "interactive", "accepts_response_payload": accepts_response}
        answer = await self._send(self._addresses.interactions, body, _FORM, envelope)
        heard = _heard(answer)
        return {} if heard is not None and not accepts_response else heard

    async def command(self, payload: Json) -> Any:
        """Deliver a slash command, once: its fields as Slack sends them. The answer, None if there was no 2xx."""
        body = urlencode(payload).encode()
        envelope = {"payload": payload, "type": "slash_commands", "accepts_response_payload": True}
        address = self._addresses.commands.get(payload.get("command", ""), self._addresses.interactions)
        return _heard(await self._send(address, body, _FORM, envelope))

    async def raw(self, kind: str, payload: Json) -> Any:
        """Deliver any payload to the address for its type. ValueError if there is none."""
        if kind == "events_api":
            return _heard(await self._event(payload, 0, ""))
        if kind == "slash_commands":
            return await self.command(payload)
        if kind != "interactive":
            raise ValueError(f"nothing of type {kind!r} goes over HTTP")
        return await self.interact(payload, accepts_response=True)

    async def _event(self, callback: Json, number: int, reason: str) -> Answer:
        retry = {"X-Slack-Retry-Num": str(number), "X-Slack-Retry-Reason": reason} if number else {}
        envelope = {"payload": callback, "type": "events_api", "accepts_response_payload": False}
        envelope |= {"retry_attempt": number, "retry_reason": reason}
        return await self._send(
            self._addresses.events, json.dumps(callback).encode(), _JSON | retry, envelope
        )

    async def _send(self, url: str, body: bytes, headers: dict[str, str], envelope: Json) -> Answer:
        signed = headers | signature(self._secret(), body, int(time.time()))
        started = time.perf_counter()
        posting = asyncio.get_running_loop().run_in_executor(self._pool, _post, url, body, signed)
        try:
            # Not wait_for: in Python 3.11 that swallows the cancellation by a reset if the answer is just in.
            async with asyncio.timeout(ACK_S):
                answer = await posting
        except TimeoutError:
            answer = Answer(NOT_ACKED, reason="http_timeout")
        self._record(url, envelope, answer, (time.perf_counter() - started) * 1000)
        return answer

    def _record(self, url: str, envelope: Json, answer: Answer, duration_ms: float) -> None:
        self._journal.add(
            {
                "at": self._now().isoformat(),
                "service": "slack",
                "kind": "delivery",
                "method": envelope["type"],
                "path": urlsplit(url).path,
                "query": "",
                "status": answer.status,
                "request": envelope,
                "response": answer.body,
                "duration_ms": round(duration_ms, 2),
                "user_agent": USER_AGENT,
                "fault": None,
            }
        )


_JSON = {"Content-Type": "application/json"}
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def signature(secret: str, body: bytes, timestamp: int) -> dict[str, str]:
    """The two headers by which the app knows that a request is Slack's."""
    base = b"v0:%d:%b" % (timestamp, body)
    digest = hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": str(timestamp), "X-Slack-Signature": f"v0={digest}"}


def _post(url: str, body: bytes, headers: dict[str, str]) -> Answer:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=ACK_S)
    try:
        connection.request("POST", parts.path or "/", body, {"User-Agent": USER_AGENT, **headers})
        response = connection.getresponse()
        text = response.read().decode("utf-8", "replace")
    except TimeoutError:
        return Answer(NOT_ACKED, reason="http_timeout")
    except (OSError, http.client.HTTPException):
        return Answer(NO_CONNECTION, reason="connection_failed")
    finally:
        connection.close()
    is_good = 200 <= response.status < 300
    no_retry = response.getheader("X-Slack-No-Retry") == "1"
    return Answer(response.status, _opened(text), "" if is_good else "http_error", no_retry)


def _heard(answer: Answer) -> Any:
    """What the app answered ({} if nothing), None without a 2xx. SlackError dispatch_failed if nobody was there."""
    if answer.status == NO_CONNECTION:
        raise SlackError("dispatch_failed")
    if not answer.is_ack:
        return None
    return {"text": answer.body} if isinstance(answer.body, str) and answer.body else answer.body or {}


def _opened(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _local(url: str) -> str:
    """The address, if it is one of this machine."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        is_loopback = host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        is_loopback = False
    if parts.scheme != "http" or not is_loopback:
        raise ValueError(
            f"the manifest sends to {url or 'nowhere'}: the sandbox needs http://127.0.0.1:PORT/..."
        )
    return url
