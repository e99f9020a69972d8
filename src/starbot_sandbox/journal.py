"""The journal: every request that the sandbox received and every delivery that it made, in order."""

import asyncio
import json
import time
from typing import Any
from urllib.parse import parse_qsl

from starbot_sandbox.pulse import Pulse

Row = dict[str, Any]

SECRET_FIELDS = frozenset({"token", "client_secret", "access_token", "refresh_token", "password"})
HIDDEN = "[redacted]"


class Journal:
    """Rows numbered from 1. A reset of the world empties it; the numbers go on, so followers miss nothing."""

    def __init__(self) -> None:
        self.last = 0
        self.pulse = Pulse()
        self._rows: list[Row] = []

    def add(self, row: Row) -> None:
        """Append one row; `n` is set here."""
        self.last += 1
        self._rows.append({"n": self.last, **row})
        self.pulse.beat()

    def since(self, n: int) -> list[Row]:
        """The rows whose number is greater than `n`."""
        first = self.last - len(self._rows)
        return self._rows[max(0, n - first) :]

    def clear(self) -> None:
        """Forget all rows."""
        self._rows = []

    async def wait(self, since: int, timeout_s: float) -> list[Row]:
        """The rows after `since`, as soon as there is one; none after `timeout_s` seconds."""
        deadline = time.monotonic() + timeout_s
        while not (rows := self.since(since)) and (left := deadline - time.monotonic()) > 0:
            try:
                await asyncio.wait_for(self.pulse.coming.wait(), left)
            except TimeoutError:
                return []
        return rows


def readable(body: bytes, content_type: str) -> Any:
    """A body as JSON where it is JSON or a form (form fields that hold JSON are opened), else as text."""
    text = body.decode("utf-8", "replace")
    if "application/x-www-form-urlencoded" in content_type:
        fields = parse_qsl(text, keep_blank_values=True)
        return redacted({name: _opened(value) for name, value in fields})
    try:
        return redacted(json.loads(text))
    except ValueError:
        return text


def redacted(value: Any) -> Any:
    """The same JSON value without the contents of secret fields."""
    if isinstance(value, dict):
        return {k: HIDDEN if k in SECRET_FIELDS and v else redacted(v) for k, v in value.items()}
    if isinstance(value, list):
        return [redacted(item) for item in value]
    return value


def _opened(value: str) -> Any:
    if value[:1] in ("{", "["):
        try:
            return json.loads(value)
        except ValueError:
            pass
    return value
