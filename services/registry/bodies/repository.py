"""All SQL of the public-body view."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from services.registry.access.domain import BODY_KINDS
from shared.db.conditions import Where
from shared.db.database import Connection

Row = asyncpg.Record

_BODY = """
    SELECT body.id, body.code, body.kind, body.name, body.sort_key, body.territory_code, body.parent_id, body.active,
           body.origin, body.source, counted.services, counted.with_standard
    FROM organisation AS body CROSS JOIN LATERAL (
        SELECT count(*) AS services, count(standard.id) FILTER (WHERE standard.sequence > 0) AS with_standard
        FROM service LEFT JOIN standard ON standard.service_id = service.id
        WHERE service.body_id = body.id AND service.status NOT IN ('proposed', 'merged', 'split', 'excluded')
    ) AS counted
"""
_KINDS = sorted(kind.value for kind in BODY_KINDS)


async def body(sql: Connection, code: str) -> Row | None:
    return await sql.fetchrow(f"{_BODY} WHERE body.code = $1 AND body.kind = ANY($2::text[])", code, _KINDS)


async def bodies(
    sql: Connection, kind: str | None, after: tuple[str, UUID] | None, limit: int
) -> Sequence[Row]:
    where = Where()
    where.add("body.kind = ANY({}::text[])", [kind] if kind else _KINDS)
    if after is not None:
        where.add("(body.sort_key, body.id) > ({}, {})", *after)
    return await sql.fetch(
        f"{_BODY} WHERE {where} ORDER BY body.sort_key, body.id LIMIT {where.bind(limit)}", *where.values
    )
