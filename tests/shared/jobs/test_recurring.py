import asyncio
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from shared.db.database import Database
from shared.jobs.context import JobContext
from shared.jobs.definition import Job
from shared.jobs.recurring import FORGET, schedule
from tests.shared.jobs.running import QUICK, eventually, make_runner, put, reaches, row_of, running


async def nothing(_: JobContext, __: dict[str, Any]) -> None:
    return None


async def plan(database: Database, every: timedelta) -> None:
    async with database.read() as connection:
        await schedule(connection, {"tick": Job(nothing, every=every), "plain": Job(nothing)})


async def ticks(database: Database) -> list[Any]:
    return await database.pool.fetch("SELECT * FROM job WHERE kind = 'tick' ORDER BY run_at")


class TestSchedule:
    async def test_makes_one_run_at_the_start_of_the_next_period(self, database: Database) -> None:
        before = datetime.now(UTC)
        await asyncio.gather(*[plan(database, timedelta(hours=1)) for _ in range(10)])
        (row,) = await database.pool.fetch("SELECT * FROM job")
        assert row["kind"] == "tick"
        assert (row["run_at"].minute, row["run_at"].second, row["run_at"].microsecond) == (0, 0, 0)
        assert before < row["run_at"] <= datetime.now(UTC) + timedelta(hours=1)

    async def test_makes_none_while_one_runs(self, database: Database) -> None:
        await plan(database, timedelta(hours=1))
        await database.pool.execute(
            "UPDATE job SET state = 'running', lease_until = now(), leased_by = 'a', attempts = 1"
        )
        await plan(database, timedelta(hours=1))
        assert len(await ticks(database)) == 1

    async def test_a_shortened_period_counts_at_once(self, database: Database) -> None:
        await plan(database, timedelta(days=30))
        await plan(database, timedelta(seconds=1))
        (row,) = await ticks(database)
        assert row["run_at"] <= datetime.now(UTC) + timedelta(seconds=1)
        await plan(database, timedelta(days=30))
        assert (await ticks(database))[0]["run_at"] == row["run_at"]

    def test_needs_a_period(self) -> None:
        with pytest.raises(ValueError, match="positive"):
            Job(nothing, every=timedelta(0))


class TestRunning:
    async def test_several_runners_start_one_run_a_period(self, database: Database) -> None:
        period = timedelta(milliseconds=250)
        table = {"tick": Job(nothing, every=period)}

        async def enough() -> bool:
            return len([row for row in await ticks(database) if row["state"] == "done"]) >= 4

        async with running(*[make_runner(database, table) for _ in range(3)]):
            await eventually(enough)
        starts = [row["run_at"] for row in await ticks(database)]
        for earlier, later in pairwise(starts):
            assert later - earlier >= period - timedelta(microseconds=10)

    async def test_a_failed_run_is_tried_again_and_does_not_end_the_series(self, database: Database) -> None:
        calls = 0

        async def fails_first(_: JobContext, __: dict[str, Any]) -> None:
            nonlocal calls
            calls += 1
            if calls <= 5:
                raise RuntimeError

        async def both() -> bool:
            return {"failed", "done"} <= {row["state"] for row in await ticks(database)}

        table = {"tick": Job(fails_first, every=timedelta(milliseconds=50), backoff=QUICK)}
        async with running(make_runner(database, table)):
            await eventually(both)
        first = (await ticks(database))[0]
        assert first["attempts"] == first["max_attempts"] == 5


async def test_old_finished_jobs_are_forgotten(database: Database) -> None:
    ids = [await put(database, "tick") for _ in range(3)]
    async with running(make_runner(database, {"tick": Job(nothing)})):
        for job_id in ids:
            await reaches(database, job_id, "done")
        await database.pool.execute(
            "UPDATE job SET finished_at = now() - interval '31 days' WHERE id = ANY($1)", ids[1:]
        )
        forgetting = await put(database, FORGET)
        row = await reaches(database, forgetting, "done")
    assert row["result"] == {"forgotten": 2}
    assert (await row_of(database, ids[0]))["state"] == "done"
    assert await database.pool.fetchval("SELECT count(*) FROM job WHERE kind = 'tick'") == 1
