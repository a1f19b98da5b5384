"""The seeds go through the use cases, once."""

from services.scoring.seed import read, seed
from shared.clock import FixedClock
from shared.ids import seed_id
from tests.kit.service import RunningService


async def test_seeding_again_changes_nothing_and_emits_nothing(
    service: RunningService, clock: FixedClock
) -> None:
    counts = (
        "SELECT (SELECT count(*) FROM event), (SELECT count(*) FROM audit), (SELECT count(*) FROM method)"
    )
    before = await service.database.pool.fetchrow(counts)
    assert before is not None
    assert before[0] == 1
    await seed(service.database, clock)
    assert await service.database.pool.fetchrow(counts) == before
    assert await service.database.pool.fetchval("SELECT id FROM method") == seed_id("method", "sji25:1")


async def test_other_seed_files_than_before_give_the_next_version(
    service: RunningService, clock: FixedClock
) -> None:
    """A published version never changes, not even for a name."""
    pool = service.database.pool
    await pool.execute("UPDATE method SET content_hash = 'of other files'")
    for _ in range(2):
        await seed(service.database, clock)
        rows = await pool.fetch("SELECT number, state, content_hash FROM method ORDER BY number")
        assert [(row["number"], row["state"]) for row in rows] == [(1, "published"), (2, "published")]
        assert rows[0]["content_hash"] == "of other files"


def test_every_fact_has_an_origin_and_a_source() -> None:
    for name in (
        "sji25/dimensions.csv",
        "sji25/indicators.csv",
        "sji25/target_groups.csv",
        "demonstration_municipalities.csv",
    ):
        assert all(row["origin"] and row["source"] for row in read(name)), name
