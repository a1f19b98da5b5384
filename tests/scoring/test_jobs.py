"""The job that computes live runs anew finds and mends what no event told of."""

import asyncio
from datetime import timedelta

from services.scoring.runs.jobs import JOBS
from shared.auth.principal import system_principal
from shared.contracts.monitoring import Verdict
from shared.ids import seed_id
from shared.jobs.runner import JobRunner
from shared.jobs.store import enqueue
from tests.kit.service import RunningService
from tests.scoring.client import Scoring, full
from tests.scoring.events import OSH, Feed, visit


async def reconciled(service: RunningService) -> dict[str, int]:
    async with service.unit_of_work() as uow:
        job_id = await enqueue(uow.sql, "runs.reconcile", {})
    runner = JobRunner(
        service.database,
        JOBS,
        principal=system_principal("service", seed_id("system", "scoring")),
        clock=service.runtime.clock,
        lease=timedelta(seconds=10),
    )
    running = asyncio.create_task(runner.run())
    try:
        async with asyncio.timeout(20):
            while True:
                row = await service.database.pool.fetchrow(
                    "SELECT state, result FROM job WHERE id = $1", job_id
                )
                assert row is not None
                assert row["state"] != "failed"
                if row["state"] == "done":
                    return dict(row["result"])
                await asyncio.sleep(0.02)
    finally:
        await runner.stop()
        await running


async def test_a_run_behind_a_rebuilt_projection_is_mended(
    scoring: Scoring, feed: Feed, service: RunningService
) -> None:
    await scoring.add(full(OSH))
    await feed.visits(*(visit(Verdict.MET) for _ in range(6)))
    live = await scoring.open()
    published = await scoring.publish_now(live["id"])
    frozen = await scoring.everything(published["id"])
    assert await reconciled(service) == {"runs": 1, "changed": 0}
    await service.database.pool.execute("DELETE FROM visit")
    assert await reconciled(service) == {"runs": 1, "changed": 1}
    assert (await scoring.indicator(live["id"]))["missing_reason"] == "fewer_than_5"
    assert await scoring.everything(published["id"]) == frozen
