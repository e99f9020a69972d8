"""The controls of a running sandbox, as far as the tests of the services use them."""

import json
import urllib.request
from typing import Any

TIMEOUT_S = 1.0
"""How long the services of these tests wait for an answer."""


class Sandbox:
    """A running sandbox and its controls."""

    def __init__(self, url: str) -> None:
        self.url = url

    def control(self, path: str, body: dict[str, Any] | None = None, method: str | None = None) -> Any:
        """Ask the sandbox itself: GET without a body, POST with one, unless `method` says otherwise."""
        request = urllib.request.Request(
            f"{self.url}/_sandbox/{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
            method=method or ("GET" if body is None else "POST"),
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def fault(self, **fault: Any) -> None:
        """Let something go wrong from now on."""
        self.control("faults", fault)

    def state(self) -> Any:
        """The whole world."""
        return self.control("state")

    def requests(self, service: str, method: str | None = None) -> list[dict[str, Any]]:
        """What the sandbox has received for a service since its last reset, in order."""
        answer = self.control("journal?since=0")
        rows = answer["rows"] if isinstance(answer, dict) else answer
        return [
            row
            for row in rows
            if row["service"] == service
            and row.get("kind", "request") == "request"
            and method in (None, row["method"])
        ]
