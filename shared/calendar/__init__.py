"""Working days and terms as pure arithmetic; days and decrees are the registry's data."""

from shared.calendar.days import AnyDay, CalendarDay, Correction, corrected
from shared.calendar.hours import OfficeHours
from shared.calendar.terms import Deadline, Term, Unit, add_months, deadline
from shared.calendar.working import Counted, DayStatus, OutOfCalendarError, Reckoned, WorkingCalendar

__all__ = [
    "AnyDay",
    "CalendarDay",
    "Correction",
    "Counted",
    "DayStatus",
    "Deadline",
    "OfficeHours",
    "OutOfCalendarError",
    "Reckoned",
    "Term",
    "Unit",
    "WorkingCalendar",
    "add_months",
    "corrected",
    "deadline",
]
