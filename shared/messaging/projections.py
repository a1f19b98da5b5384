"""Copies of other services' data: kept by events, rebuilt from the owner's change feed with the same handlers."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg
import structlog
from pydantic import ValidationError

from shared.auth.principal import Principal
from shared.clock import Clock
from shared.db.database import Database
from shared.db.unit_of_work import UnitOfWork
from shared.messaging.broker import Record
from shared.messaging.delivery import Item, runs
from shared.messaging.envelope import Envelope
from shared.messaging.feed_client import FeedGone, FeedPage, Pages
from shared.messaging.subscription import Consumer, Received, Subscription

log = structlog.get_logger("projections")

RESTARTS = 3
DEADLOCKS = 5
REBUILD_LOCKS = 0x7265626C


class RebuildRunning(Exception):
    """The projection is being rebuilt by another process."""


@dataclass(frozen=True, slots=True)
class Rebuilt:
    name: str
    events: int
    cursor: str
    seconds: float


@dataclass(frozen=True)
class Projection:
    """Tables filled only by these handlers, which keep a version guard (`Upsert`) and emit nothing.

    The guard is what lets a rebuild and live events write the same tables at the same time."""

    name: str
    source: str
    """The service that owns the data."""
    tables: tuple[str, ...]
    """Cleared by a rebuild, in this order: children first."""
    handlers: tuple[Subscription[Any], ...]

    def consumer(self) -> Consumer:
        """The live side."""
        return Consumer(f"projection.{self.name}", self.handlers)


class Projections:
    """All projections of a service."""

    def __init__(self, *projections: Projection) -> None:
        self._by_name = {projection.name: projection for projection in projections}

    def __getitem__(self, name: str) -> Projection:
        return self._by_name[name]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._by_name)

    def consumers(self) -> tuple[Consumer, ...]:
        return tuple(projection.consumer() for projection in self._by_name.values())


async def rebuild(
    projection: Projection, *, database: Database, pages: Pages, principal: Principal, clock: Clock
) -> Rebuilt:
    """Empty the tables and fill them from the owner's feed, while the live consumer goes on.

    The last pages are read and applied with the tables locked: everything the live side applied before the lock
    stands in them, deletions included, and everything it applies after the lock is newer. Raises RebuildRunning;
    any other failure leaves the projection `broken`."""
    started = time.monotonic()
    async with _only_one(projection, database):
        try:
            for attempt in range(RESTARTS):
                try:
                    events, cursor = await _fill(projection, database, pages, principal, clock)
                    break
                except FeedGone:
                    if attempt == RESTARTS - 1:
                        raise
                    log.warning("feed was restored, starting again", projection=projection.name)
        except BaseException:
            await _set_state(database.pool, projection, "broken", None)
            raise
        await _set_state(database.pool, projection, "live", cursor)
    return Rebuilt(projection.name, events, cursor, time.monotonic() - started)


async def _fill(
    projection: Projection, database: Database, pages: Pages, principal: Principal, clock: Clock
) -> tuple[int, str]:
    consumer = projection.consumer()
    feed = pages([handler.event.name for handler in projection.handlers])
    events = 0

    async def clear(uow: UnitOfWork) -> None:
        for table in projection.tables:
            await uow.sql.execute(f"DELETE FROM {table}")

    async def apply(uow: UnitOfWork) -> None:
        await _apply(uow, consumer, page)
        await _set_state(uow.sql, projection, "rebuilding", page.next)

    async def finish(uow: UnitOfWork) -> None:
        for found in last:
            await _apply(uow, consumer, found)
        while not last or last[-1].more:
            last.append(await anext(feed))
            await _apply(uow, consumer, last[-1])

    await _set_state(database.pool, projection, "rebuilding", None)
    await _exclusively(projection, database, principal, clock, clear)
    more = True
    while more:
        page = await anext(feed)
        await _exclusively(projection, database, principal, clock, apply)
        events, more = events + len(page.events), page.more
    last: list[FeedPage] = []
    await _exclusively(projection, database, principal, clock, finish)
    return events + sum(len(found.events) for found in last), last[-1].next


async def _exclusively(
    projection: Projection,
    database: Database,
    principal: Principal,
    clock: Clock,
    work: Callable[[UnitOfWork], Awaitable[None]],
) -> None:
    """One transaction that alone writes the tables. Readers go on; the live side waits for its end."""
    for attempt in range(DEADLOCKS):
        try:
            async with UnitOfWork(database, principal, clock) as uow:
                tables = ", ".join(projection.tables)
                await uow.sql.execute(f"LOCK TABLE {tables} IN SHARE ROW EXCLUSIVE MODE")
                await work(uow)
        except asyncpg.DeadlockDetectedError:  # with a live batch that writes the tables in another order
            if attempt == DEADLOCKS - 1:
                raise
        else:
            return


async def _apply(uow: UnitOfWork, consumer: Consumer, page: FeedPage) -> None:
    items = [_item(consumer, envelope) for envelope in page.events]
    for handler, received in runs([item for item in items if item is not None]):
        await handler(uow, received)


def _item(consumer: Consumer, envelope: Envelope) -> Item | None:
    """None for what the live side does not apply either: other types, and payloads it made dead letters of."""
    subscription = consumer.subscription(envelope.type)
    if subscription is None:
        return None
    try:
        payload = subscription.event.payload.model_validate_json(envelope.value)
    except ValidationError:
        log.warning("invalid event passed over", type=envelope.type, event_id=str(envelope.event_id))
        return None
    record = Record(
        subscription.event.topic,
        0,
        envelope.position or 0,
        envelope.key.encode(),
        envelope.value,
        [],
        envelope.occurred_at,
    )
    return Item(record, Received(envelope, payload), subscription.handler)


@asynccontextmanager
async def _only_one(projection: Projection, database: Database) -> AsyncIterator[None]:
    async with database.read() as connection:
        taken = await connection.fetchval(
            "SELECT pg_try_advisory_lock($1, hashtext($2))", REBUILD_LOCKS, projection.name
        )
        if not taken:
            raise RebuildRunning(projection.name)
        try:
            yield
        finally:
            await connection.execute(
                "SELECT pg_advisory_unlock($1, hashtext($2))", REBUILD_LOCKS, projection.name
            )


async def _set_state(connection: Any, projection: Projection, state: str, cursor: str | None) -> None:
    await connection.execute(
        """INSERT INTO projection (name, state, source, cursor, rebuilt_at)
           VALUES ($1, $2, $3, $4, CASE WHEN $2 = 'live' THEN now() END)
           ON CONFLICT (name) DO UPDATE SET state = excluded.state, source = excluded.source,
           cursor = excluded.cursor, rebuilt_at = coalesce(excluded.rebuilt_at, projection.rebuilt_at)""",
        projection.name,
        state,
        projection.source,
        cursor,
    )
