import asyncio
import time
from datetime import timedelta
from typing import Any

import pytest

from shared.db.database import Database
from shared.jobs.context import JobContext
from shared.jobs.definition import Job, JobFailed, LeaseLost
from shared.jobs.store import cancel_job, enqueue
from shared.messaging.backoff import Backoff
from tests.shared.jobs.running import (
    OWNER,
    QUICK,
    SHORT,
    WORKER,
    effects_of,
    eventually,
    make_runner,
    put,
    reaches,
    row_of,
    running,
    waits_for_lock,
    write_effect,
)


class TestFailing:
    async def test_is_tried_again_later_each_time(self, database: Database) -> None:
        starts: list[float] = []

        async def third_time(context: JobContext, _: dict[str, Any]) -> dict[str, Any]:
            starts.append(time.monotonic())
            if len(starts) < 3:
                raise RuntimeError("not yet")
            return {"attempt": context.attempt}

        backoff = Backoff(first=0.1, factor=4, jitter=0)
        job_id = await put(database, "third")
        async with running(make_runner(database, {"third": Job(third_time, backoff=backoff)})):
            row = await reaches(database, job_id, "done")
        assert (row["result"], row["error"]) == ({"attempt": 3}, None)
        assert starts[1] - starts[0] >= 0.1
        assert starts[2] - starts[1] >= 0.4

    async def test_fails_for_good_after_its_last_attempt(self, database: Database) -> None:
        calls = 0

        async def never(_: JobContext, payload: dict[str, Any]) -> None:
            nonlocal calls
            calls += 1
            raise KeyError(payload["secret"])

        job_id = await put(database, "never", {"secret": "0555 123456"}, max_attempts=3)
        async with running(make_runner(database, {"never": Job(never, backoff=QUICK)})):
            row = await reaches(database, job_id, "failed")
        assert (calls, row["attempts"]) == (3, 3)
        assert row["error"] == "KeyError", "the text of an unforeseen error may hold what people entered"

    async def test_gives_way_to_one_that_comes_at_the_same_moment(self, database: Database) -> None:
        entered, go_on = asyncio.Event(), asyncio.Event()

        async def fails_first(_: JobContext, __: dict[str, Any]) -> None:
            if not go_on.is_set():
                entered.set()
                await go_on.wait()
                raise RuntimeError

        first = await put(database, "sum", unique_key="osh")
        table = {"sum": Job(fails_first, backoff=Backoff(first=300))}
        async with running(make_runner(database, table, lease=timedelta(minutes=5))):
            await entered.wait()
            async with database.transaction() as connection:
                second = await enqueue(connection, "sum", {}, unique_key="osh")
                go_on.set()
                await eventually(lambda: waits_for_lock(database))
            assert (await reaches(database, first, "failed"))["attempts"] == 1
            await reaches(database, second, "done")

    async def test_a_handler_can_say_that_it_is_hopeless(self, database: Database) -> None:
        async def hopeless(_: JobContext, __: dict[str, Any]) -> None:
            raise JobFailed("the file is empty")

        job_id = await put(database, "hopeless")
        async with running(make_runner(database, {"hopeless": Job(hopeless, backoff=QUICK)})):
            row = await reaches(database, job_id, "failed")
        assert (row["error"], row["attempts"]) == ("the file is empty", 1)

    async def test_a_handler_that_hangs_is_cut_off(self, database: Database) -> None:
        async def hang(_: JobContext, __: dict[str, Any]) -> None:
            await asyncio.Event().wait()

        job_id = await put(database, "hang", max_attempts=1)
        table = {"hang": Job(hang, timeout=timedelta(milliseconds=50))}
        async with running(make_runner(database, table)):
            assert (await reaches(database, job_id, "failed"))["error"] == "TimeoutError"

    @pytest.mark.parametrize(
        "result", [{1.5: object}, {"text": "\x00"}, {"text": "\ud800"}, ["no object"], "failure"], ids=repr
    )
    async def test_a_result_that_cannot_be_stored_fails_the_job_alone(
        self, database: Database, result: Any
    ) -> None:
        async def odd(_: JobContext, __: dict[str, Any]) -> Any:
            if result == "failure":
                raise JobFailed("\x00")
            return result

        job_id = await put(database, "odd")
        async with running(make_runner(database, {"odd": Job(odd), "known": Job(write_effect)})):
            await reaches(database, job_id, "failed", "done")
            await reaches(database, await put(database, "known"), "done")
        row = await row_of(database, job_id)
        assert row["state"] == "failed"
        assert row["error"]

    async def test_a_cancelled_wait_inside_a_handler_counts_as_a_failure(self, database: Database) -> None:
        async def waits_for_cancelled(_: JobContext, __: dict[str, Any]) -> None:
            inner = asyncio.create_task(asyncio.Event().wait())
            inner.cancel()
            await inner

        job_id = await put(database, "waits", max_attempts=2)
        async with running(make_runner(database, {"waits": Job(waits_for_cancelled, backoff=QUICK)})):
            row = await reaches(database, job_id, "failed")
        assert (row["error"], row["attempts"]) == ("CancelledError", 2)


class TestUnitOfWork:
    async def test_effect_event_and_end_of_the_job_commit_together(self, database: Database) -> None:
        job_id = await put(database, "write", {"note": "once"}, traceparent=f"00-{'a' * 32}-{'b' * 16}-01")

        async def write(context: JobContext, payload: dict[str, Any]) -> None:
            async with context.unit_of_work() as uow:
                await uow.sql.execute(
                    "INSERT INTO effect (job_id, note) VALUES ($1, $2)", context.job_id, "once"
                )
                uow.audit("effect.written", "effect", context.job_id, on_behalf_of=context.owner)
                uow.result = {"written": 1}
            raise RuntimeError("after the commit nothing can undo it")

        async with running(make_runner(database, {"write": Job(write, backoff=QUICK)})):
            row = await reaches(database, job_id, "done")
        assert (row["result"], row["attempts"], row["error"]) == ({"written": 1}, 1, None)
        assert await effects_of(database, job_id) == ["once"]
        audit = await database.pool.fetchrow("SELECT actor, on_behalf_of, trace_id FROM audit")
        assert audit is not None
        assert tuple(audit) == (WORKER.sub, OWNER, "a" * 32)

    async def test_an_error_inside_leaves_nothing(self, database: Database) -> None:
        async def second_time(context: JobContext, _: dict[str, Any]) -> None:
            async with context.unit_of_work() as uow:
                await uow.sql.execute(
                    "INSERT INTO effect (job_id, note) VALUES ($1, $2)", context.job_id, str(context.attempt)
                )
                if context.attempt == 1:
                    raise RuntimeError

        job_id = await put(database, "second")
        async with running(make_runner(database, {"second": Job(second_time, backoff=QUICK)})):
            await reaches(database, job_id, "done")
        assert await effects_of(database, job_id) == ["2"]

    @pytest.mark.parametrize("way", ["unit_of_work", "step"])
    async def test_a_cancelled_job_commits_nothing(self, database: Database, way: str) -> None:
        entered, go_on = asyncio.Event(), asyncio.Event()
        ended: list[BaseException] = []

        async def write(context: JobContext, _: dict[str, Any]) -> None:
            try:
                async with getattr(context, way)() as uow:
                    await uow.sql.execute(
                        "INSERT INTO effect (job_id, note) VALUES ($1, 'late')", context.job_id
                    )
                    entered.set()
                    await go_on.wait()
            except LeaseLost as lost:
                ended.append(lost)
                raise

        job_id = await put(database, "write")
        async with running(make_runner(database, {"write": Job(write)})):
            await entered.wait()
            async with database.read() as connection:
                assert await cancel_job(connection, job_id, OWNER)
            go_on.set()

            async def lost() -> bool:
                return bool(ended)

            await eventually(lost)
        row = await row_of(database, job_id)
        assert (row["state"], row["error"]) == ("failed", "cancelled")
        assert await effects_of(database, job_id) == []

    async def test_cancelling_stops_the_handler_at_its_next_heartbeat(self, database: Database) -> None:
        entered, stopped = asyncio.Event(), asyncio.Event()

        async def wait(_: JobContext, __: dict[str, Any]) -> None:
            entered.set()
            try:
                await asyncio.Event().wait()
            finally:
                stopped.set()

        job_id = await put(database, "wait")
        async with running(make_runner(database, {"wait": Job(wait)}, lease=SHORT)):
            await entered.wait()
            async with database.read() as connection:
                await cancel_job(connection, job_id, OWNER)
            await asyncio.wait_for(stopped.wait(), 10)

    async def test_a_step_commits_without_ending_the_job(self, database: Database) -> None:
        async def steps(context: JobContext, _: dict[str, Any]) -> None:
            for note in ("first", "second"):
                async with context.step() as uow:
                    await uow.sql.execute(
                        "INSERT INTO effect (job_id, note) VALUES ($1, $2)", context.job_id, note
                    )
            raise JobFailed("half way")

        job_id = await put(database, "steps")
        async with running(make_runner(database, {"steps": Job(steps)})):
            await reaches(database, job_id, "failed")
        assert await effects_of(database, job_id) == ["first", "second"]
