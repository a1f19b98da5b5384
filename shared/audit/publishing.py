"""Tells the others how far the audit trail is chained: a head every so many rows or seconds."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field

import asyncpg
import structlog

from shared.audit import heads
from shared.audit.heads import Head
from shared.auth.principal import Principal
from shared.clock import Clock
from shared.contracts.audit import AuditHead
from shared.db.database import Connection, Database
from shared.db.unit_of_work import UnitOfWork
from shared.messaging.backoff import Backoff
from shared.messaging.contract import EventType
from shared.messaging.failures import NO_ANSWER, dependency_down

log = structlog.get_logger("audit")

HEAD_LOCK = 0x61736861_68656164
"""Advisory lock: of several workers one publishes."""

# The last linked row, and the last head told of this service's own chain.
_STATE = """
SELECT linked.position, linked.hash, told.position AS told_position, told.hash AS told_hash,
       told.count AS told_count, extract(epoch FROM clock_timestamp() - told.received_at)::float8 AS age
FROM (
    SELECT position, hash FROM audit WHERE position > 0 AND hash IS NOT NULL ORDER BY position DESC LIMIT 1
) AS linked
LEFT JOIN LATERAL (
    SELECT * FROM audit_head WHERE service = $1 ORDER BY number DESC LIMIT 1
) AS told ON true
"""

# Whose row it is: the life whose part of the chain began last before it.
_NEXT = """
SELECT segment.epoch,
       (SELECT coalesce(max(version), 0) + 1 FROM audit_head
        WHERE service = $1 AND audit_head.epoch = segment.epoch) AS version,
       (SELECT count(*) FROM audit WHERE position > $2 AND position <= $3) AS rows
FROM (
    SELECT epoch FROM audit_segment WHERE after_position < $3
    ORDER BY after_position DESC, started_at DESC LIMIT 1
) AS segment
"""


@dataclass(frozen=True, slots=True)
class HeadSettings:
    """What is chained is not covered by a head for `seconds` and a `look_seconds` at most."""

    rows: int = 1000
    seconds: float = 30.0
    look_seconds: float = 5.0
    backoff: Backoff = field(default_factory=lambda: Backoff(first=0.5, longest=15.0))


class HeadPublisher:
    """A loop of the worker. Any number may run on a database."""

    name = "audit heads"

    def __init__(
        self,
        event: EventType[AuditHead],
        database: Database,
        *,
        principal: Principal,
        clock: Clock,
        settings: HeadSettings | None = None,
    ) -> None:
        self._event = event
        self._database = database
        self._principal = principal
        self._clock = clock
        self._settings = settings or HeadSettings()
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Publish until `stop`. A database that does not answer is waited for; anything else raises."""
        failures = 0
        while not self._stopping.is_set():
            wait = self._settings.look_seconds
            try:
                await self.step()
                failures = 0
            except Exception as error:
                if not (dependency_down(error) or isinstance(error, NO_ANSWER)):
                    raise
                failures += 1
                wait = self._settings.backoff.after(failures)
                log.warning("no head published", error=type(error).__name__)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), wait)

    async def stop(self) -> None:
        self._stopping.set()

    async def step(self) -> Head | None:
        """Publish a head when one is due."""
        async with self._database.read() as connection:
            if not self._due(await self._state(connection)):
                return None
        async with UnitOfWork(self._database, self._principal, self._clock) as uow:
            if not await uow.sql.fetchval("SELECT pg_try_advisory_xact_lock($1)", HEAD_LOCK):
                return None
            state = await self._state(uow.sql)  # again: another worker may just have published
            if state is None or not self._due(state):
                return None
            head = await self._head(uow.sql, state)
            if head is None or not await heads.keep(uow.sql, [head]):
                return None
            uow.emit(self._event, head.payload())
            return head

    async def _state(self, connection: Connection) -> "asyncpg.Record | None":
        return await connection.fetchrow(_STATE, self._event.service)

    def _due(self, state: "asyncpg.Record | None") -> bool:
        if state is None:
            return False
        if state["told_position"] is None:
            return True
        if (state["position"], state["hash"]) == (state["told_position"], state["told_hash"]):
            return False
        waiting: int = state["position"] - state["told_position"]
        return waiting >= self._settings.rows or state["age"] >= self._settings.seconds

    async def _head(self, connection: Connection, state: "asyncpg.Record") -> Head | None:
        """None where no life is known to have written the row: `audit verify` names that."""
        position: int = state["position"]
        told = state["told_position"] or 0
        since = told if told < position else 0
        found = await connection.fetchrow(_NEXT, self._event.service, since, position)
        if found is None:
            return None
        return Head(
            position=position,
            hash=state["hash"],
            epoch=found["epoch"],
            service=self._event.service,
            version=found["version"],
            count=found["rows"] + (state["told_count"] if since else 0),
            at=self._clock.now(),
        )
