"""HTTP of public bodies."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request
from starlette.responses import Response

from services.registry.access.domain import BODY_KINDS, OrganisationKind
from services.registry.bodies import reorganising, repository, service
from services.registry.bodies.schemas import (
    BodyDetail,
    BodyView,
    IdentifierDraft,
    MandateDraft,
    MandateEnd,
    ReorganisationRecord,
    ReorganisationView,
)
from services.registry.bodies.views import body_detail, reorganisation_views
from services.registry.catalogue.rights import ForeignBody
from services.registry.standards.schemas import LawDate
from shared.clock import local_date
from shared.db.unit_of_work import UnitOfWork
from shared.http.dependencies import PUBLIC, Reader, Uow, render, reply, requires, runtime
from shared.http.errors import Invalid, NotFound
from shared.http.pages import Page, PageParams, cut, render_page
from shared.http.problems import problem_responses
from shared.http.schemas import Code

router = APIRouter(prefix="/v1/bodies", tags=["bodies"])

IdentifierQuery = Annotated[
    str | None,
    Query(
        pattern=r"^(inn|okpo|justice|tunduk):[A-Za-zА-Яа-я0-9()/-]{1,40}$",
        description="Who is or was called by this: scheme and value, as `tunduk:GOV/70000019`",
    ),
]


@router.get("", operation_id="list_bodies", openapi_extra=PUBLIC, responses=problem_responses(Invalid))
async def list_bodies(
    sql: Reader,
    page: PageParams,
    kind: Annotated[OrganisationKind | None, Query()] = None,
    parent: Annotated[Code | None, Query(description="Directly below this body")] = None,
    within: Annotated[Code | None, Query(description="This body and everything below it")] = None,
    territory: Annotated[Code | None, Query(description="SOATE code of what it answers for")] = None,
    identifier: IdentifierQuery = None,
    as_of: Annotated[
        LawDate | None, Query(description="Bodies as they were on this day; today if absent")
    ] = None,
) -> Page[BodyView]:
    """Public bodies in alphabetical order, with how many services were found of each."""
    if kind is not None and kind not in BODY_KINDS:
        raise Invalid.at("/query/kind", f"A {kind} is no public body.", "no_body_kind", kind=kind.value)
    wanted = repository.BodyFilter(kind, parent, within, territory, identifier, as_of)
    rows = await repository.bodies(sql, wanted, page.values(str, UUID), page.limit + 1)
    found, cursor = cut(rows, page, lambda row: (row["sort_key"], row["id"]))
    return render_page(page, [BodyView.model_validate(dict(row)) for row in found], cursor)


@router.get("/reorganisations", operation_id="list_reorganisations", openapi_extra=PUBLIC)
async def list_reorganisations(sql: Reader, page: PageParams) -> Page[ReorganisationView]:
    """What acts made of bodies, newest first."""
    rows = await repository.reorganisations(sql, page.values(date.fromisoformat, UUID), page.limit + 1)
    found, cursor = cut(rows, page, lambda row: (row["happened_on"], row["id"]))
    return render_page(page, await reorganisation_views(sql, found), cursor)


@router.post(
    "/reorganisations",
    operation_id="record_reorganisation",
    status_code=201,
    response_model=ReorganisationView,
    dependencies=[requires("registry:bodies:reorganise")],
    responses=problem_responses(Invalid, reorganising.LaterReorganisation),
)
async def record_reorganisation(record: ReorganisationRecord, uow: Uow) -> Response:
    """Record what one act makes of many bodies at once: founded, renamed, moved, merged, divided, closed."""
    return reply(uow, await reorganising.reorganise(uow, record), status=201)


@router.get(
    "/{code}",
    operation_id="get_body",
    openapi_extra=PUBLIC,
    response_model=BodyDetail,
    responses=problem_responses(NotFound),
)
async def get_body(
    code: Code,
    request: Request,
    sql: Reader,
    as_of: Annotated[
        LawDate | None, Query(description="The body as it was on this day; today if absent")
    ] = None,
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """One public body by its code, or by one it had; also when it is no more: then `successors` says where to look."""
    identifier = await repository.id_of_code(sql, code)
    row = None if identifier is None else await repository.body(sql, identifier, as_of)
    if row is None:
        raise NotFound
    view = await body_detail(sql, row, as_of or local_date(runtime(request).clock.now()))
    return render(view, version=row["version"], if_none_match=if_none_match)


@router.post(
    "/{code}/mandates",
    operation_id="add_mandate",
    status_code=201,
    response_model=BodyDetail,
    dependencies=[requires("registry:bodies:write")],
    responses=problem_responses(ForeignBody, NotFound, Invalid),
)
async def add_mandate(code: Code, draft: MandateDraft, uow: Uow) -> Response:
    """Say what your body, or one below it, is charged with, by which act and since when."""
    row = await service.add_mandate(uow, code, draft)
    return await _changed(uow, row["id"], 201)


@router.post(
    "/{code}/mandates/{mandate_id}/end",
    operation_id="end_mandate",
    response_model=BodyDetail,
    dependencies=[requires("registry:bodies:write")],
    responses=problem_responses(ForeignBody, NotFound, Invalid),
)
async def end_mandate(code: Code, mandate_id: UUID, end: MandateEnd, uow: Uow) -> Response:
    """Say since when the body is charged with this no more."""
    row = await service.end_mandate(uow, code, mandate_id, end)
    return await _changed(uow, row["id"], 200)


@router.post(
    "/{code}/identifiers",
    operation_id="record_identifier",
    status_code=201,
    response_model=BodyDetail,
    dependencies=[requires("registry:bodies:write")],
    responses=problem_responses(ForeignBody, NotFound, Invalid, service.IdentifierTaken),
)
async def record_identifier(code: Code, draft: IdentifierDraft, uow: Uow) -> Response:
    """Say what others call your body by; a former value of the same scheme ends."""
    row = await service.record_identifier(uow, code, draft)
    return await _changed(uow, row["id"], 201)


async def _changed(uow: UnitOfWork, identifier: UUID, status: int) -> Response:
    row = await repository.body(uow.sql, identifier)
    assert row is not None
    view = await body_detail(uow.sql, row, local_date(uow.clock.now()))
    return reply(uow, view, status=status, version=view.version)
