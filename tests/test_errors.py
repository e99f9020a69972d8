"""Errors pickle whole and say nothing that they must not."""

import pickle

import pytest

from starbot.errors import ServiceDelayed, ServiceRefused, SetupError, StarbotError


@pytest.mark.parametrize(
    "error",
    [
        SetupError(["a: mend it so", "b: mend it so"]),
        ServiceDelayed("slack", "post the message", 30.0, maybe_done=True, may_still_run=True),
        ServiceDelayed("gitlab", "open the issue"),
        ServiceRefused("zendesk", "closed", "note the ticket"),
    ],
)
def test_an_error_survives_pickling(error: StarbotError) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert vars(again) == vars(error)
    assert str(again) == str(error)


def test_a_delay_says_what_was_tried_and_whether_it_may_have_happened() -> None:
    delayed = ServiceDelayed("zendesk", "note the ticket", 5.0, maybe_done=True)
    assert str(delayed) == "zendesk: note the ticket: delayed, asked to wait 5 s, may have been done"


def test_setup_complaints_are_told_all_at_once() -> None:
    assert str(SetupError(["first", "second"])) == "first\nsecond"
