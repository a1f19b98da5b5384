"""Members that come and go while events are being applied, on each broker."""

import asyncio
from collections.abc import Sequence

from shared.db.database import Database
from shared.db.unit_of_work import UnitOfWork
from shared.ids import uuid7
from shared.messaging.broker import Broker
from shared.messaging.consumer import ConsumerLoop
from shared.messaging.subscription import Consumer, Received, handles
from shared.observability.metrics import MessagingMetrics
from tests.shared.messaging.consuming import loop_of, priced, publish, until_effects
from tests.shared.messaging.shop import PRICED, ItemPriced, effects, in_order, record_effect, until

ITEMS, VERSIONS = 20, 25


async def slowly(uow: UnitOfWork, events: Sequence[Received[ItemPriced]]) -> None:
    await record_effect(uow, events)
    await asyncio.sleep(0.01)


def member(database: Database, broker: Broker, name: str, metrics: MessagingMetrics) -> ConsumerLoop:
    """One event a transaction: many are in hand while the partitions move."""
    consumer = Consumer("effects", (handles(PRICED, slowly),), batch=False)
    return loop_of(consumer, database, broker, member=name, metrics=metrics)


def holding(loop: ConsumerLoop) -> int:
    return len(loop._broker.assignment())


async def test_partitions_that_move_while_their_events_are_applied(
    database: Database, either: Broker
) -> None:
    """What the old owner has in hand it drops or finishes beside the new one: each event has its effect once."""
    items = [uuid7() for _ in range(ITEMS)]
    for version in range(1, VERSIONS + 1):
        await publish(either, *(priced(item, version) for item in items))
    metrics = MessagingMetrics.unregistered()
    one, two = (member(database, either, name, metrics) for name in "12")
    async with asyncio.TaskGroup() as tasks:
        first = tasks.create_task(one.run())
        await until_effects(database, 100, 30)
        second = tasks.create_task(two.run())

        async def shared() -> bool:
            return holding(one) == holding(two) == 2

        await until(shared, 30)
        await one.stop()
        await first
        await until_effects(database, ITEMS * VERSIONS, 60)
        await until(two.caught_up, 30)
        await two.stop()
        await second
    found = await effects(database)
    assert len(found) == ITEMS * VERSIONS
    assert in_order(found)
    counted = metrics.consumer_rebalances.labels("effects")._value.get()
    assert counted >= 3, "one joined, two joined, two took over"
