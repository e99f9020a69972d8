"""PagerDuty's way to say no: a status, a message, a code and details.

developer.pagerduty.com, Errors. Where that page does not say which details come with a code they are those
that client programs in the open quote, or our own words in its style.
"""

from typing import Any


class Refusal(Exception):
    """An answer that is an error, in PagerDuty's words: HTTP status, message, code and details."""

    def __init__(self, status: int, message: str, code: int, *errors: str) -> None:
        super().__init__(status, message, code, *errors)
        self.status = status
        self.message = message
        self.code = code
        self.errors = errors

    @property
    def body(self) -> dict[str, Any]:
        """The body of the answer."""
        return {"error": {"message": self.message, "code": self.code, "errors": list(self.errors)}}

    def __str__(self) -> str:
        return f"{self.message} ({self.code}) {'; '.join(self.errors)}".strip()


def invalid(*errors: str) -> Refusal:
    """400 for an argument that PagerDuty cannot use."""
    return Refusal(400, "Invalid Input Provided", 2001, *errors)


def missing(*errors: str) -> Refusal:
    """400 for an argument that is not there."""
    return Refusal(400, "Missing Arguments", 2003, *errors)
