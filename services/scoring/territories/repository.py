"""All SQL of territories and organisations."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

import asyncpg

from shared.db.database import Connection
from shared.messaging.upsert import Upsert

Row = asyncpg.Record

TERRITORIES = Upsert(
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
ORGANISATIONS = Upsert(
    "organisation",
    {"id": "uuid", "version": "int", "code": "text", "territory_code": "text", "active": "bool"},
)


async def save_territories(sql: Connection, rows: Sequence[Mapping[str, object]]) -> None:
    await TERRITORIES.apply(sql, rows)


async def save_organisations(sql: Connection, rows: Sequence[Mapping[str, object]]) -> None:
    await ORGANISATIONS.apply(sql, rows)


async def municipalities(sql: Connection, codes: Collection[str]) -> set[str]:
    """Those of `codes` that are municipalities."""
    rows = await sql.fetch(
        "SELECT code FROM territory WHERE municipality AND code = ANY($1::text[])", list(codes)
    )
    return {row["code"] for row in rows}


async def places(sql: Connection, codes: Collection[str]) -> dict[str, Row]:
    """Id, name and path of units by code; units not heard of yet are left out."""
    rows = await sql.fetch(
        "SELECT code, id, name, path FROM territory WHERE code = ANY($1::text[])", list(codes)
    )
    return {row["code"]: row for row in rows}


async def territory_of(sql: Connection, organisation: UUID) -> str | None:
    """Code of the municipality an organisation acts for."""
    found: str | None = await sql.fetchval(
        "SELECT territory_code FROM organisation WHERE id = $1 AND active", organisation
    )
    return found
