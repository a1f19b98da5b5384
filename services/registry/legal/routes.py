"""HTTP of legal acts."""

import datetime as dt
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header
from starlette.responses import Response

from services.registry.legal import repository, service
from services.registry.legal.domain import ActKind, ActStatus
from services.registry.legal.schemas import ActRecord, ActView
from shared.http.dependencies import PUBLIC, Reader, Uow, render, reply, requires
from shared.http.errors import NotFound
from shared.http.pages import Page, PageParams, cut, render_page
from shared.http.problems import problem_responses

router = APIRouter(prefix="/v1/acts", tags=["legal"])


@router.get("", operation_id="list_acts", openapi_extra=PUBLIC)
async def list_acts(
    sql: Reader, page: PageParams, kind: ActKind | None = None, status: ActStatus | None = None
) -> Page[ActView]:
    """Legal acts the register rests on, newest first."""
    after = page.values(dt.date.fromisoformat, UUID)
    rows = await repository.acts(sql, kind, status, after, page.limit + 1)
    found, cursor = cut(rows, page, lambda row: (row["date"], row["id"]))
    return render_page(page, [ActView.model_validate(dict(row)) for row in found], cursor)


@router.get(
    "/{act_id}",
    operation_id="get_act",
    openapi_extra=PUBLIC,
    response_model=ActView,
    responses=problem_responses(NotFound),
)
async def get_act(
    act_id: UUID, sql: Reader, if_none_match: Annotated[str | None, Header()] = None
) -> Response:
    """One legal act."""
    row = await repository.act(sql, act_id)
    if row is None:
        raise NotFound
    return render(ActView.model_validate(dict(row)), version=row["version"], if_none_match=if_none_match)


@router.post(
    "",
    operation_id="record_act",
    status_code=201,
    response_model=ActView,
    dependencies=[requires("registry:acts:write")],
    responses=problem_responses(service.ActExists),
)
async def record_act(record: ActRecord, uow: Uow) -> Response:
    """Record a legal act that services and standards can cite."""
    row = await service.record_act(uow, record)
    view = ActView.model_validate(dict(row))
    return reply(uow, view, status=201, version=view.version, location=f"acts/{view.id}")
