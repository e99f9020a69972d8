"""The levers of the page: the bot is killed in the middle, a vendor breaks, time goes by, another world begins."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.window import Window
from tests.sandbox.desk import Desk
from tests.stage import CASEY

pytestmark = pytest.mark.long


@pytest.fixture
def here(desk: Desk, window: Window) -> Iterator[Window]:
    """A window on the world in which the bot runs; whatever broke is mended after it, and the bot runs again."""
    yield window.opens(desk.url).waits_for_the_bot()
    desk.http.delete("/_sandbox/faults")
    desk.post("app", action="start")


def test_a_star_that_is_filed_while_the_bot_is_dead_is_completed_when_it_lives_again(here: Window) -> None:
    here.sits_down_as(CASEY)
    here.presses("Bot runs")
    here.page.get_by_role("menuitem", name="Kill it").click()
    expect(here.page.locator("#app")).to_have_text("Bot is down")
    here.sends_the_form(Ticket="123462", Customer="Delta Freight")
    here.says(here.form_post, "123462")
    here.says(here.rows("events_api message").last, "503")
    here.picture("5-bot-killed")
    here.presses("Bot is down")
    here.page.get_by_role("menuitem", name="Start it").click()
    here.says(here.card, "#123462", "STAR issue #")
    here.says(here.issue, "ticket 123462", "Confidential")
    here.says(here.ticket, "star_submitted")
    here.says(here.rows("the bot was ended").last, "the bot was ended")
    here.says(here.rows("the bot was started").last, "the bot was started")


def test_what_a_fault_did_is_seen_in_the_time_line_and_in_its_json(here: Window) -> None:
    here.presses("Break something")
    here.page.locator("[data-break='gitlab down']").click()
    expect(here.page.locator("#break")).to_have_text("Broken: gitlab")
    here.sends_the_form(Ticket="123465", Customer="Ember Games")
    here.says(here.card, "#123465")
    broken = here.page.locator("#rows .row.gitlab.faulty").last
    here.says(broken, "503", "answered wrong on order")
    here.picture("6-gitlab-down")
    broken.click()
    here.says(here.page.locator("#json"), '"fault": "status"', "Sandbox fault")
    here.page.keyboard.press("Escape")
    here.presses("Broken: gitlab")
    here.page.get_by_role("menuitem", name="Mend all").click()
    here.says(here.issue, "ticket 123465")
    here.says(here.card, "STAR issue #")


def test_the_clock_goes_to_the_next_breach_and_to_saturday_in_brisbane(here: Window) -> None:
    here.page.locator("#clock-lever").click()
    here.page.get_by_role("menuitem", name="To the next SLA breach").click()
    here.says(here.rows("the clock was moved").last, "the clock was moved")
    here.page.locator("#ticket-choice").select_option("123475")
    here.says(here.ticket.locator(".sla.breached"), "breached")
    here.page.locator("#clock-lever").click()
    here.page.get_by_role("menuitem", name="To Saturday in Brisbane").click()
    here.says(here.page.locator("#clock"), "Sat, 21 Nov 00:30")
    here.says(here.pagerduty.locator("tr.now"), "APAC", "Mei Tanaka")


def test_another_scenario_begins_with_a_bot_that_remembers_nothing(here: Window) -> None:
    here.page.locator("#scenario").click()
    here.says(here.page.locator("#scenarios"), "A weekend in APAC", "Nobody on call", "Everything breaks")
    here.picture("scenarios")
    here.page.locator("[data-scenario='nobody_on_call']").click()
    expect(here.page.locator("#scenario")).to_have_text("Nobody on call")
    expect(here.page.locator("#messages .msg")).to_have_count(0)
    here.says(here.pagerduty, "No Support Manager is on call.")
    here.waits_for_the_bot()
    here.sends_the_form()
    here.says(here.card, "#123456", "PagerDuty shows nobody on call")
