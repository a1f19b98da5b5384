"""Who may administer an organisation, asked once a request; every query of memberships, keys and invitations wants
the answer."""

from uuid import UUID

from services.registry.access import repository
from services.registry.access.domain import Administered, within
from shared.auth.principal import Principal
from shared.auth.revocations import refuse_revoked
from shared.db.database import Connection
from shared.db.unit_of_work import UnitOfWork
from shared.http.errors import NotFound


async def administered(sql: Connection, principal: Principal, organisation_id: UUID) -> Administered:
    """Raises NotFound for others' organisations: for an administrator they are not there (404, not 403)."""
    if not within(organisation_id, principal.acting(), principal.roles):
        raise NotFound
    found = await repository.organisation(sql, organisation_id)
    if found is None:
        raise NotFound
    return Administered(organisation_id, found["kind"], principal.roles)


async def administering(uow: UnitOfWork, organisation_id: UUID) -> Administered:
    """For changes: here the end of a credential counts at once, not when this process has heard of it."""
    await refuse_revoked(uow.sql, uow.principal)
    return await administered(uow.sql, uow.principal, organisation_id)
