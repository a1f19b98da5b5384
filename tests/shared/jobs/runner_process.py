"""A job runner in a process of its own, to be killed: `python -m tests.shared.jobs.runner_process URL LEASE`."""

import asyncio
import os
import sys
from datetime import timedelta
from typing import Any

from shared.db.database import Connection, Database
from shared.jobs.context import JobContext
from shared.jobs.definition import Job
from tests.shared.jobs.running import JobsSettings, make_runner
from tests.shared.jobs.work import burn


async def _effect(connection: Connection, context: JobContext, note: str) -> None:
    await connection.execute("INSERT INTO effect (job_id, note) VALUES ($1, $2)", context.job_id, note)


async def _wait_for_release(context: JobContext) -> None:
    """Say that the first attempt has come this far, and go on when the test says so."""
    if context.attempt > 1:
        return
    await context.database.pool.execute(
        "INSERT INTO effect (job_id, note) VALUES (gen_random_uuid(), 'here')"
    )
    while not await context.database.pool.fetchval("SELECT count(*) FROM effect WHERE note = 'go on'"):
        await asyncio.sleep(0.01)


async def effect_then_wait(context: JobContext, _: dict[str, Any]) -> None:
    async with context.unit_of_work() as uow:
        await _effect(uow.sql, context, f"attempt {context.attempt}")
        await _wait_for_release(context)


async def burn_in_process(context: JobContext, payload: dict[str, Any]) -> None:
    await _wait_for_pool(context)
    await context.in_process(burn, payload["seconds"])


async def _wait_for_pool(context: JobContext) -> None:
    pid = await context.in_process(os.getpid)
    await context.database.pool.execute(
        "INSERT INTO effect (job_id, note) VALUES ($1, $2)", context.job_id, f"pid {pid}"
    )


REGISTRY = {"effect_then_wait": Job(effect_then_wait), "burn_in_process": Job(burn_in_process)}


async def main(url: str, lease: float) -> None:
    database = await Database.open(JobsSettings(database_url=url), role="worker")
    await make_runner(database, REGISTRY, lease=timedelta(seconds=lease)).run()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], float(sys.argv[2])))
