"""What is blanked and what stays, on a fact that has a field of every shape."""

from datetime import UTC, datetime
from typing import Literal

from starbot.core.facts import Fact, MessageRef, Person
from starbot.core.retention import blanked

NOON = datetime(2026, 11, 17, 12, 0, tzinfo=UTC)


class Letter(Fact):
    """Something with a field of every shape."""

    place: str = "shelf 4"
    words: str = "secret"
    perhaps: str | None = "secret"
    kind: Literal["letter", "parcel"] = "letter"
    state: Literal["new", "old"] | Literal[""] = "new"
    tags: tuple[str, ...] = ("secret",)
    marks: tuple[Literal["a", "b"], ...] = ("a",)
    by: Person | None = Person(name="secret", slack="U1", gitlab="secret")
    copies: tuple[MessageRef, ...] = (MessageRef(channel="C1", ts="1.0"),)
    inner: "Letter | None" = None
    counts: dict[str, int] = {"kept": 2}  # noqa: RUF012
    said: dict[str, str] = {"field": "secret"}  # noqa: RUF012
    at: datetime = NOON
    number: int = 7
    is_new: bool = True


class Postcard(Letter):
    """What its kind keeps, it keeps too."""


def test_texts_go_and_numbers_moments_enumerations_and_what_a_table_names_stay() -> None:
    told = blanked(Letter(inner=Letter()), {Letter: ("place",)})
    assert "secret" not in told.model_dump_json()
    assert (told.place, told.kind, told.state, told.marks) == ("shelf 4", "letter", "new", ("a",))
    assert (told.at, told.number, told.is_new, told.counts) == (NOON, 7, True, {"kept": 2})
    assert (told.by, told.copies) == (Person(name="", slack="U1"), Letter().copies)
    assert told.inner == blanked(Letter(), {Letter: ("place",)})


def test_a_text_that_no_table_names_goes_and_one_that_may_be_missing_is_missing_then() -> None:
    told = blanked(Letter(), {})
    assert (told.place, told.words, told.perhaps) == ("", "", None)
    assert (told.tags, told.said) == ((), {})


def test_what_a_kind_keeps_is_kept_by_what_is_made_from_it() -> None:
    assert blanked(Postcard(), {Letter: ("place",)}).place == "shelf 4"


def test_to_blank_what_is_blanked_changes_nothing() -> None:
    once = blanked(Letter(inner=Letter()), {})
    assert blanked(once, {}) == once
