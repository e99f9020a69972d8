"""What the services send is what the vendors document."""

from datetime import UTC, datetime, timedelta

from starbot.services.gitlab import GitLabService
from starbot.services.pagerduty import PagerDutyService
from starbot.services.slack import SlackService
from starbot.services.zendesk import ZendeskService
from tests.sandbox.specs import check_request, needs_specs
from tests.services.controls import Sandbox

PROJECT = "gitlab-com/support/ticket-attention-requests"
TICKET = 123456
START = datetime(2026, 11, 17, 14, tzinfo=UTC)
MARKER = "a" * 16
BLOCKS = [{"type": "section", "text": {"type": "mrkdwn", "text": "hello"}}]


def complaints(sandbox: Sandbox, service: str) -> set[str]:
    rows = sandbox.requests(service)
    assert rows
    return {
        complaint
        for row in rows
        for complaint in check_request(service, row["method"], row["path"], row["query"], row["request"])
    }


@needs_specs
def test_slack_is_asked_as_documented(slack: SlackService, sandbox: Sandbox) -> None:
    slack.standing()
    slack.check_app_token("xapp-sandbox")
    root = slack.post("C0STARS", "root", BLOCKS, key="k")
    reply = slack.post("C0STARS", "reply", thread_ts=root.ts, broadcast=True, key="k2")
    slack.find_post("C0STARS", "k")
    slack.find_post("C0STARS", "k2", thread_ts=root.ts)
    slack.update(reply, "changed", BLOCKS)
    slack.ephemeral("C0STARS", "U0LENA", "hello", root.ts)
    slack.read_message("C0STARS", reply.ts)
    slack.react(root, "eyes")
    slack.unreact(root, "eyes")
    slack.open_dm("U0LENA")
    slack.channel_ids()
    slack.emoji_names()
    slack.group_members(slack.group_ids()["supportmanagers"])
    slack.user_id_by_email("lena.vogt@example.com")
    slack.user_name("U0LENA")
    assert complaints(sandbox, "slack") == set()


@needs_specs
def test_gitlab_is_asked_as_documented(gitlab: GitLabService, sandbox: Sandbox) -> None:
    number = gitlab.project_id(PROJECT)
    gitlab.project(PROJECT)
    gitlab.label_names(number)
    issue = gitlab.open_issue(
        PROJECT,
        title="STAR",
        description="text",
        labels=["unstarred"],
        confidential=True,
        assignee_id=gitlab.user_id("lvogt"),
        marker=MARKER,
    )
    gitlab.find_issues(PROJECT, MARKER, START)
    gitlab.note(PROJECT, issue.iid, "text", marker=MARKER, internal=True)
    gitlab.find_note(PROJECT, issue.iid, MARKER)
    gitlab.update_issue(
        PROJECT,
        issue.iid,
        title="STAR 2",
        description="more",
        marker=MARKER,
        assignee_id=0,
        add_labels=["Escalation::License-Issue"],
        state_event="close",
    )
    assert complaints(sandbox, "gitlab") == set()


@needs_specs
def test_zendesk_is_asked_as_documented(zendesk: ZendeskService, sandbox: Sandbox) -> None:
    zendesk.whoami()
    zendesk.macros()
    zendesk.ticket_field_titles()
    zendesk.ticket_form_names()
    zendesk.ticket(TICKET)
    zendesk.note(TICKET, "text", add_tags=["star_submitted"], key="k")
    zendesk.has_key(TICKET, "k")
    preview = zendesk.preview_macro(TICKET, zendesk.macro_id(["Support::Managers::Escalated Ticket"]))
    zendesk.apply_macro(TICKET, preview, comment="text", key="k2")
    zendesk.public_reply(TICKET, "text", key="k3")
    assert complaints(sandbox, "zendesk") == set()


@needs_specs
def test_pagerduty_is_asked_as_documented(pagerduty: PagerDutyService, sandbox: Sandbox) -> None:
    pagerduty.key_owner()
    pagerduty.has_user("lena.vogt@example.com")
    schedules = list(pagerduty.schedule_ids(["Support Manager - EMEA"]).values())
    pagerduty.on_call(schedules, since=START, until=START + timedelta(days=1))
    [service] = pagerduty.service_ids(["Customer Support"]).values()
    [policy] = pagerduty.policy_ids(["Support Managers"]).values()
    pagerduty.on_call_for_policy(policy)
    page = pagerduty.create_incident(
        service_id=service,
        title="ZD#123456",
        details="text",
        key="k",
        from_email="lena.vogt@example.com",
        escalation_policy_id=policy,
    )
    pagerduty.find_incidents("k", service, START)
    pagerduty.open_incidents([service])
    pagerduty.incident(page.id)
    pagerduty.acknowledge(page.id, "lena.vogt@example.com")
    assert complaints(sandbox, "pagerduty") == set()
