"""Whether a request is Slack's own: by its signature over the raw bytes, its age, and whether it came before.

docs.slack.dev/authentication/verifying-requests-from-slack. Nothing of a request is parsed before this.
"""

import hashlib
import hmac
import re
import time
from collections.abc import Callable, Mapping
from enum import Enum

STALE_S = 300


class Refused(Exception):
    """A request that is answered with a plain 4xx and changes nothing. `for_good`: sent again, it would be
    refused again."""

    def __init__(self, status: int, why: str, for_good: bool = False) -> None:
        super().__init__(status, why)
        self.status = status
        self.why = why
        self.for_good = for_good


class Signatures:
    """Knows the signing secret."""

    def __init__(self, secret: str, now: Callable[[], float] = time.time) -> None:
        self._secret = secret.encode()
        self._now = now

    def check(self, headers: Mapping[str, str], body: bytes) -> str:
        """The signature of a request that is Slack's and new enough. Refused (401) for any other."""
        sent_at = headers.get("x-slack-request-timestamp", "")
        signature = headers.get("x-slack-signature", "")
        if not re.fullmatch("[0-9]{1,12}", sent_at):
            raise Refused(401, "it has no time stamp")
        base = b"v0:" + sent_at.encode() + b":" + body
        expected = "v0=" + hmac.new(self._secret, base, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected.encode(), signature.encode("utf-8", "replace")):
            raise Refused(
                401, "its signature is not Slack's; if it was Slack, copy SLACK_SIGNING_SECRET again"
            )
        if abs(self._now() - int(sent_at)) > STALE_S:
            raise Refused(
                401, "it is more than five minutes old; if it was not, set the clock of this machine"
            )
        return signature


class Seen(Enum):
    """What is known of a signature."""

    NEW = "new"
    UNDER_WAY = "under way"
    TAKEN = "taken"


class Replays:
    """Which requests came before, as long as their time stamps are good.

    Slack signs each of its retries anew, with a new time stamp; but one that follows at once may fall into the
    same second, and is then the very same bytes. So what was not taken is forgotten and may come again, and
    what was taken is acknowledged again without being looked at: a retry of Slack is content, a stranger who
    sends what he overheard changes nothing. One loop uses this, so it needs no lock.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._known: dict[str, tuple[float, Seen]] = {}

    def begin(self, signature: str) -> Seen:
        """What was known so far; from now on it is under way, unless it was known."""
        self._forget()
        known = self._known.get(signature)
        if known is None:
            self._known[signature] = (self._now(), Seen.UNDER_WAY)
        return known[1] if known else Seen.NEW

    def end(self, signature: str, was_taken: bool) -> None:
        """It is over."""
        self._known.pop(signature, None)
        if was_taken:
            self._known[signature] = (self._now(), Seen.TAKEN)

    def _forget(self) -> None:
        # A time stamp may be as far in the future as in the past. The eldest stand first.
        oldest = self._now() - 2 * STALE_S
        while self._known and (eldest := next(iter(self._known.items())))[1][0] < oldest:
            del self._known[eldest[0]]
