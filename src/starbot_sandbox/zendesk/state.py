"""The Zendesk account in memory: tickets with comments, audits, tags and SLA clocks; macros; OAuth tokens."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from starbot_sandbox.clock import Clock
from starbot_sandbox.quota import Quota
from starbot_sandbox.zendesk.seed import Macro, SeedTicket, SlaMetric, ZendeskSeed, ZendeskUser

STATUSES = ("new", "open", "pending", "hold", "solved", "closed")
PRIORITIES = ("urgent", "high", "normal", "low")
# What a PUT may change as it is; tags, custom fields and the comment have rules of their own.
PLAIN_FIELDS = ("subject", "status", "priority", "type", "assignee_id", "group_id", "external_id")
REPLY_TARGET = {"urgent": 0.5, "high": 4.0, "normal": 8.0, "low": 24.0}
CALLS_PER_MINUTE, UPDATES_PER_MINUTE, UPDATES_OF_ONE_TICKET = 700, 100, 30


class Invalid(Exception):
    """A change that Zendesk refuses with 422 RecordInvalid: the field and what it says."""

    def __init__(self, field_name: str, description: str) -> None:
        super().__init__(field_name, description)
        self.field_name = field_name
        self.description = description


@dataclass
class Comment:
    """One comment; `public` ones are mailed to the customer."""

    id: int
    author_id: int
    body: str
    public: bool
    at: datetime
    audit_id: int


@dataclass
class Audit:
    """What one update changed. `custom` is the metadata that the caller sent."""

    id: int
    author_id: int
    at: datetime
    events: list[dict[str, Any]] = field(default_factory=list)
    custom: dict[str, Any] = field(default_factory=dict)


@dataclass
class Ticket:
    """A ticket as it stands. `updated_at` has whole seconds, as Zendesk's has."""

    id: int
    subject: str
    requester_id: int
    created_at: datetime
    updated_at: datetime
    status: str
    priority: str | None
    organization_id: int | None
    assignee_id: int | None
    group_id: int | None
    form_id: int | None
    tags: list[str]
    custom_fields: dict[int, Any]
    sla: list[SlaMetric]
    type: str | None = None
    external_id: str | None = None
    comments: list[Comment] = field(default_factory=list)
    audits: list[Audit] = field(default_factory=list)


class ZendeskState:
    """All that the routes and the controls read and change."""

    def __init__(self, clock: Clock, seed: ZendeskSeed) -> None:
        self.clock = clock
        self.seed = seed
        self.users = {user.id: user for user in seed.users}
        self.organizations = {one.id: one for one in seed.organizations}
        self.macros = {macro.id: macro for macro in seed.macros}
        self.tokens: dict[str, datetime] = {}
        self.quota = Quota(CALLS_PER_MINUTE, 60)
        self.update_quota = Quota(UPDATES_PER_MINUTE, 60)
        self.ticket_quota = Quota(UPDATES_OF_ONE_TICKET, 600)
        self._last_id = 7_000_000
        self.tickets = {one.id: self._planted(one) for one in seed.tickets}

    @property
    def bot(self) -> ZendeskUser:
        """The agent behind the OAuth client."""
        return self.users[self.seed.bot_user_id]

    def next_id(self) -> int:
        """A fresh id for an audit, an event or a comment."""
        self._last_id += 1
        return self._last_id

    def now(self) -> datetime:
        """The present in whole seconds."""
        return self.clock.now().replace(microsecond=0)

    def issue_token(self, life_s: int) -> str:
        """A new OAuth access token that ends after `life_s` seconds of the sandbox clock."""
        token = secrets.token_hex(32)
        self.tokens[token] = self.clock.now() + timedelta(seconds=life_s)
        return token

    def is_token_good(self, token: str) -> bool:
        """Whether the token was issued here and has not ended."""
        ends = self.tokens.get(token)
        return ends is not None and self.clock.now() < ends

    def update(self, ticket: Ticket, author: ZendeskUser, sent: dict[str, Any]) -> Audit:
        """Change a ticket as PUT /tickets/{id} does: fields, tags (the whole set), custom fields, a comment.

        Invalid where Zendesk answers 422. The audit is kept only if something changed.
        """
        if ticket.status == "closed":
            raise Invalid("status", "Status: closed prevents ticket update")
        self._check(ticket, sent)
        audit = Audit(self.next_id(), author.id, self.now(), custom=dict(sent.get("metadata") or {}))
        for name in PLAIN_FIELDS:
            if name in sent:
                self._change(ticket, audit, name, sent[name])
        if ticket.status == "new" and ticket.assignee_id is not None:
            self._change(ticket, audit, "status", "open")
        if sent.get("tags") is not None:
            self._change(ticket, audit, "tags", tag_list(sent["tags"]))
        for one in [*(sent.get("custom_fields") or []), *(sent.get("fields") or [])]:
            self._change_field(ticket, audit, _number("custom_fields", one["id"]), one.get("value"))
        if sent.get("comment"):
            self._add_comment(ticket, audit, author, sent["comment"])
        if audit.events and sent.get("macro_id"):
            audit.events.append(self._macro_event(_number("macro_id", sent["macro_id"])))
        if audit.events:
            ticket.audits.append(audit)
            ticket.updated_at = audit.at
        return audit

    def _check(self, ticket: Ticket, sent: dict[str, Any]) -> None:
        if sent.get("status", "open") not in STATUSES:
            raise Invalid("status", f"Status: {sent['status']} is not valid")
        if sent.get("priority") is not None and sent["priority"] not in PRIORITIES:
            raise Invalid("priority", f"Priority: {sent['priority']} is not valid")
        assignee = sent.get("assignee_id", ticket.assignee_id)
        person = self.users.get(_number("assignee_id", assignee)) if assignee is not None else None
        if assignee is not None and (person is None or person.role == "end-user"):
            raise Invalid("assignee_id", "Assignee: is invalid")
        if sent.get("status") == "solved" and person is None:
            raise Invalid("assignee_id", "Assignee: is required when solving a ticket")

    def _change(self, ticket: Ticket, audit: Audit, name: str, value: Any) -> None:
        before = getattr(ticket, name)
        if name == "tags" and set(before) == set(value):
            return
        if before == value:
            return
        setattr(ticket, name, value)
        audit.events.append(self._event("Change", field_name=name, value=value, previous_value=before))

    def _change_field(self, ticket: Ticket, audit: Audit, field_id: int, value: Any) -> None:
        before = ticket.custom_fields.get(field_id)
        if before != value:
            ticket.custom_fields[field_id] = value
            name = str(field_id)
            audit.events.append(self._event("Change", field_name=name, value=value, previous_value=before))

    def _event(self, kind: str, **more: Any) -> dict[str, Any]:
        return {"id": self.next_id(), "type": kind, **more}

    def _macro_event(self, macro_id: int) -> dict[str, Any]:
        macro = self.macros.get(macro_id)
        title = macro.title if macro else None
        return self._event(
            "AgentMacroReference", macro_id=str(macro_id), macro_title=title, macro_deleted=not macro
        )

    def _add_comment(self, ticket: Ticket, audit: Audit, author: ZendeskUser, sent: dict[str, Any]) -> None:
        body = str(sent.get("html_body") or sent.get("body") or "")
        if not body.strip():
            return
        # "The initial value set on ticket creation persists": public, unless the ticket began privately.
        began_public = ticket.comments[0].public if ticket.comments else True
        public = bool(sent.get("public", began_public))
        writer = self.users.get(_number("author_id", sent.get("author_id") or author.id), author)
        self._store_comment(ticket, audit, writer, body, public)

    def _store_comment(
        self, ticket: Ticket, audit: Audit, writer: ZendeskUser, body: str, public: bool
    ) -> None:
        comment = Comment(self.next_id(), writer.id, body, public, audit.at, audit.id)
        ticket.comments.append(comment)
        audit.events.append(
            self._event("Comment", author_id=writer.id, body=body, public=public, audit_id=audit.id)
        )
        if public:
            self._run_sla(ticket, writer, audit.at)

    def _run_sla(self, ticket: Ticket, writer: ZendeskUser, at: datetime) -> None:
        replies = ("first_reply_time", "next_reply_time")
        if writer.role != "end-user":
            ticket.sla = [
                SlaMetric(one.metric, "achieved") if one.metric in replies else one for one in ticket.sla
            ]
        elif ticket.priority and any(one.metric in replies and one.stage == "achieved" for one in ticket.sla):
            others = [one for one in ticket.sla if one.metric != "next_reply_time"]
            due = at + timedelta(hours=REPLY_TARGET[ticket.priority])
            ticket.sla = [*others, SlaMetric("next_reply_time", "active", due)]

    def reply(self, ticket: Ticket, writer: ZendeskUser, body: str, public: bool) -> Comment:
        """A customer or an agent writes. A customer's reply opens the ticket again. Invalid when closed."""
        reopened = {"status": "open"} if writer.role == "end-user" and ticket.status != "new" else {}
        self.update(ticket, writer, {**reopened, "comment": {"body": body, "public": public}})
        return ticket.comments[-1]

    def preview(self, ticket: Ticket, macro: Macro, user: ZendeskUser) -> dict[str, Any]:
        """What `macro` would make of the ticket: only the changed fields, tags as the whole resulting set."""
        changes = changes_of(macro, ticket.tags, user)
        if "comment" in changes:
            text = self._rendered(changes["comment"]["body"], ticket, user)
            changes["comment"] |= {"body": text, "scoped_body": [["channel:all", text]]}
        return changes

    def _rendered(self, text: str, ticket: Ticket, user: ZendeskUser) -> str:
        requester = self.users[ticket.requester_id].name
        assignee = self.users.get(ticket.assignee_id or 0)
        values = {
            "ticket.id": str(ticket.id),
            "ticket.title": ticket.subject,
            "ticket.requester.name": requester,
            "ticket.requester.first_name": requester.split()[0],
            "ticket.assignee.name": assignee.name if assignee else "",
            "current_user.name": user.name,
        }
        for name, value in values.items():
            text = text.replace("{{" + name + "}}", value)
        return text

    def amend_macro(self, macro: Macro, **changes: Any) -> None:
        """Replace parts of a macro: `title`, `active`, `actions`."""
        self.macros[macro.id] = replace(macro, **changes)

    def snapshot(self) -> dict[str, Any]:
        """Tickets by number (text), each with comments, audits, tags and SLA; macros by title."""
        return {
            "tickets": {str(one.id): self._ticket_snapshot(one) for one in self.tickets.values()},
            "macros": {
                one.title: {"id": one.id, "active": one.active, "public": is_public(one)}
                for one in self.macros.values()
            },
            "tokens_issued": len(self.tokens),
        }

    def _ticket_snapshot(self, ticket: Ticket) -> dict[str, Any]:
        organization = self.organizations.get(ticket.organization_id or 0)
        assignee = self.users.get(ticket.assignee_id or 0)
        events = [event for audit in ticket.audits for event in audit.events]
        return {
            "id": ticket.id,
            "subject": ticket.subject,
            "status": ticket.status,
            "priority": ticket.priority,
            "organization": organization.name if organization else None,
            "assignee": assignee.name if assignee else None,
            "tags": list(ticket.tags),
            "custom_fields": {str(key): value for key, value in ticket.custom_fields.items()},
            "updated_at": ticket.updated_at.isoformat(),
            "comments": [
                {
                    "id": one.id,
                    "author": self.users[one.author_id].name,
                    "body": one.body,
                    "public": one.public,
                    "at": one.at.isoformat(),
                }
                for one in ticket.comments
            ],
            "audits": [
                {"id": one.id, "at": one.at.isoformat(), "events": one.events, "custom": one.custom}
                for one in ticket.audits
            ],
            "macro_ids": [int(one["macro_id"]) for one in events if one["type"] == "AgentMacroReference"],
            "sla": [
                {
                    "metric": one.metric,
                    "stage": one.stage,
                    "breach_at": one.breach_at.isoformat() if one.breach_at else None,
                }
                for one in ticket.sla
            ],
        }

    def open_like(self, one: Ticket) -> Ticket:
        """A ticket that began as this one did, opened now by the same requester."""
        seed = next(seed for seed in self.seed.tickets if seed.id == one.id)
        ticket = replace(
            self._planted(seed), id=max(self.tickets) + 1, created_at=self.now(), updated_at=self.now()
        )
        self.tickets[ticket.id] = ticket
        return ticket

    def _planted(self, seed: SeedTicket) -> Ticket:
        began, last = seed.comments[0].at, seed.comments[-1].at
        ticket = Ticket(
            id=seed.id,
            subject=seed.subject,
            requester_id=seed.requester_id,
            created_at=began.replace(microsecond=0),
            updated_at=last.replace(microsecond=0),
            status=seed.status,
            priority=seed.priority,
            organization_id=seed.organization_id,
            assignee_id=seed.assignee_id,
            group_id=seed.group_id,
            form_id=seed.form_id,
            tags=list(seed.tags),
            custom_fields=dict(seed.custom_fields),
            sla=[],
        )
        for one in seed.comments:
            audit = Audit(self.next_id(), one.author_id, one.at.replace(microsecond=0))
            ticket.audits.append(audit)
            self._store_comment(ticket, audit, self.users[one.author_id], one.body, one.public)
        ticket.sla = list(seed.sla)
        return ticket


def _number(name: str, sent: Any) -> int:
    try:
        return int(sent)
    except (TypeError, ValueError):
        raise Invalid(name, f"{name}: is invalid") from None


def tag_list(sent: Any) -> list[str]:
    """Tags as Zendesk stores them: lower case, split at spaces and commas, each once."""
    parts: Iterable[Any] = sent if isinstance(sent, list) else [sent]
    words = " ".join(str(part) for part in parts).replace(",", " ").lower().split()
    return list(dict.fromkeys(words))


def is_public(macro: Macro) -> bool:
    """Whether the comment of a macro would be mailed to the customer; without a word of it, yes."""
    modes = [one["value"] for one in macro.actions if one["field"] == "comment_mode_is_public"]
    return not modes or str(modes[-1]).lower() == "true"


def changes_of(macro: Macro, tags: list[str], user: ZendeskUser) -> dict[str, Any]:
    """The fields that a macro sets, its text unrendered (developer.zendesk.com, actions reference)."""
    changes: dict[str, Any] = {}
    for action in macro.actions:
        name, value = action["field"], action["value"]
        match name:
            case "current_tags":
                changes["tags"] = list(dict.fromkeys([*changes.get("tags", tags), *tag_list(value)]))
            case "remove_tags":
                gone = tag_list(value)
                changes["tags"] = [tag for tag in changes.get("tags", tags) if tag not in gone]
            case "set_tags":
                changes["tags"] = tag_list(value)
            case "comment_value":
                text = str(value)
                body = {"body": text, "public": is_public(macro), "scoped_body": [["channel:all", text]]}
                changes["comment"] = body
            case "comment_mode_is_public":
                pass
            case "assignee_id":
                changes["assignee_id"] = user.id if value == "current_user" else int(value)
            case "group_id":
                changes["group_id"] = int(value)
            case _ if name.startswith("custom_fields_"):
                field_id = int(name.removeprefix("custom_fields_"))
                changes.setdefault("fields", []).append({"id": field_id, "value": value})
            case _:
                changes[name] = value
    return changes
