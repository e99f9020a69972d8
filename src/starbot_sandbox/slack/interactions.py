"""What people set off outside of modals: clicks in messages, slash commands, shortcuts, App Home.

Payloads: docs.slack.dev/reference/interaction-payloads, docs.slack.dev/interactivity/implementing-slash-commands.
"""

from collections.abc import Iterable
from typing import Any

from starbot_sandbox.slack.answers import show
from starbot_sandbox.slack.blocks import elements_of
from starbot_sandbox.slack.errors import SlackError
from starbot_sandbox.slack.events import VERIFICATION_TOKEN, EventFeed
from starbot_sandbox.slack.inputs import FindUser, begun, chosen, inputs_of
from starbot_sandbox.slack.line import Line
from starbot_sandbox.slack.people import People
from starbot_sandbox.slack.seed import SlackUser
from starbot_sandbox.slack.typed import escaped, with_names

Json = dict[str, Any]

NO_COMMAND = (
    '{0} is not a valid command. In Slack, all messages that start with the "/" character are interpreted as '
    "commands. (The manifest must declare {0} under features.slash_commands.)"
)
SHORTCUTS = {"global": "shortcut", "message": "message_action"}


class Interactions:
    """The people of one workspace and what they set off."""

    def __init__(self, people: People, line: Line, events: EventFeed) -> None:
        self._people = people
        self._state = people.state
        self._line = line
        self._events = events

    async def click(self, user: str, channel: str, ts: str, action_id: str, pick: Json) -> Json:
        """A person uses a button or menu of a message, or of an ephemeral one that they see."""
        place, person = self._people.channel(channel), self._people.user(user)
        ephemerals = (e for e in self._state.ephemerals if e["ts"] == ts and e["user"] == person.id)
        ephemeral = next(ephemerals, None)
        message = None if ephemeral else self._people.message(place, ts)
        body: Json = self._state.body(message, with_metadata=True) if message else dict(ephemeral or {})
        blocks = body.get("blocks", ())
        block, element = element_named(blocks, action_id, pick)
        action = picked(element, pick, self._people.user_id)
        container: Json = {"type": "message", "message_ts": ts, "channel_id": place.id}
        container["is_ephemeral"] = ephemeral is not None
        if body.get("thread_ts"):
            container["thread_ts"] = body["thread_ts"]
        payload = self._line.frame("block_actions", person) | {
            "trigger_id": self._state.views.new_trigger(person.id),
            "container": container,
            "channel": {"id": place.id, "name": place.shown_name},
            "state": {"values": message_state(blocks, block, action)},
            "response_url": self._line.response_url(place, person, ts),
            "actions": [stamped(block, action, self._state.next_ts())],
        }
        # Slack keeps no copy of an ephemeral message, so its payload has none.
        return await self._line.interact(payload | ({"message": body} if message else {}))

    async def command(self, user: str, channel: str, command: str, text: str) -> Json:
        """A person sends a slash command; answers `{"ok", "response"}` and shows what the app says at once."""
        person, place = self._own(user), self._people.channel(channel)
        self._people.check_member(person, place)
        escapes_names = self._declared(command)
        words = escaped(text.strip())
        seed = self._state.seed
        answer = await self._line.command(
            {
                "token": VERIFICATION_TOKEN,
                "team_id": seed.team_id,
                "team_domain": seed.team_domain,
                "channel_id": place.id,
                "channel_name": place.shown_name,
                "user_id": person.id,
                "user_name": person.name,
                "command": command,
                "text": with_names(words, self._state) if escapes_names else words,
                "api_app_id": seed.app_id,
                "is_enterprise_install": "false",
                "response_url": self._line.response_url(place, person),
                "trigger_id": self._state.views.new_trigger(person.id),
            }
        )
        if not answer["ok"]:
            return answer
        try:
            show(self._state, place, person.id, answer["payload"])
        except SlackError as error:
            return error.body() | {"response": answer["payload"]}
        return {"ok": True, "response": answer["payload"]}

    async def shortcut(self, user: str, callback_id: str, channel: str | None, ts: str | None) -> Json:
        """A person uses a global shortcut, or with `channel` and `ts` one of a message."""
        person = self._own(user)
        kind = "message" if ts else "global"
        if (callback_id, kind) not in self._line.manifest.shortcuts:
            raise ValueError(f"the manifest declares no {kind} shortcut {callback_id!r}: {self._shortcuts()}")
        payload = self._shortcut(SHORTCUTS[kind], person, callback_id)
        if ts:
            payload |= self._about(person, channel or "", ts)
        return await self._line.interact(payload)

    def home(self, user: str) -> None:
        """A person opens the home tab of the app. ValueError unless the app has one and listens."""
        person = self._own(user)
        if not self._line.manifest.has_home:
            raise ValueError("the app has no home tab: features.app_home.home_tab_enabled is not true")
        if not self._line.manifest.hears("app_home_opened"):
            raise ValueError("the app does not hear of it: bot_events lacks app_home_opened")
        place, home = self._state.open_im(person.id), self._state.views.homes.get(person.id)
        event: Json = {"type": "app_home_opened", "user": person.id, "channel": place.id, "tab": "home"}
        if home:
            event["view"] = self._state.views.body(home)
        self._events.publish(place, event | {"event_ts": self._state.next_ts()})

    def _own(self, user: str) -> SlackUser:
        person = self._people.user(user)
        if person.team:
            raise ValueError(
                f"{person.real_name} is of another workspace: there Slack does not offer this app"
            )
        return person

    def _declared(self, command: str) -> bool:
        """Whether names in the text of this command are escaped. ValueError if there is no such command."""
        manifest = self._line.manifest
        if command not in manifest.commands:
            raise ValueError(NO_COMMAND.format(command))
        if "commands" not in manifest.scopes:
            raise ValueError(f"the manifest declares {command} without the scope commands")
        return manifest.commands[command]

    def _shortcuts(self) -> str:
        known = sorted(f"{callback_id} ({kind})" for callback_id, kind in self._line.manifest.shortcuts)
        return f"there are {', '.join(known) or 'none'}"

    def _shortcut(self, kind: str, person: SlackUser, callback_id: str) -> Json:
        frame = self._line.frame(kind, person)
        del frame["api_app_id"]
        # The samples name the person of a global shortcut by "username" and that of a message shortcut by "name".
        del frame["user"]["name" if kind == "shortcut" else "username"]
        trigger_id = self._state.views.new_trigger(person.id)
        more = {"action_ts": self._state.next_ts(), "callback_id": callback_id, "trigger_id": trigger_id}
        return frame | more

    def _about(self, person: SlackUser, channel: str, ts: str) -> Json:
        place = self._people.channel(channel)
        self._people.check_member(person, place)
        message = self._people.message(place, ts)
        replaceable = ts if message.author == self._state.bot else ""
        return {
            "channel": {"id": place.id, "name": place.shown_name},
            "message_ts": ts,
            "message": self._state.body(message),
            "response_url": self._line.response_url(place, person, replaceable),
        }


def element_named(blocks: Iterable[Json], action_id: str, pick: Json) -> tuple[Json, Json]:
    """The (block, element) that a person means. ValueError if there is none."""
    known = []
    for block, element in elements_of(list(blocks)):
        known.append(str(element.get("action_id")))
        fits = pick.get("value") is None or element.get("value") == pick["value"]
        if element.get("action_id") == action_id and fits:
            return block, element
    raise ValueError(f"no element {action_id!r} there; there are: {', '.join(known) or 'none'}")


def picked(element: Json, pick: Json, find_user: FindUser) -> Json:
    """An element as used: a button as it is, anything else with what was chosen (None: what it began with)."""
    if element["type"] == "button":
        state: Json = {k: element[k] for k in ("type", "text", "value", "style") if k in element}
    elif pick.get("selected") is None:
        state = begun(element)
    else:
        state = chosen(element, pick["selected"], find_user)
    return {**state, "action_id": element["action_id"]}


def stamped(block: Json, action: Json, ts: str) -> Json:
    """An action as a payload has it."""
    return {**action, "block_id": block["block_id"], "action_ts": ts}


def message_state(blocks: Iterable[Json], used: Json, action: Json) -> Json:
    """The state of all inputs and menus of a message, of which one has just been used."""
    values: Json = {}
    for block, element in inputs_of(blocks):
        is_used = block is used and element["action_id"] == action["action_id"]
        state = {name: value for name, value in action.items() if name != "action_id"}
        values.setdefault(block["block_id"], {})[element["action_id"]] = state if is_used else begun(element)
    return values
