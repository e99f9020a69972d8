"""The hands and eyes of somebody who sits before the sandbox's page."""

from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, CDPSession, Locator, Page, expect

expect.set_options(timeout=15_000)
STARS = "support_ticket-attention-requests"
DESKTOP, PHONE = (1440, 900), (390, 844)


class Window:
    """One window of the browser. `troubles` is what the page complained of, a breach of its policy too."""

    def __init__(
        self, browser: Browser, pictures: Path, size: tuple[int, int] = DESKTOP, dark: bool = False
    ) -> None:
        self.pictures = pictures
        self._context = browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
            has_touch=size == PHONE,
        )
        self._context.set_default_timeout(15_000)
        self.page: Page = self._context.new_page()
        self.troubles: list[str] = []
        self._meter: CDPSession | None = None
        self.page.on("console", lambda said: said.type == "error" and self.troubles.append(said.text))
        self.page.on("pageerror", lambda error: self.troubles.append(str(error)))
        self.page.on(
            "dialog", lambda dialog: (self.troubles.append(f"ran: {dialog.message}"), dialog.dismiss())
        )

    def close(self) -> None:
        """Close it. AssertionError if anything went wrong in it."""
        self._context.close()
        assert self.troubles == []

    def opens(self, url: str) -> "Window":
        """Returns once the page shows the world."""
        self.page.goto(url)
        self.page.wait_for_selector("body.live")
        return self

    def waits_for_the_bot(self) -> "Window":
        """Returns once it listens."""
        expect(self.page.locator("#app")).to_have_text("Bot runs", timeout=60_000)
        return self

    def picture(self, name: str) -> None:
        """What is seen now, as a file."""
        self.page.screenshot(path=self.pictures / f"{name}.png")

    # -- Slack

    def sits_down_as(self, user: str) -> None:
        """Another person, by Slack id."""
        self.page.locator("#who").select_option(user)

    def goes_to(self, place: str) -> None:
        """A channel by name, or "starbot" for the direct messages."""
        self.page.locator("#places button", has_text=place).click()

    @property
    def form_post(self) -> Locator:
        """The newest post of the STAR form."""
        return self.page.locator("#messages .msg", has_text="STAR Form").last

    @property
    def card(self) -> Locator:
        """The newest card."""
        return self.page.locator("#messages .msg:has(.b-fields)").last

    def message(self, text: str) -> Locator:
        """The newest message with these words, wherever it is seen."""
        return self.page.locator(".list:visible .msg", has_text=text).last

    def reacts(self, message: Locator, name: str) -> None:
        """By the picker."""
        message.hover()
        message.get_by_label("Add a reaction").click()
        self.page.get_by_label("Find an emoji").fill(name)
        self.page.locator(f".picker [data-emoji='{name}']").click()

    def presses(self, label: str, within: Locator | None = None) -> None:
        """A button by its label."""
        (within or self.page).get_by_role("button", name=label, exact=True).last.click()

    def writes(self, text: str) -> None:
        """A message or a command, sent with Enter."""
        self.page.locator("#text").fill(text)
        self.page.locator("#text").press("Enter")

    def sends_the_form(self, **answers: str) -> None:
        """The form of Workflow Builder, from the menu of shortcuts."""
        self.page.locator("#flash").click()
        self.page.get_by_role("menuitem", name="STAR Form").click()
        for label, answer in answers.items():
            self.fills(label, answer)
        self.presses("Submit", self.dialog)

    @property
    def dialog(self) -> Locator:
        """The modal that is open."""
        return self.page.locator("#modal")

    def field(self, name: str) -> Locator:
        """An input block of the modal, by its block id."""
        return self.dialog.locator(f"[data-block='{name}']")

    def fills(self, name: str, answer: str | list[str]) -> None:
        """A field of the modal, whatever it is."""
        field = self.field(name)
        expect(field).to_be_visible()
        if field.locator("select").count():
            field.locator("select").select_option(answer)
        elif field.locator("[type=radio], [type=checkbox]").count():
            for each in [answer] if isinstance(answer, str) else answer:
                field.locator(f"input[value='{each}']").check()
        else:
            field.locator("input, textarea").fill(str(answer))

    def submits(self) -> None:
        """The modal."""
        self.dialog.locator("button[type=submit]").click()

    # -- the panes

    @property
    def ticket(self) -> Locator:
        return self.page.locator("#zendesk")

    @property
    def issue(self) -> Locator:
        return self.page.locator("#gitlab")

    @property
    def pagerduty(self) -> Locator:
        return self.page.locator("#pagerduty")

    def rows(self, text: str) -> Locator:
        """Rows of the time line."""
        return self.page.locator("#rows .row", has_text=text)

    def says(self, place: Locator, *texts: str) -> None:
        """Waits until a place says all of this."""
        for text in texts:
            expect(place).to_contain_text(text)

    def measured(self, script: str, given: Any = None) -> Any:
        """What a script of the browser answers."""
        return self.page.evaluate(script, given)

    def works(self, script: str, *given: Any) -> float:
        """For how many milliseconds the page's main thread works while a script runs. Its own time, as the browser
        counts it: what else this machine does is left out."""
        if self._meter is None:
            self._meter = self._context.new_cdp_session(self.page)
            self._meter.send("Performance.enable", {"timeDomain": "threadTicks"})
        before = self._worked_s()
        self.measured(script, list(given))
        return (self._worked_s() - before) * 1000

    def _worked_s(self) -> float:
        assert self._meter is not None
        metrics = self._meter.send("Performance.getMetrics")["metrics"]
        return float(next(one["value"] for one in metrics if one["name"] == "TaskDuration"))
