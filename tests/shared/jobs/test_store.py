import asyncio
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from shared.db.database import Database
from shared.jobs.leases import Lease, claim, mark_done
from shared.jobs.store import cancel_job, enqueue, read_job
from tests.shared.jobs.running import OWNER, put, row_of

LEASE = timedelta(seconds=30)


async def claim_one(database: Database, kind: str = "recount") -> Lease | None:
    async with database.read() as connection:
        found = await claim(connection, [kind], "runner", 1, LEASE)
    return found[0].lease if found else None


async def enqueue_and_fail(database: Database) -> None:
    async with database.transaction() as connection:
        await enqueue(connection, "recount", {})
        raise RuntimeError


class TestEnqueue:
    async def test_belongs_to_the_callers_transaction(self, database: Database) -> None:
        with pytest.raises(RuntimeError):
            await enqueue_and_fail(database)
        assert await database.pool.fetchval("SELECT count(*) FROM job") == 0

    async def test_keeps_what_it_was_given(self, database: Database) -> None:
        when = datetime(2030, 1, 2, tzinfo=UTC)
        job_id = await put(
            database, "recount", {"names": ["Өмүр"]}, run_at=when, traceparent="00-a-b-01", max_attempts=2
        )
        row = await row_of(database, job_id)
        assert (row["payload"], row["run_at"], row["owner"]) == ({"names": ["Өмүр"]}, when, OWNER)
        assert (row["state"], row["traceparent"], row["max_attempts"]) == ("queued", "00-a-b-01", 2)


class TestUniqueKey:
    async def test_gives_the_waiting_job_again(self, database: Database) -> None:
        first = await put(database, "recount", unique_key="osh")
        assert await put(database, "recount", unique_key="osh") == first
        assert await put(database, "recount", unique_key="naryn") != first
        assert await put(database, "export", unique_key="osh") != first
        assert await put(database, "recount") != await put(database, "recount")

    async def test_many_at_once_make_one(self, database: Database) -> None:
        ids = await asyncio.gather(*[put(database, "recount", unique_key="osh") for _ in range(30)])
        assert len(set(ids)) == 1
        assert await database.pool.fetchval("SELECT count(*) FROM job") == 1

    async def test_races_with_runners_that_take_and_end_the_job(self, database: Database) -> None:
        """Whatever the timing, an id is of a job that had not been started when `enqueue` returned."""
        ids: list[object] = []

        async def ask() -> None:
            ids.extend([await put(database, "recount", unique_key="osh") for _ in range(20)])

        async def work() -> int:
            done = 0
            while not asking.done() or await claim_left():
                if lease := await claim_one(database):
                    await mark_done_now(database, lease)
                    done += 1
            return done

        async def claim_left() -> bool:
            return bool(await database.pool.fetchval("SELECT count(*) FROM job WHERE state = 'queued'"))

        asking = asyncio.gather(ask(), ask(), ask())
        done = sum(await asyncio.gather(work(), work()))
        await asking
        assert len(set(ids)) == done == await database.pool.fetchval("SELECT count(*) FROM job")

    async def test_waiting_job_starts_after_the_callers_commit(self, database: Database) -> None:
        first = await put(database, "recount", unique_key="osh")
        async with database.transaction() as connection:
            assert await enqueue(connection, "recount", {}, unique_key="osh") == first
            assert await claim_one(database) is None
        lease = await claim_one(database)
        assert lease is not None
        assert lease.job_id == first

    async def test_a_running_job_is_followed_by_another(self, database: Database) -> None:
        first = await put(database, "recount", unique_key="osh")
        lease = await claim_one(database)
        assert lease is not None
        second = await put(database, "recount", unique_key="osh")
        assert second != first
        assert await claim_one(database) is None, "two would run under one key"
        await mark_done_now(database, lease)
        following = await claim_one(database)
        assert following is not None
        assert following.job_id == second


async def mark_done_now(database: Database, lease: Lease) -> None:
    async with database.read() as connection:
        await mark_done(connection, lease, None)


class TestReadJob:
    async def test_shows_the_owner_its_state(self, database: Database) -> None:
        job_id = await put(database, "recount")
        async with database.read() as connection:
            assert await read_job(connection, job_id, OWNER) == {
                "id": job_id,
                "kind": "recount",
                "state": "queued",
                "progress": 0.0,
                "error": None,
                "result": None,
            }

    async def test_is_none_for_anybody_else(self, database: Database) -> None:
        owned, nobodys = await put(database, "recount"), await put(database, "recount", owner=None)
        async with database.read() as connection:
            assert await read_job(connection, owned, uuid4()) is None
            assert await read_job(connection, owned, None) is None
            assert await read_job(connection, nobodys, None) is None
            assert await read_job(connection, uuid4(), OWNER) is None


class TestCancel:
    async def test_ends_a_waiting_job_of_the_owner_once(self, database: Database) -> None:
        job_id = await put(database, "recount")
        async with database.read() as connection:
            assert not await cancel_job(connection, job_id, uuid4())
            assert await cancel_job(connection, job_id, OWNER)
            assert not await cancel_job(connection, job_id, OWNER)
        row = await row_of(database, job_id)
        assert (row["state"], row["error"]) == ("failed", "cancelled")
        assert await claim_one(database) is None
