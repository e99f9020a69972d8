"""Block Kit: the limits that Slack enforces, and the ids that it gives to what has none.

Limits from docs.slack.dev/reference/block-kit (blocks, block elements, composition objects, views).
"""

import secrets
from collections.abc import Iterator
from typing import Any

from starbot_sandbox.slack.elements import ANY_TEXT, PLAIN, element_complaints, text_complaints
from starbot_sandbox.slack.errors import SlackError, with_messages

Json = dict[str, Any]

MESSAGE_BLOCKS = 50
VIEW_BLOCKS = 100
MESSAGE_CHARACTERS = 13_000
BLOCK_TYPES = frozenset(
    {"section", "divider", "header", "context", "actions", "image", "input", "rich_text", "markdown"}
)
TEXT_LIMITS = {"header": 150, "section": 3000, "button": 75, "option": 75, "markdown": 12_000}
FIELD_LIMITS = {
    "block_id": 255,
    "action_id": 255,
    "callback_id": 255,
    "external_id": 255,
    "private_metadata": 3000,
    "value": 2000,
    "url": 3000,
    "image_url": 3000,
    "alt_text": 2000,
    "placeholder": 150,
    "initial_value": 3000,
}
COUNTS = {("section", "fields"): 10, ("context", "elements"): 10, ("actions", "elements"): 25}
CONFIRM_LIMITS = {"title": 100, "text": 300, "confirm": 30, "deny": 30}
VIEW_LIMITS = {"title": 24, "submit": 24, "close": 24}
REQUIRED = {
    "section": (("text", "fields"),),
    "header": (("text",),),
    "context": (("elements",),),
    "actions": (("elements",),),
    "image": (("image_url", "slack_file"), ("alt_text",)),
    "input": (("label",), ("element",)),
    "rich_text": (("elements",),),
    "markdown": (("text",),),
    "button": (("text",),),
    "confirm": (("title",), ("text",), ("confirm",), ("deny",)),
}
TEXTS: dict[str, dict[str, tuple[str, ...]]] = {
    "section": {"text": ANY_TEXT},
    "header": {"text": PLAIN},
    "button": {"text": PLAIN},
    "input": {"label": PLAIN, "hint": PLAIN},
    "image": {"title": PLAIN},
    "confirm": {"title": PLAIN, "text": ANY_TEXT, "confirm": PLAIN, "deny": PLAIN},
}
VIEW_FIELDS = (
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


def checked_blocks(blocks: Any) -> list[Json]:
    """The blocks of a message with ids filled in. SlackError invalid_blocks(_format), msg_blocks_too_long."""
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        raise SlackError("invalid_blocks_format")
    complaints = [*_too_many("/blocks", blocks, MESSAGE_BLOCKS), *_complaints("/blocks", blocks)]
    if complaints:
        raise with_messages("invalid_blocks", complaints)
    if len(str(blocks)) > MESSAGE_CHARACTERS:
        raise SlackError("msg_blocks_too_long")
    return with_ids(blocks)


def checked_view(view: Any, kind: str | None = None) -> Json:
    """A view as an app sends it, with ids filled in; `kind` "modal" or "home" where it must be that.

    SlackError invalid_arguments, view_too_large.
    """
    if not isinstance(view, dict):
        raise with_messages("invalid_arguments", ["must be an object [json-pointer:/view]"])
    if len(str(view)) > 250_000:
        raise SlackError("view_too_large")
    kinds = (kind,) if kind else ("modal", "home")
    if view.get("type") not in kinds:
        raise with_messages("invalid_arguments", [f"must be {' or '.join(kinds)} [json-pointer:/view/type]"])
    blocks = view.get("blocks")
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        raise with_messages("invalid_arguments", ["must be an array of blocks [json-pointer:/view/blocks]"])
    complaints = [*_view_complaints(view), *_too_many("/view/blocks", blocks, VIEW_BLOCKS)]
    complaints += _complaints("/view/blocks", blocks)
    if complaints:
        raise with_messages("invalid_arguments", complaints)
    return {**view, "blocks": with_ids(blocks)}


def with_ids(blocks: list[Json]) -> list[Json]:
    """The blocks with a block_id each, and an action_id for each interactive element."""
    filled = [{**block, "block_id": block.get("block_id") or _new_id()} for block in blocks]
    for _, element in elements_of(filled):
        if "action_id" in element or element.get("type") in ("image", "mrkdwn", "plain_text"):
            continue
        element["action_id"] = _new_id()
    return filled


def elements_of(blocks: list[Json]) -> Iterator[tuple[Json, Json]]:
    """Each (block, element) of actions, accessories and inputs."""
    for _, block, element in _placed("", blocks):
        yield block, element


def _placed(pointer: str, blocks: list[Json]) -> Iterator[tuple[str, Json, Json]]:
    """Each (pointer, block, element) of actions, accessories and inputs."""
    for number, block in enumerate(blocks):
        here, row = f"{pointer}/{number}", block.get("elements")
        if block.get("type") == "actions" and isinstance(row, list):
            numbered = enumerate(row)
            yield from (
                (f"{here}/elements/{n}", block, each) for n, each in numbered if isinstance(each, dict)
            )
        for place in ("accessory", "element"):
            if isinstance(block.get(place), dict):
                yield f"{here}/{place}", block, block[place]


def _new_id() -> str:
    return secrets.token_urlsafe(4)


def _too_many(pointer: str, items: list[Any], limit: int) -> Iterator[str]:
    if len(items) > limit:
        yield f"no more than {limit} items allowed [json-pointer:{pointer}]"


def _complaints(pointer: str, blocks: list[Json]) -> list[str]:
    found: list[str] = []
    for number, block in enumerate(blocks):
        here = f"{pointer}/{number}"
        kind = str(block.get("type"))
        if kind not in BLOCK_TYPES:
            found.append(f"unsupported type: {kind} [json-pointer:{here}/type]")
        elif kind != "rich_text":
            found += _walk(here, block, kind)
    for here, block, element in _placed(pointer, blocks):
        found += element_complaints(here, str(block.get("type")), element)
    return found + _duplicates(pointer, blocks)


def _duplicates(pointer: str, blocks: list[Json]) -> list[str]:
    block_ids = [block.get("block_id") for block in blocks]
    action_ids = [element.get("action_id") for _, element in elements_of(blocks)]
    return [
        f"`{kind}` {each} already exists [json-pointer:{pointer}]"
        for kind, ids in (("block_id", block_ids), ("action_id", action_ids))
        for each in sorted({i for i in ids if i and isinstance(i, str) and ids.count(i) > 1})
    ]


def _walk(pointer: str, node: Json, kind: str) -> Iterator[str]:
    """Complaints about one block, element or composition object and all below it."""
    yield from _missing(pointer, node, kind)
    yield from _fields(pointer, node, kind)
    for key, value in node.items():
        below = f"{pointer}/{key}"
        if isinstance(value, dict) and key not in ("state", "event_payload"):
            yield from _walk(below, value, _kind(key, value, kind))
        elif isinstance(value, list):
            yield from _counted(below, value, kind, key)
            for number, item in enumerate(value):
                if isinstance(item, dict):
                    yield from _walk(f"{below}/{number}", item, _kind(key, item, kind))


def _kind(key: str, value: Json, parent: str) -> str:
    if value.get("type") in ("plain_text", "mrkdwn"):
        return f"{parent}.{key}"
    if key in ("options", "initial_options", "initial_option"):
        return "option"
    return "confirm" if key == "confirm" else str(value.get("type", key))


def _missing(pointer: str, node: Json, kind: str) -> Iterator[str]:
    for names in REQUIRED.get(kind, ()):
        if not any(node.get(name) for name in names):
            yield f"missing required field: {' or '.join(names)} [json-pointer:{pointer}]"
    for name, types in {**TEXTS.get(kind, {}), "placeholder": PLAIN}.items():
        if node.get(name) is not None:
            yield from text_complaints(f"{pointer}/{name}", node[name], types)


def _fields(pointer: str, node: Json, kind: str) -> Iterator[str]:
    limits = FIELD_LIMITS | ({"value": 150} if kind == "option" else {})
    for name, limit in limits.items():
        value = node.get(name)
        if isinstance(value, str) and len(value) > limit:
            yield _longer(f"{pointer}/{name}", limit)
    for name in ("block_id", "action_id"):
        if not isinstance(node.get(name, ""), str):
            yield f"must be a string [json-pointer:{pointer}/{name}]"
    text = node.get("text")
    if isinstance(text, str):
        yield from _text(pointer, text, kind)


def _text(pointer: str, text: str, kind: str) -> Iterator[str]:
    if not text:
        yield f"must be more than 0 characters [json-pointer:{pointer}/text]"
    limit = _text_limit(kind)
    if len(text) > limit:
        yield _longer(f"{pointer}/text", limit)


def _text_limit(kind: str) -> int:
    parent, _, key = kind.partition(".")
    if parent == "confirm":
        return CONFIRM_LIMITS.get(key, 300)
    if parent == "option_groups":
        return TEXT_LIMITS["option"]
    if key in ("label", "hint", "fields"):
        return 2000
    return FIELD_LIMITS["placeholder"] if key == "placeholder" else TEXT_LIMITS.get(parent, 3000)


def _counted(pointer: str, items: list[Any], kind: str, key: str) -> Iterator[str]:
    limit = COUNTS.get((kind, key))
    if limit:
        yield from _too_many(pointer, items, limit)
    if not items and key in ("elements", "fields"):
        yield f"no fewer than 1 item required [json-pointer:{pointer}]"


def _longer(pointer: str, limit: int) -> str:
    return f"must be less than {limit + 1} characters [json-pointer:{pointer}]"


def _view_complaints(view: Json) -> Iterator[str]:
    for name in sorted(set(view) - set(VIEW_FIELDS)):
        yield f"invalid additional property: {name} [json-pointer:/view]"
    for name, limit in VIEW_LIMITS.items():
        yield from _view_text(f"/view/{name}", view.get(name), limit)
    for name in ("private_metadata", "callback_id", "external_id"):
        if not isinstance(view.get(name) or "", str):
            yield f"must be a string [json-pointer:/view/{name}]"
        elif len(view.get(name) or "") > FIELD_LIMITS[name]:
            yield _longer(f"/view/{name}", FIELD_LIMITS[name])
    if view["type"] == "modal":
        yield from _modal_complaints(view)


def _view_text(pointer: str, text: Any, limit: int) -> Iterator[str]:
    if text is None:
        return
    complaints = list(text_complaints(pointer, text, PLAIN))
    yield from complaints
    if not complaints and not text["text"]:
        yield f"must be more than 0 characters [json-pointer:{pointer}/text]"
    if not complaints and len(text["text"]) > limit:
        yield _longer(f"{pointer}/text", limit)


def _modal_complaints(view: Json) -> Iterator[str]:
    if not view.get("title"):
        yield "missing required field: title [json-pointer:/view]"
    if not view.get("submit") and any(block.get("type") == "input" for block in view["blocks"]):
        yield "submit is required when an input block is present [json-pointer:/view]"
