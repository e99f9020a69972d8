"""Payloads that are not as Slack describes them, and forged ones: answered, left alone, and said once."""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter
from slack_bolt import App, BoltRequest
from slack_bolt.response import BoltResponse
from structlog.testing import capture_logs

from starbot.core.case import Event
from starbot.duties.redirects import model as redirects
from starbot.duties.redirects import slack as redirect_slack
from starbot.duties.stars import model as stars
from starbot.duties.stars import words
from starbot.duties.stars.form import FormLabels, UrgencyLevel
from starbot.duties.stars.slack import FormReader, Listener
from starbot.engine.advance import Advance
from starbot.engine.duty import Duty
from starbot.engine.store import Store
from starbot.listeners import Hears, bolt_app
from starbot.services.slack import Identity, SlackService
from tests.duties.stars.stories import LENA, LOOK, NOON, POLICY, ROOT
from tests.stage import SELF_MANAGED, STARS

FORM = "*Ticket*\n123456\n*Urgency*\nUrgent"
TS = "1794916800.000100"
POST = {"type": "message", "channel": STARS, "bot_id": "B1", "text": FORM}
EDIT = {"type": "message", "channel": STARS, "subtype": "message_changed"}
EYES = {"type": "reaction_added", "reaction": "eyes", "user": "U0LENA", "event_ts": "1.1"}
ESCALATE = {"type": "reaction_added", "reaction": "escalate"}
EDITED = {"bot_id": "B1", "text": FORM, "edited": {"ts": "1.2"}}

ODD_EVENTS: Sequence[dict[str, Any]] = (
    {"type": "message", "channel_type": "im"},
    {"type": "message", "channel_type": "im", "channel": "D1", "user": "U0LENA", "text": "x"},
    POST,
    POST | {"ts": "abc"},
    POST | {"ts": "nan"},
    POST | {"ts": "99999999999999999.1"},
    POST | {"ts": "9" * 400},
    POST | {"ts": TS, "text": 5},
    POST | {"ts": TS, "blocks": ["x"]},
    POST | {"ts": TS, "blocks": {"a": 1}},
    EDIT,
    EDIT | {"message": None},
    EDIT | {"message": {"edited": "x", "ts": TS}},
    EDIT | {"message": EDITED},
    EDIT | {"message": EDITED | {"ts": "yesterday"}},
    EYES,
    EYES | {"item": {"type": "message", "channel": STARS}},
    EYES | {"item": {"type": "message", "channel": STARS, "ts": "then"}},
    EYES | {"item": {"type": "message", "channel": STARS, "ts": TS}, "event_ts": None},
    EYES | {"item": {"type": "message", "channel": STARS, "ts": False}},
    ESCALATE | {"item": {"type": "message", "channel": SELF_MANAGED}},
    {"type": ["message", "message"], "channel": STARS},
    {"type": "message", "channel": SELF_MANAGED, "text": 5, "thread_ts": "1"},
    {"type": "reaction_removed"},
    {"type": "nonsense"},
)
VIEW = {"id": "V1", "type": "modal", "callback_id": words.dialogs.RESOLVE_VIEW, "private_metadata": "star-1"}
SENT = {"type": "view_submission", "user": {"id": "U0LENA"}, "team": {"id": "T1"}, "trigger_id": "1.2"}


class Ears:
    """The bot's Slack app with the listeners of both duties; what they hear is kept in a list."""

    def __init__(self) -> None:
        self.heard: list[Event] = []
        labels = FormLabels(ticket=("Ticket",), urgency=("Urgency",))
        reader = FormReader(lambda: STARS, labels, [UrgencyLevel("Urgent", 30)])
        self.answered: list[str] = []
        listener = Listener(reader, "U0STARBOT", {"acknowledge": ("eyes",), "resolve": ()}, lambda: LOOK)
        self._app: App = bolt_app(
            SlackService("xoxb-sandbox", "http://127.0.0.1:1/", 1),
            Identity("T1", "https://team.slack.com/", "U0STARBOT", "B0STARBOT"),
            Hears(
                messages=[
                    listener.from_message,
                    lambda event, at: redirect_slack.from_reply(event, [SELF_MANAGED], ["escalate"], at),
                ],
                reactions=[
                    listener.from_reaction,
                    lambda event, at: redirect_slack.from_reaction(event, [SELF_MANAGED], ["escalate"], at),
                ],
                unreactions=[listener.from_unreaction],
                clicks=[listener.from_click],
                dialogs=[listener.from_dialog],
                objections=[listener.objections],
                shown_next=[listener.shown_next],
                follow_ups={},
                openers={},
                shortcuts={},
                commands={"/star": lambda body: {"text": str(body["text"])}},
                command_openers={},
                unknown=lambda body: self.answered.append("unknown"),
                stranger=lambda body: self.answered.append("stranger"),
                strange_command=lambda body: {"text": "stranger"},
            ),
            submit=self.heard.append,
            now=lambda: NOON,
        )

    def told(self, body: dict[str, Any]) -> BoltResponse:
        """Slack sends this; answers what it gets back."""
        return self._app.dispatch(BoltRequest(mode="socket_mode", body=body))


@pytest.fixture(scope="module")
def ears() -> Ears:
    return Ears()


@pytest.mark.parametrize("event", ODD_EVENTS, ids=repr)
def test_an_odd_event_is_acknowledged_and_left_alone(ears: Ears, event: dict[str, Any]) -> None:
    ears.heard.clear()
    with capture_logs() as logged:
        answer = ears.told({"type": "event_callback", "team_id": "T1", "event_id": "Ev1", "event": event})
    assert answer.status == 200
    assert ears.heard == []
    assert {"exc_info"} & {key for line in logged for key in line} == set()
    assert "123456" not in str(logged)


@pytest.mark.parametrize(
    "body",
    [
        SENT | {"view": VIEW},
        SENT | {"view": VIEW | {"state": {"values": {"next_step": "x"}}}},
        SENT | {"view": VIEW | {"state": {"values": {"next_step": {"next_step": {"value": 5}}}}}},
        {"type": "block_actions", "user": {"id": "U0LENA"}, "actions": [{"action_id": "star_acknowledge"}]},
        {"command": "/star", "text": "help", "user_id": "U0LENA", "team_id": [["T1"]]},
    ],
    ids=repr,
)
def test_an_odd_click_or_dialog_is_acknowledged_and_left_alone(ears: Ears, body: dict[str, Any]) -> None:
    ears.heard.clear()
    assert ears.told(body).status == 200
    assert ears.heard == []


def test_what_is_odd_keeps_nothing_from_being_heard(ears: Ears) -> None:
    ears.heard.clear()
    ears.told({"type": "event_callback", "team_id": "T1", "event": POST | {"ts": TS}})
    assert [event.id for event in ears.heard] == [f"form:{STARS}:{TS}"]


# -- forged ids


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(f"sqlite:///{tmp_path / 'odd.db'}")
    made.migrate()
    yield made
    made.close()


def test_a_button_with_the_id_of_something_else_than_a_star_does_nothing(store: Store) -> None:
    decide = partial(stars.decide, policy=POLICY)
    duties = {
        redirects.DUTY: Duty(
            name=redirects.DUTY,
            cases=redirects.Redirect,
            events=TypeAdapter(redirects.AnyEvent),
            effects=TypeAdapter(redirects.AnyEffect),
            decide=redirects.decide,
            claim=lambda case, event: None,
            arrive=lambda event: [event],
        ),
        stars.DUTY: Duty(
            name=stars.DUTY,
            cases=stars.Star,
            events=TypeAdapter(stars.AnyEvent),
            effects=TypeAdapter(stars.AnyEffect),
            decide=decide,
            claim=stars.claim,
            arrive=lambda event: [event],
        ),
    }
    advance = Advance(store, duties)
    advance(redirects.misplaced(ROOT, NOON))
    with store.read() as books:
        case_id = books.case_of(redirects.handle(ROOT))
        assert case_id is not None
        before = books.case(case_id)
    assert advance(stars.Acknowledged(id="click:1", at=NOON, case_id=case_id, by=LENA)) == []
    with store.read() as books:
        assert books.case(case_id) == before
