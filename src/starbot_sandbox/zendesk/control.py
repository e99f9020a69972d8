"""What customers, agents and admins do in Zendesk while a story runs: POST /_sandbox/zendesk/act."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from starbot_sandbox.zendesk.seed import Macro, ZendeskUser
from starbot_sandbox.zendesk.state import Invalid, Ticket, ZendeskState

Act = Callable[[ZendeskState, dict[str, Any]], dict[str, Any]]


def act(state: ZendeskState, body: dict[str, Any]) -> dict[str, Any]:
    """Do `action` in Zendesk.

    On a `ticket`, by `user` (name or e-mail; default: the requester replies, the assignee or an agent acts):
    open (the requester writes another one like it), reply {body}, note {body}, assign {assignee}, solve, close,
    tag {tags}, set_priority {priority}.
    On a `macro` (title or id): set_macro_public {public}, set_macro_active {active}, rename_macro {title}.
    Without either: expire_tokens; limit_agent {role, role_type, only_private_comments, ticket_restriction,
    suspended}: the agent behind the API. Answers {"ok": true, ...}. ValueError says what is wrong.
    """
    action = str(body.get("action", ""))
    if action not in _ACTS:
        raise ValueError(f"unknown action {action!r}; known are {', '.join(_ACTS)}")
    try:
        return {"ok": True, **_ACTS[action](state, body)}
    except Invalid as fault:
        raise ValueError(fault.description) from fault


def _open(state: ZendeskState, body: dict[str, Any]) -> dict[str, Any]:
    return {"ticket": state.open_like(_ticket(state, body)).id}


def _reply(state: ZendeskState, body: dict[str, Any]) -> dict[str, Any]:
    ticket = _ticket(state, body)
    writer = _named(state, body["user"]) if "user" in body else state.users[ticket.requester_id]
    return {"comment": state.reply(ticket, writer, str(body.get("body", "Any news?")), public=True).id}


def _note(state: ZendeskState, body: dict[str, Any]) -> dict[str, Any]:
    ticket = _ticket(state, body)
    return {"comment": state.reply(ticket, _agent(state, ticket, body), str(body.get("body", "")), False).id}


def _assign(state: ZendeskState, body: dict[str, Any]) -> dict[str, Any]:
    return _update(state, body, assignee_id=_named(state, body.get("assignee", "")).id)


def _solve(state: ZendeskState, body: dict[str, Any]) -> dict[str, Any]:
    ticket = _ticket(state, body)
    assignee = ticket.assignee_id or _agent(state, ticket, body).id
    return _update(state, body, status="solved", assignee_id=assignee)


def _close(state: ZendeskState, body: dict[str, Any]) -> dict[str, Any]:
    return _update(state, body, status="closed")


def _tag(state: ZendeskState, body: dict[str, Any]) -> dict[str, Any]:
    return _update(state, body, tags=[*_ticket(state, body).tags, *body.get("tags", [])])


def _set_priority(state: ZendeskState, body: dict[str, Any]) -> dict[str, Any]:
    return _update(state, body, priority=body.get("priority"))


def _update(state: ZendeskState, body: dict[str, Any], **changes: Any) -> dict[str, Any]:
    ticket = _ticket(state, body)
    state.update(ticket, _agent(state, ticket, body), changes)
    return {"ticket": ticket.id, "status": ticket.status}


def _set_macro_public(state: ZendeskState, body: dict[str, Any]) -> dict[str, Any]:
    macro = _macro(state, body)
    others = tuple(one for one in macro.actions if one["field"] != "comment_mode_is_public")
    mode = {"field": "comment_mode_is_public", "value": str(bool(body.get("public", True))).lower()}
    state.amend_macro(macro, actions=(*others, mode))
    return {"macro": macro.id}


def _set_macro_active(state: ZendeskState, body: dict[str, Any]) -> dict[str, Any]:
    macro = _macro(state, body)
    state.amend_macro(macro, active=bool(body.get("active", False)))
    return {"macro": macro.id}


def _rename_macro(state: ZendeskState, body: dict[str, Any]) -> dict[str, Any]:
    macro = _macro(state, body)
    state.amend_macro(macro, title=str(body["title"]))
    return {"macro": macro.id}


def _expire_tokens(state: ZendeskState, body: dict[str, Any]) -> dict[str, Any]:
    state.tokens = dict.fromkeys(state.tokens, state.clock.now())
    return {"expired": len(state.tokens)}


def _limit_agent(state: ZendeskState, body: dict[str, Any]) -> dict[str, Any]:
    changed = {key: value for key, value in body.items() if key != "action"}
    if unknown := set(changed) - set(ZendeskUser.__dataclass_fields__):
        raise ValueError(f"unknown: {', '.join(sorted(unknown))}")
    state.users[state.bot.id] = replace(state.bot, **changed)
    return {"user": state.bot.id}


_ACTS: dict[str, Act] = {
    "limit_agent": _limit_agent,
    "open": _open,
    "reply": _reply,
    "note": _note,
    "assign": _assign,
    "solve": _solve,
    "close": _close,
    "tag": _tag,
    "set_priority": _set_priority,
    "set_macro_public": _set_macro_public,
    "set_macro_active": _set_macro_active,
    "rename_macro": _rename_macro,
    "expire_tokens": _expire_tokens,
}


def _ticket(state: ZendeskState, body: dict[str, Any]) -> Ticket:
    wanted = str(body.get("ticket", ""))
    ticket = state.tickets.get(int(wanted)) if wanted.isdigit() else None
    if ticket is None:
        raise ValueError(f"no ticket {wanted!r}; there are {min(state.tickets)} to {max(state.tickets)}")
    return ticket


def _named(state: ZendeskState, name: str) -> ZendeskUser:
    for user in state.users.values():
        if str(name).lower() in (user.name.lower(), user.email.lower(), str(user.id)):
            return user
    raise ValueError(f"no user {name!r}; give a full name, an e-mail address or an id")


def _agent(state: ZendeskState, ticket: Ticket, body: dict[str, Any]) -> ZendeskUser:
    if "user" in body:
        return _named(state, str(body["user"]))
    agents = [user for user in state.users.values() if user.role == "agent"]
    return state.users[ticket.assignee_id] if ticket.assignee_id else agents[0]


def _macro(state: ZendeskState, body: dict[str, Any]) -> Macro:
    wanted = str(body.get("macro", "Support::Managers::Escalated Ticket"))
    for macro in state.macros.values():
        if wanted in (macro.title, str(macro.id)):
            return macro
    raise ValueError(
        f"no macro {wanted!r}; known are {', '.join(one.title for one in state.macros.values())}"
    )
