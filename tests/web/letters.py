"""Requests as Slack makes them, and as others would like to: what is wrong with each can be chosen."""

import json
import time
from typing import Any
from urllib.parse import urlencode

import httpx

from starbot_sandbox.slack.http import signature
from tests.stage import STARS

SECRET = "sandbox-signing-secret"
FORM_POST = "*Ticket*\n{ticket}\n*Urgency*\nUrgent\n*Submitted by*\n<@U0CASEY>"


def form_post(ticket: int = 123456, ts: str = "", **more: Any) -> dict[str, Any]:
    """The event of a form post; new each time, unless its `ts` is given."""
    ts = ts or f"{time.time():.6f}"
    event = {
        "type": "message",
        "subtype": "bot_message",
        "channel": STARS,
        "channel_type": "channel",
        "bot_id": "B0WORKFLOW",
        "workflow_id": "Wf0STARFORM",
        "username": "STAR Form",
        "text": FORM_POST.format(ticket=ticket),
        "ts": ts,
        "event_ts": ts,
    }
    return callback(event) | more


def callback(event: Any, **more: Any) -> dict[str, Any]:
    """An event in its envelope."""
    whose = {"team_id": "T0SANDBOX", "api_app_id": "A0STARBOT"}
    return {"type": "event_callback", "event_id": "Ev1", "event": event} | whose | more


def as_form(payload: Any) -> bytes:
    """The body of an interaction."""
    return urlencode({"payload": json.dumps(payload)}).encode()


class Postman:
    """Brings requests to the bot. What it signs is signed well, unless told otherwise."""

    def __init__(self, port: int) -> None:
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10)

    def brings(
        self,
        body: Any,
        *,
        path: str = "/slack/events",
        kind: str = "application/json",
        secret: str = SECRET,
        age_s: int = 0,
        **headers: str,
    ) -> httpx.Response:
        """One request. `headers` replace what it would bear (with _ for -); an empty one is left out."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        borne = {"Content-Type": kind, **signature(secret, raw, int(time.time()) - age_s)}
        borne |= {name.replace("_", "-").title(): value for name, value in headers.items()}
        given = {name: value for name, value in borne.items() if value}
        return self.http.post(path, content=raw, headers=given)
