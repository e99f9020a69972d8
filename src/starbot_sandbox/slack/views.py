"""Modals and home tabs, and the trigger ids that open them.

docs.slack.dev/surfaces/modals; docs.slack.dev/interactivity/handling-user-interaction#modal_responses:
a trigger id lives three seconds, once.
"""

import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from starbot_sandbox.slack.blocks import checked_view
from starbot_sandbox.slack.errors import SlackError
from starbot_sandbox.slack.seed import SlackSeed

Json = dict[str, Any]

TRIGGER_LIFE_S = 3.0
PASSED_ON = (
    "type",
    "title",
    "submit",
    "close",
    "blocks",
    "private_metadata",
    "callback_id",
    "external_id",
    "clear_on_close",
    "notify_on_close",
)


@dataclass
class SlackView:
    """A view that a person has before them."""

    id: str
    user: str
    content: Json
    hash: str
    values: dict[str, Json] = field(default_factory=dict)


@dataclass
class Trigger:
    """A trigger id: who may see the view, when it was made (monotonic seconds), whether it is used up."""

    user: str
    made: float
    is_used: bool = False


class Views:
    """The views of a workspace: `modals` by view id, `homes` by user id."""

    def __init__(self, seed: SlackSeed) -> None:
        self.modals: dict[str, SlackView] = {}
        self.homes: dict[str, SlackView] = {}
        self._seed = seed
        self._triggers: dict[str, Trigger] = {}

    def new_trigger(self, user: str) -> str:
        """A trigger id for something that `user` has just done."""
        trigger_id = f"{secrets.randbelow(10**13)}.{secrets.randbelow(10**11)}.{secrets.token_hex(16)}"
        self._triggers[trigger_id] = Trigger(user, time.monotonic())
        return trigger_id

    def open(self, trigger_id: str, view: Any) -> SlackView:
        """Show a modal to the person behind the trigger. SlackError as on the page of views.open."""
        trigger = self._triggers.get(trigger_id)
        if trigger is None:
            raise SlackError("invalid_trigger_id")
        if trigger.is_used:
            raise SlackError("exchanged_trigger_id")
        if time.monotonic() - trigger.made > TRIGGER_LIFE_S:
            raise SlackError("expired_trigger_id")
        content = checked_view(view)
        self._check_external_id(content, None)
        trigger.is_used = True
        opened = self._show(trigger.user, content)
        self.modals[opened.id] = opened
        return opened

    def update(self, view_id: str | None, external_id: str | None, hash_: str | None, view: Any) -> SlackView:
        """Replace a view's content. SlackError not_found, hash_conflict, duplicate_external_id."""
        shown = self._find(view_id, external_id)
        if shown is None:
            raise SlackError("not_found")
        if hash_ and hash_ != shown.hash:
            raise SlackError("hash_conflict")
        content = checked_view(view)
        self._check_external_id(content, shown)
        self.replace(shown, content)
        return shown

    def publish(self, user: str, hash_: str | None, view: Any) -> SlackView:
        """Set a person's home tab. SlackError hash_conflict."""
        content = checked_view(view)
        shown = self.homes.get(user)
        if shown is None:
            shown = self.homes[user] = self._show(user, content)
        elif hash_ and hash_ != shown.hash:
            raise SlackError("hash_conflict")
        else:
            self.replace(shown, content)
        return shown

    def replace(self, shown: SlackView, content: Json) -> None:
        """Put checked `content` into a view; answers under block ids that stay are kept."""
        kept = {block["block_id"] for block in content["blocks"]}
        shown.content = content
        shown.hash = _new_hash()
        shown.values = {block_id: value for block_id, value in shown.values.items() if block_id in kept}

    def body(self, view: SlackView) -> Json:
        """The view as Slack shows it to the app."""
        body: Json = {"private_metadata": "", "callback_id": "", "external_id": ""}
        body |= {"submit": None, "close": None, "clear_on_close": False, "notify_on_close": False}
        body |= {key: view.content[key] for key in PASSED_ON if key in view.content}
        return body | {
            "id": view.id,
            "team_id": self._seed.team_id,
            "state": {"values": view.values},
            "hash": view.hash,
            "previous_view_id": None,
            "root_view_id": view.id,
            "app_id": self._seed.app_id,
            "app_installed_team_id": self._seed.team_id,
            "bot_id": self._seed.bot_id,
        }

    def _show(self, user: str, content: Json) -> SlackView:
        return SlackView(f"V{secrets.token_hex(5).upper()}", user, content, _new_hash())

    def _all(self) -> Iterator[SlackView]:
        yield from self.modals.values()
        yield from self.homes.values()

    def _find(self, view_id: str | None, external_id: str | None) -> SlackView | None:
        for view in self._all():
            if view.id == view_id or (external_id and view.content.get("external_id") == external_id):
                return view
        return None

    def _check_external_id(self, content: Json, own: SlackView | None) -> None:
        external_id = content.get("external_id")
        if external_id and self._find(None, external_id) not in (None, own):
            raise SlackError("duplicate_external_id")


def _new_hash() -> str:
    return f"{int(time.time())}.{secrets.token_urlsafe(6)}"
