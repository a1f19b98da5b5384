"""HTTP of methods."""

from typing import Annotated

import asyncpg
from fastapi import APIRouter, Header, Path
from starlette.responses import Response

from services.scoring.methods import repository, service
from services.scoring.methods.domain import MethodIsPublished
from services.scoring.methods.schemas import (
    Definition,
    MethodCode,
    MethodDraft,
    MethodSummary,
    MethodView,
    VersionNumber,
)
from shared.auth.principal import Acting, Principal
from shared.http.conditional import IfMatch
from shared.http.dependencies import PUBLIC, Caller, Reader, Uow, render, reply, requires
from shared.http.errors import NotFound, PreconditionRequired, Stale
from shared.http.pages import Page, PageParams, cut, render_page
from shared.http.problems import problem_responses

router = APIRouter(prefix="/v1/methods", tags=["methods"])

WRITE = "scoring:methods:write"
Code = Annotated[MethodCode, Path()]
Number = Annotated[VersionNumber, Path()]


@router.get("", operation_id="list_methods", openapi_extra=PUBLIC)
async def list_methods(sql: Reader, caller: Caller, page: PageParams) -> Page[MethodSummary]:
    """Published versions of all methods; those who write methods see the drafts of their organisation too."""
    rows = await repository.methods(sql, _drafts_of(caller), page.values(str, int), page.limit + 1)
    found, cursor = cut(rows, page, lambda row: (row["code"], row["number"]))
    return render_page(page, [MethodSummary.model_validate(dict(row)) for row in found], cursor)


@router.get(
    "/{code}/versions/{number}",
    operation_id="get_method",
    openapi_extra=PUBLIC,
    response_model=MethodView,
    responses=problem_responses(NotFound),
)
async def get_method(
    code: Code,
    number: Number,
    sql: Reader,
    caller: Caller,
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """One version with its whole definition: dimensions, indicators, goalposts, weights, rules."""
    row = await repository.version(sql, code, number, _drafts_of(caller))
    if row is None:
        raise NotFound
    return render(_view(row), version=row["version"], if_none_match=if_none_match)


@router.post(
    "",
    operation_id="draft_method",
    status_code=201,
    response_model=MethodView,
    dependencies=[requires(WRITE)],
    responses=problem_responses(service.DraftRace),
)
async def draft_method(draft: MethodDraft, uow: Uow) -> Response:
    """Draft a method, or the next version of one."""
    row = await service.draft_method(uow, draft.code, draft.definition)
    view = _view(row)
    location = f"methods/{view.code}/versions/{view.number}"
    return reply(uow, view, status=201, version=view.version, location=location)


@router.put(
    "/{code}/versions/{number}",
    operation_id="change_method_draft",
    response_model=MethodView,
    dependencies=[requires(WRITE)],
    responses=problem_responses(NotFound, MethodIsPublished, Stale, PreconditionRequired),
)
async def change_draft(
    code: Code, number: Number, definition: Definition, expected: IfMatch, uow: Uow
) -> Response:
    """Replace the definition of your draft. A published version is never changed."""
    view = _view(await service.change_draft(uow, code, number, definition, expected))
    return reply(uow, view, version=view.version)


@router.post(
    "/{code}/versions/{number}/publish",
    operation_id="publish_method",
    response_model=MethodView,
    dependencies=[requires(WRITE)],
    responses=problem_responses(NotFound, MethodIsPublished, Stale, PreconditionRequired),
)
async def publish_method(code: Code, number: Number, expected: IfMatch, uow: Uow) -> Response:
    """Fix your draft for good, so that it can be run."""
    view = _view(await service.publish_method(uow, code, number, expected))
    return reply(uow, view, version=view.version)


def _drafts_of(caller: Principal) -> Acting | None:
    return caller.acting_or_none if caller.may(WRITE) else None


def _view(row: asyncpg.Record) -> MethodView:
    return MethodView(**dict(row), definition=row["document"])
