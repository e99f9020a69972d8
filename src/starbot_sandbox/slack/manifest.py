"""What the manifest of the app under test grants: scopes, event subscriptions, commands, shortcuts.

Keys as in docs.slack.dev/reference/app-manifest.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

EVENT_SCOPES = {
    "message.channels": "channels:history",
    "message.groups": "groups:history",
    "message.im": "im:history",
    "reaction_added": "reactions:read",
    "reaction_removed": "reactions:read",
}
"""The scope that an event needs; one that is not named here needs none."""


@dataclass(frozen=True)
class AppManifest:
    """The parts of a manifest that Slack enforces at run time.

    `commands` says of each slash command whether Slack escapes names in its text; `shortcuts` are pairs of
    callback id and type ("global", "message").
    """

    scopes: frozenset[str]
    events: frozenset[str]
    is_interactive: bool
    has_home: bool
    commands: Mapping[str, bool] = field(default_factory=dict)
    shortcuts: frozenset[tuple[str, str]] = frozenset()

    @classmethod
    def read(cls, manifest: dict[str, Any]) -> "AppManifest":
        """From a parsed manifest.yml; what is missing is not granted."""
        settings, features = manifest.get("settings", {}), manifest.get("features", {})
        return cls(
            scopes=frozenset(manifest.get("oauth_config", {}).get("scopes", {}).get("bot", ())),
            events=frozenset(settings.get("event_subscriptions", {}).get("bot_events", ())),
            is_interactive=bool(settings.get("interactivity", {}).get("is_enabled")),
            has_home=bool(features.get("app_home", {}).get("home_tab_enabled")),
            commands={
                each["command"]: bool(each.get("should_escape"))
                for each in features.get("slash_commands", ())
            },
            shortcuts=frozenset((e["callback_id"], e["type"]) for e in features.get("shortcuts", ())),
        )

    def hears(self, event: str) -> bool:
        """Whether `event` is subscribed and its scope granted: Slack sends it only then."""
        return event in self.events and EVENT_SCOPES.get(event) in (None, *self.scopes)
