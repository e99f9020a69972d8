"""Edits carry Slack's time of the edit, whichever way we learn of them: the newest counts, not the last told."""

import pytest

from starbot.core.facts import SlackMessage
from starbot.duties.stars.door import form_posted
from starbot.duties.stars.slack import form_edited
from tests.duties.stars.stories import FORM, NOON, ROOT


@pytest.mark.parametrize("edited_ts", [None, "1794916860.000000"])
def test_an_event_of_a_form_says_which_edit_it_is_of(edited_ts: str | None) -> None:
    message = SlackMessage(channel=ROOT.channel, ts=ROOT.ts, edited_ts=edited_ts)
    assert form_edited(message, FORM, NOON).edited_ts == (edited_ts or "")
    assert form_posted(message, FORM).edited_ts == (edited_ts or "")
