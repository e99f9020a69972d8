"""Slack over HTTP: what is Slack's own and for us is read, handed to Bolt, and answered within three seconds.

Bolt's app is synchronous and waits for the durable write, so it runs in threads of our own; one loop reads
and answers. Bolt is handed what was parsed here, as in Socket Mode: its own reading of a form loses a command
whose text holds the word "payload".
"""

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qsl

import structlog
from slack_bolt import App, BoltRequest
from slack_bolt.response import BoltResponse
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response

from starbot.meters import acked
from starbot.web.signature import Refused, Replays, Seen, Signatures

log = structlog.get_logger("starbot.web")

Payload = dict[str, Any]

THREADS = 40
LARGEST = 2 * 1024 * 1024
"""A message of the longest text with all its blocks, escaped twice, is half of this."""
READING_S = 2.5
TOO_DEEP = (ValueError, RecursionError)
ODD = (LookupError, ValueError, TypeError, AttributeError, RecursionError)
NOT_NOW = 503


class SlackDoor:
    """The endpoint of all that Slack sends. `missed` is called for each thing that could not be taken: Slack tries
    an event four times in six minutes, and what it gave up must be looked for."""

    def __init__(
        self,
        app: App,
        secret: str,
        team_id: str,
        app_id: str,
        missed: Callable[[], None],
        now: Callable[[], float] = time.time,
    ) -> None:
        """Without an `app_id` the signature alone vouches for the app: every app has its own secret."""
        self._app = app
        self._team_id = team_id
        self._app_id = app_id
        self._missed = missed
        self._signatures = Signatures(secret, now)
        self._replays = Replays()
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="starbot-web")

    async def __call__(self, request: Request) -> Response:
        """One request of Slack, or of somebody who would like to be."""
        began = time.monotonic()
        try:
            response = await self._answer(request)
        except Refused as no:
            log.warning("a request was refused", why=no.why, status=no.status)
            again = {"X-Slack-No-Retry": "1"} if no.for_good else {}
            response = PlainTextResponse(f"refused: {no.why}", no.status, again)
        acked("http", response.status_code, time.monotonic() - began)
        return response

    def close(self) -> None:
        """Ends the threads."""
        self._pool.shutdown(wait=False)

    async def _answer(self, request: Request) -> Response:
        body = await whole(request, LARGEST)
        if _is_ssl_check(body):
            return Response()
        signature = self._signatures.check(request.headers, body)
        payload = _parsed(body, request.headers.get("content-type", ""))
        self._check_ours(payload)
        seen = self._replays.begin(signature)
        if seen is Seen.UNDER_WAY:
            raise Refused(409, "the same request is being worked on")
        if seen is Seen.TAKEN:
            return Response()
        return await self._once(signature, payload, request.headers)

    async def _once(self, signature: str, payload: Payload, headers: Mapping[str, str]) -> Response:
        was_taken = False
        try:
            loop = asyncio.get_running_loop()
            answer = await loop.run_in_executor(self._pool, self._dispatch, payload, headers)
            was_taken = answer.status < 300
        finally:
            self._replays.end(signature, was_taken)
        if answer.status >= 500:
            self._missed()
        return Response(answer.body, answer.status, answer.first_headers_without_set_cookie())

    def _dispatch(self, payload: Payload, headers: Mapping[str, str]) -> BoltResponse:
        retry = {name: headers[name] for name in _RETRY if name in headers}
        try:
            return self._app.dispatch(BoltRequest(mode="socket_mode", body=payload, headers=dict(retry)))
        except ODD:  # Bolt itself stumbles over what is not as Slack describes it
            return BoltResponse(status=400, body="not as Slack describes it")

    def _check_ours(self, payload: Payload) -> None:
        if payload.get("type") == "url_verification":
            return
        if _team_of(payload) != self._team_id:
            raise Refused(403, "it is for another workspace", for_good=True)
        if self._app_id and payload.get("api_app_id") != self._app_id:
            raise Refused(403, "it is for another app", for_good=True)


_RETRY = ("x-slack-retry-num", "x-slack-retry-reason")


async def whole(request: Request, largest: int) -> bytes:
    """The body. Refused where it is too large, or does not come."""
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(READING_S):
            async for part in request.stream():
                parts.append(part)
                size += len(part)
                if size > largest:
                    raise Refused(413, "it is too large", for_good=True)
    except TimeoutError:
        raise Refused(408, "its body did not come in time") from None
    except ClientDisconnect:
        raise Refused(400, "it ended too soon") from None
    return b"".join(parts)


def _is_ssl_check(body: bytes) -> bool:
    """Slack looks at the certificate now and then and says no more than this, so no signature is asked for."""
    return b"ssl_check=1" in body.split(b"&")


def _parsed(body: bytes, content_type: str) -> Payload:
    """What Slack says: an event as JSON; an interaction as JSON in a form; a command as a form."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind not in ("application/json", "application/x-www-form-urlencoded"):
        raise Refused(415, "it is neither JSON nor a form", for_good=True)
    try:
        text = body.decode()
        if kind != "application/json":
            fields = dict(parse_qsl(text, keep_blank_values=True, max_num_fields=100))
            if "payload" not in fields:
                return fields
            text = fields["payload"]
        payload = json.loads(text)
    except TOO_DEEP:
        raise Refused(400, "it cannot be read", for_good=True) from None
    if not isinstance(payload, dict):
        raise Refused(400, "it is no JSON object", for_good=True)
    return payload


def _team_of(payload: Payload) -> Any:
    """The workspace through which we hear of it; in a shared channel others take part."""
    match payload:
        case {"authorizations": [{"team_id": str(team)}, *_]}:
            return team
        case {"view": {"app_installed_team_id": str(team)}}:
            return team
        case {"team": {"id": str(team)}}:
            return team
    return payload.get("team_id")
