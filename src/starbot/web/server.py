"""The web server itself: a Starlette app that uvicorn runs in a thread of the bot."""

import asyncio
import socket
import threading

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from starbot.errors import SetupError
from starbot.web.health import Health
from starbot.web.pagerduty import PagerDutyDoor
from starbot.web.slack import NOT_NOW, SlackDoor

FINISHING_S = 4
"""An answer takes three seconds at most."""
PATHS = ("/slack/events", "/slack/interactions", "/slack/commands")
WEBHOOKS = "/webhooks/pagerduty"


class WebServer:
    """Serves from its making until `stop`. `slack` and `pagerduty` are the doors for these two, where there are
    any: until one is set its vendor is told to come again."""

    def __init__(self, at: tuple[str, int], health: Health) -> None:
        """SetupError where the address cannot be had."""
        self.slack: SlackDoor | None = None
        self.pagerduty: PagerDutyDoor | None = None
        bound = _bound(at)
        self.port: int = bound.getsockname()[1]
        app = Starlette(
            routes=[
                *(Route(path, self._slack, methods=["POST"]) for path in PATHS),
                Route(WEBHOOKS, self._pagerduty, methods=["POST"]),
                Route("/livez", health.livez),
                Route("/readyz", health.readyz),
                Route("/metrics", health.metrics),
            ]
        )
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="off",
            ws="none",
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=FINISHING_S,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._server.serve(sockets=[bound])), name="starbot-web", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Takes nothing more, and returns once what was taken is answered."""
        self._server.should_exit = True
        self._thread.join(FINISHING_S + 2)
        for door in (self.slack, self.pagerduty):
            if door is not None:
                door.close()

    async def _slack(self, request: Request) -> Response:
        if self.slack is None:
            return PlainTextResponse("the bot does not listen yet, or not over HTTP", NOT_NOW)
        return await self.slack(request)

    async def _pagerduty(self, request: Request) -> Response:
        if self.pagerduty is None:
            return PlainTextResponse(
                "the bot does not listen yet, or has no PAGERDUTY_WEBHOOK_SECRET", NOT_NOW
            )
        return await self.pagerduty(request)


def _bound(at: tuple[str, int]) -> socket.socket:
    """A socket that listens, so that who comes early waits."""
    host, port = at
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        # The protocol is named because asyncio switches Nagle off only for a socket that says it is TCP.
        bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, port))
        bound.listen(1024)
    except OSError as error:
        raise SetupError(
            [f"STARBOT_LISTEN: {host}:{port} cannot be had ({error.strerror}). Free it, or name another."]
        ) from None
    return bound
