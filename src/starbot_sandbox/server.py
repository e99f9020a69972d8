"""One ASGI application for the four vendors and the controls, and the server that runs it on loopback."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import uvicorn
import yaml
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Mount
from uvicorn.protocols.http.h11_impl import H11Protocol

from starbot_sandbox import control, page
from starbot_sandbox.application import Application
from starbot_sandbox.gate import Gate
from starbot_sandbox.gitlab import control as gitlab_control
from starbot_sandbox.gitlab import routes as gitlab
from starbot_sandbox.pagerduty import control as pagerduty_control
from starbot_sandbox.pagerduty import routes as pagerduty
from starbot_sandbox.slack import control as slack_control
from starbot_sandbox.slack import routes as slack
from starbot_sandbox.world import Sandbox
from starbot_sandbox.zendesk import control as zendesk_control
from starbot_sandbox.zendesk import routes as zendesk

EVERYWHERE = "0.0.0.0"
STOP_TICK_S = 0.05


class HangUpProtocol(H11Protocol):
    """HTTP that shows its transport to the application, so that a fault can close it without an answer; a stream,
    which has no end of its own, is closed when the server stops."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}

    def shutdown(self) -> None:
        super().shutdown()
        if self.cycle is not None and self.scope["path"].endswith("/stream"):
            self.transport.close()


def create_app(
    scenario: str = "weekday",
    manifest: dict[str, Any] | None = None,
    application: Application | None = None,
    token: str = "",
) -> Starlette:
    """The whole sandbox. KeyError if there is no such scenario; `manifest` is a parsed manifest.yml; `application`
    is the process under test, `token` what lets people in who are not on this machine."""
    sandbox = Sandbox(scenario, manifest or {})

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        watching = asyncio.create_task(sandbox.webhooks.watch())
        yield
        watching.cancel()
        sandbox.webhooks.reset()
        sandbox.socket_mode.deliveries.cancel()
        if application:
            await application.stop()

    app = Starlette(
        routes=[
            Mount("/slack", routes=slack.routes(sandbox)),
            Mount("/gitlab", routes=gitlab.routes(sandbox)),
            Mount("/zendesk", routes=zendesk.routes(sandbox)),
            Mount("/pagerduty", routes=pagerduty.routes(sandbox)),
            Mount("/_sandbox", routes=_control_routes(sandbox, application)),
            *page.routes(),
        ],
        middleware=[Middleware(Gate, sandbox=sandbox, token=token)],
        lifespan=lifespan,
    )
    app.state.let_go = lambda: sandbox.world.clock.let_go()
    return app


def _control_routes(sandbox: Sandbox, application: Application | None) -> list[BaseRoute]:
    return [
        *control.routes(control.Controls(sandbox, application)),
        control.act_route("gitlab", lambda body: gitlab_control.act(sandbox.world.gitlab, body)),
        control.act_route("zendesk", lambda body: zendesk_control.act(sandbox.world.zendesk, body)),
        Mount("/pagerduty", routes=pagerduty_control.control_routes(sandbox)),
        Mount("/slack", routes=slack_control.control_routes(sandbox)),
    ]


def serve(
    host: str,
    port: int,
    scenario: str,
    manifest_path: Path,
    ready: Callable[[str], None],
    application: Application | None = None,
    token: str = "",
) -> None:
    """Run until interrupted. `port` 0 takes a free one; `ready` is given the address once it answers.

    ValueError for a `host` that others can reach without a `token`; OSError if the port is taken.
    """
    if host not in ("127.0.0.1", "localhost") and not token:
        raise ValueError("the sandbox listens on loopback only, unless it has a token")
    manifest = yaml.safe_load(manifest_path.read_text(encoding="utf-8"))
    asyncio.run(run(create_app(scenario, manifest, application, token), listening(host, port), ready))


def listening(host: str, port: int) -> socket.socket:
    """A bound TCP socket. OSError if the port is taken."""
    # The protocol is named because asyncio switches Nagle off only for a socket that says it is TCP.
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind((host, port))
    return bound


async def run(
    app: Starlette,
    bound: socket.socket,
    ready: Callable[[str], None],
    stop: asyncio.Event | None = None,
) -> None:
    """Serve `app` on a bound socket until a signal comes or `stop` is set."""
    config = uvicorn.Config(
        app,
        http=HangUpProtocol,
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        date_header=False,  # the gate tells each vendor's time
        ws_ping_interval=20.0,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[bound]))
    while not server.started and not serving.done():
        await asyncio.sleep(0.01)
    if server.started:
        ready("http://{}:{}".format(*bound.getsockname()[:2]))
    while not server.should_exit and not serving.done():
        if stop is not None and stop.is_set():
            server.should_exit = True
        else:
            await asyncio.sleep(STOP_TICK_S)
    # Whoever waits for the clock would be waited for, and then cut off with a traceback.
    app.state.let_go()
    await serving
