"""What the duties look up of their cases, each by its own: the store knows bodies, these know what they are."""

from collections.abc import Sequence
from datetime import datetime

from starbot.duties.compromised import model as compromised
from starbot.duties.emergencies import model as emergencies
from starbot.duties.hands import model as hands
from starbot.duties.paging import model as pages
from starbot.duties.stars import model as stars
from starbot.duties.stars.commands import Outline, outline
from starbot.duties.stars.words import history
from starbot.engine.store import Store, StoredCase


class StoredStars:
    """The STARs as the door, the dialogs and the catch-up look them up."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def by_id(self, case_id: str) -> stars.Star | None:
        """The STAR with this id."""
        with self._store.read() as books:
            stored = books.case(case_id)
        return _star(stored) if stored is not None and stored.duty == stars.DUTY else None

    def by_handle(self, handle: str) -> stars.Star | None:
        """The STAR with this outside name."""
        with self._store.read() as books:
            case_id = books.case_of(handle)
        return None if case_id is None else self.by_id(case_id)

    def in_channel(self, channel: str) -> Sequence[stars.Star]:
        """The STARs that have a message in this channel."""
        with self._store.read() as books:
            found = books.cases_named(f"slack:{channel}:")
        return [_star(one) for one in found if one.duty == stars.DUTY]

    def about(self, ticket: int) -> Sequence[stars.Star]:
        """Every STAR about a ticket, the one that changed last first."""
        with self._store.read() as books:
            return [_star(one) for one in books.about(stars.DUTY, stars.subject(ticket) or "")]

    def open(self) -> Sequence[Outline]:
        """The STARs that have not ended."""
        with self._store.read() as books:
            found = books.in_status(stars.DUTY, stars.OPEN)
        return [outline(one.body) for one in found]

    def waiting(self) -> Sequence[stars.Star]:
        """The STARs that wait for their initiator."""
        with self._store.read() as books:
            return [_star(one) for one in books.in_status(stars.DUTY, ("waiting_on_initiator",))]

    def history(self, star: stars.Star) -> Sequence[history.Line]:
        """What happened to a STAR, the oldest first."""
        with self._store.read() as books:
            return history.history(books.entries(star.id))

    def lately(self, since: datetime) -> Sequence[stars.Star]:
        """The STARs that are open or changed since then."""
        with self._store.read() as books:
            return [_star(one) for one in books.lately(stars.DUTY, since)]


class StoredPages:
    """The pages as the paging duty looks them up."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def since(self, moment: datetime) -> Sequence[pages.Page]:
        """The pages that are open or changed since then."""
        with self._store.read() as books:
            return [pages.Page.model_validate_json(one.body) for one in books.lately(pages.DUTY, moment)]

    def open(self) -> Sequence[pages.Page]:
        """The pages that are not over."""
        with self._store.read() as books:
            found = books.in_status(pages.DUTY, pages.OPEN)
            return [pages.Page.model_validate_json(one.body) for one in found]


class StoredEmergencies:
    """The emergencies as their duty looks them up."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def by_id(self, case_id: str) -> emergencies.Emergency | None:
        """The emergency with this id."""
        with self._store.read() as books:
            stored = books.case(case_id)
        is_one = stored is not None and stored.duty == emergencies.DUTY
        return emergencies.Emergency.model_validate_json(stored.body) if stored and is_one else None

    def open(self) -> Sequence[emergencies.Emergency]:
        """Those that are not over."""
        with self._store.read() as books:
            found = books.in_status(emergencies.DUTY, emergencies.OPEN)
            return [emergencies.Emergency.model_validate_json(one.body) for one in found]


class StoredCompromises:
    """The compromised instances as their duty looks them up."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def by_id(self, case_id: str) -> compromised.Compromise | None:
        """The record with this id."""
        with self._store.read() as books:
            stored = books.case(case_id)
        is_one = stored is not None and stored.duty == compromised.DUTY
        return compromised.Compromise.model_validate_json(stored.body) if stored and is_one else None


class StoredHands:
    """The requests for hands as their duty looks them up."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def by_id(self, case_id: str) -> hands.Request | None:
        """The request with this id."""
        with self._store.read() as books:
            stored = books.case(case_id)
        is_one = stored is not None and stored.duty == hands.DUTY
        return hands.Request.model_validate_json(stored.body) if stored and is_one else None

    def open(self) -> Sequence[hands.Request]:
        """Those that are not over."""
        with self._store.read() as books:
            found = books.in_status(hands.DUTY, hands.OPEN)
            return [hands.Request.model_validate_json(one.body) for one in found]


def _star(stored: StoredCase) -> stars.Star:
    return stars.Star.model_validate_json(stored.body)
