"""What must outlive a restart and is no case: names, the last schedule, how far the channel was read."""

from datetime import datetime
from typing import Any

from starbot.engine.store import Store


class StoreMemory:
    """JSON values under names, kept in the store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def remember(self, name: str, at: datetime, body: Any) -> None:
        """Keeps a value."""
        with self._store.transaction() as books:
            books.remember(name, at, body)

    def recall(self, name: str) -> tuple[datetime, Any] | None:
        """The value and when it was kept."""
        with self._store.read() as books:
            return books.recall(name)
