"""HTTP of reservations."""

from collections.abc import Iterable
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request
from starlette.responses import Response

from services.ideas_market.interest import repository, service
from services.ideas_market.interest.domain import (
    IdeaNotOpen,
    NotTheDonor,
    OwnIdea,
    ReservationEnded,
    ReservationState,
)
from services.ideas_market.interest.schemas import ReservationDraft, ReservationView
from services.ideas_market.settings import Settings
from shared.auth.principal import Principal
from shared.db.database import Connection
from shared.http.conditional import IfMatch
from shared.http.dependencies import Caller, Reader, Uow, render, reply, requires, runtime
from shared.http.errors import Invalid, NotFound, PreconditionRequired, Stale
from shared.http.pages import Page, PageParams, cut, render_page
from shared.http.problems import problem_responses
from shared.people.keyring import Keyring
from shared.people.store import PersonalData

router = APIRouter(prefix="/v1/reservations", tags=["reservations"])
of_ideas = APIRouter(prefix="/v1/ideas", tags=["reservations"])
WRITE = requires("ideas:reservations:write")


@of_ideas.post(
    "/{idea_id}/reservations",
    operation_id="reserve_idea",
    status_code=201,
    response_model=ReservationView,
    dependencies=[WRITE],
    responses=problem_responses(NotFound, OwnIdea, IdeaNotOpen, Invalid),
)
async def reserve_idea(idea_id: UUID, draft: ReservationDraft, request: Request, uow: Uow) -> Response:
    """Hold an idea for your organisation with a pledge; nobody else can while it lasts."""
    settings = runtime(request).settings
    assert isinstance(settings, Settings)
    row = await service.reserve(uow, idea_id, draft, settings.reservation_period)
    return await _reply(uow, row, status=201, location=f"../../reservations/{row['id']}")


@router.get("", operation_id="list_reservations", dependencies=[requires()])
async def list_reservations(
    sql: Reader,
    caller: Caller,
    page: PageParams,
    request: Request,
    state: Annotated[ReservationState | None, Query()] = None,
) -> Page[ReservationView]:
    """Reservations your organisation made, and those of its ideas, newest first."""
    before = page.values(UUID)
    rows = await repository.of_party(
        sql, caller.acting(), state, before[0] if before else None, page.limit + 1
    )
    found, cursor = cut(rows, page, lambda row: (row["id"],))
    texts = await _texts(sql, caller, runtime(request).database.keyring, found)
    return render_page(page, [view(row, texts) for row in found], cursor)


@router.get(
    "/{reservation_id}",
    operation_id="get_reservation",
    response_model=ReservationView,
    dependencies=[requires()],
    responses=problem_responses(NotFound),
)
async def get_reservation(
    reservation_id: UUID,
    sql: Reader,
    caller: Caller,
    request: Request,
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """One reservation, for its donor and the idea's organisation."""
    row = await repository.read(sql, reservation_id, caller.acting())
    if row is None:
        raise NotFound
    texts = await _texts(sql, caller, runtime(request).database.keyring, [row])
    return render(view(row, texts), version=row["version"], if_none_match=if_none_match)


@router.post(
    "/{reservation_id}/withdraw",
    operation_id="withdraw_reservation",
    response_model=ReservationView,
    dependencies=[WRITE],
    responses=problem_responses(NotFound, NotTheDonor, ReservationEnded, Stale, PreconditionRequired),
)
async def withdraw_reservation(reservation_id: UUID, expected: IfMatch, uow: Uow) -> Response:
    """Let the idea go; it is on the market again."""
    return await _reply(uow, await service.withdraw(uow, reservation_id, expected))


@router.post(
    "/{reservation_id}/fulfil",
    operation_id="fulfil_reservation",
    response_model=ReservationView,
    dependencies=[WRITE],
    responses=problem_responses(NotFound, NotTheDonor, ReservationEnded, Stale, PreconditionRequired),
)
async def fulfil_reservation(reservation_id: UUID, expected: IfMatch, uow: Uow) -> Response:
    """Fund the idea you hold."""
    return await _reply(uow, await service.fulfil(uow, reservation_id, expected))


def view(row: repository.Row, texts: dict[UUID, str]) -> ReservationView:
    return ReservationView.model_validate({**dict(row), "message": texts.get(row["message_id"])})


async def _texts(
    sql: Connection, caller: Principal, keyring: Keyring, rows: Iterable[repository.Row]
) -> dict[UUID, str]:
    return await PersonalData(sql, caller, keyring).texts(row["message_id"] for row in rows)


async def _reply(
    uow: Uow, row: repository.Row, *, status: int = 200, location: str | None = None
) -> Response:
    """Under an Idempotency-Key the answer is kept without the message."""
    shown = view(row, await _texts(uow.sql, uow.principal, uow.keyring, [row]))
    return reply(uow, shown, status=status, version=row["version"], location=location, kept=view(row, {}))
