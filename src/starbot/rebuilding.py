"""The rebuild of STARs after a lost or restored database: the bot's own services, duties and engine, without ears.

It holds the same mark on the database as a bot. What is found becomes events like any others; the engine then looks
for each thing that a STAR should have before it makes it.
"""

import sys
from collections.abc import Callable
from typing import NamedTuple

from starbot.app import Bot, set_up_logging
from starbot.duties.stars.model import Rebuilt, standing
from starbot.duties.stars.rebuild import Found, NotRebuilt
from starbot.settings import Settings
from starbot.vendors import services_of

__all__ = ["Found", "NotRebuilt", "Outcome", "Rebuilt", "rebuild", "standing"]

PATIENCE_S = 60.0
"""How long it waits for what the rebuilt STARs still have to ask the vendors; the rest goes on with the bot."""


class Outcome(NamedTuple):
    """What was found, and whether everything that followed from it is done."""

    found: Found
    is_done: bool


def rebuild(settings: Settings, do: bool, progress: Callable[[int, int], None]) -> Outcome:
    """Reads what can be rebuilt, and with `do` rebuilds it. SetupError, with the mend, where a bot is at work on the
    database; ServiceError where Slack or GitLab do not answer."""
    set_up_logging(settings, "ERROR", sys.stderr)
    services = services_of(settings)
    identity = services.slack.identity()
    bot = Bot(settings, services)
    try:
        found = bot.lost_stars(identity, progress)
        is_done = not do or bot.take_back(identity, found, PATIENCE_S)
    finally:
        bot.stop(patience_s=0)
    return Outcome(found, is_done)
