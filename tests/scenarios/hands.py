"""Words for stories of asking for hands: somebody asks, the post follows who takes it, the ticket is theirs."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.stage import BOT, LENA, MANAGERS, SELF_MANAGED, Stage, said, sandbox

ANNA, PIETER, SOFIA = "U0ENG05", "U0ENG06", "U0ENG07"
"""Anna is the engineer on call on weekdays; the people file does not know Sofia's Zendesk account."""
TAKE, ASSIST, DROP, ASK, PAGE = "hands_take", "hands_assist", "hands_drop", "hands_ask", "hands_page"
GIVE_BACK = "hands_give_back"


@contextmanager
def hands_stage(folder: Path, scenario: str = "weekday", toml: str = "") -> Iterator[Stage]:
    """A world and a bot of its own."""
    with sandbox() as desk:
        desk.post("reset", scenario=scenario)
        stage = Stage(desk, folder)
        stage.configure(toml)
        yield stage.start()
        stage.stop()


def star_page(stage: Stage, text: str, user: str = LENA, channel: str = MANAGERS) -> Any:
    """`/star-page`; what Slack shows at once."""
    return stage.commands(user, text, "/star-page", channel)


def shown(stage: Stage, user: str = LENA) -> str:
    """What the dialog says that this person sees; "" while there is none."""
    views = stage.views(user)
    return said(views[-1]) if views else ""


def confirmation(stage: Stage, user: str = LENA) -> dict[str, Any]:
    """The dialog that says what a request for hands does."""
    stage.until(lambda: "This asks for hands" in shown(stage, user))
    return dict(stage.views(user)[-1])


def confirms(stage: Stage, user: str = LENA, **values: str) -> Any:
    """*Ask for hands*; what Slack says."""
    view = confirmation(stage, user)
    return stage.desk.post("slack/submit", user=user, view_id=view["id"], values=values)


def asks(
    stage: Stage, ticket: int, summary: str = "Pushes fail", user: str = LENA, channel: str = MANAGERS
) -> None:
    """A manager asks for hands, from the command to the confirmation."""
    star_page(stage, f"hands ZD#{ticket} {summary}", user, channel)
    assert confirms(stage, user) == {"ok": True}


def calls(
    stage: Stage, ticket: int, what: str = "hands", summary: str = "Pushes fail", user: str = ANNA
) -> None:
    """The engineer on call tells the manager."""
    star_page(stage, f"{what} ZD#{ticket} {summary}", user, SELF_MANAGED)
    stage.until(lambda: "Nobody is paged by this" in shown(stage, user))
    assert stage.sends(user) == {"ok": True}


def posts(stage: Stage, ticket: int, channel: str = SELF_MANAGED) -> list[dict[str, Any]]:
    """The posts that ask for hands for this ticket in a channel."""
    return [m for m in stage.messages(channel) if m["text"].startswith(f"Needs help now ZD#{ticket}:")]


def post(stage: Stage, ticket: int, channel: str = SELF_MANAGED) -> str:
    """What the newest of them says; "" while there is none."""
    found = posts(stage, ticket, channel)
    return said(found[-1]) if found else ""


def posted(stage: Stage, ticket: int, text: str = "Nobody has it yet") -> dict[str, Any]:
    """The post, once it says this."""
    stage.until(lambda: text in post(stage, ticket))
    return posts(stage, ticket)[-1]


def desk(stage: Stage, ticket: int, user: str = LENA) -> dict[str, Any]:
    """The message to a manager about what the engineer on call told; empty while there is none."""
    found = [
        m
        for m in stage.messages(f"D{user[1:]}")
        if m["user"] == BOT
        and m["text"].startswith((f"Needs help now ZD#{ticket}:", f"Another emergency ZD#{ticket}:"))
    ]
    assert len(found) < 2, "one message a manager"
    return found[0] if found else {}


def desk_says(stage: Stage, ticket: int, text: str, user: str = LENA) -> dict[str, Any]:
    """That message, once it says this."""
    stage.until(lambda: text in said(desk(stage, ticket, user)))
    return desk(stage, ticket, user)


def buttons(message: Mapping[str, Any]) -> list[str]:
    """The buttons of a message."""
    rows = [block for block in message.get("blocks") or [] if block["type"] == "actions"]
    return [element["action_id"] for row in rows for element in row["elements"]]


def hears(stage: Stage, user: str, ticket: int, text: str) -> None:
    """A direct message tells this person something about a ticket."""
    stage.until(lambda: any(f"ZD#{ticket}" in m and text in m for m in told(stage, user)))


def told(stage: Stage, user: str) -> list[str]:
    """What the bot told this person in direct messages."""
    return [said(m) for m in stage.messages(f"D{user[1:]}") if m["user"] == BOT]


def is_high(stage: Stage, ticket: int) -> bool:
    """Whether the ticket is high and has the note."""
    return stage.ticket(ticket)["priority"] == "high" and bool(stage.comments(ticket))


def changes(stage: Stage, ticket: int, field: str) -> int:
    """How often this field of the ticket was changed."""
    events = [event for audit in stage.ticket(ticket)["audits"] for event in audit["events"]]
    return sum(event.get("field_name") == field for event in events)


def kept(stage: Stage, ticket: int) -> list[dict[str, Any]]:
    """Every request about this ticket in the bot's books, as it stands."""
    assert stage.bot is not None
    with stage.bot._store.read() as books:
        found = books.in_status("hands", ("refused", "asked", "open", "taken", "dropped"))
        return [one for row in found if (one := json.loads(row.body))["ticket"] == ticket]


def pages_nobody(stage: Stage) -> None:
    """PagerDuty was only asked, in the whole story."""
    assert [r for r in stage.requests("pagerduty") if r["method"] != "GET"] == []


def closes_dialogs(stage: Stage, *users: str) -> None:
    """No dialog of a story stays open for the next one."""
    for user in users:
        for view in stage.views(user):
            stage.desk.post("slack/close", user=user, view_id=view["id"], clear=True)
