"""What a scenario says about a Zendesk account before anything has happened in it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class ZendeskUser:
    """A user: `role` is "agent", "admin" or "end-user", `role_type` 1 for a light agent; an agent may be kept to
    private comments and to some tickets."""

    id: int
    name: str
    email: str
    role: str = "end-user"
    organization_id: int | None = None
    role_type: int | None = None
    only_private_comments: bool = False
    ticket_restriction: str | None = None
    suspended: bool = False


@dataclass(frozen=True)
class Organization:
    """A customer. `fields` are its custom organisation fields (plan, region ...)."""

    id: int
    name: str
    domains: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    fields: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Group:
    """A group of agents that tickets are assigned to."""

    id: int
    name: str


@dataclass(frozen=True)
class TicketField:
    """A custom ticket field; `type` is Zendesk's ("tagger", "text" ...)."""

    id: int
    title: str
    type: str = "text"


@dataclass(frozen=True)
class TicketForm:
    """A ticket form, known to tickets by `id`."""

    id: int
    name: str


@dataclass(frozen=True)
class Macro:
    """A macro: `actions` as Zendesk's actions reference writes them, for example
    {"field": "current_tags", "value": "escalated_ticket"}."""

    id: int
    title: str
    actions: tuple[dict[str, Any], ...]
    active: bool = True
    description: str | None = None


@dataclass(frozen=True)
class SlaMetric:
    """An SLA clock of a ticket: `stage` is "active" (then `breach_at` is set), "paused" or "achieved"."""

    metric: str
    stage: str
    breach_at: datetime | None = None


@dataclass(frozen=True)
class SeedComment:
    """A comment that is there from the start."""

    author_id: int
    body: str
    at: datetime
    public: bool = True


@dataclass(frozen=True)
class SeedTicket:
    """A ticket as the scenario begins; its first comment is its description."""

    id: int
    subject: str
    requester_id: int
    comments: tuple[SeedComment, ...]
    status: str = "open"
    priority: str | None = "normal"
    organization_id: int | None = None
    assignee_id: int | None = None
    group_id: int | None = None
    form_id: int | None = None
    tags: tuple[str, ...] = ()
    custom_fields: dict[int, str] = field(default_factory=dict)
    sla: tuple[SlaMetric, ...] = ()


@dataclass(frozen=True)
class ZendeskSeed:
    """An account. `bot_user_id` is the agent behind the OAuth client and the API token."""

    users: tuple[ZendeskUser, ...]
    organizations: tuple[Organization, ...]
    groups: tuple[Group, ...]
    ticket_fields: tuple[TicketField, ...]
    ticket_forms: tuple[TicketForm, ...]
    macros: tuple[Macro, ...]
    tickets: tuple[SeedTicket, ...]
    bot_user_id: int
    client_id: str = "starbot"
    client_secret: str = "sandbox-client-secret"
    api_email: str = "starbot@example.com"
    api_token: str = "zd-sandbox"
    token_life_s: int = 1800
