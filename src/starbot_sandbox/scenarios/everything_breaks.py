"""The world `everything_breaks`: the weekday, with each of the four vendors broken in another way from the start."""

from dataclasses import replace

from starbot_sandbox.scenarios.seed import Card, Seed
from starbot_sandbox.scenarios.weekday import weekday

CARD = Card(
    "Everything breaks",
    "The weekday again. GitLab is down, Zendesk takes three seconds for each answer, PagerDuty says 429, and a few of "
    "Slack's answers get lost on the way.",
    (
        "File a STAR: it is announced all the same. Find the faults in the time line.",
        "Kill the bot while it tries, mend GitLab, and start the bot again.",
        "Press *Mend all* and watch everything arrive, each thing once.",
    ),
)
FAULTS = (
    {"service": "gitlab", "kind": "status", "status": 503},
    {"service": "zendesk", "kind": "delay_after", "delay_s": 3},
    {"service": "pagerduty", "kind": "status", "status": 429, "retry_after": 20},
    {"service": "slack", "kind": "drop_after", "method": "chat.postMessage", "times": 2},
)


def everything_breaks() -> Seed:
    """A working day on which no vendor does what it should."""
    return replace(weekday(), card=CARD, faults=FAULTS)
