"""HTTP of findings."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request
from starlette.responses import Response

from services.monitoring.findings import repository
from services.monitoring.findings.announcing import code_of
from services.monitoring.findings.domain import FindingState
from services.monitoring.findings.repository import Row
from services.monitoring.findings.schemas import FindingView, StandingView
from services.monitoring.oversight import service as oversight
from shared.clock import local_date
from shared.http.dependencies import Caller, Reader, render, requires, runtime
from shared.http.errors import NotFound
from shared.http.pages import Page, PageParams, cut, render_page
from shared.http.problems import problem_responses

router = APIRouter(prefix="/v1/findings", tags=["findings"])
READ = requires("monitoring:findings:read")


def view(row: Row) -> FindingView:
    return FindingView(code=code_of(row["number"]), **dict(row))


@router.get("", operation_id="list_findings", response_model=Page[FindingView], dependencies=[READ])
async def list_findings(
    request: Request,
    sql: Reader,
    caller: Caller,
    page: PageParams,
    state: Annotated[FindingState | None, Query()] = None,
    campaign_id: Annotated[UUID | None, Query()] = None,
) -> Any:
    """Findings put before your organisation, those of its own campaigns, and those it oversees; newest first."""
    before = page.values(UUID)
    rows = await repository.findings(
        sql,
        await oversight.reach_of(sql, caller, runtime(request).clock),
        state=state,
        campaign_id=campaign_id,
        before=before[0] if before else None,
        limit=page.limit + 1,
    )
    found, cursor = cut(rows, page, lambda row: (row["id"],))
    return render_page(page, [view(row) for row in found], cursor)


@router.get(
    "/standings", operation_id="list_standings", response_model=Page[StandingView], dependencies=[READ]
)
async def list_standings(request: Request, sql: Reader, caller: Caller, page: PageParams) -> Any:
    """How the bodies stand whose findings you may read: how many are open, how many are over their time."""
    clock = runtime(request).clock
    after = page.values(UUID)
    rows = await repository.standings(
        sql,
        await oversight.reach_of(sql, caller, clock),
        local_date(clock.now()),
        after[0] if after else None,
        page.limit + 1,
    )
    found, cursor = cut(rows, page, lambda row: (row["id"],))
    return render_page(page, [StandingView.model_validate(dict(row)) for row in found], cursor)


@router.get(
    "/{finding_id}",
    operation_id="get_finding",
    response_model=FindingView,
    dependencies=[READ],
    responses=problem_responses(NotFound),
)
async def get_finding(
    request: Request,
    finding_id: UUID,
    sql: Reader,
    caller: Caller,
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """One finding."""
    reach = await oversight.reach_of(sql, caller, runtime(request).clock)
    row = await repository.finding(sql, reach, finding_id)
    if row is None:
        raise NotFound
    return render(view(row), version=row["version"], if_none_match=if_none_match)
