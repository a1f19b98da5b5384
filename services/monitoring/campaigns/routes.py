"""HTTP of campaigns."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Query
from starlette.responses import Response

from services.monitoring.campaigns import repository, service
from services.monitoring.campaigns.domain import CampaignState, WrongCampaignState
from services.monitoring.campaigns.repository import Row
from services.monitoring.campaigns.schemas import CampaignDraft, CampaignView
from shared.http.conditional import IfMatch
from shared.http.dependencies import PUBLIC, Caller, Reader, Uow, render, reply, requires
from shared.http.errors import Forbidden, NotFound, PreconditionRequired, Stale
from shared.http.pages import Page, PageParams, cut, render_page
from shared.http.problems import problem_responses

router = APIRouter(prefix="/v1/campaigns", tags=["campaigns"])
WRITE = requires("monitoring:campaigns:write")


def view(row: Row) -> CampaignView:
    return CampaignView.model_validate(dict(row))


@router.get("", operation_id="list_campaigns", response_model=Page[CampaignView], openapi_extra=PUBLIC)
async def list_campaigns(
    sql: Reader,
    caller: Caller,
    page: PageParams,
    state: Annotated[CampaignState | None, Query()] = None,
) -> Any:
    """Campaigns, newest first; drafts only those of your organisation."""
    before = page.values(UUID)
    rows = await repository.campaigns(
        sql, state, caller.acting_or_none, before[0] if before else None, page.limit + 1
    )
    found, cursor = cut(rows, page, lambda row: (row["id"],))
    return render_page(page, [view(row) for row in found], cursor)


@router.get(
    "/{campaign_id}",
    operation_id="get_campaign",
    openapi_extra=PUBLIC,
    response_model=CampaignView,
    responses=problem_responses(NotFound),
)
async def get_campaign(
    campaign_id: UUID, sql: Reader, caller: Caller, if_none_match: Annotated[str | None, Header()] = None
) -> Response:
    """One campaign; a draft only to its organisation."""
    row = await repository.campaign(sql, campaign_id, caller.acting_or_none)
    if row is None:
        raise NotFound
    return render(view(row), version=row["version"], if_none_match=if_none_match)


@router.post(
    "",
    operation_id="draft_campaign",
    status_code=201,
    response_model=CampaignView,
    dependencies=[WRITE],
    responses=problem_responses(service.CampaignCodeTaken),
)
async def draft_campaign(draft: CampaignDraft, uow: Uow) -> Response:
    """Draft a campaign of your organisation."""
    found = view(await service.draft_campaign(uow, draft))
    return reply(uow, found, status=201, version=found.version, location=f"campaigns/{found.id}")


@router.post(
    "/{campaign_id}/open",
    operation_id="open_campaign",
    response_model=CampaignView,
    dependencies=[WRITE],
    responses=problem_responses(
        Forbidden, NotFound, WrongCampaignState, service.ReferencesMissing, Stale, PreconditionRequired
    ),
)
async def open_campaign(campaign_id: UUID, expected: IfMatch, uow: Uow) -> Response:
    """Take visits from now on."""
    found = view(await service.open_campaign(uow, campaign_id, expected))
    return reply(uow, found, version=found.version)


@router.post(
    "/{campaign_id}/close",
    operation_id="close_campaign",
    response_model=CampaignView,
    dependencies=[WRITE],
    responses=problem_responses(Forbidden, NotFound, WrongCampaignState, Stale, PreconditionRequired),
)
async def close_campaign(campaign_id: UUID, expected: IfMatch, uow: Uow) -> Response:
    """Take no more visits; those received are still reviewed."""
    found = view(await service.close_campaign(uow, campaign_id, expected))
    return reply(uow, found, version=found.version)
