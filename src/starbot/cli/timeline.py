"""The sandbox's journal in plain words: what happened, in which system, by which library. Pure.

What goes without saying is left out: the echoes of the bot's own messages. What has no words here is told by
its method and path, so that nothing the bot asks of a vendor is hidden.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeAlias
from urllib.parse import unquote

Row: TypeAlias = Mapping[str, Any]
Names: TypeAlias = Mapping[str, str]
"""Slack user ids and the names of who has them."""

SYSTEMS = {"slack": "Slack", "gitlab": "GitLab", "zendesk": "Zendesk", "pagerduty": "PagerDuty"}
CLIP = 60

# zenpy fetches its token with requests itself; pdpyras names both, itself first.
_LIBRARIES = (
    (re.compile(r"slackclient/(\S+)"), "slack_sdk {}"),
    (re.compile(r"python-gitlab/(\S+)"), "python-gitlab {}"),
    (re.compile(r"Zenpy/(\S+)"), "zenpy {}"),
    (re.compile(r"pdpyras/(\S+)"), "pdpyras {}"),
    (re.compile(r"python-requests/(\S+)"), "requests {}"),
)


class Told(NamedTuple):
    """One line of the time line; `by` is a library with its version."""

    system: str
    what: str
    by: str


def tell(row: Row, names: Names, bolt: str) -> Told | None:
    """The line of a journal row; None for what goes without saying. `bolt` hears what Slack delivers."""
    if row["kind"] == "delivery" and row.get("service") == "pagerduty":
        return Told("PagerDuty", f"tells: {row['method']}" + _trouble(row, 299), "webhook v3")
    if row["kind"] == "delivery":
        heard = _heard(row["request"]["payload"], names)
        return None if heard is None else Told("Slack", heard + _trouble(row, 200), bolt)
    return Told(SYSTEMS[row["service"]], _asked(row, names) + _trouble(row, 399), library(row["user_agent"]))


def library(user_agent: str) -> str:
    """The library behind a User-Agent, with its version; the whole header where it is none of ours."""
    for pattern, name in _LIBRARIES:
        if found := pattern.search(user_agent):
            return name.format(found[1])
    return user_agent


def clipped(text: str, limit: int = CLIP) -> str:
    """The first line of a text, in quotation marks."""
    line = text.strip().partition("\n")[0].replace("⁠", "")
    return f"“{line if len(line) <= limit else line[: limit - 1] + '…'}”"


def _trouble(row: Row, fine: int) -> str:
    """What went wrong with a call; Slack says no with status 200."""
    said = row["response"] if isinstance(row["response"], dict) else {}
    error = said.get("error") if row["service"] == "slack" and said.get("ok") is False else None
    if row["status"] == 0 or row["status"] > fine or error:
        return f" (answered {error or row['status'] or 'nothing'})"
    return f" (fault on order: {row['fault']})" if row.get("fault") else ""


# -- what Slack tells the bot


def _heard(payload: Row, names: Names) -> str | None:
    event = payload.get("event")
    if event is None:
        return _pressed(payload, names)
    if event["type"] == "reaction_added":
        return f"{_name(event['user'], names)} adds :{event['reaction']}: and the bot hears of it"
    if event["type"] != "message":
        return f"the bot hears of {event['type']}"
    return _written(event, names)


def _written(event: Row, names: Names) -> str | None:
    """The bot's own messages come back to it, and a message that gets its first reply is sent again."""
    message = event.get("message", event)
    if event.get("workflow_id") and event is message:
        return "the STAR form is posted and the bot hears of it"
    if message.get("app_id") or (event.get("hidden") and not message.get("edited")):
        return None
    verb = "writes" if event is message else "edits"
    return f"{_name(message.get('user') or 'a workflow', names)} {verb} {clipped(message.get('text', ''))}"


def _pressed(payload: Row, names: Names) -> str:
    who = _name(payload.get("user", {}).get("id", "somebody"), names)
    if payload.get("type") == "view_submission":
        return f"{who} sends the dialog"
    return f"{who} presses {payload['actions'][0]['action_id']}" if payload.get("actions") else f"{who} acts"


def _name(user: str, names: Names) -> str:
    return names.get(user, user)


# -- what the bot asks of the vendors


def _asked(row: Row, names: Names) -> str:
    """What a request is for, by the first row of the table that fits."""
    call = f"{row['method']} {unquote(row['path'])}"
    for pattern, say in _CALLS:
        if found := pattern.search(call):
            return say if isinstance(say, str) else say(row, found, names)
    return call


def _posted(row: Row, found: re.Match[str], names: Names) -> str:
    body = row["request"]
    if body["channel"].startswith("D"):
        return f"{_dm(body['channel'], names)} gets a direct message: {clipped(_bare(body['text']))}"
    if "star_actions" not in str(body.get("blocks")):
        return f"the bot answers in the thread: {clipped(body['text'])}"
    where = "in the thread and in the channel" if body.get("reply_broadcast") else "in the thread"
    asked = [names[user] for user in re.findall(r"<@(\w+)>: you", str(body.get("blocks"))) if user in names]
    whom = f", naming {' and '.join(asked)}" if asked else ""
    return f"card {where}{whom}: {clipped(body['text'])}"


def _updated(row: Row, found: re.Match[str], names: Names) -> str:
    body = row["request"]
    if body["channel"].startswith("D"):
        return f"the direct message to {_dm(body['channel'], names)} now says {clipped(_bare(body['text']))}"
    small_print = re.search(r"STAR issue #\d+", str(body.get("blocks")))
    step = re.search(r"Next step: ([^_'\\][^'\\]*)", str(body.get("blocks")))
    more = [
        *([small_print[0]] if small_print else []),
        *([f"next step {clipped(step[1], 24)}"] if step else []),
    ]
    return ", ".join((f"the card now says {clipped(body['text'])}", *more))


def _opened_dm(row: Row, found: re.Match[str], names: Names) -> str:
    return f"open the direct messages with {_name(row['request'].get('users', ''), names)}"


def _marked(row: Row, found: re.Match[str], names: Names) -> str:
    return f"the bot marks a message with :{row['request']['name']}:"


def _oncalls(row: Row, found: re.Match[str], names: Names) -> str:
    answer = row["response"] if isinstance(row["response"], dict) else {}
    who = {one["user"]["summary"] for one in answer.get("oncalls", ()) if one.get("user")}
    return f"who is on call now, and soon? {', '.join(sorted(who)) or 'nobody'}"


def _read_ticket(row: Row, found: re.Match[str], names: Names) -> str:
    answer = row["response"] if isinstance(row["response"], dict) else {}
    return f"read ticket {found[1]} {clipped(answer.get('ticket', {}).get('subject', ''))}"


def _wrote_ticket(row: Row, found: re.Match[str], names: Names) -> str:
    ticket = row["request"]["ticket"]
    parts = []
    if comment := ticket.get("comment"):
        kind = "public reply" if comment.get("public", True) else "internal note"
        parts.append(f"{kind} {clipped(comment.get('body', ''), 48)}")
    if tags := ticket.get("tags"):
        parts.append(f"tags end with {tags[-1]}")
    macro = " by macro" if "macro_id" in ticket or "macro_ids" in ticket else ""
    return f"ticket {found[1]}{macro}: {', '.join(parts) or 'updated'}"


def _opened_issue(row: Row, found: re.Match[str], names: Names) -> str:
    answer = row["response"] if isinstance(row["response"], dict) else {}
    kind = "confidential issue" if row["request"].get("confidential") else "issue"
    whom = ", ".join(one["username"] for one in answer.get("assignees", ()))
    holder = f", assigned to {whom}" if whom else ""
    return f"{kind} #{answer.get('iid', '?')} opened{holder}: {clipped(row['request']['title'])}"


def _noted_issue(row: Row, found: re.Match[str], names: Names) -> str:
    return f"issue #{found[1]} noted: {clipped(row['request']['body'])}"


def _changed_issue(row: Row, found: re.Match[str], names: Names) -> str:
    body = row["request"]
    said = {"close": "closed", "reopen": "reopened"}.get(body.get("state_event", ""))
    return f"issue #{found[1]} {said or 'changed: ' + ', '.join(body)}"


def _dm(channel: str, names: Names) -> str:
    """The sandbox names the direct messages of U0LENA D0LENA."""
    return _name("U" + channel[1:], names)


def _bare(text: str) -> str:
    """A text without Slack's link markup."""
    return re.sub(r"<[^|>]+\|([^>]+)>", r"\1", text)


Say: TypeAlias = str | Callable[[Row, re.Match[str], Names], str]

_CALLS: tuple[tuple[re.Pattern[str], Say], ...] = tuple(
    (re.compile(pattern), say)
    for pattern, say in (
        (r"/slack/api/auth\.test$", "who is the bot here?"),
        (r"/slack/api/conversations\.list$", "which channels are there?"),
        (r"/slack/api/conversations\.open$", _opened_dm),
        (r"/slack/api/conversations\.(history|replies)$", "read what has been written"),
        (r"/slack/api/usergroups\.list$", "which user groups are there?"),
        (r"/slack/api/usergroups\.users\.list$", "who are the Support Managers?"),
        (r"/slack/api/conversations\.members$", "who reads the channel?"),
        (r"/slack/api/users\.\w+$", "look up a person"),
        (r"/slack/api/emoji\.list$", "which emoji does the workspace have?"),
        (r"/slack/api/apps\.connections\.open$", "open the Socket Mode connection"),
        (r"/slack/api/chat\.postMessage$", _posted),
        (r"/slack/api/chat\.postEphemeral$", "a word to one person only"),
        (r"/slack/api/chat\.update$", _updated),
        (r"/slack/api/reactions\.add$", _marked),
        (r"/slack/api/views\.open$", "open a dialog"),
        (r"GET /pagerduty/schedules$", "find the managers' schedules"),
        (r"GET /pagerduty/oncalls$", _oncalls),
        (r"/zendesk/oauth/tokens$", "get a token (zenpy is given it)"),
        (r"GET /zendesk/api/v2/macros\.json$", "find the Escalated Ticket macro"),
        (r"GET /zendesk/api/v2/ticket_forms\.json$", "which ticket forms are there?"),
        (r"GET /zendesk/api/v2/tickets/(\d+)\.json$", _read_ticket),
        (
            r"GET /zendesk/api/v2/tickets/\d+/macros/\d+/apply\.json$",
            "what would the macro change? (a preview)",
        ),
        (r"PUT /zendesk/api/v2/tickets/(\d+)\.json$", _wrote_ticket),
        (r"GET /gitlab/api/v4/projects/[^ ]+/issues/(\d+)/notes$", "look whether the note is there already"),
        (r"POST /gitlab/api/v4/projects/[^ ]+/issues/(\d+)/notes$", _noted_issue),
        (r"GET /gitlab/api/v4/projects/[^ ]+/issues$", "look whether the issue is there already"),
        (r"POST /gitlab/api/v4/projects/[^ ]+/issues$", _opened_issue),
        (r"PUT /gitlab/api/v4/projects/[^ ]+/issues/(\d+)$", _changed_issue),
        (r"GET /gitlab/api/v4/users$", "find the manager's GitLab user"),
        (r"GET /gitlab/api/v4/projects/[^ ]+$", "find the STAR project"),
    )
)
