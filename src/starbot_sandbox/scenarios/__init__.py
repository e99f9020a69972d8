"""The starting worlds by name. A new one is a module whose function answers a `Seed`, and a line here."""

from collections.abc import Callable

from starbot_sandbox.scenarios.seed import Seed
from starbot_sandbox.scenarios.weekday import weekday

SCENARIOS: dict[str, Callable[[], Seed]] = {"weekday": weekday}
