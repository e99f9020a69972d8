"""Two managers at the same moment: one wins, the other is told. Old buttons say how things are; what failed is tried
again."""

from typing import Any

import pytest

from tests.scenarios.managing import (
    ADD_FACTS,
    ASK,
    EMERGENCY,
    REOPEN,
    TRIAGE,
    UNSTAR,
    UNSTARRED,
    WITHDRAW,
    acknowledged,
    card,
    labels,
    noted,
    opens,
    picks_more,
    reopens,
    shown,
    shows_again,
    state_of,
    unstars,
)
from tests.stage import ACKNOWLEDGE, BOT, CASEY, LENA, MEI, PRIYA, RESOLVE, RETRY, Stage, said

LICENSE, SLOW = "Escalation::License-Issue", "Escalation::Response-Time"
TOMORROW = "The customer writes tomorrow."


def _told(stage: Stage, user: str, before: int) -> str:
    """What this person alone was told since then."""
    return str(stage.until(lambda: stage.whispers(user)[before:])[-1])


# -- at the same moment, by buttons and by dialogs


def test_two_press_acknowledge_at_once_and_the_second_is_told_who_looks(shared: Stage) -> None:
    ticket = shared.fresh_ticket()
    root = shared.announced(Ticket=str(ticket))
    heard = {user: len(shared.whispers(user)) for user in (LENA, MEI)}
    for user in (LENA, MEI):
        shared.presses(user, card(shared, root), ACKNOWLEDGE)
    shared.until(lambda: noted(shared, ticket, "is looking at this STAR."))
    assert _told(shared, MEI, heard[MEI]).startswith(f"<@{LENA}> has been looking at this STAR since")
    shared.quiet()
    assert len(noted(shared, ticket, "is looking")) == 1
    assert shared.whispers(LENA)[heard[LENA] :] == []


def test_of_two_triages_the_first_stands_the_other_is_told_and_kept_on_the_issue(shared: Stage) -> None:
    ticket, root = acknowledged(shared, LENA)
    for user in (LENA, MEI):
        opens(shared, user, card(shared, root), TRIAGE)
    heard = len(shared.whispers(MEI))
    shared.sends(LENA, category=LICENSE, decision="work")
    shared.until(lambda: f"Category: {LICENSE}" in shown(shared, root))
    shared.sends(MEI, category=SLOW, decision="sla", next_step=TOMORROW)
    told = _told(shared, MEI, heard)
    assert told.startswith(f"<@{LENA}> triaged this STAR meanwhile, ")
    assert told.endswith("to put it in its place, press *Triage* again.")
    (note,) = shared.until(lambda: noted(shared, ticket, "Mei Tanaka triaged this STAR too"))
    assert TOMORROW in note
    shared.quiet()
    assert labels(shared, ticket) == [LICENSE] and f"Category: {LICENSE}" in shown(shared, root)
    opens(shared, MEI, card(shared, root), TRIAGE)
    shared.sends(MEI, category=SLOW, decision="sla", next_step=TOMORROW)
    shared.until(lambda: labels(shared, ticket) == [SLOW] and f"Category: {SLOW}" in shown(shared, root))


def test_of_two_who_resolve_one_wins_and_what_the_other_wrote_is_kept(shared: Stage) -> None:
    ticket, root = acknowledged(shared, LENA)
    for user in (LENA, MEI):
        opens(shared, user, card(shared, root), RESOLVE)
    heard = len(shared.whispers(MEI))
    shared.sends(LENA, next_step="Anna calls.")
    shared.until(lambda: "Next step: Anna calls." in shown(shared, root))
    shared.sends(MEI, next_step="Ben reviews.")
    told = _told(shared, MEI, heard)
    assert told.startswith(f"This STAR was resolved by <@{LENA}>")
    assert told.endswith("What you wrote is on the issue too.")
    shared.until(lambda: noted(shared, ticket, "Ben reviews."))
    assert len(noted(shared, ticket, "Final disposition")) == 1


def test_one_resolves_and_the_other_unstars_at_once(shared: Stage) -> None:
    ticket, root = acknowledged(shared, LENA)
    opens(shared, LENA, card(shared, root), RESOLVE)
    opens(shared, MEI, card(shared, root), UNSTAR)
    heard = len(shared.whispers(MEI))
    shared.sends(LENA, next_step="Anna calls.")
    shared.until(lambda: "Next step: Anna calls." in shown(shared, root))
    shared.sends(MEI, **UNSTARRED)
    told = _told(shared, MEI, heard)
    assert told.startswith(f"This STAR was resolved by <@{LENA}>") and told.endswith("Nothing was changed.")
    shared.quiet()
    assert labels(shared, ticket) == [] and noted(shared, ticket, "Unstarred") == []


def test_two_unstar_at_once_and_the_initiator_hears_one_reason(shared: Stage) -> None:
    ticket, root = acknowledged(shared, LENA)
    for user in (LENA, MEI):
        opens(shared, user, card(shared, root), UNSTAR)
    heard = len(shared.whispers(MEI))
    shared.sends(LENA, **UNSTARRED)
    shared.until(lambda: "Unstarred by" in shown(shared, root))
    shared.sends(MEI, **UNSTARRED | {"alternative": TOMORROW})
    assert _told(shared, MEI, heard).startswith(f"This STAR was unstarred by <@{LENA}>")
    shared.until(lambda: noted(shared, ticket, "**Unstarred.**"))
    shared.quiet()
    lines = [m for m in shared.messages(thread_ts=root) if "does not fit" in m["text"]]
    assert len(lines) == 1 and TOMORROW not in said(lines[0])


def test_two_reopen_at_once_and_the_thread_hears_one_reason(shared: Stage) -> None:
    ticket, root = acknowledged(shared, LENA)
    unstars(shared, LENA, root)
    for user in (LENA, MEI):
        opens(shared, user, card(shared, root), REOPEN)
    heard = len(shared.whispers(MEI))
    shared.sends(LENA, reason="It is back.")
    shared.until(lambda: "has been looking" in shown(shared, root))
    shared.sends(MEI, reason=TOMORROW)
    assert _told(shared, MEI, heard).endswith("It needs no reopening.")
    shared.until(lambda: noted(shared, ticket, "opened this STAR again"))
    shared.quiet()
    assert len(noted(shared, ticket, "opened this STAR again")) == 1


# -- an old screen


@pytest.mark.parametrize(
    ("action", "user", "ends"),
    [
        (TRIAGE, MEI, "Nothing was changed."),
        (RESOLVE, MEI, "Nothing more to do here."),
        (ASK, MEI, "Nothing was asked."),
        (UNSTAR, MEI, "Nothing was changed."),
        (ADD_FACTS, CASEY, "Nothing was added. If the ticket still needs attention, file a new STAR."),
        (WITHDRAW, CASEY, "Nothing more to do here."),
    ],
)
def test_a_button_of_an_ended_star_tells_how_things_are(
    shared: Stage, action: str, user: str, ends: str
) -> None:
    _, root = acknowledged(shared, LENA)
    old = card(shared, root)
    unstars(shared, LENA, root)
    shared.quiet(0.3)
    shows_again(shared, old)
    heard = len(shared.whispers(user))
    if action in (TRIAGE, RESOLVE):
        shared.presses(user, old, action)
    else:
        picks_more(shared, user, old, action)
    told = _told(shared, user, heard)
    assert told.startswith(f"This STAR was unstarred by <@{LENA}>") and told.endswith(ends)
    assert shared.views(user) == []


@pytest.mark.parametrize("action", [TRIAGE, UNSTAR])
def test_a_dialog_that_was_open_while_the_star_ended_changes_nothing_and_says_so(
    shared: Stage, action: str
) -> None:
    ticket, root = acknowledged(shared, LENA)
    opens(shared, MEI, card(shared, root), action)
    shared.reacts(LENA, root, "green-check-mark")
    shared.until(lambda: "Resolved by" in shown(shared, root))
    heard = len(shared.whispers(MEI))
    shared.sends(MEI, **({"decision": "work"} if action == TRIAGE else UNSTARRED))
    told = _told(shared, MEI, heard)
    assert told.startswith(f"This STAR was resolved by <@{LENA}>") and told.endswith("Nothing was changed.")
    shared.quiet(0.3)
    assert noted(shared, ticket, "triaged") == [] and labels(shared, ticket) == []


# -- who may not


@pytest.mark.parametrize("action", [TRIAGE, RESOLVE, ASK, UNSTAR])
def test_who_is_no_manager_gets_a_kind_no_and_no_dialog(shared: Stage, action: str) -> None:
    _, root = acknowledged(shared, LENA)
    heard = len(shared.whispers(CASEY))
    if action in (TRIAGE, RESOLVE):
        shared.presses(CASEY, card(shared, root), action)
    else:
        picks_more(shared, CASEY, card(shared, root), action)
    assert _told(shared, CASEY, heard).startswith("Thank you. Only Support Managers can do that")
    assert shared.views(CASEY) == []


# -- what failed


def _retry(stage: Stage, root: str, thing: str) -> dict[str, Any]:
    """The card once it says what was not done, how to mend it, and offers to try again."""
    stage.until(lambda: f"Retry: {thing}" in shown(stage, root))
    assert f":warning: I could not {thing}: " in shown(stage, root) and "To mend it, " in shown(stage, root)
    return card(stage, root)


def test_a_line_that_could_not_be_said_is_said_by_retry_once(shared: Stage) -> None:
    _, root = acknowledged(shared, LENA)
    shared.breaks("slack", method="chat.postMessage", status=200, error="no_permission")
    unstars(shared, LENA, root)
    failed = _retry(shared, root, "say it in the thread")
    shared.mends()
    shared.presses(LENA, failed, RETRY)
    shared.until(lambda: any("it does not fit" in m["text"] for m in shared.messages(thread_ts=root)))
    shared.until(lambda: "Retry" not in shown(shared, root))
    shared.quiet()
    assert sum("it does not fit" in m["text"] for m in shared.messages(thread_ts=root)) == 1
    shows_again(shared, failed)
    heard = len(shared.whispers(MEI))
    shared.presses(MEI, failed, RETRY)
    assert _told(shared, MEI, heard).endswith("That has been done meanwhile, or is being tried right now.")


def test_news_that_did_not_reach_the_initiator_reaches_them_by_retry(shared: Stage) -> None:
    ticket = shared.fresh_ticket()
    root = shared.announced(Ticket=str(ticket), **{"Submitted by": f"<@{PRIYA}>"})
    shared.until(lambda: any(f"#{ticket}" in said(m) for m in shared.messages("D0PRIYA")))
    shared.breaks("slack", method="chat.postMessage", status=200, error="no_permission")
    shared.presses(LENA, card(shared, root), ACKNOWLEDGE)
    failed = _retry(shared, root, "tell the initiator")
    shared.mends()
    shared.presses(LENA, failed, RETRY)
    shared.until(
        lambda: [m for m in shared.messages("D0PRIYA") if f"<@{LENA}> is looking at your" in m["text"]]
    )
    shared.until(lambda: "Retry" not in shown(shared, root))
    shared.quiet()
    news = [m["text"] for m in shared.messages("D0PRIYA") if f"#{ticket}" in said(m)]
    assert len(news) == 2 and all(m.get("user") == BOT for m in shared.messages("D0PRIYA"))


def test_labels_that_gitlab_refused_are_put_on_by_retry(shared: Stage) -> None:
    ticket, root = acknowledged(shared, LENA)
    shared.breaks("gitlab", method="PUT", status=403)
    unstars(shared, LENA, root)
    failed = _retry(shared, root, "open or update the STAR issue")
    assert "GitLab does not let me" in said(failed)
    shared.mends()
    shared.presses(LENA, failed, RETRY)
    shared.until(lambda: labels(shared, ticket) == ["unstarred"] and state_of(shared, ticket) == "closed")
    shared.until(lambda: "Retry" not in shown(shared, root))
    assert noted(shared, ticket, EMERGENCY)


def test_reopened_while_gitlabs_answer_is_lost_the_label_goes_all_the_same(shared: Stage) -> None:
    ticket, root = acknowledged(shared, LENA)
    shared.breaks("gitlab", "drop_after", method="PUT", times=1)
    unstars(shared, LENA, root)
    reopens(shared, LENA, root, "It is back.")
    shared.until(lambda: noted(shared, ticket, "opened this STAR again"), timeout_s=25)
    shared.until(lambda: state_of(shared, ticket) == "opened" and labels(shared, ticket) == [], timeout_s=25)
