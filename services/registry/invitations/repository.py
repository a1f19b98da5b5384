"""All SQL of invitations."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import asyncpg

from services.registry.access.domain import Administered
from shared.db.database import Connection

Row = asyncpg.Record

_INVITATION = """id, organisation_id, role, valid_from, valid_to, created_by, created_at, expires_at, accepted_at,
    membership_id, revoked_at"""


async def add(sql: Connection, scope: Administered, values: Sequence[object]) -> Row:
    row = await sql.fetchrow(
        f"""INSERT INTO invitation (organisation_id, id, role, valid_from, valid_to, code_hash, created_by,
                created_at, expires_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING {_INVITATION}""",
        scope.organisation_id,
        *values,
    )
    assert row is not None
    return row


async def of_organisation(
    sql: Connection, scope: Administered, before: UUID | None, limit: int
) -> Sequence[Row]:
    """Newest first."""
    return await sql.fetch(
        f"""SELECT {_INVITATION} FROM invitation
            WHERE organisation_id = $1 AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3""",
        scope.organisation_id,
        before,
        limit,
    )


async def organisation_of(sql: Connection, identifier: UUID) -> UUID | None:
    """Whose it is, so that its reader can be asked for."""
    found: UUID | None = await sql.fetchval(
        "SELECT organisation_id FROM invitation WHERE id = $1", identifier
    )
    return found


async def revoke(sql: Connection, scope: Administered, identifier: UUID, at: datetime) -> Row | None:
    """None when it was accepted; one that was revoked before stays as it is."""
    return await sql.fetchrow(
        f"""UPDATE invitation SET revoked_at = coalesce(revoked_at, $3)
            WHERE organisation_id = $1 AND id = $2 AND accepted_at IS NULL RETURNING {_INVITATION}""",
        scope.organisation_id,
        identifier,
        at,
    )


async def lock_by_code(sql: Connection, code_hash: bytes) -> Row | None:
    """With the kind of its organisation. Of two who take it at once the second waits and finds it taken."""
    return await sql.fetchrow(
        f"""SELECT {_INVITATION}, (SELECT kind FROM organisation WHERE id = organisation_id AND active) AS kind
            FROM invitation WHERE code_hash = $1 FOR UPDATE""",
        code_hash,
    )


async def mark_accepted(sql: Connection, identifier: UUID, membership_id: UUID, at: datetime) -> None:
    await sql.execute(
        "UPDATE invitation SET accepted_at = $3, membership_id = $2 WHERE id = $1",
        identifier,
        membership_id,
        at,
    )


async def roles_of_giver(
    sql: Connection, giver: UUID, organisation_id: UUID, on: date, now: datetime
) -> frozenset[str]:
    """Roles a person or an API key has today at the organisation, and anywhere as the platform."""
    rows = await sql.fetch(
        """SELECT role FROM membership
           WHERE person_id = $1 AND valid_from <= $3 AND (valid_to IS NULL OR valid_to > $3)
               AND (organisation_id = $2 OR role = 'platform')
           UNION SELECT role FROM api_key CROSS JOIN LATERAL unnest(roles) AS role
           WHERE id = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $4)
               AND (organisation_id = $2 OR role = 'platform')""",
        giver,
        organisation_id,
        on,
        now,
    )
    return frozenset(row["role"] for row in rows)
