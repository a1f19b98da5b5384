"""HTTP of runs. Provisional runs are public like published ones: they are made of public observations and visits,
so hiding the sum would protect nothing, and a municipality can object before a mistake is published. They say
`provisional: true`."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Path, Query
from pydantic import StringConstraints
from starlette.responses import Response

from services.scoring.methods import repository as methods
from services.scoring.methods.domain import Derivation
from services.scoring.runs import repository, results_repository, service, views
from services.scoring.runs.lifecycle import NothingChanged, NothingToPublish, RunIsPublished, RunState
from services.scoring.runs.schemas import Lineage, ResultSummary, ResultView, RunOpening, RunView
from services.scoring.visits import repository as visits
from shared.db.database import Connection
from shared.http.conditional import IfMatch
from shared.http.dependencies import PUBLIC, Reader, Uow, render, reply, requires
from shared.http.errors import NotFound, PreconditionRequired, Stale
from shared.http.pages import Page, PageParams, PageQuery, cut, next_link, render_page
from shared.http.problems import problem_responses

router = APIRouter(prefix="/v1/runs", tags=["runs"])

PUBLISH = "scoring:runs:publish"
MunicipalityCode = Annotated[str, StringConstraints(pattern=r"^[0-9]{14}$")]
IndicatorCode = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
Municipality = Annotated[MunicipalityCode, Path(description="SOATE code")]
IfNoneMatch = Annotated[str | None, Header()]


@router.get("", operation_id="list_runs", openapi_extra=PUBLIC)
async def list_runs(
    sql: Reader,
    page: PageParams,
    method: Annotated[str | None, Query(max_length=64, description="Code of a method")] = None,
    state: Annotated[RunState | None, Query()] = None,
) -> Page[RunView]:
    """Runs, the newest first."""
    before = page.values(UUID)
    rows = await repository.runs(sql, method, state, before[0] if before else None, page.limit + 1)
    found, cursor = cut(rows, page, lambda row: (row["id"],))
    return render_page(page, [views.run_view(row) for row in found], cursor)


@router.post(
    "",
    operation_id="open_run",
    status_code=201,
    response_model=RunView,
    dependencies=[requires(PUBLISH)],
    responses={200: {"model": RunView, "description": "This live run exists"}},
)
async def open_run(opening: RunOpening, uow: Uow) -> Response:
    """The live run of a method and a period. From now on it follows every observation and visit."""
    row, opened = await service.open_run(
        uow, opening.method_code, opening.method_version, opening.period_start, opening.period_end
    )
    view = views.run_view(row)
    status = 201 if opened else 200
    return reply(uow, view, status=status, version=view.version, location=f"runs/{view.id}")


@router.get(
    "/{run_id}",
    operation_id="get_run",
    openapi_extra=PUBLIC,
    response_model=RunView,
    responses=problem_responses(NotFound),
)
async def get_run(run_id: UUID, sql: Reader, if_none_match: IfNoneMatch = None) -> Response:
    """One run. The ETag of a live one changes with every change of its results."""
    run = await _run(sql, run_id)
    return render(views.run_view(run), version=run["version"], if_none_match=if_none_match)


@router.post(
    "/{run_id}/publish",
    operation_id="publish_run",
    status_code=201,
    response_model=RunView,
    dependencies=[requires(PUBLISH)],
    responses=problem_responses(
        NotFound,
        RunIsPublished,
        NothingChanged,
        NothingToPublish,
        Stale,
        PreconditionRequired,
        service.Rebuilding,
    ),
)
async def publish_run(run_id: UUID, expected: IfMatch, uow: Uow) -> Response:
    """Freeze the live run as you saw it (If-Match) under an id of its own, and tell everybody."""
    view = views.run_view(await service.publish_run(uow, run_id, expected))
    return reply(uow, view, status=201, version=view.version, location=f"runs/{view.id}")


@router.get(
    "/{run_id}/results",
    operation_id="list_results",
    openapi_extra=PUBLIC,
    responses=problem_responses(NotFound),
)
async def list_results(
    run_id: UUID,
    sql: Reader,
    page: PageParams,
    territory: Annotated[
        str | None, Query(max_length=64, description="Only municipalities in this territory")
    ] = None,
) -> Page[ResultSummary]:
    """Municipalities by rank; those without a score come last."""
    run = await _run(sql, run_id)
    rows = await results_repository.listed(sql, run_id, territory, page.values(int, str), page.limit + 1)
    found, cursor = cut(rows, page, lambda row: (row["place"], row["municipality_code"]))
    return render_page(page, [views.result_summary(run, row) for row in found], cursor)


@router.get(
    "/{run_id}/results/{municipality_code}",
    operation_id="get_result",
    openapi_extra=PUBLIC,
    response_model=ResultView,
    responses=problem_responses(NotFound),
)
async def get_result(
    run_id: UUID, municipality_code: Municipality, sql: Reader, if_none_match: IfNoneMatch = None
) -> Response:
    """One municipality: score, rank, dimensions, and each indicator or the reason why it is missing."""
    run = await _run(sql, run_id)
    row = await _result(sql, run_id, municipality_code)
    return render(views.result_view(run, row), version=run["version"], if_none_match=if_none_match)


@router.get(
    "/{run_id}/results/{municipality_code}/indicators/{indicator_code}/lineage",
    operation_id="get_lineage",
    openapi_extra=PUBLIC,
    response_model=Lineage,
    responses=problem_responses(NotFound),
)
async def get_lineage(
    run_id: UUID,
    municipality_code: Municipality,
    indicator_code: Annotated[IndicatorCode, Path()],
    sql: Reader,
    page: PageParams,
) -> Response:
    """Why this score: the observation or the visits behind an indicator, and each step of the arithmetic."""
    run = await _run(sql, run_id)
    result = await _result(sql, run_id, municipality_code)
    method = await methods.published(sql, run["method_code"], run["method_number"])
    found = next((it for it in result["indicators"] if it["code"] == indicator_code), None)
    if method is None or found is None:
        raise NotFound
    document = method["document"]
    defined = next(it for it in document["indicators"] if it["code"] == indicator_code)
    if defined["derivation"] == Derivation.MUNICIPAL_VISITS:
        rows, cursor = await _visits(sql, run, municipality_code, page)
        view = views.lineage(run, document, result, indicator_code, visits=rows, next_cursor=cursor)
        return render(view, headers={"link": next_link(page, cursor)} if cursor else None)
    used = None
    if found["source"]:
        used = await results_repository.observation(sql, UUID(found["source"][1]))
    return render(views.lineage(run, document, result, indicator_code, observation=used))


async def _visits(
    sql: Connection, run: Any, municipality: str, page: PageQuery
) -> tuple[list[Any], str | None]:
    """Of a published run as they were then, of a live one as they are."""
    after = page.values(date.fromisoformat, UUID)
    limit = page.limit + 1
    if views.provisional(run):
        rows = await visits.listed(sql, municipality, run["period_start"], run["period_end"], after, limit)
    else:
        rows = await results_repository.frozen_visits(sql, run["id"], municipality, after, limit)
    return cut(rows, page, lambda row: (row["applied_on"], row["id"]))


async def _run(sql: Connection, run_id: UUID) -> Any:
    run = await repository.run(sql, run_id)
    if run is None:
        raise NotFound
    return run


async def _result(sql: Connection, run_id: UUID, municipality: str) -> Any:
    row = await results_repository.one(sql, run_id, municipality)
    if row is None:
        raise NotFound
    return row
