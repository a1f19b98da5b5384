import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from shared.db.database import Database
from shared.db.unit_of_work import UnitOfWork
from shared.ids import uuid7
from shared.messaging.broker import BrokerConsumer, BrokerUnavailable, TopicPartition
from shared.messaging.consumer import ConsumerSettings
from shared.messaging.local import LocalBroker
from shared.messaging.subscription import Consumer, Received, handles
from shared.observability.metrics import MessagingMetrics
from tests.shared.messaging.consuming import (
    consuming,
    effect_consumer,
    envelope,
    letters,
    loop_of,
    outcomes,
    outgoing,
    priced,
    publish,
    until_effects,
)
from tests.shared.messaging.shop import (
    CHECKED,
    PRICED,
    WITHDRAWN,
    ItemPriced,
    ItemWithdrawn,
    effects,
    in_order,
    record_effect,
    unit,
    until,
)


async def test_applies_every_event_in_the_order_of_its_key(database: Database, broker: LocalBroker) -> None:
    items = [uuid7() for _ in range(10)]
    async with consuming(effect_consumer(), database, broker) as loop:
        for version in range(1, 31):
            await publish(broker, *(priced(item, version) for item in items))
        found = await until_effects(database, 300)
        await until(loop.caught_up)
    assert len(found) == 300
    assert in_order(found)


async def test_a_handler_gets_envelope_and_payload(database: Database, broker: LocalBroker) -> None:
    seen: list[Received[ItemPriced]] = []

    async def handler(uow: UnitOfWork, events: Sequence[Received[ItemPriced]]) -> None:
        seen.extend(events)

    sent = envelope(ItemPriced(id=uuid7(), aggregate_version=3, price=5), position=17, epoch=uuid7())
    await publish(broker, outgoing(sent))
    async with consuming(Consumer("c", (handles(PRICED, handler),)), database, broker):
        await until(_has(seen, 1))
    assert seen[0].payload.price == 5
    assert seen[0].envelope == sent


def _has(seen: Sequence[object], count: int) -> Any:
    async def enough() -> bool:
        return len(seen) >= count

    return enough


async def test_a_batch_is_one_transaction_and_bounded(database: Database, broker: LocalBroker) -> None:
    sizes: list[int] = []

    async def handler(uow: UnitOfWork, events: Sequence[Received[ItemPriced]]) -> None:
        sizes.append(len(events))

    await publish(broker, *(priced(uuid7(), 1) for _ in range(95)))
    small = ConsumerSettings(batch=40, poll_seconds=0.2)
    async with consuming(Consumer("c", (handles(PRICED, handler),)), database, broker, small) as loop:
        await until(loop.caught_up)
    assert sum(sizes) == 95
    assert max(sizes) == 40


async def test_without_batch_each_event_has_its_own_transaction(
    database: Database, broker: LocalBroker
) -> None:
    sizes: list[int] = []

    async def handler(uow: UnitOfWork, events: Sequence[Received[ItemPriced]]) -> None:
        sizes.append(len(events))

    await publish(broker, *(priced(uuid7(), 1) for _ in range(20)))
    one_by_one = Consumer("c", (handles(PRICED, handler),), batch=False)
    async with consuming(one_by_one, database, broker) as loop:
        await until(loop.caught_up)
    assert sizes == [1] * 20


async def test_handlers_of_different_types_keep_the_order_of_a_key(
    database: Database, broker: LocalBroker
) -> None:
    item = uuid7()
    seen: list[tuple[str, list[int]]] = []

    async def on_priced(uow: UnitOfWork, events: Sequence[Received[ItemPriced]]) -> None:
        seen.append(("priced", [event.payload.aggregate_version for event in events]))

    async def on_withdrawn(uow: UnitOfWork, events: Sequence[Received[ItemWithdrawn]]) -> None:
        seen.append(("withdrawn", [event.payload.aggregate_version for event in events]))

    gone = outgoing(envelope(ItemWithdrawn(id=item, aggregate_version=3), WITHDRAWN))
    await publish(broker, priced(item, 1), priced(item, 2), gone, priced(item, 4))
    both = Consumer("c", (handles(PRICED, on_priced), handles(WITHDRAWN, on_withdrawn)))
    async with consuming(both, database, broker) as loop:
        await until(loop.caught_up)
    assert seen == [("priced", [1, 2]), ("withdrawn", [3]), ("priced", [4])]


async def test_other_types_of_the_topic_are_skipped_and_counted(
    database: Database, broker: LocalBroker
) -> None:
    metrics = MessagingMetrics.unregistered()
    item = uuid7()
    gone = outgoing(envelope(ItemWithdrawn(id=item, aggregate_version=2), WITHDRAWN))
    await publish(broker, priced(item, 1), gone, priced(item, 3))
    async with consuming(effect_consumer(), database, broker, metrics=metrics) as loop:
        await until(loop.caught_up)
    assert [version for _, version in await effects(database)] == [1, 3]
    assert outcomes(metrics) == {"ok": 2, "skipped": 1}
    assert await letters(database) == []


async def test_what_a_handler_emits_belongs_to_the_effect_and_its_trace(
    database: Database, broker: LocalBroker
) -> None:
    async def handler(uow: UnitOfWork, events: Sequence[Received[ItemPriced]]) -> None:
        for event in events:
            uow.trace = event.trace
            uow.emit(CHECKED, ItemWithdrawn(id=event.payload.id, aggregate_version=1))
        uow.audit("item.checked", "item", events[0].payload.id)

    items = [uuid7() for _ in range(4)]
    traces = [f"00-{n:032x}-{n:016x}-01" for n in range(1, 5)]
    await publish(
        broker,
        *(priced(item, 1, traceparent=trace) for item, trace in zip(items, traces, strict=True)),
    )
    async with consuming(Consumer("c", (handles(PRICED, handler),)), database, broker) as loop:
        await until(loop.caught_up)
    rows = await database.pool.fetch("SELECT key, traceparent FROM event")
    found = {row["key"]: row["traceparent"] for row in rows}
    for item, trace in zip(items, traces, strict=True):
        assert found[str(item)].split("-")[1] == trace.split("-")[1]
        assert found[str(item)].split("-")[2] != trace.split("-")[2]
    assert await database.pool.fetchval("SELECT DISTINCT actor_kind FROM audit") == "service"


class TestOnce:
    async def test_each_event_four_times_at_once_has_one_effect(
        self, database: Database, broker: LocalBroker
    ) -> None:
        """Four readers that know nothing of each other's offsets, one inbox, records in four different orders."""
        records = [priced(uuid7(), 1) for _ in range(150)]
        topics = [f"copy.n{n}" for n in range(4)]
        await broker.ensure_topics(dict.fromkeys(topics, 3))
        for n, topic in enumerate(topics):
            turned = records[n * 30 :] + records[: n * 30]
            await publish(broker, *(type(r)(topic, r.key, r.value, r.headers) for r in turned))
        metrics = MessagingMetrics.unregistered()
        async with asyncio.TaskGroup() as tasks:
            loops = [_reader_of(topic, database, broker, metrics) for topic in topics]
            running = [tasks.create_task(loop.run()) for loop in loops]
            for loop in loops:
                await until(loop.caught_up)
            for loop in loops:
                await loop.stop()
            await asyncio.wait(running)
        assert len(await effects(database)) == 150
        assert outcomes(metrics) == {"ok": 150, "duplicate": 450}

    async def test_twice_in_one_batch_has_one_effect(self, database: Database, broker: LocalBroker) -> None:
        record = priced(uuid7(), 1)
        await publish(broker, record, record, record)
        async with consuming(effect_consumer(), database, broker) as loop:
            await until(loop.caught_up)
        assert len(await effects(database)) == 1

    async def test_dying_between_effect_and_offset_means_redelivery_and_one_effect(
        self, database: Database, broker: LocalBroker
    ) -> None:
        await publish(broker, *(priced(uuid7(), 1) for _ in range(50)))
        dying = loop_of(effect_consumer(), database, broker)
        dying._broker = DyingOnCommit(dying._broker)
        with pytest.raises(RuntimeError, match="killed"):
            await asyncio.wait_for(dying.run(), 10)
        assert len(await effects(database)) > 0
        metrics = MessagingMetrics.unregistered()
        async with consuming(effect_consumer(), database, broker, metrics=metrics) as loop:
            await until(loop.caught_up)
        assert len(await effects(database)) == 50
        assert outcomes(metrics)["duplicate"] > 0

    async def test_consumers_of_different_names_each_have_their_effect(
        self, database: Database, broker: LocalBroker
    ) -> None:
        await publish(broker, priced(uuid7(), 1))
        for name in ("one", "two"):
            async with consuming(effect_consumer(name), database, broker) as loop:
                await until(loop.caught_up)
        assert len(await effects(database)) == 2


def _reader_of(topic: str, database: Database, broker: LocalBroker, metrics: MessagingMetrics) -> Any:
    loop = loop_of(
        effect_consumer(), database, broker, ConsumerSettings(batch=37, poll_seconds=0.2), metrics=metrics
    )
    loop._broker = broker.consumer(f"reader {topic}", [topic], member="0")
    return loop


class Wrapped:
    """A real member with one thing wrong."""

    def __init__(self, consumer: BrokerConsumer) -> None:
        self._consumer = consumer

    def __getattr__(self, name: str) -> Any:
        return getattr(self._consumer, name)


class DyingOnCommit(Wrapped):
    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        raise RuntimeError("killed")


class FailingOnCommit(Wrapped):
    failures = 2

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        if self.failures:
            self.failures -= 1
            raise BrokerUnavailable("later")
        await self._consumer.commit(offsets)


async def test_a_commit_that_fails_is_made_good(database: Database, broker: LocalBroker) -> None:
    await publish(broker, *(priced(uuid7(), 1) for _ in range(10)))
    loop = loop_of(effect_consumer(), database, broker)
    loop._broker = FailingOnCommit(loop._broker)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(loop.run())
        await until(loop.caught_up)
        await loop.stop()
    assert len(await effects(database)) == 10


class TestStop:
    async def test_finishes_the_batch_in_hand_and_commits_it(
        self, database: Database, broker: LocalBroker
    ) -> None:
        entered, leave = asyncio.Event(), asyncio.Event()

        async def handler(uow: UnitOfWork, events: Sequence[Received[ItemPriced]]) -> None:
            entered.set()
            await leave.wait()
            await record_effect(uow, events)

        await publish(broker, *(priced(uuid7(), 1) for _ in range(5)))
        loop = loop_of(Consumer("c", (handles(PRICED, handler),)), database, broker)
        running = asyncio.create_task(loop.run())
        await entered.wait()
        stopping = asyncio.create_task(loop.stop())
        await asyncio.sleep(0.05)
        assert not running.done()
        leave.set()
        await asyncio.wait_for(asyncio.gather(running, stopping), 3)
        assert len(await effects(database)) == 5
        offsets = await _committed(broker)
        assert offsets == 5

    async def test_is_bounded_when_a_handler_hangs(self, database: Database, broker: LocalBroker) -> None:
        entered = asyncio.Event()

        async def handler(uow: UnitOfWork, events: Sequence[Received[ItemPriced]]) -> None:
            await record_effect(uow, events)
            entered.set()
            await asyncio.Event().wait()

        await publish(broker, priced(uuid7(), 1))
        settings = ConsumerSettings(stop_seconds=0.1)
        loop = loop_of(Consumer("c", (handles(PRICED, handler),)), database, broker, settings)
        running = asyncio.create_task(loop.run())
        await entered.wait()
        async with asyncio.timeout(3):
            await loop.stop()
            with pytest.raises(asyncio.CancelledError):
                await running
        assert await effects(database) == []
        assert await letters(database) == []
        assert await _committed(broker) == 0

    async def test_does_not_wait_for_an_idle_poll(self, database: Database, broker: LocalBroker) -> None:
        settings = ConsumerSettings(poll_seconds=30.0)
        async with consuming(effect_consumer(), database, broker, settings) as loop:
            await publish(broker, priced(uuid7(), 1))
            await until(loop.caught_up)
            async with asyncio.timeout(2):
                await loop.stop()


async def _committed(broker: LocalBroker) -> int:
    return int(await broker._running().fetchval("SELECT coalesce(sum(next_offset), 0) FROM group_offset"))


class TestCaughtUp:
    async def test_only_after_everything_was_applied(self, database: Database, broker: LocalBroker) -> None:
        leave = asyncio.Event()

        async def handler(uow: UnitOfWork, events: Sequence[Received[ItemPriced]]) -> None:
            await leave.wait()

        await publish(broker, priced(uuid7(), 1))
        loop = loop_of(Consumer("c", (handles(PRICED, handler),)), database, broker)
        assert not await loop.caught_up()
        running = asyncio.create_task(loop.run())
        await asyncio.sleep(0.1)
        assert not await loop.caught_up()
        leave.set()
        await until(loop.caught_up)
        await loop.stop()
        await running

    async def test_reports_the_lag(self, database: Database, broker: LocalBroker) -> None:
        metrics = MessagingMetrics.unregistered()
        await publish(broker, priced(uuid7(), 1))
        async with consuming(effect_consumer(), database, broker, metrics=metrics) as loop:
            await until(loop.caught_up)
            await loop.report()
        samples = [s for family in metrics.consumer_lag.collect() for s in family.samples]
        assert len(samples) == 4
        assert {sample.value for sample in samples} == {0}
        assert samples[0].labels["consumer"] == "effects"


async def test_a_hanging_handler_is_noticed(database: Database, broker: LocalBroker) -> None:
    async def handler(uow: UnitOfWork, events: Sequence[Received[ItemPriced]]) -> None:
        await asyncio.Event().wait()

    await publish(broker, priced(uuid7(), 1))
    settings = ConsumerSettings(stop_seconds=0.01, stalled_seconds=1.0, poll_seconds=0.05)
    loop = loop_of(Consumer("c", (handles(PRICED, handler),)), database, broker, settings)
    running = asyncio.create_task(loop.run())

    async def stalled() -> bool:
        return loop.stalled

    await until(stalled)
    await loop.stop()
    await asyncio.wait({running}, timeout=3)
    idle = loop_of(effect_consumer("idle"), database, broker, settings)
    idling = asyncio.create_task(idle.run())
    for _ in range(12):
        await asyncio.sleep(0.1)
        assert not idle.stalled
    await idle.stop()
    await idling


def test_a_type_has_one_handler() -> None:
    with pytest.raises(ValueError, match="twice"):
        Consumer("c", (handles(PRICED, record_effect), handles(PRICED, record_effect)))


async def test_a_cancelled_unit_of_work_gives_its_connection_back(database: Database) -> None:
    """A consumer that is stopped late, or a request that is given up, is cancelled at any await."""
    for n in range(60):
        work = asyncio.create_task(_one_statement(database))
        await asyncio.sleep(n / 40_000)
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)

    async def all_idle() -> bool:
        return database.pool.get_idle_size() == database.pool.get_size()

    await until(all_idle)


async def _one_statement(database: Database) -> None:
    async with unit(database) as uow:
        await uow.sql.fetchval("SELECT 1")
