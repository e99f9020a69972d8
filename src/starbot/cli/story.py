"""The demo's story: one STAR in four acts, and what must then be true in the four systems. Pure.

A person acts through one of the sandbox's controls; whether the bot did its part is read off the whole world
(`GET /_sandbox/state`), never off what the bot says of itself.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

Json: TypeAlias = dict[str, Any]

CHANNEL = "support_ticket-attention-requests"
TICKET = "123456"
INITIATOR = {"name": "Casey Lin", "slack": "U0CASEY"}
SENTENCE = "Anna Kowalska has it and calls them at 16:00."
FORM = {
    "Ticket": TICKET,
    "Urgency": "Urgent",
    "Customer": "Aurora Robotics",
    "Plan": "Ultimate",
    "Reason this ticket needs additional attention": "They go live tomorrow and background jobs pile up.",
    "Desired result": "An engineer looks at the logs today.",
    "Submitted by": f"<@{INITIATOR['slack']}>",
}


@dataclass(frozen=True)
class World:
    """The four systems at one moment, as far as the story looks at them."""

    state: Mapping[str, Any]
    people: list[Json]
    """Rows of the people file: name, slack, gitlab."""

    @property
    def manager(self) -> Json:
        """The manager on call, as PagerDuty has it."""
        schedules = self.state["pagerduty"]["oncalls"]
        names = [name for schedule, who in schedules.items() if "Manager - " in schedule for name in who]
        return next(row for row in self.people if row["name"] in names)

    @property
    def root(self) -> Json:
        """The form post; empty before it."""
        return self._message(lambda message: bool(message.get("workflow_id")))

    @property
    def card(self) -> Json:
        """The bot's message in the thread of the form post; empty before it."""
        root = self.root.get("ts")
        return self._message(lambda message: bool(message.get("app_id")) and message.get("thread_ts") == root)

    @property
    def question(self) -> Json:
        """The bot's direct message to the manager; empty before it."""
        return self._message(lambda message: message["channel"] == "D" + self.manager["slack"][1:])

    @property
    def issue(self) -> Json:
        """The STAR issue; empty before it."""
        issues = self.state["gitlab"]["issues"]
        return next((one for one in issues if one["project"].endswith("ticket-attention-requests")), {})

    @property
    def ticket(self) -> Json:
        """The ticket, with its comments and tags."""
        found: Json = self.state["zendesk"]["tickets"][TICKET]
        return found

    def bot_comments(self) -> list[Json]:
        """What the bot wrote on the ticket; none of it may be public."""
        return [one for one in self.ticket["comments"] if "Bot" in one["author"]]

    def is_noted(self, words: str) -> bool:
        """Whether a note on the issue says this."""
        return any(words in note["body"] for note in self.issue.get("notes", ()))

    def has_mark(self, name: str) -> bool:
        """Whether the form post bears this emoji."""
        return any(reaction["name"] == name for reaction in self.root.get("reactions", ()))

    def _message(self, is_it: Callable[[Json], bool]) -> Json:
        return next((one for one in self.state["slack"]["messages"] if is_it(one)), {})


class Step(NamedTuple):
    """Something that must be seen in one of the four systems."""

    system: str
    what: str
    is_seen: Callable[[World], bool]


class Act(NamedTuple):
    """What a person does (a control and its body), and what follows from it."""

    control: str
    body: Callable[[World], Json]
    steps: tuple[Step, ...]


def _is_announced(world: World) -> bool:
    said = json.dumps(world.card.get("blocks", ()))
    return world.card.get("subtype") == "thread_broadcast" and f"<@{world.manager['slack']}>" in said


def _is_ticket_noted(world: World) -> bool:
    notes = [one for one in world.bot_comments() if "/issues/" in one["body"] and "/archives/" in one["body"]]
    return bool(notes) and not notes[0]["public"] and "star_submitted" in world.ticket["tags"]


def _is_issue_opened(world: World) -> bool:
    issue = world.issue
    return bool(issue) and issue["confidential"] and issue["assignees"] == [world.manager["gitlab"]]


def _is_macro_applied(world: World) -> bool:
    is_private = not any(one["public"] for one in world.bot_comments())
    return bool(world.ticket["macro_ids"]) and "escalated_ticket" in world.ticket["tags"] and is_private


def _is_closed(world: World) -> bool:
    return world.issue.get("state") == "closed" and world.is_noted("Final disposition")


def _reaction(name: str) -> Callable[[World], Json]:
    def body(world: World) -> Json:
        return {"user": world.manager["slack"], "channel": CHANNEL, "ts": world.root["ts"], "name": name}

    return body


def _answer(world: World) -> Json:
    return {"user": world.manager["slack"], "channel": world.question["channel"], "text": SENTENCE}


def _named_and_looking(world: World) -> bool:
    return world.is_noted(f"{world.manager['name']} is looking")


ACTS = (
    Act(
        "slack/form",
        lambda world: {"channel": CHANNEL, "fields": FORM},
        (
            Step("slack", "the form post is in the STAR channel", lambda w: bool(w.root)),
            Step(
                "slack",
                "announced in its thread and in the channel, naming the manager on call",
                _is_announced,
            ),
            Step("gitlab", "a confidential issue is open, assigned to the manager on call", _is_issue_opened),
            Step(
                "zendesk", "the ticket has one internal note with both links, and the tag", _is_ticket_noted
            ),
            Step("gitlab", "the issue has a note with the thread's link", lambda w: w.is_noted("/archives/")),
        ),
    ),
    Act(
        "slack/react",
        _reaction("eyes"),
        (
            Step(
                "slack",
                "the card says who looks",
                lambda w: w.card.get("text", "").startswith("Acknowledged"),
            ),
            Step("zendesk", "the Escalated Ticket macro is applied, privately", _is_macro_applied),
            Step("gitlab", "the issue says who looks", _named_and_looking),
        ),
    ),
    Act(
        "slack/react",
        _reaction("green-check-mark"),
        (
            Step("slack", "the form post bears the check mark", lambda w: w.has_mark("green-check-mark")),
            Step("gitlab", "the issue has the final disposition and is closed", _is_closed),
            Step("slack", "the card is closed", lambda w: w.card.get("text", "").startswith("Resolved")),
            Step(
                "slack",
                "the manager is asked for the next step in a direct message",
                lambda w: bool(w.question),
            ),
        ),
    ),
    Act(
        "slack/message",
        _answer,
        (
            Step("gitlab", "the manager's sentence is on the issue", lambda w: w.is_noted(SENTENCE)),
            Step(
                "slack",
                "the manager is thanked",
                lambda w: w.question.get("text", "").startswith("Thank you"),
            ),
        ),
    ),
)

STEPS = tuple(step for act in ACTS for step in act.steps)
