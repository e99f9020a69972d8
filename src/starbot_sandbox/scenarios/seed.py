"""The shape of a starting world: one moment and one seed for each vendor."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starbot_sandbox.gitlab.seed import GitLabSeed
from starbot_sandbox.pagerduty.seed import PagerDutySeed
from starbot_sandbox.slack.seed import SlackSeed
from starbot_sandbox.zendesk.seed import ZendeskSeed


@dataclass(frozen=True)
class Card:
    """What the page says of a scenario: its `title`, `about` in a sentence or two, and what to `try`."""

    title: str
    about: str
    tries: tuple[str, ...]


@dataclass(frozen=True)
class Seed:
    """Everything that a scenario fixes. `now` is where the sandbox clock begins; `faults` are orders, worded as for
    POST /_sandbox/faults, that are open from the start."""

    now: datetime
    slack: SlackSeed
    gitlab: GitLabSeed
    zendesk: ZendeskSeed
    pagerduty: PagerDutySeed
    card: Card
    faults: tuple[dict[str, Any], ...] = ()
