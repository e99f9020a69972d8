"""Compromised instances: their duty and dialogs."""

from functools import partial
from typing import Any

from pydantic import TypeAdapter

from starbot.duties.compromised import deeds as compromised_deeds
from starbot.duties.compromised import model as compromised
from starbot.duties.compromised import words as compromised_words
from starbot.duties.compromised.dialogs import CompromisedDialogs
from starbot.engine.duty import Duty
from starbot.wiring.house import House

_EVENTS: TypeAdapter[Any] = TypeAdapter(compromised_deeds.Arriving)
_EFFECTS: TypeAdapter[Any] = TypeAdapter(compromised.AnyEffect)


def duty(house: House) -> Duty:
    """What a record of a compromised instance decides, does and shows."""
    policy = compromised.Policy(answer_minutes=house.settings.compromised.answer_minutes)
    hands = compromised_deeds.Hands(
        slack=house.slack,
        zendesk=house.zendesk,
        roster=house.roster,
        known=house.compromises,
        now=house.now,
        look=partial(look, house),
        channel=lambda: house.channel(house.settings.paging.channel),
        macro_titles=house.settings.compromised.macro,
    )
    return Duty(
        name=compromised.DUTY,
        cases=compromised.Compromise,
        events=_EVENTS,
        effects=_EFFECTS,
        decide=lambda case, event, rival: compromised.decide(case, event, policy),
        claim=lambda case, event: None,
        arrive=lambda event: compromised_deeds.arrive(hands, event),
        deeds=compromised_deeds.deeds(hands),
        targets=compromised_deeds.targets(hands),
        closed=compromised.CLOSED,
        kept=compromised.KEPT,
    )


def dialogs(house: House) -> CompromisedDialogs:
    """What its buttons and its command open."""
    return CompromisedDialogs(
        slack=house.slack,
        zendesk=house.zendesk,
        roster=house.roster,
        known=house.compromises,
        now=house.now,
        look=partial(look, house),
        macro_titles=house.settings.compromised.macro,
        submit=house.submit,
    )


def look(house: House) -> compromised_words.Look:
    """How it looks at this organisation."""
    group, told = house.settings.slack.fallback_group, house.settings.compromised
    return compromised_words.Look(
        ticket_link=house.ticket_link,
        fallback_group=house.group(group),
        fallback_name=group,
        manager_service=house.settings.paging.manager_service,
        answer_minutes=told.answer_minutes,
        macro=next(iter(told.macro), ""),
        advice=told.advice,
        questions=tuple(
            compromised_words.Question(question=one.question, answer=one.answer) for one in told.questions
        ),
        talking_points=told.talking_points,
        sirt=told.sirt,
    )
