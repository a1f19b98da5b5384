"""Names and paths of municipalities follow the registry; published runs keep the old ones."""

from shared.ids import seed_id
from tests.kit.service import RunningService
from tests.scoring.client import Scoring, full
from tests.scoring.events import NOOKAT, OSH_OBLAST, Feed, organisation, territory


async def test_a_renamed_municipality_has_its_new_name_in_live_runs_only(
    scoring: Scoring, feed: Feed
) -> None:
    await scoring.add(full(NOOKAT))
    live = await scoring.open()
    published = await scoring.publish_now(live["id"])
    before = await scoring.get(f"runs/{live['id']}")
    await feed.territory(NOOKAT, "Новый Ноокат", parent="41703000000000", version=2)
    after = await scoring.get(f"runs/{live['id']}")
    assert after["version"] == before["version"] + 1
    assert after["input_hash"] == before["input_hash"]
    names = [
        (await scoring.get(f"runs/{run['id']}/results/{NOOKAT}"))["municipality"]["name"]["ru"]
        for run in (live, published)
    ]
    assert names == ["Новый Ноокат", "Ноокат"]
    found = (await scoring.get(f"runs/{published['id']}/results", territory=OSH_OBLAST))["items"]
    assert len(found) == 1
    assert (await scoring.get(f"runs/{live['id']}/results", territory=OSH_OBLAST))["items"] == []


async def test_an_older_name_that_comes_late_changes_nothing(scoring: Scoring, feed: Feed) -> None:
    await scoring.add(full(NOOKAT))
    live = await scoring.open()
    await feed.territory(NOOKAT, "Третье", version=3)
    await feed.territory(NOOKAT, "Второе", version=2)
    result = await scoring.get(f"runs/{live['id']}/results/{NOOKAT}")
    assert result["municipality"]["name"] == {"ru": "Третье"}


async def test_many_units_with_paths_of_any_length_in_one_batch(feed: Feed, service: RunningService) -> None:
    codes = [f"41799{n:09d}" for n in range(150)]
    await feed.deliver([territory(code, f"Место {code}") for code in codes])
    paths = await service.database.pool.fetch("SELECT code, path FROM territory WHERE code LIKE '41799%'")
    assert len(paths) == 150
    assert all(row["path"][-1] == row["code"] for row in paths)


async def test_organisations_are_kept_with_their_municipality(feed: Feed, service: RunningService) -> None:
    mayor, ngo = seed_id("organisation", NOOKAT), seed_id("organisation", "ngo")
    await feed.deliver([organisation(mayor, NOOKAT), organisation(ngo, None)])
    rows = await service.database.pool.fetch("SELECT id, territory_code FROM organisation")
    assert {row["id"]: row["territory_code"] for row in rows} == {mayor: NOOKAT, ngo: None}
