"""A manager says what they make of a STAR: category, decision, next step, who is responsible; on issue and card."""

from typing import Any

from tests.scenarios.managing import (
    ANNA,
    TRIAGE,
    acknowledged,
    begun,
    card,
    labels,
    noted,
    notes,
    opens,
    shown,
    state_of,
)
from tests.stage import BOT, LENA, MEI, RESOLVE, Stage, reactions, said

LICENSE, SLOW = "Escalation::License-Issue", "Escalation::Response-Time"
STEP = "Anna looks at the logs & writes at 15:00."
MADE = {"category": LICENSE, "decision": "work", "next_step": STEP, "dri": ANNA}


def _offered(view: dict[str, Any], name: str) -> list[str]:
    element = next(block["element"] for block in view["blocks"] if block.get("block_id") == name)
    return [option["value"] for option in element["options"]]


def _triages(stage: Stage, user: str, root: str, **answers: str) -> None:
    opens(stage, user, card(stage, root), TRIAGE)
    assert stage.sends(user, **MADE | answers) == {"ok": True}


def test_triage_stands_on_card_and_issue(shared: Stage) -> None:
    ticket, root = acknowledged(shared, LENA)
    _triages(shared, LENA, root)
    shared.until(lambda: "Decision: an engineer works on it now" in shown(shared, root))
    shared.until(lambda: labels(shared, ticket) == [LICENSE] and noted(shared, ticket, "triaged this STAR."))
    for line in (
        f"Category: {LICENSE}",
        "Next step: Anna looks at the logs &amp; writes at 15:00.",
        f"DRI: <@{ANNA}>",
    ):
        assert line in shown(shared, root)
    (note,) = noted(shared, ticket, "triaged this STAR.")
    assert "Lena Vogt triaged this STAR." in note and "Decision: An engineer works on it now." in note
    assert (
        LICENSE.partition("::")[2] in note.replace("\u2060", "") and "Anna Kowalska" in note and STEP in note
    )
    assert state_of(shared, ticket) == "opened"


def test_the_decision_alone_is_enough_and_must_be_made(shared: Stage) -> None:
    ticket, root = acknowledged(shared, LENA)
    opens(shared, LENA, card(shared, root), TRIAGE)
    assert shared.sends(LENA, next_step=STEP)["errors"].keys() == {"decision"}
    assert shared.sends(LENA, decision="sla", next_step="") == {"ok": True}
    shared.until(lambda: "Decision: it goes on in the order of its SLA" in shown(shared, root))
    shared.until(lambda: noted(shared, ticket, "Decision: It goes on in the order of its SLA."))
    shared.quiet()
    assert labels(shared, ticket) == []
    assert "Category:" not in shown(shared, root) and "DRI:" not in shown(shared, root)


def test_whoever_triages_first_looks_and_the_form_post_shows_it(shared: Stage) -> None:
    ticket = shared.fresh_ticket()
    root = shared.announced(Ticket=str(ticket))
    _triages(shared, MEI, root)
    shared.until(lambda: f"<@{MEI}> has been looking" in shown(shared, root))
    shared.until(lambda: reactions(shared.root(root)) == {"eyes": [BOT]})
    shared.until(lambda: (shared.issue(ticket) or {})["assignees"] == ["mtanaka"])
    shared.until(lambda: noted(shared, ticket, "Mei Tanaka is looking at this STAR."))
    shared.until(lambda: "escalated_ticket" in shared.ticket(ticket)["tags"])


def test_a_second_triage_opens_filled_and_takes_the_other_label_of_the_scope_off(shared: Stage) -> None:
    ticket, root = acknowledged(shared, LENA)
    issue = shared.issue(ticket) or {}
    about = {"project": issue["project"], "iid": issue["iid"]}
    shared.desk.post("gitlab/act", user="lvogt", action="label", label="bug", **about)
    _triages(shared, LENA, root)
    shared.until(lambda: labels(shared, ticket) == [LICENSE, "bug"])
    view = opens(shared, MEI, card(shared, root), TRIAGE)
    assert {name: begun(view, name) for name in MADE} == MADE
    assert shared.sends(MEI, category=SLOW, decision="sla", next_step="It goes on in the queue.") == {
        "ok": True
    }
    shared.until(lambda: labels(shared, ticket) == [SLOW, "bug"])
    shared.until(lambda: len(noted(shared, ticket, "triaged this STAR.")) == 2)
    shared.until(lambda: f"Category: {SLOW}" in shown(shared, root))
    assert STEP[:9] not in shown(shared, root)


def test_a_label_that_a_person_chose_in_gitlab_gives_way_to_the_category(shared: Stage) -> None:
    ticket, root = acknowledged(shared, LENA)
    issue = shared.issue(ticket) or {}
    about = {"project": issue["project"], "iid": issue["iid"]}
    shared.desk.post("gitlab/act", user="lvogt", action="label", label=SLOW, **about)
    _triages(shared, LENA, root)
    shared.until(lambda: labels(shared, ticket) == [LICENSE])


def test_a_category_that_is_chosen_no_more_leaves_the_issue(shared: Stage) -> None:
    ticket, root = acknowledged(shared, LENA)
    _triages(shared, LENA, root)
    shared.until(lambda: labels(shared, ticket) == [LICENSE])
    _triages(shared, LENA, root, category="")
    shared.until(lambda: labels(shared, ticket) == [])
    shared.until(lambda: "Category:" not in shown(shared, root))


def test_saving_the_same_triage_again_changes_nothing_and_says_so(shared: Stage) -> None:
    ticket, root = acknowledged(shared, LENA)
    _triages(shared, LENA, root)
    shared.until(lambda: noted(shared, ticket, "triaged this STAR."))
    before = len(shared.whispers(LENA))
    _triages(shared, LENA, root)
    shared.until(lambda: "Nothing was changed." in " ".join(shared.whispers(LENA)[before:]))
    assert len(noted(shared, ticket, "triaged this STAR.")) == 1


def test_resolve_opens_filled_from_triage_and_never_says_that_the_ticket_is_solved(shared: Stage) -> None:
    ticket, root = acknowledged(shared, LENA)
    _triages(shared, LENA, root)
    shared.until(lambda: "DRI:" in shown(shared, root))
    view = opens(shared, LENA, card(shared, root), RESOLVE)
    assert begun(view, "next_step") == STEP and begun(view, "owner") == "Anna Kowalska"
    assert begun(view, "customer_hears") == ""
    assert "The ticket itself stays as it is." in said(view)
    before = shared.ticket(ticket)["status"]
    assert shared.sends(LENA, customer_hears="at 15:00, from Anna") == {"ok": True}
    shared.until(lambda: state_of(shared, ticket) == "closed" and noted(shared, ticket, "Final disposition"))
    (note,) = noted(shared, ticket, "Final disposition")
    for text in (STEP, "Anna Kowalska", "at 15:00, from Anna"):
        assert text in note
    shared.until(lambda: "The customer hears: at 15:00, from Anna" in shown(shared, root))
    assert labels(shared, ticket) == [LICENSE]
    everything = " ".join([said(view), shown(shared, root), *notes(shared, ticket)])
    assert "solved" not in everything.replace("resolved", "").replace("Resolved", "")
    assert shared.ticket(ticket)["status"] == before


def test_the_trackers_own_labels_are_offered_and_a_new_one_needs_an_admin(empty_stage: Stage) -> None:
    stage = empty_stage
    stage.desk.post("gitlab/act", action="open", title="An old one")
    for label in ("Escalation::Renewal", "Escalation::" + "x" * 200, "Escalation::a\u200bb", "Other::Thing"):
        stage.desk.post("gitlab/act", action="label", iid=1, label=label)
    stage.configure('[gitlab]\ncategories = ["Escalation::License-Issue", "Escalation::Configured"]\n')
    stage.start()
    root = stage.announced()
    view = opens(stage, LENA, card(stage, root), TRIAGE)
    assert _offered(view, "category") == [LICENSE, "Escalation::Configured", "Escalation::Renewal", SLOW]
    assert "A new Escalation:: label is made in GitLab by an admin." in said(view)
    assert stage.sends(LENA, decision="work", category="Escalation::Renewal") == {"ok": True}
    stage.until(lambda: (stage.issue() or {})["labels"] == ["Escalation::Renewal"])


def test_a_category_that_is_offered_no_more_is_answered_at_its_field(empty_stage: Stage) -> None:
    stage = empty_stage
    stage.configure('[gitlab]\ncategories = ["Escalation::Old"]\n')
    stage.start()
    root = stage.announced()
    opens(stage, LENA, card(stage, root), TRIAGE)
    stage.stop()
    stage.configure("")
    stage.start()
    answer = stage.sends(LENA, category="Escalation::Old", decision="work")
    assert answer["errors"]["category"].startswith("That choice is not there any more.")
    assert "Escalation::Old" not in str(stage.part("gitlab")["projects"])
