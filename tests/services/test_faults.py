"""Whatever goes wrong on the way, the error says whether it may have happened, and nothing was sent twice."""

import contextlib
import itertools
import socket
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from starbot.core.facts import MessageRef
from starbot.errors import ServiceDelayed, ServiceError, ServiceRefused
from starbot.services.gitlab import GitLabService
from starbot.services.pagerduty import PagerDutyService
from starbot.services.slack import SlackService
from starbot.services.zendesk import ZendeskService
from tests.services.controls import TIMEOUT_S, Sandbox

PROJECT = "gitlab-com/support/ticket-attention-requests"
TICKET = 123456


def post_a_message(url: str) -> MessageRef:
    return SlackService("xoxb-sandbox", f"{url}/slack/api/", TIMEOUT_S).post("C0STARS", "hello", key="k")


def read_the_channels(url: str) -> Any:
    return SlackService("xoxb-sandbox", f"{url}/slack/api/", TIMEOUT_S).channel_ids()


def open_an_issue(url: str) -> Any:
    return GitLabService(f"{url}/gitlab", "glpat-sandbox", TIMEOUT_S).open_issue(
        PROJECT,
        title="STAR",
        description="text",
        labels=[],
        confidential=True,
        assignee_id=None,
        marker="a" * 16,
    )


def look_up_the_project(url: str) -> Any:
    return GitLabService(f"{url}/gitlab", "glpat-sandbox", TIMEOUT_S).project_id(PROJECT)


def zendesk_at(url: str) -> ZendeskService:
    return ZendeskService(f"{url}/zendesk", "starbot", "sandbox-client-secret", "", "", TIMEOUT_S)


def note_a_ticket(url: str) -> None:
    zendesk_at(url).note(TICKET, "hello", add_tags=["star_submitted"], key="k")


def read_a_ticket(url: str) -> Any:
    return zendesk_at(url).ticket(TICKET)


LENA_EMAIL = "lena.vogt@example.com"
INCIDENT_NUMBER = "1"
_keys = itertools.count(1)


def pagerduty_at(url: str) -> PagerDutyService:
    return PagerDutyService(f"{url}/pagerduty", "pd-sandbox", LENA_EMAIL, TIMEOUT_S)


def read_the_schedules(url: str) -> Any:
    return pagerduty_at(url).schedule_ids(["Support Manager - EMEA"])


def list_the_services(url: str) -> Any:
    return pagerduty_at(url).service_ids(["Customer Support"])


def list_the_policies(url: str) -> Any:
    return pagerduty_at(url).policy_ids(["Support Managers"])


def ask_who_is_on_call(url: str) -> Any:
    return pagerduty_at(url).on_call_for_policy("PECUST")


def look_for_a_user(url: str) -> Any:
    return pagerduty_at(url).has_user(LENA_EMAIL)


def page_the_pool(url: str) -> Any:
    return pagerduty_at(url).create_incident(
        service_id="PVPOOL", title="ZD#1", details="x", key=f"key {next(_keys)}", from_email=LENA_EMAIL
    )


def look_for_a_page(url: str) -> Any:
    return pagerduty_at(url).find_incidents("k", "PVPOOL", datetime(2026, 11, 17, tzinfo=UTC))


def list_the_emergencies(url: str) -> Any:
    return pagerduty_at(url).open_incidents(["PVCUST"])


def read_an_incident(url: str) -> Any:
    return pagerduty_at(url).incident(INCIDENT_NUMBER)


def acknowledge_an_incident(url: str) -> Any:
    return pagerduty_at(url).acknowledge(INCIDENT_NUMBER, LENA_EMAIL)


@dataclass(frozen=True)
class Deed:
    """One call of ours and the request in it that a fault is meant for."""

    service: str
    act: Callable[[str], Any]
    method: str
    path: str
    writes: bool = False

    @property
    def fault(self) -> dict[str, str]:
        return {"service": self.service, "method": self.method, "path": self.path}


DEEDS = [
    Deed("slack", post_a_message, "chat.postMessage", "/api/chat.postMessage", writes=True),
    Deed("slack", read_the_channels, "conversations.list", "/api/conversations.list"),
    Deed("gitlab", open_an_issue, "POST", "/api/v4/projects/*/issues", writes=True),
    Deed("gitlab", look_up_the_project, "GET", "/api/v4/projects/"),
    Deed("zendesk", note_a_ticket, "PUT", "/api/v2/tickets", writes=True),
    Deed("zendesk", read_a_ticket, "GET", "/api/v2/tickets/"),
    Deed("pagerduty", read_the_schedules, "GET", "/schedules"),
    Deed("pagerduty", list_the_services, "GET", "/services"),
    Deed("pagerduty", list_the_policies, "GET", "/escalation_policies"),
    Deed("pagerduty", ask_who_is_on_call, "GET", "/oncalls"),
    Deed("pagerduty", look_for_a_user, "GET", "/users"),
    Deed("pagerduty", page_the_pool, "POST", "/incidents", writes=True),
    Deed("pagerduty", look_for_a_page, "GET", "/incidents"),
    Deed("pagerduty", list_the_emergencies, "GET", "/incidents"),
    Deed("pagerduty", read_an_incident, "GET", "/incidents/"),
    Deed("pagerduty", acknowledge_an_incident, "PUT", "/incidents/", writes=True),
]
every_deed = pytest.mark.parametrize("deed", DEEDS, ids=lambda deed: deed.act.__name__)


@pytest.fixture
def sandbox(sandbox: Sandbox) -> Sandbox:
    """With one emergency, number 1."""
    sandbox.control("pagerduty/trigger", {"service": "Customer Support", "title": "ZD#123456"})
    return sandbox


def delay_of(deed: Deed, url: str) -> ServiceDelayed:
    with pytest.raises(ServiceDelayed) as caught:
        deed.act(url)
    assert caught.value.service == deed.service
    return caught.value


def attempts(sandbox: Sandbox, deed: Deed) -> int:
    """How often the request that the fault is meant for arrived."""
    return sum(1 for row in sandbox.requests(deed.service) if row["fault"])


@every_deed
@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "malformed", "empty"])
def test_an_answer_that_is_lost_or_broken_leaves_a_write_in_doubt(
    sandbox: Sandbox, deed: Deed, kind: str
) -> None:
    sandbox.fault(kind=kind, **deed.fault)
    delayed = delay_of(deed, sandbox.url)
    assert (delayed.maybe_done, delayed.may_still_run) == (deed.writes, kind not in ("malformed", "empty"))
    assert attempts(sandbox, deed) == 1


@every_deed
@pytest.mark.parametrize("kind", ["delay_before", "delay_after"])
def test_a_silent_vendor_is_a_time_out(sandbox: Sandbox, deed: Deed, kind: str) -> None:
    sandbox.fault(kind=kind, delay_s=TIMEOUT_S + 0.5, **deed.fault)
    delayed = delay_of(deed, sandbox.url)
    assert (delayed.maybe_done, delayed.may_still_run) == (deed.writes, True)


@every_deed
@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_broken_vendor_leaves_a_write_in_doubt(sandbox: Sandbox, deed: Deed, status: int) -> None:
    sandbox.fault(kind="status", status=status, **deed.fault)
    delayed = delay_of(deed, sandbox.url)
    assert (delayed.maybe_done, delayed.may_still_run) == (deed.writes, status == 502)
    assert attempts(sandbox, deed) == 1


@every_deed
def test_a_rate_limit_is_told_with_its_wait_and_nothing_was_done(sandbox: Sandbox, deed: Deed) -> None:
    sandbox.fault(kind="status", status=429, retry_after=7, **deed.fault)
    delayed = delay_of(deed, sandbox.url)
    assert (delayed.retry_after_s, delayed.maybe_done, delayed.may_still_run) == (7.0, False, False)
    assert attempts(sandbox, deed) == 1


@every_deed
def test_a_closed_door_means_that_nothing_was_done(deed: Deed) -> None:
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
    delayed = delay_of(deed, f"http://127.0.0.1:{port}")
    assert (delayed.maybe_done, delayed.may_still_run) == (False, False)


@every_deed
def test_after_a_fault_the_same_deed_succeeds(sandbox: Sandbox, deed: Deed) -> None:
    sandbox.fault(kind="status", status=503, times=1, **deed.fault)
    delay_of(deed, sandbox.url)
    deed.act(sandbox.url)


@every_deed
def test_no_error_quotes_a_secret(sandbox: Sandbox, deed: Deed) -> None:
    sandbox.fault(kind="status", status=403, **deed.fault)
    with pytest.raises(ServiceError) as caught:
        deed.act(sandbox.url)
    for secret in ("xoxb-sandbox", "glpat-sandbox", "sandbox-client-secret", "pd-sandbox"):
        assert secret not in str(caught.value)


@pytest.mark.parametrize(
    "deed", [deed for deed in DEEDS if deed.service != "slack"], ids=lambda d: d.act.__name__
)
@pytest.mark.parametrize(
    ("status", "reason"), [(403, "forbidden"), (404, "not_found"), (401, "unauthorized"), (400, "invalid")]
)
def test_a_no_is_a_refusal(sandbox: Sandbox, deed: Deed, status: int, reason: str) -> None:
    sandbox.fault(kind="status", status=status, **deed.fault)
    with pytest.raises(ServiceRefused) as caught:
        deed.act(sandbox.url)
    assert caught.value.reason == reason


def test_a_token_that_cannot_be_had_leaves_no_doubt_about_the_write(sandbox: Sandbox) -> None:
    sandbox.fault(service="zendesk", path="/oauth/tokens", kind="drop_after")
    with pytest.raises(ServiceDelayed) as caught:
        note_a_ticket(sandbox.url)
    assert not caught.value.maybe_done
