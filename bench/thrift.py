"""How many calls a STAR costs, by service, and how many the bot makes when there is nothing to do."""

import re
import time
from collections import Counter

from bench.figures import Chapter, Figure
from bench.stand import MANAGERS, STAR_CHANNEL, TICKETS, Row, Stand, is_call

BUDGET = {"slack": 12, "gitlab": 8, "zendesk": 7, "pagerduty": 1}
"""Calls for one STAR from the form post to the check mark and the answered question: the first after a start,
which looks up people, forms and channels that are then remembered."""
WATCH = "GET /incidents"
"""The one call that an idle bot makes again and again where no webhook tells it of emergencies."""
WATCH_S = 15.0
"""How often: `paging.emergency_poll_seconds`."""


def story(stand: Stand) -> Chapter:
    """One STAR: filed, acknowledged by reaction, resolved by reaction, the question answered."""
    since = stand.last()
    manager = MANAGERS[0]
    root = stand.files_star(TICKETS[0])
    stand.settle()
    stand.reacts(manager, STAR_CHANNEL, root, "eyes")
    stand.settle()
    stand.reacts(manager, STAR_CHANNEL, root, "green-check-mark")
    stand.settle()
    posts = [row for row in stand.rows(since) if is_call(row, "chat.postMessage")]
    question = next(row["response"] for row in posts if row["request"]["channel"] != STAR_CHANNEL)
    stand.writes(manager, question["channel"], "We move the upgrade to Monday.", question["ts"])
    stand.settle()
    calls = [row for row in stand.rows(since) if row["kind"] == "request" and _name(row) != WATCH]
    return Chapter(
        "Calls for one STAR",
        "Form post, `:eyes:`, `:green-check-mark:`, the question answered: every request the bot made for "
        "the first STAR after a start (looks at emergencies are counted below). Later ones look up no person, form "
        "or channel again.",
        [_figure(service, calls) for service in BUDGET],
    )


def idle(stand: Stand) -> Chapter:
    """Nothing is open and nothing happens; long enough for two looks at the emergencies."""
    since, idle_s = stand.last(), 2 * WATCH_S + 2
    time.sleep(idle_s)
    calls = Counter(_name(row) for row in stand.rows(since) if row["kind"] == "request")
    looks, others = calls.pop(WATCH, 0), calls.total()
    most = int(idle_s / WATCH_S) + 1
    return Chapter(
        "Idle",
        "With no open case the bot calls nobody but for its refresh of names and schedules every ten minutes, and, "
        f"where PagerDuty's webhooks do not tell it of emergencies, one question to PagerDuty every {WATCH_S:.0f} s.",
        [
            Figure(f"looks at the emergencies in {idle_s:.0f} s", str(looks), f"≤ {most}", looks <= most),
            Figure(f"other calls in {idle_s:.0f} s", str(others), "0", not others),
        ],
    )


def _figure(service: str, calls: list[Row]) -> Figure:
    counted = Counter(_name(row) for row in calls if row["service"] == service)
    number = counted.total()
    listed = ", ".join(name if times == 1 else f"{times} × {name}" for name, times in counted.items())
    return Figure(service, f"{number}: {listed}", f"≤ {BUDGET[service]}", number <= BUDGET[service])


def _name(row: Row) -> str:
    """The method of a call without ids, so that equal calls look equal."""
    path = row["path"].rpartition("/api/")[2] if row["service"] == "slack" else row["path"]
    if row["service"] == "slack":
        return str(path)
    path = path.removeprefix(f"/{row['service']}").removeprefix("/api/v4").removeprefix("/api/v2")
    return f"{row['method']} {re.sub(r'/[0-9]+|(?<=projects)/[^/]+', '/:id', path).removesuffix('.json')}"
