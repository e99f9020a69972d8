"""What the manifest of the app under test grants: scopes, event subscriptions, interactivity.

Keys as in docs.slack.dev/reference/app-manifest.
"""

from dataclasses import dataclass
from typing import Any

EVENT_SCOPES = {
    "message.channels": "channels:history",
    "message.groups": "groups:history",
    "message.im": "im:history",
    "reaction_added": "reactions:read",
    "reaction_removed": "reactions:read",
}


@dataclass(frozen=True)
class AppManifest:
    """The parts of a manifest that Slack enforces at run time."""

    scopes: frozenset[str]
    events: frozenset[str]
    is_interactive: bool
    has_home: bool

    @classmethod
    def read(cls, manifest: dict[str, Any]) -> "AppManifest":
        """From a parsed manifest.yml; what is missing is not granted."""
        settings = manifest.get("settings", {})
        return cls(
            scopes=frozenset(manifest.get("oauth_config", {}).get("scopes", {}).get("bot", ())),
            events=frozenset(settings.get("event_subscriptions", {}).get("bot_events", ())),
            is_interactive=bool(settings.get("interactivity", {}).get("is_enabled")),
            has_home=bool(manifest.get("features", {}).get("app_home", {}).get("home_tab_enabled")),
        )

    def hears(self, event: str) -> bool:
        """Whether `event` is subscribed and its scope granted: Slack sends it only then."""
        return event in self.events and EVENT_SCOPES[event] in self.scopes
