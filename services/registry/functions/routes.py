"""HTTP of functions in force, and of what has no counterpart."""

from typing import Annotated, cast
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request
from starlette.responses import Response

from services.registry.functions import repository
from services.registry.functions.domain import FinancedFrom, FunctionLevel
from services.registry.functions.schemas import (
    FunctionPage,
    FunctionView,
    OrphanCounts,
    OrphanKind,
    OrphanView,
)
from services.registry.functions.views import Row, function_view, orphan_view, register_view
from services.registry.standards.schemas import LawDate
from shared.clock import local_date
from shared.db.database import Connection
from shared.http.dependencies import PUBLIC, Reader, render, runtime
from shared.http.errors import NotFound
from shared.http.pages import Page, PageParams, cut, render_page
from shared.http.problems import problem_responses
from shared.http.schemas import Code

router = APIRouter(prefix="/v1/functions", tags=["functions"])

AsOf = Annotated[LawDate | None, Query(description="The register in force on this day; today's if absent")]


async def _in_force(request: Request, sql: Connection, as_of: LawDate | None) -> Row | None:
    return await repository.register_on(sql, as_of or local_date(runtime(request).clock.now()))


@router.get("", operation_id="list_functions", openapi_extra=PUBLIC)
async def list_functions(
    request: Request,
    sql: Reader,
    page: PageParams,
    body: Annotated[Code | None, Query(description="Code of the body that carries it out")] = None,
    level: FunctionLevel | None = None,
    financed_from: FinancedFrom | None = None,
    service: Annotated[UUID | None, Query(description="Functions this service carries out")] = None,
    as_of: AsOf = None,
) -> FunctionPage:
    """Functions of the register in force, in alphabetical order."""
    register = await _in_force(request, sql, as_of)
    if register is None:
        return cast("FunctionPage", render_page(page, [], None))
    wanted = repository.FunctionFilter(body, level, financed_from, service)
    rows = await repository.functions(sql, register["id"], wanted, page.values(str, UUID), page.limit + 1)
    found, cursor = cut(rows, page, lambda row: (row["sort_key"], row["function_id"]))
    items = [function_view(row) for row in found]
    return cast("FunctionPage", render_page(page, items, cursor, register_in_force=register_view(register)))


@router.get("/gaps", operation_id="count_function_orphans", openapi_extra=PUBLIC, response_model=OrphanCounts)
async def count_function_orphans(request: Request, sql: Reader, as_of: AsOf = None) -> Response:
    """How many functions have no service, services no function, bodies no function."""
    register = await _in_force(request, sql, as_of)
    row = await repository.counted_orphans(sql, register["id"] if register else None)
    return render(OrphanCounts.model_validate(dict(row)))


@router.get("/orphans", operation_id="list_function_orphans", openapi_extra=PUBLIC)
async def list_function_orphans(
    request: Request, sql: Reader, page: PageParams, kind: OrphanKind, as_of: AsOf = None
) -> Page[OrphanView]:
    """Functions without a service, services without a function, or bodies without one."""
    register = await _in_force(request, sql, as_of)
    after = page.values(str, UUID)
    rows = await repository.orphans(sql, kind, register["id"] if register else None, after, page.limit + 1)
    found, cursor = cut(rows, page, lambda row: (row["sort_key"], row["id"]))
    return render_page(page, [orphan_view(row) for row in found], cursor)


@router.get(
    "/{function_id}",
    operation_id="get_function",
    openapi_extra=PUBLIC,
    response_model=FunctionView,
    responses=problem_responses(NotFound),
)
async def get_function(
    function_id: UUID,
    request: Request,
    sql: Reader,
    as_of: AsOf = None,
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """One function of the register in force."""
    register = await _in_force(request, sql, as_of)
    row = await repository.function(sql, register["id"], function_id) if register else None
    if row is None or row["dropped"]:
        raise NotFound
    return render(function_view(row), version=row["register_number"], if_none_match=if_none_match)
