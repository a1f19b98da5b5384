"""All SQL of the calendar."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import asyncpg

from shared.db.database import Connection

Row = asyncpg.Record

_CONTENT = "year, version, decreed, corrections, days, act_id, origin, source"
_COLUMNS = f"{_CONTENT}, updated_at"
_VERSION = f"{_CONTENT}, recorded_at AS updated_at"


async def years(sql: Connection, first: int, last: int, known_at: datetime | None) -> Sequence[Row]:
    """What was known of these years at a moment (None: now)."""
    if known_at is None:
        return await sql.fetch(
            f"SELECT {_COLUMNS} FROM calendar_year WHERE year BETWEEN $1 AND $2 ORDER BY year", first, last
        )
    return await sql.fetch(
        f"""SELECT DISTINCT ON (year) {_VERSION} FROM calendar_year_version
            WHERE year BETWEEN $1 AND $2 AND recorded_at <= $3 ORDER BY year, version DESC""",
        first,
        last,
        known_at,
    )


async def versions(sql: Connection, year: int, after: int, limit: int) -> Sequence[Row]:
    """Oldest first."""
    return await sql.fetch(
        f"""SELECT {_VERSION} FROM calendar_year_version
            WHERE year = $1 AND version > $2 ORDER BY version LIMIT $3""",
        year,
        after,
        limit,
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


async def put_year(sql: Connection, year: int, values: Mapping[str, Any], at: datetime) -> Row:
    """The next version of a locked year, in the place of the present one, which stays readable."""
    row = await sql.fetchrow(
        f"""WITH put AS (
                UPDATE calendar_year SET decreed = $2, corrections = $3, days = $4, act_id = $5, origin = $6,
                    source = $7, version = version + 1, updated_at = $8
                WHERE year = $1 RETURNING {_COLUMNS}
            ), kept AS (
                INSERT INTO calendar_year_version ({_CONTENT}, recorded_at) SELECT {_COLUMNS} FROM put
            )
            SELECT {_COLUMNS} FROM put""",
        year,
        *(values[name] for name in ("decreed", "corrections", "days", "act_id", "origin", "source")),
        at,
    )
    assert row is not None
    return row
