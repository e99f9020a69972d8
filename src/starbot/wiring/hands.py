"""Asking for hands: its duty and dialogs."""

from typing import Any

from pydantic import TypeAdapter

from starbot.duties.hands import deeds as hands_deeds
from starbot.duties.hands import model as hands_model
from starbot.duties.hands import slack as hands_slack
from starbot.duties.hands import words as hands_words
from starbot.duties.hands.dialogs import HandsDialogs
from starbot.duties.hands.dialogs import Pages as PagesForHands
from starbot.engine.duty import Duty
from starbot.services.slack import Identity
from starbot.wiring.house import House

_EVENTS: TypeAdapter[Any] = TypeAdapter(hands_deeds.Arriving)
_EFFECTS: TypeAdapter[Any] = TypeAdapter(hands_model.AnyEffect)


def duty(house: House, identity: Identity) -> Duty:
    """What a request for hands decides, does and shows."""
    settings = house.settings
    policy = hands_model.Policy(answer_minutes=settings.hands.answer_minutes)
    hands = hands_deeds.Hands(
        slack=house.slack,
        zendesk=house.zendesk,
        roster=house.roster,
        known=house.requests,
        now=house.now,
        look=lambda: look(house, identity),
        channel=lambda: house.channel(settings.hands.channel),
        managers_channel=lambda: house.channel(settings.paging.channel),
        regions=house.regions,
    )
    return Duty(
        name=hands_model.DUTY,
        cases=hands_model.Request,
        events=_EVENTS,
        effects=_EFFECTS,
        decide=lambda case, event, rival: hands_model.decide(case, event, rival, policy),
        claim=hands_model.claim,
        arrive=lambda event: hands_deeds.arrive(hands, event),
        deeds=hands_deeds.deeds(hands),
        targets=hands_deeds.targets(hands),
        closed=hands_model.CLOSED,
        kept=hands_model.KEPT,
    )


def dialogs(
    house: House, identity: Identity, listener: hands_slack.Listener, pages: PagesForHands
) -> HandsDialogs:
    """What its buttons and its commands open."""
    return HandsDialogs(
        slack=house.slack,
        zendesk=house.zendesk,
        roster=house.roster,
        known=house.requests,
        listener=listener,
        now=house.now,
        look=lambda: look(house, identity),
        regions=house.regions,
        pages=pages,
        submit=house.submit,
    )


def look(house: House, identity: Identity) -> hands_words.Look:
    """How it looks at this organisation."""
    group = house.settings.slack.fallback_group
    return hands_words.Look(
        team_url=identity.team_url,
        ticket_link=house.ticket_link,
        channel=house.settings.hands.channel,
        answer_minutes=house.settings.hands.answer_minutes,
        fallback_group=house.group(group),
        fallback_name=group,
    )
