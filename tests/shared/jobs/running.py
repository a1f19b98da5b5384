"""What the job tests share: a runner for the length of a block, and waiting for a condition."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from pydantic_settings import SettingsConfigDict

from shared.auth.principal import system_principal
from shared.db.database import Database
from shared.jobs.context import JobContext
from shared.jobs.definition import Job
from shared.jobs.runner import JobRunner
from shared.jobs.store import enqueue
from shared.messaging.backoff import Backoff
from shared.settings import ServiceSettings

WORKER = system_principal("jobs-test", uuid4())
OWNER = uuid4()
SHORT = timedelta(milliseconds=300)
QUICK = Backoff(first=0.01, longest=0.05)


class JobsSettings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="JOBSTEST_")


def make_runner(database: Database, registry: Mapping[str, Job], **options: Any) -> JobRunner:
    return JobRunner(database, registry, **{"principal": WORKER, "lease": timedelta(seconds=5), **options})


@asynccontextmanager
async def running(*runners: JobRunner) -> AsyncIterator[None]:
    """The runners work during the block; their failures are raised at its end."""
    async with asyncio.TaskGroup() as group:
        for runner in runners:
            group.create_task(runner.run())
        yield
        for runner in runners:
            await runner.stop()


async def eventually(condition: Callable[[], Awaitable[Any]], seconds: float = 15.0) -> Any:
    """The first truthy answer; fails after the deadline."""
    deadline = time.monotonic() + seconds
    while not (answer := await condition()):
        assert time.monotonic() < deadline, "the condition did not come true"
        await asyncio.sleep(0.01)
    return answer


async def put(database: Database, kind: str, payload: dict[str, Any] | None = None, **options: Any) -> UUID:
    async with database.transaction() as connection:
        return await enqueue(connection, kind, payload or {}, **{"owner": OWNER, **options})


async def row_of(database: Database, job_id: UUID) -> dict[str, Any]:
    row = await database.pool.fetchrow("SELECT * FROM job WHERE id = $1", job_id)
    assert row is not None
    return dict(row)


async def reaches(database: Database, job_id: UUID, *states: str, seconds: float = 15.0) -> dict[str, Any]:
    """The job's row once it is in one of the states."""

    async def look() -> dict[str, Any] | None:
        row = await row_of(database, job_id)
        return row if row["state"] in states else None

    found: dict[str, Any] = await eventually(look, seconds)
    return found


async def effects_of(database: Database, job_id: UUID) -> list[str]:
    rows = await database.pool.fetch("SELECT note FROM effect WHERE job_id = $1 ORDER BY id", job_id)
    return [row["note"] for row in rows]


async def waits_for_lock(database: Database) -> bool:
    """Whether somebody waits for a transaction to end."""
    return bool(await database.pool.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"))


async def write_effect(context: JobContext, payload: dict[str, Any]) -> None:
    """A handler that ends its job with an effect."""
    async with context.unit_of_work() as uow:
        await uow.sql.execute(
            "INSERT INTO effect (job_id, note) VALUES ($1, $2)", context.job_id, payload.get("note", "")
        )
        uow.result = {"note": payload.get("note", "")}
