import asyncio
from typing import Any

from shared.db.database import Database
from shared.messaging.backoff import Backoff
from shared.messaging.wakeup import Waiter, Wakeup
from tests.shared.messaging.tcp_proxy import TcpProxy

FOREVER = 60.0


async def test_listens_again_after_the_connection_broke(service_url: str, database: Database) -> None:
    async with TcpProxy(service_url) as proxy:
        wakeup = Wakeup(proxy.url)
        waiter = wakeup.waiter("bell", fastest=FOREVER, slowest=FOREVER)
        task = asyncio.create_task(wakeup.run())
        async with asyncio.timeout(20):
            await waiter.wait(found=False)  # the hint of having begun
            proxy.break_connections()
            await waiter.wait(found=False)  # hinted by listening again: something may have been missed
            await database.pool.execute("NOTIFY bell")
            await waiter.wait(found=False)
        await wakeup.stop()
        async with asyncio.timeout(5):
            await task


async def test_a_channel_wakes_only_its_own_waiters(service_url: str, database: Database) -> None:
    wakeup = Wakeup(service_url)
    bell = wakeup.waiter("bell", fastest=FOREVER, slowest=FOREVER)
    other = wakeup.waiter("other", fastest=FOREVER, slowest=FOREVER)
    task = asyncio.create_task(wakeup.run())
    async with asyncio.timeout(20):
        await bell.wait(found=False)
        await other.wait(found=False)
        waiting = asyncio.create_task(other.wait(found=False))
        await database.pool.execute("NOTIFY bell")
        await bell.wait(found=False)
        assert not waiting.done()
        await database.pool.execute("NOTIFY other")
        await waiting
    await wakeup.stop()
    await task


async def test_without_hints_it_polls_ever_more_slowly() -> None:
    waiter = Waiter(fastest=0.01, slowest=0.04)
    waited = [await _seconds(waiter.wait(found=False)) for _ in range(4)]
    for seconds, least in zip(waited, (0.01, 0.02, 0.04, 0.04), strict=True):
        assert seconds > least * 0.9


async def test_work_found_and_hints_and_due_times_shorten_the_wait() -> None:
    waiter = Waiter(fastest=FOREVER, slowest=FOREVER)
    async with asyncio.timeout(5):
        await waiter.wait(found=True)
        waiter.hint()
        await waiter.wait(found=False)
        await waiter.wait(found=False, at_most=0.01)
        await waiter.wait(found=False, at_most=-1.0)


async def test_a_hint_is_used_up_once() -> None:
    waiter = Waiter(fastest=0.05, slowest=0.05)
    waiter.hint()
    waiter.hint()
    await waiter.wait(found=False)
    assert await _seconds(waiter.wait(found=False)) > 0.04


async def _seconds(waiting: Any) -> float:
    loop = asyncio.get_running_loop()
    started = loop.time()
    await waiting
    return loop.time() - started


def test_backoff_grows_to_its_limit() -> None:
    plain = Backoff(first=0.2, longest=3.0, jitter=0.0)
    assert [plain.after(n) for n in (1, 2, 3, 5, 10_000)] == [0.2, 0.4, 0.8, 3.0, 3.0]
    spread = [Backoff(first=1.0, longest=1.0, jitter=0.2).after(1) for _ in range(200)]
    assert 0.8 <= min(spread) < 0.9
    assert 1.1 < max(spread) <= 1.2
