"""The manager at 03:00: an emergency is escalated to them, two taps page the backup pool; by webhook or by looks."""

import json
import re
import socket
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from starbot_sandbox.pagerduty.webhooks import signature
from tests.corpus import HOSTILE
from tests.scenarios.paging import presses
from tests.stage import BOT, CASEY, ENGINEER, MANAGERS, MEI, Stage, said

FIRST, SECOND = 123490, 123491
BACKUP = "Customer Emergencies - APAC Backup Pool"
EMERGENCIES = "Customer Support"
SECRET = "pd-webhook-secret"
PAGE, TAKE, DISMISS = "emergency_page", "emergency_take", "emergency_dismiss"


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """Held by a socket that does not listen, beside which another may."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


@pytest.fixture
def by_looks(empty_stage: Stage) -> Stage:
    """A Saturday morning in Brisbane, and a bot that asks PagerDuty each second."""
    empty_stage.desk.post("reset", scenario="apac_weekend")
    empty_stage.configure("[paging]\nemergency_poll_seconds = 1\npoll_seconds = 1\n")
    return empty_stage


@pytest.fixture
def by_webhook(empty_stage: Stage, port: int) -> Stage:
    """The same, and a bot that PagerDuty tells; only webhooks move it once it has started."""
    empty_stage.desk.post("reset", scenario="apac_weekend")
    empty_stage.configure("[paging]\npoll_seconds = 3600\n")
    empty_stage.environ |= {
        "STARBOT_LISTEN": f"127.0.0.1:{port}",
        "PAGERDUTY_WEBHOOK_SECRET": f"old,{SECRET}",
    }
    empty_stage.desk.post("pagerduty/subscribe", url=_url(port), secret=SECRET)
    return empty_stage


@pytest.fixture(params=["looks", "webhook"])
def weekend(request: pytest.FixtureRequest) -> Stage:
    """Either way: what follows is the same."""
    stage: Stage = request.getfixturevalue(f"by_{request.param}")
    return stage


def _url(port: int) -> str:
    return f"http://127.0.0.1:{port}/webhooks/pagerduty"


def _act(stage: Stage, incident: Any, action: str, **more: Any) -> None:
    stage.desk.post("pagerduty/act", incident=incident, action=action, **more)


def _incidents(stage: Stage, service: str) -> list[dict[str, Any]]:
    return [one for one in stage.part("pagerduty")["incidents"] if one["service"] == service]


def _incident(stage: Stage, ticket: int) -> dict[str, Any]:
    return next(one for one in _incidents(stage, EMERGENCIES) if str(ticket) in one["title"])


def _desk(stage: Stage, ticket: int = SECOND, user: str = MEI) -> dict[str, Any]:
    """The message to a manager about an emergency; empty while there is none."""
    found = [
        m
        for m in stage.messages(f"D{user[1:]}")
        if m.get("user") == BOT and m["text"].startswith(f"Customer emergency ZD#{ticket}")
    ]
    assert len(found) < 2, "one message a manager"
    return found[0] if found else {}


def _buttons(message: dict[str, Any]) -> list[str]:
    rows = [block for block in message.get("blocks") or [] if block["type"] == "actions"]
    return [element["action_id"] for row in rows for element in row["elements"]]


def _says(stage: Stage, text: str, ticket: int = SECOND, user: str = MEI) -> dict[str, Any]:
    stage.until(lambda: text in said(_desk(stage, ticket, user)))
    return _desk(stage, ticket, user)


def _words(stage: Stage, user: str = MEI) -> list[str]:
    """What else the bot says to a person in direct messages."""
    found = [m for m in stage.messages(f"D{user[1:]}") if m.get("user") == BOT]
    return [m["text"] for m in found if not m["text"].startswith("Customer emergency")]


def _listed(stage: Stage, user: str = MEI) -> str:
    told = stage.commands(user, "emergencies")["response"]
    assert told["response_type"] == "ephemeral"
    return said(told)


def _moved(stage: Stage) -> None:
    """Time for a look, and for whatever would follow."""
    stage.quiet(1.6 if "PAGERDUTY_WEBHOOK_SECRET" not in stage.environ else 0.6)


# -- the whole path


def test_from_the_escalation_to_an_acknowledged_page_in_two_taps(weekend: Stage) -> None:
    stage = weekend.start()
    message = _says(stage, "PagerDuty asks you")
    shown = said(_says(stage, "Aiko Mori has it"))
    assert f"/agent/tickets/{SECOND}|ZD#{SECOND}>" in shown
    assert "*25 of 30 minutes* left" in shown
    assert f"ZD#{FIRST}" in shown
    assert "Backup pool now:" in shown
    assert _buttons(message) == [PAGE, TAKE, DISMISS]
    assert _incidents(stage, BACKUP) == []

    stage.presses(MEI, message, PAGE)
    view = stage.until(lambda: [v for v in stage.views(MEI) if "This pages people" in said(v)])[-1]
    assert "it is not that now" not in said(view) and "No other emergency" not in said(view)
    assert _incidents(stage, BACKUP) == [], "the first tap pages nobody"
    stage.desk.post("slack/submit", user=MEI, view_id=view["id"], values={})

    page = stage.until(lambda: _incidents(stage, BACKUP))[0]
    assert page["title"] == f"Duplicate emergency - ZD#{SECOND}"
    subject = _incident(stage, SECOND)["title"].removeprefix(f"ZD#{SECOND} ")
    assert page["body"] == subject
    _says(stage, "Backup pool: paged, nobody has answered yet")
    _act(stage, page["id"], "acknowledge", user=page["assignees"][0])
    _says(stage, "answered (")
    stage.until(lambda: any("answered." in said(m) for m in stage.messages(MANAGERS)))
    _act(stage, _incident(stage, SECOND)["id"], "resolve", user="Grace Wu")
    message = _says(stage, "Over in PagerDuty.")
    assert _buttons(message) == []
    assert len(_incidents(stage, BACKUP)) == 1


def test_the_manager_takes_it_in_their_own_name(weekend: Stage) -> None:
    stage = weekend.start()
    stage.presses(MEI, _says(stage, "PagerDuty asks you"), TAKE)
    message = _says(stage, "Mei Tanaka has it")
    incident = _incident(stage, SECOND)
    assert (incident["status"], incident["acknowledgers"]) == ("acknowledged", ["Mei Tanaka"])
    assert _buttons(message) == [PAGE, DISMISS]
    stage.presses(MEI, message, DISMISS)
    assert _buttons(_says(stage, "Not needed, you said")) == []


def test_not_needed_takes_the_buttons_away_and_says_so(weekend: Stage) -> None:
    stage = weekend.start()
    stage.presses(MEI, _says(stage, "PagerDuty asks you"), DISMISS)
    message = _says(stage, "Not needed, you said: I ask no more. PagerDuty still asks")
    assert _buttons(message) == []
    assert _incident(stage, SECOND)["status"] == "triggered"


def test_a_second_escalation_asks_the_next_manager_and_a_third_the_first_again(weekend: Stage) -> None:
    stage = weekend.start()
    incident = _incident(stage, SECOND)["id"]
    stage.presses(MEI, _says(stage, "PagerDuty asks you"), DISMISS)
    _says(stage, "Not needed")
    _act(stage, incident, "reassign", user="Mei Tanaka", to="Ravi Iyer")
    other = _says(stage, "PagerDuty asks you", user="U0RAVI")
    assert _buttons(other) == [PAGE, TAKE, DISMISS]
    _says(stage, "PagerDuty asks Ravi Iyer now")
    _act(stage, incident, "reassign", user="Ravi Iyer", to="Mei Tanaka")
    assert _buttons(_says(stage, "PagerDuty asks you")) == [PAGE, TAKE, DISMISS]
    stage.until(lambda: any("asks you again" in word for word in _words(stage)))


def test_a_new_emergency_shows_in_the_message_about_the_other(weekend: Stage) -> None:
    stage = weekend.start()
    _says(stage, "PagerDuty asks you")
    stage.desk.post("pagerduty/trigger", service=EMERGENCIES, title="ZD#123456 A third one")
    _says(stage, "ZD#123456> A third one")
    _act(stage, "ZD#123456 A third one", "resolve", user="Aiko Mori")
    stage.until(lambda: "A third one" not in said(_desk(stage)))
    assert _desk(stage, 123456) == {}, "it was never a manager's"


def test_the_minutes_are_counted(by_looks: Stage) -> None:
    stage = by_looks.start()
    _says(stage, "*25 of 30 minutes* left")
    stage.passes(16)
    _says(stage, "*9 of 30 minutes* left")
    stage.passes(15)
    _says(stage, "for a first reply are over")


def test_what_is_over_in_pagerduty_is_neither_taken_nor_paged_for(by_looks: Stage) -> None:
    by_looks.configure("[paging]\nemergency_poll_seconds = 3600\n")
    stage = by_looks.start()
    message = _says(stage, "PagerDuty asks you")
    _act(stage, _incident(stage, SECOND)["id"], "resolve", user="Aiko Mori")
    stage.presses(MEI, message, TAKE)
    assert _buttons(_says(stage, "Over in PagerDuty.")) == []
    assert _incident(stage, SECOND)["acknowledgers"] == []


def test_who_is_no_manager_can_do_nothing_with_the_buttons(weekend: Stage) -> None:
    """Whom the bot takes for a manager may change while a message with buttons is there."""
    stage = weekend.start()
    stage.desk.post("pagerduty/act", action="extra", schedule="Support Manager - APAC", user="Grace Wu")
    _act(stage, _incident(stage, SECOND)["id"], "reassign", user="Mei Tanaka", to="Grace Wu")
    message = _says(stage, "PagerDuty asks you", user="U0ENG03")
    stage.desk.post("pagerduty/act", action="clear")
    stage.stop()
    stage.start()
    for button in (TAKE, DISMISS, PAGE):
        stage.presses("U0ENG03", message, button)
    stage.until(lambda: len(_words(stage, "U0ENG03")) == 3)
    assert all("Only Support Managers" in word for word in _words(stage, "U0ENG03"))
    assert stage.views("U0ENG03") == []
    assert _buttons(_desk(stage, user="U0ENG03")) == [PAGE, TAKE, DISMISS]
    assert _incident(stage, SECOND)["status"] == "triggered" and _incidents(stage, BACKUP) == []


# -- who has no Slack account, and what PagerDuty does not say


def test_a_manager_without_a_slack_id_is_asked_for_in_the_channel(weekend: Stage) -> None:
    stage = weekend
    people = stage.folder / "people.yml"
    kept = [part for part in people.read_text("utf-8").split("- ") if "U0MEI" not in part]
    people.write_text("- ".join(kept), "utf-8")
    stage.breaks("slack", path="/slack/api/users.lookupByEmail", kind="malformed")
    stage.start()

    def told() -> list[dict[str, Any]]:
        return [m for m in stage.messages(MANAGERS) if f"ZD#{SECOND}" in m["text"]]

    message = stage.until(told)[0]
    assert "<!subteam^S0SMOC>: Mei Tanaka is asked" in said(message)
    stage.presses("U0RAVI", message, TAKE)
    stage.until(lambda: "Ravi Iyer has it" in said(told()[0]))
    assert _incident(stage, SECOND)["acknowledgers"] == ["Ravi Iyer"]


def test_with_pagerduty_down_what_the_webhook_told_is_enough(by_webhook: Stage) -> None:
    stage = by_webhook.start()
    message = _says(stage, "PagerDuty asks you")
    stage.breaks("pagerduty", status=503)
    stage.presses(MEI, message, TAKE)
    _says(stage, "PagerDuty does not answer me: it is *not acknowledged* yet")
    _act(stage, _incident(stage, SECOND)["id"], "annotate", user="Aiko Mori", content="Calling.")
    _act(stage, _incident(stage, SECOND)["id"], "reassign", user="Mei Tanaka", to="Ravi Iyer")
    shown = said(_says(stage, "<@U0MEI> takes it; PagerDuty is being told", user="U0RAVI"))
    assert "PagerDuty does not say right now who is in it" in shown
    stage.mends()
    _says(stage, "Mei Tanaka has it")


def test_with_pagerduty_silent_the_list_says_how_old_it_is(by_looks: Stage) -> None:
    stage = by_looks.start()
    _says(stage, "PagerDuty asks you")
    stage.breaks("pagerduty", status=503)
    stage.until(lambda: "PagerDuty does not answer me" in _listed(stage))
    stage.mends()
    stage.until(lambda: "PagerDuty does not answer me" not in _listed(stage))


def test_what_pagerduty_refuses_is_said_and_may_be_tried_again(by_looks: Stage) -> None:
    stage = by_looks.start()
    message = _says(stage, "PagerDuty asks you")
    stage.breaks("pagerduty", method="PUT", status=403)
    stage.presses(MEI, message, TAKE)
    again = _says(stage, "It is *not acknowledged*.")
    assert TAKE in _buttons(again)
    stage.until(lambda: any("not acknowledged" in word for word in _words(stage)))
    stage.mends()
    stage.presses(MEI, again, TAKE)
    _says(stage, "Mei Tanaka has it")


def test_a_word_whose_answer_is_lost_is_said_once(by_looks: Stage) -> None:
    stage = by_looks.start()
    message = _says(stage, "PagerDuty asks you")
    stage.presses(MEI, message, TAKE)
    _says(stage, "Mei Tanaka has it")
    since = stage.last_row()
    stage.breaks("slack", "drop_after", method="chat.postMessage", times=1)
    rows = [block for block in message["blocks"] if block["type"] == "actions"]
    action = next(one for row in rows for one in row["elements"] if one["action_id"] == TAKE)
    presses(stage, "U0RAVI", action)
    stage.until(lambda: _words(stage, "U0RAVI"))
    stage.until(lambda: [r for r in stage.requests("slack", since) if r["path"].endswith(".history")])
    stage.quiet()
    assert len(_words(stage, "U0RAVI")) == 1 and "has it already" in _words(stage, "U0RAVI")[0]


def test_after_a_restart_in_the_middle_there_is_still_one_message(weekend: Stage) -> None:
    stage = weekend.start()
    before = _says(stage, "PagerDuty asks you")
    stage.stop()
    _act(stage, _incident(stage, SECOND)["id"], "acknowledge", user="Mei Tanaka")
    stage.start()
    after = _says(stage, "has it.")
    assert after["ts"] == before["ts"]
    _act(stage, _incident(stage, SECOND)["id"], "resolve", user="Mei Tanaka")
    _says(stage, "Over in PagerDuty.")


# -- /star emergencies


def test_star_emergencies_lists_them_from_the_store(weekend: Stage) -> None:
    stage = weekend.start()
    _says(stage, "Aiko Mori has it")
    stage.breaks("slack", kind="delay_before", delay_s=30)
    shown = _listed(stage)
    assert "2 open customer emergencies" in shown
    assert "acknowledged by Aiko Mori" in shown and "the 30 minutes for a first reply are over" in shown
    assert "PagerDuty asks" in shown and "of 30 minutes* left" in shown
    assert shown.index(str(FIRST)) < shown.index(str(SECOND))
    assert "2 open" in _listed(stage, ENGINEER), "the engineer on call may see them"
    assert "Only Support Managers" in _listed(stage, CASEY)
    assert "/star emergencies" in said(stage.commands(MEI, "help")["response"])


def test_where_nothing_tells_of_emergencies_the_list_says_so(by_looks: Stage) -> None:
    by_looks.configure("[paging]\nemergency_poll_seconds = 0\n")
    stage = by_looks.start()
    shown = _listed(stage)
    assert "No customer emergency is open" in shown and "I am not told of emergencies" in shown
    stage.quiet()
    assert [r for r in stage.requests("pagerduty") if r["path"].endswith("/incidents")] == []


def test_where_the_service_has_another_name_the_list_says_so(by_looks: Stage) -> None:
    by_looks.configure('[paging]\nemergency_poll_seconds = 1\nemergency_service = "Customers"\n')
    stage = by_looks.start()
    assert "mends `paging.emergency_service`" in _listed(stage)


# -- webhooks


@pytest.fixture
def brings(by_webhook: Stage, port: int) -> Callable[..., int]:
    """Brings a webhook to the bot, signed well unless told otherwise; the status."""
    by_webhook.start()

    def bring(body: Any, secret: str = SECRET, path: str = _url(port), **headers: str) -> int:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        signed = {"X-PagerDuty-Signature": signature(raw, [secret]), "Content-Type": "application/json"}
        return httpx.post(path, content=raw, headers=signed | headers, timeout=10).status_code

    return bring


def _webhook(stage: Stage, kind: str, at: str = "2026-11-21T00:31:00Z", id: str = "", **data: Any) -> Any:
    """A webhook about the second emergency, as PagerDuty writes them."""
    one = _incident(stage, SECOND)
    told = {
        "id": one["id"],
        "type": "incident",
        "html_url": f"https://gitlab-sandbox.pagerduty.com/incidents/{one['id']}",
        "number": one["number"],
        "status": "triggered",
        "incident_key": one["key"],
        "created_at": "2026-11-21T00:25:00Z",
        "title": one["title"],
        "service": {"id": "PVCUST", "type": "service_reference", "summary": EMERGENCIES},
        "assignees": [{"id": "PMEI", "type": "user_reference", "summary": "Mei Tanaka"}],
        "escalation_policy": None,
        "urgency": "high",
    }
    event = {
        "id": id or f"{kind}-{at}",
        "event_type": kind,
        "resource_type": "incident",
        "occurred_at": at,
        "agent": {"id": "PENG01", "type": "user_reference", "summary": "Aiko Mori"},
        "client": None,
        "data": told | data,
    }
    return {"event": event}


def test_what_is_forged_or_odd_changes_nothing(by_webhook: Stage, brings: Callable[..., int]) -> None:
    stage = by_webhook
    _says(stage, "Aiko Mori has it")
    stage.quiet()
    before = said(_desk(stage))
    over = _webhook(stage, "incident.resolved", status="resolved", assignees=[])
    assert brings(over, secret="a guess") == 401
    assert brings(over, **{"X-PagerDuty-Signature": ""}) == 401
    assert brings(b"{") == 400
    assert brings({"event": []}) == 400
    assert brings(_webhook(stage, "incident.resolved", status="melted")) == 400
    assert brings(b"x" * (600 * 1024)) == 413
    assert brings(_webhook(stage, "incident.teleported", status="resolved")) == 202
    assert brings({"event": {"event_type": "pagey.ping", "id": "1"}}) == 202
    stage.quiet()
    assert said(_desk(stage)) == before
    assert "2 open" in _listed(stage)
    assert brings(over, secret="old") == 202, "the secret that is being replaced is still good"
    _says(stage, "Over in PagerDuty.")


def test_replayed_and_late_webhooks_change_nothing(by_webhook: Stage, brings: Callable[..., int]) -> None:
    stage = by_webhook
    _says(stage, "PagerDuty asks you")
    later, earlier = "2026-11-21T00:33:00Z", "2026-11-21T00:32:00Z"
    taken = _webhook(stage, "incident.acknowledged", later, status="acknowledged")
    escalated = _webhook(stage, "incident.escalated", earlier)
    assert brings(taken) == 202
    _says(stage, "Aiko Mori has it")
    assert [brings(escalated), brings(taken), brings(escalated)] == [202, 202, 202]
    _moved(stage)
    assert "Aiko Mori has it." in said(_desk(stage))
    assert _words(stage) == []


def test_pagerdutys_own_webhooks_sent_again_change_nothing(by_webhook: Stage) -> None:
    stage = by_webhook.start()
    _says(stage, "PagerDuty asks you")
    _act(stage, _incident(stage, SECOND)["id"], "acknowledge", user="Grace Wu")
    _says(stage, "Grace Wu has it")
    _moved(stage)
    before = said(_desk(stage))
    told = stage.desk.post("pagerduty/redeliver")
    assert told and "202" in json.dumps(told)
    _moved(stage)
    assert said(_desk(stage)) == before


@pytest.mark.long
def test_a_title_is_peoples_text_whatever_it_holds(by_webhook: Stage, brings: Callable[..., int]) -> None:
    stage = by_webhook
    _says(stage, "Aiko Mori has it")
    since = stage.last_row()
    titles = [f"ZD#{SECOND} {text}".encode("utf-8", "replace").decode() for text in HOSTILE.values()]
    for number, title in enumerate([*titles, f"ZD#{SECOND} The end"]):
        at = f"2026-11-21T00:40:{number:02}Z"
        assert brings(_webhook(stage, "incident.escalated", at, title=title)) == 202
    message = _says(stage, "The end")
    assert _buttons(message) == [PAGE, TAKE, DISMISS]
    stage.quiet()
    answers = [row["response"] for row in stage.requests("slack", since) if "chat." in row["path"]]
    assert answers and all(answer["ok"] for answer in answers), "Slack took every one of them"
    for row in stage.requests("slack", since):
        blocks = row["request"].get("blocks") or "[]"
        for one in json.loads(blocks) if isinstance(blocks, str) else blocks:
            text = (one.get("text") or {}).get("text", "")
            assert not re.search(r"<!channel|<!here|<@U0LENA|<https://evil", text), text


def test_the_hostile_title_of_an_emergency_pages_with_harmless_words(
    by_webhook: Stage, brings: Callable[..., int]
) -> None:
    stage = by_webhook
    _says(stage, "PagerDuty asks you")
    title = f"ZD#{SECOND} <!channel> *{HOSTILE['slack_link']}*"
    assert brings(_webhook(stage, "incident.escalated", "2026-11-21T00:40:00Z", title=title)) == 202
    message = _says(stage, "&lt;!channel&gt;")
    stage.presses(MEI, message, PAGE)
    view = stage.until(lambda: [v for v in stage.views(MEI) if "This pages people" in said(v)])[-1]
    stage.desk.post("slack/submit", user=MEI, view_id=view["id"], values={})
    page = stage.until(lambda: _incidents(stage, BACKUP))[0]
    assert page["title"] == f"Duplicate emergency - ZD#{SECOND}"
