"""From Slack's payloads to events of STARs: what counts as said, as typed, as sent, and what is left out."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest

from starbot.duties.stars import model, words
from starbot.duties.stars.door import Door, Pressed
from starbot.duties.stars.form import FormLabels, UrgencyLevel
from starbot.duties.stars.model import Star
from starbot.duties.stars.slack import FormReader, Listener, said, slack_message
from starbot.services.slack import SlackService
from tests.duties.stars.stories import LOOK, NOON
from tests.sandbox.desk import Desk
from tests.stage import FIELDS, STARS, sandbox

LABELS = FormLabels(ticket=("Ticket",), urgency=("Urgency",), reason=("Reason",))
URGENCIES = [UrgencyLevel("Urgent", 30)]
EMOJI = {"acknowledge": ("eyes",), "resolve": ("white_check_mark",)}


def _reader(channel: str = STARS) -> FormReader:
    return FormReader(lambda: channel, LABELS, URGENCIES)


LISTENER = Listener(_reader(), "U0STARBOT", EMOJI, lambda: LOOK)  # type: ignore[arg-type]


def _dialog(callback: str, answers: dict[str, str | None], star: str = "star-1") -> dict[str, Any]:
    values = {name: {name: {"type": "plain_text_input", "value": said}} for name, said in answers.items()}
    blocks = [{"type": "input", "block_id": name} for name in answers]
    view = {"id": "V1", "callback_id": callback, "private_metadata": star, "blocks": blocks}
    view["state"] = {"values": values}
    return {"type": "view_submission", "user": {"id": "U0LENA"}, "view": view}


def _heard(callback: str, answers: dict[str, str | None]) -> Pressed:
    pressed = LISTENER.from_dialog(_dialog(callback, answers), NOON)
    assert pressed is not None
    return pressed


# -- what is said in a direct message


def _direct_message(**more: Any) -> Any:
    event = {"channel": "D1", "ts": "1794916800.000100", "user": "U0LENA", "text": "We call them.", **more}
    return said(slack_message(event, "D1"), "U0STARBOT")


@pytest.mark.parametrize("subtype", [None, "thread_broadcast", "file_share", "me_message"])
def test_whichever_way_a_person_speaks_they_are_heard(subtype: str | None) -> None:
    assert _direct_message(subtype=subtype).text == "We call them."


@pytest.mark.parametrize("more", [{"subtype": "message_deleted"}, {"bot_id": "B1"}, {"user": "U0STARBOT"}])
def test_what_no_person_says_is_no_answer(more: dict[str, str]) -> None:
    assert _direct_message(**more) is None


# -- what is typed into a dialog


def test_what_a_manager_typed_for_the_customer_stays_as_typed() -> None:
    typed = "Set <!DOCTYPE html> and <!-- x -->, &lt;b&gt; &amp;amp; <mailto:a@b|x> <#foo> <@me>"
    assert _heard(words.dialogs.SEND_PUBLICLY_VIEW, {"text": typed}).said == {"text": typed}


def test_a_dialog_brings_its_own_fields_only_and_those_that_are_filled_in() -> None:
    forged = {"next_step": "A call.", "owner": " \u200b ", "customer_hears": None, "at": "x", "user": "U0MEI"}
    assert _heard(words.dialogs.RESOLVE_VIEW, forged).said == {"next_step": "A call."}


def test_signs_that_no_database_takes_are_left_out_of_ids() -> None:
    click = {
        "trigger_id": "1.2",
        "user": {"id": "U0LENA"},
        "actions": [{"action_id": "star_retry_0", "value": "star-\x001\ud800 ke\x00y"}],
    }
    pressed = LISTENER.from_click(click, NOON)
    assert pressed is not None
    assert (pressed.case_id, pressed.key) == ("star-1\ufffd", "key")


@pytest.mark.parametrize("empty", [None, "", "   \n", " \u200b\u2060 ", "\u3164"])
@pytest.mark.parametrize(
    ("callback", "field"),
    [(words.dialogs.RESOLVE_VIEW, "next_step"), (words.dialogs.SEND_PUBLICLY_VIEW, "text")],
)
def test_an_answer_that_nobody_can_read_is_objected_to(callback: str, field: str, empty: str | None) -> None:
    assert LISTENER.objections(_dialog(callback, {field: empty})) == {field: words.dialogs.answer_missing()}
    assert LISTENER.objections(_dialog(callback, {})) == {field: words.dialogs.answer_missing()}
    assert LISTENER.objections(_dialog(callback, {field: "x"})) == {}


def test_dialogs_of_others_are_left_alone() -> None:
    assert LISTENER.objections(_dialog("somebody_elses", {})) == {}
    assert LISTENER.from_dialog(_dialog("somebody_elses", {}), NOON) is None


# -- the channel


def test_a_channel_that_becomes_known_later_is_heard_from_then_on() -> None:
    known: list[str] = []
    reader = FormReader(lambda: known[-1] if known else "", LABELS, URGENCIES)
    listener = Listener(reader, "U0STARBOT", EMOJI, lambda: LOOK)  # type: ignore[arg-type]
    form = {
        "channel": "C1",
        "ts": "1794916800.000100",
        "bot_id": "B1",
        "text": "*Ticket*\n5\n*Urgency*\nUrgent",
    }
    eyes = {"reaction": "eyes", "user": "U0LENA", "event_ts": "1.2"}
    eyes |= {"item": {"type": "message", "channel": "C1", "ts": "1794916800.000100"}}  # type: ignore[dict-item]
    assert listener.from_message(form, NOON) is None
    assert listener.from_reaction(eyes, NOON) is None
    known.append("C1")
    assert listener.from_message(form, NOON) is not None
    assert listener.from_reaction(eyes, NOON) is not None


# -- a form post that is met through something else


class NoStars:
    """No STAR is known."""

    def about(self, ticket: int) -> Sequence[Star]:
        """None."""
        return ()

    def by_handle(self, handle: str) -> Star | None:
        """None."""
        return None

    def in_channel(self, channel: str) -> Sequence[Star]:
        """None."""
        return ()

    def lately(self, since: object) -> Sequence[Star]:
        """None."""
        return ()


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    with sandbox() as running:
        yield running


def _edit_arrives(desk: Desk, hours_later: float) -> Sequence[Any]:
    ts = str(desk.post("slack/form", channel=STARS, fields=FIELDS)["ts"])
    slack = SlackService("xoxb-sandbox", f"{desk.url}/slack/api/", 10)
    door = Door(NoStars(), None, slack, _reader().read, None)  # type: ignore[arg-type]  # nobody's rights are asked
    message = slack.read_message(STARS, ts)
    assert message is not None
    form = _reader().read(message)
    assert form is not None
    edited = model.FormEdited(
        id="edit",
        at=model.moment(ts) + timedelta(hours=hours_later),
        handle=model.handle(STARS, ts),
        form=form,
        edited_ts="1.2",
    )
    return door.arrive(edited)


def test_an_edit_follows_the_form_post_that_is_read_because_of_it(desk: Desk) -> None:
    """The form post may be stored as it was before the edit, while it is read here."""
    assert [event.kind for event in _edit_arrives(desk, 0.1)] == ["form_posted", "form_edited"]


@pytest.mark.parametrize(("hours", "opens"), [(11.9, True), (12.1, False)])
def test_a_form_post_that_is_too_old_is_not_opened(desk: Desk, hours: float, opens: bool) -> None:
    assert ("form_posted" in [event.kind for event in _edit_arrives(desk, hours)]) is opens
