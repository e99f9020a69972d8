"""What people put into inputs and menus, and what Slack's client finds wrong with it.

The state of an element is worded as in docs.slack.dev/reference/interaction-payloads/view-interactions-payload.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from starbot_sandbox.slack.blocks import elements_of
from starbot_sandbox.slack.elements import INPUTS, options_of, parsed_date, parsed_time

Json = dict[str, Any]
FindUser = Callable[[str], str]

REQUIRED_FIELD = "Please complete this required field."
SINGLE = ("static_select", "radio_buttons", "overflow")
SEVERAL = ("multi_static_select", "checkboxes")
TYPED = ("text_input", "number_input")
MOMENTS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "datepicker": ("date", parsed_date),
    "timepicker": ("time", parsed_time),
    "datetimepicker": ("date_time", int),
}


def inputs_of(blocks: Iterable[Json]) -> Iterator[tuple[Json, Json]]:
    """Each (block, element) that holds something which people have typed or chosen."""
    for block, element in elements_of(list(blocks)):
        if element.get("type") in INPUTS:
            yield block, element


def begun(element: Json) -> Json:
    """The state of an element before anybody has touched it."""
    kind = element["type"]
    if kind.endswith(TYPED):
        return {"type": kind, "value": element.get("initial_value")}
    if kind in SEVERAL:
        return {"type": kind, "selected_options": element.get("initial_options") or []}
    name = _name(kind)
    many = "s" if kind.startswith("multi_") else ""
    return {
        "type": kind,
        f"selected_{name}{many}": element.get(f"initial_{name}{many}") or ([] if many else None),
    }


def chosen(element: Json, answer: Any, find_user: FindUser) -> Json:
    """The state of an element once somebody has put `answer` into it. ValueError if that cannot be."""
    kind = element["type"]
    if kind.endswith(TYPED):
        text = str(answer) if element.get("multiline") else " ".join(str(answer).splitlines())
        return {"type": kind, "value": text or None}
    if kind in SINGLE:
        return {"type": kind, "selected_option": _option(element, answer) if answer else None}
    if kind in SEVERAL:
        return {"type": kind, "selected_options": [_option(element, each) for each in _some(element, answer)]}
    name = _name(kind)
    if kind.startswith("multi_"):
        return {
            "type": kind,
            f"selected_{name}s": [_meant(name, e, find_user) for e in _some(element, answer)],
        }
    parse = MOMENTS[kind][1] if kind in MOMENTS else lambda each: _meant(name, each, find_user)
    return {"type": kind, f"selected_{name}": parse(answer) if answer else None}


def complaint(block: Json, state: Json) -> str | None:
    """What Slack's own client says about an input when the modal is sent; None if it is fine."""
    value = next(each for name, each in state.items() if name != "type")
    if not value:
        return None if block.get("optional") else REQUIRED_FIELD
    return _length_complaint(block["element"], value) if isinstance(value, str) else None


def _length_complaint(element: Json, value: str) -> str | None:
    most, least = element.get("max_length", 3000), element.get("min_length", 0)
    if len(value) > most:
        return f"Please enter no more than {most} characters."
    return f"Please enter at least {least} characters." if len(value) < least else None


def _name(kind: str) -> str:
    """What such an element selects: option, user, channel, conversation, date, time."""
    if kind in MOMENTS:
        return MOMENTS[kind][0]
    if kind in SINGLE:
        return "option"
    name = kind.removeprefix("multi_").removesuffix("s_select")
    if name not in ("user", "channel", "conversation"):
        raise ValueError(f"the sandbox cannot fill a {kind}")
    return name


def _meant(name: str, answer: Any, find_user: FindUser) -> str:
    return find_user(str(answer)) if name == "user" else str(answer)


def _some(element: Json, answer: Any) -> list[Any]:
    found = list(answer or ()) if isinstance(answer, list | tuple) or not answer else [answer]
    most = element.get("max_selected_items")
    if most and len(found) > most:
        raise ValueError(f"{len(found)} were selected and {most} may be")
    return found


def _option(element: Json, value: Any) -> Json:
    options = options_of(element)
    for option in options:
        if value in (option["value"], option["text"]["text"]):
            return option
    raise ValueError(f"no option {value!r}; there are: {', '.join(each['value'] for each in options)}")
