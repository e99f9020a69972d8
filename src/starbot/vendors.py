"""The clients of the four vendors, made from the settings; the only place that makes them."""

from collections.abc import Callable
from typing import NamedTuple

from starbot.engine.patience import GO_ON_AFTER_S
from starbot.services.clock import SandboxClock, SystemClock
from starbot.services.gitlab import GitLabService
from starbot.services.pagerduty import PagerDutyService
from starbot.services.people import People, PeopleFile
from starbot.services.slack import SlackService
from starbot.services.zendesk import ZendeskService
from starbot.settings import Settings


class Services(NamedTuple):
    """The four vendors, and who is who in them."""

    slack: SlackService
    gitlab: GitLabService
    zendesk: ZendeskService
    pagerduty: PagerDutyService
    people: People


class Kinds(NamedTuple):
    """What makes each service; a dry run has its own."""

    slack: Callable[..., SlackService] = SlackService
    gitlab: Callable[..., GitLabService] = GitLabService
    zendesk: Callable[..., ZendeskService] = ZendeskService
    pagerduty: Callable[..., PagerDutyService] = PagerDutyService


def services_of(settings: Settings, kinds: Kinds | None = None, *, patient: bool = False) -> Services:
    """The services as configured. SetupError where the people file cannot be read.

    No look at PagerDuty is waited for longer than an announcement may take, unless `patient`: then the remembered
    schedule counts.
    """
    env, limits, make = settings.env, settings.limits, kinds or Kinds()
    pagerduty_s = limits.pagerduty.timeout_s
    return Services(
        make.slack(env.slack_bot_token.get_secret_value(), env.slack_api_url, limits.slack.timeout_s),
        make.gitlab(env.gitlab_url, env.gitlab_token.get_secret_value(), limits.gitlab.timeout_s),
        make.zendesk(
            env.zendesk_url,
            env.zendesk_client_id,
            env.zendesk_client_secret.get_secret_value(),
            env.zendesk_email,
            env.zendesk_token.get_secret_value(),
            limits.zendesk.timeout_s,
        ),
        make.pagerduty(
            env.pagerduty_url,
            env.pagerduty_token.get_secret_value(),
            env.pagerduty_from or None,
            pagerduty_s if patient else min(GO_ON_AFTER_S, pagerduty_s),
            pagerduty_s,
        ),
        PeopleFile.read(env.people) if env.people else People(),
    )


def clock_of(settings: Settings) -> SystemClock | SandboxClock:
    """The machine's clock, or the sandbox's where one is named."""
    return SandboxClock(settings.env.sandbox_clock) if settings.env.sandbox_clock else SystemClock()
