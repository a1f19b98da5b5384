"""Gives committed event and audit rows their dense `position`. Knows no broker and no reader."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime

import structlog

from shared.db.database import EVENTS_CHANNEL, Connection, Database
from shared.messaging.backoff import Backoff
from shared.messaging.epoch import Epoch, ensure_epoch, renew_epoch
from shared.messaging.failures import NO_ANSWER, dependency_down
from shared.messaging.wakeup import Waiter, Wakeup

log = structlog.get_logger("sequencer")

BATCH = 1000
POSITIONED_CHANNEL = "ashar_positioned"
SEQUENCER_LOCK = 0x61736861_72736571
"""Advisory lock of the one sequencer of a database."""

Chain = Callable[[Connection], Awaitable[int]]
"""Called in the positioning transaction in place of plain positions for audit rows: gives each its position and its
link in the hash chain in one write, a batch at most; how many. What it raises leaves nothing positioned."""

# One position per row, in id order. Ids of one key are in commit order because a writer locks its aggregate
# before it inserts the event; ids of different keys may commit in any order, and whoever commits late comes later.
_POSITION = """
WITH picked AS (
    SELECT id, row_number() OVER (ORDER BY id) AS nth
    FROM (SELECT id FROM {table} WHERE position IS NULL ORDER BY id LIMIT {batch}) AS committed
), moved AS (
    UPDATE {table} AS t SET position = coalesce((SELECT max(position) FROM {table}), 0) + picked.nth
    FROM picked WHERE t.id = picked.id RETURNING 1
)
SELECT count(*) FROM moved
"""
_POSITION_EVENTS = _POSITION.format(table="event", batch=BATCH)
_POSITION_AUDIT = _POSITION.format(table="audit", batch=BATCH)

# Whether this is still the server and database the epoch was checked on; a restore changes one of them.
_LOCK = """
SELECT pg_try_advisory_xact_lock($1) AS mine, pg_postmaster_start_time() AS started,
       (SELECT oid::bigint FROM pg_database WHERE datname = current_database()) AS oid
"""


class Sequencer:
    """Any number may run on a database; one at a time works, the others find the lock taken."""

    name = "sequencer"

    def __init__(
        self,
        database: Database,
        wakeup: Wakeup,
        *,
        chain: Chain | None = None,
        backoff: Backoff = Backoff(first=0.1, longest=5.0),  # noqa: B008 - frozen
    ) -> None:
        self._database = database
        self._waiter: Waiter = wakeup.waiter(EVENTS_CHANNEL)
        self._chain = chain
        self._backoff = backoff
        self._checked: tuple[datetime, int] | None = None
        self._stopping = False

    async def run(self) -> None:
        """Work until `stop`. A database that does not answer is waited for; anything else raises."""
        failures = 0
        while not self._stopping:
            try:
                moved = await self.step()
            except Exception as error:
                if not (dependency_down(error) or isinstance(error, NO_ANSWER)):
                    raise
                failures += 1
                log.warning("database does not answer", error=type(error).__name__)
                await asyncio.sleep(self._backoff.after(failures))
                continue
            failures = 0
            await self._waiter.wait(found=moved > 0)

    async def stop(self) -> None:
        self._stopping = True
        self._waiter.hint()

    async def step(self) -> int:
        """Position at most one batch of each table in one transaction; how many rows got a position.

        0 when there is nothing to do or another sequencer is at work."""
        async with self._database.transaction() as connection:
            lock = await connection.fetchrow(_LOCK, SEQUENCER_LOCK)
            assert lock is not None
            if not lock["mine"]:
                return 0
            identity = (lock["started"], lock["oid"])
            if identity != self._checked:
                await ensure_epoch(connection)
            events, audits = await position_rows(connection, self._chain)
        self._checked = identity
        if events:
            await self._database.pool.execute(f"NOTIFY {POSITIONED_CHANNEL}")
        return events + audits


async def position_rows(connection: Connection, chain: Chain | None = None) -> tuple[int, int]:
    """Give positions to what is committed and has none; (events, audit rows). Under the sequencer's lock."""
    events: int = await connection.fetchval(_POSITION_EVENTS)
    if chain is not None:
        return events, await chain(connection)
    audits: int = await connection.fetchval(_POSITION_AUDIT)
    return events, audits


async def start_new_epoch(database: Database) -> Epoch:
    """Renew the epoch by hand; waits for the sequencer's batch in hand."""
    async with database.transaction() as connection:
        await connection.execute("SELECT pg_advisory_xact_lock($1)", SEQUENCER_LOCK)
        return await renew_epoch(connection)
