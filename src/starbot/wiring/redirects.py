"""Requests in the wrong channel."""

from typing import Any

from pydantic import TypeAdapter

from starbot.duties.redirects import deeds as redirect_deeds
from starbot.duties.redirects import model as redirects
from starbot.duties.redirects import words as redirect_words
from starbot.engine.duty import Duty
from starbot.wiring.house import House

_EVENTS: TypeAdapter[Any] = TypeAdapter(redirects.AnyEvent)
_EFFECTS: TypeAdapter[Any] = TypeAdapter(redirects.AnyEffect)


def duty(house: House) -> Duty:
    """What a misplaced request decides and does."""
    texts = house.settings.texts
    hands = redirect_deeds.Hands(
        slack=house.slack,
        now=house.now,
        answer=lambda: redirect_words.how_to_file(
            house.channel(house.settings.slack.star_channel), texts.how_to_star, texts.form_link
        ),
    )
    return Duty(
        name=redirects.DUTY,
        cases=redirects.Redirect,
        events=_EVENTS,
        effects=_EFFECTS,
        decide=redirects.decide,
        claim=lambda case, event: None,
        arrive=lambda event: redirect_deeds.arrive(hands, event),
        deeds=redirect_deeds.deeds(hands),
        closed=redirects.CLOSED,
    )
