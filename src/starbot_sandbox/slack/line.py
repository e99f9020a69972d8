"""The line from the workspace to the app: the frame of each payload, and the answer that Slack waits for.

Payloads: docs.slack.dev/reference/interaction-payloads. What goes wrong on the way is an answer here, as people
see it: operation_timeout, dispatch_failed.
"""

from collections.abc import Awaitable
from typing import Any

from starbot_sandbox.slack.answers import new_response_url
from starbot_sandbox.slack.errors import SlackError
from starbot_sandbox.slack.events import VERIFICATION_TOKEN
from starbot_sandbox.slack.http import ToApp
from starbot_sandbox.slack.manifest import AppManifest
from starbot_sandbox.slack.seed import SlackUser
from starbot_sandbox.slack.state import Conversation, SlackState

Json = dict[str, Any]

NO_ANSWER = {"ok": False, "error": "operation_timeout"}


class Line:
    """What is sent to the app, within the rights that its manifest gives it."""

    def __init__(self, state: SlackState, to_app: ToApp, manifest: AppManifest, base_url: str) -> None:
        self.manifest = manifest
        self._state = state
        self._to_app = to_app
        self._base_url = base_url

    def frame(self, kind: str, user: SlackUser) -> Json:
        """What all clicks, submissions and closings have in common."""
        seed = self._state.seed
        team_id = seed.team_of(user).id
        return {
            "type": kind,
            "user": {"id": user.id, "username": user.name, "name": user.name, "team_id": team_id},
            "api_app_id": seed.app_id,
            "token": VERIFICATION_TOKEN,
            "team": {"id": seed.team_id, "domain": seed.team_domain},
            "enterprise": None,
            "is_enterprise_install": False,
        }

    def response_url(self, channel: Conversation, user: SlackUser, ts: str = "") -> str:
        """A fresh response_url; `ts` is the app's message that may be replaced by it."""
        return f"{self._base_url}slack/actions/{new_response_url(self._state, channel, user.id, ts)}"

    async def interact(self, payload: Json, accepts_response: bool = False) -> Json:
        """A click, shortcut, submission or closing: `{"ok": true, "payload": ...}` or an error."""
        if not self.manifest.is_interactive:
            raise ValueError("the manifest does not enable interactivity: Slack would send nothing")
        return await _outcome(self._to_app.interact(payload, accepts_response))

    async def command(self, payload: Json) -> Json:
        """A slash command, answered in the same way."""
        return await _outcome(self._to_app.command(payload))

    async def raw(self, kind: str, payload: Json) -> Json:
        """Any payload in any envelope, answered in the same way."""
        return await _outcome(self._to_app.raw(kind, payload))


async def _outcome(delivery: Awaitable[Any]) -> Json:
    try:
        answer = await delivery
    except SlackError as error:
        return error.body()
    return dict(NO_ANSWER) if answer is None else {"ok": True, "payload": answer}
