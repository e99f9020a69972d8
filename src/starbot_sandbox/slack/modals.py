"""What people do in modals and in their home tab, and what the app's answer makes of a modal.

docs.slack.dev/surfaces/modals, docs.slack.dev/reference/interaction-payloads/view-interactions-payload.
"""

from typing import Any

from starbot_sandbox.slack.errors import SlackError, with_messages
from starbot_sandbox.slack.inputs import begun, chosen, complaint, inputs_of
from starbot_sandbox.slack.interactions import element_named, picked, stamped
from starbot_sandbox.slack.line import Line
from starbot_sandbox.slack.people import People
from starbot_sandbox.slack.seed import SlackUser
from starbot_sandbox.slack.views import SlackView

Json = dict[str, Any]


class Modals:
    """The views that the people of one workspace have before them."""

    def __init__(self, people: People, line: Line) -> None:
        self._people = people
        self._views = people.state.views
        self._line = line

    async def click(self, user: str, view_id: str, action_id: str, pick: Json) -> Json:
        """A person uses an element; one in an input block is only told at once if that block dispatches."""
        view, person = self._top(user, view_id), self._people.user(user)
        block, element = element_named(view.content["blocks"], action_id, pick)
        action = picked(element, pick, self._people.user_id)
        if (block, element) in inputs_of(view.content["blocks"]):
            state = {name: value for name, value in action.items() if name != "action_id"}
            view.values.setdefault(block["block_id"], {})[action_id] = state
        if block["type"] == "input" and not block.get("dispatch_action"):
            return {"ok": True, "payload": {}}
        self._begin(view)
        payload = self._frame("block_actions", person, view) | {
            "trigger_id": self._views.new_trigger(person.id, view.root),
            "container": {"type": "view", "view_id": view.id},
            "actions": [stamped(block, action, self._people.state.next_ts())],
        }
        return await self._line.interact(payload)

    async def submit(self, user: str, view_id: str, values: Json) -> Json:
        """A person fills in a modal and submits it; `values` by block id."""
        view, person = self._top(user, view_id), self._people.user(user)
        if not view.content.get("submit"):
            raise ValueError("that view has no submit button")
        errors = self._fill(view, values)
        if errors:
            return {"ok": False, "errors": errors}
        payload = self._frame("view_submission", person, view) | {
            "trigger_id": self._views.new_trigger(person.id, view.root),
            "response_urls": [],
        }
        answer = await self._line.interact(payload, accepts_response=True)
        return self._submitted(view, answer["payload"]) if answer["ok"] else answer

    async def close(self, user: str, view_id: str, is_cleared: bool) -> Json:
        """A person closes a view by its button, or with `is_cleared` the whole modal by the cross above it."""
        view, person = self._top(user, view_id), self._people.user(user)
        if view.content["type"] != "modal":
            raise ValueError("a home tab cannot be closed")
        is_cleared = is_cleared or bool(view.content.get("clear_on_close"))
        for closed in self._views.close(view, is_cleared):
            if closed.content.get("notify_on_close"):
                payload = self._frame("view_closed", person, closed)
                await self._line.interact(payload | {"is_cleared": is_cleared})
        return {"ok": True}

    def _top(self, user: str, view_id: str) -> SlackView:
        """A view that this person sees. ValueError if it is not open, or lies under another one."""
        person = self._people.user(user).id
        for view in (*self._views.modals.values(), *self._views.homes.values()):
            if view.id == view_id and view.user == person:
                stack = self._views.stack(view.root)
                if stack and stack[-1] is not view:
                    raise ValueError(f"view {view_id} lies under {stack[-1].id}")
                return view
        raise ValueError(f"{user} has no view {view_id} open")

    def _frame(self, kind: str, person: SlackUser, view: SlackView) -> Json:
        frame = self._line.frame(kind, person) | {"view": self._views.body(view)}
        # A modal opens in the person's own workspace; its view says where the app is installed.
        team = self._people.state.seed.team_of(person)
        return frame | {"team": {"id": team.id, "domain": team.domain}}

    def _begin(self, view: SlackView) -> None:
        """Give every input that nobody has touched the state that it begins with."""
        for block, element in inputs_of(view.content["blocks"]):
            view.values.setdefault(block["block_id"], {}).setdefault(element["action_id"], begun(element))

    def _fill(self, view: SlackView, values: Json) -> dict[str, str]:
        """Put the answers into the view; what Slack's own client finds wrong with them, by block id."""
        inputs = _input_blocks(view)
        if unknown := set(values) - set(inputs):
            raise ValueError(f"no input block {', '.join(sorted(unknown))}; there are {', '.join(inputs)}")
        for block_id, answer in values.items():
            element = inputs[block_id]["element"]
            if answer is not None:
                view.values[block_id] = {element["action_id"]: chosen(element, answer, self._people.user_id)}
        self._begin(view)
        found = {
            block_id: complaint(block, view.values[block_id][block["element"]["action_id"]])
            for block_id, block in inputs.items()
        }
        return {block_id: error for block_id, error in found.items() if error}

    def _submitted(self, view: SlackView, response: Any) -> Json:
        """What the answer of the app does; one that Slack rejects leaves the modal as it is."""
        try:
            return self._follow(
                view, response if isinstance(response, dict) else {"response_action": response}
            )
        except SlackError as error:
            return error.body()

    def _follow(self, view: SlackView, response: Json) -> Json:
        action = response.get("response_action")
        if action == "errors":
            return {"ok": False, "errors": _checked_errors(view, response.get("errors"))}
        if action == "update":
            self._views.replace(view, response.get("view"))
        elif action == "push":
            self._views.push_on(view, response.get("view"))
        elif action in (None, "clear"):
            self._views.close(view, is_cleared=action == "clear")
        else:
            raise with_messages("invalid_arguments", [f"unknown response_action {action!r}"])
        return {"ok": True}


def _input_blocks(view: SlackView) -> dict[str, Json]:
    return {block["block_id"]: block for block in view.content["blocks"] if block["type"] == "input"}


def _checked_errors(view: SlackView, errors: Any) -> dict[str, str]:
    """Sentences under the inputs of a view. SlackError invalid_arguments if Slack could not show them there."""
    if not isinstance(errors, dict) or not errors:
        raise with_messages("invalid_arguments", ["must be an object of errors [json-pointer:/errors]"])
    inputs = _input_blocks(view)
    complaints = [
        f"no input block {name} in the view [json-pointer:/errors]" for name in errors if name not in inputs
    ]
    complaints += [
        f"must be a text [json-pointer:/errors/{name}]"
        for name, error in errors.items()
        if not isinstance(error, str) or not error
    ]
    if complaints:
        raise with_messages("invalid_arguments", complaints)
    return errors
