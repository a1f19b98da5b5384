"""HTTP of the search."""

from typing import Annotated

from fastapi import APIRouter, Query

from services.ideas_market.ideas.domain import State
from services.ideas_market.search.conditions import Filters
from services.ideas_market.search.schemas import IdeaFound
from services.ideas_market.search.service import search
from shared.http.dependencies import PUBLIC, Caller, Reader
from shared.http.money import AmountGiven, Currency
from shared.http.pages import Page, PageParams, render_page
from shared.http.schemas import Code
from shared.search.queries import LENGTH_LIMIT

router = APIRouter(prefix="/v1/ideas", tags=["ideas"])

Words = Annotated[
    str | None,
    Query(
        max_length=LENGTH_LIMIT,
        description='Words in Kyrgyz, Russian or English in any form; `"a phrase"`, `-without`, `begin*`',
    ),
]
Territory = Annotated[Code | None, Query(description="SOATE code: everything inside this unit")]
Amount = Annotated[AmountGiven | None, Query(description="In `currency`")]


@router.get("", operation_id="search_ideas", openapi_extra=PUBLIC)
async def search_ideas(
    sql: Reader,
    caller: Caller,
    page: PageParams,
    q: Words = None,
    sector: Annotated[Code | None, Query()] = None,
    municipality: Annotated[Code | None, Query(description="SOATE code of the municipality")] = None,
    within: Territory = None,
    indicator: Annotated[Code | None, Query(description="Code of the cited indicator")] = None,
    max_requested: Amount = None,
    currency: Annotated[Currency, Query()] = "KGS",
    state: Annotated[State | None, Query()] = None,
) -> Page[IdeaFound]:
    """Ideas on the market, best match first. Withdrawn ones only by `state`, and drafts only your own."""
    filters = Filters(
        sector=sector,
        municipality=municipality,
        within=within,
        indicator=indicator,
        max_requested=max_requested,
        currency=currency,
        state=state,
        viewer=caller.org,
    )
    found, cursor = await search(sql, q, filters, page)
    return render_page(page, found, cursor)
