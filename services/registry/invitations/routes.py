"""HTTP of invitations."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from services.registry.access.schemas import MembershipView
from services.registry.access.scope import administered
from services.registry.access.service import AlreadyMember
from services.registry.invitations import repository, service
from services.registry.invitations.domain import state_of
from services.registry.invitations.repository import Row
from services.registry.invitations.schemas import (
    Acceptance,
    InvitationDraft,
    InvitationShown,
    InvitationView,
)
from shared.clock import Clock
from shared.http.dependencies import Caller, Reader, Uow, no_idempotency, reply, requires, runtime
from shared.http.errors import NotFound
from shared.http.pages import Page, PageParams, cut, render_page
from shared.http.problems import problem_responses

router = APIRouter(prefix="/v1/invitations", tags=["access"])
WRITE = requires("registry:memberships:write")


def view(row: Row, clock: Clock) -> InvitationView:
    state = state_of(
        accepted_at=row["accepted_at"],
        revoked_at=row["revoked_at"],
        expires_at=row["expires_at"],
        now=clock.now(),
    )
    return InvitationView(**dict(row), state=state)


@router.get("", operation_id="list_invitations", dependencies=[WRITE], responses=problem_responses(NotFound))
async def list_invitations(
    request: Request,
    sql: Reader,
    caller: Caller,
    page: PageParams,
    organisation_id: Annotated[UUID | None, Query(description="Your own where it is absent")] = None,
) -> Page[InvitationView]:
    """Invitations to an organisation you administer, newest first, without their codes."""
    scope = await administered(sql, caller, organisation_id or caller.acting())
    before = page.values(UUID)
    rows = await repository.of_organisation(sql, scope, before[0] if before else None, page.limit + 1)
    found, cursor = cut(rows, page, lambda row: (row["id"],))
    clock = runtime(request).clock
    return render_page(page, [view(row, clock) for row in found], cursor)


@router.post(
    "",
    operation_id="invite",
    status_code=201,
    response_model=InvitationShown,
    dependencies=[WRITE],
    responses=problem_responses(NotFound),
)
async def invite(draft: InvitationDraft, uow: Uow) -> Response:
    """Offer a role to somebody who never signed in. The code is shown this once, so no Idempotency-Key is taken."""
    no_idempotency(uow)
    row, code = await service.invite(uow, draft)
    return reply(uow, InvitationShown(**view(row, uow.clock).model_dump(), code=code), status=201)


@router.post(
    "/{invitation_id}/revoke",
    operation_id="revoke_invitation",
    response_model=InvitationView,
    dependencies=[WRITE],
    responses=problem_responses(NotFound, service.InvitationOver),
)
async def revoke_invitation(invitation_id: UUID, uow: Uow) -> Response:
    """Nobody can take it from now on."""
    row = await service.revoke(uow, invitation_id)
    return reply(uow, view(row, uow.clock))


@router.post(
    "/accept",
    operation_id="accept_invitation",
    status_code=201,
    response_model=MembershipView,
    dependencies=[requires("registry:invitations:accept")],
    responses=problem_responses(NotFound, service.InvitationOver, service.NotAPerson, AlreadyMember),
)
async def accept_invitation(acceptance: Acceptance, uow: Uow) -> Response:
    """Take the role you were offered; your next token can act for the organisation."""
    row = await service.accept(uow, acceptance.code)
    found = MembershipView.model_validate(dict(row))
    return reply(uow, found, status=201, version=found.version)
