"""Names resolve where the services answer, are remembered where they do not, and complain with the mend."""

from dataclasses import replace

import pytest

from starbot.services.gitlab import GitLabService
from starbot.services.names import Names, Wanted, resolve
from starbot.services.pagerduty import PagerDutyService
from starbot.services.slack import SlackService
from starbot.services.zendesk import ZendeskService
from tests.services.controls import Sandbox

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
    assert names.project_id == 101
    assert names.macro_id is not None
    assert names.schedules == {"Support Manager - EMEA": "PSEMEA"}
    assert Names.model_validate_json(names.model_dump_json()) == names


@pytest.mark.parametrize("service", ["slack", "gitlab", "zendesk", "pagerduty"])
def test_what_was_known_last_serves_while_a_service_is_down(
    services: Services, sandbox: Sandbox, service: str
) -> None:
    before = resolve(WANTED, *services)
    sandbox.fault(service=service, kind="status", status=503)
    fresh = (
        SlackService("xoxb-sandbox", f"{sandbox.url}/slack/api/", 1.0),
        GitLabService(f"{sandbox.url}/gitlab", "glpat-sandbox", 1.0),
        ZendeskService(f"{sandbox.url}/zendesk", "starbot", "sandbox-client-secret", "", "", 1.0),
        PagerDutyService(f"{sandbox.url}/pagerduty", "pd-sandbox", None, 1.0),
    )
    names = resolve(WANTED, *fresh, last=before)
    assert names == before.model_copy(update={"unknown": (service,)})


def test_a_first_start_without_a_service_leaves_its_part_empty(services: Services, sandbox: Sandbox) -> None:
    sandbox.fault(service="gitlab", kind="drop_before")
    names = resolve(WANTED, *services)
    assert (names.project_id, names.unknown) == (None, ("gitlab",))
    assert names.channels


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
        "Slack channel #nowhere: create it or name another in [slack]",
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
