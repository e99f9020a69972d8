"""What must be asked for because nobody tells it: answers on the issues of STARs that wait for one.

Only while a STAR waits for somebody whom we know in GitLab does this make a call: the question stands on the issue
and reaches them there, wherever it was asked. A note becomes the same event whenever it is found, so
one that was found before changes nothing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from starbot.core.case import Event
from starbot.duties.stars.door import Noted
from starbot.duties.stars.model import Star
from starbot.errors import ServiceRefused
from starbot.services.gitlab import GitLabService

log = structlog.get_logger("starbot.stars")


@dataclass(frozen=True)
class IssueAnswers:
    """Reads the notes of the issues of STARs that wait for an initiator."""

    gitlab: GitLabService
    waiting: Callable[[], Sequence[Star]]
    submit: Callable[[Event], None]
    now: Callable[[], datetime]

    def __call__(self) -> int:
        """Submits what was noted since each question; answers how many notes that were. ServiceDelayed if GitLab is
        silent."""
        found = 0
        for star in self.waiting():
            if star.waiting is not None and star.initiator_gitlab and star.issue is not None:
                found += self._read(star, star.issue.project, star.issue.iid, star.waiting.at)
        return found

    def _read(self, star: Star, project: str, iid: int, since: datetime) -> int:
        try:
            notes = self.gitlab.answers(project, iid, since)
        except ServiceRefused as no:
            log.warning("the issue of a question cannot be read", star=star.id, error=str(no))
            return 0
        for note in notes:
            self.submit(
                Noted(
                    id=f"note:{project}:{note.id}",
                    at=self.now(),
                    case_id=star.id,
                    author=note.author,
                    text=note.body,
                )
            )
        return len(notes)
