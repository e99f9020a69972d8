"""What people do in the workspace, and what Slack's clients and Workflow Builder make of it.

Interaction payloads: docs.slack.dev/reference/interaction-payloads. Errors of the person at the controls are
ValueErrors with a helpful text; those of the Web API keep their names.
"""

import secrets
from collections.abc import Iterable
from typing import Any

from starbot_sandbox.slack.blocks import checked_view, elements_of, with_ids
from starbot_sandbox.slack.errors import SlackError
from starbot_sandbox.slack.events import VERIFICATION_TOKEN
from starbot_sandbox.slack.messages import Author, SlackMessage, rich_text
from starbot_sandbox.slack.seed import SlackUser
from starbot_sandbox.slack.socket import SocketMode
from starbot_sandbox.slack.state import Conversation, SlackState
from starbot_sandbox.slack.views import SlackView

Json = dict[str, Any]

NO_ANSWER = {"ok": False, "error": "operation_timeout"}
REQUIRED_FIELD = "Please complete this required field."


class People:
    """The people of one workspace, with their hands on the keyboard."""

    def __init__(
        self, state: SlackState, socket_mode: SocketMode, is_interactive: bool, base_url: str
    ) -> None:
        self.state = state
        self._socket_mode = socket_mode
        self._is_interactive = is_interactive
        self._base_url = base_url

    def user(self, name: str) -> SlackUser:
        """A person by id, user name, real name or e-mail address."""
        for user in self.state.users.values():
            if name.removeprefix("@") in (user.id, user.name, user.real_name, user.email):
                return user
        raise ValueError(f"no Slack user {name!r} in this world")

    def channel(self, name: str) -> Conversation:
        """A channel by id or name; a person's id or "D..." is their direct messages with the bot."""
        bare = name.removeprefix("#")
        for channel in self.state.channels.values():
            if bare == channel.id or (channel.name and bare == channel.name):
                return channel
        person = "U" + bare[1:] if bare.startswith("D") else bare
        if person in self.state.users:
            return self.state.open_im(person)
        raise ValueError(f"no Slack channel {name!r} in this world")

    def message(self, channel: Conversation, ts: str) -> SlackMessage:
        """A message of that channel."""
        if ts not in channel.messages:
            raise ValueError(f"no message {ts} in {channel.name or channel.id}")
        return channel.messages[ts]

    def post_form(self, channel: str, text: str, fields: Json, workflow: str) -> SlackMessage:
        """A form post as Workflow Builder makes it: `text`, then each bold label and its answer."""
        seed = self.state.seed
        lines = [text] if text else []
        lines += [f"*{label}*\n{answer}" for label, answer in fields.items()]
        whole = "\n".join(lines)
        author = Author(bot_id=seed.workflow_bot_id, username=seed.workflow_name, workflow_id=workflow)
        return self.state.post(self.channel(channel), author, whole, form_blocks(whole))

    def write(self, user: str, channel: str, text: str, thread_ts: str | None) -> SlackMessage:
        """A person writes a message. ValueError if they are not in that channel."""
        author = self.user(user)
        place = self.channel(channel)
        if author.id not in place.members:
            raise ValueError(f"{author.real_name} is not in {place.name or place.id}")
        return self.state.post(place, Author(user=author.id), text, thread_ts=thread_ts)

    def edit(self, channel: str, ts: str, text: str, user: str | None) -> SlackMessage:
        """A person edits a post; a form post is edited by whoever may."""
        place = self.channel(channel)
        message = self.message(place, ts)
        editor = self.user(user).id if user else message.author.user or self.state.seed.users[0].id
        blocks = form_blocks(text) if message.author.workflow_id else with_ids(rich_text(text))
        self.state.edit(place, message, editor, text=text, blocks=blocks)
        return message

    def react(self, user: str, channel: str, ts: str, name: str) -> None:
        """A person adds a reaction."""
        place = self.channel(channel)
        self.state.react(place, self.message(place, ts), self.user(user).id, name.strip(":"))

    def unreact(self, user: str, channel: str, ts: str, name: str) -> None:
        """A person takes a reaction back."""
        place = self.channel(channel)
        self.state.unreact(place, self.message(place, ts), self.user(user).id, name.strip(":"))

    async def click_in_message(self, user: str, channel: str, ts: str, action_id: str, pick: Json) -> Json:
        """A person uses a button or select of a message, or of an ephemeral one that they see."""
        place = self.channel(channel)
        person = self.user(user)
        ephemeral = next((e for e in self.state.ephemerals if e["ts"] == ts and e["user"] == person.id), None)
        message = None if ephemeral else self.message(place, ts)
        body: Json = self.state.body(message, with_metadata=True) if message else dict(ephemeral or {})
        action = self._action(body.get("blocks", ()), action_id, pick)
        container: Json = {"type": "message", "message_ts": ts, "channel_id": place.id}
        container["is_ephemeral"] = ephemeral is not None
        if body.get("thread_ts"):
            container["thread_ts"] = body["thread_ts"]
        payload = self._interaction("block_actions", person) | {
            "container": container,
            "channel": {"id": place.id, "name": place.name or "directmessage"},
            "state": {"values": {}},
            "response_url": self._response_url(place, person, ts),
            "actions": [action],
        }
        # Slack keeps no copy of an ephemeral message, so its payload has none.
        return await self._interact(payload | ({"message": body} if message else {}))

    async def click_in_view(self, user: str, view_id: str, action_id: str, pick: Json) -> Json:
        """A person uses a button or select of a modal or of their home tab."""
        view = self.view(user, view_id)
        body = self.state.views.body(view)
        action = self._action(body["blocks"], action_id, pick)
        payload = self._interaction("block_actions", self.user(user)) | {
            "container": {"type": "view", "view_id": view.id},
            "view": body,
            "actions": [action],
        }
        return await self._interact(payload)

    def view(self, user: str, view_id: str) -> SlackView:
        """A view that this person has open."""
        person = self.user(user).id
        for view in (*self.state.views.modals.values(), *self.state.views.homes.values()):
            if view.id == view_id and view.user == person:
                return view
        raise ValueError(f"{user} has no view {view_id} open")

    async def submit(self, user: str, view_id: str, values: Json) -> Json:
        """A person fills in a modal and submits it; `values` by block id."""
        view = self.view(user, view_id)
        errors = self._fill(view, values)
        if errors:
            return {"ok": False, "errors": errors}
        payload = self._interaction("view_submission", self.user(user))
        payload |= {"view": self.state.views.body(view), "response_urls": []}
        answer = await self._interact(payload, accepts_response=True)
        return self._submitted(view, answer.get("payload") or {}) if answer["ok"] else answer

    def _fill(self, view: SlackView, values: Json) -> dict[str, str]:
        """Put the answers into the view; what Slack's own client finds wrong with them, by block id."""
        inputs = {b["block_id"]: b for b in view.content["blocks"] if b["type"] == "input"}
        unknown = set(values) - set(inputs)
        if unknown:
            raise ValueError(f"no input block {', '.join(sorted(unknown))}; there are {', '.join(inputs)}")
        errors = {}
        for block_id, block in inputs.items():
            state, error = answered(block, values.get(block_id))
            view.values[block_id] = {block["element"]["action_id"]: state}
            if error:
                errors[block_id] = error
        return errors

    def _submitted(self, view: SlackView, response: Json) -> Json:
        action = response.get("response_action")
        if action == "errors":
            return {"ok": False, "errors": response["errors"]}
        if action == "update":
            self.state.views.replace(view, checked_view(response["view"]))
        else:
            self.state.views.modals.pop(view.id, None)
        return {"ok": True}

    def _interaction(self, kind: str, user: SlackUser) -> Json:
        seed = self.state.seed
        return {
            "type": kind,
            "user": {"id": user.id, "username": user.name, "name": user.name, "team_id": seed.team_id},
            "api_app_id": seed.app_id,
            "token": VERIFICATION_TOKEN,
            "trigger_id": self.state.views.new_trigger(user.id),
            "team": {"id": seed.team_id, "domain": seed.team_domain},
            "enterprise": None,
            "is_enterprise_install": False,
        }

    async def _interact(self, payload: Json, accepts_response: bool = False) -> Json:
        if not self._is_interactive:
            raise ValueError("the manifest does not enable interactivity: Slack would send nothing")
        response = await self._socket_mode.interact(payload, accepts_response)
        return dict(NO_ANSWER) if response is None else {"ok": True, "payload": response}

    def _action(self, blocks: Iterable[Json], action_id: str, pick: Json) -> Json:
        known = []
        for block, element in elements_of(list(blocks)):
            known.append(str(element.get("action_id")))
            if element.get("action_id") == action_id and _fits(element, pick):
                stamp = {"block_id": block["block_id"], "action_ts": self.state.next_ts()}
                return {"type": element["type"], "action_id": action_id} | _picked(element, pick) | stamp
        raise ValueError(f"no element {action_id!r} there; there are: {', '.join(known) or 'none'}")

    def _response_url(self, channel: Conversation, user: SlackUser, ts: str) -> str:
        key = secrets.token_urlsafe(12)
        self.state.response_urls[key] = {"channel": channel.id, "user": user.id, "ts": ts, "uses": 0}
        return f"{self._base_url}slack/actions/{key}"


def form_blocks(text: str) -> list[Json]:
    """The block of a workflow's post (no text of more than 3000 characters fits into one section)."""
    parts = [text[start : start + 3000] for start in range(0, len(text), 3000)]
    return with_ids([{"type": "section", "text": {"type": "mrkdwn", "text": part}} for part in parts])


def answered(block: Json, answer: Any) -> tuple[Json, str | None]:
    """The state of one input with `answer` in it (None: what it begins with), and what is wrong with it."""
    element = block["element"]
    kind = element["type"]
    if kind.endswith("text_input"):
        value = element.get("initial_value") if answer is None else str(answer) or None
        return {"type": kind, "value": value}, _text_error(block, value)
    state, chosen = _choice(element, answer)
    missing = not chosen and not block.get("optional")
    return {"type": kind, **state}, REQUIRED_FIELD if missing else None


def _text_error(block: Json, value: str | None) -> str | None:
    element = block["element"]
    if not value:
        return None if block.get("optional") else REQUIRED_FIELD
    if len(value) > element.get("max_length", 3000):
        return f"Please enter no more than {element.get('max_length', 3000)} characters."
    if len(value) < element.get("min_length", 0):
        return f"Please enter at least {element['min_length']} characters."
    return None


def _choice(element: Json, answer: Any) -> tuple[Json, Any]:
    kind = element["type"]
    if kind in ("checkboxes", "multi_static_select"):
        chosen = [_option(element, each) for each in answer or ()]
        options = element.get("initial_options", []) if answer is None else chosen
        return {"selected_options": options}, options
    if kind in ("static_select", "radio_buttons", "overflow"):
        option = element.get("initial_option") if answer is None else _option(element, answer)
        return {"selected_option": option}, option
    name = str(kind).removesuffix("s_select")
    if name not in ("user", "channel", "conversation"):
        raise ValueError(f"the sandbox cannot fill a {kind}")
    value = element.get(f"initial_{name}") if answer is None else answer
    return {f"selected_{name}": value}, value


def _option(element: Json, value: Any) -> Json:
    groups = element.get("option_groups", ())
    options: list[Json] = [*element.get("options", ()), *(o for g in groups for o in g["options"])]
    for option in options:
        if value in (option["value"], option["text"]["text"]):
            return option
    raise ValueError(f"no option {value!r}; there are: {', '.join(o['value'] for o in options)}")


def _fits(element: Json, pick: Json) -> bool:
    return pick.get("value") is None or element.get("value") == pick["value"]


def _picked(element: Json, pick: Json) -> Json:
    if element["type"] == "button":
        return {k: element[k] for k in ("text", "value", "style") if k in element}
    return _choice(element, pick.get("selected"))[0]


def respond(state: SlackState, key: str, body: Json) -> Json:
    """What a POST to a response_url does. SlackError used_url after five uses."""
    place = state.response_urls.get(key)
    if place is None or place["uses"] >= 5:
        raise SlackError("used_url")
    place["uses"] += 1
    channel = state.channel(place["channel"])
    message = channel.messages.get(place["ts"])
    text, blocks = str(body.get("text", "")), with_ids(body.get("blocks") or [])
    if body.get("delete_original") or body.get("replace_original"):
        state.ephemerals = [e for e in state.ephemerals if e["ts"] != place["ts"]]
    if body.get("delete_original"):
        if message:
            state.delete(channel, message)
    elif body.get("replace_original") and message:
        state.edit(channel, message, state.seed.bot_user_id, text=text, blocks=blocks)
    elif body.get("response_type") == "in_channel":
        state.post(channel, state.bot, text, blocks)
    else:
        state.show_ephemeral(channel, place["user"], text, blocks, "")
    return {"ok": True}
