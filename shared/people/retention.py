"""The hourly job that removes what is past its time, in bounded batches, and the one that seals what is in clear."""

from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import structlog

from shared.db.database import Connection
from shared.db.unit_of_work import UnitOfWork
from shared.jobs.context import JobContext
from shared.jobs.definition import Job
from shared.people.kinds import People
from shared.people.rotation import BATCH, rotate

log = structlog.get_logger("people")

EXPIRE = "people.expire"
SEAL = "people.seal"
ANSWERS_KEPT = timedelta(hours=24)
"""How long a POST may be repeated under its Idempotency-Key at least: its answer may speak of a person."""
EVERY = timedelta(hours=1)
"""What is past its time stays this much longer at most."""
PROOF_KEPT = timedelta(days=3 * 365)
"""How long a consent that was taken back stays as proof; the general period of limitation."""

_DATA = """
WITH past AS (
    SELECT id FROM personal_data WHERE kept_until <= $1 ORDER BY kept_until LIMIT $2 FOR UPDATE SKIP LOCKED
), removed AS (
    DELETE FROM personal_data AS d USING past WHERE d.id = past.id RETURNING d.kind
)
SELECT kind, count(*) AS rows FROM removed GROUP BY kind
"""
_ANSWERS = """
WITH past AS (
    SELECT subject, key FROM idempotency WHERE created_at <= $1 ORDER BY created_at LIMIT $2
    FOR UPDATE SKIP LOCKED
), removed AS (
    DELETE FROM idempotency AS i USING past WHERE (i.subject, i.key) = (past.subject, past.key) RETURNING i.key
)
SELECT 'kept_answers' AS kind, count(*) AS rows FROM removed HAVING count(*) > 0
"""
# What still rests on a consent goes first, and with the consent at the latest.
_CONSENTS = """
WITH past AS (
    SELECT id FROM consent WHERE withdrawn_at <= $1
    AND NOT EXISTS (SELECT FROM personal_data WHERE consent_id = consent.id)
    ORDER BY withdrawn_at LIMIT $2 FOR UPDATE SKIP LOCKED
), removed AS (
    DELETE FROM consent AS c USING past WHERE c.id = past.id RETURNING c.id
)
SELECT 'consents' AS kind, count(*) AS rows FROM removed HAVING count(*) > 0
"""
# Tokens of these have expired long ago.
_CREDENTIALS = """
WITH past AS (
    SELECT cid FROM revoked_credential WHERE forget_at <= $1 ORDER BY forget_at LIMIT $2 FOR UPDATE SKIP LOCKED
), removed AS (
    DELETE FROM revoked_credential AS r USING past WHERE r.cid = past.cid RETURNING r.cid
)
SELECT 'revoked_credentials' AS kind, count(*) AS rows FROM removed HAVING count(*) > 0
"""
_PAST = (
    (_DATA, timedelta(0)),
    (_ANSWERS, ANSWERS_KEPT),
    (_CONSENTS, PROOF_KEPT),
    (_CREDENTIALS, timedelta(days=1)),
)


def people_jobs(people: People) -> Mapping[str, Job]:
    """Of every service that knows something of people."""

    async def seal(context: JobContext, _: dict[str, Any]) -> dict[str, Any]:
        return await _seal(context, people)

    return {
        EXPIRE: Job(expire, every=EVERY),
        SEAL: Job(seal, every=timedelta(minutes=10)),
    }


async def expire(context: JobContext, _: dict[str, Any]) -> dict[str, Any]:
    """Remove what is past its time; how many rows of each kind."""
    total: Counter[str] = Counter()
    for statement, kept in _PAST:
        found = True
        while found:
            async with context.step() as uow:
                removed = await _batch(uow, statement, kept)
                if removed:
                    uow.audit("personal_data.expire", "job", context.job_id, after=dict(removed))
            total += removed
            found = bool(removed)
    return {"removed": dict(total)}


async def _batch(uow: UnitOfWork, statement: str, kept: timedelta) -> Counter[str]:
    rows = await uow.sql.fetch(statement, uow.clock.now() - kept, BATCH)
    return Counter({row["kind"]: row["rows"] for row in rows})


async def _seal(context: JobContext, people: People) -> dict[str, Any]:
    """What a migration moved here in clear, and what was sealed with a key that seals no more."""

    @asynccontextmanager
    async def step() -> AsyncIterator[Connection]:
        async with context.step() as uow:
            yield uow.sql

    done = await rotate(context.database.keyring, people, step)
    for row in done.named:
        log.error("a sealed field does not open", row=row)
    return {"sealed": done.sealed, "unreadable": done.unreadable}
