"""The world `nobody_on_call`: the weekday, with a hole of eight hours in the three schedules of the managers."""

from dataclasses import replace
from datetime import timedelta

from starbot_sandbox.pagerduty.seed import SeedGap
from starbot_sandbox.scenarios.seed import Card, Seed
from starbot_sandbox.scenarios.weekday import NOW, REGIONS, weekday

HOURS = 8
CARD = Card(
    "Nobody on call",
    "The same Tuesday, but an override was deleted by mistake: until 22:00 UTC PagerDuty names no Support Manager.",
    (
        "File a STAR: whom does the bot name now, and what does it say of it?",
        "Press *all as planned* in the PagerDuty pane and file the next one.",
    ),
)


def nobody_on_call() -> Seed:
    """A working day on which the schedules of the managers are empty."""
    workday = weekday()
    end = NOW + timedelta(hours=HOURS)
    gaps = tuple(SeedGap(f"PS{region}", NOW - timedelta(hours=1), end) for region in REGIONS)
    return replace(workday, pagerduty=replace(workday.pagerduty, gaps=gaps), card=CARD)
