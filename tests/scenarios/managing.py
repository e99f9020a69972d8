"""Words for stories of managers at a STAR's card: they open a dialog there, send it, and the bot follows."""

from collections.abc import Mapping
from typing import Any

from tests.stage import Stage, said

TRIAGE, REOPEN, MORE = "star_triage", "star_reopen", "star_more"
ASK, UNSTAR, ADD_FACTS, WITHDRAW = "star_ask", "star_unstar", "star_add_facts", "star_withdraw"
ANNA = "U0ENG05"
"""An engineer who may be responsible for a next step."""
EMERGENCY = "It is a real emergency"
UNSTARRED = {
    "reason": EMERGENCY,
    "text": "Production is down, so minutes count.",
    "alternative": "The customer raises an emergency now.",
    "agreed": "yes",
}
"""The dialog of *Unstar*, filled in."""


def card(stage: Stage, root: str) -> dict[str, Any]:
    """The card under a form post."""
    found = stage.card(root)
    assert found is not None, "there is no card"
    return found


def shown(stage: Stage, root: str) -> str:
    """Everything that the card says now."""
    return said(stage.card(root) or {})


def notes(stage: Stage, ticket: int) -> list[str]:
    """The notes on the STAR issue about this ticket, the oldest first."""
    return [note["body"] for note in (stage.issue(ticket) or {"notes": []})["notes"]]


def noted(stage: Stage, ticket: int, text: str) -> list[str]:
    """The notes on the issue that hold this."""
    return [note for note in notes(stage, ticket) if text in note]


def labels(stage: Stage, ticket: int) -> list[str]:
    """The labels of the STAR issue, sorted."""
    return sorted((stage.issue(ticket) or {"labels": []})["labels"])


def state_of(stage: Stage, ticket: int) -> str:
    """Whether the STAR issue is opened or closed; "" while there is none."""
    return str((stage.issue(ticket) or {"state": ""})["state"])


def acknowledged(stage: Stage, user: str, **fields: str) -> tuple[int, str]:
    """A STAR at which this manager looks: its ticket and the ts of its form post."""
    ticket = stage.fresh_ticket()
    root = stage.announced(Ticket=str(ticket), **fields)
    stage.reacts(user, root, "eyes")
    stage.until(lambda: f"<@{user}> has been looking" in shown(stage, root))
    return ticket, root


def picks_more(stage: Stage, user: str, message: Mapping[str, Any], action: str) -> None:
    """Somebody chooses something in the menu of a card."""
    place = {"channel": message["channel"], "ts": message["ts"]}
    option = next(value for value in _options(message) if value.startswith(f"{action} "))
    stage.desk.post("slack/click", user=user, **place, action_id=MORE, selected=option)


def _options(message: Mapping[str, Any]) -> list[str]:
    elements = [element for block in message["blocks"] for element in block.get("elements", [])]
    return [option["value"] for element in elements for option in element.get("options", [])]


def opens(stage: Stage, user: str, message: Mapping[str, Any], action: str) -> dict[str, Any]:
    """Somebody opens a dialog from a card, by its button or its menu: the dialog."""
    if action in (ASK, UNSTAR, ADD_FACTS, WITHDRAW):
        picks_more(stage, user, message, action)
    else:
        stage.presses(user, message, action)
    return dict(stage.until(lambda: stage.views(user))[-1])


def unstars(stage: Stage, user: str, root: str, **answers: str) -> None:
    """A manager unstars a STAR from its card."""
    opens(stage, user, card(stage, root), UNSTAR)
    assert stage.sends(user, **UNSTARRED | answers) == {"ok": True}
    stage.until(lambda: "Unstarred by" in shown(stage, root))


def reopens(stage: Stage, user: str, root: str, reason: str) -> None:
    """A manager opens an ended STAR again from its card."""
    opens(stage, user, card(stage, root), REOPEN)
    assert stage.sends(user, reason=reason) == {"ok": True}


def shows_again(stage: Stage, old: Mapping[str, Any]) -> None:
    """Somebody's screen still shows a message as it was."""
    stage.desk.slack().chat_update(channel=old["channel"], ts=old["ts"], text="old", blocks=old["blocks"])


def begun(view: Mapping[str, Any], name: str) -> str:
    """What a field of a dialog holds as it opens."""
    element = next(block["element"] for block in view["blocks"] if block.get("block_id") == name)
    option = element.get("initial_option") or {}
    return str(element.get("initial_value") or option.get("value") or element.get("initial_user") or "")
