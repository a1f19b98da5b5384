"""All SQL of organisations and territories."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import asyncpg

from shared.db.database import Connection
from shared.messaging.upsert import Upsert

Row = asyncpg.Record

_ORGANISATIONS = Upsert(
    "organisation",
    {"id": "uuid", "version": "int", "code": "text", "kind": "text", "name": "jsonb", "active": "bool"},
)
_TERRITORIES = Upsert(
    "territory",
    {
        "id": "uuid",
        "version": "int",
        "code": "text",
        "name": "jsonb",
        "path": "text[]",
        "municipality": "bool",
    },
)


async def keep_organisations(sql: Connection, rows: Sequence[Mapping[str, object]]) -> None:
    await _ORGANISATIONS.apply(sql, rows)


async def keep_territories(sql: Connection, rows: Sequence[Mapping[str, object]]) -> None:
    await _TERRITORIES.apply(sql, rows)


async def territory(sql: Connection, code: str) -> Row | None:
    return await sql.fetchrow(
        """SELECT id, code, name, path, municipality FROM territory
           WHERE code = $1 ORDER BY version DESC, id LIMIT 1""",
        code,
    )


async def organisation(sql: Connection, identifier: UUID) -> Row | None:
    return await sql.fetchrow("SELECT id, code, name FROM organisation WHERE id = $1", identifier)
