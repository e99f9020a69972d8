"""Slack through slack_sdk: posts, reactions, dialogs and names.

Texts and blocks come escaped (`core.text`). `chat.postMessage` has no idempotency key, so each post carries
its key in its metadata, by which it is found again in the channel's history or in its thread.
"""

import http.client
import logging
import time
import urllib.error
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple, TypeVar

import structlog
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web import SlackResponse

from starbot.core.facts import MessageRef, Reaction, SlackMessage
from starbot.errors import RefusedReason, ServiceDelayed, ServiceRefused
from starbot.meters import calling
from starbot.services.wire import GATEWAY_GAVE_UP, Limited, Limits, Unanswered, retry_after_s
from starbot.traces import leaving

EVENT_TYPE = "starbot_effect"
log = structlog.get_logger("starbot.slack")

_PAGE = 200
AUDIENCE_KEPT_S = 60.0
"""How long a channel's members are taken for granted: whoever joined since is told once too often."""
ACK_COUNTS_S = 3.0
"""How long Slack waits for an acknowledgement."""
ACK_PAUSE_S = 0.1
TOO_MANY = 429
_ODD = (SlackClientError, KeyError, TypeError, ValueError, AttributeError)
"""What reading an answer of another shape than documented raises."""

Answer = TypeVar("Answer")

_PASSING = {"ratelimited", "rate_limited", "service_unavailable", "team_added_to_org"}
_PERHAPS_DONE = {"internal_error", "fatal_error", "request_timeout"}
"""fatal_error: "It's possible some aspect of the operation succeeded" (docs.slack.dev, any method)."""

_REASONS: dict[str, RefusedReason] = {
    "account_inactive": "unauthorized",
    "already_archived": "closed",
    "cannot_dm_bot": "user_missing",
    "cant_update_message": "forbidden",
    "channel_not_found": "channel_missing",
    "edit_window_closed": "closed",
    "exchanged_trigger_id": "trigger_expired",
    "expired_trigger_id": "trigger_expired",
    "hash_conflict": "conflict",
    "invalid_auth": "unauthorized",
    "invalid_name": "emoji_missing",
    "invalid_trigger_id": "trigger_expired",
    "is_archived": "closed",
    "message_not_found": "not_found",
    "metadata_too_large": "too_long",
    "missing_scope": "missing_scope",
    "msg_blocks_too_long": "too_long",
    "msg_too_long": "too_long",
    "no_permission": "forbidden",
    "no_such_subteam": "not_found",
    "not_authed": "unauthorized",
    "not_found": "not_found",
    "not_in_channel": "not_in_channel",
    "thread_not_found": "not_found",
    "token_expired": "unauthorized",
    "token_revoked": "unauthorized",
    "user_disabled": "user_missing",
    "user_not_found": "user_missing",
    "user_not_in_channel": "user_missing",
    "users_not_found": "user_missing",
    "view_too_large": "too_long",
}


class Identity(NamedTuple):
    """Who our bot token is; `team_url` ends with a slash."""

    team_id: str
    team_url: str
    user_id: str
    bot_id: str


class Member(NamedTuple):
    """A person of Slack: the full name, as the other systems know it, and whether they belong to the workspace
    whole (no guest, nobody of another workspace, no bot)."""

    name: str
    is_whole: bool


class Channel(NamedTuple):
    """A channel's id, and whether the bot is in it."""

    id: str
    is_member: bool


class Standing(NamedTuple):
    """Who our bot token is and what it may do; `scopes` is None where Slack does not say."""

    identity: Identity
    team: str
    scopes: frozenset[str] | None


class _LimitedClient(WebClient):
    """A client that keeps to the waits that Slack asked for: of one method, and of posts in one channel."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._limits = Limits()

    def api_call(self, api_method: str, **options: Any) -> SlackResponse:
        """One call. Unanswered while Slack's wait lasts."""
        channel = (options.get("json") or {}).get("channel") if api_method == "chat.postMessage" else ""
        with self._limits.passing(f"{api_method} {channel}"):
            try:
                return super().api_call(api_method, **options)
            except SlackApiError as error:
                if error.response.status_code == TOO_MANY:
                    raise Limited(retry_after_s(error.response.headers)) from None
                raise


class SlackService:
    """What the bot does in Slack. `api_url` ends with /api/; one client serves all threads."""

    def __init__(self, token: str, api_url: str, timeout_s: float) -> None:
        self._client = _LimitedClient(
            token=token,
            base_url=api_url,
            timeout=timeout_s,
            retry_handlers=[],  # the default one sends a dropped chat.postMessage twice
            logger=_quiet(),
        )
        self._identity: Identity | None = None
        self._dms: dict[str, str] = {}
        self._people: dict[str, Member] = {}
        self._audience: dict[str, tuple[float, set[str]]] = {}
        self._ids_by_email: dict[str, str] = {}

    @property
    def client(self) -> WebClient:
        """The client itself, for Bolt, which opens the Socket Mode connection with it."""
        return self._client

    def identity(self) -> Identity:
        """Who we are (auth.test); asked once."""
        if self._identity is None:
            with _doing("ask who we are"):
                me = self._client.auth_test()
                self._identity = Identity(me["team_id"], me["url"], me["user_id"], me["bot_id"])
        return self._identity

    def standing(self) -> Standing:
        """Who we are and what we may do (auth.test, header x-oauth-scopes); asked each time."""
        with _doing("ask what we may do"):
            me = self._client.auth_test()
            told = {name.casefold(): value for name, value in me.headers.items()}.get("x-oauth-scopes")
            scopes = (
                None if told is None else frozenset(filter(None, (one.strip() for one in told.split(","))))
            )
            identity = Identity(me["team_id"], me["url"], me["user_id"], me["bot_id"])
            return Standing(identity, str(me.get("team") or me["url"]), scopes)

    def check_app_token(self, token: str) -> None:
        """Asks for the address of a Socket Mode connection and opens none: an address not used lapses."""
        with _doing("ask for a connection"):
            self._client.apps_connections_open(app_token=token)

    def app_id(self, bot_id: str) -> str:
        """The app that this bot belongs to: what arrives over HTTP must be for it."""
        with _doing("ask which app we are"):
            return str(self._client.bots_info(bot=bot_id)["bot"]["app_id"])

    # Messages

    def post(
        self,
        channel: str,
        text: str,
        blocks: Sequence[dict[str, Any]] | None = None,
        *,
        thread_ts: str | None = None,
        broadcast: bool = False,
        key: str,
    ) -> MessageRef:
        """Post a message that can be found again by `key`; `broadcast` shows a reply in the channel too."""
        with _doing("post the message", writes=True):
            posted = self._client.chat_postMessage(
                channel=channel,
                text=text,
                blocks=blocks,
                thread_ts=thread_ts,
                reply_broadcast=broadcast or None,
                metadata={"event_type": EVENT_TYPE, "event_payload": {"key": key}},
                unfurl_links=False,
                unfurl_media=False,
            )
            return MessageRef(channel=posted["channel"], ts=posted["ts"], thread_ts=thread_ts)

    def find_post(
        self, channel: str, key: str, *, thread_ts: str | None = None, oldest: str | None = None
    ) -> MessageRef | None:
        """Our message with this key, the elder of two: in the thread, else in the channel since `oldest`."""
        me = self.identity()
        found = self.replies(channel, thread_ts) if thread_ts else self.history(channel, oldest)
        ours = [one for one in found if one.metadata_key == key and me.user_id == one.user]
        return min(ours, key=lambda one: one.ts).ref if ours else None

    def update(self, ref: MessageRef, text: str, blocks: Sequence[dict[str, Any]] | None = None) -> None:
        """Replace text and blocks of our own message."""
        with _doing("update the message", writes=True):
            self._client.chat_update(channel=ref.channel, ts=ref.ts, text=text, blocks=blocks or [])

    def ephemeral(self, channel: str, user: str, text: str, thread_ts: str | None = None) -> None:
        """Show a text to one person in a channel; Slack keeps it nowhere."""
        with _doing("answer one person", writes=True):
            self._client.chat_postEphemeral(channel=channel, user=user, text=text, thread_ts=thread_ts)

    def read_message(self, channel: str, ts: str) -> SlackMessage | None:
        """A message or a reply as it is now, None if it is gone.

        conversations.history does not find replies; conversations.replies takes the ts of either.
        """
        try:
            with _doing("read the message"):
                thread = self._client.conversations_replies(
                    channel=channel, ts=ts, oldest=ts, latest=ts, inclusive=True, include_all_metadata=True
                )
                return next((_message(channel, one) for one in thread["messages"] if one["ts"] == ts), None)
        except ServiceRefused as no:
            if no.reason == "not_found":
                return None
            raise

    def history(self, channel: str, oldest: str | None) -> Iterator[SlackMessage]:
        """Messages of a channel after the ts `oldest`, newest first, page by page, without replies."""
        return self._messages(
            "read the channel",
            lambda cursor: self._client.conversations_history(
                channel=channel, oldest=oldest, limit=_PAGE, cursor=cursor, include_all_metadata=True
            ),
            channel,
        )

    def replies(self, channel: str, thread_ts: str) -> Iterator[SlackMessage]:
        """The root of a thread and its replies, the oldest first, page by page."""
        return self._messages(
            "read the thread",
            lambda cursor: self._client.conversations_replies(
                channel=channel, ts=thread_ts, limit=_PAGE, cursor=cursor, include_all_metadata=True
            ),
            channel,
        )

    def _messages(
        self, what: str, page: Callable[[str | None], SlackResponse], channel: str
    ) -> Iterator[SlackMessage]:
        def read(answer: SlackResponse) -> list[SlackMessage]:
            found = [_read_message(channel, one) for one in answer["messages"]]
            return [one for one in found if one is not None]

        for messages in _pages(what, page, read):
            yield from messages

    # Reactions

    def react(self, ref: MessageRef, name: str) -> None:
        """Put our reaction on a message; there already is fine."""
        self._set_reaction(self._client.reactions_add, ref, name)

    def unreact(self, ref: MessageRef, name: str) -> None:
        """Take our reaction away; gone already is fine."""
        self._set_reaction(self._client.reactions_remove, ref, name)

    def _set_reaction(self, call: Callable[..., SlackResponse], ref: MessageRef, name: str) -> None:
        with _doing("set the reaction", writes=True):
            try:
                call(channel=ref.channel, timestamp=ref.ts, name=name)
            except SlackApiError as error:
                if _error(error) not in ("already_reacted", "no_reaction"):
                    raise

    # Dialogs and direct messages

    def open_view(self, trigger_id: str, view: dict[str, Any]) -> str:
        """Open a dialog within the 3 s that a trigger lives; its id."""
        with _doing("open the dialog", writes=True):
            return str(self._client.views_open(trigger_id=trigger_id, view=view)["view"]["id"])

    def update_view(self, view_id: str, view: dict[str, Any], seen: str | None = None) -> str:
        """Replace what an open dialog shows, if it is as `seen` (a hash); its hash then. ServiceRefused not_found
        where it has been closed, conflict where it has changed."""
        with _doing("update the dialog", writes=True):
            return str(self._client.views_update(view_id=view_id, view=view, hash=seen)["view"]["hash"])

    def answer_dialog(self, sent: str, view: dict[str, Any]) -> None:
        """Replace what a dialog shows that was sent; `sent` is its id and its hash at that moment, "V1:1.a".

        Our acknowledgement changes it too, and may reach Slack after this and cover it: so this is said again until
        the acknowledgement has been there, or has come too late to count.
        """
        view_id, _, seen = sent.partition(":")
        until = time.monotonic() + ACK_COUNTS_S
        while seen and time.monotonic() < until:
            try:
                seen = self.update_view(view_id, view, seen)
            except ServiceRefused as no:
                if no.reason != "conflict":
                    raise
                break
            time.sleep(ACK_PAUSE_S)
        self.update_view(view_id, view)

    def open_dm(self, user: str) -> str:
        """The channel of our direct messages with a person; asked once a person."""
        if user not in self._dms:
            with _doing("open the direct message", writes=True):
                self._dms[user] = str(self._client.conversations_open(users=user)["channel"]["id"])
        return self._dms[user]

    # Names and people

    def channel_ids(self) -> dict[str, Channel]:
        """Every channel that we can see by name (without #): the public ones, the private ones we are in."""

        def read(answer: SlackResponse) -> dict[str, Channel]:
            return {one["name"]: Channel(one["id"], bool(one.get("is_member"))) for one in answer["channels"]}

        found: dict[str, Channel] = {}
        for page in _pages(
            "list the channels",
            lambda cursor: self._client.conversations_list(
                types="public_channel,private_channel", exclude_archived=True, limit=999, cursor=cursor
            ),
            read,
        ):
            found |= page
        return found

    def emoji_names(self) -> set[str]:
        """The emoji that the workspace has: its own, and the standard ones where Slack lists them."""
        with _doing("list the emoji"):
            answer = self._client.emoji_list(include_categories=True)
            standard = (name for group in answer.get("categories") or [] for name in group["emoji_names"])
            return {*answer["emoji"], *standard}

    def group_ids(self) -> dict[str, str]:
        """Every user group's id by handle (without @)."""
        with _doing("list the user groups"):
            return {group["handle"]: group["id"] for group in self._client.usergroups_list()["usergroups"]}

    def group_members(self, group_id: str) -> set[str]:
        """The user ids of a user group."""
        with _doing("list a user group's members"):
            return set(self._client.usergroups_users_list(usergroup=group_id)["users"])

    def user_id_by_email(self, email: str) -> str | None:
        """Whose e-mail this is, None if nobody's; who was found is remembered."""
        try:
            if email not in self._ids_by_email:
                with _doing("look up a person"):
                    found = self._client.users_lookupByEmail(email=email)["user"]
                    self._ids_by_email[email] = str(found["id"])
        except ServiceRefused as no:
            if no.reason != "user_missing":
                raise
        return self._ids_by_email.get(email)

    def member(self, user: str) -> Member:
        """Who a person is; asked once a person."""
        if user not in self._people:
            with _doing("look up a person"):
                found = self._client.users_info(user=user)["user"]
                self._people[user] = Member(_name(found), _is_whole(found, self.identity().team_id))
        return self._people[user]

    def user_name(self, user: str) -> str:
        """A person's full name, as the other systems know it, else the display name."""
        return self.member(user).name

    def is_in_channel(self, channel: str, user: str) -> bool:
        """Whether this person reads the channel; its members are asked for again after some minutes."""
        asked_at, members = self._audience.get(channel, (float("-inf"), set()))
        if time.monotonic() - asked_at < AUDIENCE_KEPT_S:
            return user in members
        found: set[str] = set()
        for page in _pages(
            "list the channel's members",
            lambda cursor: self._client.conversations_members(channel=channel, limit=999, cursor=cursor),
            lambda answer: set(answer["members"]),
        ):
            found |= page
        self._audience[channel] = (time.monotonic(), found)
        return user in found


def _name(user: dict[str, Any]) -> str:
    profile = user.get("profile") or {}
    return str(user.get("real_name") or profile.get("display_name") or user["name"])


def _is_whole(user: dict[str, Any], team_id: str) -> bool:
    """docs.slack.dev/reference/objects/user-object: guests are restricted, people of other workspaces strangers."""
    is_guest = user.get("is_restricted") or user.get("is_ultra_restricted")
    is_foreign = user.get("is_stranger") or user.get("team_id", team_id) != team_id
    return not (is_guest or is_foreign or user.get("is_bot") or user.get("deleted"))


def _quiet() -> logging.Logger:
    """slack_sdk logs the beginning of a body that it cannot read, and that may be a customer's text."""
    logger = logging.getLogger(f"{__name__}.sdk")
    logger.setLevel(logging.CRITICAL)
    return logger


def _read_message(channel: str, raw: dict[str, Any]) -> SlackMessage | None:
    """None for one that is not as Slack describes messages: it would hide all others for as long as it is there."""
    try:
        return _message(channel, raw)
    except _ODD as odd:
        log.warning("a message that cannot be read was left alone", error=type(odd).__name__)
        return None


def _message(channel: str, raw: dict[str, Any]) -> SlackMessage:
    metadata = raw.get("metadata") or {}
    is_ours = metadata.get("event_type") == EVENT_TYPE
    return SlackMessage(
        channel=channel,
        ts=raw["ts"],
        thread_ts=raw.get("thread_ts"),
        user=raw.get("user"),
        bot_id=raw.get("bot_id"),
        workflow_id=raw.get("workflow_id"),
        username=raw.get("username"),
        subtype=raw.get("subtype"),
        text=raw.get("text") or "",
        blocks=tuple(raw.get("blocks") or ()),
        edited_ts=(raw.get("edited") or {}).get("ts"),
        metadata_key=(metadata.get("event_payload") or {}).get("key") if is_ours else None,
        reactions=tuple(Reaction(one["name"], tuple(one["users"])) for one in raw.get("reactions") or ()),
    )


def _pages(
    what: str, ask: Callable[[str | None], SlackResponse], read: Callable[[SlackResponse], Answer]
) -> Iterator[Answer]:
    """Each page's reading until Slack gives no further cursor."""
    cursor: str | None = None
    while True:
        with _doing(what):
            answer = ask(cursor)
            page = read(answer)
            cursor = (answer.get("response_metadata") or {}).get("next_cursor") or None
        yield page
        if cursor is None:
            return


@contextmanager
def _doing(what: str, *, writes: bool = False) -> Iterator[None]:
    """Tells what went wrong inside in our words: ServiceDelayed or ServiceRefused."""
    with calling("slack"), leaving(writes=writes), _telling(what, writes):
        yield


@contextmanager
def _telling(what: str, writes: bool) -> Iterator[None]:
    try:
        yield
    except SlackApiError as error:
        raise _told(error, what, writes) from None
    except Unanswered as limited:
        raise ServiceDelayed("slack", what, limited.retry_after_s) from None
    except urllib.error.URLError:
        # urllib wraps what fails while connecting and sending: the request did not arrive whole.
        raise ServiceDelayed("slack", what) from None
    except TimeoutError:
        raise ServiceDelayed("slack", what, None, writes, True) from None
    except (OSError, http.client.HTTPException) as lost:
        raise ServiceDelayed("slack", what, None, writes, True) from lost
    except _ODD as odd:
        raise ServiceDelayed("slack", what, None, writes, False) from odd


def _told(error: SlackApiError, what: str, writes: bool) -> ServiceDelayed | ServiceRefused:
    status, code = error.response.status_code, _error(error)
    if code in _PASSING:
        maybe_done = writes and status >= 500
        return ServiceDelayed("slack", what, retry_after_s(error.response.headers), maybe_done)
    if status >= 500 or code in _PERHAPS_DONE or not code.isidentifier():
        # Where the body is no JSON slack_sdk puts a sentence of its own in place of Slack's word.
        wait = retry_after_s(error.response.headers)
        return ServiceDelayed("slack", what, wait, writes, status in GATEWAY_GAVE_UP)
    return ServiceRefused("slack", _REASONS.get(code, "invalid"), f"{what} ({code})")


def _error(error: SlackApiError) -> str:
    data = error.response.data
    return str(data.get("error", "")) if isinstance(data, dict) else ""
