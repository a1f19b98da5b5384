"""A municipality or an organisation that is called otherwise is found by its new name, and no more by the old one."""

import asyncio
from datetime import timedelta
from typing import Any

from services.ideas_market.search.jobs import FOLLOW_NAMES, JOBS
from services.ideas_market.spec import SPEC
from shared.jobs.runner import JobRunner
from shared.jobs.store import enqueue
from shared.worker import service_principal
from tests.ideas_market.world import (
    AUTHOR,
    KARA_SUU,
    OSH,
    drafted,
    events,
    organisation,
    published,
    territory,
)
from tests.kit.events import deliver
from tests.kit.service import RunningService


async def follow_names(market: RunningService, times: int = 1) -> list[int]:
    """Ideas each run of the job indexed, the runs all at once."""
    async with market.unit_of_work() as uow:
        jobs = [await enqueue(uow.sql, FOLLOW_NAMES, {}) for _ in range(times)]
    runner = JobRunner(
        market.database,
        JOBS,
        principal=service_principal(SPEC),
        clock=market.runtime.clock,
        lease=timedelta(seconds=10),
    )
    running = asyncio.create_task(runner.run())
    try:
        async with asyncio.timeout(20):
            while True:
                rows = await market.database.pool.fetch(
                    "SELECT state, result, error FROM job WHERE id = ANY($1::uuid[])", jobs
                )
                assert not [row["error"] for row in rows if row["state"] == "failed"]
                if all(row["state"] == "done" for row in rows):
                    return [row["result"]["indexed"] for row in rows]
                await asyncio.sleep(0.02)
    finally:
        await runner.stop()
        await running


async def found(market: RunningService, words: str) -> list[dict[str, Any]]:
    answer = await market.client.get("/v1/ideas", params={"q": words})
    return [item for item in answer.json()["items"] if item["match"] == "exact"]


async def test_a_renamed_municipality_is_shown_at_once_and_found_after_the_job(market: RunningService):
    idea = (await published(market)).json()
    elsewhere = (await published(market, municipality_code=KARA_SUU, indicator=None)).json()
    told = len(await events(market))
    await deliver(market, territory(OSH, version=2, name={"ky": "Сулайман-Тоо", "ru": "Сулайман-Тоо"}))
    page = await market.client.get(f"/v1/ideas/{idea['id']}")
    assert page.json()["municipality"]["name"]["ru"] == "Сулайман-Тоо"
    assert await found(market, "Сулайман") == []
    assert await follow_names(market) == [1]
    assert [item["id"] for item in await found(market, "Сулайман")] == [idea["id"]]
    assert [item["id"] for item in await found(market, KARA_SUU)] == [elsewhere["id"]]
    assert await found(market, OSH) == [], "what it was called is not what it is called"
    assert len(await found(market, "мектепке")) == 2, "its own words are still there"
    after = await market.client.get(f"/v1/ideas/{idea['id']}")
    assert after.headers["etag"] == page.headers["etag"], "nothing happened to the idea"
    assert len(await events(market)) == told
    assert await follow_names(market) == [0]


async def test_a_renamed_organisation_is_found(market: RunningService):
    await published(market)
    await deliver(market, organisation(AUTHOR, "ngo-osh", version=2, name="Таза булак"))
    assert await follow_names(market) == [1]
    assert len(await found(market, "булак")) == 1


async def test_drafts_and_ideas_of_unknown_neighbours_are_left_alone(market: RunningService):
    await published(market)
    await drafted(market)
    await market.database.pool.execute("DELETE FROM territory")
    await market.database.pool.execute("DELETE FROM organisation")
    assert await follow_names(market) == [0], "a copy that is being rebuilt takes no name away"
    assert len(await found(market, OSH)) == 1


async def test_an_idea_published_before_names_were_kept_is_indexed_once(market: RunningService):
    await published(market)
    await market.database.pool.execute("UPDATE idea SET search_names = NULL")
    assert await follow_names(market) == [1]
    assert await follow_names(market) == [0]


async def test_many_ideas_and_several_runs_at_once(market: RunningService):
    for _ in range(60):
        await published(market)
    await deliver(market, territory(OSH, version=2, name={"ky": "Сулайман-Тоо"}))
    assert sum(await follow_names(market, times=3)) == 60
    answer = await market.client.get("/v1/ideas", params={"q": "Сулайман", "limit": 200})
    assert len(answer.json()["items"]) == 60
