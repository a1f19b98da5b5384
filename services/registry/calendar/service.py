"""Use cases of the calendar."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg

from services.registry.calendar import domain, repository
from services.registry.calendar.domain import FEWEST_WORKING_DAYS
from services.registry.calendar.schemas import CorrectionDraft, Decree
from services.registry.legal import service as legal
from services.registry.standards.domain import record_time
from shared.auth.origins import check_origin
from shared.calendar import CalendarDay, Correction, WorkingCalendar
from shared.clock import local_date
from shared.contracts.legal import CalendarYear, Day
from shared.contracts.registry import CALENDAR_CHANGED
from shared.db.database import Connection
from shared.db.unit_of_work import UnitOfWork
from shared.http.conditional import Precondition, expect
from shared.http.errors import Invalid
from shared.ids import seed_id
from shared.values import Origin

Row = asyncpg.Record | dict[str, Any]
UNDECREED_SOURCE = "holidays by law, no decree recorded"


@dataclass(frozen=True, slots=True)
class YearRecord:
    """What is known of a year without naming an act: a source, and whether it settles the year."""

    year: int
    decreed: bool
    corrections: tuple[CorrectionDraft, ...]
    origin: Origin
    source: str


@dataclass(frozen=True, slots=True)
class Due:
    """The last day of a term, the named days on the way, and where each year's days come from."""

    day: date
    provisional: bool
    passed: list[CalendarDay]
    origins: dict[int, Origin]


async def record_decree(uow: UnitOfWork, year: int, decree: Decree, expected: Precondition) -> Row:
    """Put what a decree says of a year in the place of what was recorded before."""
    check_origin(uow, decree.origin, by_scope=True)
    problems = [
        *legal.problems_of(decree.act, local_date(uow.clock.now()), "/act"),
        *domain.correction_problems(year, [day.date for day in decree.corrections]),
    ]
    if problems:
        raise Invalid(errors=problems)
    current = await repository.lock_year(uow.sql, year)
    expect(current["version"], expected)
    act = await legal.cite_act(uow, decree.act, decree.origin)
    label = f"{act['kind']} No. {act['number']} of {act['date'].isoformat()}"
    if decree.origin is not Origin.OFFICIAL:
        label = f"{label} ({decree.origin})"
    source = decree.source or act["url"] or label
    record = YearRecord(year, decree.decreed, tuple(decree.corrections), decree.origin, source)
    return await _put(uow, current, record, label, act["id"])


async def record_year(uow: UnitOfWork, record: YearRecord) -> None:
    """Record a year that is not recorded yet."""
    current = await repository.lock_year(uow.sql, record.year)
    if current["version"] == 0:
        await _put(uow, current, record, record.source, None)


async def _put(uow: UnitOfWork, current: Row, record: YearRecord, label: str, act_id: UUID | None) -> Row:
    last = current["updated_at"] if current["version"] else None
    corrections = [Correction(day.date, day.working, label, day.name or {}) for day in record.corrections]
    row = await repository.put_year(
        uow.sql,
        record.year,
        {
            "decreed": record.decreed,
            "corrections": [day.as_day().to_plain() for day in corrections],
            "days": [day.to_plain() for day in domain.days_of(record.year, corrections)],
            "act_id": act_id,
            "origin": record.origin,
            "source": record.source,
        },
        record_time(uow.clock.now(), last),
    )
    uow.emit(CALENDAR_CHANGED, calendar_state(row))
    after = {"decreed": record.decreed, "corrections": len(corrections)}
    uow.audit("calendar.record", "calendar_year", calendar_id(record.year), after=after)
    return row


async def year_row(sql: Connection, year: int, known_at: datetime | None = None) -> Row:
    """The year as it was recorded at a moment (None: now), else as computed (version 0)."""
    found = await repository.years(sql, year, year, known_at)
    return found[0] if found else _computed(year)


async def due_on(sql: Connection, start: date, number: int, known_at: datetime | None = None) -> Due:
    """Last day of a term of working days as far as was known at a moment (None: now)."""
    last = start.year + 1 + number // FEWEST_WORKING_DAYS
    rows = await _years(sql, start.year, last, known_at)
    calendar = _calendar_of(rows)
    due = calendar.add_working_days(start, number)
    return Due(
        due.date,
        due.provisional,
        [day for day in calendar.days if start < day.date <= due.date],
        {row["year"]: Origin(row["origin"]) for row in rows if start.year <= row["year"] <= due.date.year},
    )


async def working_calendar(sql: Connection, first: int, last: int) -> WorkingCalendar:
    """What is known now of these years, both included."""
    return _calendar_of(await _years(sql, first, last, None))


async def _years(sql: Connection, first: int, last: int, known_at: datetime | None) -> list[Row]:
    """As they are recorded, else as computed."""
    recorded = {row["year"]: row for row in await repository.years(sql, first, last, known_at)}
    return [recorded.get(year) or _computed(year) for year in range(first, last + 1)]


def _calendar_of(rows: Sequence[Row]) -> WorkingCalendar:
    days = [CalendarDay.from_plain(day) for row in rows for day in row["days"]]
    return WorkingCalendar.from_days(days, [row["year"] for row in rows if row["decreed"]])


def calendar_id(year: int) -> UUID:
    return seed_id("calendar", str(year))


def calendar_state(row: Row) -> CalendarYear:
    return CalendarYear(
        id=calendar_id(row["year"]),
        aggregate_version=row["version"],
        year=row["year"],
        decreed=row["decreed"],
        days=_days(row["days"]),
    )


def _days(plain: Sequence[Mapping[str, Any]]) -> tuple[Day, ...]:
    return tuple(Day.model_validate(day) for day in plain)


def _computed(year: int) -> Row:
    return {
        "year": year,
        "decreed": False,
        "days": [day.to_plain() for day in domain.undecreed_days(year)],
        "act_id": None,
        "origin": Origin.UNOFFICIAL,
        "source": UNDECREED_SOURCE,
        "version": 0,
        "updated_at": None,
    }
