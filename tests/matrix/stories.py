"""The stories that the matrix disturbs: each step is what a person does, and how one sees that the bot did its part."""

from dataclasses import dataclass
from typing import Any

from tests import filing
from tests.crash.story import STORY, TOLD_STORY, Step
from tests.scenarios import compromised, hands
from tests.scenarios.managing import ANNA
from tests.scenarios.paging import about, acts, confirmation, confirms, page, post
from tests.stage import BOT, CASEY, LENA, MEI, SELF_MANAGED, TICKET, Stage, said

QUICK = "[paging]\nemergency_poll_seconds = 1\npoll_seconds = 1\npages_an_hour = 100\n"
FILED = filing.FINE[0]
EMERGENCY = 123491
"""The ticket whose emergency the world `apac_weekend` has escalated to the manager on call."""
TAKE = "emergency_take"


@dataclass(frozen=True)
class Story:
    """Steps in a world, with what the admin wrote into starbot.toml."""

    name: str
    steps: tuple[Step, ...]
    scenario: str = "weekday"
    toml: str = ""


# -- a STAR filed by the dialog


def _opens_form(stage: Stage) -> None:
    stage.commands(CASEY, "")
    filing.opened(stage, CASEY)


def _sends_form(stage: Stage) -> None:
    assert filing.sends(stage, CASEY, **(filing.ANSWERS | {"ticket": str(FILED)})) == {"ok": True}


def _is_filed(stage: Stage) -> bool:
    return (
        "STAR issue #" in said(filing.card_about(stage, FILED) or {})
        and "star_submitted" in stage.ticket(FILED)["tags"]
        and f"Your STAR for #{FILED} is filed." in filing.shown(stage, CASEY)
        and bool((stage.issue(FILED) or {"notes": []})["notes"])
    )


BY_DIALOG = (
    Step("open", _opens_form, lambda stage: True, is_disturbed=False),
    Step("send", _sends_form, _is_filed),
)


# -- a page of the backup pool


def _ask(stage: Stage) -> None:
    page(stage, f"backup ZD#{TICKET} Two are down")
    confirmation(stage)


def _confirm(stage: Stage) -> None:
    confirms(stage)


def _act(stage: Stage, action: str) -> None:
    acts(stage, about(stage, TICKET)[0], action)


PAGE = (
    Step("ask", _ask, lambda stage: True, is_disturbed=False),
    Step("confirm", _confirm, lambda stage: "Nobody has answered yet." in post(stage, TICKET)),
    Step(
        "answer", lambda stage: _act(stage, "acknowledge"), lambda stage: "answered." in post(stage, TICKET)
    ),
    Step(
        "end", lambda stage: _act(stage, "resolve"), lambda stage: "Over in PagerDuty" in post(stage, TICKET)
    ),
)


# -- the manager at 03:00


def _message(stage: Stage) -> dict[str, Any]:
    found = [m for m in stage.messages(f"D{MEI[1:]}") if f"ZD#{EMERGENCY}:" in m["text"]]
    return found[-1] if found else {}


def _incident(stage: Stage) -> dict[str, Any]:
    incidents = stage.state["pagerduty"]["incidents"]
    return next(dict(one) for one in incidents if str(EMERGENCY) in one["title"])


def _takes(stage: Stage) -> None:
    stage.presses(MEI, _message(stage), TAKE)


NIGHT = (
    Step(
        "wake",
        lambda stage: None,
        lambda stage: (
            "PagerDuty asks you" in said(_message(stage)) and "Aiko Mori has it" in said(_message(stage))
        ),
    ),
    Step("take", _takes, lambda stage: "Mei Tanaka has it" in said(_message(stage))),
    Step(
        "end",
        lambda stage: acts(stage, _incident(stage), "resolve", "Mei Tanaka"),
        lambda stage: "Over in PagerDuty" in said(_message(stage)),
    ),
)


# -- a ticket that needs help now: the engineer tells the manager, the manager asks for hands, somebody takes it

NOT_HIGH = 123457
"""A ticket that is not high yet."""


def _opens_call(stage: Stage) -> None:
    hands.star_page(stage, f"hands ZD#{NOT_HIGH} Pushes fail", ANNA, SELF_MANAGED)
    stage.until(lambda: "Nobody is paged by this" in hands.shown(stage, ANNA))


def _opens_confirmation(stage: Stage) -> None:
    stage.presses(LENA, hands.desk(stage, NOT_HIGH), hands.ASK)
    hands.confirmation(stage)


def _has_asked(stage: Stage) -> bool:
    is_posted = "Nobody has it yet" in hands.post(stage, NOT_HIGH)
    return (
        is_posted and hands.is_high(stage, NOT_HIGH) and "asks for hands" in said(hands.desk(stage, NOT_HIGH))
    )


def _takes_it(stage: Stage) -> None:
    stage.presses(hands.PIETER, hands.posts(stage, NOT_HIGH)[-1], hands.TAKE)


def _is_taken(stage: Stage) -> bool:
    return "has it." in hands.post(stage, NOT_HIGH) and "Pieter" in str(stage.ticket(NOT_HIGH)["assignee"])


def _gives_it_back(stage: Stage) -> None:
    stage.presses(hands.PIETER, hands.posts(stage, NOT_HIGH)[-1], hands.GIVE_BACK)


def _is_given_back(stage: Stage) -> bool:
    return "gave it back" in hands.post(stage, NOT_HIGH) and "Pieter" not in str(
        stage.ticket(NOT_HIGH)["assignee"]
    )


HANDS = (
    Step("open the call", _opens_call, lambda stage: True, is_disturbed=False),
    Step(
        "call",
        lambda stage: stage.sends(ANNA),
        lambda stage: "No manager has decided" in said(hands.desk(stage, NOT_HIGH)),
    ),
    Step("open the request", _opens_confirmation, lambda stage: True, is_disturbed=False),
    Step("ask", lambda stage: hands.confirms(stage), _has_asked),
    Step("take", _takes_it, _is_taken),
    Step("give back", _gives_it_back, _is_given_back),
)


# -- a compromised instance: the manager decides, and the macro is put on the ticket


def _opens_macro(stage: Stage) -> None:
    compromised.opens(stage, TICKET, compromised.MACRO, compromised.TEXT)


COMPROMISED = (
    Step(
        "report",
        lambda stage: compromised.commands(stage, f"compromised ZD#{TICKET} Unknown runners", ANNA),
        lambda stage: (
            "informed, by" in said(compromised.record(stage, TICKET, LENA))
            and "informed, by" in said(compromised.record(stage, TICKET, ANNA))
        ),
    ),
    Step(
        "decide",
        lambda stage: stage.presses(LENA, compromised.record(stage, TICKET), compromised.BEFORE),
        lambda stage: "joins before the call" in said(compromised.record(stage, TICKET, ANNA)),
    ),
    Step("open the macro", _opens_macro, lambda stage: True, is_disturbed=False),
    Step(
        "macro",
        lambda stage: stage.sends(LENA, mode=compromised.NOTE),
        lambda stage: "the macro is on the ticket" in said(compromised.record(stage, TICKET, LENA)),
    ),
    Step(
        "close",
        lambda stage: stage.presses(LENA, compromised.record(stage, TICKET), compromised.CLOSE),
        lambda stage: "*Closed* by" in said(compromised.record(stage, TICKET, ANNA)),
    ),
)


# -- a request in the wrong channel


def _misplace(stage: Stage) -> None:
    there = stage.writes(CASEY, SELF_MANAGED, "Can somebody look at my ticket?")
    stage.reacts(CASEY, there, "escalate", SELF_MANAGED)


def _is_pointed_back(stage: Stage) -> bool:
    return any(m.get("user") == BOT for m in stage.messages(SELF_MANAGED))


STORIES = (
    Story("a STAR by form post, to the check mark", STORY),
    Story("a STAR that is unstarred and opened again", TOLD_STORY),
    Story("a STAR filed by the dialog", BY_DIALOG),
    Story("a page of the backup pool", PAGE, toml=QUICK),
    Story("an emergency that the manager takes", NIGHT, "apac_weekend", QUICK),
    Story("a ticket that needs help now", HANDS),
    Story("a compromised instance", COMPROMISED),
    Story("a request in the wrong channel", (Step("escalate", _misplace, _is_pointed_back),)),
)
