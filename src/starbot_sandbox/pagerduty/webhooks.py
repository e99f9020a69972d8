"""PagerDuty's webhooks v3: signed, tried again, in order for each subscription and incident.

PagerDuty/developer-docs, docs/webhooks (overview, behaviour, signatures): 2xx within five seconds; a time-out,
a 5xx and a 429 are tried again, later webhooks of the incident wait behind; any other answer drops the webhook,
and three drops in a row switch the subscription off for a day. No clock stands in the signature.
"""

import asyncio
import hashlib
import hmac
import json
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from starbot_sandbox.delivery import Deliveries, Posted, Postman, with_retries
from starbot_sandbox.journal import Journal
from starbot_sandbox.pagerduty.incident_shapes import webhook
from starbot_sandbox.pagerduty.incidents import Happening
from starbot_sandbox.pagerduty.seed import Subscription
from starbot_sandbox.pagerduty.state import PagerDutyState

ANSWER_S = 5.0
RETRY_PAUSES_S = (1.0, 3.0, 10.0, 30.0, 120.0, 600.0, 1800.0)
"""PagerDuty says for how long it tries (48 hours), not with which pauses."""
DROPS_THAT_DISABLE = 3
DISABLED_FOR = timedelta(hours=24)
USER_AGENT = "PagerDuty-Webhook/V3.0"
EVENTS = (
    "incident.acknowledged",
    "incident.annotated",
    "incident.delegated",
    "incident.escalated",
    "incident.priority_updated",
    "incident.reassigned",
    "incident.reopened",
    "incident.resolved",
    "incident.responder.added",
    "incident.triggered",
    "incident.unacknowledged",
)
"""What the sandbox tells of; a subscription may name more."""


@dataclass(frozen=True)
class Webhook:
    """One webhook for one subscription: the same id and body at each attempt."""

    id: str
    kind: str
    incident_id: str
    subscription_id: str
    body: bytes


class Webhooks:
    """The webhooks of the present world. `state` is asked for each time, because a reset replaces it."""

    def __init__(self, journal: Journal, state: Callable[[], PagerDutyState]) -> None:
        self._journal = journal
        self._state = state
        self._postman = Postman(ANSWER_S)
        self._deliveries = Deliveries()
        self._forget()

    def _forget(self) -> None:
        self.sent: list[Webhook] = []
        self._last: dict[tuple[str, str], asyncio.Event] = {}
        self._drops: Counter[str] = Counter()
        self._off_until: dict[str, datetime] = {}

    def reset(self) -> None:
        """Stop what is under way and forget what was sent: it belongs to a world that is gone."""
        self._deliveries.cancel()
        self._forget()

    async def watch(self) -> None:
        """Let the account's timers run out when the clock says so, until cancelled."""
        while True:
            state = self._state()
            moves = state.clock.moves
            state.settle()
            await state.clock.wait(moves, 1.0)

    def publish(self, happening: Happening) -> None:
        """Send what happened to every subscription that asks for it."""
        state = self._state()
        for one in self._interested(state, happening):
            self._queue(self._written(happening, state, one))

    def publish_any(self, happening: Happening) -> int:
        """Send it to every subscription, whatever it asks for; how many there are."""
        state = self._state()
        for one in state.subscriptions.values():
            self._queue(self._written(happening, state, one))
        return len(state.subscriptions)

    def ping(self, one: Subscription) -> None:
        """What the button *Send Test Event* does."""
        now = self._state().clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
        data = {"message": "Hello from your friend Pagey!", "type": "ping"}
        event: dict[str, Any] = {
            "id": str(uuid.uuid4()),
            "event_type": "pagey.ping",
            "resource_type": "pagey",
        }
        event |= {"occurred_at": now, "agent": None, "client": None, "data": data}
        body = json.dumps({"event": event}).encode()
        self._queue(Webhook(str(uuid.uuid4()), "pagey.ping", "", one.id, body))

    async def send_again(self, hooks: Iterable[Webhook], *, forged: bool) -> list[dict[str, Any]]:
        """Send webhooks once more, one after the other, each once; `forged` by somebody without the secret."""
        told = []
        for hook in hooks:
            again = replace(hook, id=str(uuid.uuid4())) if forged else hook
            posted = await self._post(again, ("a secret of somebody else",) if forged else None)
            told.append({"id": again.id, "event_type": again.kind, "status": posted.status})
        return told

    def _interested(self, state: PagerDutyState, happening: Happening) -> list[Subscription]:
        now = state.clock.now()
        return [
            one
            for one in state.subscriptions.values()
            if happening.kind in one.events
            and one.service_id in ("", happening.incident.service_id)
            and self._off_until.get(one.id, now) <= now
        ]

    def _written(self, happening: Happening, state: PagerDutyState, one: Subscription) -> Webhook:
        body = json.dumps(webhook(happening, str(uuid.uuid4()), state)).encode()
        return Webhook(str(uuid.uuid4()), happening.kind, happening.incident.id, one.id, body)

    def _queue(self, hook: Webhook) -> None:
        self.sent.append(hook)
        line = (hook.subscription_id, hook.incident_id)
        before, done = self._last.get(line), asyncio.Event()
        self._last[line] = done
        self._deliveries.start(self._deliver(hook, before, done))

    async def _deliver(self, hook: Webhook, before: asyncio.Event | None, done: asyncio.Event) -> None:
        if before is not None:
            await before.wait()
        await with_retries(lambda number: self._attempt(hook), RETRY_PAUSES_S)
        done.set()

    async def _attempt(self, hook: Webhook) -> bool:
        """Whether it needs no further attempt: it was taken, it was dropped, or nobody is there any more."""
        if hook.subscription_id not in self._state().subscriptions:
            return True
        posted = await self._post(hook)
        if posted.is_good:
            self._drops[hook.subscription_id] = 0
        elif posted.status and posted.status != 429 and posted.status < 500:
            self._drop(hook)
        else:
            return False
        return True

    def _drop(self, hook: Webhook) -> None:
        self._drops[hook.subscription_id] += 1
        if self._drops[hook.subscription_id] >= DROPS_THAT_DISABLE:
            self._off_until[hook.subscription_id] = self._state().clock.now() + DISABLED_FOR

    def is_off(self, subscription_id: str) -> bool:
        """Whether a subscription is switched off for a day."""
        now = self._state().clock.now()
        return self._off_until.get(subscription_id, now) > now

    def switch_on(self, subscription_id: str) -> None:
        """Let a subscription that was switched off speak again."""
        self._off_until.pop(subscription_id, None)
        self._drops[subscription_id] = 0

    async def _post(self, hook: Webhook, secrets: tuple[str, ...] | None = None) -> Posted:
        subscription = self._state().subscriptions[hook.subscription_id]
        signed = signature(hook.body, subscription.secrets if secrets is None else secrets)
        headers = {
            "Content-Type": "application/json",
            "User-Agent": USER_AGENT,
            "X-PagerDuty-Signature": signed,
            "X-Webhook-Id": hook.id,
            "X-Webhook-Subscription": hook.subscription_id,
        }
        started = time.perf_counter()
        posted = await self._postman.post(subscription.url, hook.body, headers)
        self._record(hook, subscription.url, posted, (time.perf_counter() - started) * 1000)
        return posted

    def _record(self, hook: Webhook, url: str, posted: Posted, duration_ms: float) -> None:
        self._journal.add(
            {
                "at": self._state().clock.now().isoformat(),
                "service": "pagerduty",
                "kind": "delivery",
                "method": hook.kind,
                "path": urlsplit(url).path,
                "query": "",
                "status": posted.status,
                "request": {"type": "webhook", "webhook_id": hook.id, "payload": json.loads(hook.body)},
                "response": posted.text or posted.trouble,
                "duration_ms": round(duration_ms, 2),
                "user_agent": USER_AGENT,
                "fault": None,
            }
        )


def signature(body: bytes, secrets: Iterable[str]) -> str:
    """The header by which a receiver knows that a body is PagerDuty's: one signature for each secret."""
    digests = (hmac.new(secret.encode(), body, hashlib.sha256).hexdigest() for secret in secrets)
    return ",".join(f"v1={digest}" for digest in digests)
