"""Recurring jobs: at most one run of each kind is open at any time, and at most one starts in a period."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from shared.db.database import Connection
from shared.ids import uuid7
from shared.jobs.context import JobContext
from shared.jobs.definition import Job

_KEY = "recurring"
FORGET = "jobs.forget_finished"
_KEPT = timedelta(days=30)
_FORGET_ROWS = 1000

# While a run is under way or waits for its next attempt, no other is made. LEAST: a period that was shortened
# since must not wait for the end of the longer one.
_SCHEDULE = """
INSERT INTO job (id, kind, payload, unique_key, run_at)
SELECT $1::uuid, $2::text, '{}', $3::text,
    to_timestamp((floor(extract(epoch FROM now())::float8 / $4::float8) + 1) * $4::float8)
WHERE NOT EXISTS (SELECT FROM job WHERE kind = $2::text AND unique_key = $3::text AND state = 'running')
ON CONFLICT (kind, unique_key) WHERE state = 'queued'
DO UPDATE SET run_at = LEAST(job.run_at, excluded.run_at) WHERE excluded.run_at < job.run_at
"""
_FORGET = """
DELETE FROM job WHERE id IN (
    SELECT id FROM job WHERE finished_at < $1 ORDER BY finished_at LIMIT $2 FOR UPDATE SKIP LOCKED)
RETURNING id
"""


async def schedule(connection: Connection, registry: Mapping[str, Job]) -> None:
    """Put the next run of every recurring kind in the table unless one is open; its time is the start of the
    next period. Whoever does it, and however often, the outcome is the same."""
    for kind, job in registry.items():
        if job.every is not None:
            await connection.execute(_SCHEDULE, uuid7(), kind, _KEY, job.every.total_seconds())


async def forget_finished(context: JobContext, _: dict[str, Any]) -> dict[str, Any]:
    """Delete what was finished 30 days ago: an unbounded table would slow every claim down."""
    forgotten = 0
    while True:
        async with context.step() as uow:
            rows = await uow.sql.fetch(_FORGET, context.clock.now() - _KEPT, _FORGET_ROWS)
        forgotten += len(rows)
        if len(rows) < _FORGET_ROWS:
            return {"forgotten": forgotten}


BUILT_IN: Mapping[str, Job] = {FORGET: Job(forget_finished, every=timedelta(hours=1))}
