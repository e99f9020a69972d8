"""Faults on order: what goes wrong with which request, and how often."""

from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from typing import Any

SERVICES = ("slack", "gitlab", "zendesk", "pagerduty")
KINDS = ("status", "delay_before", "delay_after", "drop_before", "drop_after", "malformed", "empty", "clock")


@dataclass
class Fault:
    """One order. `times` None means for ever.

    `method` is an HTTP method or the name of a Slack API method; `path` a prefix or a glob, with or
    without the leading service ("/gitlab/api/v4/projects" or "/api/v4/projects"). `malformed` and `empty` serve the
    request and answer with half of some JSON, or with nothing. `clock` answers as usual, with a
    Date header that is `skew_s` seconds ahead. `error` is the word of a refusal by Slack, which comes with status 200.
    """

    service: str
    kind: str
    method: str | None = None
    path: str | None = None
    status: int = 500
    error: str | None = None
    retry_after: int | None = None
    delay_s: float = 0.0
    skew_s: float = 0.0
    times: int | None = None

    def matches(self, service: str, method: str, path: str) -> bool:
        """Whether a request is meant; `path` begins with the service."""
        return service == self.service and self._is_method(method, path) and self._is_path(path)

    def _is_method(self, method: str, path: str) -> bool:
        return self.method is None or self.method.upper() == method or path.endswith(f"/api/{self.method}")

    def _is_path(self, path: str) -> bool:
        if self.path is None:
            return True
        candidates = (path, path.removeprefix(f"/{self.service}"))
        if any(sign in self.path for sign in "*?["):
            return any(fnmatchcase(each, self.path) for each in candidates)
        return any(each.startswith(self.path) for each in candidates)


class Faults:
    """The orders that are open. The oldest that matches is taken."""

    def __init__(self) -> None:
        self._orders: list[Fault] = []

    def order(self, body: dict[str, Any]) -> Fault:
        """Add what POST /_sandbox/faults asks for. ValueError says what is wrong with it."""
        unknown = set(body) - set(Fault.__dataclass_fields__)
        if unknown:
            raise ValueError(f"unknown field {', '.join(sorted(unknown))}; known: {_known_fields()}")
        if body.get("service") not in SERVICES:
            raise ValueError(f"service must be one of {', '.join(SERVICES)}")
        if body.get("kind") not in KINDS:
            raise ValueError(f"kind must be one of {', '.join(KINDS)}")
        fault = Fault(**body)
        self._orders.append(fault)
        return fault

    def take(self, service: str, method: str, path: str) -> Fault | None:
        """The fault for this request, if any; one of its `times` is used up."""
        for fault in self._orders:
            if fault.matches(service, method, path):
                self._use(fault)
                return fault
        return None

    def _use(self, fault: Fault) -> None:
        if fault.times is not None:
            fault.times -= 1
            if fault.times <= 0:
                self._orders.remove(fault)

    def listed(self) -> list[dict[str, Any]]:
        """The open orders as JSON."""
        return [asdict(fault) for fault in self._orders]

    def clear(self, service: str = "") -> None:
        """Drop all orders, or those of one service."""
        self._orders = [fault for fault in self._orders if service not in ("", fault.service)]


def _known_fields() -> str:
    return ", ".join(Fault.__dataclass_fields__)
