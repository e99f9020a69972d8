"""The four systems as people would compare them: what is there and how often, not when or under which number.

Left out: times, ids that differ by run, markers and metadata, the order of notes and comments, who was told
what in passing (ephemerals). Links are kept, with the message they lead to named by its place in its channel.
"""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

Json = dict[str, Any]

_TIMES = (
    re.compile(r"<!date\^[^>]*>"),
    re.compile(r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?: UTC|Z|\+00:00)?"),
    re.compile(r"\b\d{2}:\d{2} UTC"),
)
_MARKER = re.compile(r"\n*<!-- starbot:[a-z2-7]{16} -->")
_CASE = re.compile(r"\b(?:star|page|emergency|hands|compromised|redirect)-[a-z2-7]{8}\b")
_PORT = re.compile(r"127\.0\.0\.1:\d+")
_MADE_UP = frozenset({"block_id", "value"})
"""Parts of blocks that hold ids of a run: Slack's own, and the case that a button belongs to."""


def normal_form(state: Mapping[str, Any]) -> Json:
    """The comparable part of what GET /_sandbox/state shows."""
    places = _places(state["slack"]["messages"])
    return {
        "slack": _messages(state["slack"]["messages"], places),
        "gitlab": _sorted(_issue(issue, places) for issue in state["gitlab"]["issues"]),
        "labels": {project["path"]: project["labels"] for project in state["gitlab"]["projects"]},
        "zendesk": {
            number: _ticket(ticket, places) for number, ticket in state["zendesk"]["tickets"].items()
        },
        "pagerduty": {
            **state["pagerduty"],
            "incidents": [_incident(one) for one in state["pagerduty"]["incidents"]],
        },
    }


def _incident(incident: Json) -> Json:
    """Its key is ours, and differs by run."""
    left_out = {"key", "created_at", "escalates_at", "log"}
    log = [{name: line[name] for name in ("kind", "by", "summary")} for line in incident["log"]]
    return {**{name: part for name, part in incident.items() if name not in left_out}, "log": log}


def _places(messages: Iterable[Json]) -> dict[str, str]:
    """Each ts and the name that stands for it: the how-manieth message of which channel it is."""
    names: dict[str, str] = {}
    counts: dict[str, int] = {}
    for message in sorted(messages, key=lambda one: str(one["ts"])):
        channel = str(message["channel"])
        counts[channel] = counts.get(channel, 0) + 1
        names[str(message["ts"])] = f"{channel}#{counts[channel]}"
    return names


def _messages(messages: Iterable[Json], places: Mapping[str, str]) -> Json:
    return {
        places[message["ts"]]: {
            "by": message.get("user") or message.get("username"),
            "kind": message.get("subtype"),
            "thread": places.get(message.get("thread_ts", ""), None),
            "replies": message.get("reply_count", 0),
            "text": _plain(message["text"], places),
            "blocks": _without_ids(message.get("blocks") or [], places),
            "reactions": {one["name"]: sorted(one["users"]) for one in message.get("reactions", ())},
        }
        for message in messages
    }


def _issue(issue: Json, places: Mapping[str, str]) -> Json:
    kept = ("project", "iid", "state", "confidential", "author", "notified", "quick_actions")
    return {
        **{name: issue[name] for name in kept},
        "title": _plain(issue["title"], places),
        "description": _plain(issue["description"], places),
        "labels": sorted(issue["labels"]),
        "assignees": sorted(issue["assignees"]),
        "notes": _sorted(
            {"by": note["author"], "internal": note["internal"], "body": _plain(note["body"], places)}
            for note in issue["notes"]
        ),
    }


def _ticket(ticket: Json, places: Mapping[str, str]) -> Json:
    kept = ("subject", "status", "priority", "organization", "assignee", "custom_fields")
    return {
        **{name: ticket[name] for name in kept},
        "tags": sorted(ticket["tags"]),
        "macros": sorted(ticket["macro_ids"]),
        "comments": _sorted(
            {"by": one["author"], "public": one["public"], "body": _plain(one["body"], places)}
            for one in ticket["comments"]
        ),
        # What each update did; what the tags were before depends on which of two updates was first.
        "updates": sorted(sorted(event["type"] for event in audit["events"]) for audit in ticket["audits"]),
    }


def _sorted(things: Iterable[Json]) -> list[Json]:
    return sorted(things, key=lambda one: json.dumps(one, sort_keys=True))


def _without_ids(value: Any, places: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {name: _without_ids(part, places) for name, part in value.items() if name not in _MADE_UP}
    if isinstance(value, list):
        return [_without_ids(part, places) for part in value]
    return _plain(value, places) if isinstance(value, str) else value


def _plain(text: str, places: Mapping[str, str]) -> str:
    for ts, name in places.items():
        text = text.replace("p" + ts.replace(".", ""), name).replace(ts, name)
    for times in _TIMES:
        text = times.sub("TIME", text)
    return _PORT.sub("SANDBOX", _CASE.sub("CASE", _MARKER.sub("", text)))
