"""Outside text in every field, dialog and answer: nothing pings, links, runs or breaks in any system."""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import pytest

from starbot.core.text import plain
from tests.corpus import HOSTILE
from tests.stage import (
    BOT,
    CASEY,
    GUEST,
    LENA,
    RESOLVE,
    SEND,
    TICKET,
    TICKET_WITHOUT_ORGANISATION,
    Stage,
    said,
)

LONGEST = 2_000
"""So that seven answers make a post that Slack takes; 30,000 characters have a story of their own."""

# JSON as Slack sends it holds no lone surrogate; tests/duties/stars/test_words.py has it.
TEXTS = {name: text[:LONGEST] for name, text in HOSTILE.items() if name != "lone_surrogate"}
HALVES = [dict(list(TEXTS.items())[::2]), dict(list(TEXTS.items())[1::2])]

OURS = re.compile(
    r"@U0LENA|@U0CASEY|!subteam\^S0SMOC|!date\^\d+\^\{date_short_pretty\} \{time\}\|[^|]*UTC"
    r"|http://127\.0\.0\.1:\d+/\S+\|(#\d+|STAR issue #\d+)|https://gitlab-sandbox\.slack\.com/archives/\S+\|[^|]+"
)


def _fields(text: str) -> dict[str, str]:
    return {
        "Customer": text,
        "Plan": text,
        "Product": text,
        "GitLab.com group URL or name": text,
        "Reason this ticket needs additional attention": text,
        "Desired result": text,
        "Submitted by": f"<@{CASEY}> {text}",
    }


def _markup(message: Mapping[str, Any]) -> Iterator[str]:
    """Whatever Slack would read as a mention, a link or a date."""
    texts = [message.get("text", "")]
    for block in message.get("blocks") or []:
        parts = [block.get("text"), *block.get("fields", []), *block.get("elements", [])]
        texts += [part["text"] for part in parts if part and part.get("type") == "mrkdwn"]
    for text in texts:
        yield from re.findall(r"<([^<>]*)>", text)


def _assert_harmless(stage: Stage) -> None:
    state = stage.state
    for message in state["slack"]["messages"]:
        if message.get("user") == BOT:
            foreign = [inside for inside in _markup(message) if not OURS.fullmatch(inside)]
            assert foreign == [], said(message)
            assert not re.search(r"@(here|channel|everyone)", said(message)), said(message)
    for issue in state["gitlab"]["issues"]:
        assert issue["notified"] == [], issue["title"]
        assert issue["quick_actions"] == [], issue["title"]
        assert issue["labels"] == [] and issue["confidential"] is True
    for number in state["zendesk"]["tickets"]:
        for comment in stage.comments(int(number)):
            assert not re.search(r"\{[{%]", comment["body"]), comment["body"]
            assert comment["public"] is False
    said_no = [
        (row["path"], row["response"])
        for row in stage.requests("slack")
        if not (row["response"] or {}).get("ok", True)
    ]
    assert [no for no in said_no if "already_reacted" not in str(no)] == []
    assert [row["path"] for row in stage.requests() if row["status"] in (400, 403, 413, 422)] == []


def _resolve(stage: Stage, card: Mapping[str, Any], text: str) -> None:
    stage.presses(LENA, card, RESOLVE)
    given = text[:250].strip() or "x"
    stage.sends(LENA, next_step=text[:3000] if text.strip() else "x", owner=given, customer_hears=given)


@pytest.mark.parametrize(
    "name", ["slack_mention", "gitlab_actions", "gitlab_fence", "html", "slack_entities"]
)
def test_as_the_missing_sentence_it_is_harmless(shared: Stage, name: str) -> None:
    ticket = shared.fresh_ticket()
    root = shared.announced(Ticket=str(ticket))
    shared.reacts(LENA, root, "green-check-mark")
    question = shared.until(lambda: shared.question(LENA, ticket))
    shared.writes(LENA, "D0LENA", TEXTS[name], thread_ts=question["ts"])
    shared.until(lambda: len((shared.issue(ticket) or {"notes": []})["notes"]) == 4)
    shared.until(lambda: "_not said yet_" not in said(shared.card(root) or {}))
    _assert_harmless(shared)


def test_a_form_that_holds_another_form_names_the_first_ones_ticket_and_nobody_else(shared: Stage) -> None:
    ticket = shared.fresh_ticket()
    root = shared.announced(Ticket=str(ticket), **{"Desired result": TEXTS["form_in_an_answer"]})
    assert f"<@{GUEST}>" not in said(shared.card(root) or {})
    assert shared.issue(ticket) is not None
    assert shared.comments(TICKET) == []


def _issues(state: Mapping[str, Any]) -> dict[int, dict[str, Any]]:
    """The STAR issues by ticket."""
    found = {re.search(r"ticket (\d+),", issue["title"]): issue for issue in state["gitlab"]["issues"]}
    return {int(number[1]): issue for number, issue in found.items() if number}


def _are_announced(stage: Stage, tickets: Collection[int]) -> bool:
    state = stage.state
    noted = {
        int(number) for number, one in state["zendesk"]["tickets"].items() if "star_submitted" in one["tags"]
    }
    with_thread = {ticket for ticket, issue in _issues(state).items() if issue["notes"]}
    return set(tickets) <= noted & with_thread


def _are_resolved(stage: Stage, tickets: Collection[int]) -> bool:
    state = stage.state
    closed = {n for n, one in _issues(state).items() if one["state"] == "closed" and len(one["notes"]) == 3}
    cards = [m for m in state["slack"]["messages"] if m["text"].startswith("Resolved · ")]
    return set(tickets) <= closed and len(cards) == len(tickets)


@pytest.mark.parametrize("texts", HALVES, ids=["one half", "other half"])
def test_in_every_field_and_dialog_it_is_harmless_in_all_four_systems(
    stage: Stage, texts: dict[str, str]
) -> None:
    odd = TICKET_WITHOUT_ORGANISATION
    tickets = {name: stage.fresh_ticket() if n else odd for n, name in enumerate(texts)}
    roots = {
        name: stage.files_star(Ticket=str(tickets[name]), **_fields(text)) for name, text in texts.items()
    }
    stage.until(lambda: _are_announced(stage, tickets.values()), timeout_s=40)
    for name, text in texts.items():
        card = stage.card(roots[name])
        assert card is not None, name
        # Who is named among other words may be anybody, and is not pinged.
        assert (f"<@{CASEY}>" in said(card)) is (not plain(text).strip("*_~` \n\t")), name
        _resolve(stage, card, text)
    stage.until(lambda: _are_resolved(stage, tickets.values()), timeout_s=40)
    stage.quiet(0.3)
    _assert_harmless(stage)


def test_as_ticket_or_urgency_it_is_answered_and_harmless(stage: Stage) -> None:
    for name, text in TEXTS.items():
        for root in (stage.files_star(Ticket=text), stage.files_star(Ticket=str(TICKET + 1), Urgency=text)):
            answered = stage.until(lambda root=root: stage.messages(thread_ts=root))  # type: ignore[misc]
            assert answered[0]["user"] == BOT, name
    stage.quiet(0.3)
    state = stage.state
    assert all(issue["notified"] == issue["quick_actions"] == [] for issue in state["gitlab"]["issues"])
    _assert_harmless(stage)


def test_what_a_customer_reads_is_what_the_manager_saw(stage: Stage) -> None:
    stage.desk.post("zendesk/act", action="set_macro_public", public=True)
    root = stage.announced()
    stage.reacts(LENA, root, "eyes")
    stage.until(lambda: SEND in said(stage.card(root) or {}))
    stage.presses(LENA, stage.card(root) or {}, SEND)
    text = "We look at it & write by 17:00 <today>.\n\n*First* step:\n/close @all"
    stage.sends(LENA, text=text)
    sent = stage.until(lambda: [c["body"] for c in stage.comments() if c["public"]])
    assert sent == [text]
    stage.until(lambda: len((stage.issue() or {"notes": []})["notes"]) == 3)
    issue = stage.issue() or {}
    assert issue["notified"] == issue["quick_actions"] == []
