"""The shape of a starting world: one moment and one seed for each vendor."""

from dataclasses import dataclass
from datetime import datetime

from starbot_sandbox.gitlab.seed import GitLabSeed
from starbot_sandbox.pagerduty.seed import PagerDutySeed
from starbot_sandbox.slack.seed import SlackSeed
from starbot_sandbox.zendesk.seed import ZendeskSeed


@dataclass(frozen=True)
class Seed:
    """Everything that a scenario fixes. `now` is where the sandbox clock begins."""

    now: datetime
    slack: SlackSeed
    gitlab: GitLabSeed
    zendesk: ZendeskSeed
    pagerduty: PagerDutySeed
