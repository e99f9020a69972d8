"""A case that cannot be rendered is the trouble of one target, never of the event, and never for ever."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from starbot.core.case import Document
from starbot.engine.duty import Duty
from starbot.engine.store import Store
from tests.engine.errands import Errand, Hands, Outpost, added, errands


def _odd(outpost: Outpost) -> Duty:
    """Errands with a sign that cannot show the number 13, and another one that can."""

    def render(errand: Errand) -> Document:
        if errand.total == 13:
            raise ValueError("this sign does not show 13")
        return {"total": errand.total}

    duty = errands(outpost, sign=True)
    sign = duty.targets["sign"]
    return replace(duty, targets={"sign": replace(sign, render=render), "other": sign})


@pytest.fixture
def hands(file_store: Store, outpost: Outpost) -> Iterator[Hands]:
    made = Hands(file_store, _odd(outpost))
    made.asked()
    yield made
    made.performer.stop()


def _converge(hands: Hands) -> None:
    for thing in ("sign", "other"):
        assert hands.performer.converge("errand-a", thing, "w1") is None


def _version(hands: Hands) -> int:
    return hands.errand().version


def test_the_event_counts_and_the_other_things_are_shown(hands: Hands, outpost: Outpost) -> None:
    _converge(hands)
    hands.advance(added(1, n=13))
    _converge(hands)
    assert hands.errand().total == 13
    assert outpost.shown[-1] == {"total": 13}, "by the other sign"
    assert hands.errand().failed == ("ours",)
    assert hands.errand().reference


def test_it_is_tried_once_and_shown_again_once_it_can_be(hands: Hands, outpost: Outpost) -> None:
    _converge(hands)
    hands.advance(added(1, n=13))
    _converge(hands)
    version = _version(hands)
    _converge(hands)
    hands.advance(added(2, n=0))
    _converge(hands)
    assert _version(hands) == version + 1, "and was told once"
    hands.advance(added(3, n=1))
    _converge(hands)
    assert [document["total"] for document in outpost.shown[-2:]] == [14, 14]
    assert hands.errand().failed == ("ours",)
