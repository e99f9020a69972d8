"""The world `weekday`: Tuesday 2026-11-17, 14:00 UTC, whenever it is run.

Channels, groups, emoji, labels, macros, services and policies carry the names of GitLab Support's public
handbook; people, customers and tickets are invented.
"""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from starbot_sandbox.gitlab.seed import GitLabLabel, GitLabProject, GitLabSeed, GitLabUser
from starbot_sandbox.pagerduty.seed import (
    EscalationPolicy,
    EscalationRule,
    PagerDutySeed,
    PagerDutyUser,
    Schedule,
    Service,
)
from starbot_sandbox.scenarios.cast import (
    CASEY,
    ENGINEERS,
    MANAGERS,
    NOAH,
    PEOPLE,
    PRIYA,
    ZONES,
    Person,
    engineers_of,
    managers_of,
)
from starbot_sandbox.scenarios.seed import Card, Seed
from starbot_sandbox.scenarios.tickets import (
    CONTACTS,
    FORMS,
    GROUPS,
    ORGANIZATIONS,
    STRAY,
    TICKET_FIELDS,
    tickets,
)
from starbot_sandbox.slack.seed import (
    Colleague,
    FormField,
    SlackChannel,
    SlackGroup,
    SlackSeed,
    SlackTeam,
    SlackUser,
)
from starbot_sandbox.zendesk.seed import Macro, ZendeskSeed, ZendeskUser

NOW = datetime(2026, 11, 17, 14, 0, tzinfo=UTC)
REGIONS = ("APAC", "EMEA", "AMER")
AGENTS = tuple(one for one in (*MANAGERS, *ENGINEERS) if one.name != "Sofia Rossi")
"""Whose Zendesk account the people file knows: the app under test must cope with an engineer it cannot assign."""
BOT_SLACK = "U0STARBOT"
BOT_GITLAB = GitLabUser(9001, "gl-support-bot", "GitLab Support Bot", "gl-support-bot@example.com", bot=True)
STRANGER = SlackUser(
    id="U0STRANGE",
    name="stella.stranger",
    real_name="Stella Stranger",
    title="Consultant",
    team=SlackTeam("T0ELSEWHERE", "elsewhere"),
    is_stranger=True,
)
"""Somebody of another company: the STAR channel is shared with them by Slack Connect."""
CARD = Card(
    "A weekday",
    "Tuesday 14:00 UTC. Lena Vogt is the manager on call. Aurora Robotics waits for an answer on ticket 123456.",
    (
        "As Casey Lin, send the STAR form and watch the four systems.",
        "As Lena Vogt, add :eyes: to the form post, triage it, and resolve it with :green-check-mark:.",
        "File another one while GitLab is down.",
    ),
)
FORM = (
    FormField("Ticket", "123456"),
    FormField("Urgency", "Urgent", ("Urgent", "Timely", "Not Urgent")),
    FormField("Customer", "Aurora Robotics"),
    FormField("Plan", "Ultimate", ("Ultimate", "Premium", "Starter")),
    FormField(
        "Reason this ticket needs additional attention",
        "They go live tomorrow and background jobs pile up.",
        long=True,
    ),
    FormField("Desired result", "An engineer looks at the logs today.", long=True),
)
BOT_ZENDESK = ZendeskUser(9001, "GitLab Support Bot", "starbot@example.com", "agent")


def weekday() -> Seed:
    """A quiet working day: Lena Vogt (EMEA) is the manager on call."""
    return Seed(
        now=NOW, slack=_slack(), gitlab=_gitlab(), zendesk=_zendesk(), pagerduty=_pagerduty(), card=CARD
    )


def _slack() -> SlackSeed:
    return SlackSeed(
        users=(*(_slack_user(person) for person in PEOPLE), STRANGER),
        channels=_channels(),
        groups=_groups(),
        emoji={
            name: f"https://emoji.slack-edge.com/T0SANDBOX/{name}/0123456789abcdef.png"
            for name in ("green-check-mark", "escalate", "support-ticket-attention-request")
        },
        colleagues=tuple(
            Colleague(
                one.name,
                one.email,
                one.slack,
                one.gitlab,
                one.pagerduty,
                one.region,
                str(one.zendesk_id) if one in AGENTS else "",
            )
            for one in PEOPLE
            if one.role != "guest"
        ),
        form=FORM,
        form_channel="C0STARS",
    )


def _slack_user(person: Person) -> SlackUser:
    return SlackUser(
        id=person.slack,
        name=person.short_name,
        real_name=person.name,
        email=person.email,
        tz=person.time_zone,
        title=person.title,
        is_restricted=person.role == "guest",
    )


def _channels() -> tuple[SlackChannel, ...]:
    everybody = _ids(PEOPLE)
    support = _ids((*MANAGERS, *ENGINEERS))
    staff = (*support, *_ids((CASEY, NOAH, PRIYA)))
    in_stars = _ids(tuple(one for one in PEOPLE if one != PRIYA))
    bot = (BOT_SLACK,)
    return (
        SlackChannel("C0STARS", "support_ticket-attention-requests", (*bot, *in_stars, STRANGER.id)),
        SlackChannel("C0SELFM", "support_self-managed", (*bot, *staff)),
        SlackChannel("C0GLCOM", "support_gitlab-com", (*bot, *staff)),
        SlackChannel("C0LICEN", "support_licensing-subscription", (*bot, *staff)),
        SlackChannel("C0MANAG", "spt_managers", (*bot, *_ids(MANAGERS)), is_private=True),
        SlackChannel("C0ONCAL", "spt_on-call", (*bot, *support)),
        SlackChannel("C0GENER", "general", everybody),
    )


def _groups() -> tuple[SlackGroup, ...]:
    def team(region: str) -> tuple[str, ...]:
        return _ids((*managers_of(region), *engineers_of(region)))

    return (
        SlackGroup("S0SMOC", "support-manager-oncall", "Support Manager on call", ("U0LENA",)),
        SlackGroup("S0MGRS", "supportmanagers", "Support Managers", _ids(MANAGERS)),
        SlackGroup("S0APAC", "support-team-apac", "Support Team APAC", team("APAC")),
        SlackGroup("S0EMEA", "support-team-emea", "Support Team EMEA", team("EMEA")),
        SlackGroup("S0AMER", "support-team-americas", "Support Team Americas", team("AMER")),
        SlackGroup("S0CEOC", "ceoc", "Customer Emergencies on call", _ids(engineers_of("EMEA")[:1])),
    )


def _ids(people: tuple[Person, ...]) -> tuple[str, ...]:
    return tuple(person.slack for person in people)


def _gitlab() -> GitLabSeed:
    people = tuple(GitLabUser(one.gitlab_id, one.gitlab, one.name, one.email) for one in PEOPLE if one.gitlab)
    members = (*(one.id for one in people), BOT_GITLAB.id)
    star_labels = (
        GitLabLabel(301, "Escalation::License-Issue", "#d9534f"),
        GitLabLabel(302, "Escalation::Response-Time", "#f0ad4e"),
        GitLabLabel(303, "unstarred", "#7f8c8d", "The request did not qualify as a STAR"),
    )
    feedback_labels = (
        GitLabLabel(311, "ssat-manager-contacted-customer", "#5cb85c"),
        GitLabLabel(312, "SSAT::Contact", "#428bca"),
    )
    return GitLabSeed(
        users=(*people, BOT_GITLAB),
        projects=(
            GitLabProject(
                101,
                "gitlab-com/support/ticket-attention-requests",
                "Ticket Attention Requests",
                members,
                star_labels,
                reporters=(BOT_GITLAB.id,),
            ),
            GitLabProject(102, "gitlab-com/support/feedback", "Feedback", members, feedback_labels),
            GitLabProject(103, "gitlab-com/support/support-team-meta", "Support Team Meta", members),
        ),
        tokens={"glpat-sandbox": BOT_GITLAB.id},
    )


def _macros() -> tuple[Macro, ...]:
    def reply(number: int, title: str, text: str, *more: dict[str, str]) -> Macro:
        return Macro(number, title, ({"field": "comment_value", "value": text}, *more))

    def private(number: int, title: str, text: str, *more: dict[str, str]) -> Macro:
        note = {"field": "comment_mode_is_public", "value": "false"}
        return reply(number, title, text, note, *more)

    def tag(name: str) -> dict[str, str]:
        return {"field": "current_tags", "value": name}

    return (
        private(
            801,
            "Support::Managers::Escalated Ticket",
            "STAR issue: ISSUE_LINK\nDiscussion: THREAD_LINK\nA Support Manager is looking at this ticket.",
            tag("escalated_ticket"),
        ),
        private(
            802,
            "Support::Managers::Trigger manual emergency",
            "A manual emergency was triggered for ticket {{ticket.id}}.",
            tag("manual_emergency"),
        ),
        reply(
            803,
            "Incident::Compromised Instance",
            "Please shut the instance down and restore a backup on a new server with the same version.",
            tag("compromised_instance"),
        ),
        reply(
            804,
            "General::Outbound Contact Request",
            "Hello {{ticket.requester.first_name}}, we are writing on behalf of another GitLab team.",
            {"field": "status", "value": "pending"},
        ),
        private(
            805,
            "General::Emergency::Strict Definition",
            "This is an emergency by definition.",
            tag("emergency_strict"),
        ),
        private(
            806,
            "General::Emergency::Exception",
            "Handled as an emergency by exception.",
            tag("emergency_exception"),
        ),
        reply(
            807,
            "General::Emergency::Needs more info",
            "Please tell us who is affected and since when.",
            tag("emergency_info"),
        ),
        reply(
            808,
            "General::Emergency::Not an Emergency",
            "We will handle this with the usual priority.",
            tag("emergency_no"),
        ),
        private(
            809,
            "Downgrade emergency ticket",
            "Downgraded to high.",
            {"field": "priority", "value": "high"},
        ),
        reply(
            810,
            "Support::Customer Calls::Call Completed - Summary",
            "Thank you for the call. In summary:",
            tag("call_completed"),
        ),
        reply(811, "Upgrade Request Missing Info", "Please send us your upgrade plan.", tag("upgrade_info")),
        private(812, "Handover Ticket Summary", "Handover summary:", tag("handover")),
        private(813, "Support::Rehome::Initiate Rehome", "Rehome initiated.", tag("rehome_initiated")),
        private(814, "Support::Rehome::Complete Rehome", "Rehome completed.", tag("rehome_received")),
        private(815, "Support::Rehome::Do Not Rehome", "Not to be rehomed.", tag("rehome_no")),
        private(816, "Support::Rehome::Cancel Rehome", "Rehome cancelled.", tag("rehome_cancelled")),
    )


def _zendesk() -> ZendeskSeed:
    agents = tuple(
        ZendeskUser(one.zendesk_id, one.name, one.email, "agent") for one in (*MANAGERS, *ENGINEERS)
    )
    staff = tuple(ZendeskUser(one.zendesk_id, one.name, one.email) for one in (CASEY, NOAH))
    return ZendeskSeed(
        users=(*agents, *staff, *CONTACTS, STRAY, BOT_ZENDESK),
        organizations=ORGANIZATIONS,
        groups=GROUPS,
        ticket_fields=TICKET_FIELDS,
        ticket_forms=FORMS,
        macros=_macros(),
        tickets=tickets(NOW),
        bot_user_id=BOT_ZENDESK.id,
    )


# 2022 values of the handbook, in Amsterdam time: (first hour, hours).
_SHIFTS = {"APAC": (1, 8), "EMEA": (9, 8), "AMER": (17, 8)}
_EPOCH = datetime(2026, 11, 16, 9, 0, tzinfo=ZoneInfo("Europe/Amsterdam"))


def _manager_schedule(region: str) -> Schedule:
    first_hour, hours = _SHIFTS[region]
    return Schedule(
        id=f"PS{region}",
        name=f"Support Manager - {region}",
        users=tuple(one.pagerduty for one in managers_of(region)),
        epoch=_EPOCH,
        starts_hour=first_hour,
        hours=hours,
    )


def _engineer_schedule(region: str) -> Schedule:
    first_hour, hours = _SHIFTS[region]
    return Schedule(
        id=f"PSCE{region}",
        name=f"Customer Emergencies - {region}",
        users=tuple(one.pagerduty for one in engineers_of(region)),
        epoch=_EPOCH,
        starts_hour=first_hour,
        hours=hours,
    )


def _pagerduty() -> PagerDutySeed:
    director = PagerDutyUser("PDIRECT", "Dana Okafor", "dana.okafor@example.com", job_title="Director")
    people = tuple(
        PagerDutyUser(one.pagerduty, one.name, one.email, one.time_zone, one.title)
        for one in PEOPLE
        if one.pagerduty
    )
    managers = tuple(f"PS{region}" for region in REGIONS)
    engineers = tuple(f"PSCE{region}" for region in REGIONS)
    apac_volunteers = tuple(one.pagerduty for one in engineers_of("APAC"))
    cmoc = Schedule(
        "PSCMOC", "Incident Management - CMOC", ("PENG06", "PENG10"), _EPOCH, time_zone=ZONES["EMEA"]
    )
    ssat = Schedule("PSSSAT", "SSAT Reviewing Manager", tuple(one.pagerduty for one in MANAGERS), _EPOCH)
    return PagerDutySeed(
        users=(*people, director),
        schedules=(
            *(_manager_schedule(region) for region in REGIONS),
            *(_engineer_schedule(region) for region in REGIONS),
            cmoc,
            ssat,
        ),
        policies=(
            EscalationPolicy(
                "PECUST",
                "Customer Emergency Rotation",
                (EscalationRule(10, engineers), EscalationRule(5, managers), EscalationRule(5, ("PDIRECT",))),
            ),
            EscalationPolicy(
                "PEMGRS",
                "Support Managers",
                (EscalationRule(5, managers), EscalationRule(5, ("PDIRECT",))),
            ),
            EscalationPolicy(
                "PEPOOL", "Customer Emergencies - APAC Backup Pool", (EscalationRule(30, apac_volunteers),)
            ),
            EscalationPolicy(
                "PEFED",
                "US Federal Customer Emergency Rotation",
                (EscalationRule(15, ("PSCEAMER",)), EscalationRule(15, ("PSAMER",))),
            ),
            EscalationPolicy(
                "PESENR", "Senior Support Managers", (EscalationRule(5, ("PMARIA", "PDIRECT")),)
            ),
            EscalationPolicy("PECMOC", "Incident Management - CMOC", (EscalationRule(15, ("PSCMOC",)),)),
        ),
        services=(
            Service("PVCUST", "Customer Support", "PECUST", "Emergencies of customers"),
            Service("PVPOOL", "Customer Emergencies - APAC Backup Pool", "PEPOOL", "Volunteers, weekends"),
            Service("PVMGRS", "Support Managers", "PEMGRS", "The manager on call"),
            Service("PVSENR", "Senior Support Managers", "PESENR", "When the manager on call needs help"),
            Service("PVFED", "Customer Support - US Federal", "PEFED"),
            Service("PVCMOC", "Incident Management - CMOC", "PECMOC"),
            Service("PVGDCM", "Incident Management - GDCMOC", "PECMOC"),
        ),
        user_tokens={"pd-sandbox-lena": "PLENA"},
    )
