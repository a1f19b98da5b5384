import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import asyncpg
import pytest

from deploy.local.processes import free_port
from shared.db.lending import Lending
from shared.service import ServiceSpec
from tests.kit.sample.spec import SPEC

SIZE = 2


@asynccontextmanager
async def lending(url: str, timeout: float = 5.0) -> AsyncIterator[tuple[Lending, asyncpg.Pool]]:
    async with asyncpg.create_pool(url, min_size=1, max_size=SIZE) as pool:
        yield Lending(pool, timeout), pool


@pytest.fixture
def url(migrated_database: Callable[[ServiceSpec], str]) -> str:
    return migrated_database(SPEC)


async def in_line(lender: Lending, number: int) -> list[asyncio.Task]:
    """So many who wait for a connection, in order."""
    waiting = [asyncio.create_task(lender.acquire()) for _ in range(number)]
    await asyncio.sleep(0)
    return waiting


async def test_who_waits_gets_the_same_connection_in_turn(url: str):
    async with lending(url) as (lender, _):
        held = [await lender.acquire() for _ in range(SIZE)]
        first, second = await in_line(lender, 2)
        await lender.release(held[0])
        assert await first is held[0]
        assert not second.done()
        await lender.release(held[1])
        assert await second is held[1]
        for connection in held:
            await lender.release(connection)


async def test_without_a_line_a_connection_goes_back_to_the_pool(url: str):
    async with lending(url) as (lender, pool):
        connection = await lender.acquire()
        await lender.release(connection)
        assert pool.get_idle_size() == pool.get_size()
        with pytest.raises(asyncpg.InterfaceError):
            await connection.fetchval("SELECT 1")


async def test_an_open_transaction_is_not_passed_on(url: str):
    async with lending(url) as (lender, _):
        held = [await lender.acquire() for _ in range(SIZE)]
        (waiting,) = await in_line(lender, 1)
        await held[0].execute("BEGIN; CREATE TABLE left_open ()")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(asyncio.get_running_loop(), "call_exception_handler", lambda _: None)
            await lender.release(held[0])
        got = await waiting
        assert not got.is_in_transaction()
        assert await got.fetchval("SELECT to_regclass('left_open')") is None
        await lender.release(got)
        await lender.release(held[1])


async def test_a_closed_connection_is_replaced(url: str):
    async with lending(url) as (lender, _):
        held = [await lender.acquire() for _ in range(SIZE)]
        (waiting,) = await in_line(lender, 1)
        held[0].terminate()
        await lender.release(held[0])
        assert await (await waiting).fetchval("SELECT 1") == 1
        await lender.release(waiting.result())
        await lender.release(held[1])


async def test_the_wait_is_bounded_and_costs_no_connection(url: str):
    async with lending(url, timeout=0.05) as (lender, pool):
        held = [await lender.acquire() for _ in range(SIZE)]
        with pytest.raises(TimeoutError):
            await lender.acquire()
        for connection in held:
            await lender.release(connection)
        again = [await lender.acquire() for _ in range(SIZE)]
        for connection in again:
            await lender.release(connection)
        assert pool.get_idle_size() == pool.get_size()


@pytest.mark.parametrize("given_first", [False, True])
async def test_who_is_cancelled_in_line_loses_nothing(url: str, given_first: bool):
    async with lending(url, timeout=0.5) as (lender, pool):
        held = [await lender.acquire() for _ in range(SIZE)]
        (waiting,) = await in_line(lender, 1)
        if given_first:  # the connection is on its way when the cancellation comes
            await lender.release(held.pop())
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        for connection in held:
            await lender.release(connection)
        again = [await lender.acquire() for _ in range(SIZE)]
        for connection in again:
            await lender.release(connection)
        assert pool.get_idle_size() == pool.get_size()


async def test_others_get_at_the_pool_under_constant_load(url: str):
    async with lending(url) as (lender, pool):
        done = asyncio.Event()

        async def load() -> None:
            while not done.is_set():
                connection = await lender.acquire()
                await connection.fetchval("SELECT 1")
                await lender.release(connection)

        loads = [asyncio.create_task(load()) for _ in range(4 * SIZE)]
        for _ in range(3):
            assert await asyncio.wait_for(pool.fetchval("SELECT 2"), timeout=10) == 2
        done.set()
        await asyncio.gather(*loads)


async def test_a_failure_to_connect_frees_the_place():
    nowhere = f"postgresql://nobody@127.0.0.1:{free_port()}/nothing"
    async with asyncpg.create_pool(nowhere, min_size=0, max_size=1) as pool:
        lender = Lending(pool, timeout=5.0)
        for _ in range(2):
            with pytest.raises(ConnectionRefusedError):
                await lender.acquire()
