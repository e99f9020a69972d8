"""Whether a bot would work here: every setting held against the four vendors, all asked at the same time.

Each part (`slack`, `gitlab`, `zendesk`, `pagerduty`, `people`, `house`) asks through the services and judges by
pure functions. Nothing is written anywhere. A part that does not end in time is left behind, and said.
"""

import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial

from starbot.checkup import gitlab, house, pagerduty, people, slack, zendesk
from starbot.checkup.finding import Finding, Part, Skew
from starbot.checkup.notes import Notes
from starbot.errors import Service
from starbot.services.clock import skew_s
from starbot.settings import Settings
from starbot.vendors import Services, clock_of, services_of

__all__ = ["Finding", "checkup"]

PART_S = 45.0
"""How long one part may take in all: some ten calls, each bounded by its service's limit."""

Look = Callable[[], Iterable[Finding]]


def checkup(
    settings: Settings, waiting: Callable[[list[str]], None], part_s: float = PART_S
) -> Iterator[Finding]:
    """The findings, part by part. `waiting` is told whose answers are still to come, in the end nobody's."""
    services = services_of(settings, patient=True)
    notes = Notes()
    yield from house.steps(settings)
    yield from _all(_vendors(settings, services, notes), waiting, part_s)
    yield from _all({people.PEOPLE: lambda: people.steps(services, notes)}, waiting, part_s)


def _vendors(settings: Settings, services: Services, notes: Notes) -> Mapping[Part, Look]:
    env, clock = settings.env, clock_of(settings)
    now = clock.now()
    clock.close()

    def skew(service: Service, address: str) -> Skew:
        return partial(skew_s, address, getattr(settings.limits, service).timeout_s)

    slack_clock = skew("slack", f"{env.slack_api_url}api.test")
    gitlab_clock = skew("gitlab", f"{env.gitlab_url}/api/v4/version")
    zendesk_clock = skew("zendesk", f"{env.zendesk_url}/api/v2/users/me.json")
    pagerduty_clock = skew("pagerduty", f"{env.pagerduty_url}/abilities")
    return {
        slack.SLACK: lambda: slack.steps(settings, services.slack, notes, slack_clock),
        gitlab.GITLAB: lambda: gitlab.steps(settings, services.gitlab, now, notes, gitlab_clock),
        zendesk.ZENDESK: lambda: zendesk.steps(settings, services.zendesk, zendesk_clock),
        pagerduty.PAGERDUTY: lambda: pagerduty.steps(
            settings, services.pagerduty, now, notes, pagerduty_clock
        ),
    }


def _all(
    looks: Mapping[Part, Look], waiting: Callable[[list[str]], None], part_s: float
) -> Iterator[Finding]:
    """Every part in a thread of its own, so that a vendor that hangs holds up no other; told in their order."""
    ended: queue.SimpleQueue[Part] = queue.SimpleQueue()
    found: dict[Part, list[Finding]] = {part: [] for part in looks}
    for part, look in looks.items():
        threading.Thread(target=_look, args=(part, look, found[part], ended), daemon=True).start()
    left, deadline = set(looks), time.monotonic() + part_s
    while left:
        waiting([part.name for part in looks if part in left])
        try:
            left.discard(ended.get(timeout=max(0.0, deadline - time.monotonic())))
        except queue.Empty:
            break
    waiting([])
    for part in looks:
        yield from list(found[part])
        if part in left:
            yield part.silent(f"not done in {part_s:g} s")


def _look(part: Part, look: Look, found: list[Finding], ended: "queue.SimpleQueue[Part]") -> None:
    try:
        for finding in look():
            found.append(finding)
    except Exception as error:
        # A check of ours that fails must not hide what the others found.
        found.append(part.fix(f"a check failed ({type(error).__name__})", "Tell the makers of starbot."))
    finally:
        ended.put(part)
