"""What the database itself refuses, also to its owner, as long as the triggers are there."""

import asyncpg
import pytest

from tests.shared.audit.trail import Trail

REFUSED = (
    "DELETE FROM audit",
    "DELETE FROM audit WHERE false",
    "TRUNCATE audit",
    "UPDATE audit SET actor = NULL WHERE position = 1",
    "UPDATE audit SET before = before",
    "UPDATE audit SET at = now() WHERE false",
    "UPDATE audit SET position = 9 WHERE position = 1",
    "UPDATE audit SET position = NULL WHERE position = 1",
    "UPDATE audit SET hash = NULL WHERE position = 1",
    "UPDATE audit SET hash = sha256('x') WHERE position = 1",
    "UPDATE audit SET previous_hash = NULL WHERE position = 1",
    "INSERT INTO audit SELECT * FROM audit ON CONFLICT (id) DO UPDATE SET action = 'x'",
    "UPDATE audit_segment SET after_position = 1",
    "DELETE FROM audit_segment",
    "TRUNCATE audit_segment",
    "UPDATE audit_head SET count = 2",
    "DELETE FROM audit_head",
    "TRUNCATE audit_head",
)


@pytest.mark.parametrize("statement", REFUSED)
async def test_rows_are_only_added(trail: Trail, statement: str) -> None:
    await trail.grow(3)
    overriding = statement.replace(
        "INSERT INTO audit SELECT", "INSERT INTO audit OVERRIDING SYSTEM VALUE SELECT"
    )
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="only added"):
        await trail.database.pool.execute(overriding)
    assert (await trail.check()).holds


@pytest.mark.parametrize("column", ["before", "after", "actor", "on_behalf_of", "request_id"])
async def test_nor_is_what_waits_for_its_link_changed(trail: Trail, column: str) -> None:
    await trail.write(1)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await trail.database.pool.execute(f"UPDATE audit SET {column} = NULL")


async def test_what_is_empty_may_be_filled_in_once(trail: Trail) -> None:
    await trail.write(1)
    fill = "UPDATE audit SET position = 1, previous_hash = sha256('a'), hash = sha256('b')"
    await trail.database.pool.execute(fill)
    await trail.database.pool.execute(fill)  # to the same: no change
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await trail.database.pool.execute("UPDATE audit SET hash = sha256('c')")


async def test_an_owner_can_switch_it_off_and_the_check_still_finds_it(trail: Trail) -> None:
    await trail.grow(3)
    await trail.tamper("UPDATE audit SET actor = NULL WHERE position = 2")
    assert not (await trail.check()).holds
