"""Deeds that ask who somebody is: who is on call, who filed the STAR."""

from starbot.core.case import Event
from starbot.duties.stars import model
from starbot.duties.stars.deeds.hands import Hands
from starbot.duties.stars.model import Star
from starbot.errors import ServiceRefused


def read_oncall(hands: Hands, effect: model.ReadOnCall, star: Star) -> Event:
    """Who carries the pager."""
    return model.OnCallRead(id=effect.key, at=hands.now(), oncall=hands.roster.on_call())


def read_initiator(hands: Hands, effect: model.ReadInitiator, star: Star) -> Event:
    """A name is a nicety: where Slack does not know the person, the id must do."""
    try:
        name = hands.slack.user_name(effect.user)
    except ServiceRefused:
        name = effect.user
    known = hands.roster.known(effect.user, name)
    return model.InitiatorNamed(id=effect.key, at=hands.now(), name=name, gitlab=known.gitlab)
