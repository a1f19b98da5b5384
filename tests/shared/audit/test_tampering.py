"""What somebody who owns the database can do to rows that a head was published for, and how it is named."""

from collections.abc import Awaitable, Callable
from uuid import uuid4

import pytest

from shared.audit.findings import Kind
from tests.shared.audit.trail import Trail

COLUMNS = {
    "id": "id + 1000000",
    "at": "at + interval '1 microsecond'",
    "actor": "gen_random_uuid()",
    "actor_kind": "'person'",
    "organisation": "gen_random_uuid()",
    "on_behalf_of": "NULL",
    "credential": "gen_random_uuid()",
    "action": "action || ' '",
    "object_type": "'items'",
    "object_id": "gen_random_uuid()",
    "before": "'{}'",
    "after": """jsonb_set(after, '{ключ,a}', '1.50')""",
    "trace_id": "''",
    "request_id": "'forged'",
    "previous_hash": "decode(repeat('00', 32), 'hex')",
    "hash": "sha256(hash)",
}


@pytest.fixture
async def grown(trail: Trail) -> Trail:
    """Rows 1 to 30 with heads at 5, 20 and 30, all in order."""
    await trail.grow(5, 15, 10)
    assert (await trail.check()).holds
    return trail


@pytest.mark.parametrize("column", COLUMNS)
async def test_one_changed_value_of_any_column(grown: Trail, column: str) -> None:
    async with grown.owner() as owner:
        if column == "id":
            await owner.execute("ALTER TABLE audit ALTER COLUMN id DROP IDENTITY")
        await owner.execute(f"UPDATE audit SET {column} = {COLUMNS[column]} WHERE position = 12")
    found = await grown.check()
    assert (Kind.CHANGED, 12, 12) in found.named
    if column != "hash":
        assert found.named == [(Kind.CHANGED, 12, 12)]


async def test_every_column_is_among_them(grown: Trail) -> None:
    rows = await grown.database.pool.fetch(
        "SELECT column_name FROM information_schema.columns WHERE table_name = 'audit'"
    )
    assert {row["column_name"] for row in rows} == COLUMNS.keys() | {"position"}


async def test_a_change_hashed_anew_breaks_the_link_to_the_next(grown: Trail) -> None:
    async with grown.owner() as owner:
        await owner.execute("UPDATE audit SET after = '{\"price\": 1}' WHERE position = 12")
        await owner.execute("CREATE TABLE tail AS SELECT position, previous_hash, hash FROM audit")
        await grown.relink(owner, 12)
        await owner.execute(
            """UPDATE audit SET previous_hash = tail.previous_hash, hash = tail.hash FROM tail
               WHERE tail.position = audit.position AND audit.position > 12"""
        )
    assert (await grown.check()).named == [(Kind.REWRITTEN, 12, 13)]


async def test_a_whole_chain_hashed_anew_contradicts_the_heads(grown: Trail) -> None:
    async with grown.owner() as owner:
        await owner.execute("UPDATE audit SET actor = gen_random_uuid() WHERE position = 12")
        await grown.relink(owner, 1)
    found = await grown.check()
    assert found.named == [(Kind.CONTRADICTED, 6, 20)], (
        "between the heads that hold and the first that does not"
    )
    assert found.report.covered == 5


async def test_nor_does_it_help_to_remove_the_heads_kept_here(grown: Trail) -> None:
    async with grown.owner() as owner:
        await owner.execute("UPDATE audit SET actor = gen_random_uuid() WHERE position = 12")
        await grown.relink(owner, 1)
        await owner.execute("DELETE FROM audit_head")
    assert (await grown.check()).holds, "as far as this database knows"
    assert (await grown.check(grown.heads)).named == [(Kind.CONTRADICTED, 6, 20)]
    assert (await grown.check(grown.heads[-1:])).named == [(Kind.CONTRADICTED, 1, 30)]


async def test_or_to_forge_them(grown: Trail) -> None:
    async with grown.owner() as owner:
        await owner.execute("UPDATE audit SET actor = gen_random_uuid() WHERE position = 12")
        await grown.relink(owner, 1)
        await owner.execute(
            "UPDATE audit_head SET hash = audit.hash FROM audit WHERE audit.position = audit_head.position"
        )
    assert (await grown.check()).holds
    assert (await grown.check(grown.heads)).named == [(Kind.CONTRADICTED, 6, 20)]


async def test_a_removed_row(grown: Trail) -> None:
    await grown.tamper("DELETE FROM audit WHERE position BETWEEN 12 AND 14")
    assert (await grown.check()).named == [(Kind.MISSING, 12, 14)]


async def test_a_removed_row_that_was_a_head(grown: Trail) -> None:
    await grown.tamper("DELETE FROM audit WHERE position = 20")
    found = await grown.check()
    assert found.named == [(Kind.CONTRADICTED, 6, 20), (Kind.MISSING, 20, 20)]
    assert found.report.covered == 30


async def test_a_removed_first_row(grown: Trail) -> None:
    await grown.tamper("DELETE FROM audit WHERE position = 1")
    assert (await grown.check()).named == [(Kind.MISSING, 1, 1)]


async def test_a_removed_row_whose_place_is_closed(grown: Trail) -> None:
    """Positions moved up and everything hashed anew: whole in itself, but not what was published."""
    async with grown.owner() as owner:
        await owner.execute("DELETE FROM audit WHERE position = 12")
        await owner.execute("UPDATE audit SET position = -position WHERE position > 12")
        await owner.execute("UPDATE audit SET position = -position - 1 WHERE position < 0")
        await grown.relink(owner, 12)
    found = await grown.check()
    assert found.named == [(Kind.CONTRADICTED, 6, 20), (Kind.CUT_OFF, 30, 30)]


async def test_a_trail_cut_off_at_its_end(grown: Trail) -> None:
    await grown.tamper("DELETE FROM audit WHERE position > 27")
    assert (await grown.check()).named == [(Kind.CUT_OFF, 28, 30)]


async def test_an_end_replaced_by_new_rows(grown: Trail) -> None:
    await grown.tamper("DELETE FROM audit WHERE position > 27")
    await grown.write(10)
    await grown.link()
    found = await grown.check()
    assert found.named == [(Kind.CONTRADICTED, 21, 30)]
    assert (found.report.last, found.report.covered) == (37, 20)


async def test_an_emptied_trail(grown: Trail) -> None:
    await grown.tamper("TRUNCATE audit")
    assert (await grown.check()).named == [(Kind.CUT_OFF, 1, 30)]


INSERT = """
INSERT INTO audit (position, previous_hash, hash, at, actor_kind, action, object_type, object_id)
SELECT $1, previous_hash, hash, at, 'person', 'item.price', 'item', $2 FROM audit WHERE position = 12
"""


@pytest.mark.parametrize("position", [35, 2**62, 0, -7, -(2**63)])
async def test_a_row_at_a_made_up_position(grown: Trail, position: int) -> None:
    await grown.tamper(INSERT, position, uuid4())
    found = (await grown.check()).named
    if position < 1:
        assert found == [(Kind.MISPLACED, position, position)]
    else:
        assert (Kind.MISSING, 31, position - 1) in found
        assert (Kind.CHANGED, position, position) in found


async def test_a_row_put_between(grown: Trail) -> None:
    async with grown.owner() as owner:
        await owner.execute("UPDATE audit SET position = -position WHERE position >= 12")
        await owner.execute("UPDATE audit SET position = 1 - position WHERE position < 0")
        await owner.execute(INSERT.replace("position = 12", "position = 13"), 12, uuid4())
    assert (await grown.check()).named == [(Kind.CONTRADICTED, 6, 20), (Kind.CHANGED, 12, 31)]


async def test_rows_in_another_order(grown: Trail) -> None:
    async with grown.owner() as owner:
        for old, new in ((12, -1), (15, 12), (-1, 15)):
            await owner.execute("UPDATE audit SET position = $2 WHERE position = $1", old, new)
    assert {(Kind.CHANGED, 12, 12), (Kind.CHANGED, 15, 15)} <= set((await grown.check()).named)


async def test_rows_in_another_order_with_the_hashes_left_in_their_places(grown: Trail) -> None:
    async with grown.owner() as owner:
        for old, new in ((12, -1), (15, 12), (-1, 15)):
            await owner.execute("UPDATE audit SET position = $2 WHERE position = $1", old, new)
        await owner.execute(
            """UPDATE audit SET previous_hash = other.previous_hash, hash = other.hash FROM audit AS other
               WHERE audit.position IN (12, 15) AND other.position = 27 - audit.position"""
        )
    assert (await grown.check()).named == [(Kind.CHANGED, 12, 12), (Kind.CHANGED, 15, 15)]


async def test_a_removed_hash(grown: Trail) -> None:
    await grown.tamper("UPDATE audit SET hash = NULL WHERE position IN (12, 13)")
    assert (await grown.check()).named == [(Kind.UNCHAINED, 12, 13)]


async def test_a_removed_link(grown: Trail) -> None:
    await grown.tamper("UPDATE audit SET previous_hash = NULL WHERE position = 12")
    assert (await grown.check()).named == [(Kind.CHANGED, 12, 12)]


@pytest.mark.parametrize(
    "change",
    ["SET epoch = gen_random_uuid()", "SET after_position = 3"],
)
async def test_another_beginning(grown: Trail, change: str) -> None:
    await grown.tamper(f"UPDATE audit_segment {change}")
    found = (await grown.check()).named
    assert (Kind.REWRITTEN, 1, 1) in found


async def test_no_beginning(grown: Trail) -> None:
    await grown.tamper("DELETE FROM audit_segment")
    assert (Kind.REWRITTEN, 1, 1) in (await grown.check()).named


async def test_the_chain_of_another_service(grown: Trail) -> None:
    grown.service = "store"
    assert (Kind.REWRITTEN, 1, 1) in (await grown.check(grown.heads)).named


async def nothing(_: Trail) -> None: ...


async def deep(trail: Trail) -> None:
    await trail.tamper(
        "UPDATE audit SET after = (repeat('[', 3000) || repeat(']', 3000))::jsonb WHERE position = 12"
    )


async def endless(trail: Trail) -> None:
    await trail.tamper("UPDATE audit SET at = 'infinity' WHERE position = 12")


async def late(trail: Trail) -> None:
    await trail.tamper("UPDATE audit SET at = '250000-01-01' WHERE position = 12")


async def huge(trail: Trail) -> None:
    await trail.tamper("UPDATE audit SET after = repeat('9', 6000)::jsonb WHERE position = 12")


@pytest.mark.parametrize("harm", [deep, endless, late, huge])
async def test_what_is_meant_to_stop_the_check_does_not(
    grown: Trail, harm: Callable[[Trail], Awaitable[None]]
) -> None:
    await harm(grown)
    assert (await grown.check()).named == [(Kind.CHANGED, 12, 12)]


@pytest.mark.parametrize("harm", [deep, endless, late, huge])
async def test_nor_does_it_stop_the_sequencer(trail: Trail, harm: Callable[[Trail], Awaitable[None]]) -> None:
    """Such a row, inserted by hand and not hashed yet, is hashed like any other."""
    await trail.write(20)
    await trail.link(chained=False)
    await harm(trail)
    await trail.link()
    assert (await trail.check()).holds


async def test_what_happened_after_the_last_head_is_said_to_be_open(grown: Trail) -> None:
    await grown.write(4)
    await grown.link()
    found = await grown.check()
    assert found.holds
    assert (found.report.covered, found.report.last) == (30, 34)
    async with grown.owner() as owner:
        await owner.execute("UPDATE audit SET actor = gen_random_uuid() WHERE position = 32")
        await grown.relink(owner, 32)
    assert (await grown.check()).holds, "no chain can see it: nobody was told of these rows yet"
    await grown.publish()
    assert (await grown.check()).report.covered == 34


async def test_a_million_rows_side_by_side_are_one_line(grown: Trail) -> None:
    await grown.tamper("UPDATE audit SET request_id = 'x' WHERE position <> 20")
    assert (await grown.check()).named == [(Kind.CHANGED, 1, 19), (Kind.CHANGED, 21, 30)]
