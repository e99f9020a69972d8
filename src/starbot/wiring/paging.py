"""Pages: their duty, the dialogs before them, and whom their names mean in PagerDuty."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from pydantic import TypeAdapter

from starbot.duties.hands import words as hands_words
from starbot.duties.paging import deeds as page_deeds
from starbot.duties.paging import model as pages
from starbot.duties.paging import words as page_words
from starbot.duties.paging.dialogs import GoOn, PageDialogs
from starbot.engine.duty import Duty
from starbot.services.slack import Identity
from starbot.wiring.house import House

_EVENTS: TypeAdapter[Any] = TypeAdapter(page_deeds.Arriving)
_EFFECTS: TypeAdapter[Any] = TypeAdapter(pages.AnyEffect)


def duty(house: House, identity: Identity) -> Duty:
    """What a page decides, does and shows."""
    paging = house.settings.paging
    policy = pages.Policy(answer_minutes=paging.answer_minutes, pages_an_hour=paging.pages_an_hour)
    hands = page_deeds.Hands(
        slack=house.slack,
        pagerduty=house.pagerduty,
        zendesk=house.zendesk,
        roster=house.roster,
        known=house.pages,
        now=house.now,
        look=lambda: look(house, identity),
        service_ids=partial(services, house),
        policy_ids=partial(policies, house),
        channel=lambda: house.channel(paging.channel),
        from_email=house.settings.env.pagerduty_from,
        macro_titles=paging.emergency_macro,
    )
    return Duty(
        name=pages.DUTY,
        cases=pages.Page,
        events=_EVENTS,
        effects=_EFFECTS,
        decide=lambda page, event, rival: pages.decide(page, event, rival, policy),
        claim=pages.claim,
        arrive=lambda event: page_deeds.arrive(hands, event),
        deeds=page_deeds.deeds(hands),
        targets=page_deeds.targets(hands),
        closed=pages.CLOSED,
        kept=pages.KEPT,
    )


def dialogs(house: House, identity: Identity, others: Mapping[str, GoOn]) -> PageDialogs:
    """What comes before a page; `others` is what its dialog leads to beside pages."""
    return PageDialogs(
        slack=house.slack,
        pagerduty=house.pagerduty,
        zendesk=house.zendesk,
        roster=house.roster,
        now=house.now,
        look=lambda: look(house, identity),
        service_ids=partial(services, house),
        policy_of=partial(policy, house),
        emergency_services=lambda: [found for name, found in services(house).items() if name == "emergency"],
        regions=house.regions,
        others=others,
        submit=house.submit,
    )


def services(house: House) -> Mapping[str, str]:
    """PagerDuty's service by purpose: those whose names resolve, with the policy where one is named; else others than
    meant would be paged."""
    known = house.directory.names.services
    lacking = house.settings.paging.policies.keys() - policies(house).keys()
    named = {
        purpose: name for purpose, name in house.settings.paging.services.items() if purpose not in lacking
    }
    return {purpose: known[name] for purpose, name in named.items() if name in known}


def policies(house: House) -> Mapping[str, str]:
    """The escalation policy by purpose, where it is not the service's own."""
    known = house.directory.names.policies
    return {purpose: known[name] for purpose, name in house.settings.paging.policies.items() if name in known}


def policy(house: House, purpose: pages.Purpose) -> str | None:
    """The policy that a page of this purpose goes by."""
    own = house.directory.names.policies_of.get(house.settings.paging.services.get(purpose, ""))
    return policies(house).get(purpose) or own


def look(house: House, identity: Identity) -> page_words.Look:
    """How a page looks at this organisation."""
    return page_words.Look(
        team_url=identity.team_url,
        ticket_link=house.ticket_link,
        services=house.settings.paging.services,
        policies=house.settings.paging.policies,
        help_name=house.settings.paging.help_name,
        emergency_macro=next(iter(house.settings.paging.emergency_macro), ""),
        channel=house.settings.paging.channel,
        answer_minutes=house.settings.paging.answer_minutes,
        others=hands_words.OFFERED_TO_MANAGERS,
    )
