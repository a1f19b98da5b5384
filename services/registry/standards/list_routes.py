"""HTTP of lists over all standards."""

from datetime import date
from typing import Annotated
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Query, Request

from services.registry.standards import list_repository
from services.registry.standards.routes import AsOf, today_of
from services.registry.standards.schemas import ListedStandard
from shared.http.dependencies import PUBLIC, Reader
from shared.http.pages import Page, PageParams, cut, render_page
from shared.http.schemas import Code
from shared.values import Reference

router = APIRouter(prefix="/v1/standard-lists", tags=["standards"])

BodyCode = Annotated[Code | None, Query(description="Code of the responsible body")]


@router.get("/overdue-reviews", operation_id="list_overdue_reviews", openapi_extra=PUBLIC)
async def list_overdue_reviews(
    request: Request, sql: Reader, page: PageParams, body: BodyCode = None, as_of: AsOf = None
) -> Page[ListedStandard]:
    """Standards in force whose day of review has come, the longest overdue first."""
    after = page.values(date.fromisoformat, UUID)
    rows = await list_repository.overdue(sql, as_of or today_of(request), body, after, page.limit + 1)
    found, cursor = cut(rows, page, lambda row: (row["review_on"], row["standard_id"]))
    return render_page(page, [_listed(row) for row in found], cursor)


@router.get("/stale-translations", operation_id="list_stale_translations", openapi_extra=PUBLIC)
async def list_stale_translations(
    request: Request, sql: Reader, page: PageParams, body: BodyCode = None, as_of: AsOf = None
) -> Page[ListedStandard]:
    """Standards in force with texts that their last version changed in one language only."""
    after = page.values(UUID)
    last = after[0] if after else None
    rows = await list_repository.stale(sql, as_of or today_of(request), body, last, page.limit + 1)
    found, cursor = cut(rows, page, lambda row: (row["standard_id"],))
    return render_page(page, [_listed(row) for row in found], cursor)


def _listed(row: asyncpg.Record) -> ListedStandard:
    return ListedStandard(
        service=Reference(id=row["service_id"], code=row["service_code"], name=row["service_name"]),
        body=Reference(id=row["body_id"], code=row["body_code"], name=row["body_name"]),
        **{name: row[name] for name in ("standard_id", "number", "valid_from", "review_on", "stale")},
    )
