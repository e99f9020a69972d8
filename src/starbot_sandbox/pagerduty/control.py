"""How a test changes who is on call: POST /_sandbox/pagerduty/act."""

from datetime import timedelta
from typing import Any

from starbot_sandbox.pagerduty.state import Extra, Gap, PagerDutyState, Shift


def act(state: PagerDutyState, body: dict[str, Any]) -> dict[str, Any]:
    """Do `action` from now on for `hours` (default 8).

    gap {schedule?}: nobody is on call on that schedule (default: on all); extra {schedule, user}: one more
    person is; clear: as the rotation says again. Schedules and users by name, id or e-mail.
    Answers {"ok": true, "oncalls": {schedule: [names]}}. ValueError says what is wrong.
    """
    start = state.clock.now()
    end = start + timedelta(hours=float(body.get("hours", 8)))
    match str(body.get("action", "")):
        case "gap":
            wanted = [_schedule_id(state, body)] if "schedule" in body else list(state.schedules)
            state.gaps += [Gap(schedule_id, start, end) for schedule_id in wanted]
        case "extra":
            shift = Shift(_user_id(state, body), start, end)
            state.extras.append(Extra(_schedule_id(state, body), shift))
        case "clear":
            state.gaps, state.extras = [], []
        case other:
            raise ValueError(f"unknown action {other!r}; known are gap, extra, clear")
    return {"ok": True, "oncalls": state.snapshot()["oncalls"]}


def _schedule_id(state: PagerDutyState, body: dict[str, Any]) -> str:
    wanted = str(body.get("schedule", ""))
    for schedule in state.schedules.values():
        if wanted in (schedule.id, schedule.name):
            return schedule.id
    raise ValueError(
        f"no schedule {wanted!r}; known are {', '.join(one.name for one in state.schedules.values())}"
    )


def _user_id(state: PagerDutyState, body: dict[str, Any]) -> str:
    wanted = str(body.get("user", ""))
    for user in state.users.values():
        if wanted in (user.id, user.name, user.email):
            return user.id
    raise ValueError(f"no user {wanted!r}; known are {', '.join(one.name for one in state.users.values())}")
