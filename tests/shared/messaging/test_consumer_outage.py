"""Consumption while something that it depends on is down."""

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from pydantic import SecretStr

from shared.db.database import Database
from shared.db.unit_of_work import UnitOfWork
from shared.ids import uuid7
from shared.messaging.broker import Broker
from shared.messaging.consumer import ConsumerLoop
from shared.messaging.failures import DependencyDown, dependency_down, describe
from shared.messaging.local import LocalBroker
from shared.messaging.subscription import Consumer, Received, handles
from shared.settings import ServiceSettings
from tests.shared.messaging.conftest import opened
from tests.shared.messaging.consuming import (
    QUICK,
    consuming,
    effect_consumer,
    letters,
    priced,
    publish,
    troubled,
    until_effects,
    until_failing,
)
from tests.shared.messaging.places import QUICK_BROKER
from tests.shared.messaging.shop import (
    PRICED,
    ItemPriced,
    Trouble,
    effects,
    record_effect,
    until,
)
from tests.shared.messaging.tcp_proxy import TcpProxy

LONG = 60.0


class TestOutage:
    """Consumption stops, nothing becomes a dead letter, and it goes on by itself."""

    @pytest.mark.parametrize("batch", [True, False])
    async def test_a_handler_that_says_so(self, database: Database, broker: LocalBroker, batch: bool) -> None:
        trouble = Trouble(DependencyDown("mail server"))
        items = [uuid7() for _ in range(20)]
        async with consuming(troubled(trouble, batch=batch), database, broker) as loop:
            await publish(broker, *(priced(item, 1) for item in items))
            await until(until_failing(trouble, 3 * QUICK.attempts))
            assert not _consuming(loop)
            assert not await loop.caught_up()
            assert await effects(database) == []
            trouble.error = None
            await until(loop.caught_up)
            assert _consuming(loop)
        assert len(await effects(database)) == 20
        assert await letters(database) == []

    async def test_the_service_database(self, service_url: str, database: Database, either: Broker) -> None:
        async with (
            TcpProxy(service_url) as proxy,
            opened(proxy.url, pool=3) as shaky,
            consuming(effect_consumer(), shaky, either) as loop,
        ):
            await publish(either, *(priced(uuid7(), 1) for _ in range(20)))
            await until_effects(database, 20, LONG)
            proxy.take_away()
            await publish(either, *(priced(uuid7(), 1) for _ in range(20)))
            await until(_outage_of(loop, 4), LONG)
            assert len(await effects(database)) == 20
            proxy.give_back()
            await until(loop.caught_up, LONG)
        assert len(await effects(database)) == 40
        assert await letters(database) == []

    async def test_the_service_database_in_the_middle_of_a_handler(
        self, service_url: str, database: Database, broker: LocalBroker
    ) -> None:
        async with TcpProxy(service_url) as proxy, opened(proxy.url, pool=3) as shaky:
            broken = 0

            async def handler(uow: UnitOfWork, events: Sequence[Received[ItemPriced]]) -> None:
                nonlocal broken
                await record_effect(uow, events)
                if broken < 5:
                    broken += 1
                    proxy.break_connections()
                await uow.sql.fetchval("SELECT 1")

            consumer = Consumer("c", (handles(PRICED, handler),))
            await publish(broker, *(priced(uuid7(), 1) for _ in range(10)))
            async with consuming(consumer, shaky, broker) as loop:
                await until(loop.caught_up)
        assert broken == 5
        assert len(await effects(database)) == 10
        assert await letters(database) == []

    async def test_the_broker(self, database: Database, broker: LocalBroker, broker_url: str) -> None:
        async with TcpProxy(broker_url) as proxy:
            shaky = LocalBroker(proxy.url, QUICK_BROKER)
            async with consuming(effect_consumer(), database, shaky) as loop:
                await publish(broker, *(priced(uuid7(), 1) for _ in range(20)))
                await until_effects(database, 20)
                proxy.take_away()
                await publish(broker, *(priced(uuid7(), 1) for _ in range(20)))
                await until(_outage_of(loop, 3))
                proxy.give_back()
                await until(loop.caught_up)
        assert len(await effects(database)) == 40
        assert await letters(database) == []


def _consuming(loop: ConsumerLoop) -> bool:
    return loop.consuming


def _outage_of(loop: Any, rounds: int) -> Any:
    async def enough() -> bool:
        return bool(loop._outage >= rounds)

    return enough


class TestLocks:
    """A table that somebody else has locked is waited for; a statement that is too slow is a failure of its event."""

    @pytest.fixture
    async def hurried(self, service_url: str) -> AsyncIterator[Database]:
        database = await Database.open(
            ServiceSettings(
                database_url=SecretStr(service_url),
                database_statement_timeout=timedelta(seconds=0.6),
                env="test",
            ),
            role="worker",
        )
        yield database
        await database.close()

    @pytest.mark.parametrize("batch", [True, False])
    async def test_a_lock_longer_than_all_attempts_parks_nothing(
        self, database: Database, hurried: Database, broker: LocalBroker, batch: bool
    ) -> None:
        async with database.pool.acquire() as other:
            locking = other.transaction()
            await locking.start()
            await other.execute("LOCK TABLE effect")
            async with consuming(effect_consumer(batch=batch), hurried, broker) as loop:
                await publish(broker, *(priced(uuid7(), 1) for _ in range(12)))
                await until(_outage_of(loop, 2 * QUICK.attempts), LONG)
                assert not _consuming(loop)
                await locking.rollback()
                await until(loop.caught_up, LONG)
        assert len(await effects(database)) == 12
        assert await letters(database) == []

    async def test_a_statement_that_is_always_too_slow_is_put_aside_in_bounded_time(
        self, database: Database, hurried: Database, broker: LocalBroker
    ) -> None:
        async def slow(uow: UnitOfWork, events: Sequence[Received[ItemPriced]]) -> None:
            await record_effect(uow, events)
            if any(event.payload.aggregate_version == 2 for event in events):
                await uow.sql.execute("SELECT pg_sleep(60)")

        consumer = Consumer("slow", (handles(PRICED, slow),))
        first, second = uuid7(), uuid7()
        async with consuming(consumer, hurried, broker) as loop:
            await publish(broker, priced(first, 1), priced(first, 2), priced(second, 1))
            await until(loop.caught_up, LONG)
        assert sorted(await effects(database)) == sorted([(first, 1), (second, 1)])
        assert await letters(database) == [("parked", QUICK.attempts)]


class TestClassification:
    def test_errors_that_arise_from_an_outage_are_one(self) -> None:
        def roll_back() -> None:
            try:
                raise asyncpg.ConnectionDoesNotExistError("gone")
            except asyncpg.PostgresError:
                raise asyncpg.InterfaceError("cannot roll back")  # noqa: B904

        with pytest.raises(asyncpg.InterfaceError) as raised:
            roll_back()
        assert dependency_down(raised.value)

    def test_an_outage_that_a_handler_answered_for_is_not(self) -> None:
        def answer_for() -> None:
            try:
                raise ConnectionError
            except ConnectionError:
                raise ValueError("no such page") from None

        with pytest.raises(ValueError) as raised:
            answer_for()
        assert not dependency_down(raised.value)

    @pytest.mark.parametrize(
        "error",
        [ValueError(), TimeoutError(), FileNotFoundError(), asyncpg.InterfaceError("x"), asyncpg.DataError("x"),
         asyncpg.DeadlockDetectedError("x"), asyncpg.QueryCanceledError("x")],
    )  # fmt: skip
    def test_failures_of_one_event_are_not(self, error: Exception) -> None:
        assert not dependency_down(error)

    def test_what_postgres_says_of_the_row_is_left_out(self) -> None:
        error = asyncpg.UniqueViolationError("duplicate key value")
        error.detail = "Key (phone)=(+996700000000) already exists."
        assert describe(error) == "duplicate key value"
