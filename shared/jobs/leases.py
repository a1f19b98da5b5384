"""How a runner holds a job: claim, keep, finish, give back. Every write names the attempt it belongs to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from shared.db.database import Connection
from shared.jobs.definition import LeaseLost

LOST = "runner_lost"
"""Error of a job whose runner died at its last attempt."""


@dataclass(frozen=True, slots=True)
class Lease:
    """One attempt at one job. A runner that was taken for dead and comes back finds its lease void."""

    job_id: UUID
    runner: str
    attempt: int


@dataclass(frozen=True, slots=True)
class Claim:
    """A job as it was claimed; `failed` when it had no attempt left and was ended instead."""

    lease: Lease
    kind: str
    payload: dict[str, Any]
    owner: UUID | None
    traceparent: str | None
    failed: bool


# `run_at` stays as it was while a job runs, so one index in its order finds both what is due and what a dead
# runner left. A job waits while another one runs under its key.
_CLAIM = """
WITH due AS (
    SELECT id, attempts < max_attempts AS try FROM job AS candidate
    WHERE state IN ('queued', 'running') AND run_at <= now() AND kind = ANY($1::text[])
      AND CASE state WHEN 'running' THEN lease_until <= now() ELSE NOT EXISTS (
            SELECT FROM job AS other WHERE other.kind = candidate.kind
            AND other.unique_key = candidate.unique_key AND other.state = 'running') END
    ORDER BY run_at LIMIT $2 FOR UPDATE SKIP LOCKED
)
UPDATE job SET
    state = CASE WHEN try THEN 'running' ELSE 'failed' END,
    attempts = CASE WHEN try THEN attempts + 1 ELSE attempts END,
    lease_until = CASE WHEN try THEN now() + $3::interval END,
    leased_by = CASE WHEN try THEN $4 END,
    progress = CASE WHEN try THEN 0 ELSE progress END,
    error = CASE WHEN try THEN error ELSE $5 END,
    finished_at = CASE WHEN try THEN NULL ELSE now() END
FROM due WHERE job.id = due.id
RETURNING job.id, job.kind, payload, owner, traceparent, attempts, state = 'failed' AS failed
"""
_OURS = "id = $1 AND leased_by = $2 AND attempts = $3 AND state = 'running'"
_RENEW = f"UPDATE job SET lease_until = now() + $4::interval, progress = $5 WHERE {_OURS} RETURNING id"
_HOLD = f"SELECT id FROM job WHERE {_OURS} FOR SHARE"
_DONE = f"""
UPDATE job SET state = 'done', progress = 1, result = $4, error = NULL, finished_at = now(),
    lease_until = NULL, leased_by = NULL
WHERE {_OURS} RETURNING id
"""
# A job that is to be tried again gives way to one that already waits under its key and will do the same.
_FAILED = f"""
WITH mine AS (
    SELECT id, $5::interval IS NOT NULL AND attempts < max_attempts AND NOT EXISTS (
        SELECT FROM job AS other WHERE other.kind = job.kind
        AND other.unique_key = job.unique_key AND other.state = 'queued') AS again
    FROM job WHERE {_OURS} FOR UPDATE
)
UPDATE job SET
    state = CASE WHEN again THEN 'queued' ELSE 'failed' END,
    run_at = CASE WHEN again THEN now() + $5::interval ELSE run_at END,
    finished_at = CASE WHEN again THEN NULL ELSE now() END,
    error = $4, lease_until = NULL, leased_by = NULL
FROM mine WHERE job.id = mine.id RETURNING again
"""
_RELEASE = f"UPDATE job SET lease_until = now(), attempts = attempts - 1 WHERE {_OURS}"


async def claim(
    connection: Connection, kinds: Sequence[str], runner: str, limit: int, lease: timedelta
) -> list[Claim]:
    """Take up to `limit` jobs that are due or whose runner let its lease run out, oldest `run_at` first."""
    rows = await connection.fetch(_CLAIM, kinds, limit, lease, runner, LOST)
    return [
        Claim(
            lease=Lease(row["id"], runner, row["attempts"]),
            kind=row["kind"],
            payload=row["payload"],
            owner=row["owner"],
            traceparent=row["traceparent"],
            failed=row["failed"],
        )
        for row in rows
    ]


async def renew(connection: Connection, held: Lease, lease: timedelta, progress: float) -> None:
    """Keep the lease for another `lease`. Raises LeaseLost."""
    await _ours(connection, _RENEW, held, lease, progress)


async def hold(connection: Connection, held: Lease) -> None:
    """Keep everyone from taking the job over until this transaction ends. Raises LeaseLost."""
    await _ours(connection, _HOLD, held)


async def mark_done(connection: Connection, held: Lease, result: dict[str, Any] | None) -> None:
    """Raises LeaseLost; the caller's transaction must then not commit."""
    await _ours(connection, _DONE, held, result)


async def mark_failed(connection: Connection, held: Lease, error: str, retry_after: timedelta | None) -> bool:
    """Record a failed attempt; whether it will be tried again. Never, when `retry_after` is None.

    Raises LeaseLost, and UniqueViolationError when a job under the same key came at the same moment: the
    transaction is then to be repeated."""
    return bool(await _ours(connection, _FAILED, held, error, retry_after))


async def release(connection: Connection, held: Lease) -> None:
    """Let another runner have the job at once; the attempt does not count."""
    await connection.execute(_RELEASE, held.job_id, held.runner, held.attempt)


async def _ours(connection: Connection, statement: str, held: Lease, *values: Any) -> Any:
    row = await connection.fetchrow(statement, held.job_id, held.runner, held.attempt, *values)
    if row is None:
        raise LeaseLost(f"job {held.job_id}, attempt {held.attempt}")
    return row[0]
