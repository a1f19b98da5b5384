"""All SQL of webhooks. Receivers belong to an organisation; others' are not there."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from shared.auth.principal import Acting
from shared.db.database import Connection

Row = asyncpg.Record

_RECEIVER = "id, organisation_id, url, active, version, created_at"
_DELIVERY = (
    "id, receiver_id, event_id, event_type, state, attempts, last_status, last_error, created_at, settled_at"
)


async def add_receiver(sql: Connection, values: Sequence[object]) -> Row | None:
    """None when the organisation already has this address."""
    return await sql.fetchrow(
        f"""INSERT INTO receiver (id, organisation_id, url, secret_key_id, secret) VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT DO NOTHING RETURNING {_RECEIVER}""",
        *values,
    )


async def receivers(sql: Connection, organisation: Acting, after: UUID | None, limit: int) -> Sequence[Row]:
    return await sql.fetch(
        f"SELECT {_RECEIVER} FROM receiver WHERE organisation_id = $1 AND id > $2 ORDER BY id LIMIT $3",
        organisation,
        after or UUID(int=0),
        limit,
    )


async def receiver(
    sql: Connection, organisation: Acting, identifier: UUID, *, lock: bool = False
) -> Row | None:
    return await sql.fetchrow(
        f"SELECT {_RECEIVER} FROM receiver WHERE id = $2 AND organisation_id = $1 {'FOR UPDATE' if lock else ''}",
        organisation,
        identifier,
    )


async def set_active(sql: Connection, identifier: UUID, *, active: bool) -> Row | None:
    return await sql.fetchrow(
        f"UPDATE receiver SET active = $2, version = version + 1 WHERE id = $1 RETURNING {_RECEIVER}",
        identifier,
        active,
    )


async def receivers_of(sql: Connection, organisations: Sequence[UUID]) -> Sequence[Row]:
    """Active receivers of all these organisations."""
    return await sql.fetch(
        "SELECT id, organisation_id FROM receiver WHERE active AND organisation_id = ANY ($1::uuid[])",
        list(organisations),
    )


async def add_deliveries(
    sql: Connection,
    ids: Sequence[UUID],
    receivers: Sequence[UUID],
    events: Sequence[UUID],
    types: Sequence[str],
    bodies: Sequence[bytes],
) -> list[UUID]:
    """Ids of those that are new: an event goes to a receiver once."""
    rows = await sql.fetch(
        """INSERT INTO webhook_delivery (id, receiver_id, event_id, event_type, body)
           SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::bytea[])
           ON CONFLICT (receiver_id, event_id) DO NOTHING RETURNING id""",
        ids,
        receivers,
        events,
        types,
        bodies,
    )
    return [row["id"] for row in rows]


async def deliveries(sql: Connection, receiver_id: UUID, before: UUID | None, limit: int) -> Sequence[Row]:
    """Newest first."""
    return await sql.fetch(
        f"SELECT {_DELIVERY} FROM webhook_delivery WHERE receiver_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3",
        receiver_id,
        before or UUID(int=2**128 - 1),
        limit,
    )


async def pending(sql: Connection, delivery_id: UUID) -> Row | None:
    """What an attempt needs; None when it is settled."""
    return await sql.fetchrow(
        """SELECT d.id, d.body, d.attempts, d.event_type, d.receiver_id, r.url, r.secret_key_id, r.secret, r.active
           FROM webhook_delivery AS d JOIN receiver AS r ON r.id = d.receiver_id
           WHERE d.id = $1 AND d.state = 'pending'""",
        delivery_id,
    )


async def delivery_of(sql: Connection, organisation: Acting, delivery_id: UUID) -> Row | None:
    return await sql.fetchrow(
        """SELECT d.id, d.state FROM webhook_delivery AS d JOIN receiver AS r ON r.id = d.receiver_id
           WHERE d.id = $2 AND r.organisation_id = $1 FOR UPDATE OF d""",
        organisation,
        delivery_id,
    )


async def reopen(sql: Connection, delivery_id: UUID) -> Row | None:
    return await sql.fetchrow(
        f"""UPDATE webhook_delivery SET state = 'pending', attempts = 0, settled_at = NULL
            WHERE id = $1 RETURNING {_DELIVERY}""",
        delivery_id,
    )


async def record_attempt(
    sql: Connection, delivery_id: UUID, *, state: str, status: int | None, error: str | None
) -> None:
    await sql.execute(
        """UPDATE webhook_delivery SET state = $2::text, attempts = attempts + 1, last_status = $3, last_error = $4,
               settled_at = CASE WHEN $2::text = 'pending' THEN NULL ELSE now() END
           WHERE id = $1""",
        delivery_id,
        state,
        status,
        error,
    )
