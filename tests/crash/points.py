"""Where the bot is killed: moments that the sandbox itself defines, so that no test guesses at times.

- acked    the event is acknowledged, and whatever the bot does next is kept waiting until it dies
- asked    the request has arrived and is never served
- served   the request has been served and its answer is on its way for ever
- served late   the request is served a few seconds after the bot died
"""

import time
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from tests.stage import MARIA, Stage

NEVER_S = 3600.0
LATE_S = 1.5
"""How long a served request's answer is held back: longer than any kill takes."""
SERVICES = ("slack", "gitlab", "zendesk", "pagerduty")
WORKFLOW = "B0WORKFLOW"
COMES_S = 20.0
SERVED_AFTER_S = 4.0
SURELY_ENDED_S = 8


class Point(Protocol):
    """A moment of a step. `arm` comes before the person acts; `wait` returns at the moment; `check`, when all
    is over, fails if the kill was not at the moment that the point promises."""

    step: str

    def arm(self, stage: Stage) -> None: ...
    def wait(self, stage: Stage) -> None: ...
    def check(self, stage: Stage) -> None: ...


@dataclass
class Acked:
    """The event of the step has been acknowledged and nothing else has been done."""

    step: str

    def arm(self, stage: Stage) -> None:
        self._since = stage.last_row()
        for service in SERVICES:
            stage.desk.post("faults", service=service, kind="delay_before", delay_s=NEVER_S)

    def wait(self, stage: Stage) -> None:
        stage.until(lambda: any(_is_acked(row) for row in stage.desk.get("journal", since=self._since)))

    def check(self, stage: Stage) -> None:
        """Nothing to check: whatever was asked while the orders stood was never served."""


@dataclass
class Request:
    """A request of the step: to which service, by which HTTP or Slack method, to which path."""

    kind: ClassVar[str]
    delay_s: ClassVar[float]

    step: str
    service: str
    method: str
    path: str | None = None

    def arm(self, stage: Stage) -> None:
        self._since = stage.last_row()
        order: dict[str, Any] = {"service": self.service, "method": self.method, "path": self.path}
        stage.desk.post("faults", **order, kind=self.kind, delay_s=self.delay_s, times=1)

    def wait(self, stage: Stage) -> None:
        """The order disappears as the request takes it; the journal has its row only with the answer."""
        deadline = time.monotonic() + COMES_S
        while stage.desk.get("faults"):
            assert time.monotonic() < deadline, f"the bot never sent {self}"
            time.sleep(0.002)

    def rows(self, stage: Stage) -> list[dict[str, Any]]:
        """The answers that came too late."""
        return [r for r in stage.requests(self.service, self._since) if r["fault"] == self.kind]


@dataclass
class Asked(Request):
    """The request is never served: the bot dies right before it."""

    kind = "delay_before"
    delay_s = NEVER_S

    def check(self, stage: Stage) -> None:
        assert not self.rows(stage)


@dataclass
class Served(Request):
    """The request is served and the bot dies before the answer."""

    kind = "delay_after"
    delay_s = LATE_S

    def wait(self, stage: Stage) -> None:
        super().wait(stage)
        assert not self.rows(stage), "the answer was faster than the kill"

    def check(self, stage: Stage) -> None:
        row = stage.until(lambda: self.rows(stage))[0]
        assert 200 <= row["status"] < 300


@dataclass
class ServedLate(Request):
    """The request waits at the vendor while the bot dies and comes back, and is served then."""

    kind = "delay_before"
    delay_s = SERVED_AFTER_S

    def check(self, stage: Stage) -> None:
        row = stage.until(lambda: self.rows(stage))[0]
        assert 200 <= row["status"] < 300


def waits_until_all_has_ended(stage: Stage) -> None:
    """The admin lets the bot wait longer than a request that is served late, before it writes again."""
    stage.patience = "".join(f"[limits.{vendor}]\nsettle_s = {SURELY_ENDED_S}\n" for vendor in SERVICES)
    stage.configure("")


def _is_acked(row: dict[str, Any]) -> bool:
    if row["kind"] != "delivery" or row["status"] != 200:
        return False
    event = row["request"]["payload"]["event"]
    return event.get("user") == MARIA or event.get("bot_id") == WORKFLOW
