import asyncio
import random
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from shared.db.database import Database
from shared.db.unit_of_work import Trace, slot_of
from shared.ids import uuid7
from shared.messaging.backoff import Backoff
from shared.messaging.broker import Broker, BrokerConsumer, BrokerUnavailable, Outgoing
from shared.messaging.contract import Audience
from shared.messaging.envelope import decode
from shared.messaging.local import LocalBroker
from shared.messaging.relay import SLOT_LOCKS, Relay, RelaySettings
from shared.messaging.sequencer import Sequencer
from shared.messaging.wakeup import Wakeup
from shared.messaging.worker import Loop
from tests.shared.messaging.reading import all_records, versions
from tests.shared.messaging.shop import PRICED, TOPICS, in_order, price, price_many, until

QUICK = RelaySettings(backoff=Backoff(first=0.02, longest=0.1))


class FlakyBroker:
    """The real broker behind a line that is slow, refuses keys, or is down."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self.down = False
        self.answers_lost = 0
        self.slow = 0.0
        self.late = 0.0
        self.refused: set[bytes] = set()
        self.publications: list[int] = []

    async def publish(self, records: Sequence[Outgoing]) -> list[Exception | None]:
        if self.down:
            raise BrokerUnavailable("down")
        await asyncio.sleep(random.uniform(0, self.slow))
        self.publications.append(len(records))
        accepted = [record for record in records if record.key not in self.refused]
        results = iter(await self._broker.publish(accepted))
        await asyncio.sleep(self.late + random.uniform(0, self.slow))
        if self.answers_lost:
            self.answers_lost -= 1
            raise BrokerUnavailable("the answer was lost")
        return [ValueError("refused") if r.key in self.refused else next(results) for r in records]

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def ensure_topics(self, topics: Mapping[str, int]) -> None: ...

    def consumer(self, group: str, topics: Sequence[str], *, member: str) -> BrokerConsumer:
        return self._broker.consumer(group, topics, member=member)


@pytest.fixture
def flaky(broker: LocalBroker) -> FlakyBroker:
    return FlakyBroker(broker)


@asynccontextmanager
async def relaying(
    database: Database, broker: Broker, *, relays: int = 1, settings: RelaySettings = QUICK
) -> AsyncIterator[None]:
    """Sequencer and relays at work."""
    wakeup = Wakeup(database.url)
    loops: list[Loop] = [
        Sequencer(database, wakeup),
        *(Relay(database.url, broker, wakeup, settings=settings) for _ in range(relays)),
        wakeup,
    ]
    async with asyncio.TaskGroup() as tasks:
        for loop in loops:
            tasks.create_task(loop.run())
        yield
        for loop in loops:
            await loop.stop()


async def published(database: Database) -> bool:
    row = await database.pool.fetchrow("SELECT count(*) AS n, count(published_at) AS done FROM event")
    return bool(row and row["n"] == row["done"])


async def test_a_record_carries_the_whole_event(database: Database, broker: LocalBroker) -> None:
    organisation = uuid7()
    traceparent = f"00-{'a' * 32}-{'b' * 16}-01"
    item = uuid7()
    event_id = await price(
        database,
        item,
        7,
        trace=Trace(traceparent=traceparent),
        audience=Audience.ORGANISATIONS,
        recipients=[organisation],
    )
    async with relaying(database, broker):
        await until(lambda: published(database))
    (record,) = await all_records(broker, *TOPICS)
    envelope = decode(record.headers, record.value)
    assert record.key == str(item).encode()
    assert (envelope.event_id, envelope.type, envelope.key) == (event_id, PRICED.name, str(item))
    assert envelope.source == "https://ashar.kg/services/shop"
    assert envelope.traceparent == traceparent
    assert (envelope.audience, envelope.recipients) == (Audience.ORGANISATIONS, (organisation,))
    assert envelope.position == 1
    assert envelope.epoch == await database.pool.fetchval("SELECT epoch FROM epoch")
    assert envelope.data()["price"] == 7


async def test_three_relays_with_random_latency_lose_and_reorder_nothing(
    database: Database, either: Broker
) -> None:
    flaky = FlakyBroker(either)
    flaky.slow = 0.02
    few_at_a_time = RelaySettings(rows_per_slot=3, slots_at_once=2, backoff=QUICK.backoff)
    async with relaying(database, flaky, relays=3, settings=few_at_a_time):
        items = [uuid7() for _ in range(12)]
        await asyncio.gather(*(_writer(database, items, 40) for _ in range(10)))
        await until(lambda: published(database), 60)
    found = await all_records(either, *TOPICS)
    assert len(found) == 400  # the slot locks: nothing is even sent twice
    assert in_order(versions(found))


async def _writer(database: Database, items: Sequence[UUID], count: int) -> None:
    for _ in range(count):
        await price(database, random.choice(items), delay=random.uniform(0, 0.002))


async def test_a_broker_that_is_down_delays_and_loses_nothing(database: Database, flaky: FlakyBroker) -> None:
    flaky.down = True
    async with relaying(database, flaky):
        await price_many(database, 40)
        await asyncio.sleep(0.15)  # several attempts fail
        assert await database.pool.fetchval("SELECT count(published_at) FROM event") == 0
        flaky.down = False
        await until(lambda: published(database))
    found = await all_records(flaky._broker, *TOPICS)
    assert len(found) == 40
    assert in_order(versions(found))


async def test_a_lost_answer_means_twice_and_never_out_of_order(
    database: Database, flaky: FlakyBroker
) -> None:
    flaky.answers_lost = 3
    async with relaying(database, flaky):
        await price_many(database, 60)
        await until(lambda: published(database))
    found = await all_records(flaky._broker, *TOPICS)
    assert len(found) > 60
    assert len(versions(found)) == 60
    assert in_order(versions(found))


async def test_an_answer_that_takes_too_long_counts_as_lost(database: Database, flaky: FlakyBroker) -> None:
    flaky.late = 30.0
    impatient = RelaySettings(publish_seconds=0.1, backoff=QUICK.backoff)
    async with relaying(database, flaky, settings=impatient):
        await price_many(database, 5)
        await until(lambda: _tried(flaky))
        flaky.late = 0.0
        await until(lambda: published(database))
    assert in_order(versions(await all_records(flaky._broker, *TOPICS)))


async def _tried(flaky: FlakyBroker) -> bool:
    return bool(flaky.publications)


async def test_a_refused_key_waits_alone_and_keeps_its_order(database: Database, flaky: FlakyBroker) -> None:
    refused, *others = [uuid7() for _ in range(200)]
    in_its_slot = [item for item in others if slot_of(str(item)) == slot_of(str(refused))][:5]
    flaky.refused.add(str(refused).encode())
    async with relaying(database, flaky, settings=RelaySettings(rows_per_slot=3, backoff=QUICK.backoff)):
        for _ in range(4):
            for item in (refused, *in_its_slot):
                await price(database, item)
        await until(lambda: _others_published(database, refused))
        assert await _marked(database, refused) == 0
        flaky.refused.clear()
        await until(lambda: published(database))
    found = await all_records(flaky._broker, *TOPICS)
    assert in_order(versions(found))
    assert len(versions(found)) == 4 * (1 + len(in_its_slot))


async def test_a_refused_key_that_fills_the_turn_does_not_starve_its_slot(
    database: Database, flaky: FlakyBroker
) -> None:
    """Its next attempt is due before the next poll: without a turn in between it would always be first."""
    refused, other = uuid7(), uuid7()
    while slot_of(str(other)) != slot_of(str(refused)):
        other = uuid7()
    flaky.refused.add(str(refused).encode())
    for item in (refused, refused, refused, other):
        await price(database, item)
    soon = RelaySettings(rows_per_slot=3, backoff=Backoff(first=0.045, longest=0.045, jitter=0.0))
    wakeup = Wakeup(database.url)  # not running: a hint would be such a turn
    await Sequencer(database, wakeup).step()
    relay = Relay(database.url, flaky, wakeup, settings=soon)
    running = asyncio.create_task(relay.run())
    await until(lambda: _others_published(database, refused))
    await relay.stop()
    await running


async def _others_published(database: Database, key: UUID) -> bool:
    left = await database.pool.fetchval(
        "SELECT count(*) FROM event WHERE published_at IS NULL AND key <> $1", str(key)
    )
    return bool(left == 0)


async def _marked(database: Database, key: UUID) -> int:
    return int(await database.pool.fetchval("SELECT count(published_at) FROM event WHERE key = $1", str(key)))


class HalfBroker(FlakyBroker):
    """Refuses one record in the middle of its key and wrongly takes the ones behind it."""

    async def publish(self, records: Sequence[Outgoing]) -> list[Exception | None]:
        return [ValueError() if b'"aggregate_version":2' in record.value else None for record in records]


async def test_only_the_acknowledged_prefix_of_a_key_is_marked(
    database: Database, broker: LocalBroker
) -> None:
    item = uuid7()
    for _ in range(4):
        await price(database, item)
    wakeup = Wakeup(database.url)
    await Sequencer(database, wakeup).step()
    relay = Relay(database.url, HalfBroker(broker), wakeup, settings=QUICK)
    assert await relay.step() == 1
    await relay._close()
    marked = await database.pool.fetch("SELECT id FROM event WHERE published_at IS NOT NULL ORDER BY id")
    assert len(marked) == 1
    assert await _marked(database, item) == 1


async def test_a_slot_that_another_relay_holds_is_left_alone(database: Database, broker: LocalBroker) -> None:
    items = [uuid7() for _ in range(30)]
    for item in items:
        await price(database, item)
    wakeup = Wakeup(database.url)
    await Sequencer(database, wakeup).step()
    taken = slot_of(str(items[0]))
    settings = RelaySettings(slots_at_once=16)
    relay = Relay(database.url, broker, wakeup, settings=settings)
    async with database.transaction() as connection:
        await connection.execute("SELECT pg_advisory_xact_lock($1, $2)", SLOT_LOCKS, taken)
        assert await relay.step() == sum(slot_of(str(item)) != taken for item in items)
        assert await relay.step() == 0
    assert await relay.step() == sum(slot_of(str(item)) == taken for item in items)
    await relay._close()


async def test_a_turn_is_bounded(database: Database, broker: LocalBroker) -> None:
    await price_many(database, 40, items=1)
    wakeup = Wakeup(database.url)
    await Sequencer(database, wakeup).step()
    relay = Relay(database.url, broker, wakeup, settings=RelaySettings(rows_per_slot=15))
    assert [await relay.step() for _ in range(4)] == [15, 15, 10, 0]
    await relay._close()


async def test_unpositioned_rows_are_not_published(database: Database, broker: LocalBroker) -> None:
    await price(database, uuid7())
    relay = Relay(database.url, broker, Wakeup(database.url))
    assert await relay.step() == 0
    await relay._close()


async def test_a_mistake_ends_it(database: Database, broker: LocalBroker) -> None:
    await database.pool.execute("ALTER TABLE event DROP COLUMN slot CASCADE")
    with pytest.raises(ExceptionGroup) as raised:
        await asyncio.wait_for(Relay(database.url, broker, Wakeup(database.url)).run(), 5)
    assert raised.group_contains(asyncpg.UndefinedColumnError)


async def test_metrics_count_what_was_published(database: Database, flaky: FlakyBroker) -> None:
    from shared.observability.metrics import MessagingMetrics

    metrics: Any = MessagingMetrics.unregistered()
    await price_many(database, 6)
    wakeup = Wakeup(database.url)
    await Sequencer(database, wakeup).step()
    relay = Relay(database.url, flaky, wakeup, settings=RelaySettings(slots_at_once=16), metrics=metrics)
    await relay.step()
    await relay._close()
    assert metrics.relay_published._value.get() == 6
