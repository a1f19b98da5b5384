"""All SQL of results."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import asyncpg

from shared.db.database import Connection
from shared.messaging.upsert import Upsert

_RUNS = Upsert(
    "published_run",
    {
        "id": "uuid",
        "version": "int",
        "method_code": "text",
        "method_version": "int",
        "period_start": "date",
        "period_end": "date",
        "published_at": "timestamptz",
    },
)
_RESULTS = Upsert(
    "published_result",
    {
        "id": "uuid",
        "version": "int",
        "run_id": "uuid",
        "municipality_code": "text",
        "municipality": "jsonb",
        "indicators": "jsonb",
    },
)


async def keep_runs(sql: Connection, rows: Sequence[Mapping[str, object]]) -> None:
    await _RUNS.apply(sql, rows)


async def keep_results(sql: Connection, rows: Sequence[Mapping[str, object]]) -> None:
    await _RESULTS.apply(sql, rows)


async def result(sql: Connection, run_id: UUID, municipality_code: str, indicator: str) -> asyncpg.Record:
    """`run_known municipality indicator`; the last two are null as long as they are not known."""
    row = await sql.fetchrow(
        """SELECT EXISTS (SELECT FROM published_run WHERE id = $1) AS run_known,
                  known.municipality, known.indicators -> $3 AS indicator
           FROM (VALUES (1)) AS always
           LEFT JOIN LATERAL (
               SELECT municipality, indicators FROM published_result
               WHERE run_id = $1 AND municipality_code = $2 ORDER BY version DESC, id LIMIT 1
           ) AS known ON true""",
        run_id,
        municipality_code,
        indicator,
    )
    assert row is not None
    return row
