"""The judge of the matrix: what is as hoped, what was said to be missing, what is lost and what is there twice."""

import copy
from typing import Any, cast

import pytest

from tests.crash.normal_form import normal_form
from tests.crash.test_normal_form import world
from tests.matrix.cases import Call, calls, judged
from tests.stage import BOT, Stage

JOURNAL = [
    ("slack", "POST", "/slack/api/chat.postMessage"),
    ("slack", "POST", "/slack/api/chat.postMessage"),
    ("gitlab", "POST", "/gitlab/api/v4/projects/stars/issues"),
    ("gitlab", "POST", "/gitlab/api/v4/projects/stars/issues/1/notes"),
]


class Seen:
    """A stage of which only the state is looked at."""

    def __init__(self, state: dict[str, Any]) -> None:
        self.state = {**state, "slack": {"views": [], **state["slack"]}}


def _verdict(state: dict[str, Any]) -> str:
    return judged(cast(Stage, Seen(state)), normal_form(world()))[0]


def test_each_call_of_a_step_is_one_cell_and_its_path_matches_no_longer_one() -> None:
    rows = [{"service": service, "method": method, "path": path} for service, method, path in JOURNAL]
    assert list(calls(0, "form", rows)) == [
        Call(0, "form", "slack", "chat.postMessage", None),
        Call(0, "form", "gitlab", "POST", "/gitlab/api/v4/projects/stars/issue[s]"),
        Call(0, "form", "gitlab", "POST", "/gitlab/api/v4/projects/stars/issues/1/note[s]"),
    ]


def test_the_same_world_is_as_undisturbed() -> None:
    assert _verdict(world(time="15:00")) == "as undisturbed"


def test_what_is_missing_is_lost_unless_somebody_is_told() -> None:
    state = copy.deepcopy(world())
    state["gitlab"]["issues"][0]["notes"].pop()
    assert _verdict(state) == "lost"
    state["slack"]["ephemerals"].append({"user": "U1", "text": ":warning: I could not note it."})
    assert _verdict(state) == "said"


def test_a_direct_message_more_is_no_loss_but_one_in_place_of_another_is() -> None:
    state = copy.deepcopy(world())
    more = {
        "channel": "D1",
        "ts": "1794924009.000100",
        "user": BOT,
        "text": "The macro is on it.",
        "blocks": [],
    }
    state["slack"]["messages"].append(more)
    assert _verdict(state) == "told more"
    state["gitlab"]["issues"][0]["notes"].pop()
    assert _verdict(state) == "lost"


@pytest.mark.parametrize("system", ["slack", "gitlab", "zendesk"])
def test_what_the_bot_wrote_twice_is_doubled_even_where_it_was_said(system: str) -> None:
    state = copy.deepcopy(world())
    state["slack"]["ephemerals"].append({"user": "U1", "text": ":warning: I could not note it."})
    if system == "slack":
        message = {**state["slack"]["messages"][1], "user": BOT}
        state["slack"]["messages"] += [message, {**message, "ts": "1794924009.000100"}]
    elif system == "gitlab":
        notes = state["gitlab"]["issues"][0]["notes"]
        notes.append(dict(notes[0]))
    else:
        comment = {"author": "GitLab Support Bot", "public": False, "body": "Noted by the bot."}
        state["zendesk"]["tickets"]["1"]["comments"] += [comment, dict(comment)]
    assert _verdict(state) == "doubled"
