"""What people and admins do in PagerDuty while a story runs: the controls below /_sandbox/pagerduty."""

import uuid
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from starlette.requests import Request
from starlette.routing import BaseRoute, Route

from starbot_sandbox.control import Json, control, fields
from starbot_sandbox.delivery import local_address
from starbot_sandbox.pagerduty.incidents import Draft, Happening, Incident
from starbot_sandbox.pagerduty.refusal import Refusal
from starbot_sandbox.pagerduty.seed import Subscription
from starbot_sandbox.pagerduty.state import Extra, Gap, PagerDutyState, Shift
from starbot_sandbox.pagerduty.webhooks import EVENTS

if TYPE_CHECKING:
    from starbot_sandbox.world import Sandbox

SECRET = "pd-webhook-secret"
"""The secret of a subscription that a control makes and that names none."""


class Named(Protocol):
    """What is found by id or by name."""

    @property
    def id(self) -> str: ...

    @property
    def name(self) -> str: ...


One = TypeVar("One", bound=Named)


def act(state: PagerDutyState, body: Json) -> Json:
    """Do `action` in PagerDuty. ValueError says what is wrong.

    For `hours` from now (default 8): gap {schedule?}: nobody is on call on that schedule (default: on all);
    extra {schedule, user}: one more person is; clear: as the rotation says again.
    On an `incident` (id, number, key or title) by `user`: acknowledge, resolve, reassign {to: user}, delegate
    {to: policy}, escalate {to?: level}, annotate {content}, prioritise {to: "P1"}, ask {to: user, message?},
    reopen; without a user: unacknowledge.
    On the account: rename {schedule, name}, disable_service {service}, enable_service {service},
    rename_service {service, to}, rename_policy {policy, to}, reopening {on} (whether an update reopens a resolved
    incident).
    Answers {"ok": true, ...}. People, schedules, services and policies by name, id or e-mail.
    """
    state.settle()
    action = str(body.get("action", ""))
    if action not in _ACTS:
        raise ValueError(f"unknown action {action!r}; known are {', '.join(_ACTS)}")
    try:
        return {"ok": True, **_ACTS[action](state, body)}
    except Refusal as refusal:
        raise ValueError(str(refusal)) from refusal


def control_routes(sandbox: "Sandbox") -> list[BaseRoute]:
    """Routes below /_sandbox/pagerduty."""

    async def deed(request: Request, body: Json) -> Json:
        return act(sandbox.world.pagerduty, body)

    async def trigger(request: Request, body: Json) -> Json:
        return _trigger(sandbox.world.pagerduty, body)

    async def subscribe(request: Request, body: Json) -> Json:
        return _subscribe(sandbox.world.pagerduty, body)

    async def rotate(request: Request, body: Json) -> Json:
        return _rotate(sandbox.world.pagerduty, body)

    async def publish(request: Request, body: Json) -> Json:
        return _publish(sandbox, body)

    async def redeliver(request: Request, body: Json) -> Json:
        return await _redeliver(sandbox, body)

    deeds = {
        "act": deed,
        "trigger": trigger,
        "subscribe": subscribe,
        "rotate": rotate,
        "publish": publish,
        "redeliver": redeliver,
    }
    return [Route(f"/{name}", control(each), methods=["POST"]) for name, each in deeds.items()]


# -- the controls beside act


def _trigger(state: PagerDutyState, body: Json) -> Json:
    """{service, title, body?, key?, urgency?}: an incident by an integration, such as a customer's emergency."""
    given = fields(body, required=("service", "title"), optional=("body", "key", "urgency"))
    state.settle()
    draft = Draft(
        service=_one(state.services.values(), given["service"], "service"),
        title=str(given["title"]),
        details=str(given.get("body", "")),
        key=str(given.get("key", "")),
        urgency=str(given.get("urgency", "high")),
    )
    try:
        incident = state.incidents.trigger(draft, "", state.clock.now(), "an integration")
    except Refusal as refusal:
        raise ValueError(str(refusal)) from refusal
    return {"ok": True, "incident": incident.id, "number": incident.number}


def _subscribe(state: PagerDutyState, body: Json) -> Json:
    """{url, secret?, events?, service?}: a subscription whose secret is known beforehand."""
    given = fields(body, required=("url",), optional=("secret", "events", "service"))
    service = given.get("service")
    one = Subscription(
        id=f"PW{uuid.uuid4().hex[:8].upper()}",
        url=local_address(str(given["url"])),
        events=tuple(given.get("events", EVENTS)),
        secrets=(str(given.get("secret", SECRET)),),
        service_id=_one(state.services.values(), service, "service").id if service else "",
    )
    state.subscriptions[one.id] = one
    return {"ok": True, "subscription": one.id}


def _rotate(state: PagerDutyState, body: Json) -> Json:
    """{secret?, subscription?}: sign with that secret too; without one, with the newest alone from now on."""
    given = fields(body, optional=("secret", "subscription"))
    wanted = str(given.get("subscription", ""))
    changed = [one for one in state.subscriptions.values() if wanted in ("", one.id)]
    if not changed:
        raise ValueError(f"no subscription {wanted!r}")
    for one in changed:
        secrets = (str(given["secret"]), one.secrets[0]) if "secret" in given else one.secrets[:1]
        state.subscriptions[one.id] = replace(one, secrets=secrets)
    return {"ok": True, "subscriptions": [one.id for one in changed]}


def _publish(sandbox: "Sandbox", body: Json) -> Json:
    """{type, incident, data?}: a webhook of any type, about an incident or with other data."""
    given = fields(body, required=("type", "incident"), optional=("data", "user"))
    state = sandbox.world.pagerduty
    agent = _one(state.users.values(), given["user"], "user").id if "user" in given else ""
    more = {"data": given["data"]} if "data" in given else {}
    happening = Happening(
        str(given["type"]), _incident(state, given["incident"]), agent, state.clock.now(), more
    )
    return {"ok": True, "subscriptions": sandbox.webhooks.publish_any(happening)}


async def _redeliver(sandbox: "Sandbox", body: Json) -> Json:
    """{n?, forged?, order?}: the last `n` webhooks (default 1) once more, under the same ids; "newest" or
    "oldest" (the default) first. `forged`: the same bodies from somebody who does not know the secret."""
    given = fields(body, optional=("n", "forged", "order"))
    order = given.get("order", "oldest")
    if order not in ("oldest", "newest"):
        raise ValueError('order is "oldest" or "newest"')
    known = sandbox.world.pagerduty.subscriptions
    hooks = [one for one in sandbox.webhooks.sent if one.subscription_id in known]
    hooks = hooks[-int(given.get("n", 1)) :]
    if order == "newest":
        hooks.reverse()
    told = await sandbox.webhooks.send_again(hooks, forged=bool(given.get("forged")))
    return {"ok": True, "deliveries": told}


# -- act: on call


def _gap(state: PagerDutyState, body: Json) -> Json:
    start, end = _hours(state, body)
    every = list(state.schedules.values())
    wanted = [_one(every, body["schedule"], "schedule")] if "schedule" in body else every
    state.gaps += [Gap(one.id, start, end) for one in wanted]
    return _on_call(state)


def _extra(state: PagerDutyState, body: Json) -> Json:
    schedule = _one(state.schedules.values(), body.get("schedule"), "schedule")
    state.extras.append(Extra(schedule.id, Shift(_user_id(state, body), *_hours(state, body))))
    return _on_call(state)


def _clear(state: PagerDutyState, body: Json) -> Json:
    state.gaps, state.extras = [], []
    return _on_call(state)


def _hours(state: PagerDutyState, body: Json) -> tuple[Any, Any]:
    start = state.clock.now()
    return start, start + timedelta(hours=float(body.get("hours", 8)))


def _on_call(state: PagerDutyState) -> Json:
    return {"oncalls": state.snapshot()["oncalls"]}


# -- act: on an incident


def _on_incident(deed: Callable[[PagerDutyState, Incident, str, Json], object]) -> "Act":
    """A deed of somebody on an incident; the answer shows the incident after it."""

    def doing(state: PagerDutyState, body: Json) -> Json:
        incident = _incident(state, body.get("incident"))
        deed(state, incident, _user_id(state, body), body)
        return {"incident": state.shown(incident)}

    return doing


def _acknowledge(state: PagerDutyState, incident: Incident, by: str, body: Json) -> None:
    state.incidents.acknowledge(incident, by, state.clock.now())


def _resolve(state: PagerDutyState, incident: Incident, by: str, body: Json) -> None:
    state.incidents.resolve(incident, by, state.clock.now())


def _reassign(state: PagerDutyState, incident: Incident, by: str, body: Json) -> None:
    state.incidents.reassign(incident, [_user_id(state, body, "to")], by, state.clock.now())


def _delegate(state: PagerDutyState, incident: Incident, by: str, body: Json) -> None:
    policy = _one(state.policies.values(), body.get("to"), "policy")
    state.incidents.delegate(incident, policy, by, state.clock.now())


def _escalate(state: PagerDutyState, incident: Incident, by: str, body: Json) -> None:
    level = int(body["to"]) if body.get("to") else None
    state.incidents.escalate(incident, by, state.clock.now(), level)


def _annotate(state: PagerDutyState, incident: Incident, by: str, body: Json) -> None:
    state.incidents.annotate(incident, by, str(body.get("content", "Noted.")), state.clock.now())


def _prioritise(state: PagerDutyState, incident: Incident, by: str, body: Json) -> None:
    ids = {name: id_ for id_, name in state.seed.priorities}
    if body.get("to") not in ids:
        raise ValueError(f"no priority {body.get('to')!r}; known are {', '.join(ids)}")
    state.incidents.prioritise(incident, ids[body["to"]], by, state.clock.now())


def _ask(state: PagerDutyState, incident: Incident, by: str, body: Json) -> None:
    whom, message = _user_id(state, body, "to"), str(body.get("message", "Please help."))
    state.incidents.ask(incident, whom, message, by, state.clock.now())


def _reopen(state: PagerDutyState, incident: Incident, by: str, body: Json) -> None:
    """As the website does it, whatever the API may."""
    state.incidents.reopen(incident, by, state.clock.now(), through_api=False)


def _unacknowledge(state: PagerDutyState, body: Json) -> Json:
    incident = _incident(state, body.get("incident"))
    state.incidents.unacknowledge(incident, state.clock.now())
    return {"incident": state.shown(incident)}


# -- act: on the account


def _set_status(status: str) -> "Act":
    def doing(state: PagerDutyState, body: Json) -> Json:
        one = _one(state.services.values(), body.get("service"), "service")
        state.services[one.id] = replace(one, status=status)
        return {"service": one.id}

    return doing


def _rename_schedule(state: PagerDutyState, body: Json) -> Json:
    schedule = _one(state.schedules.values(), body.get("schedule"), "schedule")
    state.schedules[schedule.id] = replace(schedule, name=str(body["name"]))
    return _on_call(state)


def _rename_service(state: PagerDutyState, body: Json) -> Json:
    one = _one(state.services.values(), body.get("service"), "service")
    state.services[one.id] = replace(one, name=_to(body))
    return {"service": one.id}


def _rename_policy(state: PagerDutyState, body: Json) -> Json:
    one = _one(state.policies.values(), body.get("policy"), "policy")
    state.policies[one.id] = replace(one, name=_to(body))
    return {"policy": one.id}


def _reopening(state: PagerDutyState, body: Json) -> Json:
    state.resolved_is_final = not body.get("on", True)
    return {"resolved_is_final": state.resolved_is_final}


Act = Callable[[PagerDutyState, Json], Json]
_ACTS: dict[str, Act] = {
    "gap": _gap,
    "extra": _extra,
    "clear": _clear,
    "acknowledge": _on_incident(_acknowledge),
    "resolve": _on_incident(_resolve),
    "reassign": _on_incident(_reassign),
    "delegate": _on_incident(_delegate),
    "escalate": _on_incident(_escalate),
    "annotate": _on_incident(_annotate),
    "prioritise": _on_incident(_prioritise),
    "ask": _on_incident(_ask),
    "reopen": _on_incident(_reopen),
    "unacknowledge": _unacknowledge,
    "disable_service": _set_status("disabled"),
    "enable_service": _set_status("active"),
    "rename": _rename_schedule,
    "rename_service": _rename_service,
    "rename_policy": _rename_policy,
    "reopening": _reopening,
}


# -- what a body names


def _incident(state: PagerDutyState, wanted: object) -> Incident:
    everything = list(state.incidents.by_id.values())
    for incident in reversed(everything):
        if str(wanted) in (incident.id, str(incident.number), incident.key, incident.title):
            return incident
    known = ", ".join(f"{one.number} ({one.title})" for one in everything)
    raise ValueError(f"no incident {wanted!r}; known are {known or 'none'}")


def _user_id(state: PagerDutyState, body: Json, name: str = "user") -> str:
    wanted = str(body.get(name, ""))
    for user in state.users.values():
        if wanted in (user.id, user.name, user.email):
            return user.id
    raise ValueError(f"no user {wanted!r}; known are {', '.join(one.name for one in state.users.values())}")


def _to(body: Json) -> str:
    if not body.get("to"):
        raise ValueError("missing: to")
    return str(body["to"])


def _one(known: Iterable[One], wanted: object, what: str) -> One:
    everything = list(known)
    for one in everything:
        if wanted in (one.id, one.name):
            return one
    raise ValueError(f"no {what} {wanted!r}; known are {', '.join(one.name for one in everything)}")
