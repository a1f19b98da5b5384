import asyncio
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from prometheus_client import CollectorRegistry

from shared.db.database import Database
from shared.jobs.context import JobContext
from shared.jobs.definition import Job
from shared.jobs.metrics import JobMetrics
from shared.jobs.store import JOBS_CHANNEL, read_job, wake_runners
from shared.messaging.wakeup import Waiter, Wakeup
from tests.shared.jobs.running import (
    OWNER,
    QUICK,
    SHORT,
    eventually,
    make_runner,
    put,
    reaches,
    row_of,
    running,
    write_effect,
)


class TestRunning:
    async def test_ends_with_the_result(self, database: Database) -> None:
        async def add(_: JobContext, payload: dict[str, Any]) -> dict[str, Any]:
            return {"sum": sum(payload["numbers"])}

        async with running(make_runner(database, {"add": Job(add)})):
            job_id = await put(database, "add", {"numbers": [1, 2]})
            await reaches(database, job_id, "done")
        async with database.read() as connection:
            found = await read_job(connection, job_id, OWNER)
        assert found == {
            "id": job_id,
            "kind": "add",
            "state": "done",
            "progress": 1.0,
            "error": None,
            "result": {"sum": 3},
        }

    async def test_two_runners_do_each_job_once(self, database: Database) -> None:
        seen: Counter[str] = Counter()

        async def count(context: JobContext, payload: dict[str, Any]) -> None:
            seen[context.lease.runner] += 1
            await write_effect(context, payload)

        runners = [make_runner(database, {"count": Job(count)}) for _ in range(2)]
        ids = [await put(database, "count") for _ in range(60)]
        async with running(*runners):
            for job_id in ids:
                await reaches(database, job_id, "done")
        assert await database.pool.fetchval("SELECT count(*) FROM effect") == 60
        assert seen == {runners[0].id: seen[runners[0].id], runners[1].id: 60 - seen[runners[0].id]}
        assert min(seen.values()) > 0, "one runner did nothing"

    async def test_never_more_at_once_than_allowed(self, database: Database) -> None:
        now = most = 0

        async def overlap(_: JobContext, __: dict[str, Any]) -> None:
            nonlocal now, most
            now += 1
            most = max(most, now)
            await asyncio.sleep(0.01)
            now -= 1

        ids = [await put(database, "overlap") for _ in range(12)]
        async with running(make_runner(database, {"overlap": Job(overlap)}, concurrency=3)):
            for job_id in ids:
                await reaches(database, job_id, "done")
        assert most == 3

    async def test_leaves_kinds_it_does_not_know(self, database: Database) -> None:
        foreign = await put(database, "of a newer release")
        async with running(make_runner(database, {"known": Job(write_effect)})):
            await reaches(database, await put(database, "known"), "done")
        assert (await row_of(database, foreign))["attempts"] == 0

    async def test_a_timer_waits_for_its_time(self, database: Database) -> None:
        when = datetime.now(UTC) + timedelta(seconds=0.5)
        timer = await put(database, "known", run_at=when)
        async with running(make_runner(database, {"known": Job(write_effect)})):
            await reaches(database, await put(database, "known"), "done")
            assert (await row_of(database, timer))["state"] == "queued"
            row = await reaches(database, timer, "done")
        assert row["finished_at"] >= when

    async def test_a_hint_starts_it_at_once(self, database: Database, database_url: str) -> None:
        class SlowPolling(Wakeup):
            def waiter(self, channel: str, **_: Any) -> Waiter:
                assert channel == JOBS_CHANNEL
                return super().waiter(channel, fastest=60, slowest=60)

        wakeup = SlowPolling(database_url)
        listening = asyncio.create_task(wakeup.run())
        runner = make_runner(database, {"known": Job(write_effect)}, wakeup=wakeup)
        async with running(runner):
            await asyncio.wait_for(wakeup.listening.wait(), 10)
            job_id = await put(database, "known")
            await wake_runners(database)
            await reaches(database, job_id, "done")
        await wakeup.stop()
        await listening

    async def test_progress_can_be_read_meanwhile(self, database: Database) -> None:
        go_on = asyncio.Event()

        async def half(context: JobContext, _: dict[str, Any]) -> None:
            await context.progress(0.5)
            await go_on.wait()

        job_id = await put(database, "half")
        async with running(make_runner(database, {"half": Job(half)}, lease=SHORT)):

            async def reads_half() -> bool:
                async with database.read() as connection:
                    found = await read_job(connection, job_id, OWNER)
                assert found is not None
                return (found["state"], found["progress"]) == ("running", 0.5)

            await eventually(reads_half)
            go_on.set()
            assert (await reaches(database, job_id, "done"))["progress"] == 1

    async def test_refuses_progress_beyond_all(self, database: Database) -> None:
        async def wrong(context: JobContext, _: dict[str, Any]) -> None:
            await context.progress(1.01)

        job_id = await put(database, "wrong", max_attempts=1)
        async with running(make_runner(database, {"wrong": Job(wrong)})):
            assert (await reaches(database, job_id, "failed"))["error"] == "ValueError"

    async def test_heartbeats_keep_a_long_job(self, database: Database) -> None:
        started = 0

        async def long(_: JobContext, __: dict[str, Any]) -> None:
            nonlocal started
            started += 1
            await asyncio.sleep(4 * SHORT.total_seconds())

        job_id = await put(database, "long")
        runners = [make_runner(database, {"long": Job(long)}, lease=SHORT) for _ in range(2)]
        async with running(*runners):
            row = await reaches(database, job_id, "done")
        assert (started, row["attempts"]) == (1, 1)

    async def test_counts_attempts_by_outcome(self, database: Database) -> None:
        async def fail(context: JobContext, _: dict[str, Any]) -> None:
            if context.attempt == 1:
                raise RuntimeError

        registry = CollectorRegistry()
        job_id = await put(database, "fail")
        table = {"fail": Job(fail, backoff=QUICK)}
        async with running(make_runner(database, table, metrics=JobMetrics(registry))):
            await reaches(database, job_id, "done")
        for outcome in ("retry", "done"):
            labels = {"kind": "fail", "outcome": outcome}
            assert registry.get_sample_value("job_attempts_total", labels) == 1


class TestStopping:
    async def test_waits_for_what_ends_within_the_grace(self, database: Database) -> None:
        entered = asyncio.Event()

        async def short(_: JobContext, __: dict[str, Any]) -> None:
            entered.set()
            await asyncio.sleep(0.1)

        job_id = await put(database, "short")
        async with running(make_runner(database, {"short": Job(short)})):
            await entered.wait()
        assert (await row_of(database, job_id))["state"] == "done"

    @pytest.mark.parametrize("stubborn", [False, True])
    async def test_gives_back_what_does_not(self, database: Database, stubborn: bool) -> None:
        entered = asyncio.Event()

        async def endless(_: JobContext, __: dict[str, Any]) -> None:
            entered.set()
            try:
                await asyncio.Event().wait()
            finally:
                if stubborn:
                    await asyncio.sleep(1.5)  # refuses to go: twice as long as it is given

        job_id = await put(database, "endless", max_attempts=1)
        runner = make_runner(
            database,
            {"endless": Job(endless)},
            lease=timedelta(minutes=5),
            grace=timedelta(seconds=0.1),
        )
        async with running(runner):
            await entered.wait()
            started = time.monotonic()
        assert time.monotonic() - started < 4
        async with running(make_runner(database, {"endless": Job(write_effect)})):
            await reaches(database, job_id, "done")

    async def test_gives_back_when_it_is_cancelled(self, database: Database) -> None:
        entered = asyncio.Event()

        async def endless(_: JobContext, __: dict[str, Any]) -> None:
            entered.set()
            await asyncio.Event().wait()

        job_id = await put(database, "endless", max_attempts=1)
        runner = make_runner(database, {"endless": Job(endless)}, lease=timedelta(minutes=5))
        task = asyncio.create_task(runner.run())
        await entered.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        async with running(make_runner(database, {"endless": Job(write_effect)})):
            await reaches(database, job_id, "done")


class TestTrouble:
    async def test_a_runner_that_cannot_work_dies_loudly(self, database: Database) -> None:
        await database.pool.execute("ALTER TABLE job RENAME COLUMN leased_by TO holder")
        runner = make_runner(database, {"known": Job(write_effect)})
        with pytest.raises(asyncpg.UndefinedColumnError):
            await asyncio.wait_for(runner.run(), 10)

    async def test_a_supervisor_that_fails_takes_the_runner_down(self, database: Database) -> None:
        entered, go_on = asyncio.Event(), asyncio.Event()

        async def wait(_: JobContext, __: dict[str, Any]) -> None:
            entered.set()
            await go_on.wait()

        await put(database, "wait")
        runner = make_runner(database, {"wait": Job(wait)})
        task = asyncio.create_task(runner.run())
        await entered.wait()
        await database.pool.execute("ALTER TABLE job RENAME COLUMN error TO reason")
        go_on.set()
        with pytest.raises(asyncpg.UndefinedColumnError):
            await asyncio.wait_for(task, 10)

    async def test_an_outage_is_waited_for(self, database: Database) -> None:
        cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        async with running(make_runner(database, {"known": Job(write_effect)})):
            for _ in range(3):
                await reaches(database, await put(database, "known"), "done")
                await database.pool.execute(cut)
                await eventually(lambda: survives(database))
            await reaches(database, await put(database, "known"), "done")


async def survives(database: Database) -> bool:
    try:
        return bool(await database.pool.fetchval("SELECT true"))
    except (asyncpg.PostgresError, OSError):
        return False
