"""What is counted while the bot works: one set of meters a process, as Prometheus reads them.

Each is moved where the thing happens. Labels are words of ours (a kind, a service, an outcome) and never an
id or a text from outside: such labels would leak, and would grow without end.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter, Histogram

from starbot.errors import Service, ServiceDelayed, ServiceRefused

REGISTRY = CollectorRegistry()

EVENTS = Counter(
    "starbot_events_submitted",
    "Events that were stored durably, each delivery of the same one counted.",
    ("duty", "kind"),
    registry=REGISTRY,
)
EFFECTS = Counter(
    "starbot_effects",
    "Tries to carry something out, by how they ended: done, failed (told to the case), delayed (comes again).",
    ("duty", "effect", "service", "outcome"),
    registry=REGISTRY,
)
CALLS = Histogram(
    "starbot_vendor_call_seconds",
    "Calls to vendors, by how they ended: ok, delayed (it may pass), refused, broken (our mistake).",
    ("service", "outcome"),
    buckets=(0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30),
    registry=REGISTRY,
)
ACKS = Histogram(
    "starbot_ack_seconds",
    "From Slack's or PagerDuty's delivery to our answer, by its way (socket, http, webhook) and whether it was taken, "
    "refused or neither (failed: it is sent again).",
    ("way", "outcome"),
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3),
    registry=REGISTRY,
)


@contextmanager
def calling(service: Service) -> Iterator[None]:
    """Around a call to a vendor."""
    began = time.monotonic()
    outcome = "broken"
    try:
        yield
        outcome = "ok"
    except ServiceDelayed:
        outcome = "delayed"
        raise
    except ServiceRefused:
        outcome = "refused"
        raise
    finally:
        CALLS.labels(service, outcome).observe(time.monotonic() - began)


def acked(way: str, status: int, seconds: float) -> None:
    """One delivery of Slack or PagerDuty was answered with this HTTP status."""
    outcome = "taken" if status < 300 else "refused" if status < 500 else "failed"
    ACKS.labels(way, outcome).observe(seconds)


def kind_of(name: str) -> str:
    """A thing's name without the number that tells it from others of its kind."""
    return name.rstrip("0123456789").rstrip("_")
