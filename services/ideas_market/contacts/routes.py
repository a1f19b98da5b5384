"""HTTP of an idea's contact."""

from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from services.ideas_market.contacts import service
from services.ideas_market.contacts.schemas import ContactGiven, ContactKept, ContactView
from shared.http.dependencies import Caller, Reader, Uow, render, reply, requires, runtime
from shared.http.errors import Forbidden, Invalid, NotFound
from shared.http.problems import problem_responses

router = APIRouter(prefix="/v1/ideas", tags=["contacts"])
WRITE = requires("ideas:ideas:write")


@router.post(
    "/{idea_id}/contact",
    operation_id="give_idea_contact",
    status_code=201,
    response_model=ContactKept,
    dependencies=[WRITE],
    responses=problem_responses(Forbidden, NotFound, Invalid),
)
async def give_contact(idea_id: UUID, given: ContactGiven, uow: Uow) -> Response:
    """Say whom to talk to about your idea. Only your organisation and the donor who has taken it up see it."""
    return reply(uow, ContactKept(consent_id=await service.put(uow, idea_id, given)), status=201)


@router.get(
    "/{idea_id}/contact",
    operation_id="get_idea_contact",
    response_model=ContactView,
    dependencies=[requires()],
    responses=problem_responses(NotFound),
)
async def get_contact(idea_id: UUID, sql: Reader, caller: Caller, request: Request) -> Response:
    """Whom to talk to, for the idea's organisation and the donor who has taken it up."""
    found = await service.contact(sql, caller, runtime(request).database.keyring, idea_id)
    return render(found, headers={"cache-control": "no-store"})


@router.delete(
    "/{idea_id}/contact",
    operation_id="remove_idea_contact",
    status_code=204,
    dependencies=[WRITE],
    responses=problem_responses(NotFound),
)
async def remove_contact(idea_id: UUID, uow: Uow) -> Response:
    """Forget whom to talk to about your idea."""
    await service.remove(uow, idea_id)
    return Response(status_code=204)
