"""An invented service for the tests of the event backbone: items whose price changes."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import BigInteger, Column, Identity, Integer, MetaData, Table, Text, Uuid
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from shared.audit.tables import add_audit_tables
from shared.auth.principal import Principal, system_principal
from shared.auth.tables import add_auth_tables, add_idempotency_table
from shared.clock import SystemClock
from shared.db.database import Database
from shared.db.tables import NAMING
from shared.db.unit_of_work import Trace, UnitOfWork
from shared.ids import seed_id, uuid7
from shared.messaging.contract import Audience, EventPayload, EventType
from shared.messaging.subscription import Received
from shared.messaging.tables import add_messaging_tables


class ItemPriced(EventPayload):
    price: int
    note: str = ""


class ItemWithdrawn(EventPayload):
    pass


PRICED = EventType("shop.item.priced.v1", ItemPriced, Audience.PUBLIC, "An item has a new price")
WITHDRAWN = EventType("shop.item.withdrawn.v1", ItemWithdrawn, Audience.PUBLIC, "An item is no longer sold")
CHECKED = EventType("shop.check.made.v1", ItemWithdrawn, Audience.PUBLIC, "What a consumer emits")
TOPICS = {PRICED.topic: 4, CHECKED.topic: 4}

PRINCIPAL: Principal = system_principal("shop", seed_id("service", "shop"), ["events:internal"])
CLOCK = SystemClock()


def metadata() -> MetaData:
    """The kit's tables, an aggregate table for writers, and tables for the effects of consumers."""
    found = MetaData(naming_convention=NAMING)
    add_messaging_tables(found)
    add_audit_tables(found)
    add_auth_tables(found)
    add_idempotency_table(found)
    Table("item", found, Column("id", Uuid, primary_key=True), Column("version", Integer, nullable=False))
    Table(
        "effect",
        found,
        Column("n", BigInteger, Identity(), primary_key=True),
        Column("event_id", Uuid, nullable=False),
        Column("item", Uuid, nullable=False),
        Column("version", Integer, nullable=False),
    )
    Table(
        "price_copy",
        found,
        Column("id", Uuid, primary_key=True),
        Column("version", BigInteger, nullable=False),
        Column("price", Integer, nullable=False),
        Column("note", Text, nullable=False),
    )
    return found


async def create_tables(url: str) -> None:
    engine = create_async_engine(url.replace("postgresql://", "postgresql+asyncpg://"), poolclass=NullPool)
    async with engine.begin() as connection:
        await connection.run_sync(metadata().create_all)
    await engine.dispose()


def unit(database: Database, trace: Trace | None = None) -> UnitOfWork:
    return UnitOfWork(database, PRINCIPAL, CLOCK, trace)


async def price(
    database: Database,
    item: UUID,
    price: int = 1,
    *,
    delay: float = 0.0,
    note: str = "",
    trace: Trace | None = None,
    audience: Audience | None = None,
    recipients: Sequence[UUID] = (),
    withdraw: bool = False,
) -> UUID:
    """Raise the item's version and emit it, as a use case does; `delay` seconds pass before the commit."""
    async with unit(database, trace) as uow:
        version = await uow.sql.fetchval(
            """INSERT INTO item (id, version) VALUES ($1, 1)
               ON CONFLICT (id) DO UPDATE SET version = item.version + 1 RETURNING version""",
            item,
        )
        if withdraw:
            event_id = uow.emit(WITHDRAWN, ItemWithdrawn(id=item, aggregate_version=version))
        else:
            payload = ItemPriced(id=item, aggregate_version=version, price=price, note=note)
            event_id = uow.emit(PRICED, payload, audience=audience, recipients=recipients)
        if delay:
            await asyncio.sleep(delay)  # between the write and the commit: what the sequencer must bear
    return event_id


async def price_many(database: Database, count: int, *, items: int = 12) -> list[UUID]:
    """`count` events over so many items, from one writer."""
    ids = [uuid7() for _ in range(items)]
    for n in range(count):
        await price(database, ids[n % items], n)
    return ids


async def record_effect(uow: UnitOfWork, events: Sequence[Received[ItemPriced]]) -> None:
    """A handler with one row of effect for each event."""
    await uow.sql.executemany(
        "INSERT INTO effect (event_id, item, version) VALUES ($1, $2, $3)",
        [(e.envelope.event_id, e.payload.id, e.payload.aggregate_version) for e in events],
    )


async def effects(database: Database) -> list[tuple[UUID, int]]:
    """(item, version) in the order they were applied."""
    rows = await database.pool.fetch("SELECT item, version FROM effect ORDER BY n")
    return [(row["item"], row["version"]) for row in rows]


def versions_by_item(seen: Sequence[tuple[UUID, int]]) -> dict[UUID, list[int]]:
    found: dict[UUID, list[int]] = {}
    for item, version in seen:
        found.setdefault(item, []).append(version)
    return found


def in_order(seen: Sequence[tuple[UUID, int]]) -> bool:
    """Whether the versions of every item are 1, 2, 3 …: none lost, none doubled, none overtaken."""
    return all(versions == list(range(1, len(versions) + 1)) for versions in versions_by_item(seen).values())


async def until(condition: Callable[[], Awaitable[bool]], seconds: float = 10.0) -> None:
    """Wait for a condition; fails the test when it does not come true in time."""
    async with asyncio.timeout(seconds):
        while not await condition():
            await asyncio.sleep(0.005)


@dataclass
class Trouble:
    """What a handler is to fail on; changed by the test while it runs."""

    error: Exception | None = None
    versions: set[int] = field(default_factory=set)
    """Empty: on everything."""
    failures: int = 0

    def maybe_raise(self, events: Sequence[Received[ItemPriced]]) -> None:
        for event in events:
            if self.error and (not self.versions or event.payload.aggregate_version in self.versions):
                self.failures += 1
                raise self.error
