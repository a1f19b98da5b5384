"""The chain grows while others write: dense, linked, whole, whoever links and whenever it is interrupted."""

import pytest

from shared.audit.chain import BATCH, AuditChain
from shared.audit.findings import Kind
from shared.db.database import Connection, Database
from shared.ids import uuid7
from shared.messaging.sequencer import SEQUENCER_LOCK, Sequencer
from shared.messaging.wakeup import Wakeup
from tests.shared.audit.trail import Trail
from tests.shared.messaging.shop import price, unit

FILL = """
INSERT INTO audit (at, actor_kind, action, object_type, object_id, after)
SELECT clock_timestamp(), 'service', 'item.price', 'item', gen_random_uuid(), jsonb_build_object('price', n)
FROM generate_series(1, $1) AS n
"""


async def test_sixteen_writers_while_two_sequencers_run(trail: Trail) -> None:
    await trail.crowd(400)
    found = await trail.check()
    assert found.holds
    assert (found.report.rows, found.report.last) == (400, 400)
    assert len(set(await trail.hashes())) == 400


async def test_what_commits_late_comes_later(trail: Trail) -> None:
    async with unit(trail.database) as slow:
        slow.audit("item.price", "item", uuid7())
        await slow._flush()
        await trail.write(3)
        await trail.link()
        slow._audits.clear()
    await trail.link()
    ids = await trail.database.pool.fetch("SELECT id, position FROM audit ORDER BY position")
    assert [row["position"] for row in ids] == [1, 2, 3, 4]
    assert ids[-1]["id"] == min(row["id"] for row in ids)
    assert (await trail.check()).holds


async def test_nothing_is_linked_while_another_holds_the_lock(trail: Trail) -> None:
    await trail.write(2)
    async with trail.database.transaction() as connection:
        await connection.execute("SELECT pg_advisory_xact_lock($1)", SEQUENCER_LOCK)
        assert await trail.sequencer().step() == 0
    await trail.link()
    assert (await trail.check()).holds


async def test_batches_follow_each_other(trail: Trail) -> None:
    await trail.database.pool.execute(FILL, 2 * BATCH + 7)
    one = trail.sequencer()
    assert [await one.step() for _ in range(4)] == [BATCH, BATCH, 7, 0]
    assert (await trail.check()).holds


async def test_a_batch_that_fails_half_way_is_as_if_it_had_not_been(trail: Trail) -> None:
    await trail.write(3)
    await trail.link()
    await trail.write(4)
    await price(trail.database, uuid7())

    class Broken(AuditChain):
        async def __call__(self, connection: Connection) -> int:
            await super().__call__(connection)
            raise KeyError("after the write")

    one = Sequencer(trail.database, Wakeup(trail.database.url), chain=Broken("shop"))
    with pytest.raises(KeyError):
        await one.step()
    counts = "SELECT (SELECT count(position) FROM audit), (SELECT count(hash) FROM audit), (SELECT count(position) FROM event)"
    assert tuple(await trail.database.pool.fetchrow(counts)) == (3, 3, 1)  # events do not wait for it
    await trail.link()
    found = await trail.check()
    assert found.holds
    assert found.report.last == 7


class TestRowsOfBefore:
    """Rows that have a position and no hash: of before there was a chain, or of a worker that knows none."""

    async def test_are_linked_from_the_first_on(self, trail: Trail) -> None:
        await trail.database.pool.execute(FILL, BATCH + 500)
        await trail.link(chained=False)
        before = await trail.check()
        assert before.named == [(Kind.UNCHAINED, 1, BATCH + 500)]
        await trail.write(3)
        await trail.link()
        found = await trail.check()
        assert found.holds
        assert found.report.rows == BATCH + 503

    async def test_are_linked_although_nothing_new_comes(self, trail: Trail) -> None:
        await trail.write(5)
        await trail.link(chained=False)
        one = trail.sequencer()
        assert [await one.step(), await one.step()] == [5, 0]
        assert (await trail.check()).holds

    async def test_of_an_older_worker_beside_a_newer_one(self, trail: Trail) -> None:
        """A rolling upgrade: both take turns."""
        newer, older = trail.sequencer(), trail.sequencer(chained=False)
        for one in (newer, older, newer, older, older, newer, newer):
            await trail.write(2)
            await one.step()
        await trail.link()
        found = await trail.check()
        assert found.holds
        assert found.report.last == 14

    async def test_new_rows_wait_until_they_are(self, trail: Trail, database: Database) -> None:
        await trail.write(4)
        await trail.link(chained=False)
        await trail.write(2)
        one = trail.sequencer()
        assert await one.step() == 4
        assert await database.pool.fetchval("SELECT count(*) FROM audit WHERE position IS NULL") == 2
        assert await one.step() == 2
        assert (await trail.check()).holds


class TestWaitingRows:
    async def test_are_named_by_id_after_a_while(self, trail: Trail, database: Database) -> None:
        await trail.grow(3)
        await trail.write(4)
        assert (await trail.check()).holds, "they were committed just now"
        late = await trail.check(pending_seconds=0)
        first: int = await database.pool.fetchval("SELECT min(id) FROM audit WHERE position IS NULL")
        assert late.named == [(Kind.PENDING, first, first + 3)]

    async def test_so_are_rows_no_head_covers(self, trail: Trail) -> None:
        await trail.grow(3)
        await trail.write(4)
        await trail.link()
        assert (await trail.check()).holds
        assert (await trail.check(uncovered_seconds=0)).named == [(Kind.UNCOVERED, 4, 7)]
