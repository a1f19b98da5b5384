"""Counting working days. Pure arithmetic over given days; what it cannot know is marked provisional."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import MAXYEAR, date, datetime, timedelta
from itertools import accumulate
from typing import Any, Self

from shared.calendar.days import AnyDay, CalendarDay

COUNT_LIMIT = 100_000
"""Most working days that are added at once: some 400 years."""

_WORKING_WEEKDAYS = 5


class OutOfCalendarError(ValueError):
    """The date lies outside the years 1 to 9999."""


@dataclass(frozen=True, slots=True)
class DayStatus:
    """Whether a date is worked; true in an ``if`` when it is. ``day`` is what the calendar says of it, if anything."""

    date: date
    working: bool
    provisional: bool
    day: CalendarDay | None = None

    def __bool__(self) -> bool:
        return self.working


@dataclass(frozen=True, slots=True)
class Reckoned:
    """A date that was computed; ``provisional`` if a day it depends on lies in a year without a decree."""

    date: date
    provisional: bool


@dataclass(frozen=True, slots=True)
class Counted:
    """A number of working days; ``provisional`` as in ``Reckoned``."""

    days: int
    provisional: bool


class WorkingCalendar:
    """Monday to Friday, less the days off and plus the working weekends given. Immutable.

    A year not among ``decreed_years`` is provisional, and every result that depends on one of its days says so.
    """

    __slots__ = ("_changed", "_days", "_decreed_years", "_sums")

    def __init__(self, days: Mapping[date, CalendarDay], decreed_years: frozenset[int]) -> None:
        """Use ``from_days``."""
        self._days = dict(days)
        self._decreed_years = decreed_years
        # Dates that differ from their weekday, and the running sum of +1 (worked) and -1 (off): counting any span
        # of days is then whole weeks and two bisections.
        self._changed = sorted(day.date for day in days.values() if day.working != _is_weekday(day.date))
        self._sums = [0, *accumulate(1 if days[changed].working else -1 for changed in self._changed)]

    @classmethod
    def from_days(cls, days: Iterable[AnyDay], decreed_years: Iterable[int] = ()) -> Self:
        """The calendar of these days. Raises ValueError if one date is said to be worked and not worked."""
        by_date: dict[date, CalendarDay] = {}
        for given in days:
            day = CalendarDay(given.date, given.working, given.name, given.source)
            if by_date.setdefault(day.date, day).working != day.working:
                raise ValueError(f"{day.date} is given both as a working day and as a day off")
        return cls(by_date, frozenset(decreed_years))

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Self:
        """The calendar that ``to_plain`` wrote. Raises KeyError or ValueError for anything else."""
        return cls.from_days(map(CalendarDay.from_plain, plain["days"]), map(int, plain["decreed_years"]))

    def to_plain(self) -> dict[str, Any]:
        """The calendar as JSON types: ``{"days": […], "decreed_years": [2025, 2026]}``."""
        return {
            "days": [self._days[day].to_plain() for day in sorted(self._days)],
            "decreed_years": sorted(self._decreed_years),
        }

    @property
    def days(self) -> list[CalendarDay]:
        """The given days by date."""
        return [self._days[day] for day in sorted(self._days)]

    @property
    def decreed_years(self) -> frozenset[int]:
        """The years whose days are settled by decree."""
        return self._decreed_years

    def is_working_day(self, day: date) -> DayStatus:
        """Whether ``day`` is worked."""
        if isinstance(day, datetime):
            raise TypeError("a calendar knows dates; take the local date of the instant first")
        given = self._days.get(day)
        working = given.working if given else _is_weekday(day)
        return DayStatus(day, working, self.is_provisional(day), given)

    def is_provisional(self, first: date, last: date | None = None) -> bool:
        """Whether a day from ``first`` to ``last`` (by default the same) lies in a year without a decree."""
        return any(year not in self._decreed_years for year in range(first.year, (last or first).year + 1))

    def next_working_day(self, day: date) -> Reckoned:
        """The first working day after ``day``."""
        return self.add_working_days(day, 1)

    def on_or_after(self, day: date) -> Reckoned:
        """``day`` itself if it is worked, else the first working day after it."""
        found = day if self.is_working_day(day) else self.next_working_day(day).date
        return Reckoned(found, self.is_provisional(day, found))

    def add_working_days(self, start: date, number: int) -> Reckoned:
        """The last day of a term of ``number`` working days that begins the day after ``start``.

        The first day counted is the first working day after ``start``, whether or not ``start`` itself is worked. A
        term of 0 ends on ``start``, or on the next working day if that is a day off. Raises ValueError below 0 or above
        ``COUNT_LIMIT``, OutOfCalendarError past the year 9999.
        """
        if not 0 <= number <= COUNT_LIMIT:
            raise ValueError(f"{number} working days cannot be counted: from 0 to {COUNT_LIMIT} are allowed")
        if number == 0:
            return self.on_or_after(start)
        found = self._nth_after(start, number)
        return Reckoned(found, self.is_provisional(start + timedelta(days=1), found))

    def working_days_between(self, start: date, end: date) -> Counted:
        """How many working days lie after ``start`` up to and including ``end``; below 0 if ``end`` is earlier.

        The inverse of ``add_working_days``: from ``start`` to the end of a term of n working days it is n.
        """
        first, last = min(start, end), max(start, end)
        counted = self._worked_up_to(last) - self._worked_up_to(first)
        depends_on = first if first == last else first + timedelta(days=1)
        return Counted(counted if start <= end else -counted, self.is_provisional(depends_on, last))

    def _nth_after(self, start: date, number: int) -> date:
        """The date by which ``number`` days more than up to ``start`` were worked: a span that surely holds it, found
        by doubling, is halved until one day is left."""
        wanted = self._worked_up_to(start) + number
        low, last = start.toordinal() + 1, date.max.toordinal()
        high, width = min(low + 2 * number, last), 2 * number
        while self._worked_up_to(date.fromordinal(high)) < wanted:
            if high == last:
                raise OutOfCalendarError(f"{number} working days after {start} lie past the year {MAXYEAR}")
            low, width = high + 1, 2 * width
            high = min(high + width, last)
        while low < high:
            middle = (low + high) // 2
            if self._worked_up_to(date.fromordinal(middle)) < wanted:
                low = middle + 1
            else:
                high = middle
        return date.fromordinal(low)

    def _worked_up_to(self, day: date) -> int:
        """Working days from the first day of the calendar's count up to and including ``day``."""
        weeks, rest = divmod(day.toordinal(), 7)  # ordinal 1 is Monday, 1 January of the year 1
        return (
            weeks * _WORKING_WEEKDAYS
            + min(rest, _WORKING_WEEKDAYS)
            + self._sums[bisect_right(self._changed, day)]
        )


def _is_weekday(day: date) -> bool:
    return day.weekday() < _WORKING_WEEKDAYS
