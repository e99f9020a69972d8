"""The starting worlds by name. A new one is a module whose function answers a `Seed`, and a line here."""

from collections.abc import Callable

from starbot_sandbox.scenarios.apac_weekend import apac_weekend
from starbot_sandbox.scenarios.everything_breaks import everything_breaks
from starbot_sandbox.scenarios.licence_day import licence_day
from starbot_sandbox.scenarios.nobody_on_call import nobody_on_call
from starbot_sandbox.scenarios.seed import Seed
from starbot_sandbox.scenarios.weekday import weekday

SCENARIOS: dict[str, Callable[[], Seed]] = {
    "weekday": weekday,
    "apac_weekend": apac_weekend,
    "nobody_on_call": nobody_on_call,
    "licence_day": licence_day,
    "everything_breaks": everything_breaks,
}
