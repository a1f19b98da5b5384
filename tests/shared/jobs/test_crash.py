import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path

import psutil
import pytest

from shared.db.database import Database
from tests.shared.jobs.runner_process import REGISTRY
from tests.shared.jobs.running import effects_of, eventually, make_runner, put, reaches, row_of, running

pytestmark = pytest.mark.crash

ROOT = Path(__file__).parents[3]
LEASE = 1.0


@asynccontextmanager
async def runner_process(url: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.shared.jobs.runner_process", url, str(LEASE), cwd=ROOT
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def noted(database: Database, note: str) -> bool:
    return bool(await database.pool.fetchval("SELECT count(*) FROM effect WHERE note = $1", note))


async def test_a_killed_runners_job_is_taken_over_and_takes_effect_once(
    database: Database, database_url: str
) -> None:
    job_id = await put(database, "effect_then_wait")
    async with runner_process(database_url) as process:
        await eventually(lambda: noted(database, "here"))
        first = (await row_of(database, job_id))["leased_by"]
        process.send_signal(signal.SIGKILL)
        await process.wait()
        runners = [make_runner(database, REGISTRY) for _ in range(2)]
        async with running(*runners):
            row = await reaches(database, job_id, "done")
    assert row["attempts"] == 2
    assert first not in {runner.id for runner in runners}
    assert await effects_of(database, job_id) == ["attempt 2"]


async def test_a_runner_that_was_only_frozen_cannot_repeat_the_effect(
    database: Database, database_url: str
) -> None:
    job_id = await put(database, "effect_then_wait")
    async with runner_process(database_url) as process:
        await eventually(lambda: noted(database, "here"))
        process.send_signal(signal.SIGSTOP)
        async with running(make_runner(database, REGISTRY)):
            await reaches(database, job_id, "done")
            await database.pool.execute("INSERT INTO effect (job_id, note) VALUES ($1, 'go on')", job_id)
            process.send_signal(signal.SIGCONT)
            await eventually(lambda: has_no_transaction(database))
    assert (await row_of(database, job_id))["attempts"] == 2
    assert await effects_of(database, job_id) == ["attempt 2", "go on"]


async def has_no_transaction(database: Database) -> bool:
    """Whether the other process has ended the transaction it was frozen in."""
    return not await database.pool.fetchval(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE '%-worker'"
        " AND datname = current_database() AND xact_start IS NOT NULL"
    )


async def test_pool_processes_end_with_a_killed_runner(database: Database, database_url: str) -> None:
    job_id = await put(database, "burn_in_process", {"seconds": 600})
    async with runner_process(database_url) as process:

        async def pool_pid() -> int | None:
            found = await effects_of(database, job_id)
            return int(found[0].removeprefix("pid ")) if found else None

        pid = await eventually(pool_pid)
        assert pid != process.pid
        assert psutil.pid_exists(pid)
        process.send_signal(signal.SIGKILL)
        await process.wait()
        await eventually(lambda: gone(pid))


async def gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


async def test_a_stopped_runner_leaves_no_processes(database: Database) -> None:
    job_id = await put(database, "burn_in_process", {"seconds": 600})
    runner = make_runner(database, REGISTRY, grace=timedelta(seconds=0.1))
    async with running(runner):
        await eventually(lambda: effects_of(database, job_id))
        pid = int((await effects_of(database, job_id))[0].removeprefix("pid "))
        assert pid != os.getpid()
    await eventually(lambda: gone(pid))
    assert (await row_of(database, job_id))["attempts"] == 0
