"""Deeds on the STAR issue in GitLab: open or adopt it, keep its fields right, note it, read its labels."""

from typing import Any

from starbot.core.case import Document, Event
from starbot.core.facts import IssueRef
from starbot.core.text import marker
from starbot.duties.stars import model, words
from starbot.duties.stars.deeds.hands import Hands, ticket_of
from starbot.duties.stars.model import Star
from starbot.engine.duty import Try, looking
from starbot.errors import ServiceDelayed
from starbot.posting import BACK

ADOPT_PAUSE_S = 5.0
"""How often another bot's issue is looked for."""


def note_issue(hands: Hands, effect: model.NoteIssue, star: Star) -> Event:
    """One remark on the issue."""
    issue = _issue(star)
    body = words.remark(star, effect.remark, hands.look())
    hands.gitlab.note(issue.project, issue.iid, body, marker=marker(effect.key), internal=hands.confidential)
    return model.IssueNoted(id=effect.key, at=hands.now())


def find_issue_note(hands: Hands, effect: model.NoteIssue, star: Star) -> Event | None:
    """Whether the remark is there."""
    issue = _issue(star)
    if hands.gitlab.find_note(issue.project, issue.iid, marker(effect.key)) is None:
        return None
    return model.IssueNoted(id=effect.key, at=hands.now())


def read_labels(hands: Hands, effect: model.ReadLabels, star: Star) -> Event:
    """Every change of its labels, as GitLab tells."""
    issue = _issue(star)
    changes = hands.gitlab.label_changes(issue.project, issue.iid)
    return model.LabelsRead(id=effect.key, at=hands.now(), changes=tuple(changes))


def _issue(star: Star) -> IssueRef:
    assert star.issue is not None, "a deed on an issue that is not there"
    return star.issue


def show_issue(hands: Hands, star: Star, wanted: Document, shown: Document | None, this_try: Try) -> Event:
    """Opens the issue, or changes just the fields that differ from what was shown last."""
    issue = star.issue
    if issue is None:
        issue = _found_issue(hands, star, this_try) or _adopted(hands, star)
        # One that was opened by a try whose answer was lost may show an older document.
        shown = None if issue else {**wanted, "state": "opened", "category": ""}
        issue = issue or hands.gitlab.open_issue(
            hands.project,
            title=wanted["title"],
            description=wanted["description"],
            labels=wanted["labels"],
            confidential=hands.confidential,
            assignee_id=_user_id(hands, wanted["assignee"]),
            marker=_issue_marker(star),
        )
    elif this_try.look:
        issue = _as_before(issue, hands.gitlab.issue(issue.project, issue.iid))
        shown = _perhaps_shown(hands, star, wanted, shown)
    changes = _issue_changes(hands, star, wanted, shown, issue)
    if changes:
        issue = _as_before(issue, hands.gitlab.update_issue(issue.project, issue.iid, **changes))
    return model.IssueSeen(id="", at=hands.now(), issue=issue)


def _as_before(issue: IssueRef, now: IssueRef) -> IssueRef:
    """The issue as GitLab shows it now; whose words stand in it is known to us alone."""
    return now.model_copy(update={"is_adopted": issue.is_adopted})


def _found_issue(hands: Hands, star: Star, this_try: Try) -> IssueRef | None:
    """The issue of an earlier try; of two, the elder, and the younger is closed. ServiceDelayed while it may
    still come."""
    if not this_try.look:
        return None
    with looking(this_try):
        found = hands.gitlab.find_issues(hands.project, _issue_marker(star), star.filed_at - BACK)
    if not found and not this_try.may_make:
        raise ServiceDelayed("gitlab", "look for the issue again", None, True, True)
    for younger in found[1:]:
        hands.gitlab.update_issue(younger.project, younger.iid, state_event="close")
    return found[0] if found else None


def _adopted(hands: Hands, star: Star) -> IssueRef | None:
    """Another bot's issue about the ticket; None where there is none and we open our own. ServiceDelayed while
    one may still come."""
    if not hands.adopt:
        return None
    theirs = hands.gitlab.issues_about(hands.project, ticket_of(star), star.filed_at - BACK)
    if theirs:
        return theirs[0].model_copy(update={"is_adopted": True})
    if hands.now() < star.filed_at + hands.adopt:
        raise ServiceDelayed("gitlab", "wait for the other bot's issue", ADOPT_PAUSE_S)
    return None


def _perhaps_shown(hands: Hands, star: Star, wanted: Document, shown: Document | None) -> Document:
    """What an earlier try may have left, whose answer was lost: any label that we ever wanted and want no more, any
    title and state."""
    before = shown or {}
    labels = {*before.get("labels", []), *words.labels_so_far(star, hands.look())} - set(wanted["labels"])
    return {"assignee": before.get("assignee"), "labels": sorted(labels), "category": wanted["category"]}


def _issue_changes(
    hands: Hands, star: Star, wanted: Document, shown: Document | None, issue: IssueRef
) -> dict[str, Any]:
    changed = {name for name in wanted if shown is None or wanted[name] != shown.get(name)}
    if issue.is_adopted:
        changed -= {"title", "description"}
    changes: dict[str, Any] = {}
    if "title" in changed:
        changes["title"] = wanted["title"]
    if "description" in changed:
        changes |= {"description": wanted["description"], "marker": _issue_marker(star)}
    if "assignee" in changed and wanted["assignee"] is not None:
        changes["assignee_id"] = _user_id(hands, wanted["assignee"])
    if "labels" in changed and (missing := [one for one in wanted["labels"] if one not in issue.labels]):
        changes["add_labels"] = missing
    if changed & {"labels", "category"} and (over := _labels_over(hands, wanted, shown, issue)):
        changes["remove_labels"] = over
    if "state" in changed and wanted["state"] != issue.state:
        changes["state_event"] = "close" if wanted["state"] == "closed" else "reopen"
    return changes


def _labels_over(hands: Hands, wanted: Document, shown: Document | None, issue: IssueRef) -> list[str]:
    """What must come off: what we put there and want no more, and the other labels of the category's scope,
    which GitLab takes off by itself on paid plans only. What is not on the issue does no harm."""
    ours = (shown or {}).get("labels", [])
    scope = str(wanted.get("category", "")).rpartition("::")[0]
    others = [*issue.labels, *(hands.look().categories if scope else ())]
    of_scope = [one for one in others if scope and one.rpartition("::")[0] == scope]
    return sorted({*(one for one in ours if one in issue.labels), *of_scope} - set(wanted["labels"]))


def _issue_marker(star: Star) -> str:
    return marker(f"{star.id}:issue")


def _user_id(hands: Hands, username: str | None) -> int | None:
    return hands.gitlab.user_id(username) if username else None
