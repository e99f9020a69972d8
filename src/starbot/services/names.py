"""Every name that an organisation gave to its things, resolved to the id that the vendor knows.

Resolved at start where a service answers. Where it does not, the ids that were known last go on serving, so
that a vendor's outage never stops a restart. Names survive a round trip through JSON, to be remembered.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeAlias

from pydantic import BaseModel, ConfigDict

from starbot.errors import Service, ServiceDelayed, ServiceRefused
from starbot.services.gitlab import GitLabService
from starbot.services.pagerduty import PagerDutyService
from starbot.services.slack import SlackService
from starbot.services.zendesk import ZendeskService

STANDARD_EMOJI = {"eyes", "white_check_mark", "heavy_check_mark", "ballot_box_with_check", "rotating_light"}
"""Emoji that every workspace has, for where Slack lists only the workspace's own."""


_NO_CHANNEL = "Slack channel #{}: create it (invite the bot if it is private) or name another in [slack]"


@dataclass(frozen=True)
class Wanted:
    """The names as configured; `emoji` (by use) and `macro` hold aliases in order of preference."""

    channels: Sequence[str]
    groups: Sequence[str]
    emoji: Mapping[str, Sequence[str]]
    project: str
    macro: Sequence[str]
    schedules: Sequence[str]
    services: Sequence[str] = ()
    policies: Sequence[str] = ()


class Names(BaseModel):
    """Ids by configured name.

    `missing` says what a service does not have, with the mend. `unknown` lists the services that did not
    answer: their part is what was known last, if anything.
    """

    model_config = ConfigDict(frozen=True)

    channels: dict[str, str] = {}
    groups: dict[str, str] = {}
    emoji: dict[str, str] = {}
    schedules: dict[str, str] = {}
    services: dict[str, str] = {}
    policies: dict[str, str] = {}
    policies_of: dict[str, str] = {}
    """The escalation policy of each service, by the service's name."""
    missing: tuple[str, ...] = ()
    unknown: tuple[Service, ...] = ()


Part: TypeAlias = tuple[dict[str, Any], list[str]]
"""What one service answered: fields of Names, and complaints."""


def resolve(
    wanted: Wanted,
    slack: SlackService,
    gitlab: GitLabService,
    zendesk: ZendeskService,
    pagerduty: PagerDutyService,
    last: Names | None = None,
) -> Names:
    """Ask all four services at once; `last` serves for those that do not answer. Raises nothing of theirs."""
    asked: dict[Service, Callable[[], Part]] = {
        "slack": lambda: _slack(wanted, slack),
        "gitlab": lambda: _gitlab(wanted, gitlab),
        "zendesk": lambda: _zendesk(wanted, zendesk),
        "pagerduty": lambda: _pagerduty(wanted, pagerduty),
    }
    with ThreadPoolExecutor(len(asked)) as pool:
        answers = {service: pool.submit(_answer, service, ask) for service, ask in asked.items()}
    fields = (last or Names()).model_dump(exclude={"missing", "unknown"})
    missing: list[str] = []
    unknown: list[Service] = []
    for service, answer in answers.items():
        part = answer.result()
        if part is None:
            unknown.append(service)
        else:
            fields |= part[0]
            missing += part[1]
    return Names(**fields, missing=tuple(missing), unknown=tuple(unknown))


def _answer(service: Service, ask: Callable[[], Part]) -> Part | None:
    """None if the service is silent. A refusal is an answer: nothing new is known, somebody must mend it."""
    try:
        return ask()
    except ServiceDelayed:
        return None
    except ServiceRefused as no:
        return {}, [f"{no}: check the {service} token and its rights"]


def _slack(wanted: Wanted, slack: SlackService) -> Part:
    channels, groups, emoji = slack.channel_ids(), slack.group_ids(), slack.emoji_names()
    missing = [
        *_absent(wanted.channels, channels, _NO_CHANNEL),
        *_absent(wanted.groups, groups, "Slack user group @{}: create it or name another in [slack]"),
        *(
            f"Slack channel #{name}: invite the bot to it"
            for name in wanted.channels
            if name in channels and not channels[name].is_member
        ),
    ]
    used = {use: _first(aliases, emoji | STANDARD_EMOJI) for use, aliases in wanted.emoji.items()}
    missing += [f"Slack emoji for {use}: none of its aliases exists" for use in used if not used[use]]
    return {
        "channels": {name: channels[name].id for name in wanted.channels if name in channels},
        "groups": {name: groups[name] for name in wanted.groups if name in groups},
        "emoji": {use: name for use, name in used.items() if name},
    }, missing


def _gitlab(wanted: Wanted, gitlab: GitLabService) -> Part:
    """The project's path serves as its id; it need only be there."""
    try:
        gitlab.project_id(wanted.project)
    except ServiceRefused as no:
        if no.reason not in ("project_missing", "not_found"):
            raise
        return {}, [f"GitLab project {wanted.project}: give the token's user a role in it"]
    return {}, []


def _zendesk(wanted: Wanted, zendesk: ZendeskService) -> Part:
    """The macro's id is looked up again when it is applied; it need only be there."""
    try:
        zendesk.macro_id(wanted.macro)
    except ServiceRefused as no:
        if no.reason != "macro_missing":
            raise
        return {}, [f"Zendesk macro {wanted.macro[0]}: create it or name another in [zendesk]"]
    return {}, []


def _pagerduty(wanted: Wanted, pagerduty: PagerDutyService) -> Part:
    schedules = pagerduty.schedule_ids(wanted.schedules)
    services = pagerduty.service_ids(wanted.services) if wanted.services else {}
    policies_of = pagerduty.policies_of(wanted.services) if wanted.services else {}
    policies = pagerduty.policy_ids(wanted.policies) if wanted.policies else {}
    found = {"schedules": schedules, "services": services, "policies": policies, "policies_of": policies_of}
    return found, [
        *_absent(
            wanted.schedules, schedules, "PagerDuty schedule {}: create it or name another in [[region]]"
        ),
        *_absent(wanted.services, services, "PagerDuty service {}: create it or name another in [paging]"),
        *_absent(
            wanted.policies, policies, "PagerDuty escalation policy {}: create it or name another in [paging]"
        ),
    ]


def _absent(names: Iterable[str], found: Mapping[str, object], complaint: str) -> list[str]:
    return [complaint.format(name) for name in names if name not in found]


def _first(aliases: Iterable[str], emoji: set[str]) -> str | None:
    return next((name for name in aliases if name in emoji), None)
