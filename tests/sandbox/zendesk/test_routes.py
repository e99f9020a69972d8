"""zenpy against the sandbox over loopback, its wire held against Zendesk's OpenAPI description."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from zenpy import Zenpy
from zenpy.lib.api_objects import Comment
from zenpy.lib.exception import APIException, RecordNotFoundException

from tests.sandbox.specs import check_answer, check_request, needs_specs

ESCALATED = "Support::Managers::Escalated Ticket"
TICKET = 123456


def token(desk: Any, **more: Any) -> dict[str, Any]:
    grant = {
        "grant_type": "client_credentials",
        "client_id": "starbot",
        "client_secret": "sandbox-client-secret",
    }
    answer: dict[str, Any] = desk.http.post("/zendesk/oauth/tokens", json={**grant, **more}).json()
    return answer


@pytest.fixture
def raw(desk: Any) -> Callable[..., httpx.Response]:
    """Calls below /zendesk/api/v2 with a good token."""
    headers = {"Authorization": f"Bearer {token(desk)['access_token']}"}
    return lambda method, path, **more: desk.http.request(
        method, f"/zendesk/api/v2{path}", headers=headers, **more
    )


@pytest.fixture
def zenpy(desk: Any, monkeypatch: pytest.MonkeyPatch) -> Zenpy:
    # zenpy's own hooks for another address (zenpy/lib/api.py).
    monkeypatch.setenv("ZENPY_FORCE_NETLOC", desk.url.removeprefix("http://") + "/zendesk")
    monkeypatch.setenv("ZENPY_FORCE_SCHEME", "http")
    return Zenpy(subdomain="sandbox", oauth_token=token(desk)["access_token"], disable_cache=True)


def stored(desk: Any, number: int = TICKET) -> dict[str, Any]:
    found: dict[str, Any] = desk.get("state")["zendesk"]["tickets"][str(number)]
    return found


def macro_id(zenpy: Zenpy, title: str = ESCALATED) -> int:
    return next(int(one.id) for one in zenpy.macros() if one.title == title)


def test_a_token_is_given_for_the_client_secret_alone(desk: Any) -> None:
    assert token(desk)["expires_in"] == 1800
    assert token(desk, client_secret="wrong")["error"] == "invalid_client"
    assert token(desk, grant_type="password")["error"] == "unsupported_grant_type"


def test_a_form_body_gets_a_token_too(desk: Any) -> None:
    grant = {
        "grant_type": "client_credentials",
        "client_id": "starbot",
        "client_secret": "sandbox-client-secret",
    }
    assert desk.http.post("/zendesk/oauth/tokens", data=grant).json()["token_type"] == "bearer"


def test_a_token_ends_with_the_sandbox_clock(desk: Any, raw: Callable[..., httpx.Response]) -> None:
    assert raw("GET", "/users/me.json").status_code == 200
    desk.post("clock", advance_s=1801)
    answer = raw("GET", "/users/me.json")
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_token")


def test_an_api_token_works_too(desk: Any) -> None:
    auth = ("starbot@example.com/token", "zd-sandbox")
    assert desk.http.get("/zendesk/api/v2/users/me", auth=auth).json()["user"]["name"] == "GitLab Support Bot"
    assert desk.http.get("/zendesk/api/v2/users/me", auth=("x/token", "y")).status_code == 401


def test_a_ticket_comes_with_its_side_loads(zenpy: Zenpy, raw: Callable[..., httpx.Response]) -> None:
    ticket = zenpy.tickets(id=TICKET, include=["slas"])
    assert (ticket.status, ticket.priority) == ("open", "high")
    assert [one["stage"] for one in ticket.slas["policy_metrics"]] == ["achieved", "active"]
    answer = raw("GET", f"/tickets/{TICKET}", params={"include": "users,organizations,groups"}).json()
    assert [one["name"] for one in answer["users"]] == ["Nadia Petit", "Anna Kowalska"]
    assert [one["name"] for one in answer["organizations"]] == ["Aurora Robotics"]
    assert [one["name"] for one in answer["groups"]] == ["Support"]


def test_an_unknown_ticket_is_not_found(zenpy: Zenpy) -> None:
    with pytest.raises(RecordNotFoundException):
        zenpy.tickets(id=999)


def test_a_comment_is_public_unless_it_says_otherwise(desk: Any, zenpy: Zenpy) -> None:
    ticket = zenpy.tickets(id=TICKET)
    ticket.comment = Comment(body="to the customer")
    zenpy.tickets.update(ticket)
    ticket.comment = Comment(body="a note", public=False)
    zenpy.tickets.update(ticket)
    assert [(one["body"], one["public"]) for one in stored(desk)["comments"][-2:]] == [
        ("to the customer", True),
        ("a note", False),
    ]


def test_a_ticket_that_began_privately_stays_private(desk: Any, raw: Callable[..., httpx.Response]) -> None:
    raw("PUT", "/tickets/123482", json={"ticket": {"comment": {"body": "quiet"}}})
    assert stored(desk, 123482)["comments"][-1]["public"] is False


def test_metadata_is_kept_in_the_audit(desk: Any, zenpy: Zenpy) -> None:
    ticket = zenpy.tickets(id=TICKET)
    ticket.comment = Comment(body="a note", public=False)
    ticket.metadata = {"starbot": "key"}
    zenpy.tickets.update(ticket)
    assert [audit.metadata.custom for audit in zenpy.tickets.audits(ticket=TICKET)][-1] == {"starbot": "key"}


def test_audits_are_paged_newest_first_on_demand(raw: Callable[..., httpx.Response]) -> None:
    path, query = f"/tickets/{TICKET}/audits.json", {"page[size]": "2", "sort": "-created_at"}
    first = raw("GET", path, params=query).json()
    assert first["meta"]["has_more"]
    second = raw("GET", path, params={**query, "page[after]": first["meta"]["after_cursor"]}).json()
    ids = [one["id"] for one in first["audits"] + second["audits"]]
    assert ids == sorted(ids, reverse=True)
    assert len(ids) == 3
    assert not second["meta"]["has_more"]


def test_a_stale_safe_update_is_a_conflict(
    desk: Any, zenpy: Zenpy, raw: Callable[..., httpx.Response]
) -> None:
    stamp = zenpy.tickets(id=TICKET).updated_at
    safe = {"safe_update": True, "updated_stamp": stamp}
    assert raw("PUT", f"/tickets/{TICKET}", json={"ticket": {"tags": ["a"], **safe}}).status_code == 200
    answer = raw("PUT", f"/tickets/{TICKET}", json={"ticket": {"tags": ["b"], **safe}})
    assert (answer.status_code, answer.json()["error"]) == (409, "UpdateConflict")
    assert stored(desk)["tags"] == ["a"]


def test_an_update_that_changes_nothing_leaves_the_stamp(zenpy: Zenpy) -> None:
    ticket = zenpy.tickets(id=TICKET)
    before = ticket.updated_at
    ticket.priority = "high"
    zenpy.tickets.update(ticket)
    assert zenpy.tickets(id=TICKET).updated_at == before


def test_a_closed_ticket_cannot_be_updated(zenpy: Zenpy) -> None:
    ticket = zenpy.tickets(id=123470)
    ticket.comment = Comment(body="too late", public=False)
    with pytest.raises(APIException, match="closed prevents ticket update") as refusal:
        zenpy.tickets.update(ticket)
    assert refusal.value.response.status_code == 422


def test_tags_are_added_set_and_removed(desk: Any, zenpy: Zenpy, raw: Callable[..., httpx.Response]) -> None:
    zenpy.tickets.add_tags(TICKET, ["Star_Submitted", "two words"])
    assert stored(desk)["tags"] == ["self_managed", "ultimate", "star_submitted", "two", "words"]
    zenpy.tickets.delete_tags(TICKET, ["two", "words", "ultimate"])
    assert stored(desk)["tags"] == ["self_managed", "star_submitted"]
    assert raw("POST", f"/tickets/{TICKET}/tags", json={"tags": ["only"]}).status_code == 201
    assert stored(desk)["tags"] == ["only"]


def test_a_macro_is_shown_and_not_applied(desk: Any, zenpy: Zenpy) -> None:
    preview = zenpy.tickets.show_macro_effect(TICKET, macro_id(zenpy)).ticket
    assert preview.tags == ["self_managed", "ultimate", "escalated_ticket"]
    assert preview.comment.public is False
    assert "ISSUE_LINK" in preview.comment.body
    assert "escalated_ticket" not in stored(desk)["tags"]


def test_a_macro_can_be_made_public_and_inactive(desk: Any, zenpy: Zenpy) -> None:
    desk.post("zendesk/act", action="set_macro_public", public=True)
    assert zenpy.tickets.show_macro_effect(TICKET, macro_id(zenpy)).ticket.comment.public is True
    desk.post("zendesk/act", action="set_macro_active", active=False)
    found = desk.get("state")["zendesk"]["macros"][ESCALATED]
    assert (found["active"], found["public"]) == (False, True)


def test_placeholders_are_filled_for_a_ticket(zenpy: Zenpy, raw: Callable[..., httpx.Response]) -> None:
    number = macro_id(zenpy, "General::Outbound Contact Request")
    shown = raw("GET", f"/tickets/{TICKET}/macros/{number}/apply.json").json()["result"]["ticket"]
    assert shown["comment"]["body"].startswith("Hello Nadia,")
    assert shown["status"] == "pending"
    bare = raw("GET", f"/macros/{number}/apply.json").json()["result"]["ticket"]
    assert set(bare) == {"comment", "status"}
    assert "{{ticket.requester.first_name}}" in bare["comment"]["body"]


def test_an_applied_macro_is_recorded(desk: Any, zenpy: Zenpy, raw: Callable[..., httpx.Response]) -> None:
    changes = {"macro_id": macro_id(zenpy), "tags": ["escalated_ticket"]}
    raw("PUT", f"/tickets/{TICKET}", json={"ticket": changes})
    assert stored(desk)["macro_ids"] == [801]


def test_macros_are_found_by_title(raw: Callable[..., httpx.Response]) -> None:
    found = raw("GET", "/macros/search.json", params={"query": "escalated ticket"}).json()
    assert [one["title"] for one in found["macros"]] == [ESCALATED]
    assert raw("GET", "/macros/active.json").json()["count"] == 16


def test_an_agents_reply_achieves_the_sla_and_a_customers_starts_it(desk: Any) -> None:
    desk.post("zendesk/act", ticket=TICKET, action="reply", user="Anna Kowalska", body="Try this.")
    assert {one["stage"] for one in stored(desk)["sla"]} == {"achieved"}
    desk.post("zendesk/act", ticket=TICKET, action="reply", body="It did not help.")
    assert [one["stage"] for one in stored(desk)["sla"]] == ["achieved", "active"]


def test_people_act_on_tickets(desk: Any) -> None:
    desk.post("zendesk/act", ticket=123457, action="assign", assignee="Grace Wu")
    assert stored(desk, 123457)["status"] == "open"
    desk.post("zendesk/act", ticket=123457, action="note", body="seen")
    desk.post("zendesk/act", ticket=123457, action="solve")
    desk.post("zendesk/act", ticket=123457, action="close")
    seen = stored(desk, 123457)
    assert (seen["status"], seen["assignee"]) == ("closed", "Grace Wu")
    assert seen["comments"][-1]["public"] is False
    answer = desk.ask("zendesk/act", ticket=123457, action="reply")
    assert "closed prevents" in answer.json()["error"]


def test_a_customer_opens_another_ticket_like_one_of_theirs(desk: Any) -> None:
    number = desk.post("zendesk/act", ticket=TICKET, action="open")["ticket"]
    first, second = stored(desk), stored(desk, number)
    assert number not in (TICKET, 123457) and second["subject"] == first["subject"]
    assert [one["body"] for one in second["comments"]] == [one["body"] for one in first["comments"]]


def test_one_ticket_takes_thirty_updates_in_ten_minutes(
    desk: Any, raw: Callable[..., httpx.Response]
) -> None:
    desk.post("rates", on=True)
    answers = [raw("PUT", f"/tickets/{TICKET}", json={"ticket": {"subject": str(n)}}) for n in range(31)]
    assert [answer.status_code for answer in answers[-2:]] == [200, 429]
    assert int(answers[-1].headers["Retry-After"]) > 0


@needs_specs
def test_the_wire_fits_the_description(raw: Callable[..., httpx.Response]) -> None:
    update = {
        "comment": {"body": "x", "public": False},
        "tags": ["a"],
        "macro_id": 801,
        "metadata": {"starbot": "key"},
        "safe_update": False,
        "custom_fields": [{"id": 360001, "value": "premium"}],
    }
    loads = "slas,users,organizations,groups"
    calls: list[tuple[str, str, Any]] = [
        *(("GET", f"/tickets/{n}?include={loads}", None) for n in range(123456, 123486)),
        ("PUT", f"/tickets/{TICKET}.json", {"ticket": update}),
        ("PUT", f"/tickets/{TICKET}/tags.json", {"tags": ["b"]}),
        ("POST", f"/tickets/{TICKET}/tags.json", {"tags": ["b"]}),
        ("DELETE", f"/tickets/{TICKET}/tags.json", {"tags": ["b"]}),
        *(
            ("GET", path, None)
            for path in (
                f"/tickets/{TICKET}/comments.json?page[size]=100",
                f"/tickets/{TICKET}/audits.json?page[size]=100&sort=-created_at",
                f"/tickets/{TICKET}/tags",
                f"/tickets/{TICKET}/macros/801/apply.json",
                "/macros.json?page[size]=100",
                "/macros/active",
                "/macros/search?query=escalated",
                "/macros/801",
                "/macros/801/apply",
                "/users/me",
                "/users/4003",
                "/organizations/701",
                "/groups",
                "/ticket_fields",
                "/ticket_forms",
                "/tickets/1",
            )
        ),
    ]  # fmt: skip
    for method, path, body in calls:
        answer = raw(method, path, json=body)
        local, _, query = f"/zendesk/api/v2{path}".partition("?")
        seen = answer.json() if answer.content else None
        assert check_answer("zendesk", method, local, answer.status_code, seen) == []
        assert check_request("zendesk", method, local, query, body) == []


@needs_specs
def test_the_checker_complains() -> None:
    path = "/zendesk/api/v2/tickets/1.json"
    body = {"ticket": {"coment": {}, "comment": {"publik": True}}}
    assert len(check_request("zendesk", "PUT", path, "", body)) == 2
    assert check_answer("zendesk", "GET", path, 200, {"ticket": {"requester_id": "x"}})
    assert check_answer("zendesk", "GET", path, 201, {})
