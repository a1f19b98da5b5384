"""HTTP of templates."""

from typing import Annotated

from fastapi import APIRouter, Header, Path, Request
from starlette.responses import Response

from services.registry.standards.routes import AsOf, KnownAt, today_of
from services.registry.templates import repository, service
from services.registry.templates.schemas import TemplateDraft, TemplateView
from services.registry.templates.views import template_view
from shared.http.conditional import IfMatch
from shared.http.dependencies import PUBLIC, Reader, Uow, render, reply, requires
from shared.http.errors import Invalid, NotFound, PreconditionRequired, Stale
from shared.http.pages import Page, PageParams, cut, render_page
from shared.http.problems import problem_responses

router = APIRouter(prefix="/v1/templates", tags=["templates"])

TemplateCode = Annotated[str, Path(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


@router.get("", operation_id="list_templates", openapi_extra=PUBLIC)
async def list_templates(
    request: Request, sql: Reader, page: PageParams, as_of: AsOf = None
) -> Page[TemplateView]:
    """Templates of standards, each in the version in force on a day."""
    after = page.values(str)
    rows = await repository.templates(
        sql, as_of or today_of(request), after[0] if after else "", page.limit + 1
    )
    found, cursor = cut(rows, page, lambda row: (row["code"],))
    return render_page(page, [template_view(row) for row in found], cursor)


@router.get(
    "/{code}",
    operation_id="get_template",
    openapi_extra=PUBLIC,
    response_model=TemplateView,
    responses=problem_responses(NotFound),
)
async def get_template(
    code: TemplateCode,
    request: Request,
    sql: Reader,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """The version in force on a day, as it was known at a moment."""
    row = await repository.in_force(sql, code, as_of or today_of(request), known_at)
    if row is None:
        raise NotFound
    return render(template_view(row), version=row["version"], if_none_match=if_none_match)


@router.get(
    "/{code}/versions",
    operation_id="list_template_versions",
    openapi_extra=PUBLIC,
    responses=problem_responses(NotFound),
)
async def list_template_versions(code: TemplateCode, sql: Reader, page: PageParams) -> Page[TemplateView]:
    """All versions, oldest first."""
    after = page.values(int)
    rows = await repository.versions(sql, code, after[0] if after else 0, page.limit + 1)
    if not rows and after is None:
        raise NotFound
    found, cursor = cut(rows, page, lambda row: (row["number"],))
    return render_page(page, [template_view(row) for row in found], cursor)


@router.post(
    "",
    operation_id="record_template_version",
    status_code=201,
    response_model=TemplateView,
    dependencies=[requires("registry:templates:write")],
    responses=problem_responses(Stale, PreconditionRequired, Invalid),
)
async def record_template_version(draft: TemplateDraft, expected: IfMatch, uow: Uow) -> Response:
    """Record a version of a template with its act. `If-Match: "0"` for a template nothing is recorded of."""
    row = await service.record_version(uow, draft, expected)
    view = template_view(row)
    return reply(uow, view, status=201, version=row["version"], location=f"templates/{draft.code}")
