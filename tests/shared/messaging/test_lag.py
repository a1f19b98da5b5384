"""How far behind a consumer is, on each broker, and that one which reads no more ends its process."""

import asyncio
import time
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from prometheus_client import CollectorRegistry

from shared.clock import FixedClock, SystemClock
from shared.db.database import Database
from shared.ids import uuid7
from shared.messaging.broker import Broker, Record, TopicPartition
from shared.messaging.consumer import ConsumerLoop
from shared.messaging.lag import Lag
from shared.messaging.local import LocalBroker
from shared.messaging.worker import LoopDied, Worker, WorkerSettings
from shared.observability.metrics import MessagingMetrics
from tests.shared.messaging.consuming import QUICK, consuming, effect_consumer, priced, publish, troubled
from tests.shared.messaging.shop import PRICED, PRINCIPAL, TOPICS, Trouble, effects, until

NOW = SystemClock().now()
ZERO, ONE = TopicPartition("shop.item", 0), TopicPartition("shop.item", 1)


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


def lag_of(registry: CollectorRegistry, clock: FixedClock) -> Lag:
    return Lag("effects", clock, MessagingMetrics(registry))


def shown(registry: CollectorRegistry, name: str, partition: int = 0) -> float | None:
    labels = {"consumer": "effects", "topic": "shop.item", "partition": str(partition)}
    return registry.get_sample_value(name, labels)


def record(partition: TopicPartition, seconds_ago: float) -> Record:
    return Record(*partition, 0, b"k", b"{}", [], NOW - timedelta(seconds=seconds_ago))


class TestGauges:
    def test_age_of_the_last_record_while_there_are_others(self, registry: CollectorRegistry) -> None:
        lag = lag_of(registry, FixedClock(NOW))
        lag.handled(record(ZERO, 90))
        lag.handled(record(ONE, 30))
        lag.observe({ZERO: 7, ONE: 0}, ())
        assert (shown(registry, "consumer_lag_records"), shown(registry, "consumer_lag_seconds")) == (7, 90)
        assert (shown(registry, "consumer_lag_records", 1), shown(registry, "consumer_lag_seconds", 1)) == (
            0,
            0,
        )

    def test_before_the_first_record_it_counts_from_the_start(self, registry: CollectorRegistry) -> None:
        clock = FixedClock(NOW)
        lag = lag_of(registry, clock)
        clock.moment += timedelta(seconds=40)
        lag.observe({ZERO: 1}, ())
        assert shown(registry, "consumer_lag_seconds") == 40

    def test_a_partition_of_another_member_is_not_shown(self, registry: CollectorRegistry) -> None:
        lag = lag_of(registry, FixedClock(NOW))
        lag.observe({ZERO: 1, ONE: 2}, ())
        lag.observe({ONE: 2}, ())
        assert shown(registry, "consumer_lag_records") is None
        assert shown(registry, "consumer_lag_seconds") is None
        assert shown(registry, "consumer_lag_records", 1) == 2


class TestIdle:
    def test_only_while_there_is_something_to_read(self, registry: CollectorRegistry) -> None:
        lag = lag_of(registry, FixedClock(NOW))
        assert lag.idle_seconds == 0
        lag.observe({ZERO: 1}, ())
        assert lag.idle_seconds > 0
        lag.observe({ZERO: 0}, ())
        assert lag.idle_seconds == 0

    def test_one_partition_that_stands_still_while_others_flow(self, registry: CollectorRegistry) -> None:
        lag = lag_of(registry, FixedClock(NOW))
        lag.observe({ZERO: 1, ONE: 5}, ())
        time.sleep(0.05)
        lag.handled(record(ONE, 0))
        lag.observe({ZERO: 1, ONE: 4}, ())
        assert lag.idle_seconds >= 0.05
        lag.handled(record(ZERO, 0))
        assert lag.idle_seconds < 0.05

    def test_a_partition_that_waits_for_its_next_attempt_does_not_count(
        self, registry: CollectorRegistry
    ) -> None:
        lag = lag_of(registry, FixedClock(NOW))
        lag.observe({ZERO: 1}, {ZERO})
        assert lag.idle_seconds == 0

    def test_an_outage_does_not_count(self, registry: CollectorRegistry) -> None:
        lag = lag_of(registry, FixedClock(NOW))
        lag.observe({ZERO: 1}, ())
        lag.forgive()
        assert lag.idle_seconds == 0


async def test_a_consumer_that_is_behind_says_so_until_it_has_caught_up(
    database: Database, either: Broker, registry: CollectorRegistry
) -> None:
    trouble = Trouble(ValueError("cannot"))
    patient = replace(QUICK, attempts=100_000)
    metrics = MessagingMetrics(registry)
    async with consuming(troubled(trouble), database, either, patient, metrics=metrics) as loop:
        await publish(either, *(priced(uuid7(), 1) for _ in range(40)))

        async def behind() -> bool:
            await loop.report()
            return _total(registry, "consumer_lag_records") == 40

        await until(behind, 30)
        assert _total(registry, "consumer_lag_seconds") > 0
        trouble.error = None
        await until(loop.caught_up, 30)
        await loop.report()
    assert _total(registry, "consumer_lag_records") == _total(registry, "consumer_lag_seconds") == 0
    assert len(await effects(database)) == 40


def _total(registry: CollectorRegistry, name: str) -> float:
    return sum(
        sample.value for family in registry.collect() if family.name == name for sample in family.samples
    )


async def test_a_partition_that_is_read_no_more_is_seen_while_others_flow(
    database: Database, either: Broker, registry: CollectorRegistry
) -> None:
    """What is behind is what the broker has, not what was heard of it with the last fetch."""
    impatient = replace(QUICK, stalled_seconds=2.0)
    metrics = MessagingMetrics(registry)
    async with consuming(effect_consumer(), database, either, impatient, metrics=metrics) as loop:
        still = uuid7()
        await publish(either, priced(still, 1))
        await until(loop.caught_up, 30)
        place = await _place_of(loop, either, still)
        loop._broker.pause(place)
        await publish(either, priced(still, 3))

        async def stalled() -> bool:
            await publish(either, *(priced(uuid7(), 1) for _ in range(8)))
            await loop.report()
            return loop.stalled

        await until(stalled, 30)
        assert len(await effects(database)) > 10, "the others flow"
        loop._broker.resume(place)
        await until(loop.caught_up, 30)
        await loop.report()
        assert not loop.stalled


async def _place_of(loop: ConsumerLoop, broker: Broker, item: UUID) -> TopicPartition:
    """Where events of the item go: with all partitions paused, the one that is behind after its next event."""
    held = loop._broker.assignment()
    loop._broker.pause(*held)
    await publish(broker, priced(item, 2))

    async def behind() -> bool:
        return any((await loop._broker.lag()).values())

    await until(behind, 10)
    (place,) = [p for p, records in (await loop._broker.lag()).items() if records]
    loop._broker.resume(*held)
    await until(loop.caught_up, 30)
    return place


class Deaf:
    """A real member whose polls find nothing any more."""

    def __init__(self, consumer: Any) -> None:
        self._consumer = consumer

    def __getattr__(self, name: str) -> Any:
        return getattr(self._consumer, name)

    async def poll(self, max_records: int, timeout: float) -> list[Record]:
        await self._consumer.poll(1, 0.01)  # takes part in its group
        await asyncio.sleep(0.02)
        return []


async def test_a_consumer_that_reads_nothing_although_it_is_behind_ends_the_process(
    database: Database, broker: LocalBroker
) -> None:
    impatient = WorkerSettings(consumer=replace(QUICK, stalled_seconds=0.5), report_seconds=0.05)
    worker = Worker(
        "shop",
        database=database,
        broker=broker,
        consumers=[effect_consumer()],
        topics=TOPICS,
        principal=PRINCIPAL,
        settings=impatient,
    )
    (loop,) = worker.consumers
    loop._broker = Deaf(loop._broker)
    running = asyncio.create_task(worker.run())
    await asyncio.sleep(1.0)
    assert not running.done(), "nothing to read is nothing to complain of"
    await publish(broker, priced(uuid7(), 1))
    with pytest.raises(ExceptionGroup) as raised:
        await asyncio.wait_for(running, 20)
    assert raised.value.subgroup(LoopDied)
    assert PRICED.topic in loop.consumer.topics
