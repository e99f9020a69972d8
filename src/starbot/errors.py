"""The tree of errors: what may go wrong, and who has to do something about it.

    StarbotError
    ├── SetupError          the admin mends it (all complaints at once)
    └── ServiceError        a vendor did not do what we asked
        ├── ServiceDelayed  it may pass: try again later
        └── ServiceRefused  repeating will not help: say so, and how to mend it

Messages name the service and the deed, never a secret and never a customer's text. Each error
pickles, because the durable engine stores what a step raised.
"""

from collections.abc import Iterable
from typing import Literal, TypeAlias

Service: TypeAlias = Literal["slack", "gitlab", "zendesk", "pagerduty"]

RefusedReason: TypeAlias = Literal[
    "not_found",
    "closed",
    "forbidden",
    "unauthorized",
    "missing_scope",
    "not_in_channel",
    "channel_missing",
    "user_missing",
    "emoji_missing",
    "macro_missing",
    "project_missing",
    "trigger_expired",
    "conflict",
    "invalid",
    "too_long",
    "from_unknown",
    "nobody_on_call",
    "already_resolved",
    "key_taken",
    "service_missing",
    "service_disabled",
    "policy_missing",
    "too_late",
]


class StarbotError(Exception):
    """Everything that starbot raises on purpose."""


class SetupError(StarbotError):
    """The installation cannot work as configured; each complaint names the key and the mend."""

    def __init__(self, complaints: Iterable[str]) -> None:
        self.complaints = list(complaints)
        super().__init__(self.complaints)

    def __str__(self) -> str:
        return "\n".join(self.complaints)


class ServiceError(StarbotError):
    """A vendor did not do what we asked. `what` is our deed in words, such as "open the issue"."""

    def __init__(self, service: Service, what: str) -> None:
        self.service: Service = service
        self.what = what
        super().__init__(service, what)

    def __str__(self) -> str:
        return f"{self.service}: {self.what}"


class ServiceDelayed(ServiceError):
    """It may pass: a rate limit, a 5xx, a lost connection, a time-out, an answer that is no answer.

    `retry_after_s` is what the vendor asked for, else None. `maybe_done` says that the request may
    have been served although no answer came. `may_still_run` says that the vendor may still be at work
    on it: no answer in time, a lost connection, a gateway that gave up.
    """

    def __init__(
        self,
        service: Service,
        what: str,
        retry_after_s: float | None = None,
        maybe_done: bool = False,
        may_still_run: bool = False,
    ) -> None:
        super().__init__(service, what)
        self.retry_after_s = retry_after_s
        self.maybe_done = maybe_done
        self.may_still_run = may_still_run
        self.args = (service, what, retry_after_s, maybe_done, may_still_run)

    def __str__(self) -> str:
        wait = "" if self.retry_after_s is None else f", asked to wait {self.retry_after_s:g} s"
        doubt = ", may have been done" if self.maybe_done else ""
        return (
            f"{self.service}: {self.what}: {'unanswered' if self.may_still_run else 'delayed'}{wait}{doubt}"
        )


class ServiceRefused(ServiceError):
    """Repeating will not help; `reason` is what the card explains and how it is mended."""

    def __init__(self, service: Service, reason: RefusedReason, what: str) -> None:
        super().__init__(service, what)
        self.reason: RefusedReason = reason
        self.args = (service, reason, what)

    def __str__(self) -> str:
        return f"{self.service}: {self.what}: {self.reason}"
