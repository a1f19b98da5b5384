"""HTTP of legal acts."""

import datetime as dt
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request
from starlette.responses import Response

from services.registry.legal import (
    citations_repository,
    effects,
    effects_repository,
    repository,
    service,
)
from services.registry.legal.domain import ActKind
from services.registry.legal.periods import BROKEN, Force
from services.registry.legal.repository import Moment
from services.registry.legal.schemas import (
    ActCorrection,
    ActRecord,
    ActReference,
    ActView,
    BrokenReference,
    EffectDraft,
    EffectView,
    PeriodsView,
    PeriodView,
    Withdrawal,
)
from services.registry.standards.schemas import LawDate, RecordTime
from shared.clock import local_date
from shared.http.conditional import IfMatch
from shared.http.dependencies import PUBLIC, Reader, Uow, render, reply, requires, runtime
from shared.http.errors import Invalid, NotFound, PreconditionRequired, Stale
from shared.http.pages import Page, PageParams, cut, render_page
from shared.http.problems import problem_responses

router = APIRouter(prefix="/v1/acts", tags=["legal"])

AsOf = Annotated[LawDate | None, Query(description="The day the status is asked for; today if absent")]
KnownAt = Annotated[
    RecordTime | None, Query(description="What the register knew at this moment; now if absent")
]


@router.get("", operation_id="list_acts", openapi_extra=PUBLIC)
async def list_acts(
    request: Request,
    sql: Reader,
    page: PageParams,
    kind: ActKind | None = None,
    status: Annotated[Force | None, Query(description="On the day asked for")] = None,
    as_of: AsOf = None,
    known_at: KnownAt = None,
) -> Page[ActView]:
    """Legal acts the register rests on, newest first, with their status on a day."""
    after = page.values(dt.date.fromisoformat, UUID)
    moment = Moment(as_of or _today(request), known_at)
    rows = await repository.acts(sql, kind, status, moment, after, page.limit + 1)
    found, cursor = cut(rows, page, lambda row: (row["date"], row["id"]))
    return render_page(page, [ActView.model_validate(dict(row)) for row in found], cursor)


@router.get("/broken-references", operation_id="list_broken_references", openapi_extra=PUBLIC)
async def list_broken_references(
    request: Request,
    sql: Reader,
    page: PageParams,
    as_of: AsOf = None,
    unknown: Annotated[bool, Query(description="Also of acts nobody knows to be in force")] = False,
) -> Page[BrokenReference]:
    """Rows that rest on an act which is not in force on the day: not yet, suspended or repealed."""
    statuses = [*BROKEN, Force.UNKNOWN] if unknown else list(BROKEN)
    after = page.values(str, UUID, str)
    day = as_of or _today(request)
    rows = await citations_repository.broken(sql, day, statuses, after, page.limit + 1)
    found, cursor = cut(rows, page, lambda row: (row["object_type"], row["object_id"], row["place"]))
    items = [BrokenReference.model_validate({**row, "act": _act(row, "act")}) for row in found]
    return render_page(page, items, cursor)


@router.get(
    "/{act_id}",
    operation_id="get_act",
    openapi_extra=PUBLIC,
    response_model=ActView,
    responses=problem_responses(NotFound),
)
async def get_act(
    act_id: UUID,
    request: Request,
    sql: Reader,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """One legal act with its status on a day, as the register knew it at a moment."""
    row = await repository.act(sql, act_id, Moment(as_of or _today(request), known_at))
    if row is None:
        raise NotFound
    return render(ActView.model_validate(dict(row)), version=row["version"], if_none_match=if_none_match)


@router.get(
    "/{act_id}/periods",
    operation_id="list_act_periods",
    openapi_extra=PUBLIC,
    response_model=PeriodsView,
    responses=problem_responses(NotFound),
)
async def list_act_periods(act_id: UUID, sql: Reader, known_at: KnownAt = None) -> Response:
    """All of time, cut where the act's status changes, as the register knew it at a moment."""
    rows = await repository.force_periods(sql, act_id, known_at)
    if not rows:
        raise NotFound
    return render(PeriodsView(act_id=act_id, periods=[PeriodView.model_validate(dict(row)) for row in rows]))


@router.get(
    "/{act_id}/effects",
    operation_id="list_act_effects",
    openapi_extra=PUBLIC,
    responses=problem_responses(NotFound),
)
async def list_act_effects(
    act_id: UUID,
    sql: Reader,
    page: PageParams,
    met: Annotated[bool, Query(description="What others do to the act instead of what it does")] = False,
    known_at: KnownAt = None,
) -> Page[EffectView]:
    """What an act does to others (amends, restates, suspends, repeals), or others to it."""
    if not await repository.known(sql, [act_id]):
        raise NotFound
    after = page.values(UUID)
    rows = await effects_repository.effects(
        sql, act_id, met=met, known_at=known_at, after=after[0] if after else None, limit=page.limit + 1
    )
    found, cursor = cut(rows, page, lambda row: (row["id"],))
    return render_page(page, [_effect(row) for row in found], cursor)


@router.post(
    "",
    operation_id="record_act",
    status_code=201,
    response_model=ActView,
    dependencies=[requires("registry:acts:write")],
    responses=problem_responses(service.ActExists, Invalid),
)
async def record_act(record: ActRecord, uow: Uow) -> Response:
    """Record a legal act that services and standards can cite."""
    row = await service.record_act(uow, record)
    view = ActView.model_validate(dict(row))
    return reply(uow, view, status=201, version=view.version, location=f"acts/{view.id}")


@router.patch(
    "/{act_id}",
    operation_id="correct_act",
    response_model=ActView,
    dependencies=[requires("registry:acts:write")],
    responses=problem_responses(service.ForeignAct, NotFound, Stale, PreconditionRequired, Invalid),
)
async def correct_act(act_id: UUID, change: ActCorrection, expected: IfMatch, uow: Uow) -> Response:
    """Correct what your organisation recorded of an act: its days, title, status, links."""
    row = await service.correct_act(uow, act_id, change, expected)
    return reply(uow, ActView.model_validate(dict(row)), version=row["version"])


@router.post(
    "/{act_id}/effects",
    operation_id="record_act_effect",
    status_code=201,
    response_model=EffectView,
    dependencies=[requires("registry:acts:write")],
    responses=problem_responses(
        service.ForeignAct, NotFound, effects.EffectExists, Stale, PreconditionRequired, Invalid
    ),
)
async def record_act_effect(act_id: UUID, draft: EffectDraft, expected: IfMatch, uow: Uow) -> Response:
    """Record that an act amends, restates, suspends or repeals an earlier one."""
    row, version = await effects.record_effect(uow, act_id, draft, expected)
    location = f"acts/{act_id}/effects/{row['id']}"
    return reply(uow, _effect(row), status=201, version=version, location=location)


@router.post(
    "/{act_id}/effects/{effect_id}/withdraw",
    operation_id="withdraw_act_effect",
    response_model=EffectView,
    dependencies=[requires("registry:acts:write")],
    responses=problem_responses(
        service.ForeignAct, NotFound, effects.EffectWithdrawn, Stale, PreconditionRequired
    ),
)
async def withdraw_act_effect(
    act_id: UUID, effect_id: UUID, withdrawal: Withdrawal, expected: IfMatch, uow: Uow
) -> Response:
    """Say that a record of an effect was wrong. `If-Match` is the act's version."""
    row, version = await effects.withdraw_effect(uow, act_id, effect_id, withdrawal.reason, expected)
    return reply(uow, _effect(row), version=version)


def _effect(row: Any) -> EffectView:
    return EffectView.model_validate({**row, "act": _act(row, "act"), "target": _act(row, "target")})


def _act(row: Any, side: str) -> ActReference:
    return ActReference.model_validate({name: row[f"{side}_{name}"] for name in ActReference.model_fields})


def _today(request: Request) -> dt.date:
    return local_date(runtime(request).clock.now())
