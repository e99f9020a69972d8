"""The wire of Slack: /slack/api/METHOD, /slack/socket, and the response_url of interactions."""

import json
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket

from starbot_sandbox.slack.answers import respond
from starbot_sandbox.slack.errors import SlackError
from starbot_sandbox.slack.web_api import WebApi

if TYPE_CHECKING:
    from starbot_sandbox.world import Sandbox


def routes(sandbox: "Sandbox") -> list[BaseRoute]:
    """Routes below /slack."""

    async def socket(websocket: WebSocket) -> None:
        await sandbox.socket_mode.serve(websocket, sandbox.world.slack.seed)

    async def response_url(request: Request) -> JSONResponse:
        try:
            body = json.loads(await request.body())
            return JSONResponse(respond(sandbox.world.slack, request.path_params["key"], body))
        except SlackError as error:
            return JSONResponse(error.body(), 404 if error.code in ("used_url", "expired_url") else 400)
        except ValueError:
            return JSONResponse({"ok": False, "error": "invalid_payload"}, 400)

    return [
        Route("/api/{method}", WebApi(sandbox).endpoint, methods=["GET", "POST"]),
        Route("/actions/{key}", response_url, methods=["POST"]),
        WebSocketRoute("/socket", socket),
    ]
