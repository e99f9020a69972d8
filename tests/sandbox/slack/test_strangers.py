"""People who are not of the workspace: a guest of it, and somebody of another one (Slack Connect)."""

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from tests.sandbox.desk import Desk, Ear, until

BUTTON = {"type": "button", "text": {"type": "plain_text", "text": "Go"}, "action_id": "go", "value": "1"}
BLOCKS = [{"type": "actions", "block_id": "b", "elements": [BUTTON]}]
MODAL = {
    "type": "modal",
    "title": {"type": "plain_text", "text": "STAR"},
    "submit": {"type": "plain_text", "text": "Send"},
    "blocks": [{"type": "divider"}],
}


def test_both_are_in_the_star_channel_and_their_profiles_say_what_they_are(slack: WebClient) -> None:
    members = slack.conversations_members(channel="C0STARS")["members"]
    assert {"U0GUEST", "U0STRANGE"} <= set(members)
    guest, stranger = (slack.users_info(user=who)["user"] for who in ("U0GUEST", "U0STRANGE"))
    assert (guest["is_restricted"], guest["is_stranger"], guest["team_id"]) == (True, False, "T0SANDBOX")
    assert (stranger["is_restricted"], stranger["is_stranger"]) == (False, True)
    assert (stranger["team_id"], stranger["real_name"]) == ("T0ELSEWHERE", "Stella Stranger")
    assert "email" not in stranger["profile"]


def test_the_channel_is_shared_and_others_are_not(slack: WebClient) -> None:
    shared = {c["id"] for c in slack.conversations_list()["channels"] if c["is_ext_shared"]}
    assert shared == {"C0STARS"}


def test_what_a_stranger_writes_says_where_it_comes_from(desk: Desk, slack: WebClient, ear: Ear) -> None:
    desk.post("slack/message", user="U0STRANGE", channel="C0STARS", text="hello from elsewhere")
    desk.post("slack/message", user="U0CASEY", channel="C0STARS", text="hello")
    until(lambda: len(ear.events("message")) == 2)
    strange, own = (request.payload for request in ear.heard)
    for name in ("team", "user_team", "source_team"):
        assert strange["event"][name] == "T0ELSEWHERE"
    assert (strange["team_id"], strange["context_team_id"]) == ("T0ELSEWHERE", "T0SANDBOX")
    assert strange["authorizations"][0]["team_id"] == "T0SANDBOX"
    assert own["team_id"] == own["event"]["team"] == "T0SANDBOX"
    assert not {"user_team", "source_team"} & set(own["event"])
    assert strange["is_ext_shared_channel"] and own["is_ext_shared_channel"]
    newest, oldest = slack.conversations_history(channel="C0STARS")["messages"]
    assert (oldest["user_team"], newest.get("user_team")) == ("T0ELSEWHERE", None)


def test_the_reaction_of_a_stranger_comes_from_their_workspace(desk: Desk, ear: Ear) -> None:
    ts = desk.post("slack/form", channel="C0STARS", text="a form")["ts"]
    desk.post("slack/react", user="U0STRANGE", channel="C0STARS", ts=ts, name="eyes")
    until(lambda: ear.events("reaction_added"))
    assert ear.heard[-1].payload["team_id"] == "T0ELSEWHERE"


def test_a_click_of_a_stranger_carries_their_team(desk: Desk, slack: WebClient, ear: Ear) -> None:
    ts = slack.chat_postMessage(channel="C0STARS", text="card", blocks=BLOCKS)["ts"]
    desk.post("slack/click", user="Stella Stranger", channel="C0STARS", ts=ts, action_id="go")
    payload = ear.last("block_actions").payload
    assert payload["user"]["team_id"] == "T0ELSEWHERE" and payload["team"]["id"] == "T0SANDBOX"
    slack.views_open(trigger_id=payload["trigger_id"], view=MODAL)
    (view,) = desk.get("slack/views", user="U0STRANGE")
    desk.post("slack/submit", user="U0STRANGE", view_id=view["id"])
    sent = ear.last("view_submission").payload
    assert (sent["user"]["team_id"], sent["team"]["id"]) == ("T0ELSEWHERE", "T0ELSEWHERE")
    assert sent["view"]["app_installed_team_id"] == "T0SANDBOX"


def test_slack_offers_a_stranger_no_command_shortcut_or_home_of_this_app(desk: Desk, ear: Ear) -> None:
    who = {"user": "U0STRANGE"}
    refused = (
        desk.ask("slack/command", **who, channel="C0STARS", command="/star"),
        desk.ask("slack/shortcut", **who, callback_id="file"),
        desk.ask("slack/home", **who),
    )
    assert [answer.status_code for answer in refused] == [400] * 3
    assert all("of another workspace" in answer.json()["error"] for answer in refused)
    assert ear.heard == []
    assert desk.post("slack/command", user="U0GUEST", channel="C0STARS", command="/star")["ok"]


def test_the_bot_whispers_to_a_stranger_only_where_they_are(slack: WebClient) -> None:
    slack.chat_postEphemeral(channel="C0STARS", user="U0STRANGE", text="only you")
    with pytest.raises(SlackApiError, match="user_not_in_channel"):
        slack.chat_postEphemeral(channel="C0SELFM", user="U0STRANGE", text="only you")
