"""HTTP of one idea: write, read, publish and what follows."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header
from starlette.responses import Response

from services.ideas_market.ideas import repository, service
from services.ideas_market.ideas.domain import NotADraft, NotReady, WrongState
from services.ideas_market.ideas.schemas import IdeaDraft, IdeaView, NewIdea
from shared.http.conditional import IfMatch
from shared.http.dependencies import PUBLIC, Caller, Reader, Uow, render, reply, requires
from shared.http.errors import Forbidden, Invalid, NotFound, PreconditionRequired, Stale
from shared.http.problems import problem_responses

router = APIRouter(prefix="/v1/ideas", tags=["ideas"])
WRITE = requires("ideas:ideas:write")


@router.post(
    "",
    operation_id="draft_idea",
    status_code=201,
    response_model=IdeaView,
    dependencies=[WRITE],
    responses=problem_responses(Forbidden, Invalid),
)
async def draft_idea(draft: NewIdea, uow: Uow) -> Response:
    """Begin an idea of your organisation. Nobody else sees it before it is published."""
    found = view(await service.draft_idea(uow, draft))
    return reply(uow, found, status=201, version=found.version, location=f"ideas/{found.id}")


@router.get(
    "/{idea_id}",
    operation_id="get_idea",
    openapi_extra=PUBLIC,
    response_model=IdeaView,
    responses=problem_responses(NotFound),
)
async def get_idea(
    idea_id: UUID, sql: Reader, caller: Caller, if_none_match: Annotated[str | None, Header()] = None
) -> Response:
    """One idea; one that was never published only to its organisation."""
    row = await repository.visible(sql, idea_id, caller.acting_or_none)
    if row is None:
        raise NotFound
    return render(view(row), version=row["version"], if_none_match=if_none_match)


@router.put(
    "/{idea_id}",
    operation_id="change_idea_draft",
    response_model=IdeaView,
    dependencies=[WRITE],
    responses=problem_responses(NotFound, NotADraft, Stale, Invalid, PreconditionRequired),
)
async def change_draft(idea_id: UUID, draft: IdeaDraft, expected: IfMatch, uow: Uow) -> Response:
    """Replace your draft."""
    found = view(await service.change_draft(uow, idea_id, draft, expected))
    return reply(uow, found, version=found.version)


@router.post(
    "/{idea_id}/publish",
    operation_id="publish_idea",
    response_model=IdeaView,
    dependencies=[WRITE],
    responses=problem_responses(NotFound, WrongState, Stale, NotReady, PreconditionRequired),
)
async def publish_idea(idea_id: UUID, expected: IfMatch, uow: Uow) -> Response:
    """Put your draft on the market; pointers of the problems are into the draft."""
    found = view(await service.publish_idea(uow, idea_id, expected))
    return reply(uow, found, version=found.version)


@router.post(
    "/{idea_id}/withdraw",
    operation_id="withdraw_idea",
    response_model=IdeaView,
    dependencies=[WRITE],
    responses=problem_responses(NotFound, WrongState, Stale, PreconditionRequired),
)
async def withdraw_idea(idea_id: UUID, expected: IfMatch, uow: Uow) -> Response:
    """Take your idea back. One that was published stays readable, marked as withdrawn."""
    found = view(await service.withdraw_idea(uow, idea_id, expected))
    return reply(uow, found, version=found.version)


@router.post(
    "/{idea_id}/complete",
    operation_id="complete_idea",
    response_model=IdeaView,
    dependencies=[WRITE],
    responses=problem_responses(NotFound, WrongState, Stale, PreconditionRequired),
)
async def complete_idea(idea_id: UUID, expected: IfMatch, uow: Uow) -> Response:
    """Say that your funded idea is done."""
    found = view(await service.complete_idea(uow, idea_id, expected))
    return reply(uow, found, version=found.version)


def view(row: repository.Row) -> IdeaView:
    return IdeaView.model_validate({**dict(row), **row["proposal"]})
