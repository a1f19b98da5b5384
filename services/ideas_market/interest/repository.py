"""All SQL of reservations. They are known to their two parties alone."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from services.ideas_market.interest.domain import ReservationState
from shared.auth.principal import Acting
from shared.db.database import Connection

Row = asyncpg.Record

_WHOLE = """SELECT r.id, r.idea_id, r.organisation_id, r.donor_id, r.message_id, r.state, r.made_at, r.expires_at,
        r.ended_at, r.version,
        jsonb_build_object('id', i.id, 'code', i.code, 'name', i.title) AS idea,
        jsonb_strip_nulls(jsonb_build_object('id', r.organisation_id, 'code', o.code, 'name', o.name))
            AS organisation,
        jsonb_strip_nulls(jsonb_build_object('id', r.donor_id, 'code', d.code, 'name', d.name)) AS donor,
        jsonb_build_object('amount', r.pledge_amount::text, 'currency', r.currency) AS pledge
    FROM reservation AS r JOIN idea AS i ON i.id = r.idea_id
    LEFT JOIN organisation AS o ON o.id = r.organisation_id LEFT JOIN organisation AS d ON d.id = r.donor_id"""


async def read(sql: Connection, identifier: UUID, party: Acting) -> Row | None:
    """The reservation, if this organisation is its donor or has the idea."""
    return await sql.fetchrow(
        f"{_WHOLE} WHERE r.id = $1 AND $2 IN (r.donor_id, r.organisation_id)", identifier, party
    )


async def of_party(
    sql: Connection, party: Acting, state: ReservationState | None, before: UUID | None, limit: int
) -> Sequence[Row]:
    """Newest first. Two index scans of `limit` rows each: nobody is both parties of one reservation."""
    half = """(SELECT id FROM reservation WHERE {} = $1 AND ($2::text IS NULL OR state = $2)
               AND ($3::uuid IS NULL OR id < $3) ORDER BY id DESC LIMIT $4)"""
    return await sql.fetch(
        f"""{_WHOLE} WHERE r.id IN ({half.format("donor_id")} UNION ALL {half.format("organisation_id")})
            ORDER BY r.id DESC LIMIT $4""",
        party,
        state,
        before,
        limit,
    )


async def idea_of(sql: Connection, identifier: UUID, party: Acting | None = None) -> UUID | None:
    """The idea a reservation is for; asked before anything is locked, because the idea is locked first."""
    found: UUID | None = await sql.fetchval(
        """SELECT idea_id FROM reservation
           WHERE id = $1 AND ($2::uuid IS NULL OR $2 IN (donor_id, organisation_id))""",
        identifier,
        party,
    )
    return found


async def lock(sql: Connection, identifier: UUID) -> Row:
    row = await sql.fetchrow(f"{_WHOLE} WHERE r.id = $1 FOR UPDATE OF r", identifier)
    assert row is not None
    return row


async def lock_overdue(sql: Connection, identifier: UUID) -> Row | None:
    """The reservation if it is active and its time is over. By the database's clock, which started the timer."""
    return await sql.fetchrow(
        f"{_WHOLE} WHERE r.id = $1 AND r.state = 'active' AND r.expires_at <= now() FOR UPDATE OF r",
        identifier,
    )


async def add(sql: Connection, values: Sequence[object]) -> bool:
    """False when the idea has an active reservation."""
    return bool(
        await sql.fetchval(
            """INSERT INTO reservation (id, idea_id, organisation_id, donor_id, pledge_amount, currency, message_id,
                                        made_at, expires_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
               ON CONFLICT (idea_id) WHERE state = 'active' DO NOTHING RETURNING true""",
            *values,
        )
    )


async def end(sql: Connection, identifier: UUID, state: ReservationState, at: datetime) -> None:
    await sql.execute(
        "UPDATE reservation SET state = $2, ended_at = $3, version = version + 1 WHERE id = $1",
        identifier,
        state,
        at,
    )
