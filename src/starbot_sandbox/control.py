"""The controls at /_sandbox: they look at the world, move it, and break it. No vendor has them."""

import json
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pydantic_core import to_json
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route

from starbot_sandbox.about import about
from starbot_sandbox.slack.errors import SlackError
from starbot_sandbox.stream import Stream

if TYPE_CHECKING:
    from starbot_sandbox.application import Application
    from starbot_sandbox.world import Sandbox

Json = dict[str, Any]
Act = Callable[[Request, Json], Awaitable[Json]]

CLOCK_WAIT_S = 25.0
JOURNAL_WAIT_S = 25.0


def control(act: Act) -> Callable[[Request], Awaitable[JSONResponse]]:
    """An endpoint that gives the JSON body to `act`; a ValueError is answered 400 with its sentence."""

    async def endpoint(request: Request) -> JSONResponse:
        try:
            body = json.loads(await request.body() or b"{}")
            if not isinstance(body, dict):
                raise ValueError("the body must be a JSON object")
            return JSONResponse(await act(request, body))
        except (ValueError, SlackError) as error:
            return JSONResponse({"ok": False, "error": str(error)}, 400)

    return endpoint


def fields(body: Json, required: Iterable[str] = (), optional: Iterable[str] = ()) -> Json:
    """The body, if it has the fields it must have and no unknown one. ValueError otherwise."""
    required, known = set(required), {*required, *optional}
    if missing := sorted(name for name in required if body.get(name) in (None, "")):
        raise ValueError(f"missing: {', '.join(missing)}")
    if unknown := sorted(set(body) - known):
        raise ValueError(f"unknown: {', '.join(unknown)}; known: {', '.join(sorted(known))}")
    return body


def moment(text: str) -> datetime:
    """An ISO 8601 moment. ValueError if it is none."""
    return datetime.fromisoformat(text)


def number(request: Request, name: str, default: float) -> float:
    """A number in the query. HTTP 400 if it is none."""
    try:
        return float(request.query_params.get(name, default))
    except ValueError:
        raise HTTPException(400, f"{name} must be a number") from None


class Much(JSONResponse):
    """JSON of which there is so much that how it is written counts."""

    def render(self, content: Any) -> bytes:
        """The body."""
        return to_json(content)


def _asked_of(request: Request, rows: list[Json]) -> list[Json]:
    """The rows, or of the newest its number alone: whoever waits looks often, and rows hold what was sent."""
    return [{"n": row["n"]} for row in rows[-1:]] if request.query_params.get("newest") == "1" else rows


class Controls:
    """The controls that belong to no vendor."""

    def __init__(self, sandbox: "Sandbox", application: "Application | None") -> None:
        self.sandbox = sandbox
        self.application = application

    async def state(self, request: Request) -> JSONResponse:
        """GET /_sandbox/state?only=VENDOR: the whole world, or one vendor's part of it."""
        return Much(self.sandbox.world.snapshot(request.query_params.get("only")))

    async def journal(self, request: Request) -> JSONResponse:
        """GET /_sandbox/journal?since=N&most=M: the first M rows after N; with newest=1 just the last one's number."""
        rows = self.sandbox.journal.since(int(number(request, "since", 0)))
        return Much(_asked_of(request, rows)[: int(number(request, "most", len(rows)))])

    async def wait(self, request: Request) -> JSONResponse:
        """GET /_sandbox/wait?since=N&timeout_s=S: journal rows after N as soon as there is one; newest=1 as above."""
        since = int(number(request, "since", 0))
        timeout_s = min(number(request, "timeout_s", JOURNAL_WAIT_S), JOURNAL_WAIT_S)
        return Much(_asked_of(request, await self.sandbox.journal.wait(since, timeout_s)))

    async def people(self, request: Request) -> JSONResponse:
        """GET /_sandbox/people: rows for the people file of an app under test."""
        return JSONResponse([asdict(each) for each in self.sandbox.world.slack.seed.colleagues])

    async def reset(self, request: Request, body: Json) -> Json:
        """POST /_sandbox/reset {scenario?}."""
        given = fields(body, optional=("scenario",))
        try:
            self.sandbox.reset(given.get("scenario"))
        except KeyError as error:
            raise ValueError(f"no scenario {error}") from None
        return {"ok": True, "scenario": self.sandbox.world.scenario}

    async def faults(self, request: Request) -> JSONResponse:
        """GET lists the open orders, DELETE drops them; with ?service= only that one's."""
        if request.method == "DELETE":
            self.sandbox.faults.clear(request.query_params.get("service", ""))
        return JSONResponse(self.sandbox.faults.listed())

    async def order_fault(self, request: Request, body: Json) -> Json:
        """POST /_sandbox/faults."""
        return {"ok": True, **asdict(self.sandbox.faults.order(body))}

    async def rates(self, request: Request, body: Json) -> Json:
        """POST /_sandbox/rates {on}: the vendors' rate limits."""
        self.sandbox.rates_on = bool(fields(body, optional=("on",)).get("on"))
        return {"ok": True, "on": self.sandbox.rates_on}

    async def clock(self, request: Request) -> JSONResponse:
        """GET /_sandbox/clock; with ?after=N it waits for move number N + 1."""
        if "after" in request.query_params:
            await self.sandbox.world.clock.wait(int(number(request, "after", 0)), CLOCK_WAIT_S)
        return JSONResponse(self._clock())

    async def move_clock(self, request: Request, body: Json) -> Json:
        """POST /_sandbox/clock {advance_s} or {set}."""
        given = fields(body, optional=("advance_s", "set"))
        if len(given) != 1:
            raise ValueError("give advance_s or set")
        if "set" in given:
            self.sandbox.world.clock.set(moment(given["set"]))
        else:
            self.sandbox.world.clock.advance(float(given["advance_s"]))
        return self._clock()

    def _clock(self) -> Json:
        clock = self.sandbox.world.clock
        return {"now": clock.now().isoformat(), "n": clock.moves}

    async def app(self, request: Request, body: Json) -> Json:
        """POST /_sandbox/app {action}: the process under test."""
        given = fields(body, required=("action",))
        if self.application is None:
            raise ValueError("the sandbox was started without --app-command")
        return await self.application.act(given["action"])

    async def app_state(self, request: Request) -> JSONResponse:
        """GET /_sandbox/app: whether there is one, whether it runs, how it ended."""
        return JSONResponse(self.application.shown() if self.application else None)

    async def about(self, request: Request) -> JSONResponse:
        """GET /_sandbox/about: what does not change until a reset."""
        return JSONResponse(about(self.sandbox))


def act_route(vendor: str, act: Callable[[Json], Json]) -> Route:
    """POST /_sandbox/VENDOR/act."""

    async def deed(request: Request, body: Json) -> Json:
        return act(body)

    return Route(f"/{vendor}/act", control(deed), methods=["POST"])


def routes(controls: Controls) -> list[BaseRoute]:
    """Routes below /_sandbox."""
    return [
        Route("/state", controls.state, methods=["GET"]),
        Route("/journal", controls.journal, methods=["GET"]),
        Route("/wait", controls.wait, methods=["GET"]),
        Route("/people", controls.people, methods=["GET"]),
        Route("/reset", control(controls.reset), methods=["POST"]),
        Route("/faults", controls.faults, methods=["GET", "DELETE"]),
        Route("/faults", control(controls.order_fault), methods=["POST"]),
        Route("/rates", control(controls.rates), methods=["POST"]),
        Route("/clock", controls.clock, methods=["GET"]),
        Route("/clock", control(controls.move_clock), methods=["POST"]),
        Route("/app", controls.app_state, methods=["GET"]),
        Route("/app", control(controls.app), methods=["POST"]),
        Route("/about", controls.about, methods=["GET"]),
        Route("/stream", Stream(controls.sandbox, controls.application), methods=["GET"]),
    ]
