"""Modals and home tabs, and the trigger ids that open them.

docs.slack.dev/surfaces/modals; docs.slack.dev/interactivity/handling-user-interaction#modal_responses:
a trigger id lives three seconds, once; a modal is a stack of at most three views, of which people see the top.
"""

import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from starbot_sandbox.slack.blocks import VIEW_FIELDS, checked_view, elements_of
from starbot_sandbox.slack.errors import SlackError
from starbot_sandbox.slack.seed import SlackSeed

Json = dict[str, Any]

TRIGGER_LIFE_S = 3.0
MOST_VIEWS = 3


@dataclass
class SlackView:
    """A view that a person has before them; `root` and `previous` are ids of views below it in its modal."""

    id: str
    user: str
    content: Json
    hash: str
    root: str
    previous: str | None = None
    values: dict[str, Json] = field(default_factory=dict)


@dataclass
class Trigger:
    """A trigger id: who may see the view, when it was made (monotonic seconds), whether it is used up.

    `root` is the modal in which that person did something, if it was in one.
    """

    user: str
    made: float
    root: str | None = None
    is_used: bool = False


class Views:
    """The views of a workspace: `modals` by view id, `homes` by user id."""

    def __init__(self, seed: SlackSeed) -> None:
        self.modals: dict[str, SlackView] = {}
        self.homes: dict[str, SlackView] = {}
        self._seed = seed
        self._triggers: dict[str, Trigger] = {}

    def new_trigger(self, user: str, root: str | None = None) -> str:
        """A trigger id for something that `user` has just done, in the modal `root` or elsewhere."""
        trigger_id = f"{secrets.randbelow(10**13)}.{secrets.randbelow(10**11)}.{secrets.token_hex(16)}"
        self._triggers[trigger_id] = Trigger(user, time.monotonic(), root)
        return trigger_id

    def open(self, trigger_id: str, view: Any) -> SlackView:
        """Show a modal to the person behind the trigger. SlackError as on the page of views.open."""
        trigger = self._trigger(trigger_id)
        content = self._checked(view)
        trigger.is_used = True
        return self._show_modal(trigger.user, content, None)

    def push(self, trigger_id: str, view: Any) -> SlackView:
        """Lay a view over the modal in which the trigger was made. SlackError as on the page of views.push."""
        trigger = self._trigger(trigger_id)
        stack = self.stack(trigger.root)
        if not stack:
            raise SlackError("not_found")
        pushed = self.push_on(stack[-1], view)
        trigger.is_used = True
        return pushed

    def push_on(self, top: SlackView, view: Any) -> SlackView:
        """Lay a view over another one. SlackError push_limit_reached, duplicate_external_id."""
        if len(self.stack(top.root)) >= MOST_VIEWS:
            raise SlackError("push_limit_reached")
        return self._show_modal(top.user, self._checked(view), top)

    def stack(self, root: str | None) -> list[SlackView]:
        """The views of one modal, from the first to the one that is seen."""
        return [view for view in self.modals.values() if view.root == root]

    def close(self, view: SlackView, is_cleared: bool = False) -> list[SlackView]:
        """Take the top view away, or its whole modal; answers what was closed, the top first."""
        closed = self.stack(view.root)[::-1] if is_cleared else [view]
        for each in closed:
            self.modals.pop(each.id, None)
        return closed

    def update(self, view_id: str | None, external_id: str | None, hash_: str | None, view: Any) -> SlackView:
        """Replace a view's content. SlackError not_found, hash_conflict, duplicate_external_id."""
        shown = self._find(view_id, external_id)
        if shown is None:
            raise SlackError("not_found")
        if hash_ and hash_ != shown.hash:
            raise SlackError("hash_conflict")
        self.replace(shown, view)
        return shown

    def publish(self, user: str, hash_: str | None, view: Any) -> SlackView:
        """Set a person's home tab. SlackError hash_conflict."""
        shown = self.homes.get(user)
        if shown is None:
            shown = self.homes[user] = self._show(user, self._checked(view, "home"), None)
        elif hash_ and hash_ != shown.hash:
            raise SlackError("hash_conflict")
        else:
            self.replace(shown, view)
        return shown

    def replace(self, shown: SlackView, view: Any) -> None:
        """Put another content into a view; answers to inputs that stay are kept. SlackError as in `update`."""
        content = self._checked(view, shown.content["type"], shown)
        kept = {(block["block_id"], each["action_id"]) for block, each in elements_of(content["blocks"])}
        shown.content = content
        shown.hash = _new_hash()
        shown.values = {
            block_id: answers
            for block_id, answers in shown.values.items()
            if all((block_id, action_id) in kept for action_id in answers)
        }

    def body(self, view: SlackView) -> Json:
        """The view as Slack shows it to the app."""
        body: Json = {"private_metadata": "", "callback_id": "", "external_id": ""}
        body |= {"submit": None, "close": None, "clear_on_close": False, "notify_on_close": False}
        body |= {key: view.content[key] for key in VIEW_FIELDS if key in view.content}
        return body | {
            "id": view.id,
            "team_id": self._seed.team_id,
            "state": {"values": view.values},
            "hash": view.hash,
            "previous_view_id": view.previous,
            "root_view_id": view.root,
            "app_id": self._seed.app_id,
            "app_installed_team_id": self._seed.team_id,
            "bot_id": self._seed.bot_id,
        }

    def _trigger(self, trigger_id: str) -> Trigger:
        trigger = self._triggers.get(trigger_id)
        if trigger is None:
            raise SlackError("invalid_trigger_id")
        if trigger.is_used:
            raise SlackError("exchanged_trigger_id")
        if time.monotonic() - trigger.made > TRIGGER_LIFE_S:
            raise SlackError("expired_trigger_id")
        return trigger

    def _checked(self, view: Any, kind: str = "modal", own: SlackView | None = None) -> Json:
        content = checked_view(view, kind)
        external_id = content.get("external_id")
        if external_id and self._find(None, external_id) not in (None, own):
            raise SlackError("duplicate_external_id")
        return content

    def _show_modal(self, user: str, content: Json, below: SlackView | None) -> SlackView:
        shown = self._show(user, content, below)
        self.modals[shown.id] = shown
        return shown

    def _show(self, user: str, content: Json, below: SlackView | None) -> SlackView:
        view_id = f"V{secrets.token_hex(5).upper()}"
        root, previous = (below.root, below.id) if below else (view_id, None)
        return SlackView(view_id, user, content, _new_hash(), root, previous)

    def _all(self) -> Iterator[SlackView]:
        yield from self.modals.values()
        yield from self.homes.values()

    def _find(self, view_id: str | None, external_id: str | None) -> SlackView | None:
        for view in self._all():
            if view.id == view_id or (external_id and view.content.get("external_id") == external_id):
                return view
        return None


def _new_hash() -> str:
    return f"{int(time.time())}.{secrets.token_urlsafe(6)}"
