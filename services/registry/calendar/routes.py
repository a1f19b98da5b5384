"""HTTP of the calendar."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Header, Path, Query
from starlette.responses import Response

from services.registry.calendar import repository, service
from services.registry.calendar.domain import FIRST_YEAR, LAST_YEAR
from services.registry.calendar.schemas import CalendarYearView, DayView, Decree, WorkingDaysView
from services.registry.standards.schemas import RecordTime
from shared.http.conditional import IfMatch
from shared.http.dependencies import PUBLIC, Reader, Uow, render, reply, requires
from shared.http.errors import Invalid, PreconditionRequired, Stale
from shared.http.pages import Page, PageParams, cut, render_page
from shared.http.problems import problem_responses

router = APIRouter(prefix="/v1/calendar", tags=["calendar"])

Year = Annotated[int, Path(ge=FIRST_YEAR, le=LAST_YEAR)]
KnownAt = Annotated[
    RecordTime | None, Query(description="What the register knew at this moment; now if absent")
]


@router.get(
    "/{year}", operation_id="get_calendar_year", openapi_extra=PUBLIC, response_model=CalendarYearView
)
async def get_calendar_year(
    year: Year,
    sql: Reader,
    known_at: KnownAt = None,
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """The days of a year that differ from Monday–Friday, and whether the year is decreed."""
    row = await service.year_row(sql, year, known_at)
    return render(
        CalendarYearView.model_validate(dict(row)), version=row["version"], if_none_match=if_none_match
    )


@router.get("/{year}/versions", operation_id="list_calendar_versions", openapi_extra=PUBLIC)
async def list_calendar_versions(year: Year, sql: Reader, page: PageParams) -> Page[CalendarYearView]:
    """What was recorded of a year, oldest first: a check names the version of each year it counted days of."""
    after = page.values(int)
    rows = await repository.versions(sql, year, after[0] if after else 0, page.limit + 1)
    found, cursor = cut(rows, page, lambda row: (row["version"],))
    return render_page(page, [CalendarYearView.model_validate(dict(row)) for row in found], cursor)


@router.get(
    "/{year}/working-days",
    operation_id="count_working_days",
    openapi_extra=PUBLIC,
    response_model=WorkingDaysView,
    responses=problem_responses(Invalid),
)
async def count_working_days(
    year: Year,
    sql: Reader,
    start: Annotated[date, Query(alias="from", description="The day the term runs from; itself not counted")],
    n: Annotated[int, Query(ge=0, le=1000, description="Working days")],
    known_at: KnownAt = None,
) -> Response:
    """The last day of a term in working days."""
    if start.year != year:
        raise Invalid.at("/query/from", f"Must lie in {year}.", "outside_year", year=year)
    due = await service.due_on(sql, start, n, known_at)
    view = WorkingDaysView(
        start=start,
        n=n,
        due=due.day,
        provisional=due.provisional,
        origins=due.origins,
        days_off=[DayView.model_validate(day) for day in due.passed if not day.working],
    )
    return render(view)


@router.put(
    "/{year}",
    operation_id="record_calendar_decree",
    response_model=CalendarYearView,
    dependencies=[requires("registry:calendar:write")],
    responses=problem_responses(Stale, PreconditionRequired, Invalid),
)
async def record_calendar_decree(year: Year, decree: Decree, expected: IfMatch, uow: Uow) -> Response:
    """Record what a decree says of a year. `If-Match: "0"` for a year nothing is recorded of."""
    row = await service.record_decree(uow, year, decree, expected)
    view = CalendarYearView.model_validate(dict(row))
    return reply(uow, view, version=view.version)
