"""A STAR form post is read however it is laid out, and nothing else is taken for one."""

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from starbot.core.text import plain
from starbot.duties.stars.form import Form, FormLabels, FormMessage, NotAForm, UrgencyLevel, read_form
from starbot.settings import Organisation, default_names
from tests.corpus import HOSTILE

DEFAULTS = Organisation.model_validate(default_names())
LABELS = FormLabels(
    **DEFAULTS.form.labels.model_dump(),
    sources=("Wf0STARFORM",),
    contact_notices=DEFAULTS.form.contact_notices,
)
URGENCIES = [UrgencyLevel(level.name, level.minutes, level.aliases) for level in DEFAULTS.urgency]
FIELDS = {
    "ticket": "Ticket",
    "urgency": "Urgency",
    "customer": "Customer",
    "plan": "Plan",
    "product": "Product",
    "group": "GitLab.com group URL or name",
    "reason": "Reason this ticket needs additional attention",
    "desired_result": "Desired result",
    "initiator": "Submitted by",
}
LINK = "<https://gitlab.zendesk.com/agent/tickets/123456|#123456>"


def read(text: str = "", *blocks: dict[str, Any], **author: str | None) -> Form | NotAForm:
    return read_form(FormMessage(text=text, blocks=blocks, **(author or {"bot_id": "B9"})), LABELS, URGENCIES)


def form(text: str = "", *blocks: dict[str, Any]) -> Form:
    found = read(text, *blocks)
    assert isinstance(found, Form)
    return found


def section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def rich(*elements: dict[str, Any], kind: str = "rich_text_section") -> dict[str, Any]:
    return {"type": "rich_text", "elements": [{"type": kind, "elements": list(elements)}]}


def said(text: str, bold: bool = False) -> dict[str, Any]:
    return {"type": "text", "text": text} | ({"style": {"bold": True}} if bold else {})


def answers(**given: str) -> str:
    return "\n".join(f"*{FIELDS[field]}*\n{answer}" for field, answer in given.items())


LAYOUTS = {
    "bold label, answer below": "*Ticket*\n123456\n*Urgency*\nUrgent\n*Customer*\nAurora Robotics",
    "bold label, answer beside": "*Ticket:* 123456\n*Urgency:* Urgent\n*Customer:* Aurora Robotics",
    "colon outside the bold": "*Ticket*: 123456\n*Urgency* : Urgent\n*Customer*: Aurora Robotics",
    "plain label with colon": "Ticket: 123456\nUrgency: Urgent\nCustomer: Aurora Robotics",
    "plain label, answer below": "Ticket\n123456\nUrgency\nUrgent\nCustomer\nAurora Robotics",
    "colon, answer below": "Ticket:\n123456\nUrgency:\nUrgent\nCustomer:\nAurora Robotics",
    "other capitals": "TICKET: 123456\nurgency: URGENT\ncustomer: Aurora Robotics",
    "bold all through": "*Ticket: 123456*\n*Urgency: Urgent*\n*Customer: Aurora Robotics*",
    "bold answers": "Ticket: *123456*\nUrgency: *Urgent*\nCustomer: *Aurora Robotics*",
    "italic labels": "_Ticket:_ 123456\n_Urgency:_ Urgent\n_Customer:_ Aurora Robotics",
    "double stars": "**Ticket** 123456\n**Urgency** Urgent\n**Customer** Aurora Robotics",
    "bullets": "• *Ticket:* 123456\n• *Urgency:* Urgent\n• *Customer:* Aurora Robotics",
    "dashes": "- Ticket: 123456\n- Urgency: Urgent\n- Customer: Aurora Robotics",
    "numbers": "1. Ticket: 123456\n2. Urgency: Urgent\n3. Customer: Aurora Robotics",
    "emoji": ":ticket: *Ticket:* 123456\n:fire: *Urgency:* Urgent\n🏢 *Customer:* Aurora Robotics",
    "a heading above": ":star: *STAR from <@U0CASEY>*\n\n*Ticket*\n123456\n*Urgency*\nUrgent\n*Customer*\n"
    "Aurora Robotics",
    "blank lines": "*Ticket*\n\n123456\n\n*Urgency*\n\nUrgent\n\n*Customer*\n\nAurora Robotics\n\n",
    "windows newlines": "*Ticket*\r\n123456\r\n*Urgency*\r\nUrgent\r\n*Customer*\r\nAurora Robotics",
    "quoted answers": "*Ticket*\n&gt; 123456\n*Urgency*\n&gt; Urgent\n*Customer*\n&gt; Aurora Robotics",
    "quoted altogether": "&gt; *Ticket:* 123456\n&gt; *Urgency:* Urgent\n&gt; *Customer:* Aurora Robotics",
    "brackets": "*Ticket (or link)*\n123456\n*Urgency (required)*\nUrgent\n*Customer?*\nAurora Robotics",
    "aliases": "*Zendesk ticket*\n123456\n*How urgent is it?*\nUrgent\n*Organisation*\nAurora Robotics",
    "zero-width signs": "*\u200bTicket*\n123456\u200b\n*Urgency*\n\u2060Urgent\n*Customer*\nAurora Robotics",
    "full-width": "Ticket：１２３４５６\nUrgency：Urgent\nCustomer：Aurora Robotics",
    "code": "*Ticket* `123456`\n*Urgency* `Urgent`\n*Customer* `Aurora Robotics`",
    "another order": "*Customer*\nAurora Robotics\n*Urgency*\nUrgent\n*Ticket*\n123456",
}


@pytest.mark.parametrize("text", LAYOUTS.values(), ids=LAYOUTS.keys())
def test_a_form_is_read_however_it_is_laid_out(text: str) -> None:
    for found in (form(text), form("", section(text)), form("New STAR", section(text))):
        assert (found.ticket, found.urgency, found.customer) == (123456, "Urgent", "Aurora Robotics")
        assert found.problems == ()


BLOCKS = {
    "a section each": [
        section(f"*{label}*\n{answer}") for label, answer in (("Ticket", LINK), ("Urgency", "Timely"))
    ],
    "fields": [
        {
            "type": "section",
            "fields": [
                {"type": "mrkdwn", "text": "*Ticket:*\n123456"},
                {"type": "mrkdwn", "text": "*Urgency:*\nTimely"},
            ],
        }
    ],
    "headers and sections": [
        {"type": "header", "text": {"type": "plain_text", "text": "Ticket"}},
        section(LINK),
        {"type": "divider"},
        {"type": "header", "text": {"type": "plain_text", "text": "Urgency"}},
        section("Timely"),
        {"type": "context", "elements": [{"type": "mrkdwn", "text": "Sent by the workflow STAR Form"}]},
    ],
    "header, context below": [
        {"type": "header", "text": {"type": "plain_text", "text": "Ticket"}},
        {"type": "context", "elements": [{"type": "mrkdwn", "text": "123456"}]},
        {"type": "header", "text": {"type": "plain_text", "text": "Urgency"}},
        {"type": "context", "elements": [{"type": "plain_text", "text": "Timely"}]},
    ],
    "rich text with bold labels": [
        rich(
            said("Ticket", bold=True),
            said("\n"),
            {"type": "link", "url": "https://gitlab.zendesk.com/agent/tickets/123456", "text": "#123456"},
            said("\n"),
            said("Urgency: ", bold=True),
            said("Timely"),
        )
    ],
    "rich text in pieces": [
        rich(
            said("Tick", bold=True),
            said("et", bold=True),
            said(": 123456\nUrgency: Timely\n"),
            said("x", bold=True),
        )
    ],
    "rich text with a bold line over two labels": [rich(said("Ticket: 123456\nUrgency: Timely", bold=True))],
    "rich text list": [
        {
            "type": "rich_text",
            "elements": [
                {
                    "type": "rich_text_list",
                    "elements": [
                        {"type": "rich_text_section", "elements": [said("Ticket: 123456")]},
                        {"type": "rich_text_section", "elements": [said("Urgency: Timely")]},
                    ],
                }
            ],
        }
    ],
    "markdown": [{"type": "markdown", "text": "**Ticket:** 123456\n**Urgency:** Timely"}],
}


@pytest.mark.parametrize("blocks", BLOCKS.values(), ids=BLOCKS.keys())
def test_a_form_is_read_from_blocks(blocks: list[dict[str, Any]]) -> None:
    found = form("STAR Form", *blocks)
    assert (found.ticket, found.urgency, found.problems) == (123456, "Timely", ())


def test_what_follows_the_form_is_no_answer() -> None:
    footer = {"type": "context", "elements": [{"type": "mrkdwn", "text": "Sent by a workflow"}]}
    assert (
        form("", section(answers(ticket="123456", reason="The line is down.")), footer).reason
        == "The line is down."
    )


def test_rich_text_is_read_as_people_see_it() -> None:
    found = form(
        "",
        rich(
            said("Ticket: 123456\nReason: "),
            {"type": "user", "user_id": "U0LENA"},
            said(" & <b> "),
            {"type": "emoji", "name": "fire"},
            {"type": "channel", "channel_id": "C0STARS"},
            {"type": "usergroup", "usergroup_id": "S0SMOC"},
            {"type": "broadcast", "range": "here"},
            {"type": "link", "url": "https://a.example/?a=1&b=2"},
        ),
        rich(said("as they said"), kind="rich_text_quote"),
    )
    assert (
        found.reason == "@U0LENA & <b> :fire:#C0STARS@S0SMOC@herehttps://a.example/?a=1&b=2\n> as they said"
    )


def test_every_field_finds_its_place() -> None:
    told = {field: f"the {field}" for field in FIELDS} | {"ticket": "123456", "urgency": "Urgent"}
    found = form(answers(**told)).model_dump()
    assert {field: found.get(f"{field}_raw", found.get(field)) for field in FIELDS} == told


def test_an_answer_keeps_its_lines() -> None:
    reason = "First line.\n\nSecond: with a colon.\n  indented &amp; escaped"
    found = form(answers(ticket="123456", reason=reason, desired_result="A call"))
    assert found.reason == "First line.\n\nSecond: with a colon.\n  indented & escaped"
    assert found.desired_result == "A call"


@pytest.mark.parametrize(
    "reason",
    [
        "The Ticket: 99 is old, the Urgency of it is clear",
        "they wrote “Plan: none” and left",
        "Urgency: high, said the customer",
        "Ticket\nis open",
        "Plan: we upgrade on Monday\nCustomer: agrees",
        "&gt; *Urgency*\n&gt; Not Urgent",
        "*Ticket*\n654321\n*Urgency*\nNot Urgent",
    ],
)
def test_a_label_word_in_an_answer_does_not_split_it(reason: str) -> None:
    found = form(answers(ticket="123456", urgency="Urgent", customer="Aurora", reason=reason, plan="Premium"))
    assert (found.ticket, found.urgency, found.customer, found.plan) == (
        123456,
        "Urgent",
        "Aurora",
        "Premium",
    )
    assert found.reason == reason.replace("&gt;", ">") or found.reason == reason.replace("&gt; ", "")


@pytest.mark.parametrize(
    "answer",
    [
        "123456",
        "#123456",
        "ZD#123456",
        "ZD-123456",
        "zd 123456",
        "Ticket 123456",
        "Ticket #123456",
        "Zendesk ticket number: 123456",
        "123456.",
        "(123456)",
        "000123456",
        "１２３４５６",
        LINK,
        "<https://gitlab.zendesk.com/agent/tickets/123456>",
        "<https://gitlab.zendesk.com/agent/tickets/123456/events?x=1#y>",
        "<https://support.gitlab.com/hc/en-us/requests/123456|the request>",
        "tickets/123456",
        "123456 and 123456",
        "123456, see <https://gitlab.my.salesforce.com/0014M00001abcde>",
        "123456 (asked by <mailto:casey.lin@example.com|casey.lin@example.com>)",
        "123456 for 3 days now, P1",
        "*123456*",
        ":ticket: 123456",
    ],
)
def test_a_ticket_is_known_in_every_spelling(answer: str) -> None:
    found = form(answers(ticket=answer, urgency="Urgent"))
    assert (found.ticket, found.problems) == (123456, ())


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ("", "no_ticket"),
        ("   ", "no_ticket"),
        ("N/A", "ticket_not_applicable"),
        ("n.a.", "ticket_not_applicable"),
        ("none", "ticket_not_applicable"),
        ("-", "ticket_not_applicable"),
        ("🤷", "ticket_not_applicable"),
        ("N/A - the customer called", "ticket_not_applicable"),
        ("casey.lin@example.com", "ticket_is_email"),
        ("<mailto:cto4711@example.com|cto4711@example.com>", "ticket_is_email"),
        ("<https://gitlab.my.salesforce.com/0014M00001abcde>", "ticket_is_salesforce"),
        (
            "<https://gitlab.lightning.force.com/lightning/r/Account/0014M123456789/view|Aurora>",
            "ticket_is_salesforce",
        ),
        ("the one from yesterday", "ticket_unreadable"),
        ("<https://gitlab.com/gitlab-org/gitlab/-/issues/123456>", "ticket_unreadable"),
        ("<https://gitlab.com/gitlab-org/gitlab/-/merge_requests/123456>", "ticket_unreadable"),
        ("P1 since 2 hours", "ticket_unreadable"),
        ("2026-11-17", "ticket_unreadable"),
        ("0", "ticket_unreadable"),
        ("9" * 30, "ticket_unreadable"),
        ("123456, 123457", "several_tickets"),
        ("ZD#123456 and ZD#123457", "several_tickets"),
        (LINK + " <https://gitlab.zendesk.com/agent/tickets/5>", "several_tickets"),
    ],
)
def test_an_unusable_ticket_is_told_by_name(answer: str, kind: str) -> None:
    found = form(answers(ticket=answer, urgency="Urgent", reason="because"))
    assert found.ticket is None
    assert [(problem.kind, problem.field, problem.seen) for problem in found.problems] == [
        (kind, "ticket", found.ticket_raw)
    ]


@pytest.mark.parametrize(
    ("answer", "level"),
    [
        ("Urgent", "Urgent"),
        ("urgent!!!", "Urgent"),
        ("Urgent (30 minutes)", "Urgent"),
        ("Not Urgent - 2 hours", "Not Urgent"),
        ("not urgent", "Not Urgent"),
        ("Timely: within 1 hour", "Timely"),
        (":fire: Urgent", "Urgent"),
        ("*Timely*", "Timely"),
        ("30 minutes", "Urgent"),
        ("1h", "Timely"),
        ("60 min", "Timely"),
        ("2 hours", "Not Urgent"),
        ("High", "Urgent"),
        ("very urgent", None),
        ("Urgent / Timely / Not Urgent", None),
        ("3 hours", None),
        ("ASAP", None),
        ("🔥", None),
    ],
)
def test_an_urgency_is_a_level_or_a_problem(answer: str, level: str | None) -> None:
    found = form(answers(ticket="123456", urgency=answer))
    assert found.urgency == level
    assert [problem.kind for problem in found.problems] == ([] if level else ["unknown_urgency"])


def test_a_missing_urgency_is_a_problem() -> None:
    found = form(answers(ticket="123456", customer="Aurora"))
    assert [(problem.kind, problem.field, problem.seen) for problem in found.problems] == [
        ("no_urgency", "urgency", "")
    ]


@pytest.mark.parametrize(
    ("answer", "initiator", "raw"),
    [
        ("<@U0CASEY>", "U0CASEY", "@U0CASEY"),
        ("*<@W0CASEY|casey>* ", "W0CASEY", "@casey"),
        ("&gt; <@U0CASEY>", "U0CASEY", "@U0CASEY"),
        ("<@W0CASEY|casey> (CSM)", None, "@casey (CSM)"),
        ("Casey, please ask <@U0GUEST>", None, "Casey, please ask @U0GUEST"),
        ("<@U0CASEY> <@U0GUEST>", None, "@U0CASEY @U0GUEST"),
        ("Casey Lin", None, "Casey Lin"),
        ("&lt;@U0LENA&gt;", None, "<@U0LENA>"),
        ("", None, ""),
    ],
)
def test_the_initiator_is_who_stands_below_submitted_by(answer: str, initiator: str | None, raw: str) -> None:
    found = form(answers(ticket="123456", reason="ask <@U0NOAH>", initiator=answer))
    assert (found.initiator, found.initiator_raw) == (initiator, raw)


@pytest.mark.parametrize(
    ("product", "is_license"),
    [
        ("L&amp;R", True),
        ("License and Renewals", True),
        ("Licensing", True),
        ("Subscription", True),
        ("Self-Managed", False),
        ("GitLab.com", False),
        ("", None),
    ],
)
def test_a_form_tells_whether_it_is_about_a_license(product: str, is_license: bool | None) -> None:
    assert form(answers(ticket="123456", product=product)).is_license is is_license


def test_two_people_below_submitted_by_are_nobody() -> None:
    pasted = "*Submitted by*\n<@U0LENA>"
    found = form(answers(ticket="123456", urgency="Urgent", reason=pasted, initiator="<@U0CASEY>"))
    assert (found.initiator, found.initiator_raw) == (None, "")


# What is no form


@pytest.mark.parametrize(
    "text",
    [
        "Negative feedback for ticket 123456",
        "*Positive feedback for ticket 123456*\n*Ticket*\n123456\n*Customer*\nAurora",
        ":mega: neutral feedback for ticket 123456: please contact the customer",
    ],
)
def test_a_contact_notice_is_no_form(text: str) -> None:
    assert read(text) == NotAForm("contact_notice")
    assert read(text, bot_id="B0WORKFLOW", workflow_id="Wf0STARFORM") == NotAForm("contact_notice")
    assert read("", section(text)) == NotAForm("contact_notice")


def test_a_form_that_speaks_of_a_notice_is_a_form() -> None:
    assert (
        form(answers(ticket="123456", reason="Negative feedback for ticket 123456 came in")).ticket == 123456
    )


@pytest.mark.parametrize(
    "author", [{"user": "U0CASEY"}, {"user": "U0STARBOT", "bot_id": "B0STARBOT"}, {"user": None}]
)
def test_what_a_person_writes_is_no_form(author: dict[str, str | None]) -> None:
    assert read(answers(ticket="123456", urgency="Urgent"), **author) == NotAForm("written_by_a_person")


@pytest.mark.parametrize(
    "text",
    ["", "Deployed 17.6", "Ticket: 123456", "*Customer*\nAurora\n*Plan*\nPremium", "Ticket 123456 is urgent"],
)
def test_a_bots_message_without_the_labels_is_no_form(text: str) -> None:
    assert read(text) == NotAForm("no_labels")


@pytest.mark.parametrize("author", [{"workflow_id": "Wf0STARFORM"}, {"bot_id": "Wf0STARFORM", "user": "U1"}])
def test_whatever_the_forms_own_workflow_posts_is_a_form(author: dict[str, str | None]) -> None:
    found = read("", **author)
    assert isinstance(found, Form)
    assert [problem.kind for problem in found.problems] == ["no_ticket", "no_urgency"]


# Any text whatever


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
@pytest.mark.parametrize("field", FIELDS)
def test_no_answer_breaks_the_reading(field: str, text: str) -> None:
    told = {"ticket": "123456", "urgency": "Urgent", "reason": "why", "initiator": "<@U0CASEY>"}
    told[field] = text
    began = time.perf_counter()
    found = form(answers(**told), section(answers(**told)))
    assert time.perf_counter() - began < 2
    assert found.ticket == 123456 or field == "ticket"
    assert found.urgency == "Urgent" or field in ("ticket", "urgency")
    assert found.initiator in ("U0CASEY", None) or field == "initiator"
    found.model_dump_json().encode("utf-8")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "text", "elements", "fields", "style", "url", "user_id"]), inner
        )
    ),
    max_leaves=10,
)
KINDS = st.sampled_from(["section", "rich_text", "context", "header", "markdown", "image", "?"])


@given(
    st.text(),
    st.lists(
        st.fixed_dictionaries({"type": KINDS}, optional={"text": JSON, "elements": JSON, "fields": JSON})
    ),
)
def test_nothing_that_slack_could_send_breaks_the_reading(text: str, blocks: list[dict[str, Any]]) -> None:
    read(text, *blocks, workflow_id="Wf0STARFORM")


def test_blocks_in_blocks_in_blocks_are_read_to_a_depth() -> None:
    deep = said("Ticket: 1")
    for _ in range(5_000):
        deep = {"type": "rich_text_section", "elements": [deep]}
    assert read("", {"type": "rich_text", "elements": [deep]}) == NotAForm("no_labels")


ANSWER = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="*_~`<>&:："), max_size=40)
ANSWERS = st.fixed_dictionaries(
    {field: ANSWER for field in ("customer", "plan", "group", "reason", "desired_result")}
)


@pytest.mark.parametrize("layout", ["*{}*\n{}", "*{}:* {}", "{}: {}", "{}:\n{}"])
@given(told=ANSWERS)
def test_what_is_answered_is_what_is_read(layout: str, told: dict[str, str]) -> None:
    lines = [layout.format(FIELDS[field], answer) for field, answer in told.items()]
    found = form("\n".join([layout.format("Ticket", "123456"), *lines]))
    assert found.ticket == 123456
    assert {field: getattr(found, field) for field in told} == {
        field: plain(a).strip() for field, a in told.items()
    }
