"""Names resolve where the services answer, are remembered where they do not, and complain with the mend."""

import time
from dataclasses import replace

import pytest

from starbot.services.gitlab import GitLabService
from starbot.services.names import Names, Wanted, resolve
from starbot.services.pagerduty import PagerDutyService
from starbot.services.slack import SlackService
from starbot.services.zendesk import ZendeskService
from tests.services.controls import TIMEOUT_S, Sandbox

Services = tuple[SlackService, GitLabService, ZendeskService, PagerDutyService]
WANTED = Wanted(
    channels=["support_ticket-attention-requests", "spt_managers"],
    groups=["supportmanagers"],
    emoji={"acknowledge": ["eyes"], "resolve": ["green-check-mark", "white_check_mark"]},
    project="gitlab-com/support/ticket-attention-requests",
    macro=["Support::Managers::Escalated Ticket"],
    schedules=["Support Manager - EMEA"],
)


@pytest.fixture
def services(
    slack: SlackService, gitlab: GitLabService, zendesk: ZendeskService, pagerduty: PagerDutyService
) -> Services:
    return slack, gitlab, zendesk, pagerduty


def test_every_name_has_its_id(services: Services) -> None:
    names = resolve(WANTED, *services)
    assert (names.missing, names.unknown) == ((), ())
    assert names.channels == {"support_ticket-attention-requests": "C0STARS", "spt_managers": "C0MANAG"}
    assert names.groups == {"supportmanagers": "S0MGRS"}
    assert names.emoji == {"acknowledge": "eyes", "resolve": "green-check-mark"}
    assert names.schedules == {"Support Manager - EMEA": "PSEMEA"}
    assert Names.model_validate_json(names.model_dump_json()) == names


def restarted(sandbox: Sandbox, slack_token: str = "xoxb-sandbox") -> Services:
    """Services that remember nothing."""
    return (
        SlackService(slack_token, f"{sandbox.url}/slack/api/", TIMEOUT_S),
        GitLabService(f"{sandbox.url}/gitlab", "glpat-sandbox", TIMEOUT_S),
        ZendeskService(f"{sandbox.url}/zendesk", "starbot", "sandbox-client-secret", "", "", TIMEOUT_S),
        PagerDutyService(f"{sandbox.url}/pagerduty", "pd-sandbox", None, TIMEOUT_S),
    )


@pytest.mark.parametrize("service", ["slack", "gitlab", "zendesk", "pagerduty"])
@pytest.mark.parametrize("kind", ["status", "drop_before", "drop_after", "malformed"])
def test_what_was_known_last_serves_while_a_service_is_down(
    services: Services, sandbox: Sandbox, service: str, kind: str
) -> None:
    before = resolve(WANTED, *services)
    sandbox.fault(service=service, kind=kind, status=503)
    names = resolve(WANTED, *restarted(sandbox), last=before)
    assert names == before.model_copy(update={"unknown": (service,)})
    sandbox.control("faults", method="DELETE")
    assert resolve(WANTED, *restarted(sandbox), last=names) == before


def test_silent_services_are_waited_for_all_at_once(sandbox: Sandbox) -> None:
    for service in ("slack", "gitlab", "zendesk", "pagerduty"):
        sandbox.fault(service=service, kind="delay_before", delay_s=TIMEOUT_S + 0.5)
    began = time.monotonic()
    names = resolve(WANTED, *restarted(sandbox))
    assert names.unknown == ("slack", "gitlab", "zendesk", "pagerduty")
    assert time.monotonic() - began < 2 * TIMEOUT_S


def test_a_service_that_fails_half_way_keeps_its_whole_part(services: Services, sandbox: Sandbox) -> None:
    before = resolve(WANTED, *services)
    sandbox.fault(service="slack", method="usergroups.list", kind="status", status=503)
    names = resolve(replace(WANTED, channels=["spt_managers"]), *restarted(sandbox), last=before)
    assert (names.channels, names.unknown) == (before.channels, ("slack",))


def test_a_refused_token_is_a_complaint_and_leaves_what_was_known(
    services: Services, sandbox: Sandbox
) -> None:
    before = resolve(WANTED, *services)
    names = resolve(WANTED, *restarted(sandbox, slack_token="xoxb-revoked"), last=before)
    complaint = "slack: list the channels (invalid_auth): unauthorized: check the slack token and its rights"
    assert names == before.model_copy(update={"missing": (complaint,)})


def test_a_first_start_without_a_service_leaves_its_part_empty(services: Services, sandbox: Sandbox) -> None:
    sandbox.fault(service="pagerduty", kind="drop_before")
    names = resolve(WANTED, *services)
    assert (names.schedules, names.unknown) == ({}, ("pagerduty",))
    assert names.channels and names.groups and names.emoji


def test_an_emoji_that_the_workspace_lacks_falls_to_its_next_alias(services: Services) -> None:
    emoji = {"resolve": ["no-such-mark", "white_check_mark"]}
    assert resolve(replace(WANTED, emoji=emoji), *services).emoji == {"resolve": "white_check_mark"}


def test_all_that_is_missing_is_told_at_once_with_the_mend(services: Services) -> None:
    wanted = Wanted(
        channels=["general", "nowhere"],
        groups=["nobody"],
        emoji={"escalate": ["no-such-mark"]},
        project="no/such/project",
        macro=["No such macro"],
        schedules=["No such schedule"],
    )
    assert resolve(wanted, *services).missing == (
        "Slack channel #nowhere: create it (invite the bot if it is private) or name another in [slack]",
        "Slack user group @nobody: create it or name another in [slack]",
        "Slack channel #general: invite the bot to it",
        "Slack emoji for escalate: none of its aliases exists",
        "GitLab project no/such/project: give the token's user a role in it",
        "Zendesk macro No such macro: create it or name another in [zendesk]",
        "PagerDuty schedule No such schedule: create it or name another in [[region]]",
    )


def test_a_token_without_rights_is_a_complaint_not_a_crash(services: Services, sandbox: Sandbox) -> None:
    refused = PagerDutyService(f"{sandbox.url}/pagerduty", "wrong", None, 1.0)
    names = resolve(WANTED, *services[:3], refused)
    assert names.missing == (
        "pagerduty: list the schedules: unauthorized: check the pagerduty token and its rights",
    )
