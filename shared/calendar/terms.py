"""Terms: by when something must be done that was applied for at a given instant.

The rule of counting: a term in days or months begins the day after the event; a month ends on the same day of the later
month, or on its last day where there is no such day (Fundamentals of Civil Legislation of 31 May 1991, article 40,
which the civil codes of the region took over). That a term whose last day is a day off ends on the next working day,
and that hours run by the clock through nights and days off, is assumed here as the usual rule of those codes: the
Kyrgyz articles themselves (Civil Code, chapter on terms; Law No. 210 of 31 July 2015 on administrative procedures)
were not at hand and should be checked by a lawyer.
"""

import calendar as gregorian
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import MAXYEAR, UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any, Self
from zoneinfo import ZoneInfo

from shared.calendar.hours import OfficeHours
from shared.calendar.working import OutOfCalendarError, Reckoned, WorkingCalendar
from shared.clock import BISHKEK

NUMBER_LIMIT = 10_000
"""Largest number in a term, of any unit."""


class Unit(StrEnum):
    """What a term is counted in."""

    MINUTE = "minute"
    HOUR = "hour"
    WORKING_DAY = "working_day"
    CALENDAR_DAY = "calendar_day"
    MONTH = "month"
    SAME_DAY = "same_day"


_LENGTHS = {Unit.MINUTE: timedelta(minutes=1), Unit.HOUR: timedelta(hours=1)}


@dataclass(frozen=True, slots=True)
class Term:
    """A promised term: 3 working days from the application.

    ``starts_at`` names the event it runs from (application, complete documents, payment); it does not change the
    counting, the caller gives that event's instant. For ``same_day`` the number is 0 or 1 and has no meaning.
    """

    number: int
    unit: Unit
    starts_at: str = "application"

    def __post_init__(self) -> None:
        """Takes the unit's name as well; raises ValueError for a number or unit outside the limits."""
        object.__setattr__(self, "unit", Unit(self.unit))
        limit = 1 if self.unit is Unit.SAME_DAY else NUMBER_LIMIT
        if isinstance(self.number, bool) or not 0 <= self.number <= limit:
            raise ValueError(f"a term in {self.unit} counts from 0 to {limit}, not {self.number}")

    def to_plain(self) -> dict[str, Any]:
        """The term as JSON types: ``{"number": 3, "unit": "working_day", "starts_at": "application"}``."""
        return {"number": self.number, "unit": self.unit.value, "starts_at": self.starts_at}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Self:
        """The term that ``to_plain`` wrote. Raises KeyError or ValueError for anything else."""
        return cls(int(plain["number"]), Unit(plain["unit"]), str(plain.get("starts_at") or "application"))


@dataclass(frozen=True, slots=True)
class Deadline:
    """The last instant and its local date at which a term is still kept.

    ``by_day`` says that the term ends with that day (``at`` is then its midnight or closing time). ``provisional``:
    a day it depends on lies in a year without a decree, so that the deadline may still move.
    """

    at: datetime
    date: date
    by_day: bool
    provisional: bool

    def is_kept(self, done: datetime) -> bool:
        """Whether something done at ``done`` (aware) is in time."""
        return done <= self.at


def deadline(
    term: Term,
    applied_at: datetime,
    calendar: WorkingCalendar,
    zone: ZoneInfo = BISHKEK,
    hours: OfficeHours | None = None,
) -> Deadline:
    """When ``term`` ends that began with the event at ``applied_at`` (aware).

    Minutes and hours run by the clock, or through the office ``hours`` of working days if given. Terms in days and
    months end with the last day, at closing time if ``hours`` are given; a term within the same day that begins on a
    day off ends with the next working day. Raises ValueError for a naive instant, OutOfCalendarError past the year
    9999.
    """
    if applied_at.tzinfo is None:
        raise ValueError("the instant a term runs from needs a zone")
    try:
        length = _LENGTHS.get(term.unit)
        if length is not None:
            return _by_clock(length * term.number, applied_at, calendar, zone, hours)
        return _by_day(_last_day(term, applied_at.astimezone(zone).date(), calendar), zone, hours)
    except OverflowError as error:
        raise OutOfCalendarError(f"the term ends past the year {MAXYEAR}") from error


def _by_clock(
    duration: timedelta,
    applied_at: datetime,
    calendar: WorkingCalendar,
    zone: ZoneInfo,
    hours: OfficeHours | None,
) -> Deadline:
    if hours is None:
        ends, provisional = (applied_at.astimezone(UTC) + duration).astimezone(zone), False
    else:
        ends, provisional = hours.end(applied_at, duration, calendar, zone)
    return Deadline(ends, ends.date(), by_day=False, provisional=provisional)


def _last_day(term: Term, start: date, calendar: WorkingCalendar) -> Reckoned:
    match term.unit:
        case Unit.WORKING_DAY:
            return calendar.add_working_days(start, term.number)
        case Unit.CALENDAR_DAY:
            return calendar.on_or_after(start + timedelta(days=term.number))
        case Unit.MONTH:
            return calendar.on_or_after(add_months(start, term.number))
        case _:
            return calendar.on_or_after(start)


def add_months(start: date, number: int) -> date:
    """The same day ``number`` months later, or the last of that month: 31 January and 1 month is 28 or 29 February."""
    months = start.year * 12 + start.month - 1 + number
    year, month = divmod(months, 12)
    if year > MAXYEAR:
        raise OutOfCalendarError(f"{number} months after {start} lie past the year {MAXYEAR}")
    return date(year, month + 1, min(start.day, gregorian.monthrange(year, month + 1)[1]))


def _by_day(last: Reckoned, zone: ZoneInfo, hours: OfficeHours | None) -> Deadline:
    if hours is not None:
        at = datetime.combine(last.date, hours.closes, zone)
    else:
        at = datetime.combine(last.date, time(23, 59, 59, 999_999), zone)
    return Deadline(at, last.date, by_day=True, provisional=last.provisional)
