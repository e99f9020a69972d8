"""Whoever is not Slack, or not our Slack, is refused with a plain word, and nothing changes."""

import json
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from starbot.web.slack import LARGEST
from starbot_sandbox.slack.http import signature
from tests.stage import Stage
from tests.web.letters import SECRET, Postman, as_form, callback, form_post

DEEP = b"[" * 100_000
FORM = "application/x-www-form-urlencoded"
CLICK = {
    "type": "block_actions",
    "team": {"id": "T0SANDBOX"},
    "api_app_id": "A0STARBOT",
    "user": {"id": "U0LENA"},
    "actions": [{"action_id": "star_acknowledge"}],
}

REFUSED: dict[str, tuple[int, Callable[[Postman], httpx.Response]]] = {
    "unsigned": (401, lambda p: p.brings(form_post(), x_slack_signature="")),
    "without a time stamp": (401, lambda p: p.brings(form_post(), x_slack_request_timestamp="")),
    "signed with another secret": (401, lambda p: p.brings(form_post(), secret="another")),
    "signed in another version": (401, lambda p: p.brings(form_post(), x_slack_signature="v1=" + "a" * 64)),
    "with a signature beyond ASCII": (
        401,
        lambda p: p.http.post("/slack/events", content=b"{}", headers=[(b"X-Slack-Signature", b"\xff")]),
    ),
    "of six minutes ago": (401, lambda p: p.brings(form_post(), age_s=360)),
    "of six minutes ahead": (401, lambda p: p.brings(form_post(), age_s=-360)),
    "with words for a time": (401, lambda p: p.brings(form_post(), x_slack_request_timestamp="yesterday")),
    "with digits of another script": (
        401,
        lambda p: p.http.post(
            "/slack/events", content=b"{}", headers=[(b"X-Slack-Request-Timestamp", b"\xb2\xb3")]
        ),
    ),
    "with a time that is too long": (
        401,
        lambda p: p.brings(form_post(), x_slack_request_timestamp="9" * 5000),
    ),
    "with another body than was signed": (
        401,
        lambda p: p.http.post(
            "/slack/events", content=b'{"a":1}', headers=signature(SECRET, b"{}", int(time.time()))
        ),
    ),
    "too large": (413, lambda p: p.brings(b" " * (LARGEST + 1))),
    "neither JSON nor a form": (415, lambda p: p.brings(form_post(), kind="text/xml")),
    "of no kind at all": (415, lambda p: p.brings(form_post(), content_type="")),
    "no JSON": (400, lambda p: p.brings(b"{not json")),
    "no UTF-8": (400, lambda p: p.brings(b'"\xff\xfe"')),
    "a list": (400, lambda p: p.brings([form_post()])),
    "a number": (400, lambda p: p.brings(5)),
    "nothing": (400, lambda p: p.brings(b"")),
    "nested beyond all measure": (400, lambda p: p.brings(DEEP)),
    "a number without end": (400, lambda p: p.brings(b"9" * 10_000)),
    "a form whose payload is no JSON": (400, lambda p: p.brings(b"payload=x", kind=FORM)),
    "a form whose payload is a list": (400, lambda p: p.brings(as_form([CLICK]), kind=FORM)),
    "a form of countless fields": (400, lambda p: p.brings(b"a=1&" * 1000, kind=FORM)),
    "for another workspace": (403, lambda p: p.brings(form_post(team_id="T0OTHER"))),
    "authorized for another workspace": (
        403,
        lambda p: p.brings(form_post(authorizations=[{"team_id": "T0OTHER"}])),
    ),
    "for no workspace": (403, lambda p: p.brings({"type": "event_callback", "event": {}})),
    "for another app": (403, lambda p: p.brings(form_post(api_app_id="A0OTHER"))),
    "a click in another workspace": (
        403,
        lambda p: p.brings(as_form(CLICK | {"team": {"id": "T0OTHER"}}), kind=FORM),
    ),
    "a dialog of another workspace": (
        403,
        lambda p: p.brings(as_form(CLICK | {"view": {"app_installed_team_id": "T0OTHER"}}), kind=FORM),
    ),
    "a click on nothing": (400, lambda p: p.brings(as_form(CLICK | {"actions": []}), kind=FORM)),
    "a click by a number": (400, lambda p: p.brings(as_form(CLICK | {"user": 5, "actions": 5}), kind=FORM)),
    "a GET": (405, lambda p: p.http.get("/slack/events")),
    "to another path": (404, lambda p: p.http.post("/slack/other", content=b"{}")),
}


@pytest.fixture(scope="module")
def postman(shared: Stage, port: int) -> Postman:
    return Postman(port)


@pytest.fixture
def nothing_happens(shared: Stage) -> Iterator[None]:
    """Nobody is asked anything, and nothing is in the world that was not before."""
    shared.quiet(0.1)
    before, world = shared.last_row(), shared.state
    yield
    shared.quiet(0.3)
    assert shared.requests(since=before) == []
    assert {**shared.state, "now": ""} == {**world, "now": ""}


@pytest.mark.usefixtures("nothing_happens")
@pytest.mark.parametrize("what", REFUSED)
def test_a_request_is_refused_with_a_plain_4xx(postman: Postman, what: str) -> None:
    status, bring = REFUSED[what]
    answer = bring(postman)
    assert answer.status_code == status
    assert "Traceback" not in answer.text and len(answer.text) < 200


@pytest.mark.usefixtures("nothing_happens")
def test_a_body_that_does_not_come_is_not_waited_for(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
        head = "POST /slack/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{"
        line.sendall(head.encode())
        assert line.recv(100).startswith(b"HTTP/1.1 408 ")


def test_what_would_be_refused_again_slack_need_not_send_again(postman: Postman) -> None:
    assert postman.brings(form_post(team_id="T0OTHER")).headers["x-slack-no-retry"] == "1"
    assert "x-slack-no-retry" not in postman.brings(form_post(), age_s=360).headers


def test_a_replay_of_what_was_taken_is_acknowledged_and_changes_nothing(
    shared: Stage, postman: Postman
) -> None:
    ticket = shared.fresh_ticket()
    first = postman.brings(form_post(ticket))
    shared.until(lambda: shared.issue(ticket))
    shared.quiet()
    before = shared.last_row()
    names = ("x-slack-signature", "x-slack-request-timestamp", "content-type")
    replay = postman.http.post(
        "/slack/events",
        content=first.request.content,
        headers={name: first.request.headers[name] for name in names},
    )
    assert (first.status_code, replay.status_code, replay.text) == (200, 200, "")
    shared.quiet()
    assert shared.requests(since=before) == []


@pytest.mark.usefixtures("nothing_happens")
def test_slack_is_told_its_own_challenge(postman: Postman) -> None:
    question = {"type": "url_verification", "token": "t", "challenge": "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWM"}
    assert json.loads(postman.brings(question).text) == {"challenge": question["challenge"]}
    assert postman.brings(question, secret="another").status_code == 401


@pytest.mark.usefixtures("nothing_happens")
def test_slack_may_look_at_the_certificate_without_a_signature(postman: Postman) -> None:
    answer = postman.http.post(
        "/slack/commands", content=b"token=t&ssl_check=1", headers={"content-type": FORM}
    )
    assert (answer.status_code, answer.text) == (200, "")


def test_what_is_refused_is_said_in_the_log_without_its_text(
    postman: Postman, capsys: pytest.CaptureFixture[str]
) -> None:
    postman.brings(form_post() | {"secret": "They go live tomorrow."}, secret="another")
    said = capsys.readouterr().out
    assert "copy SLACK_SIGNING_SECRET again" in said
    assert "They go live" not in said


def odd(**more: Any) -> dict[str, Any]:
    return callback({"type": "message", "channel": "C0STARS", "ts": "1.1"}) | more


@pytest.mark.parametrize(
    "body", [odd(event=5), odd(event=None), odd(authorizations=5), odd(authorizations=[5]), odd(team=5)]
)
def test_odd_shapes_under_a_good_signature_never_give_a_5xx(postman: Postman, body: Any) -> None:
    assert postman.brings(body).status_code < 500


@pytest.mark.parametrize(
    "body,kind",
    [
        (callback({}) | {"type": "unheard_of"}, None),
        (b"command=%2Fnothing&text=payload&team_id=T0SANDBOX&api_app_id=A0STARBOT", FORM),
    ],
    ids=["a thing", "a command"],
)
@pytest.mark.usefixtures("nothing_happens")
def test_what_nobody_knows_is_answered_and_left_alone(postman: Postman, body: Any, kind: str | None) -> None:
    """Else Slack sends it again, and in the end sends nothing any more."""
    answer = postman.brings(body, kind=kind) if kind else postman.brings(body)
    assert answer.status_code == 200
    assert answer.content == b""
