"""A database restored from a backup: its chain goes on from where the backup was, and what was lost is visible."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import asyncpg
import pytest

from shared.audit.findings import Kind
from shared.messaging.sequencer import start_new_epoch
from tests.kit.postgres import TemplateDatabases
from tests.shared.audit.trail import Trail
from tests.shared.messaging.conftest import opened


@asynccontextmanager
async def restored(trail: Trail, databases: TemplateDatabases) -> AsyncIterator[Trail]:
    """The trail in a copy of its database under another oid, as a dump that was loaded gives; the heads outside
    are the same."""
    url = trail.database.url
    name, owner = url.rpartition("/")[2], url.partition("://")[2].partition(":")[0]
    superuser = await asyncpg.connect(databases._server.url("postgres"))
    try:
        await trail.database.pool.expire_connections()
        await superuser.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name
        )
        await superuser.execute(f"CREATE DATABASE {name}_backup TEMPLATE {name} OWNER {owner}")
    finally:
        await superuser.close()
    try:
        async with opened(f"{url}_backup") as copy:
            yield Trail(copy, heads=trail.heads)
    finally:
        databases.drop(f"{url}_backup")


def life(trail: Trail, number: int = 0) -> UUID:
    epoch = trail.heads[number].epoch
    assert epoch is not None
    return epoch


async def test_the_chain_goes_on_and_what_was_lost_is_named(
    trail: Trail, template_databases: TemplateDatabases
) -> None:
    await trail.grow(5, 5)
    async with restored(trail, template_databases) as later:
        await trail.grow(4, 6)
        assert [head.position for head in trail.heads] == [5, 10, 14, 20]
        lost = list(trail.heads)
        await later.grow(12)
        assert life(later, -1) != life(later)
        assert (await later.check()).holds, "whole, as far as it knows itself"
        found = await later.check(lost)
        assert found.named == [(Kind.LOST, 11, 20)]
        assert str(life(later)) in str(found.findings[0])
        assert found.report.covered == 22
        known = await later.check(lost, {life(later): 10})
        assert known.holds, "whoever knows of the restore is not told again"
        assert known.report.given_up == 2


async def test_a_restore_that_never_was_excuses_only_what_it_says(
    trail: Trail, template_databases: TemplateDatabases
) -> None:
    await trail.grow(5, 5, 5)
    async with restored(trail, template_databases) as later:
        await later.grow(3)
        await later.tamper("DELETE FROM audit WHERE position = 14")
        assert (await later.check(trail.heads, {life(trail): 15})).named == [(Kind.MISSING, 14, 14)]
        await later.tamper("UPDATE audit SET actor = NULL WHERE position = 7")
        async with later.owner() as owner:
            await later.relink(owner, 7)
        found = await later.check(trail.heads[:3], {life(trail): 15})
        assert (Kind.CONTRADICTED, 6, 10) in found.named


async def test_the_beginning_of_a_life_is_bound_to_the_life_before(
    trail: Trail, template_databases: TemplateDatabases
) -> None:
    await trail.grow(6)
    async with restored(trail, template_databases) as later:
        await later.grow(4)
        assert (await later.check()).holds
        async with later.owner() as owner:
            await owner.execute("UPDATE audit SET actor = gen_random_uuid() WHERE position = 6")
            await owner.execute("CREATE TABLE tail AS SELECT position, previous_hash, hash FROM audit")
            await owner.execute("DELETE FROM audit_segment WHERE after_position = 6")
            await later.relink(owner, 1)
        assert not (await later.check(trail.heads)).holds


async def test_lives_follow_each_other(trail: Trail, template_databases: TemplateDatabases) -> None:
    await trail.grow(3)
    await start_new_epoch(trail.database)
    await trail.grow(2)
    await start_new_epoch(trail.database)
    await start_new_epoch(trail.database)
    await trail.grow(4)
    found = await trail.check()
    assert found.holds
    assert len({head.epoch for head in trail.heads}) == 3
    assert [head.version for head in trail.heads] == [1, 1, 1]
    segments = await trail.database.pool.fetch(
        "SELECT after_position FROM audit_segment ORDER BY after_position"
    )
    assert [row["after_position"] for row in segments] == [0, 3, 5]


@pytest.mark.parametrize("column", ["epoch = gen_random_uuid()", "after_position = 4"])
async def test_a_later_beginning_changed(trail: Trail, column: str) -> None:
    await trail.grow(3)
    await start_new_epoch(trail.database)
    await trail.grow(4)
    await trail.tamper(f"UPDATE audit_segment SET {column} WHERE after_position = 3")
    [(kind, first, last)] = (await trail.check()).named
    assert (kind, first) == (Kind.REWRITTEN, 3)
    assert last in {4, 5}, "where the chain does not begin as it says"
