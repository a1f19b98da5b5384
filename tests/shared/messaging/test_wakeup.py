import asyncio
from typing import Any

from shared.db.database import Database
from shared.messaging.wakeup import Wakeup
from tests.shared.messaging.tcp_proxy import TcpProxy


async def test_listens_again_after_the_connection_broke(service_url: str, database: Database) -> None:
    async with TcpProxy(service_url) as proxy:
        wakeup = Wakeup(proxy.url)
        waiter = wakeup.waiter("bell", fastest=30.0, slowest=30.0)
        task = asyncio.create_task(wakeup.run())
        await wakeup.listening.wait()
        await waiter.wait(found=False)  # the hint of having begun
        proxy.break_connections()
        async with asyncio.timeout(10):
            await waiter.wait(found=False)  # hinted by listening again: something may have been missed
            await database.pool.execute("NOTIFY bell")
            await waiter.wait(found=False)
        await wakeup.stop()
        await task


async def test_polls_ever_more_slowly_and_at_once_after_work() -> None:
    waiter = Wakeup("postgresql://unused").waiter("x", fastest=0.01, slowest=0.04)
    times = [await _seconds(waiter.wait(found=False)) for _ in range(4)]
    assert times[0] < 0.02 <= times[1] < 0.04 <= times[3]
    assert await _seconds(waiter.wait(found=True)) < 0.01
    assert await _seconds(waiter.wait(found=False)) < 0.02
    waiter.hint()
    assert await _seconds(waiter.wait(found=False)) < 0.01


async def _seconds(waiting: Any) -> float:
    loop = asyncio.get_running_loop()
    started = loop.time()
    await waiting
    return loop.time() - started
