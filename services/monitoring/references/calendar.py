"""The registry's working days as the checks count them, with the version of each year they rest on."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Self

from shared.calendar import CalendarDay, WorkingCalendar


@dataclass(frozen=True, slots=True)
class Year:
    """`days` maps those that differ from Monday–Friday to whether they are worked."""

    number: int
    version: int
    decreed: bool
    days: Mapping[date, bool]


@dataclass(frozen=True)
class Workdays:
    """`versions` maps each year the registry has told of to the version of its calendar."""

    calendar: WorkingCalendar
    versions: Mapping[int, int]

    @classmethod
    def of(cls, years: Iterable[Year]) -> Self:
        found = list(years)
        days = [CalendarDay(day, working) for year in found for day, working in year.days.items()]
        decreed = [year.number for year in found if year.decreed]
        return cls(WorkingCalendar.from_days(days, decreed), {year.number: year.version for year in found})

    def rests_on(self, first: date, last: date) -> dict[int, int]:
        """Year → version for a span of days; 0 for a year the registry has not told of."""
        return {year: self.versions.get(year, 0) for year in range(first.year, last.year + 1)}
