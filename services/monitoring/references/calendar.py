"""The registry's working days as the checks count them, with the version of each year they rest on."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Self

from shared.calendar import CalendarDay, WorkingCalendar


@dataclass(frozen=True)
class Workdays:
    """`versions` maps each year the registry has told of to the version of its calendar."""

    calendar: WorkingCalendar
    versions: Mapping[int, int]

    @classmethod
    def of(cls, years: Iterable[Mapping[str, Any]]) -> Self:
        """From rows of `year version decreed days`."""
        found = list(years)
        days = [
            CalendarDay(date.fromisoformat(day), working)
            for row in found
            for day, working in row["days"].items()
        ]
        decreed = [row["year"] for row in found if row["decreed"]]
        return cls(WorkingCalendar.from_days(days, decreed), {row["year"]: row["version"] for row in found})

    def rests_on(self, first: date, last: date) -> dict[int, int]:
        """Year → version for a span of days; 0 for a year the registry has not told of."""
        return {year: self.versions.get(year, 0) for year in range(first.year, last.year + 1)}
