"""GET /_sandbox/stream: the world as it is, then whatever changes, as server-sent events.

The world is cut into things by name ("message/CHANNEL/TS", "ticket/NUMBER", ...). Each event says which things are
new or other than before, which are gone, and which rows came to the journal; the first one says everything.
Each has the clock's moment, too. Nothing is compared while nobody listens.
"""

import asyncio
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from starlette.types import Receive, Scope, Send

if TYPE_CHECKING:
    from starbot_sandbox.application import Application
    from starbot_sandbox.world import Sandbox

Json = dict[str, Any]

MOST_ROWS = 1000
GATHER_S = 0.02
"""What happens within this time is told together."""
LOOK_S = 1.0
"""How long something that nobody set off, such as a timer of PagerDuty's, may stay untold."""
BRIEF = ("n", "at", "service", "kind", "method", "path", "status", "duration_ms", "fault")
HEAD = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-store"),
]


class Stream:
    """The endpoint; each listener is told for themselves."""

    def __init__(self, sandbox: "Sandbox", application: "Application | None") -> None:
        self._sandbox = sandbox
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": HEAD})
        await send({"type": "http.response.body", "body": b"retry: 500\n\n", "more_body": True})
        leaving = asyncio.create_task(_left(receive))
        seen: Json = {}
        told = max(0, self._sandbox.journal.last - MOST_ROWS)
        while not leaving.done():
            beat = self._sandbox.journal.pulse.coming
            now = things(self._sandbox, self._application)
            rows = self._sandbox.journal.since(told)
            told = self._sandbox.journal.last
            if update := changes(seen, now) | ({"rows": [brief(row) for row in rows]} if rows else {}):
                update["now"] = self._sandbox.world.clock.now().isoformat()
                await send({"type": "http.response.body", "body": _event(update), "more_body": True})
            seen = now
            beating = asyncio.create_task(beat.wait())
            await asyncio.wait((beating, leaving), timeout=LOOK_S, return_when=asyncio.FIRST_COMPLETED)
            beating.cancel()
            await asyncio.wait((leaving,), timeout=GATHER_S)
        await send({"type": "http.response.body", "body": b""})


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _event(update: Json) -> bytes:
    # ASCII, because a lone surrogate has no place in UTF-8.
    return b"data: " + json.dumps(update, separators=(",", ":")).encode("ascii") + b"\n\n"


def things(sandbox: "Sandbox", application: "Application | None") -> Json:
    """The whole world, cut into things by name."""
    world = sandbox.world
    slack, pagerduty = world.slack.snapshot(), world.pagerduty.snapshot()
    found: Json = {"world": {"scenario": world.scenario, "n": sandbox.resets}}
    found |= {f"channel/{key}": {"id": key, **one} for key, one in slack["channels"].items()}
    found |= {f"message/{one['channel']}/{one['ts']}": one for one in slack["messages"]}
    found |= {f"ephemeral/{one['ts']}": one for one in slack["ephemerals"]}
    found |= {f"view/{one['id']}": one for one in slack["views"]}
    found |= {f"home/{user}": {"user": user, **one} for user, one in slack["homes"].items()}
    found |= {f"issue/{one['project']}/{one['iid']}": one for one in world.gitlab.snapshot()["issues"]}
    found |= {
        f"ticket/{number}": {name: value for name, value in one.items() if name != "audits"}
        for number, one in world.zendesk.snapshot()["tickets"].items()
    }
    found |= {f"incident/{one['id']}": one for one in pagerduty["incidents"]}
    found["oncalls"] = pagerduty["oncalls"]
    found["faults"] = sandbox.faults.listed()
    found["clock"] = world.clock.moves
    found["app"] = application.shown() if application else None
    found["heard"] = sandbox.to_app.is_heard
    return found


def changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> Json:
    """What is new or other than before (`set`) and what is gone; neither where there is none."""
    new = {name: one for name, one in now.items() if name not in before or before[name] != one}
    gone = [name for name in before if name not in now]
    return ({"set": new} if new else {}) | ({"gone": gone} if gone else {})


def brief(row: Mapping[str, Any]) -> Json:
    """A journal row as the time line shows it; the whole of it is at /_sandbox/journal."""
    return {name: row.get(name) for name in BRIEF} | {"gist": gist(row)}


def gist(row: Mapping[str, Any]) -> str:
    """What a row is about, in a few words."""
    request, response = row.get("request"), row.get("response")
    if row["kind"] == "delivery" and row["service"] == "slack":
        return _delivered(request.get("payload", request) if isinstance(request, dict) else {})
    refusal = response.get("error") if isinstance(response, dict) and response.get("ok") is False else ""
    return f"refused: {refusal}" if refusal else ""


def _delivered(payload: Json) -> str:
    if event := payload.get("event"):
        more = event.get("reaction") or event.get("subtype") or ""
        return f"{event.get('type')} {more}".strip()
    actions = payload.get("actions") or [{}]
    name = payload.get("command") or payload.get("callback_id") or actions[0].get("action_id") or ""
    return f"{payload.get('type', '')} {name}".strip()
