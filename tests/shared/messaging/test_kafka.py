"""The client of Apache Kafka keeps the contract, and what is its own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from structlog.testing import capture_logs

from deploy.kafka.cluster import KafkaCluster, start_kafka
from shared.messaging.broker import Broker, BrokerUnavailable, TopicPartition
from shared.messaging.kafka import KafkaBroker
from shared.messaging.kafka_consumer import MemberTaken
from shared.messaging.kafka_settings import KafkaSettings
from shared.messaging.kafka_topics import TopicRefused, TopicUnfit, new_topic
from tests.kit.kafka import NamedApart, frozen, quick_kafka
from tests.shared.messaging.broker_contract import (
    OTHER,
    PARTITIONS,
    TOPIC,
    BrokerContract,
    assigned,
    commit_all,
    read,
    read_count,
    record,
)
from tests.shared.messaging.shop import until


class TestKafkaBroker(BrokerContract):
    @pytest.fixture
    async def broker(self, kafka_cluster: KafkaCluster, kafka_broker: NamedApart) -> NamedApart:
        self._cluster = kafka_cluster
        await kafka_broker.ensure_topics({TOPIC: PARTITIONS, OTHER: 2})
        return kafka_broker

    async def kill(self, consumer: Any) -> None:
        await consumer.inner._abandon(consumer.inner._client)

    @asynccontextmanager
    async def outage(self) -> AsyncIterator[None]:
        async with frozen(self._cluster):
            yield

    async def test_a_member_that_comes_back_in_its_session_has_its_partitions_at_once(
        self, broker: Broker, join: Any
    ) -> None:
        """Static membership: a restart is no rebalance, and the other member notices nothing."""
        one, two = await join(member="1"), await join(member="2")
        async with asyncio.timeout(30):
            while not len(one.assignment()) == len(two.assignment()) == PARTITIONS // 2:
                await asyncio.gather(one.poll(1, 0.02), two.poll(1, 0.02))
        before, other = one.assignment(), two.assignment()
        generation = two.inner._client._coordinator.generation
        await self.kill(one)
        again = await join(member="1")
        await assigned(again, PARTITIONS // 2)
        assert again.assignment() == before
        assert two.assignment() == other
        assert two.inner._client._coordinator.generation == generation

    async def test_a_pause_outlives_a_rebalance(self, broker: Broker, join: Any) -> None:
        one = await join(member="1")
        await assigned(one, PARTITIONS)
        one.pause(*one.assignment())
        two = await join(member="2")
        async with asyncio.timeout(30):
            while not len(one.assignment()) == len(two.assignment()) == PARTITIONS // 2:
                await asyncio.gather(one.poll(1, 0.02), two.poll(1, 0.02))
        await broker.publish([record(f"k{n}", str(n)) for n in range(40)])
        mine = one.assignment()
        await read(two, bool)
        assert await one.poll(100, 0.5) == []
        one.resume(*mine)
        assert {r.source for r in await read_count(one, 1)} <= mine

    async def test_what_a_member_no_longer_holds_it_does_not_commit(self, broker: Broker, join: Any) -> None:
        await broker.publish([record(f"k{n}", str(n)) for n in range(40)])
        one = await join(member="1")
        found = await read_count(one, 40)
        two = await join(member="2")
        async with asyncio.timeout(30):
            while not len(one.assignment()) == len(two.assignment()) == PARTITIONS // 2:
                await asyncio.gather(one.poll(1, 0.02), two.poll(1, 0.02))
        await commit_all(one, found)
        assert not any((await one.lag()).values())
        assert all((await two.lag()).values())

    async def test_a_member_the_group_has_forgotten_does_not_commit_and_comes_back(
        self, broker: Broker, join: Any
    ) -> None:
        await broker.publish([record("k", "1")])
        one = await join()
        found = await read_count(one, 1)
        one.inner._client._coordinator.generation += 1  # as after a rebalance that went on without it
        await commit_all(one, found)
        again = await read_count(one, 1)
        assert [(r.source, r.offset) for r in again] == [(r.source, r.offset) for r in found]
        await commit_all(one, again)
        assert not any((await one.lag()).values())

    async def test_a_fetcher_that_died_in_silence_is_replaced(self, broker: Broker, join: Any) -> None:
        consumer = await join()
        await assigned(consumer, PARTITIONS)
        fetcher = consumer.inner._client._fetcher
        fetcher._fetch_task.cancel()
        # What it had asked for already would still be answered, and bring the record.
        await asyncio.gather(*fetcher._pending_tasks)
        await broker.publish([record("k", "1")])
        with pytest.raises(BrokerUnavailable, match="no fetch was answered"):
            await read_count(consumer, 1)
        assert len(await read_count(consumer, 1)) == 1

    async def test_each_partition_has_its_turn(self, broker: Broker, join: Any) -> None:
        """However much was fetched of one, the others do not wait until it is used up."""
        await broker.publish([record(f"k{n}", str(n)) for n in range(2000)])
        consumer = await join()
        await read_count(consumer, 1)
        await asyncio.sleep(1)  # something of each has been fetched
        found = [r.source for _ in range(PARTITIONS) for r in await consumer.poll(20, 1.0)]
        assert set(found) == consumer.assignment()

    async def test_the_mark_of_a_transaction_is_nothing_to_be_read(
        self, broker: NamedApart, kafka_cluster: KafkaCluster, join: Any
    ) -> None:
        """A foreign producer's: it takes an offset, and a member that has read all else is not behind."""
        producer = AIOKafkaProducer(
            bootstrap_servers=kafka_cluster.bootstrap, transactional_id=f"{broker.prefix}outsider"
        )
        await producer.start()
        async with producer.transaction():
            await producer.send(broker.prefix + TOPIC, b"value", key=b"k", partition=0)
        await producer.stop()
        consumer = await join()
        await commit_all(consumer, await read_count(consumer, 1))

        async def caught_up() -> bool:
            await consumer.poll(1, 0.1)
            return not any((await consumer.lag()).values())

        await until(caught_up, 20)

    async def test_of_two_with_one_name_the_later_gives_up(self, broker: Broker, join: Any) -> None:
        """Else each would take the other's place again and again, and both apply next to nothing."""

        async def poll(consumer: Any) -> Any:
            async with asyncio.timeout(60):
                while True:
                    with suppress(BrokerUnavailable):
                        await consumer.poll(1, 0.1)

        first = await join(member="same")
        await assigned(first, PARTITIONS)
        first_polls = asyncio.create_task(poll(first))
        await asyncio.sleep(7)  # longer than a session
        second = await join(member="same")
        with pytest.raises(MemberTaken, match="member same of"):
            await poll(second)
        await second.stop()
        await asyncio.sleep(1)
        assert not first_polls.done()
        first_polls.cancel()
        await assigned(first, PARTITIONS)

    async def test_a_coordinator_that_died_is_replaced(self, broker: Broker, join: Any) -> None:
        consumer = await join()
        await assigned(consumer, PARTITIONS)
        client = consumer.inner._client

        async def die(*_: Any) -> None:
            raise RuntimeError("died")

        client._coordinator.ensure_active_group = die
        client._coordinator.request_rejoin()
        await broker.publish([record("k", "1")])

        async def replaced() -> bool:
            with suppress(BrokerUnavailable):
                await consumer.poll(1, 0.1)
            return consumer.inner._client not in {None, client}

        await until(replaced, 30)
        assert sum((await lag_of(consumer)).values()) == 1

    async def test_a_poll_ends_in_time_while_the_group_is_rebalanced(self, broker: Broker, join: Any) -> None:
        """aiokafka's own poll waits for the assignment, however long that takes."""
        consumer = await join()
        await assigned(consumer, PARTITIONS)
        consumer.inner._client._subscription.begin_reassignment()
        async with asyncio.timeout(3):
            assert await consumer.poll(10, 0.2) == []


async def lag_of(consumer: Any) -> dict[TopicPartition, int]:
    """As soon as it holds partitions."""
    async with asyncio.timeout(30):
        while not consumer.assignment():
            await consumer.poll(1, 0.1)
    return dict(await consumer.lag())


class TestTopics:
    async def test_many_at_once_make_them_once(self, kafka_cluster: KafkaCluster, kafka_name: str) -> None:
        brokers = [
            NamedApart(KafkaBroker(quick_kafka(kafka_cluster.bootstrap)), kafka_name) for _ in range(6)
        ]
        await asyncio.gather(*(broker.ensure_topics({"a": 3, "b": 2}) for broker in brokers))
        partitions = await _partitions(kafka_cluster, kafka_name)
        assert partitions == {f"{kafka_name}a": 3, f"{kafka_name}b": 2}

    async def test_they_are_kept_for_ever(self, kafka_cluster: KafkaCluster, kafka_name: str) -> None:
        broker = KafkaBroker(quick_kafka(kafka_cluster.bootstrap))
        await broker.ensure_topics({f"{kafka_name}a": 1})
        configs = await _configs(kafka_cluster, f"{kafka_name}a")
        assert configs["retention.ms"] == configs["retention.bytes"] == "-1"
        assert configs["cleanup.policy"] == "delete"

    async def test_one_that_cannot_be_made_is_named(
        self, kafka_cluster: KafkaCluster, kafka_name: str
    ) -> None:
        broker = KafkaBroker(quick_kafka(kafka_cluster.bootstrap, replication=3))
        with pytest.raises(TopicRefused, match=f"{kafka_name}a: InvalidReplicationFactor"):
            await broker.ensure_topics({f"{kafka_name}a": 1})

    @pytest.mark.parametrize(
        ("configs", "partitions", "why"),
        [
            ({"cleanup.policy": "compact"}, 2, "cleanup.policy compact"),
            ({"cleanup.policy": "compact,delete"}, 2, "cleanup.policy compact"),
            ({"retention.ms": "604800000"}, 2, "retention.ms 604800000 is less than 30 days"),
            ({"retention.bytes": "1000000"}, 2, "retention.bytes 1000000"),
            ({"max.message.bytes": "100000"}, 2, "max.message.bytes 100000 is less"),
            ({}, 1, "1 partitions, not 2"),
        ],
    )
    async def test_one_of_others_that_would_lose_events_is_refused(
        self,
        kafka_cluster: KafkaCluster,
        kafka_name: str,
        configs: dict[str, str],
        partitions: int,
        why: str,
    ) -> None:
        await _make(
            kafka_cluster,
            f"{kafka_name}a",
            partitions,
            {"retention.ms": "-1", "retention.bytes": "-1"} | configs,
        )
        broker = KafkaBroker(quick_kafka(kafka_cluster.bootstrap))
        for _ in range(2):
            with pytest.raises(TopicUnfit, match=f"{kafka_name}a: .*{why}"):
                await broker.ensure_topics({f"{kafka_name}a": 2})

    async def test_one_of_others_that_is_only_different_is_taken_and_told_of(
        self, kafka_cluster: KafkaCluster, kafka_name: str
    ) -> None:
        name = f"{kafka_name}a"
        await _make(kafka_cluster, name, 3, {"retention.ms": "31536000000", "retention.bytes": "-1"})
        broker = KafkaBroker(quick_kafka(kafka_cluster.bootstrap, replication=2))
        with capture_logs() as logs:
            await broker.ensure_topics({name: 2})
            await broker.ensure_topics({name: 2})
        assert [(entry["topic"], entry["detail"].split(":")[0]) for entry in logs] == [
            (name, "retention.ms is 31536000000"),
            (name, "3 partitions, not 2"),
            (name, "1 copies, not 2"),
        ]

    async def test_two_must_have_a_record_where_the_cluster_makes_three_copies(
        self, kafka_programs: object, tmp_path: Path, kafka_name: str
    ) -> None:
        del kafka_programs
        cluster = start_kafka(tmp_path, brokers=3)
        try:
            broker = KafkaBroker(quick_kafka(cluster.bootstrap, command_seconds=20.0))
            await broker.ensure_topics({"a": 2, "b": 1})
            for topic in ("a", "b"):
                configs = await _configs(cluster, topic)
                assert configs["min.insync.replicas"] == "2"
                assert (configs["retention.ms"], configs["retention.bytes"]) == ("-1", "-1")
        finally:
            cluster.kill()
            cluster.stop()

    def test_with_three_copies_two_must_have_a_record(self) -> None:
        assert new_topic("a", 1, 3).topic_configs["min.insync.replicas"] == "2"
        assert "min.insync.replicas" not in new_topic("a", 1, None).topic_configs
        assert new_topic("a", 1, None).replication_factor == -1

    async def test_a_broker_that_is_not_there(self) -> None:
        broker = KafkaBroker(KafkaSettings("127.0.0.1:1", connect_seconds=1.0, command_seconds=1.0))
        await broker.start()
        with pytest.raises(BrokerUnavailable):
            await broker.ensure_topics({"a": 1})
        await broker.stop()


async def _partitions(cluster: KafkaCluster, prefix: str) -> dict[str, int]:
    admin = AIOKafkaAdminClient(bootstrap_servers=cluster.bootstrap)
    await admin.start()
    try:
        names = [name for name in await admin.list_topics() if name.startswith(prefix)]
        return {found["topic"]: len(found["partitions"]) for found in await admin.describe_topics(names)}
    finally:
        await admin.close()


async def _make(cluster: KafkaCluster, name: str, partitions: int, configs: dict[str, str]) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=cluster.bootstrap)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(name, partitions, 1, topic_configs=configs)])
    finally:
        await admin.close()


async def _configs(cluster: KafkaCluster, topic: str) -> dict[str, str]:
    admin = AIOKafkaAdminClient(bootstrap_servers=cluster.bootstrap)
    await admin.start()
    try:
        (answer,) = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])
        return {entry[0]: entry[1] for _, _, _, _, entries in answer.resources for entry in entries}
    finally:
        await admin.close()
