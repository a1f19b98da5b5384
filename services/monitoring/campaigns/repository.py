"""All SQL of campaigns."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from shared.auth.principal import Acting
from shared.db.database import Connection

Row = asyncpg.Record

_PLACE_AND_SERVICES = """
    (SELECT coalesce(jsonb_agg(jsonb_build_object('code', wanted.code, 'id', t.id,
                'name', coalesce(t.name, '{}'), 'path', coalesce(t.path, '{}'),
                'municipality', t.municipality) ORDER BY wanted.n), '[]')
     FROM unnest(campaign.municipality_codes) WITH ORDINALITY AS wanted (code, n)
     LEFT JOIN known_territory AS t ON t.code = wanted.code) AS municipalities,
    (SELECT coalesce(jsonb_agg(jsonb_build_object('id', wanted.id, 'code', s.code,
                'name', coalesce(s.name, '{}')) ORDER BY wanted.n), '[]')
     FROM unnest(campaign.service_ids) WITH ORDINALITY AS wanted (id, n)
     LEFT JOIN known_service AS s ON s.id = wanted.id) AS services
"""
_CAMPAIGN = f"""
SELECT campaign.id, campaign.code, campaign.name, owner_id, starts_on, ends_on, answer_days, state, origin,
    campaign.version, created_at, updated_at,
    jsonb_build_object('id', owner_id, 'code', o.code, 'name', coalesce(o.name, '{{}}')) AS owner,
    {_PLACE_AND_SERVICES}
FROM campaign LEFT JOIN known_organisation AS o ON o.id = owner_id
"""
_VISIBLE = "(state <> 'draft' OR owner_id = $2)"


async def campaign(sql: Connection, identifier: UUID, organisation: Acting | None) -> Row | None:
    """A draft is there for its owner only."""
    return await sql.fetchrow(f"{_CAMPAIGN} WHERE campaign.id = $1 AND {_VISIBLE}", identifier, organisation)


async def campaigns(
    sql: Connection, state: str | None, organisation: Acting | None, before: UUID | None, limit: int
) -> Sequence[Row]:
    """Newest first."""
    return await sql.fetch(
        f"""{_CAMPAIGN}
            WHERE ($1::text IS NULL OR state = $1) AND {_VISIBLE} AND ($3::uuid IS NULL OR campaign.id < $3)
            ORDER BY campaign.id DESC LIMIT $4""",
        state,
        organisation,
        before,
        limit,
    )


async def lock(sql: Connection, identifier: UUID) -> Row | None:
    return await sql.fetchrow(
        "SELECT id, owner_id, state, version FROM campaign WHERE id = $1 FOR UPDATE", identifier
    )


async def add(sql: Connection, values: Sequence[object]) -> bool:
    """False when the code is taken."""
    return bool(
        await sql.fetchval(
            """INSERT INTO campaign (id, code, name, owner_id, starts_on, ends_on, municipality_codes,
                   service_ids, answer_days, origin)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING RETURNING true""",
            *values,
        )
    )


async def set_state(sql: Connection, identifier: UUID, state: str) -> None:
    await sql.execute(
        "UPDATE campaign SET state = $2, version = version + 1, updated_at = now() WHERE id = $1",
        identifier,
        state,
    )
