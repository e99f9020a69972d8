"""A small part of `make fuzz`, always the same: whatever comes, it is answered, and nothing breaks or is lost."""

from pathlib import Path

import pytest

from tests.fuzz.history import WHOLE, past
from tests.fuzz.run import Kind, of_everything, of_texts

SHARE = 0.3
"""Of the inputs, how many must pass the first gate: what none passes tries nothing behind it."""


@pytest.mark.parametrize("kind", of_texts(), ids=lambda kind: kind.name)
def test_whatever_is_read_is_understood_or_refused_with_reasons(kind: Kind) -> None:
    kind.tries(150, always_the_same=True)
    assert kind.share > SHARE


@pytest.mark.long
def test_whatever_slack_sends_or_shows_is_taken_and_a_form_post_after_it_is_announced(tmp_path: Path) -> None:
    with of_everything(tmp_path) as (kinds, goes_on):
        for kind in kinds[len(of_texts()) :]:
            kind.tries(100, always_the_same=True)
            assert kind.share > SHARE, kind.name
        goes_on()


def test_one_odd_message_hides_no_other_from_catching_up() -> None:
    with past() as slack:
        slack.catches_up([{"ts": "1794915008.000000", "metadata": "odd"}, WHOLE, {"ts": "yesterday"}])
