"""Apache Kafka for tests: one broker per test process, shared by all of its tests.

A test that takes the broker away gives it back. Topics and groups get names of their own instead of a broker of
their own: it costs 5 s and 200 MB.
"""

import asyncio
import os
import secrets
import shutil
import signal
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from deploy.kafka.cluster import KafkaCluster, start_kafka
from deploy.kafka.listeners import Secured
from deploy.kafka.programs import KafkaUnavailable, Programs, find_programs
from shared.messaging.broker import Broker, BrokerConsumer, Outgoing, Record, TopicPartition
from shared.messaging.kafka import KafkaBroker
from shared.messaging.kafka_settings import KafkaSettings
from tests.kit.certificates import Authority
from tests.kit.missing import skip_or_fail


@pytest.fixture(scope="session")
def kafka_programs() -> Programs:
    """Java and Kafka's jars. Where they are missing a developer's tests are skipped, CI's fail."""
    try:
        return find_programs()
    except KafkaUnavailable as error:
        skip_or_fail(error)


USER, PASSWORD = "ashar", "kiyin-syr-soz"


@pytest.fixture(scope="session")
def kafka_authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Who signed the certificates of the broker's encrypted listeners, and signs those of its clients."""
    return Authority(tmp_path_factory.mktemp("certificates"), "authority")


@pytest.fixture(scope="session")
def kafka_cluster(
    kafka_programs: Programs, kafka_authority: Authority, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[KafkaCluster]:
    """One broker for the test process. Beside the plain listener it has one that wants USER and PASSWORD, and
    one that wants a certificate of the authority's."""
    del kafka_programs
    folder, identity = tmp_path_factory.mktemp("kafka"), kafka_authority.issue("broker").identity
    listeners = (
        Secured("SASL_SSL", {USER: PASSWORD}, identity),
        Secured("SSL", identity=identity, clients=kafka_authority.file),
    )
    cluster = start_kafka(folder, secured=listeners)
    yield cluster
    cluster.kill()
    cluster.stop()
    shutil.rmtree(folder)


@pytest.fixture
def kafka_name() -> str:
    """A prefix for topics and groups that no other test has."""
    return f"t{secrets.token_hex(4)}."


def quick_kafka(bootstrap: str, **changes: Any) -> KafkaSettings:
    """Settings that find out soon what is wrong; the session is the shortest a broker allows by default."""
    quick: dict[str, Any] = {
        "publish_seconds": 5.0,
        "command_seconds": 5.0,
        "silent_seconds": 3.0,
        "session_seconds": 6.0,
    }
    return KafkaSettings(bootstrap, **{**quick, **changes})


@pytest.fixture
async def kafka_broker(kafka_cluster: KafkaCluster, kafka_name: str) -> AsyncIterator["NamedApart"]:
    broker = NamedApart(KafkaBroker(quick_kafka(kafka_cluster.bootstrap)), kafka_name)
    await broker.start()
    yield broker
    await broker.stop()


@asynccontextmanager
async def frozen(cluster: KafkaCluster) -> AsyncIterator[None]:
    """A broker that is there and does not answer."""
    for node in cluster.brokers:
        os.kill(node.pid, signal.SIGSTOP)
    try:
        async with asyncio.timeout(10):
            while not all(_stands_still(node.pid) for node in cluster.brokers):
                await asyncio.sleep(0.005)
        yield
    finally:
        for node in cluster.brokers:
            os.kill(node.pid, signal.SIGCONT)


def _stands_still(pid: int) -> bool:
    """Every thread of it: on a busy machine some go on answering for a while after the signal."""
    states = [
        (task / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
        for task in Path(f"/proc/{pid}/task").iterdir()
    ]
    return set(states) == {"T"}


class NamedApart:
    """A broker whose topics and groups have a prefix that its user does not see."""

    def __init__(self, broker: Broker, prefix: str) -> None:
        self._broker = broker
        self.prefix = prefix

    async def start(self) -> None:
        await self._broker.start()

    async def stop(self) -> None:
        await self._broker.stop()

    async def ensure_topics(self, topics: Mapping[str, int]) -> None:
        await self._broker.ensure_topics({self.prefix + topic: count for topic, count in topics.items()})

    async def publish(self, records: Sequence[Outgoing]) -> list[Exception | None]:
        return await self._broker.publish([replace(r, topic=self.prefix + r.topic) for r in records])

    def consumer(self, group: str, topics: Sequence[str], *, member: str) -> "ConsumerNamedApart":
        named = [self.prefix + topic for topic in topics]
        return ConsumerNamedApart(
            self._broker.consumer(self.prefix + group, named, member=member), self.prefix
        )


class ConsumerNamedApart:
    def __init__(self, consumer: BrokerConsumer, prefix: str) -> None:
        self.inner: Any = consumer
        self._prefix = prefix

    async def start(self) -> None:
        await self.inner.start()

    async def stop(self) -> None:
        await self.inner.stop()

    async def poll(self, max_records: int, timeout: float) -> list[Record]:
        return [
            replace(r, topic=r.topic.removeprefix(self._prefix))
            for r in await self.inner.poll(max_records, timeout)
        ]

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        await self.inner.commit({self._named(place): offset for place, offset in offsets.items()})

    def pause(self, *partitions: TopicPartition) -> None:
        self.inner.pause(*map(self._named, partitions))

    def resume(self, *partitions: TopicPartition) -> None:
        self.inner.resume(*map(self._named, partitions))

    def seek(self, partition: TopicPartition, offset: int) -> None:
        self.inner.seek(self._named(partition), offset)

    def assignment(self) -> set[TopicPartition]:
        return {self._plain(place) for place in self.inner.assignment()}

    async def lag(self) -> dict[TopicPartition, int]:
        return {self._plain(place): records for place, records in (await self.inner.lag()).items()}

    def _named(self, place: TopicPartition) -> TopicPartition:
        return place._replace(topic=self._prefix + place.topic)

    def _plain(self, place: TopicPartition) -> TopicPartition:
        return place._replace(topic=place.topic.removeprefix(self._prefix))
