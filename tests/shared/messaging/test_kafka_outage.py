"""Kafka is killed and away for a while: nobody who writes notices, and afterwards everything arrives in order."""

import asyncio
import time

import pytest
from prometheus_client import CollectorRegistry

from deploy.kafka.cluster import KafkaCluster
from shared.db.database import Database
from shared.messaging.worker import Worker, WorkerSettings
from shared.observability.metrics import MessagingMetrics
from tests.kit.kafka import NamedApart
from tests.shared.messaging.consuming import QUICK, effect_consumer, letters
from tests.shared.messaging.reading import all_records, versions
from tests.shared.messaging.shop import PRICED, PRINCIPAL, TOPICS, effects, in_order, price_many, until

pytestmark = pytest.mark.crash
AWAY_SECONDS = 10.0
"""At least: a broker that was killed is let in again when its last session of 9 s has run out."""


async def test_what_is_written_while_the_broker_is_away_arrives_afterwards(
    database: Database, kafka_cluster: KafkaCluster, kafka_broker: NamedApart
) -> None:
    registry = CollectorRegistry()
    worker = Worker(
        "shop",
        database=database,
        broker=kafka_broker,
        consumers=[effect_consumer()],
        topics=TOPICS,
        principal=PRINCIPAL,
        settings=WorkerSettings(consumer=QUICK),
        metrics=MessagingMetrics(registry),
    )
    running = asyncio.create_task(worker.run())
    await price_many(database, 100)
    await until(worker.drained, 60)

    (node,) = kafka_cluster.brokers
    node.kill()
    coming_back = asyncio.create_task(asyncio.to_thread(node.start))
    written, away = await write_during(coming_back, database, worker)
    assert away >= AWAY_SECONDS
    assert not running.done(), "an outage is waited out"
    assert (registry.get_sample_value("outbox_unpublished") or 0) > 0
    assert (registry.get_sample_value("outbox_oldest_age_seconds") or 0) > AWAY_SECONDS / 2

    await until(worker.drained, 60)
    await worker.stop()
    await running
    assert len(await effects(database)) == 100 + written
    assert in_order(await effects(database))
    published = versions(await all_records(kafka_broker, PRICED.topic))
    assert len(published) == 100 + written
    assert in_order(published)
    assert await letters(database) == []


async def write_during(
    coming_back: "asyncio.Task[None]", database: Database, worker: Worker
) -> tuple[int, float]:
    """Units of work that commit all the time until the broker is back; how many did, and after how many seconds."""
    began, count = time.monotonic(), 0
    while not coming_back.done():
        async with asyncio.timeout(5):
            await price_many(database, 20, items=5)
        count += 20
        await worker.report()
        await asyncio.sleep(0.1)
    coming_back.result()
    return count, time.monotonic() - began
