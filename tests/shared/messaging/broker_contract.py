"""What every broker must do. A test module inherits the class and gives it a `broker` fixture."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from shared.messaging.broker import (
    MAX_RECORD_BYTES,
    Broker,
    BrokerConsumer,
    BrokerUnavailable,
    Outgoing,
    Record,
    TopicPartition,
)

TOPIC = "test.item"
OTHER = "test.other"
PARTITIONS = 4


def record(key: str, value: str, topic: str = TOPIC) -> Outgoing:
    return Outgoing(topic, key.encode(), value.encode(), [("n", value.encode())])


async def read(
    consumer: BrokerConsumer, enough: Callable[[list[Record]], bool], seconds: float = 10.0
) -> list[Record]:
    """Poll until it is enough."""
    found: list[Record] = []
    async with asyncio.timeout(seconds):
        while not enough(found):
            found += await consumer.poll(100, 0.1)
    return found


async def read_count(consumer: BrokerConsumer, count: int) -> list[Record]:
    return await read(consumer, lambda found: len(found) >= count)


async def assigned(consumer: BrokerConsumer, count: int, seconds: float = 20.0) -> None:
    """Poll, as a member must to take part, until it holds so many partitions. There is nothing to read."""
    async with asyncio.timeout(seconds):
        while len(consumer.assignment()) != count:
            assert await consumer.poll(100, 0.02) == []


async def commit_all(consumer: BrokerConsumer, records: Sequence[Record]) -> None:
    await consumer.commit({r.source: r.offset + 1 for r in records})


class BrokerContract:
    """`broker` is started and has the topics above; `kill` ends a member without its goodbye; `outage` makes the
    broker unreachable for the length of a `with` block."""

    @pytest.fixture
    async def broker(self) -> Broker:
        raise NotImplementedError

    async def kill(self, consumer: Any) -> None:
        raise NotImplementedError

    def outage(self) -> AbstractAsyncContextManager[None]:
        raise NotImplementedError

    @pytest.fixture
    async def join(self, broker: Broker) -> AsyncIterator[Callable[..., Awaitable[BrokerConsumer]]]:
        """Start members; they are stopped after the test."""
        members: list[BrokerConsumer] = []

        async def start(
            group: str = "group", topics: Sequence[str] = (TOPIC,), member: str = "0"
        ) -> BrokerConsumer:
            consumer = broker.consumer(group, topics, member=member)
            await consumer.start()
            members.append(consumer)
            return consumer

        yield start
        for member in members:
            await member.stop()

    async def test_gives_back_what_was_published(self, broker: Broker, join: Any) -> None:
        headers = [("ce_id", b"1"), ("raw", bytes(range(256))), ("ce_id", b"again")]
        results = await broker.publish([Outgoing(TOPIC, b"k\xff\x00", b'{"a": "\xd3\xa9"}', headers)])
        (found,) = await read_count(await join(), 1)
        assert results == [None]
        assert (found.topic, found.key, found.value) == (TOPIC, b"k\xff\x00", b'{"a": "\xd3\xa9"}')
        assert [(name, bytes(value)) for name, value in found.headers] == headers
        assert found.offset == 0
        assert found.timestamp.tzinfo is not None

    async def test_a_key_has_one_partition_and_keeps_its_order(self, broker: Broker, join: Any) -> None:
        for start in range(0, 300, 50):
            await broker.publish([record(f"k{n % 20}", str(n)) for n in range(start, start + 50)])
        found = await read_count(await join(), 300)
        for key in {r.key for r in found}:
            own = [r for r in found if r.key == key]
            assert len({r.partition for r in own}) == 1
            assert [int(r.value or b"") for r in own] == sorted(int(r.value or b"") for r in own)
        assert len({r.partition for r in found}) == PARTITIONS

    async def test_offsets_are_dense(self, broker: Broker, join: Any) -> None:
        await broker.publish([record(f"k{n}", str(n)) for n in range(200)])
        found = await read_count(await join(), 200)
        for partition in {r.partition for r in found}:
            offsets = [r.offset for r in found if r.partition == partition]
            assert offsets == list(range(len(offsets)))

    async def test_concurrent_publishers_lose_and_reorder_nothing(self, broker: Broker, join: Any) -> None:
        async def publisher(name: int) -> None:
            for n in range(20):
                results = await broker.publish([record(f"p{name}-{k}", f"{n}") for k in range(5)])
                assert results == [None] * 5

        consumer = await join()
        await asyncio.gather(*(publisher(name) for name in range(6)))
        found = await read_count(consumer, 600)
        assert len(found) == 600
        for key in {r.key for r in found}:
            assert [int(r.value or b"") for r in found if r.key == key] == list(range(20))

    async def test_poll_respects_the_limit_and_comes_back_empty(self, broker: Broker, join: Any) -> None:
        await broker.publish([record("k", str(n)) for n in range(30)])
        consumer = await join()
        found = await read(consumer, bool)
        while len(found) < 30:
            page = await consumer.poll(7, 1.0)
            assert len(page) <= 7
            found += page
        assert await consumer.poll(7, 0.05) == []

    async def test_a_waiting_poll_gets_what_is_published(self, broker: Broker, join: Any) -> None:
        consumer = await join()
        await assigned(consumer, PARTITIONS)
        waiting = asyncio.create_task(consumer.poll(10, 10.0))
        await broker.publish([record("k", "late")])
        async with asyncio.timeout(5):
            assert [r.value for r in await waiting] == [b"late"]

    async def test_uncommitted_records_come_again(self, broker: Broker, join: Any) -> None:
        await broker.publish([record("k", str(n)) for n in range(10)])
        first = await join()
        found = await read_count(first, 10)
        await first.commit({found[3].source: found[3].offset + 1})
        await first.stop()
        again = await read_count(await join(), 6)
        assert [r.value for r in again] == [b"4", b"5", b"6", b"7", b"8", b"9"]

    async def test_groups_do_not_share_offsets(self, broker: Broker, join: Any) -> None:
        await broker.publish([record("k", "1")])
        one = await join("one")
        await commit_all(one, await read_count(one, 1))
        assert len(await read_count(await join("two"), 1)) == 1

    async def test_reads_several_topics(self, broker: Broker, join: Any) -> None:
        await broker.publish([record("k", "1"), record("k", "2", OTHER)])
        found = await read_count(await join(topics=(TOPIC, OTHER)), 2)
        assert {r.topic for r in found} == {TOPIC, OTHER}

    async def test_a_paused_partition_waits_and_the_others_go_on(self, broker: Broker, join: Any) -> None:
        consumer = await join()
        await assigned(consumer, PARTITIONS)
        await broker.publish([record(f"k{n}", str(n)) for n in range(40)])
        first = await read_count(consumer, 40)
        paused = first[0].source
        consumer.pause(paused)
        await broker.publish([record(f"k{n}", str(n)) for n in range(40)])
        expected = sum(1 for r in first if r.source != paused)
        others = await read_count(consumer, expected)
        assert {r.source for r in others} == {r.source for r in first} - {paused}
        assert await consumer.poll(100, 0.1) == []
        consumer.resume(paused)
        assert {r.source for r in await read_count(consumer, 40 - expected)} == {paused}

    async def test_seek_goes_back(self, broker: Broker, join: Any) -> None:
        await broker.publish([record("k", str(n)) for n in range(5)])
        consumer = await join()
        found = await read_count(consumer, 5)
        consumer.seek(found[0].source, 2)
        assert [r.offset for r in await read_count(consumer, 3)] == [2, 3, 4]

    async def test_lag_counts_from_the_committed_offset(self, broker: Broker, join: Any) -> None:
        consumer = await join()
        await assigned(consumer, PARTITIONS)
        await broker.publish([record("k", str(n)) for n in range(5)])
        found = await read_count(consumer, 5)
        assert sum((await consumer.lag()).values()) == 5
        await consumer.commit({found[0].source: 2})
        assert (await consumer.lag())[found[0].source] == 3
        await commit_all(consumer, found)
        assert set((await consumer.lag()).values()) == {0}
        assert len(await consumer.lag()) == PARTITIONS

    async def test_two_members_share_and_read_everything_once(self, broker: Broker, join: Any) -> None:
        one, two = await join(member="1"), await join(member="2")
        async with asyncio.timeout(20):
            while not len(one.assignment()) == len(two.assignment()) == PARTITIONS // 2:
                await asyncio.gather(one.poll(1, 0.02), two.poll(1, 0.02))
        assert not one.assignment() & two.assignment()
        await broker.publish([record(f"k{n}", str(n)) for n in range(100)])
        found: list[Record] = []
        async with asyncio.timeout(10):
            while len(found) < 100:
                for part in await asyncio.gather(one.poll(100, 0.1), two.poll(100, 0.1)):
                    found += part
        assert len({(r.source, r.offset) for r in found}) == len(found) == 100

    async def test_a_member_takes_over_from_one_that_died(self, broker: Broker, join: Any) -> None:
        one, two = await join(member="1"), await join(member="2")
        async with asyncio.timeout(20):
            while len(one.assignment()) + len(two.assignment()) != PARTITIONS or not one.assignment():
                await asyncio.gather(one.poll(1, 0.02), two.poll(1, 0.02))
        await self.kill(one)
        await assigned(two, PARTITIONS)
        await broker.publish([record(f"k{n}", str(n)) for n in range(40)])
        assert len(await read_count(two, 40)) == 40

    async def test_a_member_that_leaves_frees_its_partitions(self, broker: Broker, join: Any) -> None:
        one = await join(member="1")
        await assigned(one, PARTITIONS)
        await one.stop()
        await one.stop()
        two = await join(member="2")
        await assigned(two, PARTITIONS)

    async def test_an_unknown_topic_is_refused_and_the_rest_published(
        self, broker: Broker, join: Any
    ) -> None:
        results = await broker.publish([record("k", "1"), record("k", "2", "test.unknown"), record("k", "3")])
        assert results[0] is None
        assert isinstance(results[1], Exception)
        assert results[2] is None
        assert [r.value for r in await read_count(await join(), 2)] == [b"1", b"3"]

    async def test_nothing_of_a_key_passes_a_refused_record(self, broker: Broker, join: Any) -> None:
        large = Outgoing(TOPIC, b"large", b"x" * (MAX_RECORD_BYTES + 200_000))
        results = await broker.publish(
            [record("large", "1"), large, record("large", "2"), record("other", "3")]
        )
        assert [result is None for result in results] == [True, False, False, True]
        found = await read_count(await join(), 2)
        assert sorted(r.value or b"" for r in found) == [b"1", b"3"]

    async def test_takes_the_largest_record(self, broker: Broker, join: Any) -> None:
        value = b"x" * MAX_RECORD_BYTES
        assert await broker.publish([Outgoing(TOPIC, b"k", value)]) == [None]
        (found,) = await read_count(await join(), 1)
        assert found.value == value

    async def test_ensure_topics_never_changes_a_topic(self, broker: Broker, join: Any) -> None:
        await broker.ensure_topics({TOPIC: PARTITIONS + 3, "test.new": 1})
        consumer = await join(topics=(TOPIC, "test.new"))
        await assigned(consumer, PARTITIONS + 1)
        assert TopicPartition("test.new", 0) in consumer.assignment()

    async def test_an_unreachable_broker_says_so_and_comes_back(self, broker: Broker, join: Any) -> None:
        consumer = await join()
        await broker.publish([record("k", "1")])
        found = await read_count(consumer, 1)
        async with self.outage():
            with pytest.raises(BrokerUnavailable):
                await broker.publish([record("k", "lost?")])
            with pytest.raises(BrokerUnavailable):
                await poll_and_commit(consumer, found)
        await until_available(lambda: broker.publish([record("k", "2")]))
        values: set[bytes | None] = set()
        async with asyncio.timeout(30):
            while b"2" not in values:
                try:
                    values |= {r.value for r in await consumer.poll(10, 0.1)}
                except BrokerUnavailable:
                    continue


async def poll_and_commit(consumer: BrokerConsumer, records: Sequence[Record], seconds: float = 30.0) -> None:
    """Until one of the two fails."""
    async with asyncio.timeout(seconds):
        while True:
            await consumer.poll(10, 0.1)
            await commit_all(consumer, records)


async def until_available(call: Callable[[], Awaitable[Any]], seconds: float = 30.0) -> None:
    async with asyncio.timeout(seconds):
        while True:
            try:
                await call()
            except BrokerUnavailable:
                await asyncio.sleep(0.05)
            else:
                return
