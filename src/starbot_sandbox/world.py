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
from starbot_sandbox.pagerduty.webhooks import Webhooks
from starbot_sandbox.scenarios import SCENARIOS
from starbot_sandbox.slack.events import EventFeed
from starbot_sandbox.slack.http import Addresses, HttpMode, ToApp
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

    def snapshot(self, only: str | None = None) -> dict[str, Any]:
        """The whole world as JSON, one key a vendor (GET /_sandbox/state); of one vendor alone where that is named."""
        vendors = {
            "slack": self.slack.snapshot,
            "gitlab": self.gitlab.snapshot,
            "zendesk": self.zendesk.snapshot,
            "pagerduty": self.pagerduty.snapshot,
        }
        shown = {name: look() for name, look in vendors.items() if only in (None, name)}
        return {"scenario": self.scenario, "now": self.clock.now().isoformat(), **shown}


class Sandbox:
    """What outlives a reset, and the present `world`. `rates_on` switches the vendors' rate limits."""

    def __init__(self, scenario: str, manifest: dict[str, Any]) -> None:
        self.manifest = manifest
        self.journal = Journal()
        self.faults = Faults()
        self.rates_on = False
        self.slack_app = AppManifest.read(manifest)
        self.socket_mode = SocketMode(self.journal, lambda: self.world.clock.now())
        self.to_app = self._line()
        self.webhooks = Webhooks(self.journal, lambda: self.world.pagerduty)
        self.resets = 0
        self.world = self._build(scenario, None)

    def _line(self) -> ToApp:
        """Socket Mode, or HTTP where the manifest says so."""
        addresses = Addresses.read(self.manifest)
        if addresses is None:
            return self.socket_mode
        return HttpMode(
            addresses,
            lambda: self.world.slack.seed.signing_secret,
            self.journal,
            lambda: self.world.clock.now(),
            self.socket_mode.deliveries,
        )

    def reset(self, scenario: str | None = None) -> None:
        """Start over with `scenario` (default: the present one). KeyError if there is no such scenario."""
        self.world = self._build(scenario or self.world.scenario, self.world.clock)
        self.socket_mode.deliveries.cancel()
        self.webhooks.reset()
        self.journal.clear()
        self.rates_on = False
        self.resets += 1

    def _build(self, scenario: str, clock: Clock | None) -> World:
        seed = SCENARIOS[scenario]()
        if clock is None:
            clock = Clock(seed.now)
        else:
            # One clock for all worlds: its followers wait on this object and count its moves.
            clock.restart(seed.now)
        slack = SlackState(clock, seed.slack)
        self.slack_events = EventFeed(seed.slack, self.slack_app, self.to_app)
        slack.listener = self.slack_events.publish
        pagerduty = PagerDutyState(clock, seed.pagerduty)
        pagerduty.incidents.listener = self.webhooks.publish
        self.faults.clear()
        for order in seed.faults:
            self.faults.order(order)
        return World(
            clock=clock,
            slack=slack,
            gitlab=GitLabState(clock, seed.gitlab),
            zendesk=ZendeskState(clock, seed.zendesk),
            pagerduty=pagerduty,
            scenario=scenario,
        )
