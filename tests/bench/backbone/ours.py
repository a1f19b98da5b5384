"""The backbone's own side: relay, consumer loop, and the two workers between which an event travels.

`python -m tests.bench.backbone.ours relay|consume|write|publisher|subscriber|rebuild '{…}'`"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

import httpx
from pydantic import SecretStr

from services.monitoring.spec import SPEC as MONITORING
from shared.clock import SystemClock
from shared.db.database import Database
from shared.db.unit_of_work import UnitOfWork
from shared.ids import uuid7
from shared.messaging.broker import Broker
from shared.messaging.consumer import ConsumerLoop
from shared.messaging.feed_client import http_pages
from shared.messaging.projections import rebuild as rebuild_projection
from shared.messaging.relay import Relay
from shared.messaging.subscription import Consumer, Received, handles
from shared.messaging.upsert import Upsert
from shared.messaging.wakeup import Wakeup
from shared.messaging.worker import Worker
from shared.process import settle_heap
from shared.settings import ServiceSettings
from shared.worker import broker_of, service_principal
from tests.bench.backbone.children import Stopwatch, main, until_told
from tests.shared.messaging.shop import PRICED, PRINCIPAL, TOPICS, ItemPriced, price, record_effect

Ready = Callable[[], Awaitable[None]]
_COPY = Upsert("price_copy", {"id": "uuid", "version": "bigint", "price": "integer", "note": "text"})
_LEFT = "SELECT EXISTS (SELECT FROM event WHERE published_at IS NULL AND position IS NOT NULL)"


@asynccontextmanager
async def _opened(arguments: dict[str, Any]) -> AsyncIterator[tuple[Database, Broker]]:
    """Connected as a service's worker is: by its settings."""
    settings = ServiceSettings(
        database_url=SecretStr(arguments["url"]),
        broker="kafka",
        broker_url=SecretStr(arguments["bootstrap"]),
    )
    database, broker = await Database.open(settings), broker_of(settings)
    await broker.start()
    try:
        yield database, broker
    finally:
        await broker.stop()
        await database.close()


async def relay(arguments: dict[str, Any], ready: Ready) -> dict[str, Any]:
    """Publish everything that has a position, with a worker's own settings."""
    async with _opened(arguments) as (database, broker):
        await broker.ensure_topics(TOPICS)
        publisher = Relay(arguments["url"], broker, Wakeup(arguments["url"]))
        await ready()
        watch = Stopwatch()
        running = asyncio.create_task(publisher.run())
        while await database.pool.fetchval(_LEFT):
            await asyncio.sleep(0.02)
        result = watch.result(arguments["count"])
        await publisher.stop()
        await running
    return result


async def _copy(uow: UnitOfWork, events: Sequence[Received[ItemPriced]]) -> None:
    await _COPY.apply(
        uow.sql,
        [
            {"id": it.id, "version": it.aggregate_version, "price": it.price, "note": it.note}
            for it in (event.payload for event in events)
        ],
    )


async def consume(arguments: dict[str, Any], ready: Ready) -> dict[str, Any]:
    """A consumer loop whose handler is one upsert a batch."""
    async with _opened(arguments) as (database, broker):
        loop = ConsumerLoop(
            Consumer("copy", (handles(PRICED, _copy),)),
            service=arguments["group"],
            database=database,
            broker=broker,
            principal=PRINCIPAL,
        )
        await ready()
        running = asyncio.create_task(loop.run())
        watch: Stopwatch | None = None
        while not (watch and await loop.caught_up()):
            if watch is None and loop._broker.assignment():
                watch = Stopwatch()
            await asyncio.sleep(0.005)
        result = watch.result(arguments["count"])
        await loop.stop()
        await running
    return result


async def write(arguments: dict[str, Any], ready: Ready) -> dict[str, Any]:
    """A use case at a steady rate, as an API process runs it: a new aggregate and its event each time."""
    async with _opened(arguments) as (database, _):
        await ready()
        watch = Stopwatch()
        writes: set[asyncio.Task[Any]] = set()
        for number in range(arguments["count"]):
            await asyncio.sleep(max(0.0, number / arguments["per_second"] - watch.seconds))
            writes.add(asyncio.create_task(price(database, uuid7(), note="x" * arguments["bytes"])))
        await asyncio.gather(*writes)
        return watch.result(arguments["count"])


async def publisher(arguments: dict[str, Any], ready: Ready) -> dict[str, Any]:
    """The worker of the service that tells: sequencer and relay."""
    return await _work("shop", (), arguments, ready)


async def subscriber(arguments: dict[str, Any], ready: Ready) -> dict[str, Any]:
    """The worker of the service that is told: one row of effect for each event."""
    return await _work("market", (Consumer("effects", (handles(PRICED, record_effect),)),), arguments, ready)


async def _work(
    name: str, consumers: Sequence[Consumer], arguments: dict[str, Any], ready: Ready
) -> dict[str, Any]:
    async with _opened(arguments) as (database, broker):
        worker = Worker(
            name, database=database, broker=broker, consumers=consumers, topics=TOPICS, principal=PRINCIPAL
        )
        running = asyncio.create_task(worker.run())
        while not all([await consumer.caught_up() for consumer in worker.consumers]):
            await asyncio.sleep(0.05)
        settle_heap()  # as the worker's own entry point does
        await ready()
        await until_told()
        await worker.stop()
        with suppress(Exception):
            await running
    return {"stopped": True}


async def rebuild(arguments: dict[str, Any], ready: Ready) -> dict[str, Any]:
    """Monitoring's own projection of the registry's organisations, over the registry's change feed."""
    settings: Any = MONITORING.settings(database_url=SecretStr(arguments["url"]))
    database = await Database.open(settings, role="rebuild")
    headers = {"Authorization": f"Bearer {arguments['token']}"}
    async with httpx.AsyncClient(base_url=arguments["registry"], headers=headers, timeout=60) as client:
        await ready()
        watch = Stopwatch()
        done = await rebuild_projection(
            MONITORING.projections["references"],
            database=database,
            pages=http_pages(client),
            principal=service_principal(MONITORING),
            clock=SystemClock(),
        )
        result = watch.result(done.events)
    await database.close()
    return result


if __name__ == "__main__":
    main(
        {
            "relay": relay,
            "consume": consume,
            "write": write,
            "publisher": publisher,
            "subscriber": subscriber,
            "rebuild": rebuild,
        }
    )
