"""The embedded broker keeps the contract, and what is its own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest

from shared.messaging.broker import Broker, BrokerUnavailable
from shared.messaging.local import LocalBroker, partition_of
from shared.messaging.local_schema import STEPS, ensure_schema
from tests.shared.messaging.broker_contract import (
    OTHER,
    PARTITIONS,
    TOPIC,
    BrokerContract,
    assigned,
    commit_all,
    read_count,
    record,
)
from tests.shared.messaging.places import QUICK_BROKER
from tests.shared.messaging.tcp_proxy import TcpProxy


class TestLocalBroker(BrokerContract):
    @pytest.fixture
    async def proxy(self, broker_url: str) -> AsyncIterator[TcpProxy]:
        async with TcpProxy(broker_url) as proxy:
            self._proxy = proxy
            yield proxy

    @pytest.fixture
    async def broker(self, proxy: TcpProxy) -> AsyncIterator[Broker]:
        broker = LocalBroker(proxy.url, QUICK_BROKER)
        await broker.start()
        await broker.ensure_topics({TOPIC: PARTITIONS, OTHER: 2})
        yield broker
        await broker.stop()

    async def kill(self, consumer: Any) -> None:
        consumer._connection.terminate()

    @asynccontextmanager
    async def outage(self) -> AsyncIterator[None]:
        self._proxy.take_away()
        try:
            yield
        finally:
            self._proxy.give_back()

    async def test_a_member_that_lost_its_session_cannot_commit(
        self, broker: Broker, join: Any, proxy: TcpProxy
    ) -> None:
        await broker.publish([record("k", "1")])
        one = await join(member="1")
        found = await read_count(one, 1)
        proxy.break_connections()
        two = await join(member="2")
        await assigned_or_read(two)
        await commit_all(one, found)
        assert one.assignment() == set()
        assert sum((await two.lag()).values()) == 1

    async def test_a_member_that_comes_later_gets_its_share(self, broker: Broker, join: Any) -> None:
        one = await join(member="1")
        await assigned(one, PARTITIONS)
        two = await join(member="2")
        async with asyncio.timeout(10):
            while len(two.assignment()) < PARTITIONS // 2:
                await asyncio.gather(one.poll(1, 0.02), two.poll(1, 0.02))
        assert len(one.assignment()) == PARTITIONS // 2

    async def test_partitions_with_uncommitted_records_are_not_given_away(
        self, broker: Broker, join: Any
    ) -> None:
        await broker.publish([record(f"k{n}", str(n)) for n in range(40)])
        one = await join(member="1")
        found = await read_count(one, 40)
        two = await join(member="2")
        for _ in range(10):
            await asyncio.gather(one.poll(1, 0.02), two.poll(1, 0.02))
        assert two.assignment() == set()
        await commit_all(one, found)
        async with asyncio.timeout(10):
            while not two.assignment():
                await asyncio.gather(one.poll(1, 0.02), two.poll(1, 0.02))


async def assigned_or_read(consumer: Any) -> None:
    async with asyncio.timeout(10):
        while len(consumer.assignment()) < PARTITIONS:
            await consumer.poll(100, 0.02)


def test_the_partition_of_a_key_never_changes() -> None:
    keys = [b"", b"a", "өмүр".encode(), b"01939d3e-0000-7000-8000-000000000000"]
    assert [partition_of(key, 4) for key in keys] == [2, 1, 1, 2]


async def test_start_is_safe_when_many_start_at_once(bare_broker_url: str) -> None:
    connection = await asyncpg.connect(bare_broker_url)
    try:
        await connection.execute("DROP TABLE partition, record, group_offset, broker_schema")
        brokers = [LocalBroker(bare_broker_url) for _ in range(4)]
        await asyncio.gather(*(broker.start() for broker in brokers))
        assert await connection.fetchval("SELECT array_agg(version) FROM broker_schema") == [1]
        await asyncio.gather(*(broker.stop() for broker in brokers))
    finally:
        await connection.close()


async def test_refuses_tables_of_a_newer_release(bare_broker_url: str) -> None:
    connection = await asyncpg.connect(bare_broker_url)
    try:
        await connection.execute("INSERT INTO broker_schema (version) VALUES ($1)", len(STEPS) + 1)
        with pytest.raises(RuntimeError, match="this release knows"):
            await ensure_schema(connection)
    finally:
        await connection.close()


async def test_a_server_that_is_not_there_is_unavailable() -> None:
    broker = LocalBroker("postgresql://nobody:x@127.0.0.1:1/none", QUICK_BROKER)
    with pytest.raises(BrokerUnavailable):
        await broker.start()
    with pytest.raises(BrokerUnavailable):
        await broker.publish([record("k", "1")])
