"""What the sandbox's Slack answers and delivers, against the vendor's own samples where they are at hand."""

import json
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from starbot_sandbox.slack.web_api import CONNECTIONS_OPEN, METHODS
from tests.sandbox.desk import Desk, Ear, until
from tests.sandbox.slack.modal import modal
from tests.sandbox.specs import SPECS, check_answer, check_request, needs_specs

pytestmark = needs_specs

BLOCKS: list[dict[str, Any]] = [
    {"type": "section", "text": {"type": "mrkdwn", "text": "*STAR*"}},
    {
        "type": "actions",
        "elements": [
            {"type": "button", "text": {"type": "plain_text", "text": "Go"}, "action_id": "go", "value": "1"}
        ],
    },
]
MODAL = modal(*BLOCKS, notify_on_close=True)
SAMPLES = {
    "app_home_opened": "AppHomeOpened",
    "bot_message": "MessageBot",
    "message_changed": "MessageChanged",
    "message_deleted": "MessageDeleted",
    "thread_broadcast": "MessageThreadBroadcast",
    "message": "Message",
    "reaction_added": "ReactionAdded",
    "reaction_removed": "ReactionRemoved",
}
PAYLOADS = {
    "block_actions": "BlockActionPayload",
    "message_action": "MessageShortcutPayload",
    "slash_commands": "SlashCommandPayload",
    "view_closed": "ViewClosedPayload",
    "view_submission": "ViewSubmissionPayload",
}


def test_every_call_of_a_whole_story_fits_the_documented_shapes(
    desk: Desk, slack: WebClient, ear: Ear
) -> None:
    tell_a_story(desk, slack, ear)
    rows = [row for row in desk.get("journal") if row["path"].startswith("/slack/api/")]
    assert {row["path"].removeprefix("/slack/api/") for row in rows} == {*METHODS, CONNECTIONS_OPEN}
    complaints = []
    for row in rows:
        at = (row["service"], row["method"], row["path"])
        complaints += check_answer(*at, row["status"], row["response"])
        complaints += check_request(*at, row["query"], row["request"])
    assert not complaints, "\n".join(complaints)


def test_every_delivery_of_a_whole_story_fits_the_samples(desk: Desk, slack: WebClient, ear: Ear) -> None:
    tell_a_story(desk, slack, ear)
    events = [r.payload for r in ear.heard if r.type == "events_api"]
    kinds = {p["event"].get("subtype", p["event"]["type"]) for p in events}
    assert kinds == set(SAMPLES)
    complaints = [complaint for payload in events for complaint in unlike_sample(payload)]
    assert not complaints, "\n".join(complaints)
    asked = [r.payload | {"type": r.payload.get("type", r.type)} for r in ear.heard if r.type != "events_api"]
    assert {payload["type"] for payload in asked} == {*PAYLOADS, "shortcut"}
    complaints = [complaint for payload in asked for complaint in unlike_asked(payload)]
    assert not complaints, "\n".join(complaints)


def tell_a_story(desk: Desk, slack: WebClient, ear: Ear) -> None:
    """Each method once at least, two errors, each event once at least."""
    slack.auth_test()
    for directory in (slack.conversations_list, slack.users_list, slack.usergroups_list, slack.emoji_list):
        directory()
    slack.team_info()
    slack.bots_info(bot="B0STARBOT")
    slack.users_info(user="U0LENA")
    slack.users_lookupByEmail(email="lena.vogt@example.com")
    slack.usergroups_users_list(usergroup="S0MGRS")
    slack.conversations_info(channel="C0STARS")
    slack.conversations_members(channel="C0STARS")
    slack.conversations_open(users="U0LENA")
    slack.conversations_open(users="U0LENA", return_im=True)
    root = desk.post("slack/form", channel="C0STARS", fields={"Ticket": "123456"})["ts"]
    metadata = {"event_type": "star", "event_payload": {"key": "1"}}
    reply = {"channel": "C0STARS", "thread_ts": root, "text": "card"}
    card = slack.chat_postMessage(**reply, blocks=BLOCKS, metadata=metadata, reply_broadcast=True)["ts"]
    slack.chat_postMessage(**reply)
    slack.chat_update(channel="C0STARS", ts=card, text="card 2", blocks=BLOCKS)
    slack.chat_postEphemeral(channel="C0STARS", user="U0LENA", text="only you")
    slack.chat_getPermalink(channel="C0STARS", message_ts=card)
    slack.reactions_add(channel="C0STARS", timestamp=root, name="eyes")
    slack.reactions_get(channel="C0STARS", timestamp=root)
    slack.conversations_history(channel="C0STARS", include_all_metadata=True)
    slack.conversations_replies(channel="C0STARS", ts=card, include_all_metadata=True)
    slack.reactions_remove(channel="C0STARS", timestamp=root, name="eyes")
    for wrong in ("no-such-emoji", "tada"):
        with pytest.raises(SlackApiError):
            slack.reactions_add(channel="C0STARS", timestamp=root if wrong != "tada" else "1.1", name=wrong)
    desk.post("slack/message", user="U0LENA", channel="D0LENA", text="hello")
    desk.post("slack/click", user="U0LENA", channel="C0STARS", ts=card, action_id="go")
    clicked = next(r for r in ear.heard if r.type == "interactive").payload
    view = slack.views_open(trigger_id=clicked["trigger_id"], view=MODAL)["view"]
    view = slack.views_update(view_id=view["id"], hash=view["hash"], view=MODAL)["view"]
    seen = {"user": "U0LENA", "view_id": view["id"]}
    desk.post("slack/click", **seen, action_id="go")
    inside = ear.last("block_actions").payload["trigger_id"]
    pushed = slack.views_push(trigger_id=inside, view=MODAL)["view"]
    desk.post("slack/close", user="U0LENA", view_id=pushed["id"])
    desk.post("slack/submit", **seen)
    desk.post("slack/command", user="U0LENA", channel="C0STARS", command="/star", text="list")
    desk.post("slack/shortcut", user="U0LENA", callback_id="file")
    desk.post("slack/shortcut", user="U0LENA", callback_id="redirect", channel="C0STARS", ts=card)
    slack.views_publish(user_id="U0LENA", view={"type": "home", "blocks": BLOCKS})
    desk.post("slack/home", user="U0LENA")
    desk.post("slack/message", user="U0STRANGE", channel="C0STARS", text="hello from elsewhere")
    slack.apps_connections_open(app_token="xapp-sandbox")
    desk.http.post(clicked["response_url"], json={"delete_original": True})
    until(lambda: ear.events("message_deleted") and ear.events("app_home_opened"))


def unlike_sample(payload: dict[str, Any]) -> list[str]:
    """Fields of an event callback that the vendor's sample does not have, or has of another type."""
    kind = payload["event"].get("subtype", payload["event"]["type"])
    sample = json.loads((SPECS / "slack/samples/events" / f"{SAMPLES[kind]}.json").read_text())
    return list(differences(sample, payload, kind))


def unlike_asked(payload: dict[str, Any]) -> list[str]:
    """The same of a click, a command, a shortcut, a submission or a closing."""
    kind = payload["type"]
    if kind == "shortcut":
        envelopes = json.loads((SPECS / "slack/samples/socket-mode/envelopes.json").read_text())["envelopes"]
        sample = next(e["payload"] for e in envelopes if e["payload"].get("type") == kind)
    else:
        sample = json.loads((SPECS / "slack/samples/app-backend" / f"{PAYLOADS[kind]}.json").read_text())
    if kind == "slash_commands":
        # Sent as a form, where everything is text; the sample is of the type that a library makes of it.
        assert payload["is_enterprise_install"] == "false"
        sample |= {"type": "", "is_enterprise_install": ""}
    return list(differences(sample, payload, kind))


# The samples were generated from people's messages: posts of bots and workflows carry these as well, events
# of a shared channel name two workspaces, and submissions have values and a list of response_urls.
KNOWN_EXTRAS = {
    *("app_id", "blocks", "bot_id", "is_locked", "metadata", "reactions", "reply_users", "team", "username"),
    *("context_team_id", "response_urls", "source_team", "user_team", "values", "workflow_id"),
}


def differences(sample: Any, shown: Any, where: str) -> list[str]:
    """Where `shown` is not like `sample`; blocks have tests of their own, null is like anything."""
    if isinstance(sample, dict) and isinstance(shown, dict):
        extra = [f"{where}.{name}: not in the sample" for name in set(shown) - set(sample) - KNOWN_EXTRAS]
        both = (set(sample) & set(shown)) - {"blocks", "event_payload"}
        return extra + [d for name in both for d in differences(sample[name], shown[name], f"{where}.{name}")]
    if shown is None or type(sample) is type(shown):
        return []
    return [f"{where}: {type(shown).__name__}, in the sample {type(sample).__name__}"]
