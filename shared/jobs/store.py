"""Jobs as use cases see them: put one in the queue, read how it goes, cancel it. Knows no runner."""

from datetime import datetime
from typing import Any
from uuid import UUID

from shared.db.database import Connection, Database
from shared.ids import uuid7
from shared.jobs.tables import DEFAULT_MAX_ATTEMPTS

JOBS_CHANNEL = "ashar_jobs"

_INSERT = """
INSERT INTO job (id, kind, payload, unique_key, owner, traceparent, run_at, max_attempts)
VALUES ($1, $2, $3, $4, $5, $6, coalesce($7, now()), $8)
ON CONFLICT (kind, unique_key) WHERE state = 'queued' DO NOTHING
RETURNING id
"""
# FOR SHARE: no runner starts the waiting job before the caller's transaction has ended, so it sees its effects.
_WAITING = "SELECT id FROM job WHERE kind = $1 AND unique_key = $2 AND state = 'queued' FOR SHARE"
_READ = """
SELECT id, kind, state, progress, error, result FROM job WHERE id = $1 AND owner = $2
"""
_CANCEL = """
UPDATE job SET state = 'failed', error = 'cancelled', finished_at = now(), lease_until = NULL, leased_by = NULL
WHERE id = $1 AND owner = $2 AND state IN ('queued', 'running') RETURNING id
"""


async def enqueue(
    connection: Connection,
    kind: str,
    payload: dict[str, Any],
    *,
    run_at: datetime | None = None,
    unique_key: str | None = None,
    owner: UUID | None = None,
    traceparent: str | None = None,
    max_attempts: int = DEFAULT_MAX_ATTEMPTS,
) -> UUID:
    """Put a job in the queue inside the caller's transaction; its id.

    `run_at` in the future makes it a timer; `owner` is the `sub` that may read it. With `unique_key` the
    id of the job of this kind that already waits under the key is returned, and it starts after the
    caller's commit. One that already runs is left alone: another follows it, so no change is missed."""
    while True:
        created: UUID | None = await connection.fetchval(
            _INSERT, uuid7(), kind, payload, unique_key, owner, traceparent, run_at, max_attempts
        )
        if created is not None:
            return created
        waiting: UUID | None = await connection.fetchval(_WAITING, kind, unique_key)
        if waiting is not None:
            return waiting
        # It was claimed between the two statements: the key is free again.


async def read_job(connection: Connection, job_id: UUID, owner: UUID | None) -> dict[str, Any] | None:
    """`id kind state progress error result` of a job of this owner; None for anybody else's."""
    row = await connection.fetchrow(_READ, job_id, owner)
    return dict(row) if row else None


async def cancel_job(connection: Connection, job_id: UUID, owner: UUID) -> bool:
    """End a job of this owner as failed with the error `cancelled`; False when there is nothing to end.

    A running attempt is stopped at its next heartbeat, and nothing it has not committed takes effect."""
    return await connection.fetchval(_CANCEL, job_id, owner) is not None


async def wake_runners(database: Database) -> None:
    """Hint that jobs were committed; without it a runner finds them at its next poll, within a second.

    To be called after the commit: NOTIFY inside a transaction takes a database-wide lock when it commits."""
    await database.pool.execute(f"NOTIFY {JOBS_CHANNEL}")
