"""Words for stories of pages: a manager asks, reads who it would be, confirms, and follows the post."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.stage import LENA, MANAGERS, MARIA, MEI, TOMAS, Stage, said, sandbox

BACKUP = "Customer Emergencies - APAC Backup Pool"
EMERGENCIES = "Customer Support"
MANAGER = "Support Managers"
MACRO = "Support::Managers::Trigger manual emergency"
ASK_VIEW, CONFIRM_VIEW = "page_ask_view", "page_confirm_view"
AGREE, DECLINE = "page_agree", "page_decline"
MANY = "[paging]\npages_an_hour = 100\n"
"""Where stories share a bot, none of them must ask for a second yes because of the others."""


@contextmanager
def many_pages(folder: Path) -> Iterator[Stage]:
    """A world and a bot for a file of stories that page a lot."""
    with sandbox() as desk:
        stage = Stage(desk, folder)
        stage.configure(MANY)
        yield stage.start()
        stage.stop()


def page(stage: Stage, text: str, user: str = LENA, channel: str = MANAGERS) -> Any:
    """`/star-page`; what Slack shows at once."""
    return stage.commands(user, text, "/star-page", channel)


def shown(stage: Stage, user: str = LENA) -> str:
    """What the dialog says that this person sees; "" while there is none."""
    views = stage.views(user)
    return said(views[-1]) if views else ""


def confirmation(stage: Stage, user: str = LENA) -> dict[str, Any]:
    """The dialog that shows who would be paged."""
    stage.until(lambda: "This pages people" in shown(stage, user))
    return dict(stage.views(user)[-1])


def confirms(stage: Stage, user: str = LENA, **values: str) -> Any:
    """*Page them now*; what Slack says."""
    view = confirmation(stage, user)
    return stage.desk.post("slack/submit", user=user, view_id=view["id"], values=values)


def paged(stage: Stage, text: str, user: str = LENA, channel: str = MANAGERS) -> None:
    """A page, from the command to the confirmation."""
    page(stage, text, user, channel)
    assert confirms(stage, user) == {"ok": True}


def submission(view: Mapping[str, Any], user: str, **answers: str) -> dict[str, Any]:
    """The payload of a dialog that is sent, for whoever sends it twice, or changed."""
    texts = {name: {name: {"type": "plain_text_input", "value": text}} for name, text in answers.items()}
    return {
        "type": "view_submission",
        "team": {"id": "T0SANDBOX", "domain": "gitlab-sandbox"},
        "user": {"id": user, "username": "x", "name": "x", "team_id": "T0SANDBOX"},
        "trigger_id": f"again.{user}.{len(answers)}",
        "view": {**view, "state": {"values": texts}},
    }


def presses_old(stage: Stage, user: str, message: Mapping[str, Any], label: str) -> None:
    """Somebody whose Slack still shows the message as it was presses a button of it."""
    elements = [one for block in message["blocks"] for one in block.get("elements", [])]
    action = next(one for one in elements if one.get("text", {}).get("text") == label)
    presses(stage, user, action, message["channel"])


def presses(stage: Stage, user: str, action: Mapping[str, Any], channel: str = MANAGERS) -> None:
    """Somebody presses this button, whether a message has it or not."""
    frame = submission({}, user, **{"as": "it was"})
    del frame["view"]
    more = {"type": "block_actions", "channel": {"id": channel}, "actions": [action]}
    sends_raw(stage, frame | more)


def sends_raw(stage: Stage, payload: Mapping[str, Any], kind: str = "interactive") -> dict[str, Any]:
    """An envelope with this payload is answered; how."""
    answer: dict[str, Any] = stage.desk.post("slack/raw", type=kind, payload=dict(payload))
    assert answer["ok"] is True, answer
    response: dict[str, Any] = answer["response"]
    return response


def incidents(stage: Stage, service: str | None = BACKUP) -> list[dict[str, Any]]:
    """The incidents of a service, or of all."""
    found: list[dict[str, Any]] = stage.part("pagerduty")["incidents"]
    return [one for one in found if service in (None, one["service"])]


def about(stage: Stage, ticket: int, service: str | None = BACKUP) -> list[dict[str, Any]]:
    """The incidents about a ticket."""
    return [one for one in incidents(stage, service) if one["title"].endswith(f"ZD#{ticket}")]


def posts(stage: Stage, ticket: int | str, channel: str = MANAGERS) -> list[dict[str, Any]]:
    """The posts of pages about this ticket in a channel."""
    return [m for m in stage.messages(channel) if f"ZD#{ticket}:" in m["text"]]


def post(stage: Stage, ticket: int | str, channel: str = MANAGERS) -> str:
    """What the newest of them says; "" while there is none."""
    found = posts(stage, ticket, channel)
    return said(found[-1]) if found else ""


def acts(stage: Stage, incident: Mapping[str, Any], action: str, user: str = "Grace Wu") -> None:
    """Somebody does something in PagerDuty."""
    stage.desk.post("pagerduty/act", action=action, incident=incident["id"], user=user)


def told(stage: Stage, user: str) -> str:
    """Everything that the bot told this person in direct messages."""
    return " ".join(said(m) for m in stage.messages(f"D{user[1:]}"))


def kept(stage: Stage) -> list[dict[str, Any]]:
    """Every page in the bot's books, as it stands."""
    assert stage.bot is not None
    with stage.bot._store.read() as books:
        statuses = ("refused", "waiting", "declined", "paging", "failed", "handed", "paged", "resolved")
        return [json.loads(one.body) for one in books.in_status("paging", (*statuses, "acknowledged"))]


def closes_dialogs(stage: Stage) -> None:
    """No dialog of a story stays open for the next one."""
    for user in (LENA, MEI, MARIA, TOMAS, "U0CASEY", "U0ENG01", "U0ENG05"):
        for view in stage.views(user):
            stage.desk.post("slack/close", user=user, view_id=view["id"], clear=True)
