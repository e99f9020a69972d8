"""The cells of the matrix: every call that a story makes, met by a death or by a fault; and how a cell is judged."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from tests.crash.normal_form import normal_form
from tests.matrix.stories import STORIES
from tests.stage import BOT, Stage, said

Json: TypeAlias = dict[str, Any]
Verdict: TypeAlias = Literal["as undisturbed", "told more", "said", "lost", "doubled", "not met"]
"""`told more`: nothing is missing, and somebody heard something by a direct message that they would else have read in a
dialog. `not met`: the call was over before the trouble was there, so nothing was tried."""
VERDICTS: tuple[Verdict, ...] = ("as undisturbed", "told more", "said", "lost", "doubled", "not met")

STATUSES = (400, 401, 403, 404, 409, 422, 429, 500, 502, 503)
LATE_S = 3.0
"""Longer than the bot waits before it says that a vendor is late, shorter than its time-out."""
FAULTS: Mapping[str, Json] = {
    **{str(status): {"kind": "status", "status": status} for status in STATUSES},
    "late": {"kind": "delay_before", "delay_s": LATE_S},
    "answered late": {"kind": "delay_after", "delay_s": LATE_S},
    "dropped before": {"kind": "drop_before"},
    "dropped after": {"kind": "drop_after"},
    "malformed": {"kind": "malformed"},
    "empty": {"kind": "empty"},
}
DEATHS = ("before", "after")
OPENS = "views.open"
"""The call of which nothing lasts: where no dialog opens, the person presses again."""
ZENDESK_BOT = "GitLab Support Bot"
_SAID = re.compile(
    r":warning:|:hourglass_flowing_sand:|I could not|cannot|does not answer|has no ticket|fault of mine|Retry"
)


@dataclass(frozen=True)
class Call:
    """The first request of its kind in a step of a story."""

    story: int
    step: str
    service: str
    method: str
    path: str | None

    def __str__(self) -> str:
        where = (
            ""
            if self.path is None
            else " " + self.path.partition("/api/v")[2].replace("[", "").replace("]", "")
        )
        return f"{self.service} {self.method}{where}"


@dataclass(frozen=True)
class Cell:
    """A call and what happens to it."""

    call: Call
    trouble: str

    def __str__(self) -> str:
        return f"{STORIES[self.call.story].name}: {self.call.step}: {self.call}: {self.trouble}"


@dataclass(frozen=True)
class Seen:
    """How a cell ended, and after a death how long the next life took to do what was left."""

    cell: Cell
    verdict: Verdict
    recovery_s: float | None = None
    why: str = ""


def calls(story: int, step: str, rows: Sequence[Json]) -> Iterator[Call]:
    """The requests of a step, each kind once, in their order."""
    seen = set()
    for row in rows:
        slack = row["service"] == "slack"
        method = row["path"].rpartition("/")[2] if slack else row["method"]
        path = None if slack else _exactly(row["path"])
        call = Call(story, step, row["service"], method, path)
        if call not in seen and method != OPENS:
            seen.add(call)
            yield call


def _exactly(path: str) -> str:
    """As a pattern that matches nothing longer: without signs of a pattern a path is a prefix."""
    return f"{path[:-1]}[{path[-1]}]"


def judged(stage: Stage, hoped: Json) -> tuple[Verdict, str]:
    """How the four systems are, against how they are when nothing happens."""
    state = stage.state
    wanted, found = _told_in_any_order(hoped), _told_in_any_order(normal_form(state))
    if found == wanted:
        return "as undisturbed", ""
    twice = _twice(state, hoped)
    if twice:
        return "doubled", twice
    more = _told_more(wanted, found)
    if more:
        return "told more", more
    is_said = any(_SAID.search(text) for text in _words(state))
    return ("said" if is_said else "lost"), _difference(wanted, found)


def _told_in_any_order(form: Json) -> Json:
    """With the direct messages of each person as they are, and not as they followed each other: one that had to wait
    may be overtaken."""
    told = [(name.partition("#")[0], one) for name, one in form["slack"].items() if name.startswith("D")]
    others = {name: one for name, one in form["slack"].items() if not name.startswith("D")}
    return {**form, "slack": others, "told": sorted(told, key=str)}


def _told_more(wanted: Json, found: Json) -> str:
    """What was said besides, where that is all the difference; "" where it is not."""
    left = list(found["told"])
    for one in wanted["told"]:
        if one not in left:
            return ""
        left.remove(one)
    return str(left) if {**found, "told": wanted["told"]} == wanted else ""


def _words(state: Json) -> Iterator[str]:
    for message in (*state["slack"]["messages"], *state["slack"]["views"]):
        if message.get("user") in (BOT, None) or "blocks" in message:
            yield said(message)
    for whisper in state["slack"]["ephemerals"]:
        yield whisper["text"]


def _twice(state: Json, hoped: Json) -> str:
    """What is there more often than it should be; "" where nothing is."""
    ours = [
        (m["channel"], m.get("thread_ts") if m.get("thread_ts") != m["ts"] else None, m["text"])
        for m in state["slack"]["messages"]
        if m.get("user") == BOT
    ]
    notes = [
        (issue["iid"], re.sub(r"<!--.*?-->", "", note["body"]))
        for issue in state["gitlab"]["issues"]
        for note in issue["notes"]
        if note["author"] == issue["author"]
    ]
    comments = [
        (number, comment["body"])
        for number, ticket in state["zendesk"]["tickets"].items()
        for comment in ticket["comments"]
        if comment["author"] == ZENDESK_BOT
    ]
    for name, things in (("message", ours), ("note", notes), ("comment", comments)):
        again = next((one for one in things if things.count(one) > 1), None)
        if again is not None:
            return f"{name} {again!r}"
    for name, count, most in (
        ("issue", len(state["gitlab"]["issues"]), len(hoped["gitlab"])),
        ("incident", len(state["pagerduty"]["incidents"]), len(hoped["pagerduty"]["incidents"])),
    ):
        if count > most:
            return f"{count} {name}s"
    return ""


def _difference(hoped: Any, found: Any, where: str = "") -> str:
    """The first place where two normal forms differ."""
    if isinstance(hoped, dict) and isinstance(found, dict):
        for name in sorted({*hoped, *found}, key=str):
            if hoped.get(name) != found.get(name):
                return _difference(hoped.get(name), found.get(name), f"{where}/{name}")
    if isinstance(hoped, list) and isinstance(found, list) and len(hoped) == len(found):
        for number, (one, other) in enumerate(zip(hoped, found, strict=False)):
            if one != other:
                return _difference(one, other, f"{where}/{number}")
    return f"{where}: {str(hoped)[:300]} -> {str(found)[:300]}"
