"""The STARs as stored, looked at beside a running bot: one by its id, those of a ticket, those that are open."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from pydantic import ValidationError

from starbot.duties.stars import model
from starbot.duties.stars.model import Star
from starbot.duties.stars.words.history import Line, blanked, history, missing
from starbot.engine.onlooker import Onlooker
from starbot.engine.store import Books, StoredCase

__all__ = ["Archive", "Star", "Told"]


class Told(NamedTuple):
    """A STAR, that its text is gone where it is, what is missing of it, and what happened to it."""

    star: Star
    blanked: str
    missing: list[str]
    history: list[Line]


class Archive:
    """What one database knows. SetupError, with the mend, where it cannot be read."""

    def __init__(self, database_url: str) -> None:
        self._onlooker = Onlooker(database_url)

    def close(self) -> None:
        """Gives back the connections."""
        self._onlooker.close()

    def find(self, reference: str) -> list[Told]:
        """The STAR with this id, or those about a ticket number or an issue address, the newest first."""
        with self._stars() as books:
            stars = sorted(_found(books, reference.strip()), key=lambda star: star.filed_at, reverse=True)
            return [
                Told(star, blanked(star), missing(star), history(books.entries(star.id))) for star in stars
            ]

    def open_stars(self) -> list[Star]:
        """The STARs that are not over, by their deadline; those without one first, for they lack something."""
        with self._stars() as books:
            stars = _read(books.in_status(model.DUTY, model.OPEN))
        return sorted(stars, key=lambda star: (star.deadline is not None, star.deadline or star.filed_at))

    @contextmanager
    def _stars(self) -> Iterator[Books]:
        with self._onlooker.read() as books:
            yield books


def _found(books: Books, reference: str) -> Sequence[Star]:
    if reference.startswith("star-"):
        stored = books.case(reference)
        return [] if stored is None or stored.duty != model.DUTY else _read([stored])
    if "://" in reference:
        address = reference.partition("#")[0].rstrip("/")
        said = books.saying(model.DUTY, address)
        return [star for star in _read(said) if star.issue is not None and star.issue.url == address]
    number = re.sub(r"^(ZD)?#?", "", reference, flags=re.IGNORECASE)
    if not number.isdigit():
        return []
    return _read(books.about(model.DUTY, f"ticket:{int(number)}"))


def _read(stored: Sequence[StoredCase]) -> list[Star]:
    """What this version can read of them: a newer bot may have written what it does not know."""
    stars = []
    for one in stored:
        try:
            stars.append(Star.model_validate_json(one.body))
        except ValidationError:
            continue
    return stars
