"""Office hours: where a term in hours or minutes ends if only working time counts."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from shared.calendar.working import Reckoned, WorkingCalendar


@dataclass(frozen=True, slots=True)
class OfficeHours:
    """Opening and closing time of every working day, local and without a break, such as 09:00-18:00."""

    opens: time
    closes: time

    def __post_init__(self) -> None:
        """Raises ValueError for hours that end before they begin or carry a zone."""
        if self.opens >= self.closes or self.opens.tzinfo or self.closes.tzinfo:
            raise ValueError("office hours need a local opening time before the closing time")

    @property
    def length(self) -> timedelta:
        """Working time of one day."""
        return self._closing(date.min) - self._opening(date.min)

    def end(
        self, start: datetime, duration: timedelta, days: WorkingCalendar, zone: ZoneInfo
    ) -> tuple[datetime, bool]:
        """The instant at which ``duration`` of working time after ``start`` is over, and whether it is provisional.

        Time before opening, after closing and on days off does not count. What is over exactly at closing time ends
        then and not at the next opening.
        """
        local = start.astimezone(zone).replace(tzinfo=None)
        first = days.on_or_after(local.date())
        spent = self._spent(local) if first.date == local.date() else timedelta()
        whole, rest = divmod(spent + duration, self.length)
        if whole and not rest:
            whole, rest = whole - 1, self.length
        last = days.add_working_days(first.date, whole) if whole else first
        ends = (self._opening(last.date) + rest).replace(tzinfo=zone)
        return ends, self._depends(days, local.date(), last)

    def _spent(self, local: datetime) -> timedelta:
        """How much of the day's working time is over at a local time."""
        return min(max(local - self._opening(local.date()), timedelta()), self.length)

    def _opening(self, day: date) -> datetime:
        return datetime.combine(day, self.opens)

    def _closing(self, day: date) -> datetime:
        return datetime.combine(day, self.closes)

    @staticmethod
    def _depends(days: WorkingCalendar, first: date, last: Reckoned) -> bool:
        return days.is_provisional(first, last.date)
