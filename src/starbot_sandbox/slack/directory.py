"""Web API: who and what is in the workspace, and the views (docs.slack.dev/reference/methods)."""

from typing import Any

from starbot_sandbox.slack.call import Call
from starbot_sandbox.slack.errors import SlackError
from starbot_sandbox.slack.seed import SlackGroup, SlackUser

Json = dict[str, Any]


def auth_test(call: Call) -> Json:
    """auth.test."""
    seed = call.state.seed
    return {
        "url": f"https://{seed.team_domain}.slack.com/",
        "team": seed.team_name,
        "user": seed.bot_name,
        "team_id": seed.team_id,
        "user_id": seed.bot_user_id,
        "bot_id": seed.bot_id,
        "is_enterprise_install": False,
    }


def team_info(call: Call) -> Json:
    """team.info."""
    seed = call.state.seed
    url = f"https://{seed.team_domain}.slack.com/"
    return {"team": {"id": seed.team_id, "name": seed.team_name, "domain": seed.team_domain, "url": url}}


def bot_info(call: Call) -> Json:
    """bots.info: the app itself; a workflow's bot belongs to Slack and is not found."""
    seed = call.state.seed
    if call.text("bot") != seed.bot_id:
        raise SlackError("bot_not_found")
    bot = {"id": seed.bot_id, "deleted": False, "name": seed.bot_name, "updated": 0}
    return {"bot": bot | {"app_id": seed.app_id, "user_id": seed.bot_user_id}}


def user_info(call: Call) -> Json:
    """users.info."""
    user = call.state.users.get(call.text("user"))
    if user is None:
        raise SlackError("user_not_found")
    return {"user": _user(call, user)}


def list_users(call: Call) -> Json:
    """users.list."""
    page, metadata = call.page(list(call.state.users.values()), 200, 1000)
    return {"members": [_user(call, user) for user in page], "cache_ts": 0, "response_metadata": metadata}


def user_by_email(call: Call) -> Json:
    """users.lookupByEmail."""
    wanted = call.text("email").lower()
    for user in call.state.users.values():
        if user.email.lower() == wanted and not user.deleted:
            return {"user": _user(call, user)}
    raise SlackError("users_not_found")


def list_groups(call: Call) -> Json:
    """usergroups.list; the members only with include_users."""
    with_users = call.flag("include_users")
    return {"usergroups": [_group(call, group, with_users) for group in call.state.groups.values()]}


def group_users(call: Call) -> Json:
    """usergroups.users.list."""
    group = call.state.groups.get(call.text("usergroup"))
    if group is None:
        raise SlackError("no_such_subteam")
    return {"users": list(group.users)}


def list_emoji(call: Call) -> Json:
    """emoji.list: the custom ones only, as Slack does."""
    return {"emoji": call.state.seed.emoji, "cache_ts": "0000000000.000000"}


def open_view(call: Call) -> Json:
    """views.open."""
    view = call.opened("view", "invalid_arguments")
    return {"view": call.state.views.body(call.state.views.open(call.text("trigger_id"), view))}


def update_view(call: Call) -> Json:
    """views.update."""
    view = call.opened("view", "invalid_arguments")
    views = call.state.views
    shown = views.update(call.text("view_id"), call.text("external_id"), call.text("hash"), view)
    return {"view": views.body(shown)}


def push_view(call: Call) -> Json:
    """views.push."""
    view = call.opened("view", "invalid_arguments")
    return {"view": call.state.views.body(call.state.views.push(call.text("trigger_id"), view))}


def publish_view(call: Call) -> Json:
    """views.publish."""
    if not call.manifest.has_home:
        raise SlackError("not_enabled")
    if call.text("user_id") not in call.state.users:
        raise SlackError("invalid_arguments")
    views = call.state.views
    view = call.opened("view", "invalid_arguments")
    return {"view": views.body(views.publish(call.text("user_id"), call.text("hash"), view))}


def _user(call: Call, user: SlackUser) -> Json:
    return call.state.user_json(user, with_email="users:read.email" in call.manifest.scopes)


def _group(call: Call, group: SlackGroup, with_users: bool) -> Json:
    body = {"id": group.id, "team_id": call.state.seed.team_id, "is_usergroup": True, "name": group.name}
    body |= {"handle": group.handle, "description": "", "user_count": len(group.users)}
    return body | ({"users": list(group.users)} if with_users else {})
