"""Outside text in every field, dialog and answer: nothing pings, links, runs or breaks in any system."""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import pytest

from starbot.core.text import plain
from tests.corpus import HOSTILE
from tests.filing import ANSWERS, card_about, closes, files, insists, opened, sends, shown
from tests.scenarios.managing import ANNA, REOPEN, TRIAGE, UNSTAR, UNSTARRED, opens
from tests.stage import (
    BOT,
    CASEY,
    GUEST,
    LENA,
    PRIYA,
    RESOLVE,
    SELF_MANAGED,
    SEND,
    STARS,
    TICKET,
    TICKET_WITHOUT_ORGANISATION,
    Stage,
    said,
)

pytestmark = pytest.mark.long

LONGEST = 2_000
"""So that seven answers make a post that Slack takes; 30,000 characters have a story of their own."""

# JSON as Slack sends it holds no lone surrogate; tests/duties/stars/test_words.py has it.
TEXTS = {name: text[:LONGEST] for name, text in HOSTILE.items() if name != "lone_surrogate"}
HALVES = [dict(list(TEXTS.items())[::2]), dict(list(TEXTS.items())[1::2])]
QUARTERS = [dict(list(TEXTS.items())[n::4]) for n in range(4)]

OURS = re.compile(
    r"@U0LENA|@U0CASEY|@U0NOAH|@U0PRIYA|@U0ENG05|!subteam\^S0SMOC|!date\^\d+\^\{date_short_pretty\} \{time\}\|[^|]*UTC"
    r"|http://127\.0\.0\.1:\d+/\S+\|(#\d+|STAR issue #\d+|Issue #\d+|Ticket|issue)"
    r"|https://gitlab-sandbox\.slack\.com/archives/\S+\|[^|]+"
)


REASON = "Reason this ticket needs additional attention"


def _fields(text: str) -> dict[str, str]:
    return {
        "Customer": text,
        "Plan": text,
        "Product": text,
        "GitLab.com group URL or name": text,
        REASON: text,
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
        # Whoever is asked is mentioned, on purpose.
        assert {one["mention"] for one in issue["notified"]} <= {"pnair"}, issue["title"]
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
    # Who is not in the channel hears a word to them alone by direct message.
    # That a dialog has changed since it was sent is how we learn that our acknowledgement has arrived.
    expected = "already_reacted|no_reaction|hash_conflict|user_not_in_channel"
    assert [no for no in said_no if not re.search(expected, str(no))] == []
    assert [row["path"] for row in stage.requests() if row["status"] in (400, 403, 413, 422)] == []


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


@pytest.mark.parametrize("texts", HALVES, ids=["one half", "other half"])
def test_in_every_field_of_a_form_post_it_is_harmless_in_all_four_systems(
    stage: Stage, texts: dict[str, str]
) -> None:
    odd = TICKET_WITHOUT_ORGANISATION
    tickets = {name: stage.fresh_ticket() if n else odd for n, name in enumerate(texts)}
    roots = {
        name: stage.files_star(Ticket=str(tickets[name]), **_fields(text)) for name, text in texts.items()
    }
    # One look when all is done, because a look at this much text takes its time.
    stage.quiet(0.3)
    stage.until(lambda: _are_announced(stage, tickets.values()), timeout_s=40)
    cards = _cards(stage, roots.values())
    for name, text in texts.items():
        # Who is named among other words may be anybody, and is not pinged.
        card = cards[roots[name]]
        assert (f"<@{CASEY}>" in said(card)) is (not plain(text).strip("*_~` \n\t")), name
    _assert_harmless(stage)


def _chooses(stage: Stage, user: str, root: str, what: str) -> None:
    card = stage.card(root) or {}
    menu = next(
        one for block in card["blocks"] for one in block.get("elements", []) if one["type"] == "overflow"
    )
    value = next(one["value"] for one in menu["options"] if one["value"].startswith(f"{what} "))
    place = {"channel": STARS, "ts": card["ts"]}
    stage.desk.post("slack/click", user=user, action_id="star_more", selected=value, **place)


@pytest.mark.parametrize("texts", QUARTERS, ids=["first", "second", "third", "fourth"])
def test_as_question_answer_fact_and_farewell_it_is_harmless_in_all_four_systems(
    shared: Stage, texts: dict[str, str]
) -> None:
    ticket = shared.fresh_ticket()
    root = shared.announced(Ticket=str(ticket), **{"Submitted by": f"<@{PRIYA}>"})
    news = shared.until(lambda: shared.question(PRIYA, ticket))
    for name, text in texts.items():
        given = text if plain(text).strip() else "x"
        _chooses(shared, LENA, root, "star_ask")
        assert shared.sends(LENA, text=given, where="thread") == {"ok": True}, name
        shared.until(lambda: "Waiting for" in said(shared.card(root) or {}), timeout_s=40)
        shared.writes(PRIYA, f"D{PRIYA[1:]}", given)
        shared.until(lambda: "Waiting for" not in said(shared.card(root) or {}), timeout_s=40)
        shared.presses(PRIYA, news, "star_add_facts")
        assert shared.sends(PRIYA, text=given) == {"ok": True}, name
    shared.presses(PRIYA, news, "star_withdraw")
    assert shared.sends(PRIYA, text=given[:1000]) == {"ok": True}
    # The thread, who looks; of each text the question, the answer, the fact; the farewell.
    notes = 2 + 3 * len(texts) + 1
    shared.until(lambda: len((shared.issue(ticket) or {"notes": []})["notes"]) == notes, timeout_s=60)
    shared.quiet(0.3)
    _assert_harmless(shared)
    shown = said(shared.commands(LENA, f"show {ticket}")["response"])
    foreign = [one for one in re.findall(r"<([^<>]*)>", shown) if not OURS.fullmatch(one)]
    assert [one for one in foreign if not re.fullmatch(r"http://\S+\|(Ticket|Issue #\d+)", one)] == []


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


# -- the form in Slack

NOAH = "U0NOAH"
HANDBOOK = r"https://(handbook|about)\.gitlab\.com/\S+\|[A-Za-z ]+"
TYPED = "[form]\nplans = []\nproducts = []\n"
"""So that plan and product are typed, and every field of the form takes any text."""


def _said_to(answer: Mapping[str, Any]) -> None:
    """What a command answers, or a dialog shows, is as harmless as what the channel sees."""
    inside = [one for one in _markup(answer) if not OURS.fullmatch(one) and not re.fullmatch(HANDBOOK, one)]
    assert inside == [], said(answer)
    assert not re.search(r"@(here|channel|everyone)", " ".join(_shown_texts(answer))), said(answer)


def _shown_texts(answer: Mapping[str, Any]) -> Iterator[str]:
    """What is shown as markup; in a field, text is only text."""
    for block in answer.get("blocks") or []:
        parts = [block.get("text"), *block.get("fields", []), *block.get("elements", [])]
        yield from (part["text"] for part in parts if part and part.get("type") == "mrkdwn")


def _answers(text: str) -> dict[str, str]:
    """Every field that people type, filled with this as far as Slack lets them."""
    short, long = text[:300], text if plain(text).strip() else "x"
    typed = {name: short for name in ("customer", "plan", "product", "group") if short}
    return {"urgency": "Urgent", **typed, "reason": long, "desired_result": long, "consent": ["yes"]}  # type: ignore[dict-item]


@pytest.mark.parametrize("texts", HALVES, ids=["one half", "other half"])
def test_in_every_field_of_the_form_it_is_harmless_in_all_four_systems(
    empty_stage: Stage, texts: dict[str, str]
) -> None:
    stage = empty_stage
    stage.configure(TYPED)
    stage.start()
    tickets = {name: stage.fresh_ticket() for name in texts}
    for name, text in texts.items():
        for user in (CASEY, NOAH):
            stage.commands(user, str(tickets[name]))
            opened(stage, user)
            assert sends(stage, user, **_answers(text)) == {"ok": True}, name
            stage.until(lambda user=user: "I am looking" not in shown(stage, user))  # type: ignore[misc]
            _said_to(stage.views(user)[-1])
            insists(stage, user)
            wanted = "is filed" if user == CASEY else "already has an open STAR"
            stage.until(lambda user=user, wanted=wanted: wanted in shown(stage, user))  # type: ignore[misc]
            _said_to(stage.views(user)[-1])
            closes(stage, user)
    stage.quiet(0.3)
    stage.until(lambda: _are_announced(stage, tickets.values()), timeout_s=40)
    stage.until(lambda: all(len(one["notes"]) == 2 for one in _issues(stage.state).values()), timeout_s=40)
    stage.quiet(0.3)
    _assert_harmless(stage)
    for ticket in tickets.values():
        _said_to(stage.commands(LENA, f"show {ticket}")["response"])
        card = card_about(stage, ticket) or {}
        (line,) = stage.messages(thread_ts=card["ts"])
        assert line["text"].startswith(f"<@{LENA}>: <@{NOAH}> filed a STAR for this ticket too: Urgent")
    _said_to(stage.commands(LENA, "list")["response"])


def test_as_ticket_of_the_form_it_is_answered_at_the_field_and_harmless(stage: Stage) -> None:
    for name, text in TEXTS.items():
        # Slack itself takes no empty answer.
        answer = files(stage, CASEY, text[:300] or "?")
        if answer["ok"]:
            stage.until(lambda: "I am looking" not in shown(stage, CASEY))
            _said_to(stage.views(CASEY)[-1])
        else:
            assert set(answer["errors"]) == {"ticket"}, name
            assert 0 < len(answer["errors"]["ticket"]) < 200, name
        closes(stage, CASEY)
    stage.quiet(0.3)
    _assert_harmless(stage)


def test_behind_the_command_and_in_a_message_with_the_shortcut_it_is_harmless(shared: Stage) -> None:
    for text in filter(str.strip, TEXTS.values()):
        answer = shared.commands(CASEY, text.strip())
        assert answer["ok"]
        _said_to(answer["response"] or {})
        closes(shared, CASEY)
        post = shared.writes(CASEY, SELF_MANAGED, text)
        assert shared.uses_shortcut(CASEY, "star_file_about", SELF_MANAGED, post)["ok"]
        _said_to(opened(shared, CASEY))
        closes(shared, CASEY)
    shared.quiet(0.3)
    _assert_harmless(shared)


@pytest.mark.parametrize("name", ["slack_mention", "gitlab_fence", "long_signs", "control", "html"])
def test_what_a_form_post_says_is_harmless_in_the_dialog_that_completes_it(shared: Stage, name: str) -> None:
    ticket = shared.fresh_ticket()
    root = shared.files_star(Ticket="N/A", **_fields(TEXTS[name]))
    reply = shared.until(lambda: shared.messages(thread_ts=root))[0]
    shared.presses(LENA, reply, "star_complete")
    _said_to(opened(shared, LENA))
    assert sends(shared, LENA, ticket=str(ticket), consent=ANSWERS["consent"]) == {"ok": True}
    insists(shared, LENA)
    shared.until(lambda: (shared.issue(ticket) or {"notes": []})["notes"])
    closes(shared, LENA)
    shared.quiet(0.3)
    _assert_harmless(shared)


# -- what managers write


def _decisions(text: str) -> list[tuple[str, dict[str, str], str]]:
    """Button, answers, and what the card says then: the text stands in every field that takes one."""
    given = text if plain(text).strip() else "x"
    short = given.replace("\n", " ")[:250]
    return [
        (TRIAGE, {"decision": "work", "next_step": given, "dri": ANNA}, "Decision: "),
        (UNSTAR, UNSTARRED | {"text": text, "alternative": given}, "Unstarred by "),
        (REOPEN, {"reason": given}, "has been looking since"),
        (RESOLVE, {"next_step": given, "owner": short, "customer_hears": short}, "Resolved by "),
    ]


def _cards(stage: Stage, roots: Collection[str]) -> dict[str, dict[str, Any]]:
    """The cards by form post, in one look."""
    found = [m for m in stage.messages() if m.get("user") == BOT and "star_actions" in said(m)]
    return {m["thread_ts"]: m for m in found if m.get("thread_ts") in roots}


def _all_say(stage: Stage, roots: Collection[str], text: str) -> bool:
    cards = _cards(stage, roots)
    return len(cards) == len(roots) and all(text in said(card) for card in cards.values())


def _decides(stage: Stage, texts: Mapping[str, str]) -> None:
    """The manager does to the STARs of these form posts whatever can be done, one thing after the other."""
    steps = {root: _decisions(text) for root, text in texts.items()}
    for number in range(4):
        cards = _cards(stage, texts)
        for root, made in steps.items():
            action, answers, follows = made[number]
            view = opens(stage, LENA, cards[root], action)
            assert [inside for inside in _markup(view) if not OURS.fullmatch(inside)] == [], said(view)
            assert stage.sends(LENA, **answers) == {"ok": True}
        stage.quiet(0.3)
        stage.until(lambda follows=follows: _all_say(stage, texts, follows), timeout_s=30)  # type: ignore[misc]


def _are_decided(stage: Stage, tickets: Collection[int]) -> bool:
    issues = _issues(stage.state)
    return all(issues[n]["state"] == "closed" and len(issues[n]["notes"]) == 6 for n in tickets)


@pytest.mark.timeout(240)
@pytest.mark.parametrize("texts", QUARTERS, ids=["first", "second", "third", "fourth"])
def test_in_triage_resolve_unstar_and_reopen_it_is_harmless_in_all_four_systems(
    stage: Stage, texts: dict[str, str]
) -> None:
    tickets = {name: stage.fresh_ticket() for name in texts}
    initiator = {"Submitted by": f"<@{PRIYA}>"}
    roots = {
        name: stage.files_star(**initiator, Ticket=str(tickets[name]), **{REASON: text})
        for name, text in texts.items()
    }
    stage.quiet(0.3)
    stage.until(lambda: _are_announced(stage, tickets.values()), timeout_s=40)
    _decides(stage, {roots[name]: text for name, text in texts.items()})
    stage.quiet(0.3)
    stage.until(lambda: _are_decided(stage, tickets.values()), timeout_s=60)
    stage.quiet(0.3)
    # A message that comes late says how it is by then.
    news = [m for m in stage.messages("D0PRIYA") if re.search("does not fit|is open again", m["text"])]
    # A form that names two people is nobody's.
    assert len(news) == len(texts) - ("form_in_an_answer" in texts)
    _assert_harmless(stage)
    for ticket in tickets.values():
        answer = stage.commands(LENA, f"show {ticket}")
        foreign = [inside for inside in _markup(answer["response"]) if not OURS.fullmatch(inside)]
        assert foreign == [], answer
        assert not re.search(r"@(here|channel|everyone)", said(answer["response"]))
