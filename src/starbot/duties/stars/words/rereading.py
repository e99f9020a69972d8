"""Our notes on a STAR issue read back: the other direction of `record`, which wrote them. Pure.

Where the words there change, they change here too; a test reads back one note of each kind. Old patterns stay, for old
issues stay.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from starbot.core.facts import Person
from starbot.core.text import from_gitlab
from starbot.duties.stars.form import Draft
from starbot.duties.stars.model import Remark, RemarkKind, Triage, Unstarring
from starbot.duties.stars.words.dialogs import AGREED, VERDICTS
from starbot.duties.stars.words.parts import Look, named

_BEGINS: Mapping[RemarkKind, str] = {
    "thread": r"Discussion of this STAR in Slack: ",
    "disposition": r"\*\*Final disposition\.\*\* (?P<by>.*) resolved this STAR: ",
    "unstarred": r"\*\*Unstarred\.\*\* (?P<by>.*) decided that this STAR does not qualify: (?P<reason>.*)\.$",
    "acknowledged": r"(?P<by>.*) is looking at this STAR\.$",
    "triaged_late": r"(?P<by>.*) triaged this STAR too, ",
    "triaged": r"(?P<by>.*) triaged this STAR\.",
    "asked": r".*, (?P<by>.*) asks:$",
    "answered": r"(?P<by>.*) answered:$",
    "fact": r"(?P<by>.*) adds:$",
    "repeated": r"(?P<by>.*) filed a STAR for this ticket too:$",
    "sentence": r"(?P<by>.*) on the next step:$",
    "undone": r"(?P<by>.*) took the resolution back: ",
    "reopened": r"(?P<by>.*) opened this STAR again:$",
    "withdrawn": r"(?P<by>.*) withdrew this STAR[.:]$",
    "public": r"(?P<by>.*) sent this to the customer on the ticket:$",
}
_BLOCK = re.compile(r"^```text\n(.*?)\n```$", re.MULTILINE | re.DOTALL)
_ROW = re.compile(r"^\| ([A-Z][A-Za-z ]*) \| (.*) \|$", re.MULTILINE)
_DECISION = re.compile(r" Decision: (.*?)\.(?= |$)")
_CATEGORY = re.compile(r" Category: (.*?)\.(?= DRI: |$)")
_DRI = re.compile(r" DRI: (.*)\.$")


def reread(body: str, at: datetime, people: Iterable[Person]) -> Remark | None:
    """The remark that this note tells, written at a moment; None for one of no kind that we know. `people` are
    those whom a name may mean."""
    first = body.partition("\n")[0]
    for kind, begins in _BEGINS.items():
        if (found := re.match(begins, first)) is None:
            continue
        of = found.groupdict()
        by = _person(of["by"], people) if "by" in of else None
        blocks = [from_gitlab(one) for one in _BLOCK.findall(body)]
        about: dict[str, Any] = {}
        if by is not None and kind in ("triaged", "triaged_late"):
            about["triage"] = _triage(first, blocks, by, at, people)
        elif by is not None and kind == "unstarred":
            about["unstarring"] = _unstarring(body, from_gitlab(of["reason"]), blocks, by, at)
        elif kind != "disposition":
            about["text"] = blocks[0] if blocks else ""
        return Remark(kind=kind, by=by, **about)
    return None


def answers(description: str, look: Look) -> Draft:
    """The answers of the form as the description of an issue tells them; "" where it does not. Who reads them must
    know that the issue is ours."""
    rows = dict(_ROW.findall(description))
    before, _, after = look.ticket_link.partition("{ticket}")
    ticket = re.search(rf"{re.escape(before)}(\d+){re.escape(after)}", rows.get("Ticket", ""))
    blocks = [from_gitlab(one) for one in _BLOCK.findall(description)]
    told = {
        name.lower(): from_gitlab(rows.get(name, "")) for name in ("Customer", "Plan", "Product", "Group")
    }
    reason, desired = (*blocks, "", "")[:2]
    return Draft(
        ticket=ticket[1] if ticket else "",
        urgency=from_gitlab(rows.get("Urgency", "").partition(", reply by ")[0]),
        reason=reason,
        desired_result=desired,
        **told,
    )


def _person(name: str, people: Iterable[Person]) -> Person:
    return next((one for one in people if named(one) == name), Person(name=from_gitlab(name)))


def _triage(first: str, blocks: list[str], by: Person, at: datetime, people: Iterable[Person]) -> Triage:
    decision, category, dri = (pattern.search(first) for pattern in (_DECISION, _CATEGORY, _DRI))
    verdicts = {words: verdict for verdict, words in VERDICTS.items()}
    return Triage(
        by=by,
        at=at,
        category=from_gitlab(category[1]) if category else "",
        decision=verdicts.get(decision[1], "") if decision else "",
        next_step=blocks[0] if blocks else "",
        dri=_person(dri[1], people) if dri else None,
    )


def _unstarring(body: str, reason: str, blocks: list[str], by: Person, at: datetime) -> Unstarring:
    last = body.rstrip().rpartition("\n")[2]
    agreed = next((key for key, words in AGREED.items() if last.endswith(f": {words.lower()}.")), "pending")
    text = blocks[0] if len(blocks) > 1 else ""
    return Unstarring(
        by=by, at=at, reason=reason, text=text, alternative=blocks[-1] if blocks else "", agreed=agreed
    )
