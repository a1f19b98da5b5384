"""What becomes of events that cannot be applied."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from uuid import UUID

import asyncpg
import pytest

from shared.db.database import Database
from shared.db.unit_of_work import UnitOfWork
from shared.ids import uuid7
from shared.messaging.backoff import Backoff
from shared.messaging.broker import Outgoing
from shared.messaging.local import LocalBroker
from shared.messaging.subscription import Consumer, Received, handles
from shared.observability.metrics import MessagingMetrics
from tests.shared.messaging.consuming import (
    QUICK,
    consuming,
    effect_consumer,
    envelope,
    letters,
    loop_of,
    outcomes,
    outgoing,
    priced,
    publish,
    troubled,
    until_effects,
    until_failing,
    until_letters,
)
from tests.shared.messaging.shop import (
    PRICED,
    ItemPriced,
    Trouble,
    effects,
    in_order,
    record_effect,
    until,
)


class TestUnreadable:
    """Dead letters at once, and the partition moves on."""

    @pytest.fixture
    async def one_partition(self, broker: LocalBroker) -> str:
        await broker.ensure_topics({"shop.single": 1})
        return "shop.single"

    def unreadable(self, topic: str) -> dict[str, Outgoing]:
        good = priced(uuid7(), 1)
        headers = dict(good.headers)
        payload = ItemPriced(id=uuid7(), aggregate_version=1, price=1)
        newer = replace(envelope(payload), type="shop.item.priced.v2")

        def bad(value: bytes = good.value, **changed: bytes | None) -> Outgoing:
            merged = {**headers, **changed}
            return Outgoing(topic, b"k", value, [(n, v) for n, v in merged.items() if v is not None])

        return {
            "no CloudEvent": Outgoing(topic, b"k", b"{}", []),
            "no id": bad(ce_id=None),
            "malformed id": bad(ce_id=b"\xff\x00"),
            "later specversion": bad(ce_specversion=b"2.0"),
            "not JSON": bad(b"{"),
            "no value": bad(b""),
            "not an object": bad(b"[1]"),
            "wrong payload": bad(b'{"id": "x", "aggregate_version": 0, "price": "high"}'),
            "not UTF-8": bad(b'{"id": "\xff"}'),
            "unknown major": Outgoing(topic, newer.key.encode(), newer.value, newer.headers()),
        }

    @pytest.mark.parametrize(
        "case",
        [
            "no CloudEvent", "no id", "malformed id", "later specversion", "not JSON", "no value",
            "not an object", "wrong payload", "not UTF-8", "unknown major",
        ],
    )  # fmt: skip
    async def test_becomes_a_dead_letter(
        self, database: Database, broker: LocalBroker, one_partition: str, case: str
    ) -> None:
        before, after = priced(uuid7(), 1), priced(uuid7(), 1)
        bad = self.unreadable(one_partition)[case]
        await publish(
            broker,
            replace(before, topic=one_partition),
            bad,
            replace(after, topic=one_partition),
        )
        metrics = MessagingMetrics.unregistered()
        reading = Consumer("single", (handles(replace(PRICED), record_effect),))
        async with consuming(reading, database, broker, metrics=metrics) as loop:
            loop._broker = broker.consumer("single", [one_partition], member="0")
            await until(loop.caught_up)
        assert len(await effects(database)) == 2
        row = await database.pool.fetchrow("SELECT * FROM dead_letter")
        assert row is not None
        assert (row["state"], row["attempts"], row["record_offset"]) == ("dead", 1, 1)
        assert (row["key"], row["value"]) == (bad.key, bad.value)
        assert outcomes(metrics) == {"ok": 2, "dead": 1}

    async def test_the_stored_error_shows_no_values(
        self, database: Database, broker: LocalBroker, one_partition: str
    ) -> None:
        bad = self.unreadable(one_partition)["wrong payload"]
        await publish(broker, replace(bad, topic=PRICED.topic))
        async with consuming(effect_consumer(), database, broker) as loop:
            await until(loop.caught_up)
        error = await database.pool.fetchval("SELECT error FROM dead_letter")
        assert "price" in error
        assert "high" not in error

    async def test_a_major_that_is_listed_is_skipped(self, database: Database, broker: LocalBroker) -> None:
        newer = replace(
            envelope(ItemPriced(id=uuid7(), aggregate_version=1, price=1)), type="shop.item.priced.v2"
        )
        await publish(broker, outgoing(newer))
        both = effect_consumer(skips=frozenset({"shop.item.priced.v2"}))
        async with consuming(both, database, broker) as loop:
            await until(loop.caught_up)
        assert await letters(database) == []


class TestPoison:
    async def test_a_dead_letter_when_order_does_not_matter(
        self, database: Database, broker: LocalBroker
    ) -> None:
        """One event of many fails for good: it alone is put aside, also the later events of its key go on."""
        item, others = uuid7(), [uuid7() for _ in range(30)]
        trouble = Trouble(ValueError("cannot"), versions={1000})
        await publish(
            broker,
            *(priced(other, 1) for other in others),
            priced(item, 1000),
            priced(item, 1001),
            *(priced(other, 2) for other in others),
        )
        metrics = MessagingMetrics.unregistered()
        async with consuming(troubled(trouble, ordered=False), database, broker, metrics=metrics) as loop:
            await until(loop.caught_up)
        applied = await effects(database)
        assert len(applied) == 61
        assert in_order([found for found in applied if found[0] in others])
        assert (item, 1001) in applied
        assert await letters(database) == [("dead", QUICK.attempts)]
        assert outcomes(metrics) == {"ok": 61, "retried": QUICK.attempts - 1, "dead": 1}

    async def test_only_its_partition_waits_meanwhile(self, database: Database, broker: LocalBroker) -> None:
        item = uuid7()
        trouble = Trouble(ValueError("cannot"), versions={1000})
        patient = replace(QUICK, attempts=10_000)
        async with consuming(troubled(trouble), database, broker, patient) as loop:
            await publish(broker, priced(item, 1000))
            await until(until_failing(trouble, 2))
            await publish(broker, *(priced(uuid7(), 1) for _ in range(40)))
            elsewhere = await _elsewhere(broker, item)
            assert 0 < elsewhere < 40
            await until_effects(database, elsewhere)
            assert not await loop.caught_up()
            assert len(await effects(database)) == elsewhere
            trouble.error = None
            await until_effects(database, 41)
            await until(loop.caught_up)
        assert await letters(database) == []

    async def test_is_left_alone_until_its_next_attempt_is_due(
        self, database: Database, broker: LocalBroker
    ) -> None:
        item = uuid7()
        metrics = MessagingMetrics.unregistered()
        trouble = Trouble(ValueError("cannot"), versions={1000})
        slow = replace(QUICK, retry=Backoff(first=60.0, longest=60.0))
        async with consuming(troubled(trouble), database, broker, slow, metrics=metrics):
            await publish(broker, priced(item, 1000))
            await until(_retried(metrics))
            failures = trouble.failures
            await publish(broker, *(priced(uuid7(), 1) for _ in range(40)))
            await until_effects(database, await _elsewhere(broker, item))
            assert trouble.failures == failures

    async def test_one_that_recovers_leaves_no_trace(self, database: Database, broker: LocalBroker) -> None:
        trouble = Trouble(ValueError("not yet"), versions={1})
        async with consuming(troubled(trouble), database, broker, replace(QUICK, attempts=1000)) as loop:
            await publish(broker, priced(uuid7(), 1))
            await until(until_failing(trouble, 3))
            trouble.error = None
            await until(loop.caught_up)
        assert len(await effects(database)) == 1
        assert await letters(database) == []

    async def test_several_in_one_partition(self, database: Database, broker: LocalBroker) -> None:
        trouble = Trouble(ValueError("cannot"), versions={7, 8, 50})
        await broker.ensure_topics({"shop.single": 1})
        records = [priced(uuid7(), version) for version in range(1, 61)]
        await publish(broker, *(replace(record, topic="shop.single") for record in records))
        async with consuming(troubled(trouble), database, broker) as loop:
            loop._broker = broker.consumer("single", ["shop.single"], member="0")
            await until(loop.caught_up)
        assert sorted(version for _, version in await effects(database)) == sorted(
            set(range(1, 61)) - trouble.versions
        )
        assert await letters(database) == [("parked", QUICK.attempts)] * 3

    @pytest.mark.parametrize(
        "error",
        [TimeoutError(), asyncpg.UniqueViolationError("twice"), ExceptionGroup("many", [ValueError()])],
    )
    async def test_any_exception_counts(
        self, database: Database, broker: LocalBroker, error: Exception
    ) -> None:
        trouble = Trouble(error)
        await publish(broker, priced(uuid7(), 1))
        async with consuming(troubled(trouble, ordered=False), database, broker):
            assert await until_letters(database, 1) == [("dead", QUICK.attempts)]

    async def test_a_statement_that_fails_takes_nothing_else_with_it(
        self, database: Database, broker: LocalBroker
    ) -> None:
        """After an SQL error the transaction is lost; the events beside it are applied in others."""
        await database.pool.execute("ALTER TABLE effect ADD CHECK (version <> 5)")
        await publish(broker, *(priced(uuid7(), version) for version in range(1, 21)))
        async with consuming(effect_consumer(ordered=False), database, broker) as loop:
            await until(loop.caught_up)
        assert sorted(version for _, version in await effects(database)) == [
            n for n in range(1, 21) if n != 5
        ]
        assert await letters(database) == [("dead", QUICK.attempts)]


def _retried(metrics: MessagingMetrics) -> Callable[[], Awaitable[bool]]:
    async def once() -> bool:
        return outcomes(metrics).get("retried") == 1

    return once


async def _elsewhere(broker: LocalBroker, item: UUID) -> int:
    """Records outside the partition of the item."""
    return int(
        await broker._running().fetchval(
            "SELECT count(*) FROM record WHERE partition <> (SELECT partition FROM record WHERE key = $1)",
            str(item).encode(),
        )
    )


class TestParkedKey:
    async def test_later_events_of_the_key_wait_and_other_keys_go_on(
        self, database: Database, broker: LocalBroker
    ) -> None:
        item, other = uuid7(), uuid7()
        trouble = Trouble(ValueError("cannot"), versions={2})
        async with consuming(troubled(trouble), database, broker) as loop:
            await publish(broker, priced(item, 1), priced(item, 2))
            await until_letters(database, 1)
            await publish(broker, priced(item, 3), priced(other, 1), priced(item, 4))
            await until(loop.caught_up)
        assert await effects(database) == [(item, 1), (other, 1)]
        rows = await database.pool.fetch("SELECT state, attempts FROM dead_letter ORDER BY record_offset")
        assert [tuple(row) for row in rows] == [("parked", 3), ("parked", 0), ("parked", 0)]
        assert await database.pool.fetchval("SELECT array_agg(key) FROM parked_key") == [str(item)]

    async def test_events_of_the_key_in_the_same_batch_wait_too(
        self, database: Database, broker: LocalBroker
    ) -> None:
        item = uuid7()
        trouble = Trouble(ValueError("cannot"), versions={2})
        await publish(broker, *(priced(item, version) for version in range(1, 6)))
        async with consuming(troubled(trouble), database, broker) as loop:
            await until(loop.caught_up)
        assert await effects(database) == [(item, 1)]
        assert [state for state, _ in await letters(database)] == ["parked"] * 4

    async def test_an_event_without_key_becomes_a_dead_letter(
        self, database: Database, broker: LocalBroker
    ) -> None:
        trouble = Trouble(ValueError("cannot"))
        record = priced(uuid7(), 1)
        await broker._running().execute(
            """INSERT INTO record (topic, partition, "offset", key, headers, value)
               VALUES ($1, 0, 0, NULL, $2, $3)""",
            PRICED.topic,
            b"[" + b",".join(b'["%b","%b"]' % (n.encode(), v) for n, v in record.headers) + b"]",
            record.value,
        )
        await broker._running().execute("UPDATE partition SET next_offset = 1 WHERE partition = 0")
        async with consuming(troubled(trouble), database, broker):
            assert await until_letters(database, 1) == [("dead", QUICK.attempts)]


async def test_cancellation_is_never_a_failure(database: Database, broker: LocalBroker) -> None:
    entered = asyncio.Event()

    async def handler(uow: UnitOfWork, events: Sequence[Received[ItemPriced]]) -> None:
        entered.set()
        await asyncio.Event().wait()

    await publish(broker, priced(uuid7(), 1))
    consumer = Consumer("c", (handles(PRICED, handler),))
    for _ in range(QUICK.attempts + 1):
        entered.clear()
        running = asyncio.create_task(loop_of(consumer, database, broker).run())
        await entered.wait()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
    assert await letters(database) == []
