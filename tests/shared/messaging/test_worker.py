import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest
from prometheus_client import CollectorRegistry

from shared.db.database import Database
from shared.db.unit_of_work import UnitOfWork
from shared.ids import uuid7
from shared.messaging.consumer import ConsumerSettings
from shared.messaging.local import LocalBroker
from shared.messaging.subscription import Consumer, Received, handles
from shared.messaging.worker import LoopDied, Worker, WorkerSettings
from shared.observability.metrics import MessagingMetrics
from tests.shared.messaging.consuming import QUICK, effect_consumer, until_letters
from tests.shared.messaging.places import QUICK_BROKER
from tests.shared.messaging.shop import (
    CHECKED,
    PRICED,
    PRINCIPAL,
    TOPICS,
    ItemPriced,
    ItemWithdrawn,
    Trouble,
    effects,
    in_order,
    price,
    price_many,
    until,
)
from tests.shared.messaging.tcp_proxy import TcpProxy

SETTINGS = WorkerSettings(consumer=QUICK, stop_seconds=3.0, report_seconds=0.05)


def worker(
    database: Database,
    broker: LocalBroker,
    *consumers: Consumer,
    settings: WorkerSettings = SETTINGS,
    **options: Any,
) -> Worker:
    return Worker(
        "shop",
        database=database,
        broker=broker,
        consumers=consumers or (effect_consumer(),),
        topics=TOPICS,
        principal=PRINCIPAL,
        settings=settings,
        **options,
    )


@asynccontextmanager
async def running(one: Worker) -> AsyncIterator["asyncio.Task[None]"]:
    task = asyncio.create_task(one.run())
    try:
        yield task
        async with asyncio.timeout(10):
            await one.stop()
            await task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_from_commit_to_effect_and_drained(database: Database, broker: LocalBroker) -> None:
    one = worker(database, broker)
    async with running(one):
        await price_many(database, 100)
        await until(one.drained)
        assert len(await effects(database)) == 100
        assert in_order(await effects(database))


async def test_a_chain_of_events_is_drained_to_its_end(database: Database, broker: LocalBroker) -> None:
    async def check(uow: UnitOfWork, events: Sequence[Received[ItemPriced]]) -> None:
        for event in events:
            uow.emit(CHECKED, ItemWithdrawn(id=event.payload.id, aggregate_version=1))

    async def note(uow: UnitOfWork, events: Sequence[Received[ItemWithdrawn]]) -> None:
        await uow.sql.executemany(
            "INSERT INTO effect (event_id, item, version) VALUES ($1, $2, 1)",
            [(event.envelope.event_id, event.payload.id) for event in events],
        )

    first = Consumer("first", (handles(PRICED, check),))
    second = Consumer("second", (handles(CHECKED, note),))
    one = worker(database, broker, first, second)
    async with running(one):
        for _ in range(30):
            await price(database, uuid7())
        await until(_effects(database, 30))
        await until(one.drained)
    assert len(await effects(database)) == 30


def _effects(database: Database, count: int) -> Any:
    async def enough() -> bool:
        return len(await effects(database)) >= count

    return enough


class Extra:
    """A loop beside the worker's own."""

    def __init__(
        self, *, error: Exception | None = None, returns: bool = False, stubborn: bool = False
    ) -> None:
        self.name = "extra"
        self._error = error
        self._returns = returns
        self._stubborn = stubborn
        self._stop = asyncio.Event()
        self.stopped = False

    async def run(self) -> None:
        if self._error is not None:
            raise self._error
        if not self._returns:
            await self._stop.wait()
            self.stopped = True

    async def stop(self) -> None:
        if not self._stubborn:
            self._stop.set()


async def test_extra_loops_run_and_stop_with_it(database: Database, broker: LocalBroker) -> None:
    extra = Extra()
    async with running(worker(database, broker, loops=lambda _: [extra])):
        assert not extra.stopped
    assert extra.stopped


class TestDeath:
    """Whatever loop dies, `run` raises, and the other loops are gone with it."""

    async def died(self, one: Worker) -> ExceptionGroup:
        with pytest.raises(ExceptionGroup) as raised:
            await asyncio.wait_for(one.run(), 10)
        return raised.value

    async def test_of_an_extra_loop(self, database: Database, broker: LocalBroker) -> None:
        group = await self.died(worker(database, broker, loops=lambda _: [Extra(error=KeyError("x"))]))
        assert group.subgroup(KeyError)

    async def test_of_one_that_just_returns(self, database: Database, broker: LocalBroker) -> None:
        group = await self.died(worker(database, broker, loops=lambda _: [Extra(returns=True)]))
        assert group.subgroup(LoopDied)

    async def test_of_the_sequencer(self, database: Database, broker: LocalBroker) -> None:
        await database.pool.execute("DROP TABLE audit")
        assert (await self.died(worker(database, broker))).subgroup(asyncpg.UndefinedTableError)

    async def test_of_the_relay(self, database: Database, broker: LocalBroker) -> None:
        await database.pool.execute("ALTER TABLE event DROP COLUMN slot CASCADE")
        assert (await self.died(worker(database, broker))).subgroup(asyncpg.UndefinedColumnError)

    async def test_of_a_consumer(self, database: Database, broker: LocalBroker) -> None:
        await database.pool.execute("DROP TABLE dead_letter")
        trouble = Trouble(ValueError("cannot"))

        async def handler(uow: UnitOfWork, events: Sequence[Received[ItemPriced]]) -> None:
            trouble.maybe_raise(events)

        await price(database, uuid7())
        one = worker(database, broker, Consumer("c", (handles(PRICED, handler),)))
        assert (await self.died(one)).subgroup(asyncpg.UndefinedTableError)

    async def test_of_a_consumer_whose_handler_was_cancelled(
        self, database: Database, broker: LocalBroker
    ) -> None:
        """A task group overlooks a child that ends cancelled; the worker does not."""

        async def handler(uow: UnitOfWork, events: Sequence[Received[ItemPriced]]) -> None:
            raise asyncio.CancelledError

        await price(database, uuid7())
        one = worker(database, broker, Consumer("c", (handles(PRICED, handler),)))
        assert (await self.died(one)).subgroup(LoopDied)

    async def test_of_a_consumer_that_hangs(self, database: Database, broker: LocalBroker) -> None:
        async def handler(uow: UnitOfWork, events: Sequence[Received[ItemPriced]]) -> None:
            await asyncio.Event().wait()

        await price(database, uuid7())
        impatient = WorkerSettings(
            consumer=ConsumerSettings(stalled_seconds=0.3, poll_seconds=0.1), report_seconds=0.05
        )
        one = worker(database, broker, Consumer("c", (handles(PRICED, handler),)), settings=impatient)
        assert (await self.died(one)).subgroup(LoopDied)


class TestStop:
    async def test_under_load_loses_and_doubles_nothing(
        self, database: Database, broker: LocalBroker
    ) -> None:
        writing = asyncio.create_task(price_many(database, 400))
        for n in range(4):
            async with running(worker(database, broker)):
                await until(_effects(database, 60 * (n + 1)))
        await writing
        one = worker(database, broker)
        async with running(one):
            await until(one.drained)
        assert len(await effects(database)) == 400
        assert in_order(await effects(database))

    async def test_is_bounded_by_its_time(self, database: Database, broker: LocalBroker) -> None:
        hurried = WorkerSettings(consumer=QUICK, stop_seconds=0.2)
        one = worker(database, broker, loops=lambda _: [Extra(stubborn=True)], settings=hurried)
        task = asyncio.create_task(one.run())
        await until(_listening(database))
        async with asyncio.timeout(2):
            await one.stop()
            await task

    async def test_before_it_ran(self, database: Database, broker: LocalBroker) -> None:
        one = worker(database, broker)
        await one.stop()
        async with asyncio.timeout(5):
            await one.run()

    async def test_leaves_no_connection_behind(self, database: Database, broker: LocalBroker) -> None:
        one = worker(database, broker)
        async with running(one):
            await price_many(database, 10)
            await until(one.drained)
        own = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'shop%'"
        for pool in (database.pool, broker._running()):

            async def gone(pool: Any = pool) -> bool:
                return bool(await pool.fetchval(own) == 0)

            await until(gone)


def _listening(database: Database) -> Any:
    async def found() -> bool:
        return bool(
            await database.pool.fetchval(
                "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'shop-wakeup' AND datname = current_database()"
            )
        )

    return found


async def test_waits_for_a_broker_that_is_not_there_yet(database: Database, broker_url: str) -> None:
    async with TcpProxy(broker_url) as proxy:
        broker = LocalBroker(proxy.url, QUICK_BROKER)
        await broker.start()
        proxy.take_away()
        one = worker(database, broker)
        async with running(one) as task:
            await price_many(database, 10)
            assert not task.done()
            proxy.give_back()
            await until(one.drained)
        await broker.stop()
    assert len(await effects(database)) == 10


async def test_reports_outbox_lag_and_dead_letters(database: Database, broker: LocalBroker) -> None:
    registry = CollectorRegistry()
    trouble = Trouble(ValueError("cannot"))

    async def handler(uow: UnitOfWork, events: Sequence[Received[ItemPriced]]) -> None:
        trouble.maybe_raise(events)

    one = worker(
        database, broker, Consumer("c", (handles(PRICED, handler),)), metrics=MessagingMetrics(registry)
    )
    await price_many(database, 3, items=1)
    await one.report()
    assert registry.get_sample_value("outbox_unpublished") == 3
    assert (registry.get_sample_value("outbox_oldest_age_seconds") or 0) > 0
    async with running(one):
        await until_letters(database, 3)
        await until(one.drained)
        await one.report()
    assert registry.get_sample_value("outbox_unpublished") == 0
    assert registry.get_sample_value("outbox_oldest_age_seconds") == 0
    assert registry.get_sample_value("dead_letters_open", {"consumer": "c"}) == 3
    assert registry.get_sample_value("relay_published_total") == 3
    handled = {"consumer": "c", "outcome": "parked"}
    assert registry.get_sample_value("consumer_handled_total", handled) == 3
