import asyncio
from typing import Any

import asyncpg
import pytest

from shared.db.database import Database
from shared.ids import uuid7
from shared.messaging.epoch import current_epoch, last_common_position
from shared.messaging.sequencer import BATCH, SEQUENCER_LOCK, Sequencer, start_new_epoch
from shared.messaging.wakeup import Wakeup
from tests.kit.postgres import TemplateDatabases
from tests.shared.messaging.conftest import opened
from tests.shared.messaging.shop import price, price_many, unit, until


def sequencer(database: Database, **options: Any) -> Sequencer:
    return Sequencer(database, Wakeup(database.url), **options)


async def positions(database: Database) -> list[int | None]:
    rows = await database.pool.fetch("SELECT position FROM event ORDER BY id")
    return [row["position"] for row in rows]


async def test_positions_are_dense_and_in_id_order(database: Database) -> None:
    await price_many(database, 30)
    assert await sequencer(database).step() == 30
    await price_many(database, 5)
    assert await sequencer(database).step() == 5
    assert await positions(database) == list(range(1, 36))


async def test_what_commits_late_comes_later_and_leaves_no_gap(database: Database) -> None:
    held = asyncio.create_task(price(database, uuid7(), delay=0.3))
    await until(lambda: _in_flight(database))
    for _ in range(5):
        await price(database, uuid7())
    await sequencer(database).step()
    late = await held
    await sequencer(database).step()
    found = await database.pool.fetch("SELECT event_id FROM event ORDER BY position")
    assert found[-1]["event_id"] == late
    assert sorted(filter(None, await positions(database))) == [1, 2, 3, 4, 5, 6]


async def _in_flight(database: Database) -> bool:
    return bool(
        await database.pool.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction' AND datname = current_database()"
        )
    )


async def test_many_sequencers_give_each_position_once(database: Database) -> None:
    steps = asyncio.gather(
        *(_work(sequencer(database), until_total=200, database=database) for _ in range(4))
    )
    await asyncio.gather(*(price_many(database, 50) for _ in range(4)))
    await steps
    assert sorted(filter(None, await positions(database))) == list(range(1, 201))


async def _work(one: Sequencer, *, until_total: int, database: Database) -> None:
    async with asyncio.timeout(20):
        while await database.pool.fetchval("SELECT count(position) FROM event") < until_total:
            await one.step()


async def test_a_batch_is_bounded(database: Database) -> None:
    await database.pool.execute(
        """INSERT INTO event (event_id, type, topic, key, slot, audience, occurred_at, value)
           SELECT gen_random_uuid(), 't', 't', 'k', 0, 'public', now(), '{}'
           FROM generate_series(1, $1)""",
        BATCH + 7,
    )
    assert [await sequencer(database).step() for _ in range(3)] == [BATCH, 7, 0]
    assert await positions(database) == list(range(1, BATCH + 8))


async def test_while_the_lock_is_taken_nothing_is_done(database: Database) -> None:
    await price(database, uuid7())
    async with database.transaction() as connection:
        await connection.execute("SELECT pg_advisory_xact_lock($1)", SEQUENCER_LOCK)
        assert await sequencer(database).step() == 0
    assert await sequencer(database).step() == 1


async def test_who_gives_positions_has_settled_the_life_itself(database: Database) -> None:
    """Another that held the lock when this one began may have died before it settled anything."""
    await price(database, uuid7())
    one = sequencer(database)
    async with database.transaction() as connection:
        await connection.execute("SELECT pg_advisory_xact_lock($1)", SEQUENCER_LOCK)
        running = asyncio.create_task(one.run())
        await asyncio.sleep(0.3)
        assert await positions(database) == [None]
    async with asyncio.timeout(10):
        while await positions(database) == [None]:
            await asyncio.sleep(0.02)
    assert await database.pool.fetchval("SELECT count(*) FROM epoch") == 1
    await one.stop()
    await running


async def audit(database: Database, count: int) -> None:
    for _ in range(count):
        async with unit(database) as uow:
            uow.audit("item.price", "item", uuid7())


async def test_audit_rows_are_positioned_where_there_is_no_chain(database: Database) -> None:
    await audit(database, 3)
    assert await sequencer(database).step() == 3
    await audit(database, 2)
    assert await sequencer(database).step() == 2
    rows = await database.pool.fetch("SELECT position, hash FROM audit ORDER BY id")
    assert [tuple(row) for row in rows] == [(place, None) for place in range(1, 6)]


async def test_a_chain_gives_audit_rows_their_positions(database: Database) -> None:
    async def chain(connection: Any) -> int:
        done = await connection.execute("UPDATE audit SET position = 10 * id WHERE position IS NULL")
        return int(done.split()[1])

    await audit(database, 3)
    await price(database, uuid7())
    one = sequencer(database, chain=chain)
    assert [await one.step(), await one.step()] == [4, 0]
    rows = await database.pool.fetch("SELECT position, id FROM audit ORDER BY id")
    assert [row["position"] for row in rows] == [10 * row["id"] for row in rows]


async def test_a_failing_chain_gives_no_positions(database: Database) -> None:
    async def chain(*_: Any) -> None:
        raise ValueError("broken")

    async with unit(database) as uow:
        uow.audit("item.price", "item", uuid7())
    with pytest.raises(ValueError, match="broken"):
        await sequencer(database, chain=chain).step()
    assert await database.pool.fetchval("SELECT count(position) FROM audit") == 0


class TestEpoch:
    async def test_stays_while_the_database_stays(self, database: Database) -> None:
        assert await _epoch(database) is None
        await sequencer(database).step()
        first = await _epoch(database)
        await sequencer(database).step()
        assert first is not None
        assert await _epoch(database) == first

    async def test_changes_when_the_database_was_copied(
        self, database: Database, template_databases: TemplateDatabases, service_url: str
    ) -> None:
        """A copy under another oid is what restoring a dump gives."""
        await price_many(database, 10)
        await sequencer(database).step()
        old = await _epoch(database)
        await database.close()
        restored = await _copy(template_databases, service_url)
        try:
            async with opened(restored) as copy:
                await price_many(copy, 3)
                await sequencer(copy).step()
                new = await _epoch(copy)
                assert old is not None
                assert new is not None
                assert new.epoch != old.epoch
                assert new.base_position == 10
                async with copy.read() as connection:
                    assert await last_common_position(connection, old.epoch, 12) == 10
                    assert await last_common_position(connection, old.epoch, 4) == 4
                    assert await last_common_position(connection, uuid7(), 4) == 0
        finally:
            template_databases.drop(restored)

    @pytest.mark.parametrize("column", ["system_identifier", "timeline", "database_oid"])
    async def test_each_part_of_the_identity_counts(self, database: Database, column: str) -> None:
        await sequencer(database).step()
        first = await _epoch(database)
        await database.pool.execute(f"UPDATE epoch SET {column} = '17'")
        await sequencer(database).step()
        assert await _epoch(database) != first

    async def test_is_renewed_by_hand(self, database: Database) -> None:
        await price_many(database, 4)
        await sequencer(database).step()
        first = await _epoch(database)
        second = await start_new_epoch(database)
        assert second == await _epoch(database) != first
        assert second.base_position == 4
        await start_new_epoch(database)
        async with database.read() as connection:
            assert first is not None
            assert await last_common_position(connection, first.epoch, 100) == 4


async def _epoch(database: Database) -> Any:
    async with database.read() as connection:
        return await current_epoch(connection)


async def _copy(databases: TemplateDatabases, url: str) -> str:
    name = url.rpartition("/")[2]
    owner = url.partition("://")[2].partition(":")[0]
    superuser = await asyncpg.connect(databases._server.url("postgres"))
    try:
        await superuser.execute(f"CREATE DATABASE {name}_restored TEMPLATE {name} OWNER {owner}")
    finally:
        await superuser.close()
    return f"{url}_restored"


class TestRun:
    async def test_is_woken_by_a_commit(self, database: Database) -> None:
        wakeup = Wakeup(database.url)
        one = Sequencer(database, wakeup)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(wakeup.run())
            tasks.create_task(one.run())
            await price_many(database, 3)
            await until(lambda: _all_positioned(database))
            await one.stop()
            await wakeup.stop()

    async def test_works_without_any_hint(self, database: Database) -> None:
        one = Sequencer(database, Wakeup(database.url))  # never run: nobody listens
        task = asyncio.create_task(one.run())
        await price_many(database, 3)
        await until(lambda: _all_positioned(database))
        await one.stop()
        await task

    async def test_a_mistake_ends_it(self, database: Database) -> None:
        await database.pool.execute("DROP TABLE audit")
        with pytest.raises(asyncpg.UndefinedTableError):
            await asyncio.wait_for(sequencer(database).run(), 5)


async def _all_positioned(database: Database) -> bool:
    row = await database.pool.fetchrow("SELECT count(*) AS all, count(position) AS given FROM event")
    return bool(row and row["all"] == row["given"] > 0)
