"""HTTP of territories: units, editions and headings of the classifier."""

from typing import Annotated, cast
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request
from starlette.responses import Response

from services.registry.standards.schemas import LawDate
from services.registry.territories import change_repository, repository, service
from services.registry.territories.domain import TerritoryKind
from services.registry.territories.schemas import (
    EditionDraft,
    EditionView,
    HeadingView,
    KindGap,
    TerritoryCorrection,
    TerritoryDetail,
    TerritoryDraft,
    TerritoryGaps,
    TerritoryPage,
    TerritoryView,
)
from services.registry.territories.views import Row, detail, edition_view
from shared.clock import local_date
from shared.db.database import Connection
from shared.http.conditional import IfMatch
from shared.http.dependencies import PUBLIC, Reader, Uow, render, reply, requires, runtime
from shared.http.errors import Invalid, NotFound, PreconditionRequired, Stale
from shared.http.pages import Page, PageParams, cut, render_page
from shared.http.problems import problem_responses
from shared.http.schemas import Code

router = APIRouter(prefix="/v1/territories", tags=["territories"])


class HeadingOfClassifier(NotFound):
    """This code is a heading of the classifier and no unit; the units stand below the one it belongs to."""

    code = "heading_of_classifier"


@router.get("", operation_id="list_territories", openapi_extra=PUBLIC)
async def list_territories(
    request: Request,
    sql: Reader,
    page: PageParams,
    kind: TerritoryKind | None = None,
    municipality: Annotated[bool | None, Query(description="Only units with local self-government")] = None,
    parent: Annotated[Code | None, Query(description="Children of this unit")] = None,
    within: Annotated[Code | None, Query(description="This unit and everything below it")] = None,
    missing: Annotated[
        repository.Missing | None, Query(description="What is not known: a language of the name, or a fact")
    ] = None,
    as_of: Annotated[
        LawDate | None, Query(description="Units as they were on this day; today if absent")
    ] = None,
) -> TerritoryPage:
    """Territorial units in alphabetical order, with the edition of the classifier they are of."""
    wanted = repository.TerritoryFilter(kind, municipality, parent, within, missing, as_of)
    rows = await repository.territories(sql, wanted, page.values(str, UUID), page.limit + 1)
    found, cursor = cut(rows, page, lambda row: (row["sort_key"], row["id"]))
    edition = await repository.edition_on(sql, as_of or local_date(runtime(request).clock.now()))
    units = [TerritoryView.model_validate(dict(row)) for row in found]
    return cast("TerritoryPage", render_page(page, units, cursor, edition=edition_view(edition)))


@router.get("/gaps", operation_id="list_territory_gaps", openapi_extra=PUBLIC, response_model=TerritoryGaps)
async def list_territory_gaps(request: Request, sql: Reader) -> Response:
    """What is not known of units, by kind: names in the languages of the law, coordinates, boundaries, first days."""
    kinds = [KindGap.model_validate(dict(row)) for row in await repository.counted_gaps(sql)]
    edition = await repository.edition_on(sql, local_date(runtime(request).clock.now()))
    units = sum(found.units for found in kinds)
    return render(TerritoryGaps(units=units, kinds=kinds, edition=edition_view(edition)))


@router.get("/headings", operation_id="list_territory_headings", openapi_extra=PUBLIC)
async def list_territory_headings(sql: Reader, page: PageParams) -> Page[HeadingView]:
    """Headings of the classifier by code: they have a code in it and are no units."""
    after = page.values(str)
    rows = await repository.headings(sql, after[0] if after else "", page.limit + 1)
    found, cursor = cut(rows, page, lambda row: (row["code"],))
    return render_page(page, [HeadingView.model_validate(dict(row)) for row in found], cursor)


@router.post(
    "/editions",
    operation_id="record_classifier_edition",
    status_code=201,
    response_model=EditionView,
    dependencies=[requires("registry:territories:write")],
    responses=problem_responses(service.EditionExists, Invalid),
)
async def record_classifier_edition(draft: EditionDraft, uow: Uow) -> Response:
    """Record that an edition of the classifier has been taken over."""
    await service.record_edition(uow, draft)
    row = await repository.edition_on(uow.sql, draft.date)
    view = edition_view(row)
    assert view is not None
    return reply(uow, view, status=201)


@router.get(
    "/{code}",
    operation_id="get_territory",
    openapi_extra=PUBLIC,
    response_model=TerritoryDetail,
    responses=problem_responses(NotFound, HeadingOfClassifier),
)
async def get_territory(
    code: Code,
    sql: Reader,
    as_of: Annotated[
        LawDate | None, Query(description="The unit as it was on this day; absent: its newest state")
    ] = None,
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """One territorial unit, also when it is no more: then `successors` says where to look."""
    row = await repository.territory(sql, code, as_of)
    if row is None:
        if await repository.heading(sql, code) is not None:
            raise HeadingOfClassifier
        raise NotFound
    return render(await _shown(sql, row), version=row["version"], if_none_match=if_none_match)


async def _shown(sql: Connection, row: Row) -> TerritoryDetail:
    relatives = await change_repository.relatives(sql, row["id"])
    return detail(row, relatives, await change_repository.past(sql, row["id"]))


@router.post(
    "",
    operation_id="record_territory",
    status_code=201,
    response_model=TerritoryDetail,
    dependencies=[requires("registry:territories:write")],
    responses=problem_responses(service.TerritoryExists, Invalid),
)
async def record_territory(draft: TerritoryDraft, uow: Uow) -> Response:
    """Record a unit the classifier does not have yet."""
    row = await service.record_territory(uow, draft)
    view = await _shown(uow.sql, row)
    return reply(uow, view, status=201, version=view.version, location=f"territories/{view.code}")


@router.patch(
    "/{code}",
    operation_id="correct_territory",
    response_model=TerritoryDetail,
    dependencies=[requires("registry:territories:write")],
    responses=problem_responses(NotFound, Stale, PreconditionRequired),
)
async def correct_territory(code: Code, change: TerritoryCorrection, expected: IfMatch, uow: Uow) -> Response:
    """Correct a name, coordinates or the source of a unit."""
    row = await service.correct_territory(uow, code, change, expected)
    view = await _shown(uow.sql, row)
    return reply(uow, view, version=view.version)
