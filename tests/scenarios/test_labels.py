"""Which labels an issue had, when, and who put them there: stored for reports, whoever changed them."""

from datetime import UTC, datetime

from starbot.core.facts import LabelChange
from starbot.duties.stars.model import handle
from tests.stage import LENA, STARS, Stage, said

START = datetime(2026, 11, 17, 14, tzinfo=UTC)
LICENSE, SLOW = "Escalation::License-Issue", "Escalation::Response-Time"


def _stored(stage: Stage, root: str) -> tuple[LabelChange, ...]:
    assert stage.bot is not None
    star = stage.bot._house.stars.by_handle(handle(STARS, root))
    return star.label_changes if star else ()


def _person(stage: Stage, user: str, action: str, label: str = "") -> None:
    issue = stage.issue()
    assert issue is not None
    about = {"project": issue["project"], "iid": issue["iid"], "label": label}
    stage.desk.post("gitlab/act", user=user, action=action, **about)


def _readings(stage: Stage) -> int:
    return sum("resource_label_events" in row["path"] for row in stage.requests("gitlab"))


def test_each_label_that_people_put_or_took_away_is_stored_with_gitlabs_time_and_who_it_was(
    stage: Stage,
) -> None:
    root = stage.announced()
    _person(stage, "lvogt", "label", LICENSE)
    stage.passes(minutes=1)
    _person(stage, "riyer", "label", SLOW)
    _person(stage, "riyer", "unlabel", SLOW)
    stage.reacts(LENA, root, "eyes")
    stage.reacts(LENA, root, "green-check-mark")
    stage.until(lambda: (stage.issue() or {})["state"] == "closed")
    stage.passes(minutes=2)
    _person(stage, "lvogt", "label", "unstarred")
    stage.passes(minutes=7)
    stage.quiet()
    assert _readings(stage) == 0, "people may still be at it"
    stage.passes(minutes=2)
    stage.until(lambda: any(change.by for change in _stored(stage, root)))
    found = [(one.label, one.added, one.by, (one.at - START).seconds // 60) for one in _stored(stage, root)]
    assert found == [
        (LICENSE, True, "lvogt", 0),
        (SLOW, True, "riyer", 1),
        (LICENSE, False, "riyer", 1),
        (SLOW, False, "riyer", 1),
        ("unstarred", True, "lvogt", 3),
    ]
    stage.quiet()
    assert _readings(stage) == 1


def test_a_history_that_gitlab_will_not_show_is_no_trouble_of_the_star(stage: Stage) -> None:
    root = stage.announced()
    _person(stage, "lvogt", "label", LICENSE)
    stage.reacts(LENA, root, "green-check-mark")
    stage.until(lambda: "Resolved by" in said(stage.card(root) or {}))
    stage.quiet()
    card = stage.card(root)
    stage.breaks("gitlab", path="*resource_label_events*", status=403)
    stage.passes(minutes=11)
    stage.until(lambda: _readings(stage))
    stage.quiet()
    assert stage.card(root) == card
    assert [(one.label, one.by) for one in _stored(stage, root)] == [(LICENSE, "")]
