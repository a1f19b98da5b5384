"""Gives committed event and audit rows their dense `position`. Knows no broker and no reader."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import structlog

from shared.db.database import EVENTS_CHANNEL, Connection, Database
from shared.messaging.backoff import Backoff
from shared.messaging.epoch import Epoch, ensure_epoch, renew_epoch
from shared.messaging.failures import NO_ANSWER, dependency_down
from shared.messaging.wakeup import Waiter, Wakeup

log = structlog.get_logger("sequencer")

BATCH = 1000
POSITIONED_CHANNEL = "ashar_positioned"
"""Hints for the relay beside this sequencer. Relays of other processes poll: they help where one does not keep up,
and waking them for every event would only make them look for what is published already."""
SEQUENCER_LOCK = 0x61736861_72736571
"""Advisory lock of the one sequencer of a database."""

Chain = Callable[[Connection], Awaitable[int]]
"""Called in a transaction under the lock in place of plain positions for audit rows: gives each its position and its
link in the hash chain in one write, a batch at most; how many. What it raises leaves none of them positioned."""

_TAKE_LOCK = f"SELECT pg_try_advisory_xact_lock({SEQUENCER_LOCK})"

# One position per row, in id order. Ids of one key are in commit order because a writer locks its aggregate
# before it inserts the event; ids of different keys may commit in any order, and whoever commits late comes later.
_POSITION = """
WITH picked AS (
    SELECT id, row_number() OVER (ORDER BY id) AS nth
    FROM (SELECT id FROM {table} WHERE position IS NULL AND {condition} ORDER BY id LIMIT {batch}) AS committed
)
UPDATE {table} AS t SET position = coalesce((SELECT max(position) FROM {table}), 0) + picked.nth
FROM picked WHERE t.id = picked.id
"""
_POSITION_AUDIT = _POSITION.format(table="audit", condition="true", batch=BATCH)

# Sent as one message, which is one transaction of two snapshots: the second is taken under the lock, so it sees the
# positions that the sequencer before has given. Four messages cost an event a millisecond more on its way.
_POSITION_EVENTS = f"""
SELECT set_config('ashar.sequencer', pg_try_advisory_xact_lock({SEQUENCER_LOCK})::text, true);
{_POSITION.format(table="event", condition="current_setting('ashar.sequencer') = 'true'", batch=BATCH)}
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
        audit_seconds: float = 0.2,
        backoff: Backoff = Backoff(first=0.1, longest=5.0),  # noqa: B008 - frozen
    ) -> None:
        """Audit rows get theirs every `audit_seconds`: nobody waits for them, and events need not wait behind them."""
        self._database = database
        self._wakeup = wakeup
        self._waiter: Waiter = wakeup.waiter(EVENTS_CHANNEL)
        self._chain = chain
        self._audit_seconds = audit_seconds
        self._backoff = backoff
        self._stopping = False

    async def run(self) -> None:
        """Work until `stop`. A database that does not answer is waited for; anything else raises."""
        failures = 0
        while not self._stopping:
            try:
                async with self._database.read() as connection:
                    settled = await _settle_epoch(connection)
                    failures = 0
                    if not settled:
                        await self._waiter.wait(found=False)
                        continue
                    await self._work(connection)
            except Exception as error:
                if not (dependency_down(error) or isinstance(error, NO_ANSWER)):
                    raise
                failures += 1
                log.warning("database does not answer", error=type(error).__name__)
                await asyncio.sleep(self._backoff.after(failures))

    async def _work(self, connection: Connection) -> None:
        """On one connection, which belongs to one life: a restart or a restore ends it."""
        audited = -self._audit_seconds
        while not self._stopping:
            moved = await self._position_events(connection)
            due: float | None = audited + self._audit_seconds - time.monotonic()
            if due is not None and due <= 0:
                audits, due = await self._position_audits(connection), None
                audited = time.monotonic() if audits < BATCH else -self._audit_seconds
                moved = max(moved, audits)
            # What was committed meanwhile has hinted; only a full batch leaves something that has not.
            await self._waiter.wait(found=moved > 0, more=moved >= BATCH, at_most=due)

    async def stop(self) -> None:
        self._stopping = True
        self._waiter.hint()

    async def step(self) -> int:
        """Position at most one batch of each table; how many rows got a position.

        0 when there is nothing to do or another sequencer is at work."""
        async with self._database.read() as connection:
            if not await _settle_epoch(connection):
                return 0
            events = await self._position_events(connection)
            return events + await self._position_audits(connection)

    async def _position_events(self, connection: Connection) -> int:
        moved = _count(await connection.execute(_POSITION_EVENTS))
        if moved:
            self._wakeup.hint(POSITIONED_CHANNEL)
        return moved

    async def _position_audits(self, connection: Connection) -> int:
        async with connection.transaction():
            if not await connection.fetchval(_TAKE_LOCK):
                return 0
            if self._chain is not None:
                return await self._chain(connection)
            return _count(await connection.execute(_POSITION_AUDIT))


async def _settle_epoch(connection: Connection) -> bool:
    """Begin a new life where this is another server or database than the last one's. False when another has the lock:
    it may end before it has settled anything, so nobody gives positions who has not looked."""
    async with connection.transaction():
        if not await connection.fetchval(_TAKE_LOCK):
            return False
        await ensure_epoch(connection)
    return True


def _count(status: str) -> int:
    """Rows that a statement changed."""
    return int(status.rpartition(" ")[2])


async def start_new_epoch(database: Database) -> Epoch:
    """Renew the epoch by hand; waits for the sequencer's batch in hand."""
    async with database.transaction() as connection:
        await connection.execute("SELECT pg_advisory_xact_lock($1)", SEQUENCER_LOCK)
        return await renew_epoch(connection)
