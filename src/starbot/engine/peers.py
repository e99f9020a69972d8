"""The bots that share a database: which of them live, whether this one leads, and what to do when one is gone.

A bot that dies loses its mark at once. The others see that within half a second, and take over its work a little
later: a bot whose mark went while it lived has left by then.
"""

from collections.abc import Callable, Collection

import structlog

from starbot.engine.database import DATABASE_PATIENCE_S, MarkLost
from starbot.engine.mark import Mark
from starbot.engine.patience import within

log = structlog.get_logger("starbot.engine")

LOOK_EVERY_S = 0.5


class Peers:
    """Called every LOOK_EVERY_S. `adopt` takes over the work of those who do not live, and answers whether it must be
    called again; `changed` is called when another bot is gone or this one begins to lead; `lost` when this one's
    mark is gone, and it must leave before it does anything more."""

    def __init__(
        self,
        mark: Mark,
        adopt: Callable[[Collection[str]], bool],
        changed: Callable[[], None],
        lost: Callable[[], None],
    ) -> None:
        self._mark = mark
        self._adopt = adopt
        self._changed = changed
        self._lost = lost
        self._is_owed = True
        self.alive: frozenset[str] = frozenset()
        self.leads = False

    def __call__(self) -> None:
        """Looks once."""
        try:
            standing = self._mark.look()
        except MarkLost as lost:
            log.error(
                "this bot has lost its mark on the database: it leaves, to be started anew", why=str(lost)
            )
            self._lost()
            return
        gone = self.alive - standing.alive
        is_news = bool(gone) or (standing.leads and not self.leads)
        self.alive, self.leads = standing
        if is_news:
            self._changed()
        if gone or self._is_owed:
            self._is_owed = True
            # The engine itself would wait for its database for ever, and a lost mark must be noticed meanwhile.
            within(DATABASE_PATIENCE_S, self._take_over)

    def _take_over(self) -> None:
        self._is_owed = self._adopt(self.alive)
