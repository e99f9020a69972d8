"""PagerDuty's webhooks: what is PagerDuty's own is read, stored durably, and answered within five seconds.

Each is answered once it is stored and long before anything is done about it: PagerDuty holds back what follows, and
tries again after a time-out, a 429 or a 5xx. What is answered by another 4xx it drops for good, and three of those in
a row switch the subscription off for a day: so only what is forged or cannot be read is answered by one.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

import structlog
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from starbot.meters import acked
from starbot.web.signature import Refused
from starbot.web.slack import whole

log = structlog.get_logger("starbot.web")

THREADS = 8
TAKEN, AGAIN = 202, 503


class PagerDutyDoor:
    """The endpoint of webhooks. `is_genuine` says of the very bytes and the headers whether PagerDuty signed them;
    `take` stores what they tell, ValueError where they tell nothing that can be read."""

    def __init__(
        self,
        is_genuine: Callable[[bytes, Mapping[str, str]], bool],
        take: Callable[[bytes], None],
        largest: int,
    ) -> None:
        self._is_genuine = is_genuine
        self._take = take
        self._largest = largest
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="starbot-webhook")

    async def __call__(self, request: Request) -> Response:
        """One request of PagerDuty, or of somebody who would like to be."""
        began = time.monotonic()
        try:
            response = await self._answer(request)
        except Refused as no:
            log.warning("a webhook was refused", why=no.why, status=no.status)
            response = PlainTextResponse(f"refused: {no.why}", no.status)
        acked("webhook", response.status_code, time.monotonic() - began)
        return response

    def close(self) -> None:
        """Ends the threads."""
        self._pool.shutdown(wait=False)

    async def _answer(self, request: Request) -> Response:
        body = await whole(request, self._largest)
        if not self._is_genuine(body, request.headers):
            raise Refused(401, "PagerDuty did not sign it")
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(self._pool, self._take, body)
        except ValueError as odd:
            raise Refused(400, str(odd)) from None
        except Exception as error:
            log.error("a webhook was not taken", error=type(error).__name__)
            return PlainTextResponse("not now", AGAIN)
        return Response(status_code=TAKEN)
