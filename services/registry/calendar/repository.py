"""All SQL of the calendar."""

from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg

from shared.db.database import Connection

Row = asyncpg.Record

_COLUMNS = "year, decreed, corrections, days, act_id, origin, source, version, updated_at"


async def years(sql: Connection, first: int, last: int) -> Sequence[Row]:
    return await sql.fetch(
        f"SELECT {_COLUMNS} FROM calendar_year WHERE year BETWEEN $1 AND $2 ORDER BY year", first, last
    )


async def lock_year(sql: Connection, year: int) -> Row:
    """The year's row, locked; an empty one of version 0 where there was none."""
    await sql.execute(
        """INSERT INTO calendar_year (year, decreed, corrections, days, origin, source, version)
           VALUES ($1, false, '[]', '[]', 'unofficial', '', 0) ON CONFLICT DO NOTHING""",
        year,
    )
    row = await sql.fetchrow(f"SELECT {_COLUMNS} FROM calendar_year WHERE year = $1 FOR UPDATE", year)
    assert row is not None
    return row


async def put_year(sql: Connection, year: int, values: Mapping[str, Any]) -> Row:
    row = await sql.fetchrow(
        f"""UPDATE calendar_year SET decreed = $2, corrections = $3, days = $4, act_id = $5, origin = $6, source = $7,
                version = version + 1, updated_at = now()
            WHERE year = $1 RETURNING {_COLUMNS}""",
        year,
        *(values[name] for name in ("decreed", "corrections", "days", "act_id", "origin", "source")),
    )
    assert row is not None
    return row
