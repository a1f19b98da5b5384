"""All SQL of citations."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import asyncpg

from shared.db.conditions import Where
from shared.db.database import Connection

Row = asyncpg.Record

_CITED = """
    SELECT object_type, object_id, place, act_id, article, part, point FROM legal_citation
    UNION ALL
    SELECT 'standard', version.standard_id, '/act', version.act_id, NULL, NULL, NULL
    FROM standard_version AS version JOIN standard_validity AS validity ON validity.version_id = version.id
    WHERE version.act_id IS NOT NULL AND upper_inf(validity.recorded) AND validity.valid @> $1::date
"""
"""Citations, and the acts that adopted the standards in force on a day ($1)."""


async def replace(
    sql: Connection, object_type: str, object_id: UUID, citations: Sequence[Mapping[str, Any]]
) -> None:
    """What a row cites from now on."""
    await sql.execute(
        "DELETE FROM legal_citation WHERE object_type = $1 AND object_id = $2", object_type, object_id
    )
    if citations:
        await sql.execute(
            """INSERT INTO legal_citation (object_type, object_id, place, act_id, article, part, point, quote)
               SELECT $1, $2, place, act_id, article, part, point, quote
               FROM jsonb_to_recordset($3) AS citation (
                   place text, act_id uuid, article text, part text, point text, quote jsonb)""",
            object_type,
            object_id,
            citations,
        )


async def broken(
    sql: Connection,
    as_of: dt.date,
    statuses: Sequence[str],
    after: tuple[str, UUID, str] | None,
    limit: int,
) -> Sequence[Row]:
    """Citations of acts that have one of these statuses on a day, with the act."""
    where = Where()
    day = where.bind(as_of)
    where.add("upper_inf(force.recorded)")
    where.add(f"force.valid @> {day}::date")
    where.add("force.status = ANY({}::text[])", statuses)
    if after is not None:
        where.add("(cited.object_type, cited.object_id, cited.place) > ({}, {}, {})", *after)
    return await sql.fetch(
        f"""SELECT cited.object_type, cited.object_id, cited.place, cited.article, cited.part, cited.point,
                   act.id AS act_id, act.kind AS act_kind, act.number AS act_number, act.date AS act_date,
                   act.title AS act_title, force.status, lower(force.valid) AS status_from
            FROM ({_CITED}) AS cited JOIN legal_act AS act ON act.id = cited.act_id
            JOIN legal_act_force AS force ON force.act_id = act.id
            WHERE {where} ORDER BY cited.object_type, cited.object_id, cited.place LIMIT {where.bind(limit)}""",
        *where.values,
    )
