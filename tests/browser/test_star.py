"""A STAR, and a page, by the hands of people before the page: they see in it what the four systems hold."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.window import STARS, Window
from tests.filing import ANSWERS
from tests.sandbox.desk import Desk
from tests.scenarios.managing import UNSTARRED
from tests.stage import CASEY, LENA

pytestmark = pytest.mark.long


@pytest.fixture
def here(desk: Desk, window: Window) -> Iterator[Window]:
    """A window on the world in which the bot runs; no dialog stays open for the next story."""
    yield window.opens(desk.url).waits_for_the_bot()
    for view in desk.get("state")["slack"]["views"]:
        desk.post("slack/close", user=view["user"], view_id=view["id"], clear=True)


def test_a_star_by_form_post_is_followed_through_the_four_panes_to_the_check_mark(here: Window) -> None:
    here.presses("Show me")
    here.picture("1-guide")
    here.sends_the_form()
    here.says(here.card, "Urgent", "#123456", "@Lena Vogt: you are on call")
    here.says(here.issue, "Confidential", "assigned to lvogt", "They go live tomorrow")
    here.says(here.ticket, "internal note", "star_submitted", "next reply time")
    here.says(here.pagerduty.locator("tr.now"), "EMEA", "Lena Vogt")
    assert here.rows("chat.postMessage").count() >= 1
    here.picture("2-filed")

    here.sits_down_as(LENA)
    here.reacts(here.form_post, "eyes")
    here.says(here.card, "@Lena Vogt has been looking since")
    here.says(here.ticket, "escalated_ticket")

    here.presses("Triage", here.card)
    here.fills("next_step", "Anna reads the Sidekiq logs at 15:00.")
    here.submits()
    here.says(here.field("decision"), "Please complete this required field.")
    expect(here.field("decision").locator("select")).to_be_focused()
    here.fills("decision", "work")
    here.picture("3-triage")
    here.submits()
    here.says(here.card, "Next step: Anna reads the Sidekiq logs at 15:00.")
    here.says(here.issue, "Anna reads the Sidekiq logs at 15:00.")

    here.reacts(here.form_post, "green-check-mark")
    here.says(here.card, "Resolved by @Lena Vogt")
    here.says(here.issue, "Closed", "Final disposition")
    here.says(here.page.locator("#guide"), "Pull the plug")
    here.picture("4-resolved")


def test_a_star_by_dialog_shows_a_field_error_and_is_acknowledged_and_unstarred_by_buttons(
    here: Window,
) -> None:
    here.page.locator("#text").press_sequentially("/st")
    expect(here.page.locator(".complete button").first).to_contain_text("/star")
    here.writes("/star")
    here.fills("ticket", "many")
    for name, answer in ANSWERS.items():
        here.fills(name, answer)
    here.submits()
    here.says(here.field("ticket").locator(".error"), "number")
    expect(here.field("ticket").locator("input")).to_be_focused()
    here.picture("field-error")
    here.fills("ticket", "123460")
    here.submits()
    here.says(here.card, "#123460")
    here.presses("Close", here.dialog)
    expect(here.dialog).to_be_hidden()

    here.sits_down_as(LENA)
    here.presses("Acknowledge", here.card)
    here.says(here.card, "has been looking since")
    here.card.get_by_label("More actions").first.click()
    here.page.get_by_role("menuitem", name="Unstar").click()
    for name, answer in UNSTARRED.items():
        here.fills(name, answer)
    here.submits()
    here.says(here.card, "Unstarred by @Lena Vogt", "The customer raises an emergency now.")
    here.says(here.issue, "Closed", "unstarred")


def test_whoever_sits_down_sees_what_is_theirs(here: Window) -> None:
    here.sits_down_as("U0PRIYA")
    expect(here.page.locator("#places")).not_to_contain_text(STARS)
    here.sits_down_as(CASEY)
    here.goes_to("general")
    here.writes("Is @lena.vogt on call? <b>&amp;</b>")
    here.says(here.message("on call?"), "Is @Lena Vogt on call? <b>&amp;</b>")
    here.sits_down_as(LENA)
    expect(here.message("on call?").locator(".mention.me")).to_have_text("@Lena Vogt")
    here.goes_to(STARS)
    here.writes("/star list")
    here.says(here.page.locator("#messages .ephemeral").last, "Only visible to you")
    here.sits_down_as(CASEY)
    expect(here.page.locator("#messages .ephemeral")).to_have_count(0)
    here.goes_to("starbot")
    here.says(here.page.locator("#place-about"), "App")


def test_a_page_to_the_backup_pool_is_acknowledged_in_the_pagerduty_pane(here: Window) -> None:
    here.sits_down_as(LENA)
    here.goes_to("spt_managers")
    here.writes("/star-page backup ZD#123475 Two customers are down")
    here.says(here.dialog, "This pages people", "Grace Wu")
    here.picture("page-confirmation")
    here.submits()
    here.says(here.pagerduty, "triggered", "Duplicate emergency - ZD#123475")
    here.says(here.message("ZD#123475"), "Nobody has answered yet.")
    here.page.keyboard.press("Escape")
    incident = here.pagerduty.locator(".incident").first
    incident.locator("select").select_option("Grace Wu")
    here.presses("Acknowledge", incident)
    here.says(incident, "Acknowledged by Grace Wu")
    here.says(here.message("ZD#123475"), "Grace Wu answered.")
