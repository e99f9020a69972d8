"""Slack through slack_sdk, as far as the bot uses it."""

import threading
from typing import Any

import httpx
import pytest

from starbot.core.facts import MessageRef, Reaction
from starbot.errors import ServiceRefused
from starbot.services.slack import SlackService
from tests.sandbox.desk import Desk, Ear, until
from tests.services.controls import Sandbox

SECTION = [{"type": "section", "text": {"type": "mrkdwn", "text": "hello"}}]


def person_writes(sandbox: Sandbox, text: str, thread_ts: str | None = None) -> MessageRef:
    body = {"user": "U0CASEY", "channel": "C0STARS", "text": text}
    posted = sandbox.control("slack/message", body | ({"thread_ts": thread_ts} if thread_ts else {}))
    return MessageRef(channel="C0STARS", ts=posted["ts"], thread_ts=thread_ts)


def test_the_bot_knows_who_it_is_and_asks_once(slack: SlackService, sandbox: Sandbox) -> None:
    me = slack.identity()
    assert slack.identity() is me
    assert (me.team_id, me.user_id, me.bot_id) == ("T0SANDBOX", "U0STARBOT", "B0STARBOT")
    assert len(sandbox.requests("slack")) == 1


def test_a_post_is_found_again_by_its_key_in_the_channel(slack: SlackService) -> None:
    posted = slack.post("C0STARS", "hello", SECTION, key="case:card:1")
    slack.post("C0STARS", "other", key="case:card:2")
    assert slack.find_post("C0STARS", "case:card:1") == posted
    assert slack.find_post("C0STARS", "case:card:3") is None
    assert slack.find_post("C0STARS", "case:card:1", oldest=posted.ts) is None


def test_a_reply_is_found_again_in_its_thread(slack: SlackService, sandbox: Sandbox) -> None:
    root = person_writes(sandbox, "a form")
    posted = slack.post("C0STARS", "hello", thread_ts=root.ts, broadcast=True, key="k")
    assert posted.thread_ts == root.ts
    assert slack.find_post("C0STARS", "k", thread_ts=root.ts) == posted


def test_of_two_posts_with_one_key_the_elder_is_found(slack: SlackService) -> None:
    elder = slack.post("C0STARS", "hello", key="k")
    slack.post("C0STARS", "hello", key="k")
    assert slack.find_post("C0STARS", "k") == elder


def test_a_long_channel_is_read_page_by_page(slack: SlackService, sandbox: Sandbox) -> None:
    first = person_writes(sandbox, "number 0")
    for number in range(1, 203):
        person_writes(sandbox, f"number {number}")
    before = f"{float(first.ts) - 1:.6f}"
    assert len(list(slack.history("C0STARS", before))) == 203
    pages = [row for row in sandbox.requests("slack") if row["path"].endswith("conversations.history")]
    assert len(pages) == 2


def test_a_message_and_a_reply_can_be_read_with_their_reactions(
    slack: SlackService, sandbox: Sandbox
) -> None:
    root = person_writes(sandbox, "a form")
    reply = person_writes(sandbox, "a reply", root.ts)
    sandbox.control("slack/react", {"user": "U0LENA", "channel": "C0STARS", "ts": reply.ts, "name": "eyes"})
    found = slack.read_message("C0STARS", reply.ts)
    assert found is not None
    assert (found.text, found.user, found.ref) == ("a reply", "U0CASEY", reply)
    assert found.reactions == (Reaction("eyes", ("U0LENA",)),)
    root_found = slack.read_message("C0STARS", root.ts)
    assert root_found is not None and root_found.text == "a form"


def test_a_form_post_has_a_workflow_and_no_user(slack: SlackService, sandbox: Sandbox) -> None:
    posted = sandbox.control("slack/form", {"channel": "C0STARS", "fields": {"Ticket": "123456"}})
    found = slack.read_message("C0STARS", posted["ts"])
    assert found is not None
    assert (found.user, found.bot_id, found.workflow_id) == (None, "B0WORKFLOW", "Wf0STARFORM")


def test_a_message_that_is_gone_is_none(slack: SlackService) -> None:
    assert slack.read_message("C0STARS", "1600000000.000100") is None


def test_an_update_replaces_text_and_blocks(slack: SlackService) -> None:
    posted = slack.post("C0STARS", "before", SECTION, key="k")
    slack.update(posted, "after", [*SECTION, {"type": "divider"}])
    found = slack.read_message("C0STARS", posted.ts)
    assert found is not None
    assert (found.text, len(found.blocks), found.metadata_key) == ("after", 2, "k")


def test_a_reaction_twice_or_taken_away_twice_is_fine(slack: SlackService, sandbox: Sandbox) -> None:
    root = person_writes(sandbox, "a form")
    slack.react(root, "eyes")
    slack.react(root, "eyes")
    found = slack.read_message("C0STARS", root.ts)
    assert found is not None and found.reactions == (Reaction("eyes", ("U0STARBOT",)),)
    slack.unreact(root, "eyes")
    slack.unreact(root, "eyes")


def test_direct_messages_are_opened_once_a_person(slack: SlackService, sandbox: Sandbox) -> None:
    channel = slack.open_dm("U0LENA")
    assert slack.open_dm("U0LENA") == channel
    assert len(sandbox.requests("slack")) == 1
    slack.post(channel, "Please add the missing sentence.", key="k")


def test_an_ephemeral_answer_needs_the_person_in_the_channel(slack: SlackService) -> None:
    slack.ephemeral("C0STARS", "U0LENA", "only you see this")
    with pytest.raises(ServiceRefused) as refused:
        slack.ephemeral("C0STARS", "U0NOBODY", "only you see this")
    assert refused.value.reason == "user_missing"


def test_names_resolve(slack: SlackService) -> None:
    channels = slack.channel_ids()
    assert channels["support_ticket-attention-requests"] == ("C0STARS", True)
    assert channels["general"] == ("C0GENER", False)
    assert slack.group_ids()["supportmanagers"] == "S0MGRS"
    assert "U0LENA" in slack.group_members("S0MGRS")
    assert {"green-check-mark", "escalate"} <= slack.emoji_names()


def test_people_resolve_and_are_looked_up_once(slack: SlackService, sandbox: Sandbox) -> None:
    slack.identity()
    before = len(sandbox.requests("slack"))
    for _ in range(2):
        assert slack.user_id_by_email("lena.vogt@example.com") == "U0LENA"
        assert "Lena" in slack.user_name("U0LENA")
    assert len(sandbox.requests("slack")) - before == 2


def test_nobody_has_that_address(slack: SlackService) -> None:
    assert slack.user_id_by_email("nobody@example.com") is None


@pytest.mark.parametrize(
    ("channel", "reason"), [("C0GENER", "not_in_channel"), ("C0NOWHERE", "channel_missing")]
)
def test_a_channel_that_cannot_be_written_to_is_a_refusal(
    slack: SlackService, channel: str, reason: str
) -> None:
    with pytest.raises(ServiceRefused) as refused:
        slack.post(channel, "hello", key="k")
    assert refused.value.reason == reason


def test_blocks_that_slack_rejects_are_a_refusal_without_their_text(slack: SlackService) -> None:
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": "secret " * 1000}}]
    with pytest.raises(ServiceRefused) as refused:
        slack.post("C0STARS", "hello", blocks, key="k")
    assert refused.value.reason == "invalid"
    assert str(refused.value) == "slack: post the message (invalid_blocks): invalid"


def test_an_unknown_emoji_and_a_dead_trigger_have_their_own_reasons(
    slack: SlackService, sandbox: Sandbox
) -> None:
    root = person_writes(sandbox, "a form")
    with pytest.raises(ServiceRefused) as emoji:
        slack.react(root, "no-such-emoji")
    assert emoji.value.reason == "emoji_missing"
    view = {"type": "modal", "title": {"type": "plain_text", "text": "STAR"}, "blocks": SECTION}
    with pytest.raises(ServiceRefused) as trigger:
        slack.open_view("1.2.nothing", view)
    assert trigger.value.reason == "trigger_expired"


def _view(title: str) -> dict[str, Any]:
    return {"type": "modal", "title": {"type": "plain_text", "text": title}, "blocks": SECTION}


def _opened(slack: SlackService, sandbox: Sandbox) -> dict[str, Any]:
    """A dialog that a click has opened for Lena."""
    button = {"type": "button", "action_id": "ask", "text": {"type": "plain_text", "text": "Ask"}}
    posted = slack.post("C0STARS", "press", [{"type": "actions", "elements": [button]}], key="k")
    with httpx.Client(base_url=sandbox.url) as http:
        ear = Ear(Desk(sandbox.url, http))
        until(ear.client.is_connected)
        click = {"user": "U0LENA", "channel": "C0STARS", "ts": posted.ts, "action_id": "ask"}
        sandbox.control("slack/click", click)
        pressed = until(lambda: [one for one in ear.heard if one.type == "interactive"])[0]
        slack.open_view(pressed.payload["trigger_id"], _view("STAR"))
        ear.close()
    return _seen(sandbox)


def _seen(sandbox: Sandbox) -> dict[str, Any]:
    (shown,) = sandbox.control("slack/views?user=U0LENA")
    return dict(shown)


def test_a_dialog_opens_on_a_click(slack: SlackService, sandbox: Sandbox) -> None:
    assert _opened(slack, sandbox)["title"]["text"] == "STAR"


def test_the_answer_to_a_dialog_is_not_covered_by_a_late_acknowledgement(
    slack: SlackService, sandbox: Sandbox
) -> None:
    sent = _opened(slack, sandbox)
    answering = threading.Thread(
        target=slack.answer_dialog, args=(f"{sent['id']}:{sent['hash']}", _view("Filed"))
    )
    answering.start()
    until(lambda: _seen(sandbox)["title"]["text"] == "Filed")
    slack.client.views_update(view_id=sent["id"], view=_view("One moment"))
    answering.join()
    assert _seen(sandbox)["title"]["text"] == "Filed"


def test_after_the_acknowledgement_a_dialog_is_answered_at_once(
    slack: SlackService, sandbox: Sandbox
) -> None:
    sent = _opened(slack, sandbox)
    slack.update_view(sent["id"], _view("One moment"))
    slack.answer_dialog(f"{sent['id']}:{sent['hash']}", _view("Filed"))
    assert _seen(sandbox)["title"]["text"] == "Filed"
    with pytest.raises(ServiceRefused) as gone:
        slack.answer_dialog("V0NONE:1.a", _view("Filed"))
    assert gone.value.reason == "not_found"


def test_a_wrong_token_is_unauthorized(sandbox: Sandbox) -> None:
    with pytest.raises(ServiceRefused) as refused:
        SlackService("xoxb-wrong", f"{sandbox.url}/slack/api/", 1.0).identity()
    assert refused.value.reason == "unauthorized"
