"""manifest.yml asks Slack for what the bot calls and listens to, and for nothing else."""

import ast
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

TOP = Path(__file__).parents[2]
SOURCE = TOP / "src" / "starbot"
SPECS = TOP.parent / "shared" / "specs" / "slack"
MANIFEST: dict[str, Any] = yaml.safe_load((TOP / "manifest.yml").read_text("utf-8"))

needs_specs = pytest.mark.skipif(not SPECS.is_dir(), reason="the vendors' specs are not beside the checkout")

# The least scopes of each method, for public and private channels and direct messages
# (docs.slack.dev/reference/methods).
SCOPES_OF_METHODS = {
    "apps.connections.open": set(),  # of the app-level token, which has a scope of its own
    "auth.test": set(),
    "bots.info": {"users:read"},
    "chat.postEphemeral": {"chat:write"},
    "chat.postMessage": {"chat:write"},
    "chat.update": {"chat:write"},
    "conversations.history": {"channels:history", "groups:history", "im:history"},
    "conversations.list": {"channels:read", "groups:read"},
    "conversations.members": {"channels:read", "groups:read"},
    "conversations.open": {"im:write"},
    "conversations.replies": {"channels:history", "groups:history", "im:history"},
    "emoji.list": {"emoji:read"},
    "reactions.add": {"reactions:write"},
    "reactions.remove": {"reactions:write"},
    "usergroups.list": {"usergroups:read"},
    "usergroups.users.list": {"usergroups:read"},
    "users.info": {"users:read"},
    "users.lookupByEmail": {"users:read.email", "users:read"},
    "views.open": set(),
    "views.update": set(),
}

# What each kind of listener must subscribe to, and the scopes of that (docs.slack.dev/reference/events).
SUBSCRIPTIONS = {
    "message": {
        "message.channels": {"channels:history"},
        "message.groups": {"groups:history"},
        "message.im": {"im:history"},
    },
    "reaction_added": {"reaction_added": {"reactions:read"}},
    "reaction_removed": {"reaction_removed": {"reactions:read"}},
}


def called_methods() -> set[str]:
    """The Web API methods that services/slack.py calls on its client."""
    tree = ast.parse((SOURCE / "services" / "slack.py").read_text("utf-8"))
    return {
        node.attr.replace("_", ".")
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Attribute)
        and node.value.attr == "_client"
    }


def listeners() -> Iterator[tuple[str, str]]:
    """Each registration with Bolt: what it is (event, action, view ...) and the first thing it names."""
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args):
                continue
            for text in ast.walk(node.args[0]):
                if isinstance(text, ast.Constant) and isinstance(text.value, str):
                    yield node.func.attr, text.value


def heard_events() -> set[str]:
    return {name for kind, name in listeners() if kind == "event" and name in SUBSCRIPTIONS}


@needs_specs
def test_the_manifest_is_one_that_slack_takes() -> None:
    schema = json.loads((SPECS / "manifest.schema.1.0.0.json").read_text("utf-8"))
    jsonschema.validate(MANIFEST, schema)
    assert MANIFEST["_metadata"]["major_version"] == 1


def test_every_method_that_is_called_is_known_here_with_its_scopes() -> None:
    assert called_methods() <= set(SCOPES_OF_METHODS)


def test_the_scopes_are_those_of_the_calls_and_the_events() -> None:
    wanted = {scope for method in called_methods() for scope in SCOPES_OF_METHODS[method]}
    for event in heard_events():
        wanted |= {scope for scopes in SUBSCRIPTIONS[event].values() for scope in scopes}
    wanted |= {"commands"}  # slash commands and shortcuts (docs.slack.dev/reference/scopes/commands)
    assert set(MANIFEST["oauth_config"]["scopes"]["bot"]) == wanted


def test_the_subscriptions_are_the_events_that_are_listened_to() -> None:
    wanted = {subscription for event in heard_events() for subscription in SUBSCRIPTIONS[event]}
    assert set(MANIFEST["settings"]["event_subscriptions"]["bot_events"]) == wanted


def test_the_commands_and_shortcuts_are_those_that_the_bot_answers() -> None:
    """`wiring/hears.py` hands them over by name."""
    features = MANIFEST["features"]
    declared = {one["command"] for one in features["slash_commands"]}
    declared |= {one["callback_id"] for one in features["shortcuts"]}
    tree = ast.parse((SOURCE / "wiring" / "hears.py").read_text("utf-8"))
    tables = [
        keyword.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Hears"
        for keyword in node.keywords
        if keyword.arg in ("commands", "command_openers", "shortcuts")
    ]
    named = {key.value for table in tables if isinstance(table, ast.Dict) for key in table.keys if key}  # type: ignore[attr-defined]
    assert named == declared


def test_interactivity_is_on_because_buttons_are_listened_to() -> None:
    tree = ast.parse((SOURCE / "listeners.py").read_text("utf-8"))
    heard = {
        node.func.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }
    has_buttons = bool(heard & {"action", "view"})
    assert MANIFEST["settings"]["interactivity"]["is_enabled"] == has_buttons


@needs_specs
def test_slack_documents_the_scopes_that_are_claimed_for_each_method() -> None:
    documented = json.loads((SPECS / "method-docs.json").read_text("utf-8"))
    for method, scopes in SCOPES_OF_METHODS.items():
        known = {scope["name"] for scope in documented[method]["scopes"].get("bot", [])}
        assert scopes - known <= {"users:read"}, method  # users:read.email cannot be had without it
