"""The working calendar as plain data: its days and the corrections made by decree.

Knows no arithmetic and no service; the registry owns the days and publishes them, others rebuild them from the events.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol, Self


class AnyDay(Protocol):
    """What a calendar is built from: ``CalendarDay`` or a day of an event's payload."""

    @property
    def date(self) -> date: ...
    @property
    def working(self) -> bool: ...
    @property
    def name(self) -> Mapping[str, str]: ...
    @property
    def source(self) -> str: ...


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """A date that differs from its weekday, or is named: a holiday, a day off, a working Saturday.

    ``name`` is a map from BCP-47 tag to text; ``source`` is the act or library the day is known from.
    """

    date: date
    working: bool
    name: Mapping[str, str] = field(default_factory=dict)
    source: str = ""

    def to_plain(self) -> dict[str, Any]:
        """The day as JSON types: ``{"date": "2026-03-21", "working": false, "name": {…}, "source": "…"}``."""
        return {
            "date": self.date.isoformat(),
            "working": self.working,
            "name": dict(self.name),
            "source": self.source,
        }

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Self:
        """The day that ``to_plain`` wrote. Raises KeyError or ValueError for anything else."""
        return cls(
            date=date.fromisoformat(plain["date"]),
            working=bool(plain["working"]),
            name=dict(plain.get("name") or {}),
            source=str(plain.get("source") or ""),
        )


@dataclass(frozen=True, slots=True)
class Correction:
    """What a decree says of one date: moved days off, working Saturdays, extra days, the date of an Ait."""

    date: date
    working: bool
    act: str
    note: Mapping[str, str] = field(default_factory=dict)

    def as_day(self) -> CalendarDay:
        """The calendar day this correction puts in the base's place."""
        return CalendarDay(self.date, self.working, self.note, self.act)


def corrected(days: Iterable[CalendarDay], corrections: Iterable[Correction]) -> list[CalendarDay]:
    """The days with each correction in the place of its date; of two for one date the later in order holds."""
    by_date = {day.date: day for day in days}
    by_date.update({correction.date: correction.as_day() for correction in corrections})
    return [by_date[day] for day in sorted(by_date)]
