"""Zendesk through zenpy, as far as the bot uses it."""

from typing import Any

import pytest

from starbot.errors import ServiceDelayed, ServiceRefused
from starbot.services.zendesk import ZendeskService
from tests.services.controls import TIMEOUT_S, Sandbox

TICKET, CLOSED, SOLVED, ALONE, INTERNAL = 123456, 123470, 123471, 123472, 123482
MACRO = "Support::Managers::Escalated Ticket"


def ticket_in(sandbox: Sandbox, ticket_id: int = TICKET) -> Any:
    return sandbox.state()["zendesk"]["tickets"][str(ticket_id)]


def somebody_replies(sandbox: Sandbox) -> None:
    sandbox.control("zendesk/act", {"ticket": TICKET, "user": "Nadia Petit", "action": "reply", "text": "?"})


def test_a_ticket_tells_what_a_star_needs(zendesk: ZendeskService) -> None:
    ticket = zendesk.ticket(TICKET)
    assert (ticket.id, ticket.status, ticket.priority) == (TICKET, "open", "high")
    assert ticket.organisation == "Aurora Robotics"
    assert ticket.plan == "ultimate"
    assert ticket.assignee_name
    assert ticket.sla and all(clock.metric for clock in ticket.sla)
    assert not ticket.is_internal_request


def test_a_ticket_takes_one_request_once_the_forms_are_known(
    zendesk: ZendeskService, sandbox: Sandbox
) -> None:
    zendesk.ticket(TICKET)
    before = len(sandbox.requests("zendesk"))
    zendesk.ticket(TICKET)
    assert len(sandbox.requests("zendesk")) == before + 1


def test_a_changed_ticket_is_read_anew(zendesk: ZendeskService, sandbox: Sandbox) -> None:
    before = zendesk.ticket(TICKET)
    sandbox.control("clock", {"advance_s": 60})
    zendesk.note(TICKET, "hello", add_tags=["star_submitted"], key="k")
    after = zendesk.ticket(TICKET)
    assert "star_submitted" in after.tags and "star_submitted" not in before.tags
    assert after.updated_at > before.updated_at


def test_tickets_of_every_kind_can_be_read(zendesk: ZendeskService) -> None:
    assert zendesk.ticket(CLOSED).status == "closed"
    assert zendesk.ticket(SOLVED).status == "solved"
    assert zendesk.ticket(ALONE).organisation is None
    assert zendesk.ticket(INTERNAL).is_internal_request
    for ticket_id in range(123456, 123486):
        assert zendesk.ticket(ticket_id).id == ticket_id


def test_a_ticket_that_is_not_there_is_a_refusal(zendesk: ZendeskService) -> None:
    with pytest.raises(ServiceRefused) as refused:
        zendesk.ticket(999999)
    assert refused.value.reason == "not_found"


def test_a_note_is_private_tagged_and_one_update(zendesk: ZendeskService, sandbox: Sandbox) -> None:
    tags = set(ticket_in(sandbox)["tags"])
    zendesk.note(TICKET, "STAR issue: link", add_tags=["star_submitted"], key="case:note:1")
    ticket = ticket_in(sandbox)
    assert set(ticket["tags"]) == tags | {"star_submitted"}
    assert (ticket["comments"][-1]["public"], ticket["comments"][-1]["body"]) == (False, "STAR issue: link")
    assert len(sandbox.requests("zendesk", "PUT")) == 1


def test_a_note_is_found_again_by_its_key(zendesk: ZendeskService) -> None:
    zendesk.note(TICKET, "hello", add_tags=[], key="case:note:1")
    assert zendesk.has_key(TICKET, "case:note:1")
    assert not zendesk.has_key(TICKET, "case:note:2")


def test_a_key_is_found_behind_many_pages_of_history(zendesk: ZendeskService, sandbox: Sandbox) -> None:
    for _ in range(205):
        somebody_replies(sandbox)
    zendesk.note(TICKET, "hello", add_tags=[], key="case:note:1")
    before = len(sandbox.requests("zendesk", "GET"))
    assert zendesk.has_key(TICKET, "case:note:1")
    assert len(sandbox.requests("zendesk", "GET")) == before + 3


def test_a_closed_ticket_takes_no_note(zendesk: ZendeskService) -> None:
    with pytest.raises(ServiceRefused) as refused:
        zendesk.note(CLOSED, "hello", add_tags=[], key="k")
    assert refused.value.reason == "closed"


def test_a_collision_is_read_and_tried_again(zendesk: ZendeskService, sandbox: Sandbox) -> None:
    sandbox.fault(service="zendesk", method="PUT", kind="status", status=409, times=2)
    zendesk.note(TICKET, "hello", add_tags=["star_submitted"], key="k")
    assert len(sandbox.requests("zendesk", "PUT")) == 3
    assert zendesk.has_key(TICKET, "k")


def test_collisions_without_end_are_for_later(zendesk: ZendeskService, sandbox: Sandbox) -> None:
    sandbox.fault(service="zendesk", method="PUT", kind="status", status=409)
    with pytest.raises(ServiceDelayed) as delayed:
        zendesk.note(TICKET, "hello", add_tags=[], key="k")
    assert (delayed.value.retry_after_s, delayed.value.maybe_done) == (0.0, False)


# -- priority and assignee


@pytest.mark.parametrize(
    ("before", "after"), [(None, "high"), ("low", "high"), ("high", "high"), ("urgent", "urgent")]
)
def test_a_priority_is_raised_with_a_private_note_in_one_update_and_never_lowered(
    zendesk: ZendeskService, sandbox: Sandbox, before: str | None, after: str
) -> None:
    sandbox.control("zendesk/act", {"ticket": TICKET, "action": "set_priority", "priority": before})
    zendesk.raise_priority(TICKET, "high", "Hands are needed", key="case:raise_priority:0")
    ticket = ticket_in(sandbox)
    assert ticket["priority"] == after
    assert (ticket["comments"][-1]["public"], ticket["comments"][-1]["body"]) == (False, "Hands are needed")
    assert zendesk.has_key(TICKET, "case:raise_priority:0")
    assert len(sandbox.requests("zendesk", "PUT")) == 1


def test_an_agent_is_made_the_assignee_and_that_is_found_by_its_key(
    zendesk: ZendeskService, sandbox: Sandbox
) -> None:
    comments = len(ticket_in(sandbox)["comments"])
    sandbox.fault(service="zendesk", method="PUT", kind="status", status=409, times=1)
    zendesk.assign(TICKET, 4016, key="case:assign:0")
    assert ticket_in(sandbox)["assignee"] == "Pieter Bakker"
    assert len(ticket_in(sandbox)["comments"]) == comments
    assert zendesk.has_key(TICKET, "case:assign:0")


def test_a_ticket_is_taken_back_from_its_taker_for_whoever_had_it_before_all_who_gave_it_back(
    zendesk: ZendeskService, sandbox: Sandbox
) -> None:
    before = ticket_in(sandbox)["assignee"]
    keys = ["case:assign:0", "case:assign:1"]
    zendesk.assign(TICKET, 4016, key=keys[0])
    zendesk.assign(TICKET, 4003, key=keys[1])
    writes = len(sandbox.requests("zendesk", "PUT"))
    zendesk.take_back(TICKET, keys[:1], key="case:return:0")
    assert ticket_in(sandbox)["assignee"] == "Lena Vogt", "it is somebody else's by now"
    zendesk.take_back(TICKET, ["case:assign:9"], key="case:return:9")
    assert len(sandbox.requests("zendesk", "PUT")) == writes, "nothing was to be done"
    zendesk.take_back(TICKET, keys, key="case:return:1")
    assert ticket_in(sandbox)["assignee"] == before and zendesk.has_key(TICKET, "case:return:1")


def test_a_ticket_that_was_nobodys_is_nobodys_again(zendesk: ZendeskService, sandbox: Sandbox) -> None:
    unassigned = next(
        ticket for ticket in sandbox.state()["zendesk"]["tickets"].values() if ticket["assignee"] is None
    )["id"]
    zendesk.assign(unassigned, 4016, key="case:assign:0")
    zendesk.take_back(unassigned, ["case:assign:0"], key="case:return:0")
    assert ticket_in(sandbox, unassigned)["assignee"] is None


@pytest.mark.parametrize("user_id", [4031, 999999])
def test_who_is_no_agent_is_no_assignee(zendesk: ZendeskService, user_id: int) -> None:
    with pytest.raises(ServiceRefused) as refused:
        zendesk.assign(TICKET, user_id, key="k")
    assert refused.value.reason == "invalid"


def test_a_closed_ticket_is_neither_raised_nor_assigned(zendesk: ZendeskService) -> None:
    for write in (
        lambda: zendesk.raise_priority(CLOSED, "high", "x", key="k"),
        lambda: zendesk.assign(CLOSED, 4016, key="k"),
    ):
        with pytest.raises(ServiceRefused) as refused:
            write()
        assert refused.value.reason == "closed"


def test_a_macro_is_found_by_the_first_title_that_exists(zendesk: ZendeskService, sandbox: Sandbox) -> None:
    assert zendesk.macro_id(["No such macro", MACRO]) == zendesk.macro_id([MACRO])
    with pytest.raises(ServiceRefused) as refused:
        zendesk.macro_id(["No such macro"])
    assert refused.value.reason == "macro_missing"


def test_a_preview_holds_only_what_differs_and_changes_nothing(
    zendesk: ZendeskService, sandbox: Sandbox
) -> None:
    before = ticket_in(sandbox)
    preview = zendesk.preview_macro(TICKET, zendesk.macro_id([MACRO]))
    assert ticket_in(sandbox) == before
    assert preview.changes == {}
    assert (preview.tags_added, preview.tags_removed) == (("escalated_ticket",), ())
    assert preview.comment_body is not None and "ISSUE_LINK" in preview.comment_body
    assert not preview.comment_public


def test_a_preview_holds_changed_fields(zendesk: ZendeskService) -> None:
    outbound = zendesk.preview_macro(TICKET, zendesk.macro_id(["General::Outbound Contact Request"]))
    assert outbound.changes == {"status": "pending"}
    assert outbound.comment_public


def test_a_macro_is_applied_in_one_private_update(zendesk: ZendeskService, sandbox: Sandbox) -> None:
    before = ticket_in(sandbox)
    preview = zendesk.preview_macro(TICKET, zendesk.macro_id(["General::Outbound Contact Request"]))
    zendesk.apply_macro(TICKET, preview, comment="filled in", key="case:macro:1")
    after = ticket_in(sandbox)
    assert after["status"] == "pending"
    assert after["tags"] == before["tags"]
    assert (after["comments"][-1]["body"], after["comments"][-1]["public"]) == ("filled in", False)
    assert zendesk.has_key(TICKET, "case:macro:1")
    [sent] = [row["request"]["ticket"] for row in sandbox.requests("zendesk", "PUT")]
    assert sent["macro_id"] == preview.macro_id
    assert set(sent) == {
        "id",
        "status",
        "comment",
        "metadata",
        "macro_id",
        "updated_stamp",
        "safe_update",
    }


def test_a_macro_whose_text_the_customer_shall_read_is_one_public_update(
    zendesk: ZendeskService, sandbox: Sandbox
) -> None:
    before = len(ticket_in(sandbox)["comments"])
    preview = zendesk.preview_macro(TICKET, zendesk.macro_id(["Incident::Compromised Instance"]))
    zendesk.apply_macro(TICKET, preview, comment=preview.comment_body, key="k", public=True)
    ticket = ticket_in(sandbox)
    assert len(ticket["comments"]) == before + 1
    assert (ticket["comments"][-1]["public"], ticket["comments"][-1]["body"]) == (True, preview.comment_body)
    assert "compromised_instance" in ticket["tags"]


def test_a_macro_without_a_comment_still_sets_its_tags(zendesk: ZendeskService, sandbox: Sandbox) -> None:
    comments = len(ticket_in(sandbox)["comments"])
    preview = zendesk.preview_macro(TICKET, zendesk.macro_id([MACRO]))
    zendesk.apply_macro(TICKET, preview, comment=None, key="k")
    ticket = ticket_in(sandbox)
    assert "escalated_ticket" in ticket["tags"]
    assert len(ticket["comments"]) == comments


def test_a_macro_on_a_ticket_that_changed_since_is_to_be_previewed_again(
    zendesk: ZendeskService, sandbox: Sandbox
) -> None:
    preview = zendesk.preview_macro(TICKET, zendesk.macro_id([MACRO]))
    sandbox.control("clock", {"advance_s": 60})
    zendesk.note(TICKET, "in between", add_tags=[], key="other")
    with pytest.raises(ServiceDelayed) as delayed:
        zendesk.apply_macro(TICKET, preview, comment="late", key="k")
    assert (delayed.value.retry_after_s, delayed.value.maybe_done) == (0.0, False)
    assert not zendesk.has_key(TICKET, "k")


def test_a_public_reply_is_public(zendesk: ZendeskService, sandbox: Sandbox) -> None:
    zendesk.public_reply(TICKET, "We are on it.", key="k")
    comment = ticket_in(sandbox)["comments"][-1]
    assert (comment["public"], comment["body"]) == (True, "We are on it.")


def test_an_expired_token_is_renewed_without_anybody_noticing(
    zendesk: ZendeskService, sandbox: Sandbox
) -> None:
    zendesk.ticket(TICKET)
    sandbox.control("clock", {"advance_s": 3600})
    zendesk.note(TICKET, "hello", add_tags=[], key="k")
    tokens = [row for row in sandbox.requests("zendesk", "POST") if row["path"].endswith("/oauth/tokens")]
    assert len(tokens) == 2
    assert ticket_in(sandbox)["comments"][-1]["body"] == "hello"


def test_an_api_token_works_too(sandbox: Sandbox) -> None:
    zendesk = ZendeskService(f"{sandbox.url}/zendesk", "", "", "starbot@example.com", "zd-sandbox", TIMEOUT_S)
    assert zendesk.ticket(TICKET).id == TICKET


def test_a_wrong_client_secret_is_unauthorized(sandbox: Sandbox) -> None:
    zendesk = ZendeskService(f"{sandbox.url}/zendesk", "starbot", "wrong", "", "", TIMEOUT_S)
    with pytest.raises(ServiceRefused) as refused:
        zendesk.ticket(TICKET)
    assert refused.value.reason == "unauthorized"


@pytest.mark.parametrize(
    "changes", [{"assignee_id": "zzz"}, {"custom_fields": [{"id": "zzz", "value": "x"}]}]
)
def test_a_change_that_makes_no_sense_is_refused(zendesk: ZendeskService, changes: dict[str, Any]) -> None:
    preview = zendesk.preview_macro(TICKET, zendesk.macro_id([MACRO]))
    with pytest.raises(ServiceRefused) as refusal:
        zendesk.apply_macro(TICKET, preview.model_copy(update={"changes": changes}), comment=None, key="k")
    assert refusal.value.reason == "invalid"
