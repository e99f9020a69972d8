"""What does not change until a reset: the people, the form, what the app offers, the scenarios. For the page."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from starbot_sandbox.scenarios import SCENARIOS
from starbot_sandbox.slack.emoji import STANDARD

if TYPE_CHECKING:
    from starbot_sandbox.world import Sandbox

Json = dict[str, Any]


def about(sandbox: "Sandbox") -> Json:
    """GET /_sandbox/about."""
    state = sandbox.world.slack
    seed, features = state.seed, sandbox.manifest.get("features", {})
    return {
        "scenario": sandbox.world.scenario,
        "scenarios": [{"name": name, **asdict(make().card)} for name, make in SCENARIOS.items()],
        "bot": {"user": seed.bot_user_id, "bot_id": seed.bot_id, "name": seed.bot_name},
        "team": {"name": seed.team_name, "domain": seed.team_domain},
        "users": [
            {"id": one.id, "name": one.name, "real_name": one.real_name, "title": one.title, "tz": one.tz}
            for one in state.users.values()
        ],
        "groups": [{"id": one.id, "handle": one.handle} for one in state.groups.values()],
        "regions": {one.slack: one.region for one in seed.colleagues if one.region},
        "emoji": {"custom": sorted(seed.emoji), "standard": sorted(STANDARD)},
        "form": {
            "name": seed.workflow_name,
            "channel": seed.form_channel,
            "fields": [asdict(one) for one in seed.form],
        },
        "commands": features.get("slash_commands", []),
        "shortcuts": features.get("shortcuts", []),
        "has_home": sandbox.slack_app.has_home,
        "policies": [one.name for one in sandbox.world.pagerduty.policies.values()],
    }
