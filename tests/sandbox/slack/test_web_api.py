"""Slack's Web API, called with the real slack_sdk."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from tests.sandbox.desk import Desk, serving


def error_of(call: Callable[[], Any]) -> str:
    with pytest.raises(SlackApiError) as caught:
        call()
    return str(caught.value.response["error"])


def test_who_the_bot_is(slack: WebClient) -> None:
    answer = slack.auth_test()
    assert (answer["user_id"], answer["bot_id"], answer["team_id"]) == ("U0STARBOT", "B0STARBOT", "T0SANDBOX")
    assert answer["url"] == "https://gitlab-sandbox.slack.com/"


def test_tokens_are_checked(desk: Desk) -> None:
    assert error_of(desk.slack("xoxb-other").auth_test) == "invalid_auth"
    assert error_of(desk.slack("xapp-sandbox").auth_test) == "not_allowed_token_type"
    assert httpx.post(desk.url + "/slack/api/auth.test").json() == {"ok": False, "error": "not_authed"}
    assert error_of(lambda: desk.slack().apps_connections_open(app_token="xoxb-sandbox")) == (
        "not_allowed_token_type"
    )


def test_an_unknown_method_is_named(slack: WebClient) -> None:
    assert error_of(lambda: slack.api_call("chat.shout")) == "unknown_method"


def test_missing_arguments_are_named(slack: WebClient) -> None:
    with pytest.raises(SlackApiError) as caught:
        slack.api_call("reactions.add", params={"channel": "C0STARS"})
    assert caught.value.response["error"] == "invalid_arguments"
    assert "[ERROR] missing required field: name" in caught.value.response["response_metadata"]["messages"]


@pytest.fixture(scope="module")
def poor() -> Iterator[Desk]:
    """A sandbox whose app has hardly any rights."""
    yield from serving({"oauth_config": {"scopes": {"bot": ["channels:read", "users:read"]}}})


def test_a_scope_that_the_manifest_lacks_is_missed(poor: Desk) -> None:
    with pytest.raises(SlackApiError) as caught:
        poor.slack().chat_postMessage(channel="C0STARS", text="hello")
    assert caught.value.response["error"] == "missing_scope"
    assert caught.value.response["needed"] == "chat:write"
    assert caught.value.response["provided"] == "channels:read,users:read"
    assert error_of(lambda: poor.slack().conversations_history(channel="C0STARS")) == "missing_scope"
    assert error_of(lambda: poor.slack().conversations_open(users="U0LENA")) == "missing_scope"


def test_mail_addresses_need_their_scope(poor: Desk, slack: WebClient) -> None:
    assert "email" not in poor.slack().users_info(user="U0LENA")["user"]["profile"]
    assert slack.users_info(user="U0LENA")["user"]["profile"]["email"] == "lena.vogt@example.com"


def test_a_post_is_kept_with_blocks_and_metadata(slack: WebClient) -> None:
    metadata = {"event_type": "star", "event_payload": {"key": "a:1"}}
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": "*STAR*"}}]
    posted = slack.chat_postMessage(channel="C0STARS", text="STAR", blocks=blocks, metadata=metadata)
    assert posted["message"]["user"] == "U0STARBOT" and posted["message"]["bot_id"] == "B0STARBOT"
    assert posted["message"]["blocks"][0]["block_id"]
    plain = slack.conversations_history(channel="C0STARS")["messages"][0]
    assert plain["ts"] == posted["ts"] and "metadata" not in plain
    full = slack.conversations_history(channel="C0STARS", include_all_metadata=True)["messages"][0]
    assert full["metadata"] == metadata


def test_ts_follow_the_sandbox_clock_and_never_repeat(desk: Desk, slack: WebClient) -> None:
    stamps = [slack.chat_postMessage(channel="C0STARS", text="hello")["ts"] for _ in range(20)]
    assert stamps == sorted(set(stamps))
    desk.post("clock", set="2026-11-17T18:00:00Z")
    assert int(float(slack.chat_postMessage(channel="C0STARS", text="late")["ts"])) >= 1794938400


@pytest.mark.filterwarnings("ignore:The top-level .text. argument:UserWarning")
def test_what_cannot_be_posted(slack: WebClient) -> None:
    assert error_of(lambda: slack.chat_postMessage(channel="C0GENER", text="hi")) == "not_in_channel"
    assert error_of(lambda: slack.chat_postMessage(channel="C0NONE", text="hi")) == "channel_not_found"
    assert error_of(lambda: slack.chat_postMessage(channel="C0STARS", text="")) == "no_text"
    assert error_of(lambda: slack.chat_postMessage(channel="C0STARS", text="x" * 40_001)) == "msg_too_long"
    assert error_of(
        lambda: slack.chat_postMessage(channel="C0STARS", text="hi", blocks=[{"type": "poem"}])
    ) == ("invalid_blocks")
    assert (
        error_of(lambda: slack.chat_postMessage(channel="C0STARS", text="hi", metadata={"event_type": "x"}))
        == "invalid_metadata_format"
    )
    assert (
        error_of(lambda: slack.chat_postMessage(channel="C0STARS", text="hi", thread_ts="1.000000"))
        == "cannot_reply_to_message"
    )


def test_a_thread_is_found_by_the_ts_of_its_root_and_of_a_reply(desk: Desk, slack: WebClient) -> None:
    root = desk.post("slack/form", channel="C0STARS", fields={"Ticket": "123456"})["ts"]
    quiet = slack.chat_postMessage(channel="C0STARS", text="quiet", thread_ts=root)["ts"]
    loud = slack.chat_postMessage(channel="C0STARS", text="loud", thread_ts=root, reply_broadcast=True)
    assert loud["message"]["subtype"] == "thread_broadcast"
    for ts in (root, quiet):
        thread = slack.conversations_replies(channel="C0STARS", ts=ts)["messages"]
        assert [m["ts"] for m in thread] == [root, quiet, loud["ts"]]
    assert thread[0]["reply_count"] == 2 and thread[0]["latest_reply"] == loud["ts"]
    shown = slack.conversations_history(channel="C0STARS")["messages"]
    assert [m["ts"] for m in shown] == [loud["ts"], root]
    assert (
        error_of(lambda: slack.conversations_replies(channel="C0STARS", ts="1.000000")) == "thread_not_found"
    )
    link = slack.chat_getPermalink(channel="C0STARS", message_ts=quiet)["permalink"]
    assert (
        link == f"https://gitlab-sandbox.slack.com/archives/C0STARS/p{quiet.replace('.', '')}"
        f"?thread_ts={root}&cid=C0STARS"
    )


def test_history_comes_in_pages_between_two_moments(slack: WebClient) -> None:
    stamps = [slack.chat_postMessage(channel="C0STARS", text=str(n))["ts"] for n in range(5)]
    pages = [page["messages"] for page in slack.conversations_history(channel="C0STARS", limit=2)]
    assert [[m["text"] for m in page] for page in pages] == [["4", "3"], ["2", "1"], ["0"]]
    between = slack.conversations_history(channel="C0STARS", oldest=stamps[1], latest=stamps[3])["messages"]
    assert [m["text"] for m in between] == ["2"]
    one = slack.conversations_history(channel="C0STARS", latest=stamps[3], inclusive=True, limit=1)[
        "messages"
    ]
    assert [m["text"] for m in one] == ["3"]
    assert error_of(lambda: slack.conversations_history(channel="C0GENER")) == "not_in_channel"
    assert error_of(lambda: slack.conversations_history(channel="C0STARS", cursor="no")) == "invalid_cursor"


def test_the_bot_updates_its_own_messages_only(desk: Desk, slack: WebClient) -> None:
    own = slack.chat_postMessage(channel="C0STARS", text="before")["ts"]
    assert slack.chat_update(channel="C0STARS", ts=own, text="after")["text"] == "after"
    shown = slack.conversations_history(channel="C0STARS")["messages"][0]
    assert shown["text"] == "after" and shown["edited"]["user"] == "U0STARBOT"
    form = desk.post("slack/form", channel="C0STARS", text="a form")["ts"]
    assert error_of(lambda: slack.chat_update(channel="C0STARS", ts=form, text="x")) == "cant_update_message"
    assert error_of(lambda: slack.chat_update(channel="C0STARS", ts="1.1", text="x")) == "message_not_found"


def test_an_ephemeral_message_is_seen_by_one_and_by_no_api(desk: Desk, slack: WebClient) -> None:
    slack.chat_postEphemeral(channel="C0STARS", user="U0LENA", text="only you")
    assert [e["text"] for e in desk.get("state")["slack"]["ephemerals"]] == ["only you"]
    assert slack.conversations_history(channel="C0STARS")["messages"] == []
    assert (
        error_of(lambda: slack.chat_postEphemeral(channel="C0STARS", user="U0NONE", text="x"))
        == "user_not_in_channel"
    )


def test_reactions(desk: Desk, slack: WebClient) -> None:
    ts = desk.post("slack/form", channel="C0STARS", text="a form")["ts"]
    at = {"channel": "C0STARS", "timestamp": ts}
    slack.reactions_add(name="eyes", **at)
    assert error_of(lambda: slack.reactions_add(name="eyes", **at)) == "already_reacted"
    assert error_of(lambda: slack.reactions_add(name="no-such-emoji", **at)) == "invalid_name"
    assert slack.reactions_add(name="green-check-mark", **at)["ok"]
    reactions = slack.reactions_get(**at)["message"]["reactions"]
    assert reactions[0] == {"name": "eyes", "users": ["U0STARBOT"], "count": 1}
    slack.reactions_remove(name="eyes", **at)
    assert error_of(lambda: slack.reactions_remove(name="eyes", **at)) == "no_reaction"
    wrong = {"channel": "C0STARS", "timestamp": "1.000000"}
    assert error_of(lambda: slack.reactions_add(name="eyes", **wrong)) == "message_not_found"


def test_direct_messages(desk: Desk, slack: WebClient) -> None:
    channel = slack.conversations_open(users="U0LENA")["channel"]["id"]
    assert channel == "D0LENA"
    assert slack.chat_postMessage(channel="U0LENA", text="hello")["channel"] == channel
    desk.post("slack/message", user="U0LENA", channel=channel, text="hi")
    texts = [m["text"] for m in slack.conversations_history(channel=channel)["messages"]]
    assert texts == ["hi", "hello"]
    assert error_of(lambda: slack.conversations_open(users="U0NONE")) == "user_not_found"


def test_the_directory(slack: WebClient) -> None:
    channels = {c["name"]: c for c in slack.conversations_list()["channels"]}
    assert channels["support_ticket-attention-requests"]["is_member"] is True
    assert channels["general"]["is_member"] is False
    assert slack.conversations_info(channel="C0ONCAL")["channel"]["name"] == "spt_on-call"
    assert "U0LENA" in slack.conversations_members(channel="C0STARS")["members"]
    people = [u for page in slack.users_list(limit=5) for u in page["members"]]
    assert len({u["id"] for u in people}) == len(people) > 20
    assert next(u for u in people if u["id"] == "U0GUEST")["is_restricted"] is True
    assert slack.users_lookupByEmail(email="Lena.Vogt@example.com")["user"]["id"] == "U0LENA"
    assert error_of(lambda: slack.users_lookupByEmail(email="no@example.com")) == "users_not_found"
    groups = {g["handle"]: g for g in slack.usergroups_list(include_users=True)["usergroups"]}
    assert len(groups["supportmanagers"]["users"]) == 6
    assert len(slack.usergroups_users_list(usergroup="S0MGRS")["users"]) == 6
    assert error_of(lambda: slack.usergroups_users_list(usergroup="S0NONE")) == "no_such_subteam"
    assert "green-check-mark" in slack.emoji_list()["emoji"]
    assert slack.team_info()["team"]["domain"] == "gitlab-sandbox"
    assert slack.bots_info(bot="B0STARBOT")["bot"]["user_id"] == "U0STARBOT"
    assert error_of(lambda: slack.bots_info(bot="B0WORKFLOW")) == "bot_not_found"


def test_rate_limits_are_off_until_they_are_switched_on(desk: Desk, slack: WebClient) -> None:
    for _ in range(25):
        slack.emoji_list()
    desk.post("rates", on=True)
    for _ in range(20):
        slack.emoji_list()
    with pytest.raises(SlackApiError) as caught:
        slack.emoji_list()
    assert caught.value.response.status_code == 429
    assert caught.value.response.data == {"ok": False, "error": "ratelimited"}
    assert 0 < int(caught.value.response.headers["Retry-After"]) <= 60
    for _ in range(5):
        slack.chat_postMessage(channel="C0STARS", text="quick")
    assert error_of(lambda: slack.chat_postMessage(channel="C0STARS", text="too quick")) == "ratelimited"


def test_home_tabs_are_published(desk: Desk, slack: WebClient) -> None:
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": "your desk"}}]
    view = {"type": "home", "blocks": blocks}
    published = slack.views_publish(user_id="U0LENA", view=view)["view"]
    assert desk.get("state")["slack"]["homes"]["U0LENA"]["id"] == published["id"]
    again = slack.views_publish(user_id="U0LENA", view=view, hash=published["hash"])["view"]
    assert again["id"] == published["id"]
    assert (
        error_of(lambda: slack.views_publish(user_id="U0LENA", view=view, hash=published["hash"]))
        == "hash_conflict"
    )


def test_a_private_channel_is_another_matter(desk: Desk, slack: WebClient) -> None:
    asked = "public_channel,private_channel"
    assert error_of(lambda: slack.conversations_info(channel="C0MANAG")) == "missing_scope"
    assert error_of(lambda: slack.conversations_list(types=asked)) == "missing_scope"
    assert "spt_managers" not in {c["name"] for c in slack.conversations_list()["channels"]}
