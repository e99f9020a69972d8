"""Words for stories of compromised instances: somebody reports one, and the messages about it follow."""

from itertools import count
from typing import Any

from tests.scenarios.paging import closes_dialogs, page, sends_raw, shown, submission
from tests.stage import BOT, LENA, MANAGERS, STARS, Stage, said

BEFORE, INSTEAD, NOT_NEEDED = "compromised_before", "compromised_instead", "compromised_not_needed"
POINTS, MACRO, CLOSE = "compromised_points", "compromised_macro", "compromised_close"
RULE = "No call is offered to the customer before a manager has said how."
TITLE = "Incident::Compromised Instance"
TEXT = "Please shut the instance down and restore a backup on a new server with the same version."
NOTE, CUSTOMER = "note", "customer"
_numbers = count()


def reports(stage: Stage, user: str = LENA, words: str = "Unknown runners") -> int:
    """A compromised instance is reported; answers its ticket once that person has their message."""
    ticket = stage.fresh_ticket()
    commands(stage, f"compromised ZD#{ticket} {words}", user)
    stage.until(lambda: record(stage, ticket, user))
    return ticket


def commands(stage: Stage, text: str, user: str = LENA) -> None:
    """`/star-page`, in a channel that everybody is in."""
    page(stage, text, user, STARS)


def presses_copy(stage: Stage, user: str, message: dict[str, Any], label: str) -> None:
    """Somebody whose Slack still shows the message as it was, or who should not see it, presses a button of it."""
    elements = [one for block in message["blocks"] for one in block.get("elements", [])]
    action = next(one for one in elements if one["text"]["text"] == label)
    frame = submission({}, user) | {"type": "block_actions", "trigger_id": f"old.{next(_numbers)}"}
    del frame["view"]
    sends_raw(stage, frame | {"channel": {"id": message["channel"]}, "actions": [action]})


def records(stage: Stage, ticket: int, user: str = LENA) -> list[dict[str, Any]]:
    """The messages about this ticket to this person, or in the managers' channel."""
    channel = user if user == MANAGERS else f"D{user[1:]}"
    head = f"Compromised instance ZD#{ticket}"
    return [m for m in stage.messages(channel) if m.get("user") == BOT and m["text"].startswith(head)]


def record(stage: Stage, ticket: int, user: str = LENA) -> dict[str, Any]:
    """The message of this person about this ticket; empty while there is none."""
    found = records(stage, ticket, user)
    assert len(found) < 2, "one message a person"
    return found[0] if found else {}


def says(stage: Stage, ticket: int, text: str, user: str = LENA) -> dict[str, Any]:
    """Waits until this person's message says this; answers it."""
    stage.until(lambda: text in said(record(stage, ticket, user)))
    return record(stage, ticket, user)


def buttons_of(message: dict[str, Any]) -> list[str]:
    """What can be pressed on a message."""
    rows = [block for block in message["blocks"] if block["type"] == "actions"]
    return [element["action_id"] for row in rows for element in row["elements"]]


def words_to(stage: Stage, user: str, ticket: int) -> list[str]:
    """What else this person was told about this ticket."""
    found = [m["text"] for m in stage.messages(f"D{user[1:]}") if m.get("user") == BOT]
    return [one for one in found if f"ZD#{ticket}" in one and not one.startswith("Compromised instance ZD#")]


def hears(stage: Stage, user: str, ticket: int, text: str) -> None:
    """Waits until this person is told this."""
    stage.until(lambda: any(text in one for one in words_to(stage, user, ticket)))


def opens(stage: Stage, ticket: int, button: str, text: str, user: str = LENA) -> dict[str, Any]:
    """A dialog is opened from this person's message, and shows this."""
    stage.presses(user, record(stage, ticket, user), button)
    stage.until(lambda: text in shown(stage, user))
    return dict(stage.views(user)[-1])


def applies(stage: Stage, ticket: int, mode: str, user: str = LENA) -> None:
    """Somebody reads what the macro would do, and chooses."""
    opens(stage, ticket, MACRO, TEXT, user)
    assert stage.sends(user, mode=mode) == {"ok": True}


def paging_calls(stage: Stage) -> list[dict[str, Any]]:
    """Whatever was written to PagerDuty."""
    return [row for row in stage.requests("pagerduty") if row["method"] != "GET"]


def second_manager(stage: Stage) -> None:
    """Tomas is on call beside Lena."""
    stage.desk.post("pagerduty/act", action="extra", schedule="Support Manager - EMEA", user="Tomas Novak")


def ends(stage: Stage) -> None:
    """No dialog of a story stays open for the next one, and the schedule is as the rotation says."""
    stage.desk.post("pagerduty/act", action="clear")
    closes_dialogs(stage)
