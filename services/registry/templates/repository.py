"""All SQL of templates."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg

from shared.db.database import Connection

Row = asyncpg.Record

_COLUMNS = """
    template.id AS template_id, template.code, template.version,
    found.id, found.number, found.title, found.rows, found.review_months, found.valid_from, found.recorded_at,
    found.origin, found.source,
    act.id AS act_id, act.kind AS act_kind, act.number AS act_number, act.date AS act_date,
    act.issuer AS act_issuer, act.title AS act_title, act.url AS act_url
"""
_FROM = """
    standard_template AS template JOIN standard_template_version AS found ON found.template_id = template.id
    JOIN legal_act AS act ON act.id = found.act_id
"""


async def in_force(sql: Connection, code: str, on: date, known_at: datetime | None) -> Row | None:
    """The version in force on a day as it was known at a moment (None: now).

    A version holds from its first day on, over whatever was recorded before it."""
    return await sql.fetchrow(
        f"""SELECT {_COLUMNS} FROM {_FROM}
            WHERE template.code = $1 AND found.valid_from <= $2
              AND ($3::timestamptz IS NULL OR found.recorded_at <= $3)
            ORDER BY found.number DESC LIMIT 1""",
        code,
        on,
        known_at,
    )


async def versions(sql: Connection, code: str, after: int, limit: int) -> Sequence[Row]:
    """Oldest first."""
    return await sql.fetch(
        f"""SELECT {_COLUMNS} FROM {_FROM} WHERE template.code = $1 AND found.number > $2
            ORDER BY found.number LIMIT $3""",
        code,
        after,
        limit,
    )


async def of_ids(sql: Connection, identifiers: Sequence[UUID]) -> dict[UUID, Row]:
    """Versions by id."""
    rows = await sql.fetch(f"SELECT {_COLUMNS} FROM {_FROM} WHERE found.id = ANY($1::uuid[])", identifiers)
    return {row["id"]: row for row in rows}


async def templates(sql: Connection, on: date, after: str, limit: int) -> Sequence[Row]:
    """Each template in the version in force on a day, by code."""
    return await sql.fetch(
        f"""SELECT DISTINCT ON (template.code) {_COLUMNS} FROM {_FROM}
            WHERE found.valid_from <= $1 AND template.code > $2
            ORDER BY template.code, found.number DESC LIMIT $3""",
        on,
        after,
        limit,
    )


async def lock_template(sql: Connection, identifier: UUID, code: str) -> Row:
    """`id version last_recorded_at`, locked; made with version 0 where there was none."""
    await sql.execute(
        "INSERT INTO standard_template (id, code) VALUES ($1, $2) ON CONFLICT DO NOTHING", identifier, code
    )
    row = await sql.fetchrow(
        """SELECT id, version,
                  (SELECT max(recorded_at) FROM standard_template_version AS found
                   WHERE found.template_id = standard_template.id) AS last_recorded_at
           FROM standard_template WHERE code = $1 FOR UPDATE""",
        code,
    )
    assert row is not None
    return row


async def add_version(sql: Connection, version: Mapping[str, Any]) -> Row:
    """The next version of a locked template."""
    names = ("id", "template_id", "number", "title", "rows", "review_months", "act_id", "valid_from")
    await sql.execute(
        """INSERT INTO standard_template_version (id, template_id, number, title, rows, review_months, act_id,
                                                  valid_from, recorded_at, origin, source)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)""",
        *(version[name] for name in (*names, "recorded_at", "origin", "source")),
    )
    await sql.execute(
        "UPDATE standard_template SET version = $2 WHERE id = $1", version["template_id"], version["number"]
    )
    return (await of_ids(sql, [version["id"]]))[version["id"]]
