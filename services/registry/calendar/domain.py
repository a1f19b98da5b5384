"""Rules of calendar years: no I/O."""

from collections.abc import Sequence
from datetime import date
from functools import lru_cache

from shared.calendar import CalendarDay, Correction, corrected
from shared.calendar.base import base_days
from shared.http.errors import FieldError

FIRST_YEAR, LAST_YEAR = 2000, 2100
MOST_CORRECTIONS = 150
FEWEST_WORKING_DAYS = 80
"""Of any year, however it is decreed: 260 weekdays at least, less corrections and some 20 holidays."""


@lru_cache(maxsize=64)
def undecreed_days(year: int) -> tuple[CalendarDay, ...]:
    """The days of a year nobody has decreed: holidays by law, and Saturdays the library knows to be worked."""
    return tuple(base_days([year]))


def days_of(year: int, corrections: Sequence[Correction]) -> list[CalendarDay]:
    """All days of a year that differ from their weekday or are named."""
    return corrected(undecreed_days(year), corrections)


def correction_problems(year: int, dates: Sequence[date]) -> list[FieldError]:
    """Dates outside the year, and dates named twice."""
    found = []
    for index, day in enumerate(dates):
        pointer = f"/corrections/{index}/date"
        if day.year != year:
            found.append(FieldError(pointer, f"Must lie in {year}.", "outside_year", {"year": year}))
        elif day in dates[:index]:
            found.append(FieldError(pointer, "This date is named twice.", "date_repeated"))
    return found
