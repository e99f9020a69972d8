"""The world `licence_day`: Monday 2026-11-30, 22:10 UTC, when subscriptions end at midnight.

Licences and plans are most of what is starred. Five tickets of Licensing and Renewals came in within hours, two of
them with less than a day left; Maria Santos (AMER) is the manager on call.
"""

from dataclasses import replace
from datetime import UTC, datetime

from starbot_sandbox.scenarios.seed import Card, Seed
from starbot_sandbox.scenarios.tickets import licences, tickets
from starbot_sandbox.scenarios.weekday import FORM, weekday
from starbot_sandbox.slack.seed import SlackSeed

NOW = datetime(2026, 11, 30, 22, 10, tzinfo=UTC)
CARD = Card(
    "The last day of the month",
    "Monday 22:10 UTC. Subscriptions end at midnight, and five tickets about licences wait. Maria Santos is the "
    "manager on call.",
    (
        "As Casey Lin, send the form for 123492: their licence ends in less than two hours.",
        "As Maria Santos, triage it: licence or plan.",
        "Move the clock to the next SLA breach and look at the other tickets.",
    ),
)
EXAMPLES = {
    "Ticket": "123492",
    "Customer": "Cedar Health",
    "Plan": "Premium",
    "Reason this ticket needs additional attention": "Their licence ends at midnight and the renewal is paid.",
    "Desired result": "The renewed licence is applied before midnight.",
}


def licence_day() -> Seed:
    """The evening on which many subscriptions end."""
    workday = weekday()
    everything = (*tickets(NOW), *licences(NOW))
    return replace(
        workday,
        now=NOW,
        slack=_slack(workday.slack),
        zendesk=replace(workday.zendesk, tickets=everything),
        card=CARD,
    )


def _slack(seed: SlackSeed) -> SlackSeed:
    """The manager of the evening is in the group; the form has an answer that fits the day."""
    groups = tuple(replace(one, users=("U0MARIA",)) if one.id == "S0SMOC" else one for one in seed.groups)
    form = tuple(replace(one, example=EXAMPLES.get(one.label, one.example)) for one in FORM)
    return replace(seed, groups=groups, form=form)
