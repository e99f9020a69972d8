"""Every scenario has a card that says what to try, and begins as its card says."""

import pytest

from starbot_sandbox.clock import Clock
from starbot_sandbox.faults import Faults
from starbot_sandbox.pagerduty.state import PagerDutyState
from starbot_sandbox.scenarios import SCENARIOS
from tests.sandbox.desk import Desk


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_scenario_has_a_card_a_form_and_faults_that_can_be_ordered(name: str) -> None:
    seed = SCENARIOS[name]()
    assert seed.card.title and seed.card.about and seed.card.tries
    assert "Ticket" in [field.label for field in seed.slack.form]
    for order in seed.faults:
        Faults().order(order)


def test_the_cards_differ() -> None:
    assert len({make().card.title for make in SCENARIOS.values()}) == len(SCENARIOS)


def on_call(name: str) -> dict[str, list[str]]:
    """The managers of each region as the world begins."""
    seed = SCENARIOS[name]()
    calls = PagerDutyState(Clock(seed.now), seed.pagerduty).snapshot()["oncalls"]
    return {region: calls[f"Support Manager - {region}"] for region in ("APAC", "EMEA", "AMER")}


def test_nobody_is_on_call_until_ten_in_the_evening() -> None:
    assert on_call("nobody_on_call") == {"APAC": [], "EMEA": [], "AMER": []}


def test_the_last_day_of_the_month_is_marias() -> None:
    assert on_call("licence_day") == {"APAC": [], "EMEA": [], "AMER": ["Maria Santos"]}
    seed = SCENARIOS["licence_day"]()
    assert next(group for group in seed.slack.groups if group.id == "S0SMOC").users == ("U0MARIA",)
    assert seed.slack.form[0].example in {str(ticket.id) for ticket in seed.zendesk.tickets}


def test_everything_is_broken_from_the_start_and_after_a_reset(desk: Desk) -> None:
    desk.post("reset", scenario="everything_breaks")
    assert {fault["service"] for fault in desk.get("faults")} == {"slack", "gitlab", "zendesk", "pagerduty"}
    desk.http.delete("/_sandbox/faults", params={"service": "gitlab"})
    assert "gitlab" not in {fault["service"] for fault in desk.get("faults")}
    desk.post("reset")
    assert len(desk.get("faults")) == 4
    desk.post("reset", scenario="weekday")
    assert desk.get("faults") == []


def test_the_page_learns_the_cards_the_form_and_what_the_app_offers(desk: Desk) -> None:
    about = desk.get("about")
    assert [card["name"] for card in about["scenarios"]] == list(SCENARIOS)
    assert about["form"]["channel"] == "C0STARS" and about["form"]["fields"][0]["label"] == "Ticket"
    assert [each["command"] for each in about["commands"]] == ["/star", "/plain"]
    assert "green-check-mark" in about["emoji"]["custom"] and "eyes" in about["emoji"]["standard"]
    assert about["regions"]["U0LENA"] == "EMEA"
