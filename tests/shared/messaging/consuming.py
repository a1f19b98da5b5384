"""Running a consumer in a test: events put on the broker as the relay does, loops that are stopped afterwards."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from shared.clock import SystemClock
from shared.db.database import Database
from shared.db.unit_of_work import UnitOfWork
from shared.ids import uuid7
from shared.messaging.backoff import Backoff
from shared.messaging.broker import Broker, Outgoing
from shared.messaging.consumer import ConsumerLoop, ConsumerSettings
from shared.messaging.contract import EventPayload, EventType
from shared.messaging.envelope import Envelope
from shared.messaging.subscription import Consumer, Received, handles
from shared.observability.metrics import MessagingMetrics
from tests.shared.messaging.shop import PRICED, PRINCIPAL, ItemPriced, Trouble, effects, record_effect, until

QUICK = ConsumerSettings(
    poll_seconds=0.2,
    attempts=3,
    retry=Backoff(first=0.02, longest=0.05),
    outage=Backoff(first=0.02, longest=0.1),
    stop_seconds=5.0,
)


def effect_consumer(name: str = "effects", **options: Any) -> Consumer:
    return Consumer(name, (handles(PRICED, record_effect),), **options)


def envelope(
    payload: EventPayload, event: EventType[Any] = PRICED, *, event_id: UUID | None = None, **fields: Any
) -> Envelope:
    return Envelope(
        event_id=event_id or uuid7(),
        type=event.name,
        source="https://ashar.kg/services/shop",
        key=str(payload.id),
        occurred_at=SystemClock().now(),
        value=payload.model_dump_json().encode(),
        **fields,
    )


def priced(item: UUID, version: int, price: int = 1, **fields: Any) -> Outgoing:
    return outgoing(envelope(ItemPriced(id=item, aggregate_version=version, price=price), **fields))


def outgoing(found: Envelope, topic: str = PRICED.topic) -> Outgoing:
    return Outgoing(topic, found.key.encode(), found.value, found.headers())


async def publish(broker: Broker, *records: Outgoing) -> None:
    assert await broker.publish(records) == [None] * len(records)


def loop_of(
    consumer: Consumer, database: Database, broker: Broker, settings: ConsumerSettings = QUICK, **options: Any
) -> ConsumerLoop:
    return ConsumerLoop(
        consumer,
        service="shop",
        database=database,
        broker=broker,
        principal=PRINCIPAL,
        settings=settings,
        **options,
    )


@asynccontextmanager
async def consuming(
    consumer: Consumer, database: Database, broker: Broker, settings: ConsumerSettings = QUICK, **options: Any
) -> AsyncIterator[ConsumerLoop]:
    """The loop at work for the length of the block; it must end by itself when stopped."""
    loop = loop_of(consumer, database, broker, settings, **options)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(loop.run())
        try:
            yield loop
            await loop.stop()
            async with asyncio.timeout(5):
                await running
        finally:
            running.cancel()


async def until_effects(database: Database, count: int, seconds: float = 10.0) -> list[tuple[UUID, int]]:
    async def enough() -> bool:
        return len(await effects(database)) >= count

    await until(enough, seconds)
    return await effects(database)


async def letters(database: Database) -> list[tuple[str, int]]:
    """(state, attempts) of all dead letters, in the order they came."""
    rows = await database.pool.fetch("SELECT state, attempts FROM dead_letter ORDER BY id")
    return [(row["state"], row["attempts"]) for row in rows]


async def until_letters(database: Database, count: int, seconds: float = 10.0) -> list[tuple[str, int]]:
    async def enough() -> bool:
        return len(await letters(database)) >= count

    await until(enough, seconds)
    return await letters(database)


def outcomes(metrics: MessagingMetrics) -> dict[str, float]:
    """Outcome → count, of all consumers together."""
    found: dict[str, float] = {}
    for family in metrics.consumer_handled.collect():
        for sample in family.samples:
            if sample.name.endswith("_total"):
                outcome = sample.labels["outcome"]
                found[outcome] = found.get(outcome, 0) + sample.value
    return found


def troubled(trouble: Trouble, **options: Any) -> Consumer:
    """Has its effect, then fails as the test says."""

    async def handler(uow: UnitOfWork, events: Sequence[Received[ItemPriced]]) -> None:
        await record_effect(uow, events)
        trouble.maybe_raise(events)

    return Consumer("troubled", (handles(PRICED, handler),), **options)


def until_failing(trouble: Trouble, times: int) -> Callable[[], Awaitable[bool]]:
    """A condition for `until`: the handler failed so often."""

    async def enough() -> bool:
        return trouble.failures >= times

    return enough
