"""HTTP of changes of units."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response

from services.registry.territories import change_repository, changing
from services.registry.territories.schemas import TerritoryChangeRecord, TerritoryChangeView
from services.registry.territories.views import change_view
from shared.http.dependencies import PUBLIC, Reader, Uow, reply, requires
from shared.http.errors import Invalid
from shared.http.pages import Page, PageParams, cut, render_page
from shared.http.problems import problem_responses
from shared.http.schemas import Code

router = APIRouter(prefix="/v1/territories", tags=["territories"])


@router.get("/changes", operation_id="list_territory_changes", openapi_extra=PUBLIC)
async def list_territory_changes(
    sql: Reader,
    page: PageParams,
    territory: Annotated[Code | None, Query(description="Changes this unit came from or went into")] = None,
) -> Page[TerritoryChangeView]:
    """Changes of units with the act behind each, newest first."""
    after = page.values(date.fromisoformat, UUID)
    rows = await change_repository.changes(sql, territory, after, page.limit + 1)
    found, cursor = cut(rows, page, lambda row: (row["happened_on"], row["id"]))
    return render_page(page, [change_view(row) for row in found], cursor)


@router.post(
    "/changes",
    operation_id="record_territory_change",
    status_code=201,
    response_model=TerritoryChangeView,
    dependencies=[requires("registry:territories:change")],
    responses=problem_responses(Invalid, changing.ForeignTerritory, changing.LaterChange),
)
async def record_territory_change(record: TerritoryChangeRecord, uow: Uow) -> Response:
    """Record what an act made of units: another name, code, parent or kind, a merger, a split. Old codes stay
    readable and say what the units went over to."""
    row = await changing.record_change(uow, record)
    return reply(uow, change_view(row), status=201)
