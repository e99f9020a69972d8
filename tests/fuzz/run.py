"""Tries a property on many inputs and counts how many passed its first gate; `make fuzz` goes on for as long as asked.

Prints a line of progress and, at the end, a table; the exit status is 1 if any property failed, and then its smallest
input was printed.
"""

import argparse
import logging
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import HypothesisWarning

from tests.fuzz import pure
from tests.fuzz.guided import INSTALL, guided, is_there
from tests.fuzz.history import histories, past
from tests.fuzz.live import live

ROUND = 200
"""How many inputs a property gets before the next has its turn."""


@dataclass
class Kind:
    """A kind of input, the property that must hold of each, and what was tried so far. The property answers whether the
    input passed the first gate."""

    name: str
    inputs: st.SearchStrategy[Any]
    holds: Callable[[Any], bool]
    tried: int = 0
    passed: int = 0
    failures: int = 0

    def trial(self) -> Callable[[], None]:
        """What Hypothesis runs: the property on one input after the other."""

        @given(self.inputs)
        def one(given_input: Any) -> None:
            self.tried += 1
            self.passed += self.holds(given_input)

        return one

    def tries(self, examples: int, always_the_same: bool = False) -> None:
        """So many inputs more; raises what a property raised, with the smallest input that Hypothesis found."""
        some = settings(
            max_examples=examples,
            derandomize=always_the_same,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=(Phase.generate, Phase.shrink),
        )
        some(self.trial())()

    @property
    def share(self) -> float:
        """Of the inputs, how many passed the first gate."""
        return self.passed / max(1, self.tried)


def of_texts() -> list[Kind]:
    """What needs nothing that runs."""
    return [
        Kind("form posts", pure.form_posts, pure.reads_form),
        Kind("webhooks", pure.webhooks, pure.reads_webhook),
        Kind("people files", pure.peoples, pure.reads_people),
        Kind("configurations", pure.configurations, pure.reads_configuration),
    ]


@contextmanager
def of_everything(folder: Path) -> Iterator[tuple[list[Kind], Callable[[], None]]]:
    """Every kind, and the check that the bot goes on after all of it."""
    with past() as slack, live(folder) as bot:
        kinds = [
            *of_texts(),
            Kind("histories", histories(), slack.catches_up),
            Kind("Slack's payloads", bot.mutants, bot.takes),
        ]
        yield kinds, bot.goes_on


def main() -> int:
    """The exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__.partition("\n\n")[0])
    parser.add_argument("--minutes", type=float, default=5.0, help="for how long (5)")
    parser.add_argument("--only", default="", help="the kinds whose name holds this")
    parser.add_argument(
        "--atheris", type=int, default=15, metavar="S", help="seconds of Atheris a kind, 0: none (15)"
    )
    asked = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    warnings.filterwarnings("ignore", category=HypothesisWarning)
    ends = time.monotonic() + asked.minutes * 60
    with tempfile.TemporaryDirectory(prefix="starbot-fuzz-") as folder, of_everything(Path(folder)) as found:
        kinds, goes_on = found
        chosen = [kind for kind in kinds if asked.only in kind.name]
        while time.monotonic() < ends:
            for kind in chosen:
                _tries(kind)
            left = max(0.0, ends - time.monotonic()) / 60
            counts = ", ".join(f"{kind.tried} {kind.name}" for kind in chosen)
            print(f"{counts}; {left:.1f} min left", flush=True)
        goes_on()
    failed = []
    if asked.atheris and is_there():
        failed = guided([kind.name for kind in of_texts() if asked.only in kind.name], asked.atheris)
    elif asked.atheris:
        print(f"Atheris is not here, so its part was left out: {INSTALL}")
    print("\n| Input | tried | passed the first gate | failed |\n|-|-|-|-|")
    for kind in chosen:
        print(f"| {kind.name} | {kind.tried} | {kind.share:.0%} | {kind.failures} |")
    print("after it a form post was announced, and no event was stuck")
    return int(bool(failed) or any(kind.failures for kind in chosen))


def _tries(kind: Kind) -> None:
    try:
        kind.tries(ROUND)
    except Exception:
        kind.failures += 1
        print(f"FAILED: {kind.name}\n{traceback.format_exc(limit=-4)[:6000]}", flush=True)
