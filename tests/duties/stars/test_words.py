"""What people read of a STAR: outside text stays text in every document, and the sentences are true."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, get_args

import pytest

from starbot.core.facts import OnCall, Person
from starbot.duties.stars import words
from starbot.duties.stars.form import FormProblem, draft_of
from starbot.duties.stars.model import Hint, Star
from starbot.duties.stars.words.card import _REASONS
from starbot_sandbox.gitlab.markdown import mentions, read_actions
from starbot_sandbox.slack.blocks import checked_blocks, checked_view
from tests.corpus import HOSTILE
from tests.duties.stars.stories import (
    FORM,
    LENA,
    LOOK,
    NOON,
    OTHER,
    TICKET,
    TOMAS,
    UNREADABLE,
    after,
    event,
)

_OURS = re.compile(
    r"@U1|@U9|!subteam\^S1|!date\^\d+\^\{date_short_pretty\} \{time\}\|[^|]*UTC"
    r"|https://z\.example/\S+\|#\d+|https://g\.example/\S+\|STAR issue #\d+|https://team\.slack\.com/\S+\|[^|]+"
)


def _stars(text: str) -> Iterator[Star]:
    """STARs that hold this text wherever people or vendors may have put it."""
    person = LENA.model_copy(update={"name": text, "slack": ""})
    told = {name: text for name in ("customer", "plan", "product", "group", "reason", "desired_result")}
    form = FORM.model_copy(update={**told, "initiator": None, "initiator_raw": text})
    ticket = TICKET.model_copy(
        update={"subject": text, "organisation": text, "plan": text, "product": text, "assignee_name": text}
    )
    known = [
        event("form_posted", form=form),
        event("oncall_read", oncall=OnCall(managers=(person,), source="live")),
        event("initiator_named", name=text),
    ]
    seen = [event("card_posted"), event("issue_seen")]
    ended: dict[str, Any] = {"next_step": text, "owner": text, "customer_hears": text, "user": "U1"}
    yield after(*known)
    yield after(*known, event("ticket_read", ticket=ticket), *seen)
    yield after(*known, *seen, event("acknowledged", by=person), event("macro_applied", public_text=text))
    yield after(
        *known, *seen, event("resolved", by=person, **ended), event("sentence_added", by=person, text=text)
    )
    yield after(*known, *seen, event("resolved", by=person), event("sentence_added", by=person, text=text))
    said = {"by": person, "user": "U1"}
    dri = person.model_copy(update={"name": text})
    triaged = event("triaged", **said, category=text, next_step=text, dri=dri)
    asked = [event("initiator_asked", **said, text=text), event("answered", by=person, text=text)]
    more = [event("fact_added", **said, text=text), event("repeated", **said, text=text)]
    no = event("unstarred", **said, reason=text, text=text, alternative=text)
    yield after(*known, *seen, triaged, *asked, *more, event("initiator_asked", **said, text=text))
    yield after(*known, *seen, no)
    yield after(*known, *seen, event("withdrawn", **said, text=text))
    yield after(*known, *seen, no, event("reopened", **said, reason=text))
    for kind in ("ticket_unreadable", "several_tickets", "unknown_urgency", "ticket_not_applicable"):
        problem = FormProblem(kind=kind, field="ticket", seen=text)  # type: ignore[arg-type]
        yield after(event("form_posted", form=UNREADABLE.model_copy(update={"problems": (problem,)})))


@pytest.mark.parametrize("name", HOSTILE)
def test_outside_text_stays_text_in_every_document(name: str) -> None:
    for star in _stars(HOSTILE[name]):
        for render in (words.card, words.reply, words.question):
            shown = render(star, LOOK)
            if shown is not None:
                _assert_plain_in_slack(shown)
        for view in _dialogs(star):
            checked_view(view)
        for shown in (*_lines(star), *_news(star)):
            _assert_plain_in_slack(shown)
        issue = words.issue(star, LOOK)
        texts = [words.remark(star, number, LOOK) for number in range(len(star.remarks))]
        if issue is not None:
            assert len(issue["title"]) <= 255 and "\n" not in issue["title"]
            texts += [issue["title"], issue["description"]]
        for text in texts:
            assert read_actions(text).actions == ()
            assert set(mentions(text)) <= {star.initiator_gitlab}
        if star.issue is not None and star.card is not None:
            assert "{{" not in words.ticket_note(star, LOOK)


def _dialogs(star: Star) -> Iterator[dict[str, Any]]:
    views = words.dialogs
    yield views.send_publicly_view(star)
    yield views.file_view(draft_of(star.form), LOOK, case_id=star.id)
    yield views.file_view(draft_of(star.form), LOOK, hints=get_args(Hint))
    yield views.triage_view(star, LOOK)
    yield views.unstar_view(star, LOOK)
    for view in (
        views.ask_view,
        views.resolve_view,
        views.reopen_view,
        views.facts_view,
        views.withdraw_view,
    ):
        yield view(star)
    for notice in (views.filed, views.completed, views.added):
        yield notice(star, LOOK)


def _lines(star: Star) -> Iterator[dict[str, Any]]:
    for number in range(len(star.lines)):
        yield words.thread_line(star, number, LOOK)


def _news(star: Star) -> Iterator[dict[str, Any]]:
    for number in range(len(star.news)):
        yield words.news(star, number, LOOK)


def _assert_plain_in_slack(shown: dict[str, Any]) -> None:
    json.dumps(shown, ensure_ascii=False).encode("utf-8")
    checked_blocks(shown["blocks"])
    foreign = [
        inside for inside in re.findall(r"<([^<>]*)>", str(_texts(shown))) if not _OURS.fullmatch(inside)
    ]
    assert foreign == []


def _texts(shown: dict[str, Any]) -> list[str]:
    texts = [shown["text"]]
    for block in shown["blocks"]:
        parts = [block.get("text"), *block.get("fields", []), *block.get("elements", [])]
        texts += [part["text"] for part in parts if part and part.get("type") == "mrkdwn"]
    return texts


# Escaping makes each of these longer; so long may an answer be.
@pytest.mark.parametrize("sign", ["&", "<", ">", "@a ", "*_~`", "𝔞&", "x"])
@pytest.mark.parametrize("length", [120, 900, 3000, 30_000])
def test_answers_of_every_length_and_sign_fit_into_slack(sign: str, length: int) -> None:
    for star in _stars((sign * length)[:length]):
        for render in (words.card, words.reply, words.question):
            shown = render(star, LOOK)
            if shown is not None:
                _assert_plain_in_slack(shown)


def test_a_ticket_link_may_hold_other_braces() -> None:
    look = LOOK.model_copy(update={"ticket_link": "https://z.example/{ticket}/{foo}?{}"})
    star = after(event("form_posted"), event("oncall_read"), event("ticket_read"))
    card, issue = words.card(star, look), words.issue(star, look)
    assert card is not None and "<https://z.example/123456/{foo}?{}|#123456>" in str(card)
    assert issue is not None and "https://z.example/123456/{foo}?{}" in issue["description"]


# -- sentences


def _card(*events: Any) -> str:
    card = words.card(after(event("form_posted"), *events), LOOK)
    return " ".join(_texts(card)) if card else ""


def test_there_is_no_card_before_it_is_known_whom_to_name() -> None:
    assert _card() == ""


@pytest.mark.parametrize(
    "oncall,sentence",
    [
        (OnCall(managers=(LENA,), source="live"), "<@U1>: you are on call."),
        (OnCall(managers=(LENA, TOMAS), source="live"), "<@U1> <@U2>: you are all on call."),
        (OnCall(managers=(Person(name="Ann <b>"),), source="live"), "Ann &lt;b&gt;: you are on call."),
        (OnCall(source="live"), "<!subteam^S1>: PagerDuty shows nobody on call, so this goes to all of you."),
        (OnCall(), "<!subteam^S1>: PagerDuty does not answer, so this goes to all of you."),
        (
            OnCall(managers=(LENA,), source="remembered", as_of=NOON - timedelta(minutes=1)),
            "<@U1>: PagerDuty does not answer; its schedule of 1 minute ago names you.",
        ),
        (
            OnCall(managers=(LENA,), source="remembered", as_of=NOON - timedelta(hours=5)),
            "its schedule of 5 hours ago names you.",
        ),
        (
            OnCall(managers=(LENA,), source="remembered", as_of=NOON),
            "its schedule of less than a minute ago names you.",
        ),
    ],
)
def test_the_card_says_whom_it_names_and_why(oncall: OnCall, sentence: str) -> None:
    assert sentence in _card(event("oncall_read", oncall=oncall))


@pytest.mark.parametrize("reason", _REASONS)
@pytest.mark.parametrize(
    "effect,service", [("apply_macro", "zendesk"), ("issue", "gitlab"), ("marks", "slack")]
)
def test_every_failure_is_a_sentence_with_a_mend(reason: str, effect: str, service: str) -> None:
    card = _card(
        event("oncall_read"), event("effect_failed", key="k", effect=effect, service=service, reason=reason)
    )
    sentence = next(part for part in card.split(":warning: ") if part.startswith("I could not"))
    assert "then press *Retry*." in sentence or "belongs to its follow-up ticket." in sentence


def test_a_fault_of_ours_is_an_apology_with_a_reference() -> None:
    card = _card(event("oncall_read"), event("effect_failed", reason="ours", reference="ab12cd34"))
    assert (
        "Sorry, I could not apply the Escalated Ticket macro: a fault of mine (reference `ab12cd34`)" in card
    )


def test_ten_notes_that_wait_for_gitlab_are_one_line() -> None:
    delays = [event("effect_delayed", key=f"k{n}", effect="note_issue", service="gitlab") for n in range(10)]
    assert _card(event("oncall_read"), *delays).count("GitLab has not answered yet") == 1


def test_thirty_failed_notes_have_one_sentence_and_one_button() -> None:
    failures = [
        event("effect_failed", key=f"k{n:02}", effect="note_issue", service="gitlab", reason="forbidden")
        for n in range(30)
    ]
    macro = event("effect_failed", key="m")
    star = after(event("form_posted"), event("oncall_read"), *failures, macro)
    card = words.card(star, LOOK)
    assert card is not None
    checked_blocks(card["blocks"])
    buttons = [one for one in card["blocks"][-1]["elements"] if one["type"] == "button"]
    values = {one["text"]["text"]: one["value"] for one in buttons}
    assert {name: value for name, value in values.items() if name.startswith("Retry")} == {
        "Retry: note it on the STAR issue": f"{star.id} k00",
        "Retry: apply the Escalated Ticket macro": f"{star.id} m",
    }


def test_an_edit_to_another_ticket_that_comes_too_late_is_answered() -> None:
    star = after(event("form_posted"), event("ticket_read"), event("form_edited", form=OTHER))
    reply = words.reply(star, LOOK)
    assert reply is not None
    assert reply["text"] == (
        "<@U9>, thank you for the edit. This STAR stays with #123456, where work on it has begun. "
        "For #123457, please send the form again."
    )


def test_a_form_put_right_after_the_star_was_resolved_is_told_so() -> None:
    star = after(
        event("form_posted", form=UNREADABLE), event("reply_posted"), event("resolved"), event("form_edited")
    )
    reply = words.reply(star, LOOK)
    assert reply is not None
    assert reply["text"] == "Thank you, that is all I needed. A Support Manager resolved the STAR."


def test_a_question_that_can_lead_to_no_issue_asks_for_nothing() -> None:
    star = after(event("form_posted"), event("ticket_unfit"), event("resolved"))
    question = words.question(star, LOOK)
    assert question is not None
    assert "nothing more is needed from you" in question["text"]


@pytest.mark.parametrize("problem", ["ticket_not_found", "ticket_closed"])
def test_a_star_closed_without_a_ticket_says_so_to_whoever_filed_it(problem: str) -> None:
    star = after(
        event("form_posted"), event("ticket_unfit", problem=problem), event("reply_posted"), event("resolved")
    )
    reply = words.reply(star, LOOK)
    assert reply is not None
    assert "A Support Manager closed this STAR as it is" in reply["text"]
