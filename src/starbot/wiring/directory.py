"""What the names of the settings mean at the vendors: resolved at the start and now and then, remembered for a start
at which a vendor is away."""

from collections.abc import Callable, Sequence
from datetime import datetime

import structlog

from starbot.engine.memory import StoreMemory
from starbot.errors import ServiceError
from starbot.services import names
from starbot.settings import Settings
from starbot.vendors import Services

log = structlog.get_logger("starbot")

_NAMES = "names"
_LABELS = "labels"


class Directory:
    """Names and what they stand for, as far as the vendors have told."""

    def __init__(
        self, settings: Settings, services: Services, memory: StoreMemory, now: Callable[[], datetime]
    ) -> None:
        self._settings = settings
        self._services = services
        self._memory = memory
        self._now = now
        kept = memory.recall(_NAMES)
        self.names = names.Names() if kept is None else names.Names.model_validate(kept[1])
        self._is_resolved = False
        kept = memory.recall(_LABELS)
        self._labels: tuple[str, ...] = tuple(kept[1]) if kept else ()

    def refresh(self) -> None:
        """Resolves every configured name, once a start in any case: a name may be new in the settings, or another
        one's in the meantime."""
        if not self._is_resolved or self.names.missing or self.names.unknown:
            self._is_resolved = True
            slack, gitlab, zendesk, pagerduty, _ = self._services
            self.names = names.resolve(self._wanted(), slack, gitlab, zendesk, pagerduty, self.names)
            self._memory.remember(_NAMES, self._now(), self.names.model_dump(mode="json"))
            for complaint in self.names.missing:
                log.warning("something is missing", what=complaint)

    def _wanted(self) -> names.Wanted:
        settings = self._settings
        slack = settings.slack
        channels = (
            slack.star_channel,
            *slack.watched_channels,
            settings.paging.channel,
            settings.hands.channel,
        )
        return names.Wanted(
            channels=tuple(dict.fromkeys(channels)),
            groups=(*slack.manager_groups, slack.fallback_group),
            emoji={
                "acknowledge": slack.emoji.acknowledge,
                "resolve": slack.emoji.resolve,
                "escalate": slack.emoji.escalate,
            },
            project=settings.gitlab.project,
            macro=settings.zendesk.macro,
            schedules=tuple(region.schedule for region in settings.region),
            services=tuple(settings.paging.services.values()),
            policies=tuple(settings.paging.policies.values()),
        )

    def refresh_labels(self) -> None:
        """Reads the tracker's categories; where GitLab does not tell them, those known last go on serving."""
        gitlab = self._settings.gitlab
        if not gitlab.category_scope:
            return
        try:
            self._labels = tuple(self._services.gitlab.labels(gitlab.project, gitlab.category_scope))
        except ServiceError as error:
            log.warning("the tracker's labels are not known anew", error=str(error))
            return
        self._memory.remember(_LABELS, self._now(), list(self._labels))

    @property
    def is_deaf(self) -> bool:
        """Whether Slack has not told its names: without them nobody is heard."""
        return "slack" in self.names.unknown

    def watched(self) -> Sequence[str]:
        """The channels in which misplaced requests are pointed at."""
        return [self.names.channels.get(name, "") for name in self._settings.slack.watched_channels]

    def categories(self) -> tuple[str, ...]:
        """What triage offers: the configured labels, then whatever else the tracker has of their scope."""
        return tuple(dict.fromkeys((*self._settings.gitlab.categories, *self._labels)))
