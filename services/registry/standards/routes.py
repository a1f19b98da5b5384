"""HTTP of standards."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request
from starlette.responses import Response

from services.registry.catalogue.rights import ForeignBody, is_staff
from services.registry.standards import adoption, drafting, joint, repository
from services.registry.standards.admission import council_of
from services.registry.standards.schemas import (
    Adoption,
    ContentDraft,
    DifferencesView,
    DraftView,
    JointAdoption,
    JointResult,
    JointView,
    LawDate,
    RecordTime,
    Repeal,
    StandardDraftRequest,
    StandardView,
    VersionView,
)
from services.registry.standards.views import differences_view, draft_view, standard_view, version_view
from shared.clock import local_date
from shared.http.conditional import IfMatch
from shared.http.dependencies import PUBLIC, Caller, Reader, Uow, render, reply, requires, runtime
from shared.http.errors import Invalid, NotFound, PreconditionRequired, Stale
from shared.http.pages import Page, PageParams, cut, render_page
from shared.http.problems import problem_responses

router = APIRouter(prefix="/v1/standards", tags=["standards"])
joint_router = APIRouter(prefix="/v1/adoptions", tags=["standards"])

AsOf = Annotated[
    LawDate | None, Query(description="The day the law is asked for; today in Bishkek if absent")
]
KnownAt = Annotated[
    RecordTime | None, Query(description="What the register knew at this moment; now if absent")
]


@router.post(
    "",
    operation_id="draft_standard",
    status_code=201,
    response_model=DraftView,
    dependencies=[requires("registry:standards:draft")],
    responses=problem_responses(ForeignBody, drafting.StandardExists, drafting.ServiceClosed, Invalid),
)
async def draft_standard(request: StandardDraftRequest, uow: Uow) -> Response:
    """Begin the standard of a service of your body. A draft may be incomplete; nobody else sees it."""
    head, draft = await drafting.draft_standard(uow, request)
    view = await draft_view(uow.sql, head, draft, head["version"])
    location = f"standards/{view.standard_id}"
    return reply(uow, view, status=201, version=view.version, location=location)


@router.get(
    "/{standard_id}/draft",
    operation_id="get_draft",
    response_model=DraftView,
    dependencies=[requires("registry:standards:draft")],
    responses=problem_responses(NotFound),
)
async def get_draft(standard_id: UUID, sql: Reader, caller: Caller) -> Response:
    """The draft and what still keeps it from being adopted; for the body's own people and its council."""
    head = await repository.standard(sql, standard_id)
    if head is None:
        raise NotFound
    if not is_staff(caller, head["body_id"]) and await council_of(sql, caller) != head["body_id"]:
        raise NotFound
    draft = await repository.draft(sql, standard_id)
    if draft is None:
        raise NotFound
    return render(await draft_view(sql, head, draft, head["version"]), version=head["version"])


@router.put(
    "/{standard_id}/draft",
    operation_id="edit_draft",
    response_model=DraftView,
    dependencies=[requires("registry:standards:draft")],
    responses=problem_responses(ForeignBody, NotFound, Stale, PreconditionRequired, Invalid),
)
async def edit_draft(standard_id: UUID, content: ContentDraft, expected: IfMatch, uow: Uow) -> Response:
    """Replace the draft; where there is none, this begins the standard's next version."""
    head, draft, version = await drafting.edit_draft(uow, standard_id, content, expected)
    return reply(uow, await draft_view(uow.sql, head, draft, version), version=version)


@router.post(
    "/{standard_id}/adopt",
    operation_id="adopt_standard",
    response_model=VersionView,
    dependencies=[requires("registry:standards:adopt")],
    responses=problem_responses(
        ForeignBody, NotFound, adoption.NothingDrafted, Stale, PreconditionRequired, adoption.NotReady
    ),
)
async def adopt_standard(standard_id: UUID, wanted: Adoption, expected: IfMatch, uow: Uow) -> Response:
    """Record the act that adopted the draft. In force from a past day, today or a day to come; known since now."""
    row, version = await adoption.adopt(uow, standard_id, wanted, expected)
    return reply(uow, version_view(row), version=version)


@joint_router.post(
    "",
    operation_id="adopt_together",
    status_code=201,
    response_model=JointView,
    dependencies=[requires("registry:standards:adopt")],
    responses=problem_responses(Stale, adoption.NotReady),
)
async def adopt_together(wanted: JointAdoption, uow: Uow) -> Response:
    """Record one act that adopts, amends and repeals many standards: all of them, or none and every problem."""
    act, versions = await joint.adopt_together(uow, wanted)
    results = [JointResult(standard_id=key, version=version) for key, version in versions.items()]
    return reply(uow, JointView(act_id=act["id"], items=results), status=201)


@router.post(
    "/{standard_id}/repeal",
    operation_id="repeal_standard",
    response_model=StandardView,
    dependencies=[requires("registry:standards:adopt")],
    responses=problem_responses(
        ForeignBody, NotFound, adoption.NothingInForce, Stale, PreconditionRequired, Invalid
    ),
)
async def repeal_standard(standard_id: UUID, repealing: Repeal, expected: IfMatch, uow: Uow) -> Response:
    """Record the act that repealed the standard from a day on."""
    version = await adoption.repeal(uow, standard_id, repealing, expected)
    today = local_date(uow.clock.now())
    row = await repository.standard_on(uow.sql, standard_id, today, None)
    assert row is not None
    return reply(uow, standard_view(row, staff=True), version=version)


@router.get(
    "/{standard_id}",
    operation_id="get_standard",
    openapi_extra=PUBLIC,
    response_model=StandardView,
    responses=problem_responses(NotFound),
)
async def get_standard(
    standard_id: UUID,
    request: Request,
    sql: Reader,
    caller: Caller,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """The standard with the version in force on a day, as the register knew it at a moment."""
    row = await repository.standard_on(sql, standard_id, as_of or today_of(request), known_at)
    if row is None:
        raise NotFound
    staff = is_staff(caller, row["body_id"])
    if not row["sequence"] and not staff:
        raise NotFound
    if staff:  # sees drafts, and bases changes on this version
        return render(standard_view(row, staff=True), version=row["version"])
    return render(standard_view(row, staff=False), version=row["sequence"], if_none_match=if_none_match)


@router.get(
    "/{standard_id}/versions",
    operation_id="list_standard_versions",
    openapi_extra=PUBLIC,
    responses=problem_responses(NotFound),
)
async def list_standard_versions(
    standard_id: UUID, sql: Reader, caller: Caller, page: PageParams, known_at: KnownAt = None
) -> Page[VersionView]:
    """All versions, oldest first, with the validity the register gave them at a moment."""
    head = await repository.standard(sql, standard_id)
    if head is None or not (head["sequence"] or is_staff(caller, head["body_id"])):
        raise NotFound
    after = page.values(int)
    rows = await repository.versions(sql, standard_id, known_at, after[0] if after else 0, page.limit + 1)
    found, cursor = cut(rows, page, lambda row: (row["number"],))
    return render_page(page, [version_view(row) for row in found], cursor)


Number = Annotated[int, Query(ge=1, le=1_000_000, description="A version's number")]


@router.get(
    "/{standard_id}/differences",
    operation_id="compare_standard_versions",
    openapi_extra=PUBLIC,
    response_model=DifferencesView,
    responses=problem_responses(NotFound),
)
async def compare_standard_versions(
    standard_id: UUID, sql: Reader, before: Number, after: Number
) -> Response:
    """What one version says otherwise than another, row by row."""
    found = await repository.numbered(sql, standard_id, [before, after])
    if before not in found or after not in found:
        raise NotFound
    return render(differences_view(standard_id, (before, found[before]), (after, found[after])))


@router.get(
    "/{standard_id}/draft/differences",
    operation_id="compare_draft",
    response_model=DifferencesView,
    dependencies=[requires("registry:standards:draft")],
    responses=problem_responses(NotFound),
)
async def compare_draft(
    standard_id: UUID, request: Request, sql: Reader, caller: Caller, as_of: AsOf = None
) -> Response:
    """What the draft would change in the version in force on a day; for the body's own people."""
    row = await repository.standard_on(sql, standard_id, as_of or today_of(request), None)
    draft = await repository.draft(sql, standard_id)
    if row is None or draft is None or not is_staff(caller, row["body_id"]):
        raise NotFound
    known = row if row["version_id"] is not None else None
    return render(differences_view(standard_id, (row["number"], known), (None, draft)))


def today_of(request: Request) -> date:
    return local_date(runtime(request).clock.now())
