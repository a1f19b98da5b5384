"""All SQL of sign-in. The issuer's name of a person is personal data: it goes in here and never out."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import asyncpg

from shared.auth.principal import Actor
from shared.db.database import Connection

Row = asyncpg.Record


async def use_nonce(sql: Connection, nonce_hash: bytes, forget_at: datetime) -> bool:
    """False when it was used before; a concurrent use waits for the outcome of this one."""
    used = await sql.fetchval(
        "INSERT INTO used_nonce (nonce_hash, forget_at) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING true",
        nonce_hash,
        forget_at,
    )
    return bool(used)


async def forget_nonces(sql: Connection, before: datetime, limit: int) -> int:
    """How many were deleted."""
    rows = await sql.fetch(
        """DELETE FROM used_nonce WHERE nonce_hash IN (
               SELECT nonce_hash FROM used_nonce WHERE forget_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED)
           RETURNING 1""",
        before,
        limit,
    )
    return len(rows)


async def person_of(sql: Connection, issuer: str, subject: str) -> UUID | None:
    found: UUID | None = await sql.fetchval(
        "SELECT person_id FROM person_identity WHERE issuer = $1 AND subject = $2", issuer, subject
    )
    return found


async def name_person(sql: Connection, issuer: str, subject: str, person_id: UUID) -> bool:
    """Record a new person under the issuer's name; False when another request did so first."""
    await sql.execute("INSERT INTO person (id) VALUES ($1)", person_id)
    named = await sql.fetchval(
        """INSERT INTO person_identity (issuer, subject, person_id) VALUES ($1, $2, $3)
           ON CONFLICT (issuer, subject) DO NOTHING RETURNING true""",
        issuer,
        subject,
        person_id,
    )
    if not named:
        await sql.execute("DELETE FROM person WHERE id = $1", person_id)
    return bool(named)


_IN_FORCE = """
    membership.valid_from <= $2 AND (membership.valid_to IS NULL OR membership.valid_to > $2) AND organisation.active
"""


async def memberships_in_force(sql: Connection, person_id: Actor, on: date) -> Sequence[Row]:
    """What the person holds on this day, with the organisation's id, code, kind and name."""
    return await sql.fetch(
        f"""SELECT membership.id, role, membership.valid_from, membership.valid_to, organisation_id, organisation.code, organisation.kind,
                organisation.name
            FROM membership JOIN organisation ON organisation.id = organisation_id
            WHERE person_id = $1 AND {_IN_FORCE} ORDER BY organisation.sort_key, organisation_id, role""",
        person_id,
        on,
    )
