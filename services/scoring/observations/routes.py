"""HTTP of observations."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query, Request
from starlette.responses import Response

from services.scoring.methods.schemas import MethodCode
from services.scoring.observations import repository, service
from services.scoring.observations.schemas import ImportView, ObservationView
from shared.http.dependencies import PUBLIC, Reader, Uow, render, reply, requires
from shared.http.errors import NotFound, TooLarge
from shared.http.pages import Page, PageParams, cut, render_page
from shared.http.problems import problem_responses

router = APIRouter(prefix="/v1/observations", tags=["observations"])

Filter = Annotated[str | None, Query(max_length=64)]


async def _upload(request: Request) -> service.Upload:
    """Declared before the unit of work, so that a slow sender holds no database connection."""
    return await service.read_upload(await request.body())


@router.get("", operation_id="list_observations", openapi_extra=PUBLIC)
async def list_observations(
    sql: Reader,
    page: PageParams,
    method: Filter = None,
    municipality: Filter = None,
    indicator: Filter = None,
    period_end: Annotated[date | None, Query()] = None,
) -> Page[ObservationView]:
    """Current values with origin and source."""
    rows = await repository.observations(
        sql,
        repository.Filters(method, municipality, indicator, period_end),
        page.values(str, str, str, date.fromisoformat),
        page.limit + 1,
    )
    found, cursor = cut(
        rows,
        page,
        lambda row: (row["method_code"], row["municipality_code"], row["indicator_code"], row["period_end"]),
    )
    return render_page(page, [ObservationView.model_validate(dict(row)) for row in found], cursor)


@router.post(
    "/imports",
    operation_id="import_observations",
    status_code=201,
    response_model=ImportView,
    dependencies=[requires("scoring:observations:write")],
    responses={
        200: {"model": ImportView, "description": "Nothing was written: a dry run, or nothing new"},
        **problem_responses(service.ImportRefused, service.ForeignMunicipality, TooLarge),
    },
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "text/csv": {
                    "schema": {"type": "string"},
                    "example": (
                        "municipality_code,indicator_code,period_end,value,origin,source\n"
                        "41721000000000,PAR1,2025-12-31,31.1,official,Central Election Commission\n"
                    ),
                }
            },
        }
    },
)
async def import_observations(
    upload: Annotated[service.Upload, Depends(_upload)],
    uow: Uow,
    method: Annotated[MethodCode, Query(description="Code of the method whose indicators these are")],
    dry_run: Annotated[bool, Query(description="Check and count, write nothing")] = False,
) -> Response:
    """Import a CSV file, all of it or nothing.

    Columns: `municipality_code`, `indicator_code`, `period_end` or `observed_on` (or both), `value`, `origin`,
    `source`; optional `numerator`, `denominator`, and `state` (`not_applicable`, `suppressed`) for rows without any
    figures. Errors are listed for all rows at once, under `/rows/<row>/<column>`, rows numbered as a spreadsheet
    does (the header is row 1). Sending the same file again changes nothing."""
    done = await service.import_observations(uow, method, upload, dry_run=dry_run)
    if done.row is None:
        view = ImportView(method_code=done.method_code, dry_run=dry_run, sha256=upload.sha256, **done.counts)
        return reply(uow, view)
    view = ImportView.model_validate(dict(done.row))
    return reply(uow, view, status=201, location=f"observations/imports/{view.id}")


@router.get(
    "/imports/{import_id}",
    operation_id="get_import",
    openapi_extra=PUBLIC,
    response_model=ImportView,
    responses=problem_responses(NotFound),
)
async def get_import(
    import_id: UUID, sql: Reader, if_none_match: Annotated[str | None, Header()] = None
) -> Response:
    """What an import did. It never changes."""
    row = await repository.import_of(sql, import_id)
    if row is None:
        raise NotFound
    return render(ImportView.model_validate(dict(row)), version=1, if_none_match=if_none_match)
