"""Pages that go wrong: bad input, names that changed, vendors that do not answer. Each has a clear answer, nobody is
paged by mistake, and what was confirmed pages once."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from starbot.core.text import marker
from starbot.services.pagerduty import PagerDutyService
from tests.scenarios.paging import (
    AGREE,
    BACKUP,
    EMERGENCIES,
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
    presses,
    sends_raw,
    shown,
    submission,
    told,
)
from tests.stage import LENA, MANAGERS, MARIA, Stage, said

ANNA = "U0ENG05"


@pytest.fixture(scope="module")
def files_stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with many_pages(tmp_path_factory.mktemp("paging")) as stage:
        yield stage


@pytest.fixture
def shared(shared: Stage) -> Iterator[Stage]:
    """No dialog stays open, and no service keeps another name."""
    yield shared
    closes_dialogs(shared)


# -- bad input


def test_a_ticket_that_zendesk_does_not_know_pages_nobody(shared: Stage) -> None:
    page(shared, "backup ZD#999999 Two are down")
    shared.until(lambda: "Zendesk has no ticket with this number. Nobody was paged" in shown(shared))
    shared.quiet()
    assert about(shared, 999999) == []


@pytest.mark.parametrize("text", ["backup ZD#12x4 Two are down", "backup Two are down", "backup"])
def test_a_reference_that_cannot_be_read_is_asked_for_in_the_dialog(shared: Stage, text: str) -> None:
    page(shared, text)
    shared.until(lambda: "Nobody is paged yet" in shown(shared))
    refused = shared.sends(LENA, purpose="backup", summary="Two are down")
    assert refused["errors"] == {"ticket": "Put in the number of the Zendesk ticket, such as ZD#123456."}


def test_other_words_are_answered_with_how_to_write_it(shared: Stage) -> None:
    answer = page(shared, "everybody now")
    assert "Nobody is paged before you confirm." in str(answer)
    assert shared.views(LENA) == []


def test_an_empty_summary_goes_back_to_its_field(shared: Stage) -> None:
    ticket = shared.fresh_ticket()
    page(shared, f"backup ZD#{ticket} Two are down")
    answer = sends_raw(shared, submission(confirmation(shared), LENA, summary=" \u200b "))
    assert answer["errors"] == {
        "summary": "Say in a few words what happens: it is all that they see at first."
    }
    assert about(shared, ticket) == []


def test_a_summary_of_five_thousand_characters_is_cut_before_it_is_confirmed(shared: Stage) -> None:
    ticket = shared.fresh_ticket()
    page(shared, f"backup ZD#{ticket} {'word ' * 1_000}")
    assert "It was cut: PagerDuty gets what stands here." in said(confirmation(shared))
    confirms(shared)
    (incident,) = shared.until(lambda: about(shared, ticket))
    assert len(incident["body"]) <= 3_000
    shared.until(lambda: "Nobody has answered yet." in post(shared, ticket))


@pytest.mark.parametrize("changes", [{"v": 0}, {"purpose": "everybody"}, {"ticket": None}, {"at": 0}])
def test_a_confirmation_that_is_old_or_made_up_pages_nobody(shared: Stage, changes: dict[str, Any]) -> None:
    ticket = shared.fresh_ticket()
    page(shared, f"backup ZD#{ticket} Two are down")
    view = confirmation(shared)
    made_up = submission(view, LENA, summary="Two are down")
    made_up["view"]["private_metadata"] = json.dumps(json.loads(view["private_metadata"]) | changes)
    answer = sends_raw(shared, made_up)
    if "at" not in changes:
        assert "This dialog is from before. Nobody was paged" in str(answer["errors"])
    else:
        shared.until(lambda: "This dialog is from before. Nobody was paged" in shown(shared))
    shared.quiet()
    assert about(shared, ticket) == posts(shared, ticket) == []


def test_a_confirmation_that_lay_open_for_half_an_hour_pages_nobody(stage: Stage) -> None:
    page(stage, "backup ZD#123456 Two are down")
    confirmation(stage)
    stage.passes(31)
    confirms(stage)
    stage.until(lambda: "This dialog is from before. Nobody was paged" in shown(stage))
    stage.quiet()
    assert incidents(stage, None) == []


# -- in whose name


def _as_managers(stage: Stage, email: str = "", pagerduty: str = "") -> None:
    """The engineers of EMEA may page; Anna is to PagerDuty whoever the people file says."""
    people = yaml.safe_load((stage.folder / "people.yml").read_text("utf-8"))
    for one in people:
        if one.get("slack") == ANNA:
            one |= {"email": email or one["email"], "pagerduty": pagerduty}
    (stage.folder / "people.yml").write_text(yaml.safe_dump(people), "utf-8")
    stage.configure('[slack]\nmanager_groups = ["supportmanagers", "support-team-emea"]\n')


@pytest.mark.parametrize(
    "email,pagerduty", [("", ""), ("nobody@example.com", "PENG05")], ids=["no account", "another address"]
)
def test_whoever_has_no_account_pages_in_the_bots_name(
    empty_stage: Stage, email: str, pagerduty: str
) -> None:
    _as_managers(empty_stage, email, pagerduty)
    stage = empty_stage.start()
    paged(stage, "backup ZD#123456 Two are down", ANNA, "C0GLCOM")
    (incident,) = stage.until(lambda: about(stage, 123456))
    assert incident["log"][0]["by"] == "Lena Vogt", "PAGERDUTY_FROM"
    stage.until(lambda: f"Asked by <@{ANNA}>" in post(stage, 123456))


def test_a_from_that_pagerduty_does_not_know_pages_nobody_and_says_what_to_set(empty_stage: Stage) -> None:
    _as_managers(empty_stage)
    empty_stage.environ["PAGERDUTY_FROM"] = "nobody@example.com"
    stage = empty_stage.start()
    paged(stage, "backup ZD#123456 Two are down", ANNA, "C0GLCOM")
    stage.until(lambda: "the admin sets `PAGERDUTY_FROM`" in post(stage, 123456))
    stage.until(lambda: "the admin sets `PAGERDUTY_FROM`" in told(stage, ANNA))
    assert incidents(stage, None) == []


def _is_served_already(stage: Stage, user: str) -> None:
    """As if an earlier try of the page that this person is asked to confirm had been served, and nobody had heard."""
    opened = marker(f"page:{confirmation(stage, user)['id']}:meant")[:8]
    PagerDutyService(stage.environ["PAGERDUTY_URL"], "pd-sandbox", None, 5).create_incident(
        service_id="PVPOOL",
        title="Duplicate emergency - ZD#123456",
        details="Two are down",
        key=marker(f"page-{opened}:open_incident:0"),
        from_email="lena.vogt@example.com",
    )


def test_where_the_bots_name_takes_over_and_the_key_is_taken_the_page_is_the_one_that_is_there(
    empty_stage: Stage,
) -> None:
    _as_managers(empty_stage, "nobody@example.com", "PENG05")
    stage = empty_stage.start()
    page(stage, "backup ZD#123456 Two are down", ANNA, "C0GLCOM")
    _is_served_already(stage, ANNA)
    since = stage.last_row()
    confirms(stage, ANNA)
    stage.until(lambda: "Nobody has answered yet." in post(stage, 123456))
    tries = [row["status"] for row in stage.requests("pagerduty", since) if row["method"] == "POST"]
    assert tries == [400, 400], "in Anna's name, then in the bot's"
    assert len(about(stage, 123456)) == 1


def test_where_the_look_for_a_taken_key_has_to_wait_nobody_is_paged_again(stage: Stage) -> None:
    page(stage, "backup ZD#123456 Two are down")
    _is_served_already(stage, LENA)
    since = stage.last_row()
    stage.breaks("pagerduty", method="GET", path="/pagerduty/incidents", status=429, retry_after=2, times=1)
    confirms(stage)
    stage.until(lambda: any(row["status"] == 429 for row in stage.requests("pagerduty", since)))
    acts(stage, about(stage, 123456)[0], "resolve")
    stage.until(lambda: "Over in PagerDuty" in post(stage, 123456))
    stage.quiet()
    assert len(about(stage, 123456)) == 1


def test_a_key_that_may_not_write_pages_nobody_and_says_so(shared: Stage) -> None:
    ticket = shared.fresh_ticket()
    page(shared, f"backup ZD#{ticket} Two are down")
    confirmation(shared)
    shared.breaks("pagerduty", "status", method="POST", status=403)
    confirms(shared)
    shared.until(lambda: "the admin gives the key the right to write" in post(shared, ticket))
    assert about(shared, ticket) == []
    shared.mends()
    closes_dialogs(shared)
    paged(shared, f"backup ZD#{ticket} Once more")
    shared.until(lambda: about(shared, ticket))


# -- names that changed, nobody there


def test_a_service_that_is_renamed_meanwhile_is_paged_with_a_warning_and_missing_after_a_restart(
    stage: Stage,
) -> None:
    stage.desk.post("pagerduty/act", action="rename_service", service=BACKUP, to="Volunteers")
    paged(stage, "backup ZD#123456 Two are down")
    assert "PagerDuty has this name no more" in str(stage.requests("slack")[-20:])
    stage.until(lambda: about(stage, 123456, "Volunteers"))
    closes_dialogs(stage)
    stage.stop()
    stage.start()
    page(stage, "backup ZD#123457 Two are down")
    stage.until(lambda: "PagerDuty has no such service any more. Nobody was paged" in shown(stage))
    assert about(stage, 123457, None) == []


def test_without_its_policy_an_emergency_is_not_sent_to_whoever_the_service_names(stage: Stage) -> None:
    stage.desk.post("pagerduty/act", action="rename_policy", policy="Customer Emergency Rotation", to="New")
    page(stage, "emergency ZD#123456 It is down")
    assert "PagerDuty has this name no more" in said(confirmation(stage))
    closes_dialogs(stage)
    stage.stop()
    stage.start()
    page(stage, "emergency ZD#123456 It is down")
    stage.until(lambda: "PagerDuty has no such service any more. Nobody was paged" in shown(stage))
    assert incidents(stage, None) == []


def test_a_service_that_is_switched_off_pages_nobody_and_says_so(stage: Stage) -> None:
    stage.desk.post("pagerduty/act", action="disable_service", service=BACKUP)
    paged(stage, "backup ZD#123456 Two are down")
    stage.until(lambda: "The service is switched off in PagerDuty" in post(stage, 123456))
    assert incidents(stage, None) == []


def test_nobody_on_call_is_said_before_and_after_and_pages_nobody(empty_stage: Stage) -> None:
    """A service whose one level is a schedule with a gap."""
    empty_stage.configure('[paging]\nbackup_service = "Incident Management - CMOC"\n')
    stage = empty_stage.start()
    stage.desk.post("pagerduty/act", action="gap", schedule="Incident Management - CMOC", hours=48)
    page(stage, "backup ZD#123456 Two are down")
    assert "PagerDuty shows nobody there right now" in said(confirmation(stage))
    confirms(stage)
    stage.until(lambda: "PagerDuty shows nobody on call there." in post(stage, 123456))
    assert incidents(stage, None) == []


def test_where_the_bot_may_not_write_whoever_asked_hears_it_and_is_paged_for_all_the_same(
    empty_stage: Stage,
) -> None:
    empty_stage.configure('[paging]\nchannel = "general"\n')
    stage = empty_stage.start()
    paged(stage, "backup ZD#123456 Two are down")
    stage.until(lambda: about(stage, 123456))
    stage.until(lambda: "cannot be followed in Slack: I may not write in #general" in told(stage, LENA))
    stage.until(lambda: "Nobody has answered yet." in post(stage, 123456, MANAGERS))


# -- vendors that do not answer


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "drop_after"},
        {"kind": "drop_before"},
        {"kind": "malformed"},
        {"kind": "status", "status": 500},
        {"kind": "status", "status": 503},
        {"kind": "status", "status": 429},
        {"kind": "status", "status": 429, "retry_after": 1},
        {"kind": "delay_after", "delay_s": 3.0},
        {"kind": "delay_before", "delay_s": 3.0},
    ],
    ids=lambda fault: " ".join(str(value) for value in fault.values()),
)
def test_whatever_happens_to_the_create_it_pages_once(shared: Stage, fault: dict[str, Any]) -> None:
    ticket = shared.fresh_ticket()
    page(shared, f"backup ZD#{ticket} Two are down")
    confirmation(shared)
    shared.breaks("pagerduty", method="POST", times=1, **fault)
    since = shared.last_row()
    confirms(shared)
    shared.until(lambda: about(shared, ticket), 30)
    shared.until(lambda: "Nobody has answered yet." in post(shared, ticket), 30)
    shared.quiet(1.5)
    assert len(about(shared, ticket)) == len(posts(shared, ticket)) == 1
    asked = [row for row in shared.requests("pagerduty", since) if row["method"] == "POST"]
    assert len(asked) == 1 or not fault["kind"].startswith("delay"), "who is slow is waited for"


def test_while_pagerduty_hangs_the_post_says_so_and_then_it_pages_once(shared: Stage) -> None:
    ticket = shared.fresh_ticket()
    shared.breaks("pagerduty", "delay_before", delay_s=20)
    page(shared, f"backup ZD#{ticket} Two are down")
    assert "PagerDuty does not say right now who it would be." in said(confirmation(shared))
    confirms(shared)
    shared.until(lambda: "I keep trying for an hour, and it will not page twice" in post(shared, ticket))
    assert about(shared, ticket) == []
    shared.mends()
    shared.until(lambda: "Nobody has answered yet." in post(shared, ticket), 60)
    shared.quiet()
    assert len(about(shared, ticket)) == 1


def test_a_page_that_pagerduty_did_not_take_within_an_hour_pages_nobody_any_more(stage: Stage) -> None:
    page(stage, "backup ZD#123456 Two are down")
    confirmation(stage)
    stage.breaks("pagerduty", "status", method="POST", status=503)
    confirms(stage)
    stage.until(lambda: "I keep trying for an hour" in post(stage, 123456))
    stage.passes(61)
    stage.until(lambda: "It was not taken within an hour, and I stopped trying." in post(stage, 123456), 30)
    stage.mends()
    stage.quiet()
    assert incidents(stage, None) == []


def test_an_incident_that_is_over_before_its_answer_was_read_is_not_opened_again(shared: Stage) -> None:
    ticket = shared.fresh_ticket()
    page(shared, f"backup ZD#{ticket} Two are down")
    confirmation(shared)
    shared.breaks("pagerduty", "drop_after", method="POST", times=1)
    shared.breaks("pagerduty", "status", method="GET", status=503)
    confirms(shared)
    (incident,) = shared.until(lambda: about(shared, ticket))
    acts(shared, incident, "resolve")
    shared.mends()
    shared.until(lambda: "Over in PagerDuty." in post(shared, ticket), 30)
    shared.quiet()
    assert len(about(shared, ticket)) == 1


def test_while_zendesk_is_silent_the_ticket_is_taken_for_granted(shared: Stage) -> None:
    ticket = shared.fresh_ticket()
    shared.breaks("zendesk", "status", status=503)
    paged(shared, f"emergency ZD#{ticket} It is down")
    shared.until(lambda: about(shared, ticket, EMERGENCIES))


def test_a_word_about_a_page_whose_answer_is_lost_is_said_once(shared: Stage) -> None:
    ticket = shared.fresh_ticket()
    paged(shared, f"backup ZD#{ticket} Two are down")
    shared.until(lambda: "Nobody has answered yet." in post(shared, ticket))
    (case,) = [one["id"] for one in kept(shared) if one["ticket"] == ticket]
    since = shared.last_row()
    shared.breaks("slack", "drop_after", method="chat.postMessage", times=1)
    presses(shared, MARIA, {"action_id": AGREE, "value": case})
    shared.until(lambda: "That is decided" in told(shared, MARIA))
    shared.until(lambda: [r for r in shared.requests("slack", since) if r["path"].endswith(".history")])
    shared.quiet(1)
    assert told(shared, MARIA).count("That is decided") == 1


def test_a_bot_whose_books_are_from_before_there_were_pages_pages_too(stage: Stage) -> None:
    bot = stage.bot
    assert bot is not None
    bot._memory.remember(
        "names", bot._clock.now(), bot._directory.names.model_dump(exclude={"services", "policies"})
    )
    stage.stop()
    stage.start()
    paged(stage, "backup ZD#123456 Two are down")
    stage.until(lambda: about(stage, 123456))
    assert [one["status"] for one in kept(stage)] in (["paging"], ["paged"])


def test_a_restart_while_pagerduty_is_silent_keeps_the_names_it_knew(stage: Stage) -> None:
    stage.stop()
    stage.breaks("pagerduty", "status", status=503)
    stage.start()
    page(stage, "backup ZD#123456 Two are down")
    assert "PagerDuty does not say right now who it would be." in said(confirmation(stage))
    confirms(stage)
    stage.until(lambda: "I keep trying for an hour" in post(stage, 123456))
    stage.mends()
    stage.until(lambda: "Nobody has answered yet." in post(stage, 123456), 30)
    assert len(incidents(stage, None)) == 1
