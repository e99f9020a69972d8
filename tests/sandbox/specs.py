"""Holds requests and answers against the vendors' published descriptions in ../shared/specs.

`check_request` and `check_answer` take what the sandbox's journal tells (service, HTTP method, path, query or
status, body) and give complaints as sentences, none when it fits. Tests that use them carry `needs_specs`.
"""

import copy
import json
import re
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

import jsonschema
import pytest
from jsonschema.exceptions import best_match

SPECS = Path(__file__).parents[3] / "shared" / "specs"
needs_specs = pytest.mark.skipif(not SPECS.is_dir(), reason="the folder ../shared/specs is not here")

_PREFIX = {
    "slack": "/slack/api/",
    "gitlab": "/gitlab/api/v4",
    "zendesk": "/zendesk",
    "pagerduty": "/pagerduty",
}
_OPENAPI = {
    "gitlab": "gitlab/rest-v4-openapi.trimmed.json",
    "zendesk": "zendesk/support-openapi-3.0.trimmed.json",
    "pagerduty": "pagerduty/rest-openapi-v3.trimmed.json",
}
_PAGING = {
    "gitlab": {"page", "per_page", "pagination", "order_by", "sort"},
    "zendesk": {"page", "per_page", "page[size]", "page[after]", "sort", "sort_by", "sort_order", "include"},
    "pagerduty": {"offset", "limit", "total"},
    "slack": {"token"},
}
# Documented for every method: docs.slack.dev/apis/web-api, and the rate limit page.
_SLACK_ERRORS = {
    "invalid_auth", "not_authed", "missing_scope", "ratelimited", "unknown_method", "invalid_arguments",
    "not_allowed_token_type", "invalid_json", "invalid_form_data", "fatal_error", "internal_error",
}  # fmt: skip
_SLACK_FIELDS = {"ok", "error", "warning", "needed", "provided", "response_metadata"}

Json = dict[str, Any]


def check_answer(service: str, method: str, path: str, status: int, body: Any) -> list[str]:
    """What in an answer the vendor would not send."""
    local = _local(service, path)
    if service == "slack":
        return _slack_answer(local, body)
    if status >= 400:
        return _error_answer(service, status, body)
    if service == "gitlab":
        return _gitlab_answer(method, local, status, body)
    return _openapi_answer(service, method, local, status, body)


def check_request(service: str, method: str, path: str, query: Any, body: Any) -> list[str]:
    """Arguments in a request that the vendor does not know, and required ones that are missing.

    `query` is a mapping, a list of pairs or the raw query string; `body` the parsed JSON or form.
    """
    local, names = _local(service, path), _names(query)
    if service == "slack":
        return _slack_request(local, names | set(body or {}))
    if service == "gitlab":
        return _gitlab_request(method, local, names | set(body or {}), set(body or {}))
    return _openapi_request(service, method, local, names, body)


def _local(service: str, path: str) -> str:
    bare = unquote(path.partition("?")[0]).removeprefix(_PREFIX[service])
    return bare.removesuffix(".json") if service == "zendesk" else bare


def _names(query: Any) -> set[str]:
    if isinstance(query, str):
        query = parse_qsl(query, keep_blank_values=True)
    return {pair[0] for pair in query} if isinstance(query, list) else set(query or {})


@cache
def _spec(name: str) -> Any:
    return json.loads((SPECS / name).read_text(encoding="utf-8"))


@cache
def _openapi(service: str) -> Json:
    document = _as_answered(copy.deepcopy(_spec(_OPENAPI[service])))
    if service == "zendesk":
        _mend_zendesk(document["components"]["schemas"])
    return document  # type: ignore[no-any-return]


def _mend_zendesk(schemas: Json) -> None:
    """Two places where the description was drawn from a short example: a change of tags has a list as its
    value, and a ticket after a macro has a list of fields, as every ticket has."""
    events = schemas["AuditObject"]["properties"]["events"]["anyOf"][0]
    del events["items"]["properties"]["value"]
    result = schemas["MacroApplyTicketResponse"]["properties"]["result"]["anyOf"][0]
    ticket = result["properties"]["ticket"]["anyOf"][0]
    ticket["properties"]["fields"] = {
        "type": "array",
        "items": {"type": "object", "required": ["id", "value"]},
    }


def _as_answered(node: Any) -> Any:
    """The description, with what answers hold and it forgets: null in optional fields, and a whole object
    where `include[]` asks for it instead of its reference."""
    if isinstance(node, list):
        return [_as_answered(each) for each in node]
    if not isinstance(node, dict):
        return node
    shown = {key: _as_answered(value) for key, value in node.items() if key not in ("example", "examples")}
    if isinstance(shown.get("properties"), dict):
        shown["properties"] = {
            name: {"anyOf": [schema, {"type": "null"}]} for name, schema in shown["properties"].items()
        }
    enum = shown.get("enum")
    if isinstance(enum, list):
        whole = [name.removesuffix("_reference") for name in enum if str(name).endswith("_reference")]
        shown["enum"] = [*enum, *whole]
    return shown


def _resolved(document: Json, node: Json) -> Json:
    while "$ref" in node:
        found: Any = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[int(part) if isinstance(found, list) else part.replace("~1", "/")]
        node = found
    return node


def _operation(service: str, method: str, local: str) -> tuple[Json, list[Json]] | None:
    """The operation of a path and all its parameters; a literal path goes before a template."""
    document = _openapi(service)
    for template in sorted(document["paths"], key=lambda each: each.count("{")):
        pattern = re.sub(r"\\{[^}]*\\}", "[^/]+", re.escape(template))
        item = document["paths"][template]
        if re.fullmatch(pattern, local) and method.lower() in item:
            operation = item[method.lower()]
            found = [*item.get("parameters", []), *operation.get("parameters", [])]
            return operation, [_resolved(document, each) for each in found]
    return None


def _faults(schema: Any, document: Json, body: Any, what: str) -> list[str]:
    root = {"allOf": [schema], "components": document.get("components", {})}
    faults = (best_match([each]) for each in jsonschema.Draft7Validator(root).iter_errors(body))
    return [f"{what}: {each.json_path} {each.message[:200]}" for each in faults]


def _openapi_answer(service: str, method: str, local: str, status: int, body: Any) -> list[str]:
    if service == "zendesk" and local == "/oauth/tokens":
        return [
            f"the token answer lacks {name}" for name in ("access_token", "token_type") if name not in body
        ]
    found = _operation(service, method, local)
    if found is None:
        return [f"{service} has no {method} {local}"]
    document, what = _openapi(service), f"{method} {local}"
    responses = found[0]["responses"]
    if str(status) not in responses:
        return [f"{what}: status {status} is not among {', '.join(responses)}"]
    content = _resolved(document, responses[str(status)]).get("content", {})
    if not content:
        return [f"{what}: the answer should be empty"] if body else []
    return _faults(content["application/json"]["schema"], document, body, what)


def _openapi_request(service: str, method: str, local: str, names: set[str], body: Any) -> list[str]:
    if service == "zendesk" and local == "/oauth/tokens":
        known = {"grant_type", "client_id", "client_secret", "scope", "expires_in"}
        return _unknown("POST /oauth/tokens", set(body or {}), known)
    found = _operation(service, method, local)
    if found is None:
        return [f"{service} has no {method} {local}"]
    what = f"{method} {local}"
    known = {one["name"] for one in found[1] if one["in"] == "query"} | _PAGING[service]
    complaints = _unknown(what, names, known)
    if service == "zendesk" and isinstance(body, dict):
        complaints += _zendesk_body(what, body)
    if service == "pagerduty" and isinstance(body, dict):
        complaints += _pagerduty_body(what, found[0], body)
    return complaints


def _pagerduty_body(what: str, operation: Json, body: Json) -> list[str]:
    """Held against its description: required fields, types, and no field that is not described. A text as
    `details` is what PagerDuty's own example has, where the description says object."""
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    document = _openapi("pagerduty")
    shown = {name: dict(part) if isinstance(part, dict) else part for name, part in body.items()}
    for name, part in shown.items():
        described = schema["properties"].get(name)
        if isinstance(part, dict) and part.get("body"):
            part["body"] = {**part["body"], "details": {}}
        if isinstance(part, dict) and described:
            fields = _resolved(document, described["anyOf"][0]).get("properties", {})
            complaints = _unknown(what, set(part), set(fields))
            if complaints:
                return complaints
    return _faults(schema, document, shown, what)


def _zendesk_body(what: str, body: Json) -> list[str]:
    schemas = _openapi("zendesk")["components"]["schemas"]

    def known(*names: str) -> set[str]:
        return {field for name in names for field in schemas[name]["properties"]}

    if "tags" in body:
        return _unknown(what, set(body), {"tags", "updated_stamp", "safe_update"})
    ticket = body.get("ticket", {})
    complaints = _unknown(what, set(body), {"ticket"})
    complaints += _unknown(what, set(ticket), known("TicketUpdateInput", "TicketObject"))
    return complaints + _unknown(what, set(ticket.get("comment") or {}), known("TicketCommentObject"))


def _unknown(what: str, names: set[str], known: set[str]) -> list[str]:
    return [f"{what}: {name} is not an argument" for name in sorted(names - known)]


def _error_answer(service: str, status: int, body: Any) -> list[str]:
    if service == "pagerduty":
        error = body.get("error", {}) if isinstance(body, dict) else {}
        return [f"the error of {status} lacks {name}" for name in ("message", "code") if name not in error]
    if service == "gitlab" and status == 429:
        return [] if isinstance(body, str) else ["a GitLab 429 is plain text"]
    named = isinstance(body, dict) and ("error" in body or "message" in body)
    return [] if named else [f"the {service} answer {status} names no error"]


def _gitlab_rule(local: str) -> str:
    """/projects/:id/issues/:issue_iid/notes for the path of one of them."""
    found = re.fullmatch(r"/projects/(?P<id>.+?)(?P<rest>/(?:issues|labels|members)(?:/.*)?)?", local)
    if not found:
        return local
    rest = re.sub(r"/notes/\d+", "/notes/:note_id", found["rest"] or "")
    return "/projects/:id" + re.sub(r"/issues/\d+", "/issues/:issue_iid", rest)


_ISSUE, _NOTES = "/projects/:id/issues/:issue_iid", "/projects/:id/issues/:issue_iid/notes"
_LABEL_EVENTS = f"{_ISSUE}/resource_label_events"


def _template(rule: str) -> str:
    """The same path as the OpenAPI description writes it."""
    return re.sub(r":(\w+)", r"{\1}", rule)


def _described(rule: str) -> Json:
    """How the OpenAPI description says that GET answers."""
    answer: Json = _openapi("gitlab")["paths"][_template(rule)]["get"]["responses"]["200"]
    schema: Json = answer["content"]["application/json"]["schema"]
    return schema


def _gitlab_answer(method: str, local: str, status: int, body: Any) -> list[str]:
    rule = _gitlab_rule(local)
    if status == 202:
        fits = rule == _NOTES and "id" not in body and "commands_changes" in body
        return [] if fits else ["a 202 is for a note of commands alone, and has no id"]
    issue, notes, label, user = (
        _spec(f"gitlab/response-schemas/{name}.json") for name in ("issue", "notes", "label", "user-basic")
    )
    schemas: dict[str, Any] = {
        "/projects/:id/issues": issue if method == "POST" else {"type": "array", "items": issue},
        _ISSUE: issue,
        _NOTES: notes["items"] if method == "POST" else notes,
        f"{_NOTES}/:note_id": notes["items"],
        "/projects/:id/labels": {"type": "array", "items": label},
        "/projects/:id/members": {"type": "array", "items": user},
        "/projects/:id/members/all": {"type": "array", "items": user},
        "/users": {"type": "array", "items": user},
        "/user": user,
        # Among the schemas of answers there is none for label events; the OpenAPI description has one.
        _LABEL_EVENTS: _described(_LABEL_EVENTS),
        "/version": {"type": "object", "required": ["version", "revision"]},
        "/projects/:id": {"type": "object", "required": ["id", "path_with_namespace", "web_url"]},
    }
    if rule not in schemas:
        return [f"gitlab has no {method} {local}"]
    created = 201 if method == "POST" else 200
    wrong = [] if status == created else [f"{method} {rule} answers {created}, not {status}"]
    return wrong + _faults(schemas[rule], {}, body, f"{method} {rule}")


def _gitlab_request(method: str, local: str, names: set[str], sent: set[str]) -> list[str]:
    rule = _gitlab_rule(local)
    what = f"{method} {rule}"
    params = _spec("gitlab/request-params.json").get(what, {})
    required = set(params.get("required", {}))
    known = required | set(params.get("optional", {})) | set(params.get("at_least_one_of", []))
    known |= _PAGING["gitlab"] | {"username", "search", "active"}
    operation = _openapi("gitlab")["paths"].get(_template(rule), {}).get(method.lower(), {})
    known |= {one["name"] for one in operation.get("parameters", []) if method == "GET"}
    missing = [f"{what}: {name} is missing" for name in sorted(required - sent)]
    return missing + _unknown(what, {name.removesuffix("[]") for name in names}, known)


def _slack_request(name: str, sent: set[str]) -> list[str]:
    docs = _spec("slack/method-docs.json").get(name)
    if docs is None:
        return [f"slack has no method {name}"]
    args = docs["args"]
    required = {arg for arg, about in args.items() if about.get("required") and arg != "token"}
    missing = [f"{name}: {arg} is missing" for arg in sorted(required - sent)]
    return missing + _unknown(name, sent, set(args) | _PAGING["slack"])


def _slack_answer(name: str, body: Json) -> list[str]:
    docs = _spec("slack/method-docs.json").get(name, {})
    if not body.get("ok"):
        known = set(docs.get("errors", {})) | _SLACK_ERRORS
        error = body.get("error")
        return [] if error in known or not docs.get("errors") else [f"{name} has no error {error}"]
    sample_path = SPECS / "slack" / "samples" / "web-api" / f"{name}.json"
    if not sample_path.is_file():
        return []
    sample = _spec(f"slack/samples/web-api/{name}.json")
    unknown = [f"{name}: {field} is not in its sample" for field in set(body) - set(sample) - _SLACK_FIELDS]
    return sorted(unknown) + _unlike(sample, body, name)


def _unlike(sample: Any, shown: Any, where: str) -> list[str]:
    """Places where a value has another JSON type than the sample's."""
    if sample is None or shown is None:
        return []
    if _kind(sample) != _kind(shown):
        return [f"{where} should be {_kind(sample)}, not {_kind(shown)}"]
    if isinstance(sample, dict):
        pairs = [(sample[key], shown[key], f"{where}.{key}") for key in sample if key in shown]
    elif isinstance(sample, list) and sample:
        pairs = [(sample[0], each, f"{where}[{n}]") for n, each in enumerate(shown)]
        # Blocks and elements differ from one another by their type, so one sample says nothing of the others.
        pairs = [] if isinstance(sample[0], dict) and "type" in sample[0] else pairs
    else:
        pairs = []
    return [complaint for pair in pairs for complaint in _unlike(*pair)]


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, int | float):
        return "a number"
    return {str: "a text", dict: "an object", list: "a list"}[type(value)]
