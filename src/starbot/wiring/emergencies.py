"""Emergencies: their duty, the manager's buttons, and whether anything tells of them."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from pydantic import TypeAdapter

from starbot.duties.emergencies import deeds as emergency_deeds
from starbot.duties.emergencies import model as emergencies
from starbot.duties.emergencies import words as emergency_words
from starbot.duties.emergencies.dialogs import EmergencyDialogs
from starbot.duties.paging.dialogs import PageDialogs
from starbot.engine.duty import Duty
from starbot.settings import Settings
from starbot.wiring import paging as pool
from starbot.wiring.house import House

_EVENTS: TypeAdapter[Any] = TypeAdapter(emergency_deeds.Arriving)
_EFFECTS: TypeAdapter[Any] = TypeAdapter(emergencies.AnyEffect)


def duty(house: House) -> Duty:
    """What an emergency decides, does and shows."""
    paging = house.settings.paging
    policy = emergencies.Policy(reply_minutes=paging.reply_minutes)
    hands = emergency_deeds.Hands(
        slack=house.slack,
        pagerduty=house.pagerduty,
        roster=house.roster,
        known=house.emergencies,
        now=house.now,
        look=partial(look, house),
        emergency_service=lambda: pool.services(house).get("emergency", ""),
        backup_service=lambda: pool.services(house).get("backup", ""),
        backup_policy=lambda: pool.policy(house, "backup"),
        channel=lambda: house.channel(paging.channel),
        from_email=house.settings.env.pagerduty_from,
        submit=house.submit,
    )
    return Duty(
        name=emergencies.DUTY,
        cases=emergencies.Emergency,
        events=_EVENTS,
        effects=_EFFECTS,
        decide=lambda case, event, rival: emergencies.decide(case, event, policy),
        claim=lambda case, event: None,
        arrive=lambda event: emergency_deeds.arrive(hands, event),
        deeds=emergency_deeds.deeds(hands),
        targets=emergency_deeds.targets(hands),
        closed=emergencies.CLOSED,
        kept=emergencies.KEPT,
    )


def dialogs(
    house: House, pages: PageDialogs, silent_since: Callable[[], datetime | None]
) -> EmergencyDialogs:
    """What the buttons of an emergency open, and `/star emergencies`."""
    return EmergencyDialogs(
        slack=house.slack,
        roster=house.roster,
        known=house.emergencies,
        now=house.now,
        look=partial(look, house),
        page=pages.open_for,
        submit=house.submit,
        watching=lambda: emergency_words.watching(
            is_watching(house.settings) and "emergency" in pool.services(house), silent_since()
        ),
    )


def look(house: House) -> emergency_words.Look:
    """How an emergency looks at this organisation."""
    group = house.settings.slack.fallback_group
    return emergency_words.Look(
        ticket_link=house.ticket_link,
        fallback_group=house.group(group),
        fallback_name=group,
        has_help="help" in house.settings.paging.services,
    )


def watch_seconds(settings: Settings) -> float | None:
    """How often PagerDuty is asked for emergencies: never by itself where its webhooks tell."""
    if settings.webhook_secrets:
        return None
    return settings.paging.emergency_poll_seconds or None


def is_watching(settings: Settings) -> bool:
    """Whether anything tells of emergencies."""
    return bool(settings.webhook_secrets) or watch_seconds(settings) is not None
