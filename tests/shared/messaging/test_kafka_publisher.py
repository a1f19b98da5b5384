"""Publishing to Kafka: order, refusals and answers that never come."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from deploy.kafka.cluster import KafkaCluster
from shared.messaging.broker import BrokerUnavailable, Outgoing
from shared.messaging.kafka_publisher import Publisher, _partitions_of, partition_of
from shared.messaging.kafka_settings import KafkaSettings
from shared.messaging.refusals import KeyHeldBack
from tests.kit.kafka import frozen, quick_kafka

PARTITIONS = 4


@pytest.fixture
def settings(kafka_cluster: KafkaCluster) -> KafkaSettings:
    return quick_kafka(kafka_cluster.bootstrap)


Publishers = Callable[..., Publisher]


@pytest.fixture
async def publishers(settings: KafkaSettings) -> AsyncIterator[Publishers]:
    """Makes publishers with changed settings; all are stopped after the test."""
    made: list[Publisher] = []

    def make(**changes: Any) -> Publisher:
        made.append(Publisher(replace(settings, **changes)))
        return made[-1]

    yield make
    for publisher in made:
        await publisher.stop()


@pytest.fixture
def publisher(publishers: Publishers) -> Publisher:
    return publishers()


async def until_published(publisher: Publisher, sent: Sequence[Outgoing]) -> None:
    """As a relay does: again from the start as long as anything is unknown."""
    async with asyncio.timeout(60):
        while True:
            with suppress(BrokerUnavailable):
                if await publisher.publish(sent) == [None] * len(sent):
                    return


async def make_topic(settings: KafkaSettings, name: str, **configs: str) -> str:
    admin = AIOKafkaAdminClient(**settings.options())
    await admin.start()
    try:
        named = {key.replace("_", "."): value for key, value in configs.items()}
        await admin.create_topics([NewTopic(name, PARTITIONS, 1, topic_configs=named)])
    finally:
        await admin.close()
    return name


async def contents(settings: KafkaSettings, topic: str) -> list[tuple[bytes, bytes]]:
    """(key, value) of every record; of each partition in order."""
    async with AIOKafkaConsumer(**settings.options(), auto_offset_reset="earliest") as consumer:
        places = [TopicPartition(topic, number) for number in range(PARTITIONS)]
        consumer.assign(places)
        count = sum((await consumer.end_offsets(places)).values())
        found: list[Any] = []
        while len(found) < count:
            for records in (await consumer.getmany(timeout_ms=500)).values():
                found += records
    return [(record.key, record.value) for record in found]


def records(topic: str, count: int, *, keys: int = 20, size: int = 10) -> list[Outgoing]:
    return [Outgoing(topic, b"k%d" % (n % keys), b"%0*d" % (size, n), []) for n in range(count)]


def in_order(found: list[tuple[bytes, bytes]]) -> bool:
    """Whether the first appearances of each key's values ascend."""
    seen: dict[bytes, list[int]] = {}
    for key, value in found:
        if int(value) not in seen.setdefault(key, []):
            seen[key].append(int(value))
    return all(values == sorted(values) for values in seen.values())


@pytest.mark.parametrize(
    ("key", "hashed"),
    [
        (b"21", -973932308),
        (b"foobar", -790332482),
        (b"a-little-bit-long-string", -985981536),
        (b"a-little-bit-longer-string", -1486304829),
        (b"abc", 479470107),
    ],
)
def test_a_key_has_the_partition_that_kafkas_own_clients_choose(key: bytes, hashed: int) -> None:
    """Hashes that Kafka's own test of its murmur2 expects (UtilsTest)."""
    assert partition_of(key, 11) == (hashed & 0x7FFF_FFFF) % 11


async def test_a_record_counts_when_all_copies_in_sync_have_it_and_is_stored_once(
    publisher: Publisher, settings: KafkaSettings, kafka_name: str
) -> None:
    """What the client asks of the broker with each batch; test_kafka_durability shows what it is good for."""
    topic = await make_topic(settings, f"{kafka_name}kept")
    assert await publisher.publish(records(topic, 10)) == [None] * 10
    [producer] = publisher._idle
    assert producer._sender._acks == -1
    assert producer._sender._txn_manager is producer._txn_manager is not None
    assert producer._txn_manager.has_pid(), "the broker has given it a number to know its repetitions by"


async def test_a_topic_that_metadata_loses_meanwhile_is_counted_as_it_was_seen() -> None:
    """As a cluster that starts may do; a worker died of it once."""
    known: dict[str, set[int]] = {"here": {0, 1, 2, 3}}

    class Cluster:
        def partitions_for_topic(self, topic: str) -> set[int] | None:
            return known.get(topic)

        def topics(self) -> set[str]:
            return {"here", "new"}

    class Client:
        cluster = Cluster()

        async def fetch_all_metadata(self) -> Cluster:
            known.clear()
            return self.cluster

    class Producer:
        client = Client()

        async def partitions_for(self, topic: str) -> set[int]:
            return {0, 1}

    producer: Any = Producer()
    assert await _partitions_of(producer, {"here", "new", "nowhere"}) == {"here": 4, "new": 2}


class TestRefusals:
    async def test_small_limits_of_a_topic_split_a_batch(
        self, publisher: Publisher, settings: KafkaSettings, kafka_name: str
    ) -> None:
        """A batch is larger than the topic takes, none of its records is."""
        topic = await make_topic(settings, f"{kafka_name}small", max_message_bytes="2000")
        assert await publisher.publish(records(topic, 200, size=100)) == [None] * 200
        found = await contents(settings, topic)
        assert len(found) == 200
        assert in_order(found)

    async def test_only_the_record_that_is_meant_is_refused_and_its_key_waits(
        self, publisher: Publisher, settings: KafkaSettings, kafka_name: str
    ) -> None:
        topic = await make_topic(settings, f"{kafka_name}small", max_message_bytes="2000")
        sent = records(topic, 100)
        sent[10] = Outgoing(topic, b"k10", b"0" * 3000)
        results = await publisher.publish(sent)
        assert type(results[10]).__name__ == "MessageSizeTooLargeError"
        for number in range(30, 100, 20):
            assert isinstance(results[number], KeyHeldBack)
        elsewhere = [
            n for n, r in enumerate(sent) if partition_of(r.key, 4) != partition_of(b"k10", PARTITIONS)
        ]
        assert {results[n] for n in elsewhere} == {None}
        # What stood behind it in its partition is not known to be refused: it is sent again, in its order.
        again = [n for n, result in enumerate(results) if isinstance(result, BrokerUnavailable)]
        assert await publisher.publish([sent[n] for n in again]) == [None] * len(again)
        found = await contents(settings, topic)
        assert in_order(found)
        assert {value for key, value in found if key == b"k10"} == set()
        assert len(found) == 100 - 5

    async def test_a_large_record_does_not_need_a_batch_of_its_size(
        self, publisher: Publisher, settings: KafkaSettings, kafka_name: str
    ) -> None:
        topic = await make_topic(settings, f"{kafka_name}mixed")
        sent = [
            Outgoing(topic, b"k", b"%0*d" % (size, n))
            for n, size in enumerate([10, 900_000, 10, 990_000, 10])
        ]
        assert await publisher.publish(sent) == [None] * 5
        assert [value[-1:] for _, value in await contents(settings, topic)] == [b"0", b"1", b"2", b"3", b"4"]

    async def test_compressed_records_come_out_as_they_went_in(
        self, publishers: Publishers, settings: KafkaSettings, kafka_name: str
    ) -> None:
        topic = await make_topic(settings, f"{kafka_name}gzip")
        publisher = publishers(compression="gzip")
        assert await publisher.publish(records(topic, 500, size=200)) == [None] * 500
        found = await contents(settings, topic)
        assert len(found) == 500
        assert in_order(found)


class TestNoAnswer:
    async def test_a_part_of_the_cluster_that_is_away_holds_up_only_its_partitions(
        self, publishers: Publishers, settings: KafkaSettings, kafka_name: str, monkeypatch: Any
    ) -> None:
        topic = await make_topic(settings, f"{kafka_name}partly")
        publisher = publishers(publish_seconds=2.0)
        start = publisher._start

        async def partly() -> AIOKafkaProducer:
            producer = await start()
            send = producer.send_batch

            async def silent_in_one(batch: Any, topic: str, *, partition: int) -> Any:
                never: asyncio.Future[None] = asyncio.get_running_loop().create_future()
                return never if partition == 2 else await send(batch, topic, partition=partition)

            producer.send_batch = silent_in_one
            return producer

        monkeypatch.setattr(publisher, "_start", partly)
        sent = records(topic, 100)
        results = await publisher.publish(sent)
        silent = {n for n, r in enumerate(sent) if partition_of(r.key, PARTITIONS) == 2}
        assert silent
        assert all(isinstance(results[n], BrokerUnavailable) for n in silent)
        assert {results[n] for n in range(100) if n not in silent} == {None}
        assert publisher._idle == [], "what it has not sent it must never send"

    async def test_nobody_sends_later_what_was_given_up(
        self, publisher: Publisher, kafka_cluster: KafkaCluster, settings: KafkaSettings, kafka_name: str
    ) -> None:
        """A record that timed out and was then sent again, with newer ones after it, is not overtaken by itself."""
        topic = await make_topic(settings, f"{kafka_name}late")
        assert await publisher.publish(records(topic, 20)) == [None] * 20
        async with frozen(kafka_cluster):
            with pytest.raises(BrokerUnavailable):
                await publisher.publish(records(topic, 100))
        await until_published(publisher, records(topic, 200))
        found = await contents(settings, topic)
        assert len(found) >= 220
        assert in_order(found)

    async def test_a_publication_that_is_given_up_leaves_nothing_running(
        self, publisher: Publisher, kafka_cluster: KafkaCluster, settings: KafkaSettings, kafka_name: str
    ) -> None:
        topic = await make_topic(settings, f"{kafka_name}cut")
        await publisher.publish(records(topic, 20))
        before = len(asyncio.all_tasks())
        async with frozen(kafka_cluster):
            sending = asyncio.create_task(publisher.publish(records(topic, 100)))
            await asyncio.sleep(0.2)
            sending.cancel()
            with pytest.raises(asyncio.CancelledError):
                await sending
            await publisher.stop()
        assert len(asyncio.all_tasks()) < before

    async def test_more_publications_than_producers_wait_their_turn(
        self, publishers: Publishers, settings: KafkaSettings, kafka_name: str
    ) -> None:
        topic = await make_topic(settings, f"{kafka_name}many")
        publisher = publishers(producers=2)
        results = await asyncio.gather(*(publisher.publish(records(topic, 10)) for _ in range(12)))
        assert results == [[None] * 10] * 12
        assert len(publisher._idle) == 2
