"""Visits, tiers and calendars for property tests."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st

from services.monitoring.checks.visit import Visit
from services.monitoring.references.calendar import Workdays, Year
from shared.contracts.registry import StandardTerm, TermStart, TermUnit, Tier

FIRST, LAST = date(2026, 1, 1), date(2026, 10, 31)
TODAY = date(2026, 12, 1)

days = st.dates(FIRST, LAST)
holidays = st.frozensets(st.dates(FIRST, TODAY), max_size=30)
working_weekends = st.frozensets(st.dates(FIRST, TODAY).filter(lambda day: day.weekday() >= 5), max_size=5)


def workdays(off: Iterable[date] = (), on: Iterable[date] = (), *, decreed: bool = True) -> Workdays:
    changed = {**dict.fromkeys(on, True), **dict.fromkeys(off, False)}
    return Workdays.of([Year(2026, 1, decreed, changed), Year(2027, 1, decreed, {})])


def tier_of(
    number: int,
    unit: TermUnit = TermUnit.WORKING_DAY,
    code: str = "ordinary",
    starts_at: TermStart = TermStart.APPLICATION,
) -> Tier:
    return Tier(code=code, term=StandardTerm(number=number, unit=unit, starts_at=starts_at))


def visit(applied_on: date = date(2026, 3, 19), after: int | None = 0, **more: Any) -> Visit:
    """Delivered `after` days later; None: not delivered."""
    delivered = None if after is None else applied_on + timedelta(days=after)
    place = ("41700000000000", "41721000000000")
    return Visit(place=place, applied_on=applied_on, delivered_on=delivered, **more)
