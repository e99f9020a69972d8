"""Webhook subscriptions on the wire: developer.pagerduty.com/api-reference, Webhooks."""

import secrets
import uuid
from typing import Any

from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from starbot_sandbox.delivery import local_address
from starbot_sandbox.pagerduty.call import Call, page, route
from starbot_sandbox.pagerduty.refusal import Refusal, invalid, missing
from starbot_sandbox.pagerduty.seed import Subscription
from starbot_sandbox.pagerduty.webhooks import Webhooks
from starbot_sandbox.world import Sandbox

_FILTERS = ("account_reference", "service_reference", "team_reference")


def routes(sandbox: Sandbox) -> list[BaseRoute]:
    """Everything below /pagerduty/webhook_subscriptions."""
    hooks, top = sandbox.webhooks, "/webhook_subscriptions"

    def ping(call: Call) -> Response:
        one = _of_path(call)
        hooks.ping(one)
        return Response(status_code=202)

    def enable(call: Call) -> Response:
        one = _of_path(call)
        hooks.switch_on(one.id)
        return JSONResponse({"webhook_subscription": _shown(one, hooks)})

    def show(call: Call) -> Response:
        return JSONResponse({"webhook_subscription": _shown(_of_path(call), hooks)})

    def all_of_them(call: Call) -> Response:
        found = [_shown(one, hooks) for one in call.state.subscriptions.values() if _is_meant(call, one)]
        return page(call, "webhook_subscriptions", found)

    def create(call: Call) -> Response:
        one = _read(call)
        call.state.subscriptions[one.id] = one
        shown = _shown(one, hooks)
        shown["delivery_method"]["secret"] = one.secrets[0]
        return JSONResponse({"webhook_subscription": shown})

    def delete(call: Call) -> Response:
        del call.state.subscriptions[_of_path(call).id]
        return Response(status_code=204)

    return [
        route(sandbox, top, all_of_them),
        route(sandbox, top, create, "POST"),
        route(sandbox, f"{top}/{{id}}", show),
        route(sandbox, f"{top}/{{id}}", delete, "DELETE"),
        route(sandbox, f"{top}/{{id}}/enable", enable, "POST"),
        route(sandbox, f"{top}/{{id}}/ping", ping, "POST"),
    ]


def _of_path(call: Call) -> Subscription:
    found = call.state.subscriptions.get(call.request.path_params["id"])
    if found is None:
        raise Refusal(404, "Not Found", 2100, "Webhook Not Found")
    return found


def _is_meant(call: Call, one: Subscription) -> bool:
    kind = call.query.get("filter_type")
    wanted = call.query.get("filter_id", one.service_id)
    if kind is None:
        return True
    return wanted == one.service_id and kind.startswith("service" if one.service_id else "account")


def _read(call: Call) -> Subscription:
    """The subscription of the body. Refusal 400 for what PagerDuty, or the sandbox, does not take."""
    wanted = call.part("webhook_subscription")
    method, filter_ = wanted.get("delivery_method"), wanted.get("filter")
    if not isinstance(method, dict) or not isinstance(filter_, dict):
        raise missing("delivery_method and filter are required")
    events = wanted.get("events")
    if not isinstance(events, list) or not events:
        raise invalid("events must name at least one event type")
    if filter_.get("type") not in _FILTERS:
        raise invalid(f"filter type must be one of {', '.join(_FILTERS)}")
    try:
        url = local_address(str(method.get("url", "")))
    except ValueError as fault:
        raise invalid(str(fault)) from None
    service_id = str(filter_.get("id", "")) if filter_["type"] == "service_reference" else ""
    if filter_["type"] == "service_reference" and service_id not in call.state.services:
        raise invalid("filter names no service")
    return Subscription(
        id=f"PW{uuid.uuid4().hex[:8].upper()}",
        url=url,
        events=tuple(str(each) for each in events),
        secrets=(secrets.token_hex(32),),
        service_id=service_id,
        description=str(wanted.get("description", "")),
    )


def _shown(one: Subscription, hooks: Webhooks) -> dict[str, Any]:
    """A subscription. Its secret is told at its creation and never again."""
    filter_ = {"id": one.service_id, "type": "service_reference"}
    return {
        "id": one.id,
        "type": "webhook_subscription",
        "active": True,
        "delivery_method": {
            "id": f"{one.id}D",
            "secret": None,
            "temporarily_disabled": hooks.is_off(one.id),
            "type": "http_delivery_method",
            "url": one.url,
            "custom_headers": [],
        },
        "description": one.description,
        "events": list(one.events),
        "filter": filter_ if one.service_id else {"type": "account_reference"},
    }
