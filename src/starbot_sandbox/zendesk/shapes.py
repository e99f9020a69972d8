"""Zendesk's JSON: how tickets, comments, audits, macros and people look in an answer.

Shapes: developer.zendesk.com/api-reference/ticketing and recorded answers of a real account.
"""

from datetime import datetime
from typing import Any

from starbot_sandbox.zendesk.seed import (
    Group,
    Macro,
    Organization,
    SlaMetric,
    TicketField,
    TicketForm,
    ZendeskUser,
)
from starbot_sandbox.zendesk.state import Audit, Comment, Ticket

VIA = {"channel": "api", "source": {"from": {}, "to": {}, "rel": None}}
_LONG_AGO = "2020-01-06T09:00:00Z"
_CUSTOM_STATUS_IDS = {"new": 1, "open": 2, "pending": 3, "hold": 4, "solved": 5, "closed": 5}


def moment(when: datetime) -> str:
    """2026-11-17T14:00:00Z"""
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


def ticket(one: Ticket, api: str) -> dict[str, Any]:
    """Show Ticket. `api` is the address up to and with /api/v2."""
    custom = [{"id": field_id, "value": value} for field_id, value in one.custom_fields.items()]
    return {
        "url": f"{api}/tickets/{one.id}.json",
        "id": one.id,
        "external_id": one.external_id,
        "via": VIA,
        "created_at": moment(one.created_at),
        "updated_at": moment(one.updated_at),
        "generated_timestamp": int(one.updated_at.timestamp()),
        "type": one.type,
        "subject": one.subject,
        "raw_subject": one.subject,
        "description": one.comments[0].body if one.comments else "",
        "priority": one.priority,
        "status": one.status,
        "recipient": None,
        "requester_id": one.requester_id,
        "submitter_id": one.requester_id,
        "assignee_id": one.assignee_id,
        "organization_id": one.organization_id,
        "group_id": one.group_id,
        "collaborator_ids": [],
        "follower_ids": [],
        "email_cc_ids": [],
        "forum_topic_id": None,
        "problem_id": None,
        "has_incidents": False,
        "is_public": any(comment.public for comment in one.comments),
        "due_at": None,
        "tags": list(one.tags),
        "custom_fields": custom,
        "fields": custom,
        "satisfaction_rating": None,
        "sharing_agreement_ids": [],
        "custom_status_id": _CUSTOM_STATUS_IDS[one.status],
        "followup_ids": [],
        "ticket_form_id": one.form_id,
        "brand_id": 11,
        "allow_channelback": False,
        "allow_attachments": True,
        "from_messaging_channel": False,
    }


def slas(metrics: list[SlaMetric], now: datetime) -> dict[str, Any]:
    """The side-load `include=slas` of a ticket."""
    return {"policy_metrics": [_policy_metric(one, now) for one in metrics]}


def _policy_metric(one: SlaMetric, now: datetime) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "breach_at": moment(one.breach_at) if one.breach_at else None,
        "stage": one.stage,
        "metric": one.metric,
    }
    if one.breach_at:
        minutes = int((one.breach_at - now).total_seconds() // 60)
        for unit, size in (("days", 1440), ("hours", 60), ("minutes", 1)):
            if abs(minutes) >= size or unit == "minutes":
                return {**shown, unit: int(minutes / size)}
    return shown


def comment(one: Comment) -> dict[str, Any]:
    """List Comments."""
    return {
        "id": one.id,
        "type": "Comment",
        "author_id": one.author_id,
        "body": one.body,
        "html_body": _html(one.body),
        "plain_body": one.body,
        "public": one.public,
        "attachments": [],
        "audit_id": one.audit_id,
        "via": VIA,
        "created_at": moment(one.at),
        "metadata": {"system": {}, "custom": {}},
    }


def _html(body: str) -> str:
    safe = body.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\n", "<br>\n")
    return f'<div class="zd-comment" dir="auto"><p dir="auto">{safe}</p></div>'


def audit(one: Audit, on: Ticket) -> dict[str, Any]:
    """List Audits."""
    return {
        "id": one.id,
        "ticket_id": on.id,
        "created_at": moment(one.at),
        "author_id": one.author_id,
        "metadata": {"system": {"client": "sandbox", "ip_address": "127.0.0.1"}, "custom": one.custom},
        "events": [_event(event) for event in one.events],
        "via": VIA,
    }


def _event(event: dict[str, Any]) -> dict[str, Any]:
    if event["type"] != "Comment":
        return event
    text = event["body"]
    return {**event, "html_body": _html(text), "plain_body": text, "attachments": []}


def macro(one: Macro, api: str) -> dict[str, Any]:
    """Show Macro."""
    return {
        "url": f"{api}/macros/{one.id}.json",
        "id": one.id,
        "title": one.title,
        "raw_title": one.title,
        "active": one.active,
        "updated_at": _LONG_AGO,
        "created_at": _LONG_AGO,
        "default": False,
        "position": one.id,
        "description": one.description,
        "actions": list(one.actions),
        "restriction": None,
    }


def user(one: ZendeskUser, api: str) -> dict[str, Any]:
    """Show User."""
    return {
        "id": one.id,
        "url": f"{api}/users/{one.id}.json",
        "name": one.name,
        "email": one.email,
        "created_at": _LONG_AGO,
        "updated_at": _LONG_AGO,
        "time_zone": "UTC",
        "locale": "en-US",
        "organization_id": one.organization_id,
        "role": one.role,
        "active": True,
        "role_type": one.role_type,
        "only_private_comments": one.only_private_comments,
        "ticket_restriction": one.ticket_restriction,
        "suspended": one.suspended,
        "verified": True,
        "tags": [],
        "user_fields": {},
    }


def organization(one: Organization, api: str) -> dict[str, Any]:
    """Show Organization."""
    return {
        "url": f"{api}/organizations/{one.id}.json",
        "id": one.id,
        "name": one.name,
        "shared_tickets": False,
        "shared_comments": False,
        "external_id": None,
        "created_at": _LONG_AGO,
        "updated_at": _LONG_AGO,
        "domain_names": list(one.domains),
        "details": "",
        "notes": "",
        "group_id": None,
        "tags": list(one.tags),
        "organization_fields": dict(one.fields),
    }


def group(one: Group, api: str) -> dict[str, Any]:
    """Show Group."""
    return {
        "url": f"{api}/groups/{one.id}.json",
        "id": one.id,
        "is_public": True,
        "name": one.name,
        "description": "",
        "default": False,
        "deleted": False,
        "created_at": _LONG_AGO,
        "updated_at": _LONG_AGO,
    }


def ticket_field(one: TicketField, api: str) -> dict[str, Any]:
    """Show Ticket Field."""
    return {
        "url": f"{api}/ticket_fields/{one.id}.json",
        "id": one.id,
        "type": one.type,
        "title": one.title,
        "raw_title": one.title,
        "description": "",
        "position": 1,
        "active": True,
        "required": False,
        "removable": True,
        "tag": None,
        "created_at": _LONG_AGO,
        "updated_at": _LONG_AGO,
    }


def ticket_form(one: TicketForm, api: str) -> dict[str, Any]:
    """Show Ticket Form."""
    return {
        "url": f"{api}/ticket_forms/{one.id}.json",
        "id": one.id,
        "name": one.name,
        "raw_name": one.name,
        "display_name": one.name,
        "end_user_visible": True,
        "position": one.id,
        "active": True,
        "default": one.id == 501,
        "ticket_field_ids": [],
    }
