"""Hours follow each zone's clock, through every change of it."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from starbot.core.hours import Region, is_weekend, region_at

APAC = Region(name="APAC", zone="Australia/Brisbane", opens="09:00", closes="21:00")
EMEA = Region(name="EMEA", zone="Europe/Amsterdam", opens="08:00", closes="18:00")
AMER = Region(name="AMER", zone="America/Los_Angeles", opens="05:00", closes="17:00")
REGIONS = (APAC, EMEA, AMER)
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))
MINUTE = timedelta(minutes=1)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# The clocks change in 2026: Los Angeles on 8 March and 1 November, Amsterdam on 29 March and 25 October.
@pytest.mark.parametrize(
    ("region", "opening", "closing"),
    [
        (APAC, "2026-03-09 23:00", "2026-03-10 11:00"),
        (APAC, "2026-11-16 23:00", "2026-11-17 11:00"),  # Brisbane never changes its clock
        (EMEA, "2026-03-27 07:00", "2026-03-27 17:00"),
        (EMEA, "2026-03-30 06:00", "2026-03-30 16:00"),
        (EMEA, "2026-10-26 07:00", "2026-10-26 17:00"),
        (AMER, "2026-03-06 13:00", "2026-03-07 01:00"),
        (AMER, "2026-03-09 12:00", "2026-03-10 00:00"),
        (AMER, "2026-11-02 13:00", "2026-11-03 01:00"),
    ],
)
def test_a_region_is_open_from_its_opening_to_its_closing(region: Region, opening: str, closing: str) -> None:
    assert not region.is_open(utc(opening) - MINUTE)
    assert region.is_open(utc(opening))
    assert region.is_open(utc(closing) - MINUTE)
    assert not region.is_open(utc(closing))


@pytest.mark.parametrize(
    ("at", "name"),
    [
        ("2026-11-17 14:00", "EMEA"),  # EMEA and AMER are open, 15:00 in Amsterdam
        ("2026-11-17 16:30", "AMER"),  # both are open, 17:30 in Amsterdam
        ("2026-11-17 07:30", "APAC"),  # APAC and EMEA are open, 08:30 in Amsterdam
        ("2026-11-17 08:30", "EMEA"),
        ("2026-11-17 03:00", "APAC"),
        ("2026-11-17 20:00", "AMER"),
        ("2026-11-17 23:30", "AMER"),  # AMER and APAC are open, 00:30 in Amsterdam
        ("2026-11-18 00:30", "APAC"),
        ("2026-11-20 23:30", "AMER"),  # Saturday in Brisbane, Friday in Los Angeles
        ("2026-11-21 03:00", "APAC"),  # a weekend: the shift alone decides
        ("2026-11-21 10:00", "EMEA"),
        ("2026-11-21 18:00", "AMER"),
        ("2026-03-16 16:30", "AMER"),  # Los Angeles is in summer time, Amsterdam not yet
        ("2026-10-27 16:30", "AMER"),  # Amsterdam is back, Los Angeles not yet
        ("2026-10-27 11:30", "EMEA"),
    ],
)
def test_a_star_belongs_to_the_region_whose_day_it_is(at: str, name: str) -> None:
    region = region_at(utc(at), REGIONS)
    assert region and region.name == name


def test_regions_with_other_names_go_by_their_business_hours() -> None:
    north, south = Region("North", "UTC", "08:00", "18:00"), Region("South", "UTC", "12:00", "20:00")
    assert region_at(utc("2026-11-17 09:00"), (north, south)) == north
    assert region_at(utc("2026-11-17 14:00"), (north, south)) == north
    assert region_at(utc("2026-11-17 19:00"), (north, south)) == south
    assert region_at(utc("2026-11-17 23:00"), (north, south)) is None


@given(MOMENTS)
def test_every_moment_has_one_of_the_three_regions(at: datetime) -> None:
    region = region_at(at, REGIONS)
    assert region in REGIONS
    assert region.is_open(at) or not any(other.is_open(at) for other in REGIONS)


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        EMEA.is_open(datetime(2026, 11, 17, 14))


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-11-20 23:30", False),  # Saturday in Brisbane; the shift is AMER's, where it is Friday
        ("2026-11-21 00:30", True),
        ("2026-11-21 10:00", True),
        ("2026-11-22 22:30", True),  # Monday in Brisbane; the shift is AMER's, where it is Sunday
        ("2026-11-23 00:30", False),
        ("2026-11-17 14:00", False),
    ],
)
def test_it_is_the_weekend_where_the_region_of_the_shift_has_it(at: str, expected: bool) -> None:
    assert is_weekend(utc(at), REGIONS) is expected
