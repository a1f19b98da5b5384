import asyncio
import os
import time
from collections.abc import AsyncIterator
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import psutil
import pytest

from shared.jobs.processes import ProcessPool
from tests.shared.jobs.running import eventually
from tests.shared.jobs.work import announce_and_burn, burn, die, refuse, square


@pytest.fixture
async def pool() -> AsyncIterator[ProcessPool]:
    pool = ProcessPool(1)
    yield pool
    pool.close()

    async def all_gone() -> bool:
        return not any(is_worker(child) for child in psutil.Process().children())

    await eventually(all_gone)


def is_worker(process: psutil.Process) -> bool:
    try:
        return "spawn_main" in " ".join(process.cmdline())
    except psutil.NoSuchProcess:  # ended since it was listed, or not yet reaped
        return False


class TestProcessPool:
    async def test_makes_no_process_before_it_is_asked(self) -> None:
        pool = ProcessPool(2)
        assert pool._executor is None
        pool.close()

    async def test_gives_back_what_the_function_returns_or_raises(self, pool: ProcessPool) -> None:
        assert await pool.run(square, 12) == 144
        with pytest.raises(ValueError, match="too big"):
            await pool.run(refuse, "too big")

    async def test_leaves_the_loop_free(self, pool: ProcessPool) -> None:
        await pool.run(square, 1)
        ticks = 0

        async def tick() -> None:
            nonlocal ticks
            while True:
                await asyncio.sleep(0.005)
                ticks += 1

        ticking = asyncio.create_task(tick())
        started = time.monotonic()
        assert await pool.run(burn, 0.4) != os.getpid()
        took = time.monotonic() - started
        ticking.cancel()
        assert ticks >= took / 0.005 / 10, "the loop stood still"

    async def test_uses_no_more_processes_than_allowed(self, pool: ProcessPool) -> None:
        pids = await asyncio.gather(*[pool.run(burn, 0.05) for _ in range(4)])
        assert len(set(pids)) == 1

    async def test_recovers_from_a_process_that_died(self, pool: ProcessPool) -> None:
        with pytest.raises(BrokenProcessPool):
            await pool.run(die)
        assert await pool.run(square, 3) == 9

    async def test_closing_ends_busy_processes(self, pool: ProcessPool, tmp_path: Path) -> None:
        busy = asyncio.create_task(pool.run(announce_and_burn, str(tmp_path / "busy"), 600.0))

        async def is_busy() -> bool:
            return (tmp_path / "busy").exists()

        await eventually(is_busy)
        started = time.monotonic()
        pool.close()
        with pytest.raises(BrokenProcessPool):
            await asyncio.wait_for(busy, 10)
        assert time.monotonic() - started < 10
