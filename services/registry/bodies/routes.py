"""HTTP of public bodies."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response

from services.registry.access.domain import BODY_KINDS, OrganisationKind
from services.registry.bodies import repository
from services.registry.bodies.schemas import BodyView
from shared.http.dependencies import PUBLIC, Reader, render
from shared.http.errors import Invalid, NotFound
from shared.http.pages import Page, PageParams, cut, render_page
from shared.http.problems import problem_responses
from shared.http.schemas import Code

router = APIRouter(prefix="/v1/bodies", tags=["bodies"])


@router.get("", operation_id="list_bodies", openapi_extra=PUBLIC, responses=problem_responses(Invalid))
async def list_bodies(
    sql: Reader, page: PageParams, kind: Annotated[OrganisationKind | None, Query()] = None
) -> Page[BodyView]:
    """Public bodies in alphabetical order, with how many services were found of each."""
    if kind is not None and kind not in BODY_KINDS:
        raise Invalid.at("/query/kind", f"A {kind} is no public body.", "no_body_kind", kind=kind.value)
    rows = await repository.bodies(sql, kind, page.values(str, UUID), page.limit + 1)
    found, cursor = cut(rows, page, lambda row: (row["sort_key"], row["id"]))
    return render_page(page, [BodyView.model_validate(dict(row)) for row in found], cursor)


@router.get(
    "/{code}",
    operation_id="get_body",
    openapi_extra=PUBLIC,
    response_model=BodyView,
    responses=problem_responses(NotFound),
)
async def get_body(code: Code, sql: Reader) -> Response:
    """One public body."""
    row = await repository.body(sql, code)
    if row is None:
        raise NotFound
    return render(BodyView.model_validate(dict(row)))
