"""The one error of the Web API: a name of the method's page on docs.slack.dev."""

from typing import Any


class SlackError(Exception):
    """Becomes `{"ok": false, "error": code, ...extra}`."""

    def __init__(self, code: str, **extra: Any) -> None:
        super().__init__(code)
        self.code = code
        self.extra = extra

    def body(self) -> dict[str, Any]:
        """The answer's body."""
        return {"ok": False, "error": self.code, **self.extra}


def with_messages(code: str, messages: list[str]) -> SlackError:
    """An error that says what is wrong where, in `response_metadata.messages`."""
    return SlackError(code, response_metadata={"messages": [f"[ERROR] {each}" for each in messages]})
