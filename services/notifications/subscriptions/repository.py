"""All SQL of subscriptions. Rows belong to an organisation; others' are not there."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from services.notifications.notices.domain import Notice
from shared.auth.principal import Acting
from shared.db.database import Connection

Row = asyncpg.Record

_COLUMNS = "id, organisation_id, event_types, territory_code, sector, channels, active, version, created_at"


async def add(sql: Connection, values: Sequence[object]) -> Row | None:
    return await sql.fetchrow(
        f"""INSERT INTO subscription (id, organisation_id, event_types, territory_code, sector, channels)
            VALUES ($1, $2, $3, $4, $5, $6) RETURNING {_COLUMNS}""",
        *values,
    )


async def of_organisation(
    sql: Connection, organisation: Acting, after: UUID | None, limit: int
) -> Sequence[Row]:
    return await sql.fetch(
        f"SELECT {_COLUMNS} FROM subscription WHERE organisation_id = $1 AND id > $2 ORDER BY id LIMIT $3",
        organisation,
        after or UUID(int=0),
        limit,
    )


async def get(sql: Connection, organisation: Acting, identifier: UUID) -> Row | None:
    return await sql.fetchrow(
        f"SELECT {_COLUMNS} FROM subscription WHERE id = $2 AND organisation_id = $1",
        organisation,
        identifier,
    )


async def lock(sql: Connection, organisation: Acting, identifier: UUID) -> Row | None:
    return await sql.fetchrow(
        f"SELECT {_COLUMNS} FROM subscription WHERE id = $2 AND organisation_id = $1 FOR UPDATE",
        organisation,
        identifier,
    )


async def change(sql: Connection, identifier: UUID, values: Sequence[object]) -> Row | None:
    return await sql.fetchrow(
        f"""UPDATE subscription SET event_types = $2, territory_code = $3, sector = $4, channels = $5,
                active = $6, version = version + 1
            WHERE id = $1 RETURNING {_COLUMNS}""",
        identifier,
        *values,
    )


async def delete(sql: Connection, identifier: UUID) -> None:
    """What it brought stays in the inbox."""
    await sql.execute("DELETE FROM subscription WHERE id = $1", identifier)


async def matching(sql: Connection, notices: Sequence[Notice]) -> Sequence[Row]:
    """(n, organisation_id, subscription_id, channels) of the notices at index `n`. One statement for all of them.

    A notice that is not public matches only subscriptions of its recipients."""
    return await sql.fetch(
        """SELECT n.n, s.organisation_id, s.id AS subscription_id, s.channels
           FROM unnest($1::int[], $2::text[], $3::text[], $4::text[], $5::boolean[], $6::text[])
                AS n (n, event_type, places, sector, public, recipients)
           JOIN subscription AS s ON s.active AND s.event_types @> ARRAY[n.event_type]
            AND (s.territory_code IS NULL OR s.territory_code = ANY (string_to_array(n.places, ',')))
            AND (s.sector IS NULL OR s.sector = n.sector)
            AND (n.public OR s.organisation_id = ANY (string_to_array(n.recipients, ',')::uuid[]))""",
        list(range(len(notices))),
        [notice.event_type for notice in notices],
        [",".join(notice.places) for notice in notices],
        [notice.sector for notice in notices],
        [notice.public for notice in notices],
        [",".join(map(str, notice.recipients)) for notice in notices],
    )
