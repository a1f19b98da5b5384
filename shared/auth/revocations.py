"""Credentials revoked within one token life, held in memory by every API process."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import asyncpg
import structlog

from shared.auth.principal import Principal
from shared.auth.tokens import LIFETIME, TokenVerifier
from shared.contracts.registry import CREDENTIAL_REVOKED, CredentialRevoked
from shared.db.database import Connection, Database
from shared.db.unit_of_work import UnitOfWork
from shared.http.errors import InvalidToken
from shared.messaging.subscription import Consumer, Received, handles

POLL_SECONDS = 2.0


log = structlog.get_logger("auth")


async def _on_revoked(uow: UnitOfWork, events: Sequence[Received[CredentialRevoked]]) -> None:
    for event in events:
        await revoke(uow.sql, event.payload.id)


REVOCATIONS = Consumer("credentials", (handles(CREDENTIAL_REVOKED, _on_revoked),))
"""Every service but the registry holds revoked credentials through this consumer."""


async def revoke(connection: Connection, cid: UUID) -> None:
    """Refuse tokens of this credential until the last of them has expired."""
    await connection.execute(
        "INSERT INTO revoked_credential (cid, forget_at) VALUES ($1, now() + $2) ON CONFLICT DO NOTHING",
        cid,
        LIFETIME + timedelta(minutes=1),
    )


async def refuse_revoked(connection: Connection, principal: Principal) -> None:
    """Raises InvalidToken when the token's credential has ended, also where no process has heard of it yet."""
    rests_on = [*principal.memberships, *((principal.cid,) if principal.cid else ())]
    revoked = await connection.fetchval(
        "SELECT EXISTS (SELECT FROM revoked_credential WHERE cid = ANY($1::uuid[]))", rests_on
    )
    if revoked:
        raise InvalidToken(code="credential_revoked", detail="The credential of this token was revoked.")


async def follow_revocations(database: Database, verifier: TokenVerifier) -> None:
    """Keep the verifier's set equal to the table; rows whose tokens have expired are forgotten."""
    while True:
        try:
            rows = await database.pool.fetch("SELECT cid FROM revoked_credential WHERE forget_at > now()")
            verifier.revoked = {row["cid"] for row in rows}
        except (asyncpg.PostgresError, OSError, TimeoutError) as error:
            log.warning("revocations not read", error=type(error).__name__)
        await asyncio.sleep(POLL_SECONDS)
