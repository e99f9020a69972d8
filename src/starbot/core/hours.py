"""Hours: which region's day it is, and whether Support is open at all.

Every moment is an aware datetime that the caller passes in. Business hours are wall-clock times of a zone, so
they follow each zone's own changes of the clock.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

_SATURDAY = 5
# The managers' shifts begin at these hours in Amsterdam, every day of the week: the handbook's PagerDuty page
# as of 2022. Only a fallback: PagerDuty knows who is on call.
_SHIFT_ZONE = ZoneInfo("Europe/Amsterdam")
_SHIFTS = ((17, "AMER"), (9, "EMEA"), (1, "APAC"), (0, "AMER"))


@dataclass(frozen=True)
class Region:
    """A region and its business hours, Monday to Friday from `opens` to `closes` ("HH:MM") in its zone."""

    name: str
    zone: str
    opens: str
    closes: str

    def is_open(self, at: datetime) -> bool:
        """Whether `at` is in business hours; the opening minute is, the closing minute is not."""
        local = _aware(at).astimezone(ZoneInfo(self.zone))
        opens, closes = time.fromisoformat(self.opens), time.fromisoformat(self.closes)
        return local.weekday() < _SATURDAY and opens <= local.time() < closes


DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True)
class Week:
    """One continuous time of each week, from `opens` to `closes` ("Sunday 15:00") in a zone: the Global Support
    Hours. It may reach over the end of a week."""

    zone: str
    opens: str
    closes: str

    def is_open(self, at: datetime) -> bool:
        """Whether `at` is in it; the opening minute is, the closing minute is not."""
        now = _into_week(_aware(at).astimezone(ZoneInfo(self.zone)))
        opens, closes = week_moment(self.opens), week_moment(self.closes)
        if opens <= closes:
            return opens <= now < closes
        return now >= opens or now < closes


def week_moment(text: str) -> timedelta:
    """How far into a week from Monday on "Sunday 15:00" is. ValueError where it is no such moment."""
    day, _, clock = text.strip().partition(" ")
    moment = time.fromisoformat(clock.strip())
    return timedelta(days=DAYS.index(day.capitalize()), hours=moment.hour, minutes=moment.minute)


def _into_week(local: datetime) -> timedelta:
    return timedelta(days=local.weekday(), hours=local.hour, minutes=local.minute, seconds=local.second)


def region_at(at: datetime, regions: Sequence[Region]) -> Region | None:
    """The region whose day it is: the only one in business hours, else the one whose managers' shift it is.

    Where several are open and none has the shift, the first of them. None where nobody is open and the region
    of the shift is not among `regions`.
    """
    is_open = [region for region in regions if region.is_open(at)]
    if len(is_open) == 1:
        return is_open[0]
    shift = _shift_at(at)
    among = is_open or regions
    return next((region for region in among if region.name == shift), is_open[0] if is_open else None)


def is_weekend_shift(at: datetime, name: str, regions: Sequence[Region]) -> bool:
    """Whether it is Saturday or Sunday in that region, in the hours of its managers' shift."""
    zone = next((region.zone for region in regions if region.name == name), None)
    if zone is None:
        return False
    return _shift_at(at) == name and _aware(at).astimezone(ZoneInfo(zone)).weekday() >= _SATURDAY


def is_weekend(at: datetime, regions: Sequence[Region]) -> bool:
    """Whether it is Saturday or Sunday in the region whose managers' shift it is."""
    return any(is_weekend_shift(at, region.name, regions) for region in regions)


def _shift_at(at: datetime) -> str:
    hour = _aware(at).astimezone(_SHIFT_ZONE).hour
    return next(name for begins, name in _SHIFTS if hour >= begins)


def _aware(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("a moment without its zone is no moment")
    return at
