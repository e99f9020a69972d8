"""The thirty tickets of the weekday world, with their customers, conversations and SLA clocks.

All names are invented. Forms, plans and metrics are those of GitLab Support's public pages.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

from starbot_sandbox.scenarios.cast import CASEY, ENGINEERS, NOAH
from starbot_sandbox.zendesk.seed import (
    Group,
    Organization,
    SeedComment,
    SeedTicket,
    SlaMetric,
    TicketField,
    TicketForm,
    ZendeskUser,
)

PLAN_FIELD, REGION_FIELD, GROUP_URL_FIELD = 360001, 360002, 360003
TICKET_FIELDS = (
    TicketField(PLAN_FIELD, "GitLab Plan", "tagger"),
    TicketField(REGION_FIELD, "Preferred Region for Support", "tagger"),
    TicketField(GROUP_URL_FIELD, "GitLab.com group URL", "text"),
)

FORMS = (
    TicketForm(501, "SaaS"),
    TicketForm(502, "SaaS Account"),
    TicketForm(503, "Self-Managed"),
    TicketForm(504, "L&R"),
    TicketForm(505, "Open Partner"),
    TicketForm(506, "Select Partner"),
    TicketForm(507, "Alliance Partner"),
    TicketForm(508, "Internal Request"),
    TicketForm(509, "Emergency"),
)
FORM_IDS = {form.name: form.id for form in FORMS}

GROUPS = (Group(601, "Support"), Group(602, "Licensing and Renewals"), Group(603, "Support Managers"))


class Customer(NamedTuple):
    """An organisation and the person there who writes to Support."""

    key: str
    id: int
    name: str
    domain: str
    plan: str
    region: str
    contact: str


CUSTOMERS = (
    Customer("aurora", 701, "Aurora Robotics", "aurora-robotics.example", "Ultimate", "EMEA", "Nadia Petit"),
    Customer("borealis", 702, "Borealis Bank", "borealisbank.example", "Ultimate", "EMEA", "Erik Lund"),
    Customer("cedar", 703, "Cedar Health", "cedarhealth.example", "Premium", "AMER", "Priscilla Dunn"),
    Customer("delta", 704, "Delta Freight", "deltafreight.example", "Premium", "AMER", "Joel Whitman"),
    Customer("ember", 705, "Ember Games", "embergames.example", "Premium", "APAC", "Haruka Endo"),
    Customer("fjord", 706, "Fjord Energy", "fjordenergy.example", "Ultimate", "EMEA", "Ingrid Solheim"),
    Customer("granite", 707, "Granite Telecom", "granitetel.example", "Starter", "APAC", "Tom Barrett"),
)
_BY_KEY = {customer.key: customer for customer in CUSTOMERS}

ORGANIZATIONS = tuple(
    Organization(
        id=one.id,
        name=one.name,
        domains=(one.domain,),
        tags=(one.plan.lower(),),
        fields={"gitlab_plan": one.plan.lower(), "region": one.region.lower()},
    )
    for one in CUSTOMERS
)


def _contact(customer: Customer) -> ZendeskUser:
    mailbox = customer.contact.split()[0].lower()
    return ZendeskUser(
        id=4100 + customer.id % 100,
        name=customer.contact,
        email=f"{mailbox}@{customer.domain}",
        organization_id=customer.id,
    )


CONTACTS = tuple(_contact(customer) for customer in CUSTOMERS)
# Somebody whose address belongs to no organisation: no plan, so no SLA.
STRAY = ZendeskUser(id=4150, name="Robin Marsh", email="robin@freemail.example")


class Row(NamedTuple):
    """One ticket. `talk` is who wrote, oldest first: c = customer, a = assigned engineer, n = internal note.

    `due` is the minutes left until `metric` breaches (negative: exceeded since), None where no clock runs.
    """

    customer: str
    form: str
    subject: str
    body: str
    priority: str | None
    age_h: float
    talk: str
    metric: str | None
    due: int | None
    engineer: int = 0
    status: str = "open"


_FRT, _NRT = "first_reply_time", "next_reply_time"

ROWS: dict[int, Row] = {
    123456: Row("aurora", "Self-Managed", "Sidekiq queue grows after the 18.5 upgrade",
                "Since Sunday's upgrade background jobs pile up and merge requests stay unmergeable.",
                "high", 26, "cac", _NRT, 95, 5),
    123457: Row("aurora", "L&R", "True-up licence not applied",
                "We paid for 40 more seats on Friday and the instance still shows the old number.",
                "normal", 11, "c", _FRT, -70, 0, "new"),
    123458: Row("borealis", "Self-Managed", "Geo secondary lags by six hours",
                "Replication to our second site is behind and the audit is tomorrow.",
                "high", 9, "cac", _NRT, -25, 6),
    123459: Row("borealis", "Self-Managed", "LDAP group sync removes members",
                "After a nightly sync about two hundred people lose access to their group.",
                "normal", 30, "caca", _NRT, None, 7, "pending"),
    123460: Row("cedar", "SaaS", "Pipelines stuck in pending for our group",
                "No shared runner picks up our jobs since this morning.",
                "high", 3.5, "c", _FRT, 30, 0, "new"),
    123461: Row("cedar", "SaaS Account", "Owner left the company, 2FA lost",
                "Our only group owner has left and nobody can approve access requests.",
                "normal", 7, "ca", _NRT, None, 9, "pending"),
    123462: Row("delta", "SaaS", "Container registry pushes fail with 500",
                "Every push over 2 GB ends in an error since yesterday evening.",
                "normal", 20, "cac", _NRT, 210, 10),
    123463: Row("delta", "L&R", "Renewal ends tonight, invoice is paid",
                "The subscription page still says it expires today at midnight.",
                "normal", 6, "c", _FRT, 120, 0, "new"),
    123464: Row("ember", "SaaS", "CI minutes counted twice",
                "The usage page shows about twice of what our pipelines used.",
                "low", 40, "caca", _NRT, None, 1, "pending"),
    123465: Row("ember", "SaaS", "Merge trains stop when a draft is added",
                "A draft merge request in the train blocks all others behind it.",
                "normal", 16, "cac", _NRT, 300, 2),
    123466: Row("fjord", "Self-Managed", "Gitaly node out of memory every night",
                "Housekeeping makes the node fail at 02:00, the on-call people are tired.",
                "high", 50, "cacac", _NRT, 40, 8),
    123467: Row("fjord", "Self-Managed", "Upgrade plan 17.11 to 18.5, review wanted",
                "Please look at the attached plan before our change window on Saturday.",
                "low", 28, "ca", _NRT, None, 5, "hold"),
    123468: Row("granite", "L&R", "Cannot activate with the new code",
                "The activation code of the mail is refused as already used.",
                "normal", 13, "c", _FRT, -185, 0, "new"),
    123469: Row("granite", "Self-Managed", "Backup fails at uploads",
                "The backup task ends with a permission error in the uploads folder.",
                "low", 34, "cac", _NRT, 600, 3),
    123470: Row("aurora", "Self-Managed", "Elasticsearch index empty after migration",
                "Search finds nothing in projects that were moved last week.",
                "normal", 400, "caca", None, None, 6, "closed"),
    123471: Row("borealis", "SaaS", "SAML login loops for new employees",
                "New people are sent back to the identity provider for ever.",
                "high", 60, "caca", None, None, 7, "solved"),
    123472: Row("stray", "SaaS", "Can somebody look at my broken project",
                "My project shows an error page since I renamed the group.",
                None, 5, "c", None, None, 0, "new"),
    123473: Row("cedar", "Self-Managed", "Runner registration token rejected",
                "New runners cannot be registered after we turned on the new flow.",
                "normal", 18, "cac", _NRT, 155, 11),
    123474: Row("cedar", "SaaS", "Secret detection reports old commits",
                "The report lists findings in commits that were removed long ago.",
                "low", 44, "ca", _NRT, None, 12, "pending"),
    123475: Row("delta", "Self-Managed", "Instance not reachable after certificate change",
                "Nobody can log in since the certificate was renewed at noon.",
                "urgent", 0.3, "c", _FRT, 12, 0, "new"),
    123476: Row("delta", "SaaS", "Webhooks delayed by 40 minutes",
                "Deployments wait for webhooks that used to arrive within seconds.",
                "normal", 8, "cac", _NRT, 20, 9),
    123477: Row("ember", "L&R", "Add seats to a running trial",
                "Sales asked us to try with 60 people, the trial allows 30.",
                "normal", 4, "c", _FRT, 240, 0, "new"),
    123478: Row("ember", "SaaS", "Project export never finishes",
                "We need the export of a large project before Thursday.",
                "normal", 22, "cacac", _NRT, -10, 4),
    123479: Row("fjord", "SaaS", "Rate limited when our scanner runs",
                "Our scanner gets answers 429 although it sends few requests.",
                "normal", 12, "can", _NRT, None, 8, "pending"),
    123480: Row("fjord", "L&R", "Subscription linked to the wrong group",
                "The plan was bought for another group than the one we use.",
                "normal", 10, "c", _FRT, -130, 0, "new"),
    123481: Row("granite", "Self-Managed", "Slow diffs in large merge requests",
                "Merge requests with thousands of files take a minute to open.",
                "low", 70, "caca", _NRT, None, 2, "pending"),
    123482: Row("aurora", "Internal Request", "Extend the trial of Aurora Robotics' second instance",
                "The evaluation of the second site needs two more weeks, approved by the director.",
                "normal", 5, "n", _FRT, 180, 0, "new"),
    123483: Row("borealis", "Internal Request", "Who is the lead engineer for Borealis Bank",
                "The customer asks for one person to talk to during the migration.",
                "low", 9, "n", _FRT, 600, 0, "new"),
    123484: Row("granite", "Internal Request", "Namespace reclaim for Granite Telecom",
                "The name is held by an inactive account since years.",
                "normal", 27, "na", _NRT, None, 3, "pending"),
    123485: Row("cedar", "SaaS", "Imported issues lose their authors",
                "All issues that we imported from another tool belong to the importer.",
                "normal", 15, "cac", _NRT, 330, 10),
}  # fmt: skip

LICENCES: dict[int, Row] = {
    123492: Row("cedar", "L&R", "Licence ends tonight, renewal is paid",
                "Our licence ends at midnight UTC. The invoice was paid on Friday and no new licence has come.",
                "high", 5, "c", _FRT, 50, 0, "new"),
    123493: Row("delta", "L&R", "Group will be downgraded to Free at midnight",
                "The purchase order is signed, the portal still says that our subscription ends today.",
                "high", 7, "cac", _NRT, 80, 9),
    123494: Row("granite", "L&R", "Trial of one user ended, team cannot push",
                "We bought one seat this morning for an emergency and nobody else can work.",
                "normal", 2, "c", _FRT, 300, 0, "new"),
    123495: Row("ember", "L&R", "Reconciliation charged for people who left",
                "The quarterly invoice counts forty users that we blocked in October.",
                "normal", 9, "ca", _NRT, None, 10, "pending"),
    123496: Row("fjord", "L&R", "Offline instance needs a licence file",
                "Our second site has no internet access; the activation code is of no use there.",
                "normal", 6, "c", _FRT, -15, 0, "new"),
}  # fmt: skip

EMERGENCIES: dict[int, Row] = {
    123490: Row("ember", "Emergency", "Production GitLab answers 502 since the update",
                "Nobody can push or sign in. We updated to 18.6 last night, Brisbane time.",
                "urgent", 0.5, "ca", _NRT, None, 1),
    123491: Row("granite", "Emergency", "All pipelines fail, release is blocked",
                "Every job ends with a system failure since this morning. Our release window closes at noon.",
                "urgent", 0.1, "c", _FRT, 25, 0, "new"),
}  # fmt: skip

_ANSWERS = {
    "c": "We added the logs that you asked for. When can we expect the next step?",
    "a": "Thank you for the details. Could you please run the attached check and send us its output?",
    "n": "Note for the next shift: the customer is in a change freeze until Thursday.",
}


def tickets(now: datetime) -> tuple[SeedTicket, ...]:
    """The thirty tickets as they stand at `now`."""
    return tuple(_ticket(number, row, now) for number, row in ROWS.items())


def emergencies(now: datetime) -> tuple[SeedTicket, ...]:
    """The two tickets of a weekend with parallel emergencies, as they stand at `now`."""
    return tuple(_ticket(number, row, now) for number, row in EMERGENCIES.items())


def licences(now: datetime) -> tuple[SeedTicket, ...]:
    """The five tickets of the last day of a month, as they stand at `now`."""
    return tuple(_ticket(number, row, now) for number, row in LICENCES.items())


def _ticket(number: int, row: Row, now: datetime) -> SeedTicket:
    customer = _BY_KEY.get(row.customer)
    requester = _requester(number, row)
    engineer = ENGINEERS[row.engineer - 1].zendesk_id if row.engineer else None
    return SeedTicket(
        id=number,
        subject=row.subject,
        requester_id=requester.id,
        comments=tuple(_comments(row, requester.id, engineer, now)),
        status=row.status,
        priority=row.priority,
        organization_id=customer.id if customer else None,
        assignee_id=engineer,
        group_id=602 if row.form == "L&R" else 601,
        form_id=FORM_IDS[row.form],
        tags=_tags(row, customer),
        custom_fields=_fields(customer),
        sla=_sla(row, now),
    )


def _requester(number: int, row: Row) -> ZendeskUser:
    if row.form == "Internal Request":
        person = CASEY if number % 2 == 0 else NOAH
        return ZendeskUser(person.zendesk_id, person.name, person.email)
    customer = _BY_KEY.get(row.customer)
    return _contact(customer) if customer else STRAY


def _comments(row: Row, requester: int, engineer: int | None, now: datetime) -> list[SeedComment]:
    # The conversation is spread over the first nine tenths of the ticket's life.
    step = timedelta(hours=row.age_h * 0.9 / len(row.talk))
    began = now - timedelta(hours=row.age_h)
    comments = []
    for turn, voice in enumerate(row.talk):
        author = requester if voice == "c" or turn == 0 else engineer or requester
        body = row.body if turn == 0 else _ANSWERS[voice]
        comments.append(SeedComment(author, body, began + step * turn, public=voice != "n"))
    return comments


def _tags(row: Row, customer: Customer | None) -> tuple[str, ...]:
    form = row.form.lower().replace("&", "").replace(" ", "_").replace("-", "_")
    return (form, customer.plan.lower()) if customer else (form, "no_organization")


def _fields(customer: Customer | None) -> dict[int, str]:
    if customer is None:
        return {}
    return {PLAN_FIELD: customer.plan.lower(), REGION_FIELD: customer.region.lower()}


def _sla(row: Row, now: datetime) -> tuple[SlaMetric, ...]:
    if row.priority is None or row.metric is None:
        return ()
    metrics = [] if row.metric == _FRT else [SlaMetric(_FRT, "achieved")]
    if row.due is None:
        return (*metrics, SlaMetric(row.metric, "paused"))
    return (*metrics, SlaMetric(row.metric, "active", now + timedelta(minutes=row.due)))
