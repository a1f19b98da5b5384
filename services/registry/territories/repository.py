"""All SQL of territories."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg

from shared.db.conditions import Where
from shared.db.database import Connection

Row = asyncpg.Record

_COLUMNS = (
    "id, code, kind, name, sort_key, parent_code, path, municipality, missing, p_code, latitude, longitude, "
    "coordinates_source, edition, origin, source, version, updated_at"
)


@dataclass(frozen=True, slots=True)
class TerritoryFilter:
    kind: str | None = None
    municipality: bool | None = None
    parent: str | None = None
    within: str | None = None
    missing: str | None = None


async def territory(sql: Connection, code: str) -> Row | None:
    return await sql.fetchrow(f"SELECT {_COLUMNS} FROM territory WHERE code = $1", code)


async def lock_territory(sql: Connection, code: str) -> Row | None:
    return await sql.fetchrow(f"SELECT {_COLUMNS} FROM territory WHERE code = $1 FOR UPDATE", code)


async def territories(
    sql: Connection, wanted: TerritoryFilter, after: tuple[str, UUID] | None, limit: int
) -> Sequence[Row]:
    where = Where()
    where.given("kind = {}", wanted.kind)
    where.given("parent_code = {}", wanted.parent)
    where.given("path @> {}::text[]", wanted.within and [wanted.within])
    where.given("missing @> {}::text[]", wanted.missing and [wanted.missing])
    if wanted.municipality is not None:
        where.add("municipality" if wanted.municipality else "NOT municipality")
    if after is not None:
        where.add("(sort_key, id) > ({}, {})", *after)
    return await sql.fetch(
        f"SELECT {_COLUMNS} FROM territory WHERE {where} ORDER BY sort_key, id LIMIT {where.bind(limit)}",
        *where.values,
    )


async def paths(sql: Connection, codes: Sequence[str]) -> dict[str, list[str]]:
    """Paths of those units that are recorded."""
    rows = await sql.fetch("SELECT code, path FROM territory WHERE code = ANY($1::text[])", codes)
    return {row["code"]: row["path"] for row in rows}


async def known(sql: Connection, codes: Sequence[str]) -> set[str]:
    return set(await paths(sql, codes))


async def places(sql: Connection, codes: Sequence[str]) -> dict[str, Row]:
    """id, code, name and path of those units that are recorded."""
    rows = await sql.fetch("SELECT id, code, name, path FROM territory WHERE code = ANY($1::text[])", codes)
    return {row["code"]: row for row in rows}


async def add_territories(sql: Connection, units: Sequence[Mapping[str, Any]]) -> Sequence[Row]:
    """Adds units in one statement; returns those that were not there."""
    return await sql.fetch(
        f"""INSERT INTO territory
                (id, code, kind, name, sort_key, parent_code, path, municipality, missing, p_code,
                 latitude, longitude, coordinates_source, edition, origin, source)
            SELECT id, code, kind, name, sort_key, parent_code, path, municipality, missing, p_code,
                   latitude, longitude, coordinates_source, edition, origin, source
            FROM jsonb_to_recordset($1) AS unit (
                id uuid, code text, kind text, name jsonb, sort_key text, parent_code text, path text[],
                municipality boolean, missing text[], p_code text, latitude float8, longitude float8,
                coordinates_source text, edition text, origin text, source text)
            ON CONFLICT DO NOTHING RETURNING {_COLUMNS}""",
        units,
    )


async def correct_territory(sql: Connection, code: str, changes: Mapping[str, Any]) -> Row:
    row = await sql.fetchrow(
        f"""UPDATE territory SET name = $2, sort_key = $3, missing = $4, latitude = $5, longitude = $6,
                coordinates_source = $7, edition = $8, source = $9, version = version + 1, updated_at = now()
            WHERE code = $1 RETURNING {_COLUMNS}""",
        code,
        *(
            changes[name]
            for name in (
                "name",
                "sort_key",
                "missing",
                "latitude",
                "longitude",
                "coordinates_source",
                "edition",
                "source",
            )
        ),
    )
    assert row is not None
    return row
