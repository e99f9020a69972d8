"""Paging in /pd style: nobody is paged before somebody confirmed who it is; one page is one incident; its post
follows it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.scenarios.paging import (
    AGREE,
    DECLINE,
    EMERGENCIES,
    MACRO,
    MANAGER,
    about,
    acts,
    closes_dialogs,
    confirmation,
    confirms,
    incidents,
    kept,
    many_pages,
    page,
    paged,
    post,
    posts,
    presses_old,
    sends_raw,
    shown,
    submission,
    told,
)
from tests.stage import CASEY, ENGINEER, GITLAB_COM, LENA, MANAGERS, MARIA, MEI, Stage, said, sandbox


@pytest.fixture(scope="module")
def files_stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with many_pages(tmp_path_factory.mktemp("paging")) as stage:
        yield stage


@pytest.fixture
def shared(shared: Stage) -> Iterator[Stage]:
    """No dialog stays open for the next story."""
    yield shared
    closes_dialogs(shared)


# -- the APAC backup pool


def test_a_page_of_the_backup_pool_is_confirmed_sent_once_and_followed(shared: Stage) -> None:
    ticket = shared.fresh_ticket()
    page(shared, f"backup ZD#{ticket} Two customers are down")
    view = said(confirmation(shared))
    assert f"about *ZD#{ticket}*: Aiko Mori, Dev Sharma, Grace Wu, Liam Walker." in view
    assert "volunteers: nobody is obliged to answer" in view
    assert "it is not that now" in view, "a Tuesday in EMEA"
    assert "No other emergency is open" in view
    assert about(shared, ticket) == [], "nobody is paged before the confirmation"
    confirms(shared)
    (incident,) = shared.until(lambda: about(shared, ticket))
    assert incident["title"] == f"Duplicate emergency - ZD#{ticket}"
    assert (incident["body"], incident["status"]) == ("Two customers are down", "triggered")
    assert (incident["priority"], incident["log"][0]["by"]) == (None, "Lena Vogt")
    shared.until(lambda: "Nobody has answered yet." in post(shared, ticket))
    shared.until(lambda: "says who answers" in shown(shared))
    acts(shared, incident, "acknowledge")
    shared.until(lambda: "Grace Wu answered." in post(shared, ticket))
    acts(shared, incident, "resolve")
    shared.until(lambda: "Over in PagerDuty. Grace Wu had answered." in post(shared, ticket))
    assert len(posts(shared, ticket)) == len(about(shared, ticket)) == 1


def test_the_dialog_asks_for_what_the_command_did_not_say(shared: Stage) -> None:
    ticket = shared.fresh_ticket()
    page(shared, "")
    shared.until(lambda: "Nobody is paged yet" in shown(shared))
    asked = {"purpose": "backup", "ticket": "12 34", "summary": "Two are down"}
    refused = shared.sends(LENA, **asked)
    assert refused["errors"] == {"ticket": "Put in the number of the Zendesk ticket, such as ZD#123456."}
    assert shared.sends(LENA, **(asked | {"ticket": f"ZD#{ticket}"})) == {"ok": True}
    assert f"*ZD#{ticket}*" in said(confirmation(shared))
    confirms(shared, summary="Two are down, and a third")
    (incident,) = shared.until(lambda: about(shared, ticket))
    assert incident["body"] == "Two are down, and a third"


def test_a_page_works_in_any_channel_and_is_followed_where_it_was_asked_too(shared: Stage) -> None:
    ticket = shared.fresh_ticket()
    before = len(shared.messages(GITLAB_COM))
    page(shared, f"backup ZD#{ticket} Two are down", channel=GITLAB_COM)
    confirmation(shared)
    shared.quiet()
    assert len(shared.messages(GITLAB_COM)) == before, "the confirmation is private"
    confirms(shared)
    (incident,) = shared.until(lambda: about(shared, ticket))
    for channel in (MANAGERS, GITLAB_COM):
        shared.until(lambda where=channel: "Nobody has answered yet." in post(shared, ticket, where))
    acts(shared, incident, "acknowledge")
    for channel in (MANAGERS, GITLAB_COM):
        shared.until(lambda where=channel: "Grace Wu answered." in post(shared, ticket, where))
        assert len(posts(shared, ticket, channel)) == 1


def test_where_the_bot_is_no_member_only_the_channel_of_pages_has_the_post(shared: Stage) -> None:
    ticket = shared.fresh_ticket()
    paged(shared, f"backup ZD#{ticket} Two are down", channel="C0GENER")
    shared.until(lambda: "Nobody has answered yet." in post(shared, ticket))
    shared.quiet()
    assert posts(shared, ticket, "C0GENER") == []


def test_one_open_page_a_ticket_and_a_second_try_is_shown_the_first(shared: Stage) -> None:
    ticket = shared.fresh_ticket()
    paged(shared, f"backup ZD#{ticket} Two are down")
    (incident,) = shared.until(lambda: about(shared, ticket))
    shared.until(lambda: posts(shared, ticket))
    paged(shared, f"backup ZD#{ticket} Still down", MEI)
    shared.until(lambda: "Nobody was paged a second time" in shown(shared, MEI))
    assert f"p{posts(shared, ticket)[0]['ts'].replace('.', '')}" in shown(shared, MEI)
    assert len(about(shared, ticket)) == 1
    acts(shared, incident, "resolve")
    shared.until(lambda: "Over in PagerDuty." in post(shared, ticket))
    closes_dialogs(shared)
    paged(shared, f"backup ZD#{ticket} Down again", MEI)
    shared.until(lambda: len(about(shared, ticket)) == 2)


def test_two_managers_who_confirm_at_the_same_moment_page_once(shared: Stage) -> None:
    ticket = shared.fresh_ticket()
    for user in (LENA, MEI):
        page(shared, f"backup ZD#{ticket} Two are down", user)
        confirmation(shared, user)
    with ThreadPoolExecutor(2) as hands:
        answers = list(hands.map(lambda user: confirms(shared, user), (LENA, MEI)))
    assert answers == [{"ok": True}] * 2
    shared.until(lambda: posts(shared, ticket))
    shared.until(lambda: sum("a second time" in shown(shared, user) for user in (LENA, MEI)) == 1)
    shared.until(lambda: sum("says who answers" in shown(shared, user) for user in (LENA, MEI)) == 1)
    shared.quiet()
    assert len(about(shared, ticket)) == len(posts(shared, ticket)) == 1


def test_a_double_click_pages_once(shared: Stage) -> None:
    ticket = shared.fresh_ticket()
    page(shared, f"backup ZD#{ticket} Two are down")
    twice = submission(confirmation(shared), LENA, summary="Two are down")
    with ThreadPoolExecutor(4) as hands:
        answers = list(hands.map(lambda _: sends_raw(shared, twice), range(4)))
    assert {answer["response_action"] for answer in answers} == {"update"}
    shared.until(lambda: about(shared, ticket))
    shared.until(lambda: posts(shared, ticket))
    shared.quiet()
    assert len(about(shared, ticket)) == len(posts(shared, ticket)) == 1


def test_after_the_wait_the_post_says_that_nobody_answered_and_what_to_do_next(stage: Stage) -> None:
    paged(stage, "backup ZD#123456 Two are down")
    stage.until(lambda: "Nobody has answered yet." in post(stage, 123456))
    stage.passes(4)
    stage.quiet()
    assert "Nobody has answered yet." in post(stage, 123456)
    stage.passes(1.1)
    stage.until(lambda: "Nobody has answered within 5 minutes." in post(stage, 123456))
    assert "nobody is obliged to" in post(stage, 123456)
    assert "Next: ask in the regional channel" in post(stage, 123456)
    acts(stage, incidents(stage)[0], "acknowledge")
    stage.until(lambda: "Grace Wu answered." in post(stage, 123456))
    assert len(incidents(stage)) == 1


# -- at the weekend for which the pool is there


@pytest.fixture
def weekend(tmp_path: Path) -> Iterator[Stage]:
    """A Saturday morning in Brisbane, in a world of its own."""
    with sandbox() as desk:
        desk.post("reset", scenario="apac_weekend")
        stage = Stage(desk, tmp_path)
        yield stage.start()
        stage.stop()


def test_on_an_apac_weekend_with_another_emergency_nothing_speaks_against_it(weekend: Stage) -> None:
    stage = weekend
    before = len(incidents(stage, None))
    page(stage, "backup ZD#123491 The second one", MEI)
    view = said(confirmation(stage, MEI))
    assert ":warning:" not in view
    assert "nobody is obliged to answer" in view
    assert len(incidents(stage, None)) == before
    confirms(stage, MEI)
    (incident,) = stage.until(lambda: about(stage, 123491))
    assert incident["assignees"] == ["Aiko Mori", "Dev Sharma", "Grace Wu", "Liam Walker"]
    stage.until(lambda: "Paged: Aiko Mori, Dev Sharma, Grace Wu, Liam Walker." in post(stage, 123491))


# -- an emergency by hand: by PagerDuty or by the macro, never both


def test_an_emergency_by_hand_opens_an_incident_on_its_policy_with_the_ticket_as_title(shared: Stage) -> None:
    ticket = shared.fresh_ticket()
    page(shared, f"emergency ZD#{ticket} Production is down")
    view = said(confirmation(shared))
    assert "escalation policy: Customer Emergency Rotation" in view
    assert MACRO in view
    confirms(shared)
    (incident,) = shared.until(lambda: about(shared, ticket, EMERGENCIES))
    assert (incident["title"], incident["policy"]) == (f"ZD#{ticket}", "Customer Emergency Rotation")
    shared.until(lambda: "Page of the emergency rotation" in post(shared, ticket))
    shared.quiet()
    assert "manual_emergency" not in shared.ticket(ticket)["tags"]


def test_an_emergency_by_the_macro_is_a_private_note_and_no_incident(shared: Stage) -> None:
    ticket = shared.fresh_ticket()
    page(shared, f"emergency ZD#{ticket} Production is down")
    confirms(shared, way="macro")
    shared.until(lambda: "manual_emergency" in shared.ticket(ticket)["tags"])
    shared.until(lambda: "is on the ticket: Zendesk pages by itself" in post(shared, ticket))
    (note,) = shared.comments(ticket)
    assert note["public"] is False
    closes_dialogs(shared)
    page(shared, f"emergency ZD#{ticket} Production is still down", MEI)
    confirms(shared, MEI)
    shared.until(lambda: "Nobody was paged a second time" in shown(shared, MEI))
    shared.quiet()
    assert about(shared, ticket, None) == [], "never both"
    assert len(shared.comments(ticket)) == 1


def test_where_no_macro_is_named_it_is_not_offered(empty_stage: Stage) -> None:
    empty_stage.configure("[paging]\nemergency_macro = []\n")
    stage = empty_stage.start()
    page(stage, "emergency ZD#123456 Production is down")
    assert "only one of them" not in said(confirmation(stage))


def test_a_macro_that_zendesk_has_no_more_pages_nobody_and_says_why(empty_stage: Stage) -> None:
    empty_stage.configure('[paging]\nemergency_macro = ["No such macro"]\n')
    stage = empty_stage.start()
    page(stage, "emergency ZD#123456 Production is down")
    confirms(stage, way="macro")
    stage.until(lambda: "Zendesk has no active macro of that name" in post(stage, 123456))
    stage.until(lambda: "Zendesk has no active macro of that name" in told(stage, LENA))
    assert incidents(stage, None) == []
    assert stage.comments() == []


def test_a_macro_whose_answer_is_lost_is_applied_once(shared: Stage) -> None:
    ticket = shared.fresh_ticket()
    page(shared, f"emergency ZD#{ticket} Production is down")
    confirmation(shared)
    shared.breaks("zendesk", "drop_after", method="PUT", times=1)
    confirms(shared, way="macro")
    shared.until(lambda: "is on the ticket" in post(shared, ticket))
    shared.quiet()
    assert len(shared.comments(ticket)) == 1


# -- the manager on call


def test_the_manager_on_call_is_paged_with_a_title_that_can_be_read_aloud(shared: Stage) -> None:
    page(shared, "manager *Two* emergencies `at once` for <@U0CASEY>")
    assert "Lena Vogt" in said(confirmation(shared))
    confirms(shared)
    (incident,) = shared.until(lambda: incidents(shared, MANAGER))
    assert incident["title"] == "Two emergencies at once for @U0CASEY"
    assert incident["assignees"] == ["Lena Vogt"]
    acts(shared, incident, "resolve", "Lena Vogt")
    shared.until(lambda: any("manager on call: over" in m["text"] for m in shared.messages(MANAGERS)))


# -- rights, and how many


@pytest.mark.parametrize("user", [CASEY, ENGINEER])
def test_without_the_right_it_is_a_polite_no_that_is_kept(shared: Stage, user: str) -> None:
    ticket = shared.fresh_ticket()
    answer = page(shared, f"backup ZD#{ticket} Two are down", user, GITLAB_COM)
    assert "Only Support Managers can page from here. Nobody was paged." in said({"blocks": [answer]})
    (refused,) = shared.until(lambda: [one for one in kept(shared) if one["ticket"] == ticket])
    assert (refused["status"], refused["why"], refused["by"]["slack"]) == ("refused", "no_right", user)
    before = len(kept(shared))
    page(shared, "", user, GITLAB_COM)
    shared.until(lambda: len(kept(shared)) == before + 1)
    assert shared.views(user) == []
    assert about(shared, ticket) == posts(shared, ticket) == []


@pytest.mark.parametrize("which", ["the first dialog", "the confirmation"])
def test_a_dialog_that_reaches_somebody_without_the_right_pages_nobody(shared: Stage, which: str) -> None:
    ticket = shared.fresh_ticket()
    if which == "the first dialog":
        page(shared, "backup")
        view = shared.until(lambda: shared.views(LENA))[-1]
    else:
        page(shared, f"backup ZD#{ticket} x")
        view = confirmation(shared)
    stolen = submission(view, CASEY, ticket=str(ticket), summary="Two are down")
    stolen["view"]["state"]["values"]["purpose"] = {
        "purpose": {"type": "radio_buttons", "selected_option": {"value": "backup"}}
    }
    sends_raw(shared, stolen)
    (refused,) = shared.until(lambda: [one for one in kept(shared) if one["ticket"] == ticket])
    assert (refused["status"], refused["why"], refused["by"]["slack"]) == ("refused", "no_right", CASEY)
    shared.quiet()
    assert about(shared, ticket) == posts(shared, ticket) == []


def test_beyond_so_many_an_hour_a_second_manager_must_agree(empty_stage: Stage) -> None:
    empty_stage.configure("[paging]\npages_an_hour = 1\n")
    stage = empty_stage.start()
    paged(stage, "backup ZD#123456 The first")
    stage.until(lambda: about(stage, 123456))
    closes_dialogs(stage)
    paged(stage, "backup ZD#123457 The second")
    stage.until(lambda: "a second manager must agree" in shown(stage))
    stage.until(lambda: posts(stage, 123457))
    stage.presses(LENA, posts(stage, 123457)[-1], AGREE)
    stage.until(lambda: "Somebody else has to agree" in told(stage, LENA))
    assert about(stage, 123457) == [], "not oneself"
    stage.presses(MARIA, posts(stage, 123457)[-1], AGREE)
    stage.until(lambda: about(stage, 123457))
    stage.until(lambda: "Nobody has answered yet." in post(stage, 123457))
    stage.until(lambda: "Your page" in told(stage, LENA))
    closes_dialogs(stage)
    paged(stage, "backup ZD#123458 The third")
    waiting = stage.until(lambda: posts(stage, 123458))[-1]
    stage.presses(MARIA, waiting, DECLINE)
    stage.until(lambda: f"<@{MARIA}> did not agree, so nobody was paged." in post(stage, 123458))
    presses_old(stage, MEI, waiting, "Yes, page them")
    stage.until(lambda: "That is decided" in told(stage, MEI))
    stage.quiet()
    assert about(stage, 123458) == []
    assert len(incidents(stage, None)) == 2


def test_somebody_without_the_right_agrees_to_nothing_and_after_an_hour_it_is_over(
    empty_stage: Stage,
) -> None:
    empty_stage.configure("[paging]\npages_an_hour = 1\n")
    stage = empty_stage.start()
    paged(stage, "backup ZD#123456 The first")
    stage.until(lambda: about(stage, 123456))
    closes_dialogs(stage)
    paged(stage, "backup ZD#123457 The second", channel=GITLAB_COM)
    waiting = stage.until(lambda: posts(stage, 123457, GITLAB_COM))[-1]
    stage.presses(CASEY, waiting, AGREE)
    stage.until(lambda: "Only Support Managers can page from here." in told(stage, CASEY))
    stage.passes(61)
    stage.until(lambda: "Nobody agreed within an hour" in post(stage, 123457))
    presses_old(stage, MARIA, waiting, "Yes, page them")
    stage.until(lambda: "That is decided" in told(stage, MARIA))
    stage.quiet()
    assert about(stage, 123457) == []
