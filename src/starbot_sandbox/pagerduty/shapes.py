"""PagerDuty's JSON: references and whole objects as its REST API v2 answers them.

Shapes: PagerDuty/api-schema, reference/REST/openapiv3.json.
"""

from datetime import datetime
from typing import Any

from starbot_sandbox.pagerduty.seed import EscalationPolicy, PagerDutyUser, Schedule, Service
from starbot_sandbox.pagerduty.state import OnCall, PagerDutyState, Shift

_SITE = "https://gitlab-sandbox.pagerduty.com"


def moment(when: datetime) -> str:
    """2026-11-17T14:00:00Z, or with the offset of the zone asked for."""
    return when.isoformat(timespec="seconds").replace("+00:00", "Z")


def reference(kind: str, id_: str, name: str, api: str) -> dict[str, Any]:
    """A `..._reference` of a "user", "schedule", "escalation_policy" or "service"."""
    plural = f"{kind[:-1]}ies" if kind.endswith("y") else f"{kind}s"
    return {
        "id": id_,
        "type": f"{kind}_reference",
        "summary": name,
        "self": f"{api}/{plural}/{id_}",
        "html_url": f"{_SITE}/{plural}/{id_}",
    }


def whole(kind: str, id_: str, name: str, api: str, **more: Any) -> dict[str, Any]:
    """An object with the fields that every one has."""
    return {**reference(kind, id_, name, api), "type": kind, "name": name, **more}


def user(one: PagerDutyUser, api: str) -> dict[str, Any]:
    """A user."""
    return whole(
        "user",
        one.id,
        one.name,
        api,
        email=one.email,
        time_zone=one.time_zone,
        color="green",
        role="user",
        avatar_url=f"{_SITE}/avatars/{one.id}.png",
        description="",
        invitation_sent=False,
        job_title=one.job_title,
        teams=[],
        contact_methods=[],
        notification_rules=[],
    )


def schedule(one: Schedule, state: PagerDutyState, api: str) -> dict[str, Any]:
    """A schedule without its layers."""
    policies = [p for p in state.policies.values() if any(one.id in rule.targets for rule in p.rules)]
    return whole(
        "schedule",
        one.id,
        one.name,
        api,
        time_zone=one.time_zone,
        description="",
        escalation_policies=[reference("escalation_policy", p.id, p.name, api) for p in policies],
        users=[reference("user", who, state.users[who].name, api) for who in one.users],
        teams=[],
    )


def layers(
    one: Schedule, state: PagerDutyState, shifts: list[Shift], covered: float, api: str
) -> dict[str, Any]:
    """A schedule's rotation, its (empty) overrides and what results. `covered` in percent."""
    start = moment(one.epoch)
    entries = [entry(shift, state, api) for shift in shifts]
    restriction = {
        "type": "daily_restriction",
        "start_time_of_day": f"{one.starts_hour:02}:00:00",
        "duration_seconds": one.hours * 3600,
    }
    layer = {
        "id": f"{one.id}L1",
        "name": "Layer 1",
        "start": start,
        "end": None,
        "rotation_virtual_start": start,
        "rotation_turn_length_seconds": 604_800,
        "users": [{"user": reference("user", who, state.users[who].name, api)} for who in one.users],
        "restrictions": [] if one.hours == 24 else [restriction],
        "rendered_schedule_entries": entries,
        "rendered_coverage_percentage": covered,
    }

    def sub(name: str, shown: list[dict[str, Any]], percent: float) -> dict[str, Any]:
        return {"name": name, "rendered_schedule_entries": shown, "rendered_coverage_percentage": percent}

    return {
        "schedule_layers": [layer],
        "overrides_subschedule": sub("Overrides", [], 0.0),
        "final_schedule": sub("Final Schedule", entries, covered),
    }


def entry(shift: Shift, state: PagerDutyState, api: str) -> dict[str, Any]:
    """One rendered entry of a schedule."""
    who = reference("user", shift.user_id, state.users[shift.user_id].name, api)
    return {"start": moment(shift.start), "end": moment(shift.end), "user": who}


def on_call(one: OnCall, state: PagerDutyState, included: set[str], api: str) -> dict[str, Any]:
    """An on-call entry; `included` names what is given whole instead of by reference."""
    policy, plan = one.policy, one.schedule
    shown_plan = None
    if plan is not None:
        full = "schedules" in included
        shown_plan = schedule(plan, state, api) if full else reference("schedule", plan.id, plan.name, api)
    shown_user = (
        user(one.user, api) if "users" in included else reference("user", one.user.id, one.user.name, api)
    )
    shown_policy = (
        escalation_policy(policy, state, api)
        if "escalation_policies" in included
        else reference("escalation_policy", policy.id, policy.name, api)
    )
    return {
        "escalation_policy": shown_policy,
        "escalation_level": one.level,
        "schedule": shown_plan,
        "user": shown_user,
        "start": moment(one.start) if one.start else None,
        "end": moment(one.end) if one.end else None,
    }


def escalation_policy(one: EscalationPolicy, state: PagerDutyState, api: str) -> dict[str, Any]:
    """An escalation policy with its rules and services."""

    def target(id_: str) -> dict[str, Any]:
        plan = state.schedules.get(id_)
        if plan is not None:
            return reference("schedule", plan.id, plan.name, api)
        return reference("user", id_, state.users[id_].name, api)

    rules = [
        {
            "id": f"{one.id}R{level}",
            "escalation_delay_in_minutes": rule.delay_minutes,
            "targets": [target(id_) for id_ in rule.targets],
        }
        for level, rule in enumerate(one.rules, start=1)
    ]
    services = [service for service in state.services.values() if service.policy_id == one.id]
    return whole(
        "escalation_policy",
        one.id,
        one.name,
        api,
        description="",
        num_loops=0,
        on_call_handoff_notifications="if_has_services",
        escalation_rules=rules,
        services=[reference("service", service.id, service.name, api) for service in services],
        teams=[],
    )


def service(one: Service, state: PagerDutyState, api: str) -> dict[str, Any]:
    """A service."""
    policy = state.policies[one.policy_id]
    newest = [
        incident.created_at for incident in state.incidents.by_id.values() if incident.service_id == one.id
    ]
    return whole(
        "service",
        one.id,
        one.name,
        api,
        description=one.description,
        status=_service_status(one, state),
        created_at="2020-01-06T09:00:00Z",
        last_incident_timestamp=moment(max(newest)) if newest else None,
        auto_resolve_timeout=None,
        acknowledgement_timeout=one.ack_timeout_s,
        escalation_policy=reference("escalation_policy", policy.id, policy.name, api),
        incident_urgency_rule={"type": "constant", "urgency": "high"},
        teams=[],
        integrations=[],
        scheduled_actions=[],
        alert_creation="create_alerts_and_incidents",
    )


def _service_status(one: Service, state: PagerDutyState) -> str:
    """disabled, else critical with a triggered incident, warning with an acknowledged one, active."""
    if one.status != "active":
        return one.status
    statuses = {each.status for each in state.incidents.by_id.values() if each.service_id == one.id}
    return "critical" if "triggered" in statuses else "warning" if "acknowledged" in statuses else "active"
