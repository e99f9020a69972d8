"""Two STARs as people live them, step by step, and what must have followed before the next step is taken."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.scenarios.managing import REOPEN, UNSTAR, UNSTARRED, opens
from tests.stage import MARIA, PRIYA, Stage, reactions, said

MANAGER_DM = "D0MARIA"
BOT = "U0STARBOT"
SENTENCE = "Anna calls them at three."
FOLLOWS_S = 30.0
"""How long what follows from a step may take, a restart of the bot included."""


@dataclass(frozen=True)
class Step:
    """What a person does, and how one sees in the four systems that the bot has done its part. Where nothing lasts
    yet of what it does, such as a dialog that opens, nobody disturbs it."""

    name: str
    act: Callable[[Stage], None]
    is_followed: Callable[[Stage], Any]
    is_disturbed: bool = True


def _file(stage: Stage) -> None:
    stage.files_star()


def _acknowledge(stage: Stage) -> None:
    """On the card, by somebody not on call: so the bot has a reaction to copy and an issue to assign."""
    stage.reacts(MARIA, _card(stage)["ts"], "eyes")


def _resolve(stage: Stage) -> None:
    stage.reacts(MARIA, _root(stage)["ts"], "green-check-mark")


def _answer(stage: Stage) -> None:
    stage.writes(MARIA, MANAGER_DM, SENTENCE)


def _is_announced(stage: Stage) -> bool:
    cards = stage.messages()[1:]
    return (
        bool(cards)
        and "STAR issue" in said(cards[0])
        and _has_notes(stage, 1)
        and _has_tag(stage, "star_submitted")
    )


def _is_acknowledged(stage: Stage) -> bool:
    is_marked = BOT in reactions(_root(stage)).get("eyes", [])
    is_assigned = stage.issues()[0]["assignees"] == ["msantos"]
    return is_marked and is_assigned and _has_notes(stage, 2) and _has_tag(stage, "escalated_ticket")


def _is_resolved(stage: Stage) -> bool:
    is_closed = stage.issues()[0]["state"] == "closed"
    return is_closed and _has_notes(stage, 3) and bool(stage.messages(MANAGER_DM))


def _is_answered(stage: Stage) -> bool:
    is_thanked = "Thank you" in stage.messages(MANAGER_DM)[0]["text"]
    return is_thanked and _has_notes(stage, 4) and SENTENCE in said(_card(stage))


def _root(stage: Stage) -> dict[str, Any]:
    return stage.messages()[0]


def _card(stage: Stage) -> dict[str, Any]:
    return stage.messages()[1]


def _has_notes(stage: Stage, count: int) -> bool:
    return sum(len(issue["notes"]) for issue in stage.issues()) >= count


def _has_tag(stage: Stage, tag: str) -> bool:
    return tag in stage.ticket()["tags"]


STORY = (
    Step("form", _file, _is_announced),
    Step("eyes", _acknowledge, _is_acknowledged),
    Step("check mark", _resolve, _is_resolved),
    Step("answer", _answer, _is_answered),
)


# -- one whose initiator is told everything, in the thread and by direct message


def _file_from_afar(stage: Stage) -> None:
    stage.files_star(**{"Submitted by": f"<@{PRIYA}>"})


def _unstar(stage: Stage) -> None:
    opens(stage, MARIA, _card(stage), UNSTAR)
    stage.sends(MARIA, **UNSTARRED)


def _reopen(stage: Stage) -> None:
    opens(stage, MARIA, _card(stage), REOPEN)
    stage.sends(MARIA, reason="They have no emergency contract.")


def _has_told(stage: Stage, news: int, lines: int) -> bool:
    """The initiator has so many direct messages, the thread so many lines below the card."""
    return len(stage.messages(f"D{PRIYA[1:]}")) >= news and len(stage.messages()) >= 2 + lines


def _is_unstarred(stage: Stage) -> bool:
    issue = stage.issues()[0]
    is_there = issue["state"] == "closed" and issue["labels"] == ["unstarred"] and _has_notes(stage, 3)
    return is_there and _has_told(stage, 3, 1) and "Unstarred by" in said(_card(stage))


def _is_open_again(stage: Stage) -> bool:
    issue = stage.issues()[0]
    is_there = issue["state"] == "opened" and issue["labels"] == [] and _has_notes(stage, 4)
    return is_there and _has_told(stage, 3, 2) and "has been looking" in said(_card(stage))


TOLD_STORY = (
    Step("form", _file_from_afar, lambda stage: _is_announced(stage) and _has_told(stage, 1, 0)),
    Step("eyes", _acknowledge, lambda stage: _is_acknowledged(stage) and _has_told(stage, 2, 0)),
    Step("unstar", _unstar, _is_unstarred),
    Step("reopen", _reopen, _is_open_again),
)
