"""Whom the card names: everybody on call, the last known schedule, or the group."""

from tests.stage import LENA, MARIA, TOMAS, Stage, said

STAND_IN = "U0ENG05"


def _announced_card(stage: Stage) -> str:
    root = stage.files_star()
    stage.until(lambda: "STAR issue #" in said(stage.card(root) or {}))
    return said(stage.card(root) or {})


def test_several_managers_on_call_are_all_named(stage: Stage) -> None:
    stage.desk.post("pagerduty/act", action="extra", schedule="Support Manager - AMER", user="Maria Santos")
    card = _announced_card(stage)
    assert f"<@{LENA}>" in card and f"<@{MARIA}>" in card
    assert "you are all on call" in card
    assert [issue["assignees"] for issue in stage.issues()] == [["lvogt"]]


def test_one_person_on_two_schedules_is_named_once(stage: Stage) -> None:
    stage.desk.post("pagerduty/act", action="extra", schedule="Support Manager - AMER", user="Lena Vogt")
    assert _announced_card(stage).count(f"<@{LENA}>") == 1


def test_with_nobody_on_call_the_group_is_named_and_the_issue_has_no_assignee(stage: Stage) -> None:
    stage.desk.post("pagerduty/act", action="gap")
    card = _announced_card(stage)
    assert "<!subteam^S0SMOC>: PagerDuty shows nobody on call" in card
    assert "not assigned: nobody is known to be on call" in card
    assert [issue["assignees"] for issue in stage.issues()] == [[]]


def test_a_manager_without_gitlab_name_leaves_the_issue_unassigned_and_the_card_says_so(stage: Stage) -> None:
    stage.desk.post("pagerduty/act", action="gap")
    stage.desk.post("pagerduty/act", action="extra", schedule="Support Manager - EMEA", user="Tomas Novak")
    card = _announced_card(stage)
    assert f"<@{TOMAS}>: you are on call." in card
    assert "not assigned: the people file has no GitLab name for Tomas Novak" in card
    assert [issue["assignees"] for issue in stage.issues()] == [[]]


def test_with_pagerduty_down_the_last_known_schedule_counts_and_its_age_is_said(stage: Stage) -> None:
    stage.breaks("pagerduty", status=503)
    stage.passes(minutes=25)
    card = _announced_card(stage)
    assert f"<@{LENA}>: PagerDuty does not answer; its schedule of 25 minutes ago names you." in card
    assert [issue["assignees"] for issue in stage.issues()] == [["lvogt"]]


def test_with_pagerduty_down_the_remembered_schedule_knows_the_next_shift(stage: Stage) -> None:
    stage.breaks("pagerduty", status=503)
    stage.passes(minutes=3 * 60)
    card = _announced_card(stage)
    assert f"<@{MARIA}>: PagerDuty does not answer; its schedule of 3 hours ago names you." in card


def test_with_pagerduty_down_since_before_the_start_the_group_is_named(empty_stage: Stage) -> None:
    empty_stage.breaks("pagerduty", status=503)
    empty_stage.start()
    card = _announced_card(empty_stage)
    assert "<!subteam^S0SMOC>: PagerDuty does not answer, so this goes to all of you." in card


def test_a_pagerduty_that_hangs_costs_two_seconds_and_no_more(stage: Stage) -> None:
    stage.breaks("pagerduty", "delay_before", delay_s=20)
    root = stage.files_star()
    card = stage.until(lambda: stage.card(root), timeout_s=4.0)
    assert "PagerDuty does not answer" in said(card)


def test_whoever_the_card_names_may_act_even_before_the_next_refresh(stage: Stage) -> None:
    """An override that was made after the roster was read: the card names them, so their eyes count."""
    stage.desk.post("pagerduty/act", action="extra", schedule="Support Manager - EMEA", user="Anna Kowalska")
    root = stage.files_star()
    card = stage.until(lambda: stage.card(root))
    assert f"<@{STAND_IN}>" in said(card)
    stage.reacts(STAND_IN, root, "eyes")
    stage.until(lambda: f"<@{STAND_IN}> has been looking" in said(stage.card(root) or {}))
