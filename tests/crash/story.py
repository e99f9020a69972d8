"""One STAR as people live it, step by step, and what must have followed before the next step is taken."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from tests.stage import MARIA, Stage, reactions, said

MANAGER_DM = "D0MARIA"
BOT = "U0STARBOT"
SENTENCE = "Anna calls them at three."
FOLLOWS_S = 30.0
"""How long what follows from a step may take, a restart of the bot included."""

StepName: TypeAlias = Literal["form", "eyes", "check mark", "answer"]


@dataclass(frozen=True)
class Step:
    """What a person does, and how one sees in the four systems that the bot has done its part."""

    name: StepName
    act: Callable[[Stage], None]
    is_followed: Callable[[Stage], Any]


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
