"""The controls of Slack: what people do, at POST /_sandbox/slack/... Not part of Slack's wire."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route

from starbot_sandbox.control import control, fields
from starbot_sandbox.slack.people import People

if TYPE_CHECKING:
    from starbot_sandbox.world import Sandbox

Json = dict[str, Any]
Deed = Callable[[People, Json], Awaitable[Json]]


async def form(people: People, body: Json) -> Json:
    """A form post as Workflow Builder makes it."""
    given = fields(body, required=("channel",), optional=("text", "fields", "workflow"))
    if not given.get("text") and not given.get("fields"):
        raise ValueError("a form post needs text or fields")
    workflow = given.get("workflow") or people.state.seed.workflow_id
    posted = people.post_form(given["channel"], given.get("text") or "", given.get("fields") or {}, workflow)
    return {"ok": True, "channel": posted.channel, "ts": posted.ts}


async def message(people: People, body: Json) -> Json:
    """A person writes."""
    given = fields(body, required=("user", "channel", "text"), optional=("thread_ts",))
    written = people.write(given["user"], given["channel"], given["text"], given.get("thread_ts"))
    return {"ok": True, "channel": written.channel, "ts": written.ts}


async def edit(people: People, body: Json) -> Json:
    """A person edits a post."""
    given = fields(body, required=("channel", "ts", "text"), optional=("user",))
    edited = people.edit(given["channel"], given["ts"], given["text"], given.get("user"))
    return {"ok": True, "channel": edited.channel, "ts": edited.ts}


async def react(people: People, body: Json) -> Json:
    """A person adds a reaction."""
    given = fields(body, required=("user", "channel", "ts", "name"))
    people.react(given["user"], given["channel"], given["ts"], given["name"])
    return {"ok": True, "ts": given["ts"]}


async def unreact(people: People, body: Json) -> Json:
    """A person takes a reaction back."""
    given = fields(body, required=("user", "channel", "ts", "name"))
    people.unreact(given["user"], given["channel"], given["ts"], given["name"])
    return {"ok": True, "ts": given["ts"]}


async def click(people: People, body: Json) -> Json:
    """A person uses a button or select of a message (channel, ts) or of a view (view_id)."""
    places = ("channel", "ts", "view_id", "value", "selected")
    given = fields(body, required=("user", "action_id"), optional=places)
    pick = {"value": given.get("value"), "selected": given.get("selected")}
    if given.get("view_id"):
        return await people.click_in_view(given["user"], given["view_id"], given["action_id"], pick)
    if not given.get("channel") or not given.get("ts"):
        raise ValueError("a click needs channel and ts, or view_id")
    place = (given["channel"], given["ts"])
    return await people.click_in_message(given["user"], *place, given["action_id"], pick)


async def submit(people: People, body: Json) -> Json:
    """A person submits a modal."""
    given = fields(body, required=("user", "view_id"), optional=("values",))
    return await people.submit(given["user"], given["view_id"], given.get("values") or {})


def control_routes(sandbox: "Sandbox") -> list[BaseRoute]:
    """Routes below /_sandbox/slack."""

    def people(request: Request) -> People:
        interactive = sandbox.slack_app.is_interactive
        return People(sandbox.world.slack, sandbox.socket_mode, interactive, str(request.base_url))

    def route(deed: Deed) -> Route:
        async def act(request: Request, body: Json) -> Json:
            return await deed(people(request), body)

        return Route(f"/{deed.__name__}", control(act), methods=["POST"])

    async def views(request: Request) -> JSONResponse:
        state = sandbox.world.slack
        try:
            wanted = people(request).user(request.query_params.get("user", "")).id
        except ValueError as error:
            return JSONResponse({"ok": False, "error": str(error)}, 400)
        return JSONResponse([state.views.body(v) for v in state.views.modals.values() if v.user == wanted])

    async def redeliver(request: Request, body: Json) -> Json:
        given = fields(body, optional=("n",))
        return await sandbox.slack_events.redeliver(int(given.get("n") or 1))

    deeds = (form, message, edit, react, unreact, click, submit)
    return [
        *(route(deed) for deed in deeds),
        Route("/views", views, methods=["GET"]),
        Route("/redeliver", control(redeliver), methods=["POST"]),
    ]
