"""A dry run: the bot's own duties and engine on what the channel holds, with services that only tell what they
would write, and a database that is thrown away. It never connects to Socket Mode: Slack gives each event to one
of several connections, so it would take events from the bot that runs.
"""

import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import NamedTuple

from starbot.app import Bot, Rehearsed, set_up_logging
from starbot.services.rehearsal import (
    GitLabRehearsal,
    PagerDutyRehearsal,
    Script,
    SlackRehearsal,
    Would,
    ZendeskRehearsal,
)
from starbot.settings import Settings
from starbot.vendors import Kinds, services_of

__all__ = ["Outcome", "Would", "rehearse"]

PATIENCE_S = 30.0
"""How long a dry run waits for a vendor that does not answer."""


class Outcome(NamedTuple):
    """What came of it, and how many writes each vendor was spared."""

    rehearsed: Rehearsed
    writes: Counter[str]


def rehearse(
    settings: Settings, back: timedelta, tell: Callable[[Would], None], patience_s: float = PATIENCE_S
) -> Outcome:
    """Plays the last hours. ServiceError if Slack is silent, SetupError if something of ours must be mended."""
    set_up_logging(settings, "ERROR", sys.stderr)
    script = Script(tell)
    kinds = Kinds(
        partial(SlackRehearsal, script),
        partial(GitLabRehearsal, script),
        partial(ZendeskRehearsal, script),
        PagerDutyRehearsal,
    )
    with tempfile.TemporaryDirectory(prefix="starbot-dry-run-") as folder:
        env = settings.env.model_copy(update={"database_url": f"sqlite:///{Path(folder) / 'starbot.db'}"})
        own = settings.model_copy(update={"env": env})
        services = services_of(own, kinds)
        identity = services.slack.identity()  # if Slack is silent there is nothing to play
        bot = Bot(own, services)
        try:
            rehearsed = bot.rehearse(identity, back, patience_s)
        finally:
            bot.stop(patience_s=0)
    return Outcome(rehearsed, Counter(line.service for line in script.lines))
