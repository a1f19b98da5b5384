"""All SQL of boundaries."""

from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg

from shared.db.database import Connection

Row = asyncpg.Record

_BOUNDARY = """
    SELECT unit.id, unit.code, unit.kind, unit.name, unit.p_code, unit.version AS unit_version, boundary.level,
           boundary.geometry, boundary.tolerance_metres, boundary.edition, boundary.licence, boundary.licence_url,
           boundary.origin, boundary.source, boundary.version
    FROM territory_boundary AS boundary JOIN territory AS unit ON unit.id = boundary.territory_id
"""


async def boundary(sql: Connection, code: str, level: int | None) -> Row | None:
    """The most detailed one where no level is asked for."""
    return await sql.fetchrow(
        f"""{_BOUNDARY} WHERE unit.code = $1 AND ($2::int IS NULL OR boundary.level = $2)
            ORDER BY boundary.level DESC LIMIT 1""",
        code,
        level,
    )


async def boundaries(sql: Connection, level: int) -> Sequence[Row]:
    """Of the units there are today."""
    return await sql.fetch(
        f"{_BOUNDARY} WHERE boundary.level = $1 AND unit.valid_to IS NULL ORDER BY unit.code", level
    )


async def put_boundaries(sql: Connection, boundaries: Sequence[Mapping[str, Any]]) -> set[str]:
    """Add or replace in one statement; returns the codes of those that were not there or were different."""
    names = ("code", "level", "geometry", "tolerance_metres", "edition", "licence", "licence_url")
    columns = [[boundary[name] for boundary in boundaries] for name in (*names, "origin", "source")]
    rows = await sql.fetch(
        """INSERT INTO territory_boundary AS known (territory_id, level, geometry, tolerance_metres, edition, licence,
                                                    licence_url, origin, source)
           SELECT unit.id, given.level, given.geometry, given.tolerance_metres, given.edition, given.licence,
                  given.licence_url, given.origin, given.source
           FROM unnest($1::text[], $2::int[], $3::bytea[], $4::int[], $5::date[], $6::text[], $7::text[], $8::text[],
                       $9::text[])
                AS given (code, level, geometry, tolerance_metres, edition, licence, licence_url, origin, source)
           JOIN territory AS unit ON unit.code = given.code
           ON CONFLICT (territory_id, level) DO UPDATE SET
               geometry = excluded.geometry, tolerance_metres = excluded.tolerance_metres, edition = excluded.edition,
               licence = excluded.licence, licence_url = excluded.licence_url, origin = excluded.origin,
               source = excluded.source, version = known.version + 1, updated_at = now()
           WHERE (known.geometry, known.tolerance_metres, known.edition, known.licence, known.licence_url, known.origin,
                  known.source)
                 IS DISTINCT FROM
                 (excluded.geometry, excluded.tolerance_metres, excluded.edition, excluded.licence,
                  excluded.licence_url, excluded.origin, excluded.source)
           RETURNING territory_id""",
        *columns,
    )
    changed = [row["territory_id"] for row in rows]
    codes = await sql.fetch("SELECT code FROM territory WHERE id = ANY($1::uuid[])", changed)
    return {row["code"] for row in codes}
