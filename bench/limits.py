"""What the sandbox's journal says of the vendors' rate limits: who was refused, and who asked before the time was up.

A 429 with Retry-After closes a door until then. Slack has a door for each method, and for posts one for each channel;
the others have one for each account, and Zendesk another one for updates.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from bench.stand import Row, began_ms, ended_ms

TOO_MANY = 429
TOLERANCE_MS = 50.0
"""How much earlier a call may arrive: the two ends do not count in the same moment."""

Moment = Callable[[float], float]


@dataclass
class Doors:
    """What was asked so far, and what is closed until when. `real` turns the sandbox's milliseconds into real ones: the
    limits keep real time whatever its clock does."""

    real: Moment = lambda ms: ms
    asked: Counter[str] = field(default_factory=Counter)
    """How many calls were made, by vendor."""
    refused: Counter[str] = field(default_factory=Counter)
    """How many were refused, by vendor and method."""
    early: Counter[str] = field(default_factory=Counter)
    """How many were made although a refusal had said to wait, by vendor and method."""
    _closed: dict[str, tuple[float, float]] = field(default_factory=dict)

    def read(self, rows: Iterable[Row]) -> None:
        """Takes more of the journal, in its order."""
        for row in rows:
            if row["kind"] == "request" and row["service"]:
                self._read(row)

    def _read(self, row: Row) -> None:
        doors, began, ended = _doors(row), self.real(began_ms(row)), self.real(ended_ms(row))
        self.asked[row["service"]] += 1
        for door in doors:
            since, until = self._closed.get(door, (0.0, 0.0))
            # What was on its way when the refusal was said could not know.
            if since + TOLERANCE_MS < began < until - TOLERANCE_MS:
                self.early[_name(row)] += 1
        if row["status"] == TOO_MANY:
            self.refused[_name(row)] += 1
            if row["retry_after_s"] is not None:
                self._closed[doors[0]] = (ended, ended + 1000 * float(row["retry_after_s"]))


def _doors(row: Row) -> list[str]:
    """The doors that a call passes, its own first."""
    if row["service"] == "slack":
        channel = row["request"].get("channel") if row["path"].endswith("/chat.postMessage") else ""
        return [f"{row['path']} {channel}"]
    if row["service"] == "zendesk" and row["method"] == "PUT":
        return ["zendesk PUT", "zendesk"]
    return [str(row["service"])]


def _name(row: Row) -> str:
    if row["service"] == "slack":
        return f"slack {row['path'].rpartition('/')[2]}"
    return f"{row['service']} {row['method']}"


def listed(counted: Counter[str]) -> str:
    """The counts in one line, the most first."""
    return ", ".join(f"{name} {number}" for name, number in counted.most_common()) or "none"
