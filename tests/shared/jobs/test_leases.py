import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from shared.db.database import Connection, Database
from shared.jobs.definition import LeaseLost
from shared.jobs.leases import LOST, Claim, Lease, claim, hold, mark_done, mark_failed, release, renew
from tests.shared.jobs.running import eventually, put, row_of, waits_for_lock

LEASE = timedelta(seconds=30)
OVER = timedelta(0)
"""A lease that has run out when it is taken."""


async def take(
    database: Database, runner: str = "a", *, limit: int = 10, lease: timedelta = LEASE
) -> list[Claim]:
    async with database.read() as connection:
        return await claim(connection, ["recount"], runner, limit, lease)


async def take_one(database: Database, runner: str = "a", *, lease: timedelta = LEASE) -> Lease:
    (found,) = await take(database, runner, lease=lease)
    return found.lease


class TestClaim:
    async def test_takes_what_is_due_oldest_first(self, database: Database) -> None:
        now = datetime.now(UTC)
        late = await put(database, "recount", run_at=now - timedelta(hours=1))
        later = await put(database, "recount", run_at=now - timedelta(minutes=1))
        latest = await put(database, "recount")
        await put(database, "recount", run_at=now + timedelta(hours=1))
        await put(database, "other")
        first = await take(database, limit=2)
        assert {found.lease.job_id for found in first} == {late, later}
        assert [found.lease.job_id for found in await take(database)] == [latest]
        assert await take(database) == []

    async def test_two_runners_never_get_the_same(self, database: Database) -> None:
        ids = {await put(database, "recount") for _ in range(60)}
        taken = await asyncio.gather(*[take(database, f"runner {n}", limit=7) for n in range(10)])
        claimed = [found.lease.job_id for some in taken for found in some]
        assert len(claimed) == len(set(claimed))
        assert set(claimed) == ids

    async def test_passes_over_what_another_transaction_holds(self, database: Database) -> None:
        held, free = await put(database, "recount"), await put(database, "recount")
        async with database.transaction() as connection:
            await connection.execute("SELECT FROM job WHERE id = $1 FOR UPDATE", held)
            assert [found.lease.job_id for found in await take(database)] == [free]

    async def test_takes_over_when_a_lease_ran_out(self, database: Database) -> None:
        job_id = await put(database, "recount")
        first = await take_one(database, "a", lease=OVER)
        second = await take_one(database, "b")
        assert (first.attempt, second.attempt, second.job_id) == (1, 2, job_id)
        assert await take(database, "c") == []

    async def test_ends_a_job_whose_runners_are_always_lost(self, database: Database) -> None:
        job_id = await put(database, "recount", max_attempts=2)
        for _ in range(2):
            await take_one(database, lease=OVER)
        (last,) = await take(database, lease=OVER)
        assert last.failed
        row = await row_of(database, job_id)
        assert (row["state"], row["error"], row["attempts"]) == ("failed", LOST, 2)
        assert await take(database) == []


Write = Callable[[Connection, Lease], Awaitable[object]]
WRITES: dict[str, Write] = {
    "renew": lambda connection, lease: renew(connection, lease, LEASE, 0.5),
    "hold": hold,
    "mark_done": lambda connection, lease: mark_done(connection, lease, {"by": "the late one"}),
    "mark_failed": lambda connection, lease: mark_failed(connection, lease, "late", LEASE),
}


class TestVoidLease:
    @pytest.mark.parametrize("name", WRITES)
    @pytest.mark.parametrize("other", ["b", "a"], ids=["by another runner", "by the same runner"])
    async def test_writes_nothing_after_a_takeover(self, database: Database, name: str, other: str) -> None:
        job_id = await put(database, "recount")
        void = await take_one(database, "a", lease=OVER)
        await take_one(database, other)
        before = await row_of(database, job_id)
        async with database.read() as connection:
            with pytest.raises(LeaseLost):
                await WRITES[name](connection, void)
            await release(connection, void)
        assert await row_of(database, job_id) == before

    @pytest.mark.parametrize("name", WRITES)
    async def test_writes_nothing_after_it_was_given_back(self, database: Database, name: str) -> None:
        """The next runner's attempt then has the same number."""
        job_id = await put(database, "recount")
        void = await take_one(database, "a")
        async with database.read() as connection:
            await release(connection, void)
        assert (await take_one(database, "b")).attempt == void.attempt
        before = await row_of(database, job_id)
        async with database.read() as connection:
            with pytest.raises(LeaseLost):
                await WRITES[name](connection, void)
        assert await row_of(database, job_id) == before

    async def test_is_still_ours_while_nobody_took_over(self, database: Database) -> None:
        await put(database, "recount")
        lease = await take_one(database, lease=OVER)
        async with database.read() as connection:
            await renew(connection, lease, LEASE, 0.25)
        assert await take(database) == []

    async def test_hold_keeps_others_away_until_the_transaction_ends(self, database: Database) -> None:
        await put(database, "recount")
        lease = await take_one(database, lease=OVER)
        async with database.transaction() as connection:
            await hold(connection, lease)
            assert await take(database, "b") == []
        assert len(await take(database, "b")) == 1


class TestFailing:
    async def test_waits_then_is_tried_again(self, database: Database) -> None:
        job_id = await put(database, "recount")
        lease = await take_one(database)
        async with database.read() as connection:
            assert await mark_failed(connection, lease, "ValueError", timedelta(minutes=5))
        row = await row_of(database, job_id)
        assert (row["state"], row["error"], row["attempts"]) == ("queued", "ValueError", 1)
        assert timedelta(minutes=4) < row["run_at"] - datetime.now(UTC) <= timedelta(minutes=5)
        assert await take(database) == []

    async def test_gives_way_to_one_that_waits_under_its_key(self, database: Database) -> None:
        first = await put(database, "recount", unique_key="osh")
        lease = await take_one(database)
        second = await put(database, "recount", unique_key="osh")
        async with database.read() as connection:
            assert not await mark_failed(connection, lease, "ValueError", LEASE)
        assert (await row_of(database, first))["state"] == "failed"
        assert (await take_one(database)).job_id == second

    async def test_says_so_when_one_came_at_the_same_moment(self, database: Database) -> None:
        """The other one is inserted but not committed: it cannot be seen, only collided with."""
        await put(database, "recount", unique_key="osh")
        lease = await take_one(database)
        inserted = asyncio.Event()

        async def come_late() -> None:
            async with database.transaction() as connection:
                await connection.execute(
                    "INSERT INTO job (id, kind, payload, unique_key)"
                    " VALUES (gen_random_uuid(), 'recount', '{}', 'osh')"
                )
                inserted.set()
                await eventually(lambda: waits_for_lock(database))

        other = asyncio.create_task(come_late())
        await inserted.wait()
        with pytest.raises(asyncpg.UniqueViolationError):
            async with database.read() as connection:
                await mark_failed(connection, lease, "ValueError", LEASE)
        await other
        async with database.read() as connection:
            assert not await mark_failed(connection, lease, "ValueError", LEASE)

    async def test_release_gives_it_to_another_at_once_and_does_not_count(self, database: Database) -> None:
        await put(database, "recount", max_attempts=1)
        lease = await take_one(database, "a")
        async with database.read() as connection:
            await release(connection, lease)
        again = await take_one(database, "b")
        assert again.attempt == 1
