"""Events and interactions as Slack words them, and who gets to hear which.

Shapes: docs.slack.dev/apis/events-api (callback), docs.slack.dev/reference/interaction-payloads.
"""

import secrets
from typing import Any

from starbot_sandbox.slack.http import ToApp
from starbot_sandbox.slack.manifest import AppManifest
from starbot_sandbox.slack.seed import SlackSeed
from starbot_sandbox.slack.state import Conversation

Json = dict[str, Any]

VERIFICATION_TOKEN = "sandbox-verification-token"


class EventFeed:
    """Turns what happens in the workspace into event callbacks for the app under test."""

    def __init__(self, seed: SlackSeed, manifest: AppManifest, to_app: ToApp) -> None:
        self._seed = seed
        self._manifest = manifest
        self._to_app = to_app
        self._sent: list[Json] = []
        self._teams = {user.id: seed.team_of(user).id for user in seed.users}

    def publish(self, channel: Conversation, event: Json) -> None:
        """Deliver `event` if the manifest subscribes to its kind and the bot is in the channel."""
        kind = event["type"]
        subscription = f"message.{channel.family}" if kind == "message" else kind
        if self._seed.bot_user_id not in channel.members or not self._manifest.hears(subscription):
            return
        callback = self._callback(channel, event)
        self._sent.append(callback)
        self._to_app.send_event(callback)

    async def redeliver(self, n: int) -> Json:
        """Send the n-th last event once more, as a retry. ValueError if there were not that many."""
        if not 1 <= n <= len(self._sent):
            raise ValueError(f"only {len(self._sent)} events were sent so far")
        callback = self._sent[-n]
        acked = await self._to_app.try_event(callback, retry_attempt=1, retry_reason="timeout")
        return {"ok": acked, "event_id": callback["event_id"]}

    def _callback(self, channel: Conversation, event: Json) -> Json:
        seed = self._seed
        source = self._teams.get(event.get("user", ""), seed.team_id)
        # What somebody of another workspace does comes from there; the authorization says whose app hears it.
        context = {} if source == seed.team_id else {"context_team_id": seed.team_id}
        return {
            "token": VERIFICATION_TOKEN,
            "team_id": source,
            "api_app_id": seed.app_id,
            "event": event,
            "type": "event_callback",
            "event_id": f"Ev{secrets.token_hex(5).upper()}",
            "event_time": int(float(event["event_ts"])),
            "authorizations": [
                {
                    "enterprise_id": None,
                    "team_id": seed.team_id,
                    "user_id": seed.bot_user_id,
                    "is_bot": True,
                    "is_enterprise_install": False,
                }
            ],
            "is_ext_shared_channel": seed.is_shared(channel.members),
            "event_context": f"1-{event['type']}-{seed.team_id}-{channel.id}",
            **context,
        }
