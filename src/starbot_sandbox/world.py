"""The world of one scenario, and the sandbox that holds it.

`World` is what a scenario makes and a reset throws away. `Sandbox` is what stays: the journal, the
faults, the manifest of the app under test, the clock. Routes reach the world through the
sandbox at request time, because a reset replaces it.
"""

from dataclasses import dataclass
from typing import Any

from starbot_sandbox.clock import Clock
from starbot_sandbox.faults import Faults
from starbot_sandbox.gitlab.state import GitLabState
from starbot_sandbox.journal import Journal
from starbot_sandbox.pagerduty.state import PagerDutyState
from starbot_sandbox.scenarios import SCENARIOS
from starbot_sandbox.slack.events import EventFeed
from starbot_sandbox.slack.manifest import AppManifest
from starbot_sandbox.slack.socket import SocketMode
from starbot_sandbox.slack.state import SlackState
from starbot_sandbox.zendesk.state import ZendeskState


@dataclass
class World:
    """The state of the four vendors at one moment."""

    clock: Clock
    slack: SlackState
    gitlab: GitLabState
    zendesk: ZendeskState
    pagerduty: PagerDutyState
    scenario: str

    def snapshot(self) -> dict[str, Any]:
        """The whole world as JSON, one key a vendor (GET /_sandbox/state)."""
        return {
            "scenario": self.scenario,
            "now": self.clock.now().isoformat(),
            "slack": self.slack.snapshot(),
            "gitlab": self.gitlab.snapshot(),
            "zendesk": self.zendesk.snapshot(),
            "pagerduty": self.pagerduty.snapshot(),
        }


class Sandbox:
    """What outlives a reset, and the present `world`. `rates_on` switches the vendors' rate limits."""

    def __init__(self, scenario: str, manifest: dict[str, Any]) -> None:
        self.manifest = manifest
        self.journal = Journal()
        self.faults = Faults()
        self.rates_on = False
        self.slack_app = AppManifest.read(manifest)
        self.socket_mode = SocketMode(self.journal, lambda: self.world.clock.now())
        self.world = self._build(scenario, None)

    def reset(self, scenario: str | None = None) -> None:
        """Start over with `scenario` (default: the present one). KeyError if there is no such scenario."""
        self.world = self._build(scenario or self.world.scenario, self.world.clock)
        self.socket_mode.deliveries.cancel()
        self.journal.clear()
        self.faults.clear()
        self.rates_on = False

    def _build(self, scenario: str, clock: Clock | None) -> World:
        seed = SCENARIOS[scenario]()
        if clock is None:
            clock = Clock(seed.now)
        else:
            # One clock for all worlds: its followers wait on this object and count its moves.
            clock.restart(seed.now)
        slack = SlackState(clock, seed.slack)
        self.slack_events = EventFeed(seed.slack, self.slack_app, self.socket_mode)
        slack.listener = self.slack_events.publish
        return World(
            clock=clock,
            slack=slack,
            gitlab=GitLabState(clock, seed.gitlab),
            zendesk=ZendeskState(clock, seed.zendesk),
            pagerduty=PagerDutyState(clock, seed.pagerduty),
            scenario=scenario,
        )
