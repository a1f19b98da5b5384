"""What sign-in forgets: nonces whose tokens are too old to come back, sessions that were over long ago."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from services.registry.sessions.repository import forget_sessions
from services.registry.sign_in.repository import forget_nonces
from shared.db.database import Connection
from shared.jobs.context import JobContext
from shared.jobs.definition import Job

FORGET = "sign_in.forget"
SESSIONS_KEPT = timedelta(days=30)
"""After a session's last day: so long a person can be told of a reused token."""
_ROWS = 1000

Forget = Callable[[Connection, datetime, int], Awaitable[int]]


async def forget(context: JobContext, _: dict[str, Any]) -> dict[str, Any]:
    """In portions, each a transaction: nobody who signs in waits for it."""
    now = context.clock.now()
    return {
        "nonces": await _all(context, forget_nonces, now),
        "sessions": await _all(context, forget_sessions, now - SESSIONS_KEPT),
    }


async def _all(context: JobContext, portion: Forget, before: datetime) -> int:
    forgotten = 0
    while True:
        async with context.step() as uow:
            found = await portion(uow.sql, before, _ROWS)
        forgotten += found
        if found < _ROWS:
            return forgotten


JOBS: Mapping[str, Job] = {FORGET: Job(forget, every=timedelta(hours=1))}
