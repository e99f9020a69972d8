"""Interactive elements of Block Kit: where each may stand, what it must have, what it may begin with.

Rules from docs.slack.dev/reference/block-kit (block elements, composition objects). Complaints are Slack's:
what is wrong, and a JSON pointer to the place.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import date, time
from typing import Any

Json = dict[str, Any]

PLAIN = ("plain_text",)
ANY_TEXT = ("plain_text", "mrkdwn")
TEXT_INPUTS = frozenset(
    {"plain_text_input", "email_text_input", "url_text_input", "number_input", "rich_text_input"}
)
LISTS = frozenset({"static_select", "multi_static_select", "radio_buttons", "checkboxes", "overflow"})
GROUPED = frozenset({"static_select", "multi_static_select"})
FORMATTED = frozenset({"radio_buttons", "checkboxes"})
OPTION_COUNTS = {"overflow": 5, "radio_buttons": 10, "checkboxes": 10}
MOST_OPTIONS = 100
OTHER_PICKERS = frozenset(
    {
        *(
            f"{many}{what}_select"
            for many in ("", "multi_")
            for what in ("users", "channels", "conversations")
        ),
        *("external_select", "multi_external_select", "datepicker", "timepicker", "datetimepicker"),
    }
)
BUTTONS = frozenset({"button", "workflow_button"})
INPUTS = (TEXT_INPUTS | LISTS | OTHER_PICKERS) - {"overflow"}
PLACES = {
    "input": INPUTS,
    "actions": BUTTONS | LISTS | OTHER_PICKERS,
    "section": BUTTONS | LISTS | OTHER_PICKERS | {"image"},
}
LONGEST_INPUT = 3000


def options_of(element: Json) -> list[Json]:
    """Every option of a list, those in groups too."""
    lists = [element.get("options"), *(group.get("options") for group in _objects(element, "option_groups"))]
    return [each for one in lists if isinstance(one, list) for each in one if isinstance(each, dict)]


def element_complaints(pointer: str, block_type: str, element: Json) -> Iterator[str]:
    """What Slack says about one element in a block of that type."""
    kind = str(element.get("type"))
    if kind not in PLACES.get(block_type, ()):
        yield f"unsupported type: {kind} [json-pointer:{pointer}/type]"
    elif kind in LISTS:
        yield from _list_complaints(pointer, element, kind)
    elif kind in TEXT_INPUTS:
        yield from _length_complaints(pointer, element)
    elif kind in ("datepicker", "timepicker"):
        yield from _moment_complaints(pointer, element, kind)
    if kind.startswith("multi_"):
        yield from _most_complaints(pointer, element)


def text_complaints(pointer: str, text: Any, types: tuple[str, ...]) -> Iterator[str]:
    """What Slack says about a text object that may be of these types."""
    if not isinstance(text, dict):
        yield f"must be an object [json-pointer:{pointer}]"
    elif text.get("type") not in types:
        yield f"must be {' or '.join(types)} [json-pointer:{pointer}/type]"
    elif not isinstance(text.get("text"), str):
        yield f"missing required field: text [json-pointer:{pointer}]"


def parsed_date(text: Any) -> str:
    """A date as pickers have it, YYYY-MM-DD. ValueError if it is none."""
    return date.fromisoformat(_shaped(text, r"\d{4}-\d{2}-\d{2}", "a date as YYYY-MM-DD")).isoformat()


def parsed_time(text: Any) -> str:
    """A time of day as pickers have it, HH:mm. ValueError if it is none."""
    return time.fromisoformat(_shaped(text, r"\d{2}:\d{2}", "a time as HH:mm")).strftime("%H:%M")


def _shaped(text: Any, pattern: str, what: str) -> str:
    if not isinstance(text, str) or not re.fullmatch(pattern, text):
        raise ValueError(f"{text!r} is not {what}")
    return text


def _objects(node: Json, name: str) -> list[Json]:
    found = node.get(name)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _list_complaints(pointer: str, element: Json, kind: str) -> Iterator[str]:
    names = [name for name in ("options", "option_groups") if name in element]
    if names == ["option_groups"] and kind in GROUPED:
        yield from _group_complaints(f"{pointer}/option_groups", element["option_groups"])
    elif names == ["options"]:
        most = OPTION_COUNTS.get(kind, MOST_OPTIONS)
        yield from _option_complaints(f"{pointer}/options", element["options"], most, kind in FORMATTED)
    else:
        wanted = "options or option_groups, not both" if kind in GROUPED else "options"
        yield f"missing required field: {wanted} [json-pointer:{pointer}]"
    yield from _initial_complaints(pointer, element)


def _group_complaints(pointer: str, groups: Any) -> Iterator[str]:
    yield from _count_complaints(pointer, groups, MOST_OPTIONS)
    for number, group in enumerate(groups if isinstance(groups, list) else ()):
        here = f"{pointer}/{number}"
        if not isinstance(group, dict):
            yield f"must be an object [json-pointer:{here}]"
            continue
        yield from text_complaints(f"{here}/label", group.get("label"), PLAIN)
        yield from _option_complaints(f"{here}/options", group.get("options"), MOST_OPTIONS, False)


def _option_complaints(pointer: str, options: Any, most: int, is_formatted: bool) -> Iterator[str]:
    yield from _count_complaints(pointer, options, most)
    types = ANY_TEXT if is_formatted else PLAIN
    for number, option in enumerate(options if isinstance(options, list) else ()):
        here = f"{pointer}/{number}"
        if not isinstance(option, dict):
            yield f"must be an object [json-pointer:{here}]"
            continue
        yield from text_complaints(f"{here}/text", option.get("text"), types)
        if not isinstance(option.get("value"), str) or not option["value"]:
            yield f"missing required field: value [json-pointer:{here}]"
        if option.get("description") is not None:
            yield from text_complaints(f"{here}/description", option["description"], types)


def _count_complaints(pointer: str, items: Any, most: int) -> Iterator[str]:
    if not isinstance(items, list):
        yield f"must be an array [json-pointer:{pointer}]"
    elif not items:
        yield f"no fewer than 1 item required [json-pointer:{pointer}]"
    elif len(items) > most:
        yield f"no more than {most} items allowed [json-pointer:{pointer}]"


def _initial_complaints(pointer: str, element: Json) -> Iterator[str]:
    known = [_shown(option) for option in options_of(element)]
    chosen = [("initial_option", element.get("initial_option"))]
    initial = element.get("initial_options")
    if initial is not None:
        yield from _count_complaints(f"{pointer}/initial_options", initial, MOST_OPTIONS)
    if isinstance(initial, list):
        chosen += [(f"initial_options/{number}", each) for number, each in enumerate(initial)]
    for place, option in chosen:
        if option is not None and _shown(option) not in known:
            yield f"must be one of the options provided [json-pointer:{pointer}/{place}]"


def _shown(option: Any) -> Any:
    """What makes an option the same as another: its value and its words."""
    if not isinstance(option, dict) or not isinstance(option.get("text"), dict):
        return option
    return option.get("value"), option["text"].get("text")


def _length_complaints(pointer: str, element: Json) -> Iterator[str]:
    least, most = element.get("min_length", 0), element.get("max_length", LONGEST_INPUT)
    for name, value, first in (("min_length", least, 0), ("max_length", most, 1)):
        if type(value) is not int or not first <= value <= LONGEST_INPUT:
            yield f"must be between {first} and {LONGEST_INPUT} [json-pointer:{pointer}/{name}]"
            return
    if least > most:
        yield f"must not be more than max_length [json-pointer:{pointer}/min_length]"


def _moment_complaints(pointer: str, element: Json, kind: str) -> Iterator[str]:
    name, parse = ("initial_date", parsed_date) if kind == "datepicker" else ("initial_time", parsed_time)
    try:
        parse(element.get(name, "2026-01-01" if kind == "datepicker" else "00:00"))
    except ValueError as error:
        yield f"{error} [json-pointer:{pointer}/{name}]"


def _most_complaints(pointer: str, element: Json) -> Iterator[str]:
    most = element.get("max_selected_items", 1)
    if type(most) is not int or most < 1:
        yield f"must be at least 1 [json-pointer:{pointer}/max_selected_items]"
    users: Iterable[Any] = element.get("initial_users") or ()
    if not isinstance(users, list | tuple) or not all(isinstance(each, str) for each in users):
        yield f"must be an array of user ids [json-pointer:{pointer}/initial_users]"
