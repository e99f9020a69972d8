"""What the doctor asks the services: who we are to each vendor, and what we may do there."""

import time
from datetime import date, timedelta

import pytest

from starbot.errors import ServiceRefused
from starbot.services.clock import skew_s
from starbot.services.gitlab import GitLabService
from starbot.services.pagerduty import PagerDutyService
from starbot.services.slack import SlackService
from starbot.services.zendesk import Agent, ZendeskService
from tests.services.controls import TIMEOUT_S, Sandbox

PROJECT = "gitlab-com/support/ticket-attention-requests"
MACRO = "Support::Managers::Escalated Ticket"


def test_slack_tells_the_scopes_that_were_granted(slack: SlackService) -> None:
    standing = slack.standing()
    assert standing.identity.user_id == "U0STARBOT"
    assert standing.scopes is not None and {"chat:write", "emoji:read"} <= standing.scopes


def test_an_app_level_token_is_tried_without_a_connection(slack: SlackService, sandbox: Sandbox) -> None:
    slack.check_app_token("xapp-sandbox")
    with pytest.raises(ServiceRefused) as no:
        slack.check_app_token("xapp-other")
    assert no.value.reason == "unauthorized"
    with pytest.raises(ServiceRefused) as no:
        slack.check_app_token("xoxb-sandbox")
    assert no.value.reason == "invalid"
    assert [row["path"] for row in sandbox.requests("slack")] == ["/slack/api/apps.connections.open"] * 3


def test_gitlab_tells_what_a_token_is(gitlab: GitLabService, sandbox: Sandbox) -> None:
    assert gitlab.own_token() == ("starbot", frozenset({"api"}), None)
    sandbox.control("gitlab/act", {"action": "token", "expires_in_days": 10, "scopes": ["read_api", "api"]})
    told = gitlab.own_token()
    assert (told.expires, told.scopes) == (date(2026, 11, 17) + timedelta(days=10), {"read_api", "api"})


def test_a_revoked_token_is_refused(gitlab: GitLabService, sandbox: Sandbox) -> None:
    sandbox.control("gitlab/act", {"action": "token", "revoked": True})
    with pytest.raises(ServiceRefused) as no:
        gitlab.own_token()
    assert no.value.reason == "unauthorized"


def test_gitlab_tells_how_a_project_is_set_up(gitlab: GitLabService, sandbox: Sandbox) -> None:
    assert gitlab.project(PROJECT) == (101, "private", True, False)
    change = {"action": "project", "visibility": "internal", "issues_enabled": False, "archived": True}
    sandbox.control("gitlab/act", change)
    assert gitlab.project(PROJECT) == (101, "internal", False, True)
    assert gitlab.label_names(101) == {"Escalation::License-Issue", "Escalation::Response-Time", "unstarred"}


def test_a_role_is_told_and_a_stranger_has_none(gitlab: GitLabService) -> None:
    lena, bot = gitlab.user_id("lvogt"), gitlab.whoami()[0]
    assert lena is not None
    assert (gitlab.access_level(101, lena), gitlab.access_level(101, bot)) == (30, 20)
    assert gitlab.access_level(101, 1) == 0


def test_members_are_told_from_strangers(gitlab: GitLabService, sandbox: Sandbox) -> None:
    assert gitlab.members_among(101, ["lvogt", "mtanaka", "nobody"]) == {"lvogt", "mtanaka"}
    asked = [row for row in sandbox.requests("gitlab") if row["path"].endswith("/members/all")]
    assert "user_ids%5B%5D=2003" in asked[0]["query"] or "user_ids[]=2003" in asked[0]["query"]
    assert gitlab.members_among(101, ["nobody"]) == set()


def test_zendesk_tells_which_agent_we_are(zendesk: ZendeskService, sandbox: Sandbox) -> None:
    assert zendesk.whoami() == Agent("GitLab Support Bot", "agent", False, False, False, "")
    limits = {
        "role_type": 1,
        "only_private_comments": True,
        "ticket_restriction": "groups",
        "suspended": True,
    }
    sandbox.control("zendesk/act", {"action": "limit_agent", **limits})
    assert zendesk.whoami() == Agent("GitLab Support Bot", "agent", True, True, True, "groups")


@pytest.mark.parametrize(("is_public", "is_active"), [(True, True), (False, False)])
def test_zendesk_tells_whether_a_macro_is_active_and_public(
    zendesk: ZendeskService, sandbox: Sandbox, is_public: bool, is_active: bool
) -> None:
    sandbox.control("zendesk/act", {"action": "set_macro_public", "public": is_public})
    sandbox.control("zendesk/act", {"action": "set_macro_active", "active": is_active})
    [macro] = [one for one in zendesk.macros() if one.title == MACRO]
    assert (macro.is_active, macro.writes, macro.is_public) == (is_active, True, is_public)


def test_zendesk_tells_fields_and_forms(zendesk: ZendeskService) -> None:
    assert "GitLab Plan" in zendesk.ticket_field_titles()
    assert "Self-Managed" in zendesk.ticket_form_names()


def test_pagerduty_tells_whose_key_it_is_and_whom_it_knows(
    pagerduty: PagerDutyService, sandbox: Sandbox
) -> None:
    assert pagerduty.key_owner() == ""
    assert pagerduty.has_user("LENA.vogt@example.com")
    assert not pagerduty.has_user("lena")
    with pytest.raises(ServiceRefused):
        PagerDutyService(f"{sandbox.url}/pagerduty", "wrong", None, TIMEOUT_S).key_owner()


@pytest.mark.parametrize(
    "path", ["slack/api/api.test", "gitlab/api/v4/version", "zendesk/x", "pagerduty/abilities"]
)
def test_any_answer_tells_the_time(sandbox: Sandbox, path: str) -> None:
    ahead = skew_s(f"{sandbox.url}/{path}", TIMEOUT_S)
    assert ahead is not None and abs(ahead) < 2
    sandbox.fault(service=path.partition("/")[0], kind="clock", skew_s=-120)
    ahead = skew_s(f"{sandbox.url}/{path}", TIMEOUT_S)
    assert ahead is not None and -122 < ahead < -118


def test_nobody_tells_no_time(sandbox: Sandbox) -> None:
    assert skew_s("http://127.0.0.1:9", TIMEOUT_S) is None
    sandbox.fault(service="gitlab", kind="delay_before", delay_s=5)
    began = time.monotonic()
    assert skew_s(f"{sandbox.url}/gitlab", 0.3) is None
    assert time.monotonic() - began < 3
