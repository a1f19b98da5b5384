"""All SQL of adoption rules."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg

from shared.db.database import Connection

Row = asyncpg.Record

_COLUMNS = "id, level, regime, powers, review, valid_from, act_id, recorded_at, origin, source"


async def in_force(sql: Connection, on: date, known_at: datetime | None) -> Sequence[Row]:
    """One rule of each level and regime: the last whose first day has come, as was known at a moment (None: now)."""
    return await sql.fetch(
        f"""SELECT DISTINCT ON (level, regime) {_COLUMNS} FROM adoption_rule
            WHERE valid_from <= $1 AND ($2::timestamptz IS NULL OR recorded_at <= $2)
            ORDER BY level, regime NULLS FIRST, valid_from DESC, recorded_at DESC, id DESC""",
        on,
        known_at,
    )


async def rules(sql: Connection, after: tuple[date, UUID] | None, limit: int) -> Sequence[Row]:
    """All there ever were, by their first day."""
    day, identifier = after or (date.min, UUID(int=0))
    return await sql.fetch(
        f"""SELECT {_COLUMNS} FROM adoption_rule WHERE (valid_from, id) > ($1, $2)
            ORDER BY valid_from, id LIMIT $3""",
        day,
        identifier,
        limit,
    )


async def add(sql: Connection, rule: Mapping[str, Any]) -> Row | None:
    """None when this id is recorded."""
    return await sql.fetchrow(
        f"""INSERT INTO adoption_rule ({_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
            ON CONFLICT DO NOTHING RETURNING {_COLUMNS}""",
        *(rule[name] for name in _COLUMNS.split(", ")),
    )
