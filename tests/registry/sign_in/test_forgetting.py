"""What sign-in keeps no longer than it needs it."""

import asyncio
from datetime import timedelta

from services.registry.sign_in.jobs import FORGET, JOBS
from services.registry.spec import SPEC
from shared.clock import FixedClock
from shared.jobs.runner import JobRunner
from shared.jobs.store import enqueue
from shared.worker import service_principal
from tests.registry.conftest import NOON
from tests.registry.sign_in.conftest import Desk


async def run(desk: Desk) -> None:
    async with desk.registry.unit_of_work() as uow:
        await enqueue(uow.sql, FORGET, {})
    runner = JobRunner(
        desk.registry.database, JOBS, principal=service_principal(SPEC), clock=desk.registry.runtime.clock
    )
    running = asyncio.create_task(runner.run())
    query = "SELECT EXISTS (SELECT FROM job WHERE kind = $1 AND unique_key IS NULL AND state IN ('queued', 'running'))"
    async with asyncio.timeout(20):
        while await desk.registry.database.pool.fetchval(query, FORGET):
            await asyncio.sleep(0.02)
    await runner.stop()
    await running


async def kept(desk: Desk) -> tuple[int, int, int]:
    """(nonces, sessions, refresh tokens)"""
    counts = [
        await desk.registry.database.pool.fetchval(f"SELECT count(*) FROM {table}")
        for table in ("used_nonce", "sign_in_session", "refresh_token")
    ]
    return counts[0], counts[1], counts[2]


async def test_nonces_go_with_their_tokens_and_sessions_a_month_after_their_end(
    desk: Desk, clock: FixedClock
):
    answer = await desk.sign_in()
    await desk.refresh(answer["refresh_token"])
    await run(desk)
    assert await kept(desk) == (1, 1, 2)
    clock.moment = NOON + timedelta(minutes=7)
    await run(desk)
    assert await kept(desk) == (0, 1, 2)
    clock.moment = NOON + timedelta(days=60)
    await run(desk)
    assert await kept(desk) == (0, 1, 2), "so long a stolen token is told from an unknown one"
    clock.moment = NOON + timedelta(days=60, minutes=1)
    await run(desk)
    assert await kept(desk) == (0, 0, 0)
