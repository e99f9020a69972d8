"""A figure, its target, and how many of them look on a screen and in docs/performance.md."""

import statistics
from collections.abc import Sequence
from typing import NamedTuple


class Figure(NamedTuple):
    """One line of the report. `is_met` is None where nothing was promised."""

    what: str
    measured: str
    target: str = ""
    is_met: bool | None = None

    @property
    def verdict(self) -> str:
        """What became of the promise."""
        return {True: "met", False: "MISSED", None: ""}[self.is_met]


class Chapter(NamedTuple):
    """The figures of one promise, and what they mean in a sentence."""

    title: str
    meaning: str
    figures: list[Figure]


def percentile(values: Sequence[float], share: float) -> float:
    """The value that so large a share of the values does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def spread(values: Sequence[float], unit: str = " ms") -> str:
    """Median, 99th percentile and maximum in one line."""
    p50, p99 = statistics.median(values), percentile(values, 0.99)
    return f"p50 {p50:.1f} · p99 {p99:.1f} · max {max(values):.1f}{unit}"
