"""*I need help*: the manager on call pages the next level that the settings name, by command, dialog or button."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.scenarios.paging import (
    MANY,
    about,
    closes_dialogs,
    confirmation,
    confirms,
    incidents,
    kept,
    page,
    post,
    shown,
)
from tests.stage import CASEY, LENA, MANAGERS, MEI, STARS, Stage, said, sandbox

SENIOR = "Senior Support Managers"
HELP = f'help_service = "{SENIOR}"\nhelp_name = "the senior managers"\n'
EMERGENCY = 123491


@pytest.fixture(scope="module")
def files_stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with sandbox() as desk:
        stage = Stage(desk, tmp_path_factory.mktemp("help"))
        stage.configure(MANY + HELP)
        yield stage.start()
        stage.stop()


@pytest.fixture
def shared(shared: Stage) -> Iterator[Stage]:
    """No dialog stays open for the next story."""
    yield shared
    closes_dialogs(shared)


def test_by_command_it_names_the_level_and_pages_once_after_the_confirmation(shared: Stage) -> None:
    ticket = shared.fresh_ticket()
    page(shared, f"help ZD#{ticket} Two at once and nobody is free")
    view = said(confirmation(shared))
    assert f"about *ZD#{ticket}*: Maria Santos, Dana Okafor." in view
    assert "This is the next level: the senior managers." in view and f"Service: {SENIOR}" in view
    shared.quiet()
    assert incidents(shared, SENIOR) == [], "nobody is paged before the confirmation"
    confirms(shared)
    (incident,) = shared.until(lambda: incidents(shared, SENIOR))
    assert incident["title"] == f"ZD#{ticket}: Two at once and nobody is free"
    shared.until(lambda: "Nobody has answered yet." in post(shared, ticket))
    assert "Page for help, the senior managers" in post(shared, ticket)
    shared.passes(5.1)
    shared.until(lambda: "Nobody has answered within 5 minutes." in post(shared, ticket))
    assert "ask in the managers' channel who can help" in post(shared, ticket)
    assert len(incidents(shared, SENIOR)) == 1


def test_by_the_dialog_and_without_a_ticket(shared: Stage) -> None:
    before = len(incidents(shared, SENIOR))
    page(shared, "help")
    shared.until(lambda: "Help: the senior managers" in shown(shared))
    assert shared.sends(LENA, purpose="help", summary="I have to leave the call") == {"ok": True}
    confirmation(shared)
    confirms(shared)
    shared.until(lambda: len(incidents(shared, SENIOR)) == before + 1)
    assert incidents(shared, SENIOR)[-1]["title"] == "I have to leave the call"
    shared.until(
        lambda: [
            m
            for m in shared.messages(MANAGERS)
            if m["text"].startswith("Page for help, the senior managers: nobody")
        ]
    )


def test_who_is_no_manager_is_told_so_and_it_is_kept(shared: Stage) -> None:
    answer = page(shared, "help ZD#123456 Please", CASEY, STARS)
    assert "Only Support Managers can page from here." in str(answer)
    (refused,) = shared.until(lambda: [one for one in kept(shared) if one["by"]["slack"] == CASEY])
    assert (refused["status"], refused["why"], refused["purpose"]) == ("refused", "no_right", "help")


def _desk(stage: Stage, text: str) -> dict[str, Any]:
    """The message to the manager about the emergency at 03:00, once it says this."""

    def found() -> list[dict[str, Any]]:
        about_it = [m for m in stage.messages("D0MEI") if f"Customer emergency ZD#{EMERGENCY}" in m["text"]]
        return [m for m in about_it if text in said(m)]

    return dict(stage.until(found)[0])


@pytest.fixture
def weekend(tmp_path: Path) -> Iterator[Stage]:
    """In the middle of two emergencies, the second of which is escalated to Mei."""
    with sandbox() as desk:
        desk.post("reset", scenario="apac_weekend")
        stage = Stage(desk, tmp_path)
        yield stage
        stage.stop()


def test_at_three_in_the_morning_two_taps_page_the_next_level(weekend: Stage) -> None:
    weekend.configure(f"[paging]\nemergency_poll_seconds = 1\npoll_seconds = 1\n{HELP}")
    stage = weekend.start()
    stage.presses(MEI, _desk(stage, "I need help"), "emergency_help")
    view = said(confirmation(stage, MEI))
    assert f"about *ZD#{EMERGENCY}*: Maria Santos, Dana Okafor." in view
    assert "This is the next level: the senior managers." in view
    assert incidents(stage, SENIOR) == [], "the first tap pages nobody"
    confirms(stage, MEI)
    (incident,) = stage.until(lambda: incidents(stage, SENIOR))
    assert incident["title"].startswith(f"ZD#{EMERGENCY}: The manager on call needs help with an emergency: ")
    stage.until(lambda: "Page for help" in post(stage, EMERGENCY))
    stage.quiet()
    assert len(incidents(stage, SENIOR)) == 1
    assert len([m for m in stage.messages("D0MEI") if "Customer emergency" in m["text"]]) == 1, (
        "a call for help is no emergency"
    )


def test_where_the_settings_name_nobody_there_is_no_button_and_the_command_says_what_to_set(
    weekend: Stage,
) -> None:
    weekend.configure("[paging]\nemergency_poll_seconds = 1\n")
    stage = weekend.start()
    assert "emergency_help" not in said(_desk(stage, "Page the backup pool"))
    answer = str(page(stage, "help ZD#123456 Please", MEI))
    assert "nobody was paged" in answer and "`help_service`" in answer and "`help_policy`" in answer
    page(stage, "", MEI)
    stage.until(lambda: "Nobody is paged yet" in shown(stage, MEI))
    assert "Help:" not in shown(stage, MEI)
    assert about(stage, 123456, None) == []


def test_a_policy_of_its_own_is_what_is_paged(empty_stage: Stage) -> None:
    empty_stage.configure(
        '[paging]\nhelp_service = "Support Managers"\nhelp_policy = "Senior Support Managers"\n'
    )
    stage = empty_stage.start()
    page(stage, "help ZD#123456 Please")
    view = said(confirmation(stage))
    assert "escalation policy: Senior Support Managers" in view and "Dana Okafor" in view
    confirms(stage)
    (incident,) = stage.until(lambda: incidents(stage, "Support Managers"))
    assert incident["policy"] == "Senior Support Managers"
