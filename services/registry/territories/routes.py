"""HTTP of territories."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Header, Query
from starlette.responses import Response

from services.registry.territories import repository, service
from services.registry.territories.domain import TerritoryKind
from services.registry.territories.schemas import TerritoryCorrection, TerritoryDraft, TerritoryView
from shared.http.conditional import IfMatch
from shared.http.dependencies import PUBLIC, Reader, Uow, render, reply, requires
from shared.http.errors import Invalid, NotFound, PreconditionRequired, Stale
from shared.http.pages import Page, PageParams, cut, render_page
from shared.http.problems import problem_responses
from shared.http.schemas import Code

router = APIRouter(prefix="/v1/territories", tags=["territories"])


@router.get("", operation_id="list_territories", openapi_extra=PUBLIC)
async def list_territories(
    sql: Reader,
    page: PageParams,
    kind: TerritoryKind | None = None,
    municipality: Annotated[bool | None, Query(description="Only units with local self-government")] = None,
    parent: Annotated[Code | None, Query(description="Children of this unit")] = None,
    within: Annotated[Code | None, Query(description="This unit and everything below it")] = None,
    missing: Annotated[Literal["ky", "ru"] | None, Query(description="Name not known in")] = None,
) -> Page[TerritoryView]:
    """Territorial units in alphabetical order."""
    wanted = repository.TerritoryFilter(kind, municipality, parent, within, missing)
    rows = await repository.territories(sql, wanted, page.values(str, UUID), page.limit + 1)
    found, cursor = cut(rows, page, lambda row: (row["sort_key"], row["id"]))
    return render_page(page, [TerritoryView.model_validate(dict(row)) for row in found], cursor)


@router.get(
    "/{code}",
    operation_id="get_territory",
    openapi_extra=PUBLIC,
    response_model=TerritoryView,
    responses=problem_responses(NotFound),
)
async def get_territory(
    code: Code, sql: Reader, if_none_match: Annotated[str | None, Header()] = None
) -> Response:
    """One territorial unit."""
    row = await repository.territory(sql, code)
    if row is None:
        raise NotFound
    return render(
        TerritoryView.model_validate(dict(row)), version=row["version"], if_none_match=if_none_match
    )


@router.post(
    "",
    operation_id="record_territory",
    status_code=201,
    response_model=TerritoryView,
    dependencies=[requires("registry:territories:write")],
    responses=problem_responses(service.TerritoryExists, Invalid),
)
async def record_territory(draft: TerritoryDraft, uow: Uow) -> Response:
    """Record a unit the classifier does not have yet."""
    row = await service.record_territory(uow, draft)
    view = TerritoryView.model_validate(dict(row))
    return reply(uow, view, status=201, version=view.version, location=f"territories/{view.code}")


@router.patch(
    "/{code}",
    operation_id="correct_territory",
    response_model=TerritoryView,
    dependencies=[requires("registry:territories:write")],
    responses=problem_responses(NotFound, Stale, PreconditionRequired),
)
async def correct_territory(code: Code, change: TerritoryCorrection, expected: IfMatch, uow: Uow) -> Response:
    """Correct a name, coordinates or the source of a unit."""
    row = await service.correct_territory(uow, code, change, expected)
    view = TerritoryView.model_validate(dict(row))
    return reply(uow, view, version=view.version)
