"""The end of a credential, whatever it is: tokens that rest on it are refused everywhere within seconds."""

from uuid import UUID

from shared.auth.revocations import revoke
from shared.contracts.registry import CREDENTIAL_REVOKED, CredentialRevoked
from shared.db.unit_of_work import UnitOfWork


async def revoke_credential(uow: UnitOfWork, cid: UUID, reason: str, version: int) -> None:
    """`version` is that of the key, membership or session the id names."""
    await revoke(uow.sql, cid)
    now = uow.clock.now()
    uow.emit(
        CREDENTIAL_REVOKED,
        CredentialRevoked(id=cid, aggregate_version=version, reason=reason, revoked_at=now),
    )
