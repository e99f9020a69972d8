"""The world `apac_weekend`: Saturday 2026-11-21, 10:30 in Brisbane (00:30 UTC), two emergencies at once.

Aiko Mori, the engineer on call, holds the first; the second came while she was busy, so she pressed *Escalate*
and it waits for Mei Tanaka, the manager on call, before it goes on to the director at 00:33. People, customers
and everything else are those of `weekday`.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from starbot_sandbox.pagerduty.seed import PagerDutySeed, SeedIncident, Step
from starbot_sandbox.scenarios.seed import Card, Seed
from starbot_sandbox.scenarios.tickets import emergencies, tickets
from starbot_sandbox.scenarios.weekday import weekday
from starbot_sandbox.slack.seed import SlackSeed

NOW = datetime(2026, 11, 21, 0, 30, tzinfo=UTC)
AIKO, FIRST, SECOND = "PENG01", 123490, 123491
CARD = Card(
    "A weekend in APAC",
    "Saturday 10:30 in Brisbane. Aiko Mori, the only engineer on call, holds one emergency; a second one has just "
    "gone on to Mei Tanaka, the manager on call.",
    (
        "As Mei Tanaka, read the direct message about the second emergency.",
        "Press *Page the backup pool* in it and confirm; then acknowledge as Grace Wu in the PagerDuty pane.",
        "Or let three minutes pass: it goes on to the director.",
    ),
)
_ON_CALL = {"S0SMOC": ("U0MEI",), "S0CEOC": ("U0ENG01",)}


def apac_weekend() -> Seed:
    """A Saturday morning in Brisbane: one emergency acknowledged, a parallel one escalated to the manager."""
    workday = weekday()
    everything = (*tickets(NOW), *emergencies(NOW))
    return replace(
        workday,
        now=NOW,
        slack=_slack(workday.slack),
        zendesk=replace(workday.zendesk, tickets=everything),
        pagerduty=_pagerduty(workday.pagerduty),
        card=CARD,
    )


def _slack(seed: SlackSeed) -> SlackSeed:
    """The groups of who is on call name those of the weekend."""
    groups = (replace(one, users=_ON_CALL.get(one.id, one.users)) for one in seed.groups)
    return replace(seed, groups=tuple(groups))


def _pagerduty(seed: PagerDutySeed) -> PagerDutySeed:
    def ago(minutes: int) -> datetime:
        return NOW - timedelta(minutes=minutes)

    return replace(
        seed,
        incidents=(
            _emergency(FIRST, ago(30), Step(ago(26), "acknowledge", AIKO)),
            _emergency(SECOND, ago(5), Step(ago(2), "escalate", AIKO)),
        ),
    )


def _emergency(ticket: int, at: datetime, *steps: Step) -> SeedIncident:
    """As the trigger in Zendesk opens it when a customer sends the form Emergency."""
    subject = next(one.subject for one in emergencies(NOW) if one.id == ticket)
    return SeedIncident(
        service_id="PVCUST",
        title=f"ZD#{ticket} {subject}",
        details=f"https://gitlab.zendesk.com/agent/tickets/{ticket}",
        key=f"zendesk-emergency-{ticket}",
        at=at,
        steps=steps,
    )
