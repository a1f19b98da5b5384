"""HTTP of persons and erasures."""

from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from services.registry.people import repository, service
from services.registry.people.schemas import (
    ErasureReport,
    ErasureView,
    OwnErasure,
    PersonView,
    ServiceReport,
)
from shared.http.dependencies import PUBLIC, Reader, Uow, render, reply, requires
from shared.http.errors import Invalid, NotFound
from shared.http.problems import problem_responses

router = APIRouter(prefix="/v1", tags=["people"])


@router.post(
    "/persons",
    operation_id="mint_person",
    status_code=201,
    response_model=PersonView,
    dependencies=[requires("registry:persons:write")],
)
async def mint_person(uow: Uow) -> Response:
    """An id for a person without internet, for whom you enter something at a desk. Nothing else is kept here."""
    return reply(uow, PersonView(id=await service.mint_person(uow)), status=201)


@router.post(
    "/persons/me/erasure",
    operation_id="erase_me",
    status_code=202,
    response_model=ErasureView,
    dependencies=[requires("registry:self:erase")],
    responses=problem_responses(NotFound, Invalid),
)
async def erase_me(confirmed: OwnErasure, uow: Uow) -> Response:
    """Have yourself forgotten by every service. Your roles end and your tokens are refused within seconds; keep the
    id of the answer to read what became of your data."""
    if confirmed.person_id != uow.principal.actor():
        raise Invalid.at("/person_id", "This is not your own id.", "not_own_person")
    return await _erase(uow, uow.principal.actor(), own=True)


@router.post(
    "/persons/{person_id}/erasure",
    operation_id="erase_person",
    status_code=202,
    response_model=ErasureView,
    dependencies=[requires("registry:persons:erase")],
    responses=problem_responses(NotFound),
)
async def erase_person(person_id: UUID, uow: Uow) -> Response:
    """Have a person forgotten who asked for it in another way; also an id that only other services know."""
    return await _erase(uow, person_id, own=False)


@router.get(
    "/erasures/{erasure_id}",
    operation_id="get_erasure",
    openapi_extra=PUBLIC,
    response_model=ErasureReport,
    responses=problem_responses(NotFound),
)
async def get_erasure(erasure_id: UUID, sql: Reader) -> Response:
    """What became of a person's data in each service: erased, anonymised, or kept and on which legal ground."""
    row = await repository.erasure(sql, erasure_id)
    if row is None:
        raise NotFound
    answered = {
        found["service"]: ServiceReport.model_validate({**dict(found), "state": "completed"})
        for found in await repository.answers(sql, erasure_id)
    }
    return render(
        ErasureReport(
            id=row["id"],
            requested_at=row["requested_at"],
            completed_at=row["completed_at"],
            state="completed" if row["completed_at"] else "pending",
            services=[
                answered.get(name) or ServiceReport(service=name, state="pending")
                for name in service.SERVICES
            ],
        ),
        headers={"cache-control": "no-store"},
    )


async def _erase(uow: Uow, person: UUID, *, own: bool) -> Response:
    view = ErasureView.model_validate(dict(await service.erase(uow, person, own=own)))
    return reply(uow, view, status=202, location=f"../../erasures/{view.id}")
