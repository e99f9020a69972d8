"""A STAR is filed: the issue, the card, the note on the ticket, with nobody touching anything."""

import json
import sqlite3

from tests.stage import (
    CASEY,
    INTERNAL_REQUEST,
    LENA,
    STARS,
    TICKET,
    TICKET_WITHOUT_ORGANISATION,
    Stage,
    said,
)


def test_the_issue_says_what_the_form_and_the_ticket_say(shared: Stage) -> None:
    root = shared.announced(Product="L&R")
    issue = shared.issue()
    assert issue is not None
    assert issue["title"] == "STAR: ticket 123456, Aurora Robotics (Urgent)"
    assert issue["confidential"] is True
    assert issue["assignees"] == ["lvogt"]
    for fact in (
        "/agent/tickets/123456",
        f"/archives/{STARS}/p{root.replace('.', '')}",
        "| Urgency | Urgent, reply by 2026-11-17 14:3",
        "| Customer | Aurora Robotics |",
        "| Plan | Ultimate |",
        "| Licence | yes |",
        "| Filed by | Casey Lin |",
        "| Region at filing | EMEA |",
        "They go live tomorrow morning.",
        "An engineer looks at it today.",
    ):
        assert fact in issue["description"], fact
    assert issue["quick_actions"] == []
    assert issue["notified"] == []


def test_the_issue_has_a_note_with_the_thread_for_members_only(shared: Stage) -> None:
    ticket = shared.fresh_ticket()
    root = shared.announced(Ticket=str(ticket))
    issue, card = shared.issue(ticket), shared.card(root)
    assert issue is not None and card is not None
    assert [note["internal"] for note in issue["notes"]] == [True]
    assert f"p{card['ts'].replace('.', '')}?thread_ts={root}" in issue["notes"][0]["body"]


def test_the_ticket_gets_one_private_note_with_both_links_and_the_tag(shared: Stage) -> None:
    ticket = shared.fresh_ticket()
    root = shared.announced(Ticket=str(ticket))
    issue, card = shared.issue(ticket), shared.card(root)
    assert issue is not None and card is not None
    comments = shared.comments(ticket)
    assert [comment["public"] for comment in comments] == [False]
    assert f"/issues/{issue['iid']}" in comments[0]["body"]
    assert f"p{card['ts'].replace('.', '')}?thread_ts={root}" in comments[0]["body"]
    assert "star_submitted" in shared.ticket(ticket)["tags"]


def test_the_card_says_who_when_what_and_how(shared: Stage) -> None:
    ticket = shared.fresh_ticket()
    root = shared.announced(Ticket=str(ticket), Urgency="1 hour")
    card = shared.card(root)
    assert card is not None
    assert card["subtype"] == "thread_broadcast"
    assert card["text"].startswith("Timely: reply by 15:0")
    assert f"#{ticket}" in card["text"]
    for part in (
        f"<@{LENA}>: you are on call.",
        "Add :eyes: or press *Acknowledge*",
        "assigned to lvogt",
        f"<@{CASEY}>",
    ):
        assert part in said(card), part
    buttons = [
        b["text"]["text"]
        for block in card["blocks"]
        for b in block.get("elements", [])
        if b["type"] == "button"
    ]
    assert buttons == ["Acknowledge", "Triage", "Resolve"]


def test_what_reports_need_later_is_stored_from_the_first_day(shared: Stage) -> None:
    ticket = shared.fresh_ticket()
    shared.announced(Ticket=str(ticket), Product="Self-Managed", Urgency="Not Urgent")
    star = _stored(shared, ticket)
    assert star["region"] == "EMEA"
    assert star["form"]["urgency"] == "Not Urgent"
    assert (star["form"]["plan"], star["form"]["product"]) == ("Ultimate", "Self-Managed")
    assert (star["form"]["initiator"], star["initiator"]) == (CASEY, "Casey Lin")
    assert star["form"]["is_license"] is False
    assert star["label_changes"] == []


def test_a_ticket_without_organisation_is_filed_under_the_forms_customer(shared: Stage) -> None:
    root = shared.announced(Ticket=str(TICKET_WITHOUT_ORGANISATION), Customer="Stray & Sons")
    issue, card = shared.issue(TICKET_WITHOUT_ORGANISATION), shared.card(root)
    assert issue is not None and card is not None
    assert "Stray & Sons" in issue["title"]
    assert "Stray &amp; Sons" in card["text"]


def test_an_internal_request_is_shown_as_one(shared: Stage) -> None:
    root = shared.announced(Ticket=str(INTERNAL_REQUEST))
    assert "Internal Request" in said(shared.card(root) or {})


def test_labels_of_the_settings_are_put_on_the_issue_and_each_is_remembered(empty_stage: Stage) -> None:
    empty_stage.configure('[gitlab]\nlabels = ["Escalation::Response-Time"]\nconfidential = false\n')
    empty_stage.start()
    empty_stage.announced()
    issue = empty_stage.issue()
    assert issue is not None
    assert issue["labels"] == ["Escalation::Response-Time"]
    assert issue["confidential"] is False
    changes = _stored(empty_stage, TICKET)["label_changes"]
    assert [(change["label"], change["added"]) for change in changes] == [("Escalation::Response-Time", True)]


def test_announced_in_the_thread_only_where_the_settings_say_so(empty_stage: Stage) -> None:
    empty_stage.configure('[slack]\nannounce = "thread"\n')
    empty_stage.start()
    root = empty_stage.announced()
    card = empty_stage.card(root)
    assert card is not None
    assert card.get("subtype") is None
    assert card["thread_ts"] == root


def test_without_the_note_switch_the_ticket_stays_as_it_is(empty_stage: Stage) -> None:
    empty_stage.configure("[zendesk]\nnote = false\n")
    empty_stage.start()
    root = empty_stage.files_star()
    empty_stage.until(lambda: "STAR issue #" in said(empty_stage.card(root) or {}))
    empty_stage.quiet()
    assert empty_stage.comments() == []
    assert "star_submitted" not in empty_stage.ticket()["tags"]


def _stored(stage: Stage, ticket: int) -> dict[str, object]:
    with sqlite3.connect(stage.folder / "starbot.db") as database:
        bodies = [json.loads(body) for (body,) in database.execute("select body from cases")]
    return next(body for body in bodies if body.get("form", {}).get("ticket") == ticket)
