"""Publishes positioned events to the broker: at least once, in order per key, any number of relays at a time."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any
from uuid import UUID

import asyncpg
import structlog

from shared.messaging.backoff import Backoff
from shared.messaging.broker import Broker, BrokerUnavailable
from shared.messaging.event_row import COLUMNS, outgoing_of
from shared.messaging.failures import NO_ANSWER, dependency_down, describe
from shared.messaging.sequencer import POSITIONED_CHANNEL
from shared.messaging.tables import SLOTS
from shared.messaging.wakeup import Waiter, Wakeup
from shared.observability.metrics import MessagingMetrics

log = structlog.get_logger("relay")

SLOT_LOCKS = 0x72656C61
"""Namespace of the advisory locks that keep a slot with one relay at a time."""


@dataclass(frozen=True, slots=True)
class RelaySettings:
    rows_per_slot: int = 200
    slots_at_once: int = 8
    """Slots one transaction takes; the others are left to the relays beside it."""
    lanes: int = 1
    """Transactions at a time, each on a connection of its own."""
    publish_seconds: float = 8.0
    """An answer later than this counts as unknown: the rows are sent again."""
    transaction_seconds: float = 10.0
    backoff: Backoff = field(default_factory=lambda: Backoff(first=0.1, longest=10.0))


# Two statements on purpose. The second one's snapshot is taken after the lock, so it sees what the relay that
# held the slot before has marked. MATERIALIZED: locks are tried for slots with work only. Few rows name their slots
# themselves; only behind a backlog is it cheaper to ask each slot than to read all that waits.
_FEW = 50
_DUE = "published_at IS NULL AND position IS NOT NULL AND key <> ALL ($2::text[])"
_CLAIM = f"""
WITH few AS MATERIALIZED (SELECT slot FROM event WHERE {_DUE} LIMIT {_FEW}),
busy AS MATERIALIZED (
    SELECT slot FROM unnest($1::int[]) WITH ORDINALITY AS s (slot, turn)
    WHERE CASE WHEN (SELECT count(*) FROM few) < {_FEW} THEN slot IN (SELECT slot FROM few)
          ELSE EXISTS (SELECT FROM event WHERE event.slot = s.slot AND {_DUE}) END
    ORDER BY turn
)
SELECT slot FROM busy WHERE pg_try_advisory_xact_lock($3, slot) LIMIT $4
"""
_PICK = f"""
SELECT event.id, {COLUMNS}, (SELECT epoch FROM epoch ORDER BY number DESC LIMIT 1) AS epoch
FROM unnest($1::int[]) AS s (slot)
CROSS JOIN LATERAL (
    SELECT * FROM event WHERE event.slot = s.slot AND {_DUE} ORDER BY position LIMIT $3
) AS event
"""
_MARK = "UPDATE event SET published_at = clock_timestamp() WHERE id = ANY ($1::bigint[])"


class Relay:
    """`step` is one transaction; `run` repeats it on every lane."""

    name = "relay"

    def __init__(
        self,
        url: str,
        broker: Broker,
        wakeup: Wakeup,
        *,
        settings: RelaySettings | None = None,
        metrics: MessagingMetrics | None = None,
        application_name: str = "ashar-relay",
    ) -> None:
        self._url = url
        self._broker = broker
        self._settings = settings or RelaySettings()
        self._metrics = metrics or MessagingMetrics.unregistered()
        self._application_name = application_name
        self._waiters: list[Waiter] = [wakeup.waiter(POSITIONED_CHANNEL) for _ in range(self._settings.lanes)]
        self._held_back = _HeldBack(self._settings.backoff)
        self._first_slot = 0
        self._pool: asyncpg.Pool[asyncpg.Record] | None = None
        self._opening = asyncio.Lock()
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Work until `stop`. An unreachable database or broker is waited for; anything else raises."""
        try:
            async with asyncio.TaskGroup() as lanes:
                for waiter in self._waiters:
                    lanes.create_task(self._lane(waiter))
        finally:
            await self._close()

    async def stop(self) -> None:
        """Finish the transactions in hand."""
        self._stopping.set()
        for waiter in self._waiters:
            waiter.hint()

    async def _lane(self, waiter: Waiter) -> None:
        failures = 0
        while not self._stopping.is_set():
            try:
                async with (await self._connections()).acquire() as connection:
                    while not self._stopping.is_set():
                        tried, _ = await self._turn(connection)
                        failures = 0
                        # Also when all of it was refused: those keys are held back now, and others may stand behind.
                        await waiter.wait(found=tried > 0, at_most=self._held_back.seconds_to_next())
            except Exception as error:
                if not (dependency_down(error) or isinstance(error, NO_ANSWER)):
                    raise
                failures += 1
                self._metrics.relay_failures.inc()
                log.warning("nothing published", error=type(error).__name__, detail=describe(error))
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._stopping.wait(), self._settings.backoff.after(failures))

    async def step(self) -> int:
        """Publish what is due of some slots; how many rows were acknowledged and marked.

        Raises BrokerUnavailable or TimeoutError when it is unknown what arrived; nothing is marked then."""
        async with (await self._connections()).acquire() as connection:
            _, marked = await self._turn(connection)
        return marked

    async def _turn(self, connection: Any) -> tuple[int, int]:
        """One transaction: rows (tried, marked)."""
        async with asyncio.timeout(self._settings.transaction_seconds):
            transaction = connection.transaction()
            await transaction.start()
            try:
                tried, marked = await self._publish_due(connection)
            except asyncio.CancelledError:
                connection.terminate()  # a rollback would wait for the answer of a server that hangs
                raise
            except BaseException:
                await transaction.rollback()
                raise
            await transaction.commit()
        self._metrics.relay_published.inc(marked)
        return tried, marked

    async def _publish_due(self, connection: Any) -> tuple[int, int]:
        rows = await self._claim(connection)
        if not rows:
            return 0, 0
        marked = self._acknowledged(rows, await self._publish(rows))
        await connection.execute(_MARK, marked)
        return len(rows), len(marked)

    async def _claim(self, connection: Any) -> list[asyncpg.Record]:
        held_back = self._held_back.keys()
        self._first_slot = (
            self._first_slot + self._settings.slots_at_once
        ) % SLOTS  # every slot has its turn
        order = [(self._first_slot + n) % SLOTS for n in range(SLOTS)]
        claimed = await connection.fetch(_CLAIM, order, held_back, SLOT_LOCKS, self._settings.slots_at_once)
        if not claimed:
            return []
        slots = [row["slot"] for row in claimed]
        rows: list[asyncpg.Record] = await connection.fetch(
            _PICK, slots, held_back, self._settings.rows_per_slot
        )
        rows.sort(key=itemgetter("position"))
        return rows

    async def _publish(self, rows: Sequence[asyncpg.Record]) -> list[Exception | None]:
        epoch: UUID = rows[0]["epoch"]
        records = [outgoing_of(row, epoch) for row in rows]
        try:
            async with asyncio.timeout(self._settings.publish_seconds):
                return await self._broker.publish(records)
        except TimeoutError as error:
            raise BrokerUnavailable("no acknowledgement in time") from error

    def _acknowledged(self, rows: Sequence[asyncpg.Record], results: Sequence[Exception | None]) -> list[int]:
        """Ids up to the first failure of each key. What a failed key sent after it is sent again."""
        failed: set[str] = set()
        marked: list[int] = []
        unanswered = 0
        for row, error in zip(rows, results, strict=True):
            key: str = row["key"]
            if error is not None and key not in failed:
                failed.add(key)
                self._metrics.relay_failures.inc()
                wait = self._held_back.failed(key)
                if isinstance(error, BrokerUnavailable):
                    unanswered += 1
                else:
                    _log_refusal(row, error, wait)
            elif key not in failed:
                marked.append(row["id"])
                self._held_back.passed(key)
        if unanswered:  # a part of the cluster is away: one line, not one for each key
            log.warning("not everything published", keys=unanswered, published=len(marked))
        return marked

    async def _connections(self) -> "asyncpg.Pool[asyncpg.Record]":
        async with self._opening:
            if self._pool is None:
                self._pool = await asyncpg.create_pool(
                    self._url,
                    min_size=1,
                    max_size=self._settings.lanes,
                    timeout=5,
                    command_timeout=self._settings.transaction_seconds,
                    server_settings={
                        "application_name": self._application_name,
                        "timezone": "UTC",
                        "jit": "off",
                        # A mark that a crash forgets is a duplicate, which consumers absorb anyway.
                        "synchronous_commit": "off",
                        "idle_in_transaction_session_timeout": str(
                            int(self._settings.transaction_seconds * 1000)
                        ),
                    },
                )
        return self._pool

    async def _close(self) -> None:
        if self._pool is not None:
            pool, self._pool = self._pool, None
            try:
                await asyncio.wait_for(pool.close(), 2)
            except TimeoutError:
                pool.terminate()


def _log_refusal(row: asyncpg.Record, error: Exception, wait: float) -> None:
    log.error(
        "event refused by the broker",
        event_id=str(row["event_id"]),
        topic=row["topic"],
        error=type(error).__name__,
        detail=describe(error),
        retry_in=round(wait, 1),
    )


class _HeldBack:
    """Keys the broker refused, and when each is tried again. In memory: a restart tries at once."""

    def __init__(self, backoff: Backoff) -> None:
        self._backoff = backoff
        self._due: dict[str, tuple[int, float]] = {}

    def keys(self) -> list[str]:
        """Keys not to be tried now."""
        now = time.monotonic()
        for key, (_, due) in list(self._due.items()):
            if due < now - 2 * self._backoff.longest:  # another relay has published it since
                del self._due[key]
        return [key for key, (_, due) in self._due.items() if due > now]

    def failed(self, key: str) -> float:
        failures = self._due.get(key, (0, 0.0))[0] + 1
        wait = self._backoff.after(failures)
        self._due[key] = (failures, time.monotonic() + wait)
        return wait

    def passed(self, key: str) -> None:
        if self._due:
            self._due.pop(key, None)

    def seconds_to_next(self) -> float | None:
        """None when no key is waiting for its turn."""
        now = time.monotonic()
        return min((due - now for _, due in self._due.values() if due > now), default=None)
