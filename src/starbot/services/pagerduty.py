"""PagerDuty through pdpyras: who is on call, by which schedule.

The only file that knows pdpyras, which its makers deprecated in favour of `pagerduty`: it is the library that
this project was asked to use, and it is replaced here and nowhere else when it must be.
"""

import warnings
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from starbot.core.facts import Person
from starbot.errors import RefusedReason
from starbot.services.wire import Deeds, Door, Pool, Rejected

with warnings.catch_warnings():
    # Known and accepted (see above); the admin cannot do anything about it, so it must not greet every start.
    warnings.filterwarnings("ignore", message='The package "pdpyras" is deprecated')
    import pdpyras


class Shift(NamedTuple):
    """One person's turn in one schedule; None means without beginning or end."""

    person: Person
    schedule_id: str
    start: datetime | None
    end: datetime | None


def _reason(no: Rejected) -> RefusedReason:
    """What a status means (developer.pagerduty.com, Errors)."""
    reasons: dict[int, RefusedReason] = {
        401: "unauthorized",
        402: "forbidden",
        403: "forbidden",
        404: "not_found",
    }
    return reasons.get(no.status, "invalid")


class PagerDutyService:
    """What the bot asks of PagerDuty. `from_email` is the PagerDuty user that we act as."""

    def __init__(self, url: str, token: str, from_email: str | None, timeout_s: float) -> None:
        self._url = url
        self._token = token
        self._from_email = from_email
        self._timeout_s = timeout_s
        self._clients = Pool(self._connect)
        self._doing = Deeds("pagerduty", _reason, (pdpyras.PDClientError, pdpyras.URLError))

    def _connect(self) -> pdpyras.APISession:
        session = pdpyras.APISession(self._token, default_from=self._from_email)
        session.url = self._url.rstrip("/")
        session.timeout = self._timeout_s
        # By default a lost connection repeats even a POST three times.
        session.max_network_attempts = 0
        session.mount("http://", Door())
        session.mount("https://", Door())
        return session

    def schedule_ids(self, names: Iterable[str]) -> dict[str, str]:
        """Name to id, for those of the names that exist (exact match)."""
        wanted = set(names)
        with self._doing("list the schedules"), self._clients.lend() as session:
            found = session.list_all("schedules")
            return {one["name"]: one["id"] for one in found if one["name"] in wanted}

    def on_call(self, schedule_ids: Sequence[str], *, since: datetime, until: datetime) -> list[Shift]:
        """Who is on call by these schedules between the two moments (aware), each shift once.

        PagerDuty tells one entry per policy, level and user, and entries without a schedule (direct targets):
        developer.pagerduty.com, List all of the on-calls.
        """
        params: dict[str, Any] = {
            "schedule_ids": list(schedule_ids),
            "include": ["users"],
            "since": since.astimezone(UTC).isoformat(),
            "until": until.astimezone(UTC).isoformat(),
        }
        with self._doing("ask who is on call"), self._clients.lend() as session:
            entries = session.list_all("oncalls", params=params)
            shifts: dict[tuple[str, str, str | None], Shift] = {}
            for entry in entries:
                schedule_id = str((entry.get("schedule") or {}).get("id"))
                if schedule_id in schedule_ids:
                    turn = (schedule_id, entry["user"]["id"], entry.get("start"))
                    shifts.setdefault(turn, _shift(entry, schedule_id))
            return list(shifts.values())


def _shift(entry: dict[str, Any], schedule_id: str) -> Shift:
    return Shift(_person(entry["user"]), schedule_id, _moment(entry.get("start")), _moment(entry.get("end")))


def _person(user: dict[str, Any]) -> Person:
    return Person(
        name=user.get("name") or user["summary"], pagerduty=user["id"], email=user.get("email") or ""
    )


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text).astimezone(UTC) if text else None
