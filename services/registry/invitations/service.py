"""Use cases of invitations."""

from uuid import UUID

from services.registry.access import repository as access
from services.registry.access.domain import check_grant, check_grantable, may_grant
from services.registry.access.scope import administering
from services.registry.access.service import AlreadyMember, role_changed
from services.registry.invitations import repository
from services.registry.invitations.domain import InvitationState, expiry, hash_code, new_code, state_of
from services.registry.invitations.repository import Row
from services.registry.invitations.schemas import InvitationDraft
from shared.auth.principal import Kind
from shared.auth.revocations import refuse_revoked
from shared.clock import local_date
from shared.db.unit_of_work import UnitOfWork
from shared.http.errors import Conflict, Forbidden, NotFound
from shared.ids import uuid7


class InvitationOver(Conflict):
    """The invitation was taken, revoked or has expired, or who made it may give this role no more."""

    code = "invitation_over"


class NotAPerson(Forbidden):
    """Only persons take invitations; systems have keys."""

    code = "not_a_person"


async def invite(uow: UnitOfWork, draft: InvitationDraft) -> tuple[Row, str]:
    """The invitation and its code, which nobody sees again."""
    scope = await administering(uow, draft.organisation_id)
    check_grantable(draft.role, scope.kind, scope.roles)
    now = uow.clock.now()
    check_grant(draft.valid_from, draft.valid_to, local_date(now))
    code, kept = new_code()
    expires_at = expiry(draft.expires_at, now)
    values = (
        uuid7(),
        draft.role,
        draft.valid_from,
        draft.valid_to,
        kept,
        uow.principal.actor(),
        now,
        expires_at,
    )
    row = await repository.add(uow.sql, scope, values)
    uow.audit("invitation.create", "invitation", row["id"], after=_told(row))
    return row, code


async def revoke(uow: UnitOfWork, identifier: UUID) -> Row:
    """Raises NotFound also for others' invitations, InvitationOver for one that was taken."""
    organisation_id = await repository.organisation_of(uow.sql, identifier)
    if organisation_id is None:
        raise NotFound
    scope = await administering(uow, organisation_id)
    row = await repository.revoke(uow.sql, scope, identifier, uow.clock.now())
    if row is None:
        raise InvitationOver
    uow.audit("invitation.revoke", "invitation", identifier)
    return row


async def accept(uow: UnitOfWork, code: str) -> Row:
    """The membership that comes of it. Raises NotFound for a code that never was, InvitationOver, AlreadyMember."""
    if uow.principal.kind is not Kind.PERSON:
        raise NotAPerson
    await refuse_revoked(uow.sql, uow.principal)
    invitation = await repository.lock_by_code(uow.sql, hash_code(code))
    if invitation is None:
        raise NotFound
    await _check_open(uow, invitation)
    person = uow.principal.actor()
    await access.add_person(uow.sql, person)
    row = await access.add_membership(
        uow.sql,
        (
            uuid7(),
            person,
            invitation["organisation_id"],
            invitation["role"],
            invitation["valid_from"],
            invitation["valid_to"],
            invitation["created_by"],
        ),
    )
    if row is None:
        raise AlreadyMember
    await repository.mark_accepted(uow.sql, invitation["id"], row["id"], uow.clock.now())
    uow.audit(
        "invitation.accept",
        "invitation",
        invitation["id"],
        after={**_told(invitation), "membership_id": str(row["id"])},
    )
    await role_changed(uow, row["organisation_id"], row["role"])
    return row


async def _check_open(uow: UnitOfWork, invitation: Row) -> None:
    """Also whether who made it could make it today: who was dismissed has left no doors open."""
    now = uow.clock.now()
    state = state_of(
        accepted_at=invitation["accepted_at"],
        revoked_at=invitation["revoked_at"],
        expires_at=invitation["expires_at"],
        now=now,
    )
    organisation_id, kind = invitation["organisation_id"], invitation["kind"]
    if state is not InvitationState.OPEN or kind is None:
        raise InvitationOver
    giver = await repository.roles_of_giver(
        uow.sql, invitation["created_by"], organisation_id, local_date(now), now
    )
    if not may_grant(invitation["role"], kind, giver):
        raise InvitationOver


def _told(row: Row) -> dict[str, str]:
    return {"organisation_id": str(row["organisation_id"]), "role": row["role"]}
