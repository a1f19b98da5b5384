"""HTTP of the catalogue. `GET /v1/services/{id}` is a hot read; the route here answers what that one misses."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request
from starlette.responses import Response

from services.registry.catalogue import repository, service
from services.registry.catalogue.domain import RowName, ServiceStatus
from services.registry.catalogue.rights import ForeignBody, is_staff, staff_of
from services.registry.catalogue.schemas import (
    GapsView,
    GapView,
    RowGap,
    ServiceChange,
    ServiceDraft,
    ServiceSummary,
    ServiceView,
)
from services.registry.publication import repository as pages
from services.registry.publication.service import service_summary, service_view, unpublished_page
from services.registry.standards.schemas import LawDate
from shared.clock import local_date
from shared.contracts.registry import ServiceLevel
from shared.http.conditional import IfMatch, not_modified
from shared.http.dependencies import PUBLIC, Caller, Reader, Uow, render, reply, requires, runtime
from shared.http.errors import Invalid, NotFound, PreconditionRequired, Stale
from shared.http.pages import Page, PageParams, cut, render_page
from shared.http.problems import problem_responses
from shared.http.schemas import Code
from shared.values import Origin

router = APIRouter(prefix="/v1/services", tags=["catalogue"])


@router.get("", operation_id="list_services", openapi_extra=PUBLIC)
async def list_services(
    sql: Reader,
    caller: Caller,
    page: PageParams,
    level: ServiceLevel | None = None,
    body: Annotated[Code | None, Query(description="Code of the responsible body")] = None,
    status: ServiceStatus | None = None,
    missing: Annotated[RowName | None, Query(description="A row of the standard nobody knows")] = None,
    origin: Origin | None = None,
) -> Page[ServiceSummary]:
    """Register entries in alphabetical order; people of a body see its unpublished ones too."""
    wanted = repository.ServiceFilter(level, body, status, missing, origin)
    rows = await repository.services(sql, wanted, staff_of(caller), page.values(str, UUID), page.limit + 1)
    found, cursor = cut(rows, page, lambda row: (row["sort_key"], row["id"]))
    return render_page(page, [service_summary(row) for row in found], cursor)


@router.get("/gaps", operation_id="list_service_gaps", openapi_extra=PUBLIC, response_model=GapsView)
async def list_service_gaps(sql: Reader) -> Response:
    """What the register does not know: rows by number of services, and what was found but is no entry."""
    rows = await repository.missing_rows(sql)
    gaps = await repository.collection_gaps(sql)
    view = GapsView(
        services=await repository.count_public(sql),
        rows=[RowGap.model_validate(dict(row)) for row in rows],
        not_entries=[GapView.model_validate(dict(gap)) for gap in gaps],
    )
    return render(view)


@router.get(
    "/{service_id}",
    operation_id="get_service",
    openapi_extra=PUBLIC,
    response_model=ServiceView,
    responses=problem_responses(NotFound),
)
async def get_service(
    service_id: UUID,
    request: Request,
    sql: Reader,
    caller: Caller,
    as_of: Annotated[
        LawDate | None, Query(description="Day the standard is asked for; today if absent")
    ] = None,
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """One service with its standard in force."""
    on = as_of or local_date(runtime(request).clock.now())
    page = await pages.page(sql, service_id, on)
    if page is not None:
        body, tag = page["body"], page["etag"]
    else:
        row = await repository.service(sql, service_id)
        if row is None or not is_staff(caller, row["body_id"]):
            raise NotFound
        body, tag = await unpublished_page(sql, row, on)
    headers = {"content-type": "application/json", "etag": tag}
    return not_modified(if_none_match, tag) or Response(body, headers=headers)


@router.post(
    "",
    operation_id="propose_service",
    status_code=201,
    response_model=ServiceView,
    dependencies=[requires("registry:services:write")],
    responses=problem_responses(service.ServiceCodeTaken),
)
async def propose_service(draft: ServiceDraft, uow: Uow) -> Response:
    """Propose an entry of your body. Others see it once an act includes it."""
    row = await service.propose_service(uow, draft)
    view = service_view(row, None)
    return reply(uow, view, status=201, version=view.version, location=f"services/{view.id}")


@router.patch(
    "/{service_id}",
    operation_id="change_service",
    response_model=ServiceSummary,
    dependencies=[requires("registry:services:write")],
    responses=problem_responses(ForeignBody, NotFound, Stale, PreconditionRequired, Invalid),
)
async def change_service(service_id: UUID, change: ServiceChange, expected: IfMatch, uow: Uow) -> Response:
    """Change an entry of your body, or its status: included by an act, merged, split, excluded."""
    row = await service.change_service(uow, service_id, change, expected)
    return reply(uow, service_summary(row), version=row["version"])
