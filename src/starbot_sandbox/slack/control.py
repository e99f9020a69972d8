"""The controls of Slack: what people do, at POST /_sandbox/slack/... Not part of Slack's wire."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route

from starbot_sandbox.control import Much, control, fields
from starbot_sandbox.slack.interactions import Interactions
from starbot_sandbox.slack.line import Line
from starbot_sandbox.slack.modals import Modals
from starbot_sandbox.slack.people import People

if TYPE_CHECKING:
    from starbot_sandbox.world import Sandbox

Json = dict[str, Any]


@dataclass(frozen=True)
class Hands:
    """What people can do: write and react, set things off, use modals; and the bare line to the app."""

    people: People
    interactions: Interactions
    modals: Modals
    line: Line


Deed = Callable[[Hands, Json], Awaitable[Json]]


async def form(hands: Hands, body: Json) -> Json:
    """A form post as Workflow Builder makes it."""
    given = fields(body, required=("channel",), optional=("text", "fields", "workflow"))
    if not given.get("text") and not given.get("fields"):
        raise ValueError("a form post needs text or fields")
    workflow = given.get("workflow") or hands.people.state.seed.workflow_id
    posted = hands.people.post_form(
        given["channel"], given.get("text") or "", given.get("fields") or {}, workflow
    )
    return {"ok": True, "channel": posted.channel, "ts": posted.ts}


async def message(hands: Hands, body: Json) -> Json:
    """A person writes."""
    given = fields(body, required=("user", "channel", "text"), optional=("thread_ts",))
    written = hands.people.write(given["user"], given["channel"], given["text"], given.get("thread_ts"))
    return {"ok": True, "channel": written.channel, "ts": written.ts}


async def edit(hands: Hands, body: Json) -> Json:
    """A person edits a post."""
    given = fields(body, required=("channel", "ts", "text"), optional=("user",))
    edited = hands.people.edit(given["channel"], given["ts"], given["text"], given.get("user"))
    return {"ok": True, "channel": edited.channel, "ts": edited.ts}


async def react(hands: Hands, body: Json) -> Json:
    """A person adds a reaction."""
    given = fields(body, required=("user", "channel", "ts", "name"))
    hands.people.react(given["user"], given["channel"], given["ts"], given["name"])
    return {"ok": True, "ts": given["ts"]}


async def unreact(hands: Hands, body: Json) -> Json:
    """A person takes a reaction back."""
    given = fields(body, required=("user", "channel", "ts", "name"))
    hands.people.unreact(given["user"], given["channel"], given["ts"], given["name"])
    return {"ok": True, "ts": given["ts"]}


async def click(hands: Hands, body: Json) -> Json:
    """A person uses a button or select of a message (channel, ts) or of a view (view_id)."""
    places = ("channel", "ts", "view_id", "value", "selected")
    given = fields(body, required=("user", "action_id"), optional=places)
    pick = {"value": given.get("value"), "selected": given.get("selected")}
    if given.get("view_id"):
        return await hands.modals.click(given["user"], given["view_id"], given["action_id"], pick)
    if not given.get("channel") or not given.get("ts"):
        raise ValueError("a click needs channel and ts, or view_id")
    place = (given["channel"], given["ts"])
    return await hands.interactions.click(given["user"], *place, given["action_id"], pick)


async def submit(hands: Hands, body: Json) -> Json:
    """A person submits a modal."""
    given = fields(body, required=("user", "view_id"), optional=("values",))
    return await hands.modals.submit(given["user"], given["view_id"], given.get("values") or {})


async def close(hands: Hands, body: Json) -> Json:
    """A person closes a view of a modal, or with `clear` the whole modal."""
    given = fields(body, required=("user", "view_id"), optional=("clear",))
    return await hands.modals.close(given["user"], given["view_id"], bool(given.get("clear")))


async def command(hands: Hands, body: Json) -> Json:
    """A person sends a slash command; answers what the app's ack said."""
    given = fields(body, required=("user", "channel", "command"), optional=("text",))
    words = str(given.get("text") or "")
    return await hands.interactions.command(given["user"], given["channel"], given["command"], words)


async def shortcut(hands: Hands, body: Json) -> Json:
    """A person uses a global shortcut, or (channel, ts) one of a message."""
    given = fields(body, required=("user", "callback_id"), optional=("channel", "ts"))
    if bool(given.get("channel")) != bool(given.get("ts")):
        raise ValueError("a message shortcut needs channel and ts, a global one neither")
    place = (given.get("channel"), given.get("ts"))
    return await hands.interactions.shortcut(given["user"], given["callback_id"], *place)


async def home(hands: Hands, body: Json) -> Json:
    """A person opens the home tab of the app."""
    hands.interactions.home(fields(body, required=("user",))["user"])
    return {"ok": True}


async def raw(hands: Hands, body: Json) -> Json:
    """An envelope with whatever payload: what a hostile or broken sender would send."""
    given = fields(body, required=("type", "payload"))
    if not isinstance(given["payload"], dict):
        raise ValueError("the payload must be a JSON object")
    answer = await hands.line.raw(given["type"], given["payload"])
    response = answer.pop("payload", {})
    return answer | {"response": response}


def control_routes(sandbox: "Sandbox") -> list[BaseRoute]:
    """Routes below /_sandbox/slack."""

    def hands(request: Request) -> Hands:
        people = People(sandbox.world.slack)
        line = Line(people.state, sandbox.to_app, sandbox.slack_app, str(request.base_url))
        return Hands(people, Interactions(people, line, sandbox.slack_events), Modals(people, line), line)

    def route(deed: Deed) -> Route:
        async def act(request: Request, body: Json) -> Json:
            return await deed(hands(request), body)

        return Route(f"/{deed.__name__}", control(act), methods=["POST"])

    async def views(request: Request) -> JSONResponse:
        state = sandbox.world.slack
        try:
            wanted = People(state).user(request.query_params.get("user", "")).id
        except ValueError as error:
            return JSONResponse({"ok": False, "error": str(error)}, 400)
        return JSONResponse([state.views.body(v) for v in state.views.modals.values() if v.user == wanted])

    async def messages(request: Request) -> JSONResponse:
        return Much(sandbox.world.slack.messages_in(request.query_params.get("channel", "")))

    async def redeliver(request: Request, body: Json) -> Json:
        given = fields(body, optional=("n",))
        return await sandbox.slack_events.redeliver(int(given.get("n") or 1))

    async def silence(request: Request, body: Json) -> Json:
        given = fields(body, optional=("coming",))
        return {"ok": True, "connections": sandbox.socket_mode.fall_silent(int(given.get("coming") or 0))}

    deeds = (form, message, edit, react, unreact, click, submit, close, command, shortcut, home, raw)
    return [
        *(route(deed) for deed in deeds),
        Route("/views", views, methods=["GET"]),
        Route("/messages", messages, methods=["GET"]),
        Route("/redeliver", control(redeliver), methods=["POST"]),
        Route("/silence", control(silence), methods=["POST"]),
    ]
