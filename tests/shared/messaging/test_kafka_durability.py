"""A leader dies with what it alone has: nothing that was acknowledged is lost."""

import asyncio
import os
import signal
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from deploy.kafka.cluster import KafkaCluster, start_kafka
from deploy.kafka.node import Node
from deploy.kafka.programs import Programs
from shared.messaging.broker import BrokerUnavailable, Outgoing
from shared.messaging.kafka_publisher import Publisher
from shared.messaging.kafka_settings import KafkaSettings
from shared.messaging.kafka_topics import ensure_topics
from tests.kit.kafka import quick_kafka
from tests.shared.messaging.shop import until

pytestmark = pytest.mark.crash
TOPIC = "shop.item"
QUICK = {"broker.session.timeout.ms": "3000", "broker.heartbeat.interval.ms": "500"}
"""A leader that is gone is missed after 3 s."""
ALONE_SECONDS = 1.5
"""The others stand still for so long before it dies: too short for anybody to notice."""
BATCH = 10


class Writer:
    """Publishes numbers, one batch after another, as the relay does: again as long as anything is unknown."""

    def __init__(self, settings: KafkaSettings) -> None:
        self.acknowledged = 0
        self._publisher = Publisher(settings)
        self._enough = False

    async def write(self) -> None:
        while not self._enough:
            numbers = range(self.acknowledged, self.acknowledged + BATCH)
            batch = [Outgoing(TOPIC, b"key", str(number).encode()) for number in numbers]
            try:
                results = await self._publisher.publish(batch)
            except BrokerUnavailable:
                continue
            known = [result is None for result in results]
            self.acknowledged += known.index(False) if False in known else BATCH
        await self._publisher.stop()

    async def further(self, count: int) -> None:
        """Wait until so many more are acknowledged."""
        wanted = self.acknowledged + count

        async def there() -> bool:
            return self.acknowledged >= wanted

        await until(there, 60)

    def stop(self) -> None:
        self._enough = True


async def test_what_was_acknowledged_outlives_the_leader(kafka_programs: Programs, tmp_path: Path) -> None:
    """One copy more than the leader's own must have a record before it counts."""
    del kafka_programs  # skips where Kafka cannot be run, fails in CI
    with start_kafka(tmp_path, brokers=3, overrides=QUICK, heap="256m") as kafka:
        settings = quick_kafka(kafka.bootstrap, replication=3)
        await ensure_topics(settings, {TOPIC: 1})
        writer = Writer(settings)
        writing = asyncio.create_task(writer.write())
        await writer.further(10 * BATCH)
        leader, others = await leader_of(kafka)
        for node in others:
            os.kill(node.pid, signal.SIGSTOP)
        await asyncio.sleep(ALONE_SECONDS)
        leader.kill()
        for node in others:
            os.kill(node.pid, signal.SIGCONT)
        await writer.further(10 * BATCH)
        writer.stop()
        await writing
        found = await contents(settings)
        kafka.kill()  # to leave properly takes them a while
    missing = set(range(writer.acknowledged)) - set(found)
    assert not missing, f"{len(missing)} of {writer.acknowledged} acknowledged records are gone"
    assert list(dict.fromkeys(found)) == sorted(set(found)), "each comes first in its order"


async def leader_of(kafka: KafkaCluster) -> tuple[Node, list[Node]]:
    """The node that leads the partition, and the others."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    await admin.start()
    try:
        [described] = await admin.describe_topics([TOPIC])
    finally:
        await admin.close()
    [partition] = described["partitions"]
    [leader] = [node for node in kafka.brokers if node.number == partition["leader"]]
    assert len(partition["isr"]) == 3
    return leader, [node for node in kafka.brokers if node is not leader]


async def contents(settings: KafkaSettings) -> list[int]:
    """Every record, in its order."""
    place = TopicPartition(TOPIC, 0)
    found: list[int] = []
    async with AIOKafkaConsumer(**settings.options(), auto_offset_reset="earliest") as consumer:
        consumer.assign([place])
        count = (await consumer.end_offsets([place]))[place]
        while len(found) < count:
            for records in (await consumer.getmany(timeout_ms=500)).values():
                found += [int(record.value) for record in records]
    return found
