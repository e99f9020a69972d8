"""What people do with the form in Slack: open it, fill it in, send it, close it; and what it shows them."""

from typing import Any

from tests.stage import BOT, Stage, said

ANSWERS = {
    "urgency": "Urgent",
    "customer": "Aurora Robotics",
    "plan": "Ultimate",
    "product": "Self-Managed",
    "reason": "They go live tomorrow morning.",
    "desired_result": "An engineer looks at it today.",
    "consent": ["yes"],
}
FINE = (123460, 123457, 123468, 123480)
"""Tickets of which nothing speaks against a STAR."""
OTHERS = (123456, 123458, 123462, 123465, 123466, 123469, 123473, 123476, 123477, 123478, 123482, 123485)
"""Tickets of which the dialog warns, as of most."""
WARNS = "Nothing is filed yet."


def opened(stage: Stage, user: str) -> dict[str, Any]:
    """The dialog that this person sees, once there is one."""
    return dict(stage.until(lambda: stage.views(user))[-1])


def sends(stage: Stage, user: str, **answers: Any) -> Any:
    """The dialog is sent with these answers beside what stands in it; what Slack answers."""
    return stage.desk.post("slack/submit", user=user, view_id=opened(stage, user)["id"], values=answers)


def files(stage: Stage, user: str, ticket: int | str, **answers: Any) -> Any:
    """/star, filled in and sent; what Slack answers. What the last dialog came to is closed first."""
    closes(stage, user)
    stage.commands(user, "")
    return sends(stage, user, **(ANSWERS | {"ticket": str(ticket)} | answers))


def insists(stage: Stage, user: str) -> None:
    """Whatever the dialog warns of, it is sent again, until it is gone or takes no more."""
    stage.until(lambda: "I am looking" not in shown(stage, user))
    if WARNS in shown(stage, user):
        assert sends(stage, user) == {"ok": True}
        stage.until(lambda: WARNS not in shown(stage, user) and "I am looking" not in shown(stage, user))


def shown(stage: Stage, user: str) -> str:
    """What the dialog says that is open for this person."""
    views = stage.views(user)
    return f"{views[-1]['title']['text']} {said(views[-1])}" if views else ""


def begun(view: dict[str, Any]) -> dict[str, Any]:
    """What stands in the fields of a dialog when it opens."""
    elements = {block["block_id"]: block["element"] for block in view["blocks"] if block["type"] == "input"}
    return {
        name: element.get("initial_value") or (element.get("initial_option") or {}).get("value") or ""
        for name, element in elements.items()
    }


def closes(stage: Stage, user: str) -> None:
    """This person closes whatever dialog they see."""
    for view in stage.views(user):
        stage.desk.post("slack/close", user=user, view_id=view["id"])


def cards_about(stage: Stage, ticket: int) -> list[dict[str, Any]]:
    """The cards of STARs without a form post: each the head of its own thread."""
    ours = [m for m in stage.messages() if m.get("user") == BOT and f"#{ticket}" in m["text"]]
    return [m for m in ours if m.get("thread_ts") in (None, m["ts"])]


def card_about(stage: Stage, ticket: int) -> dict[str, Any] | None:
    """The newest of them."""
    found = cards_about(stage, ticket)
    return found[-1] if found else None


def filed(stage: Stage, user: str, ticket: int, **answers: Any) -> dict[str, Any]:
    """A STAR is filed by dialog and is where nobody has to do anything more; its card."""
    assert files(stage, user, ticket, **answers) == {"ok": True}
    insists(stage, user)
    stage.until(lambda: (issue := stage.issue(ticket)) and issue["notes"])
    stage.until(lambda: "star_submitted" in stage.ticket(ticket)["tags"])
    stage.until(lambda: "STAR issue #" in said(card_about(stage, ticket) or {}))
    return card_about(stage, ticket) or {}


def submission(user: str, view: dict[str, Any], team: str = "T0SANDBOX", **answers: Any) -> dict[str, Any]:
    """What Slack would send if this view had been sent with these answers, whatever its fields allow."""
    values: dict[str, Any] = {}
    for name, answer in (ANSWERS | answers).items():
        chosen = {"selected_options": [{"value": one} for one in answer]} if isinstance(answer, list) else {}
        state = chosen or {"value": answer, "selected_option": {"value": answer}}
        values[name] = {name: state}
    return {
        "type": "view_submission",
        "user": {"id": user, "team_id": team},
        "team": {"id": team},
        "trigger_id": "1.2.3",
        "view": view | {"state": {"values": values}},
    }


def is_sent_raw(stage: Stage, payload: dict[str, Any], kind: str = "interactive") -> Any:
    """This payload reaches the app; what it answers."""
    answer = stage.desk.post("slack/raw", type=kind, payload=payload)
    assert answer["ok"], answer
    return answer["response"]
