"""A reservation ends with its time: once, whoever runs the timers, and not before."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.ideas_market.interest import jobs, service
from services.ideas_market.spec import SPEC
from shared.clock import FixedClock
from shared.contracts.ideas_market import IDEA_CHANGED, RESERVATION_ENDED
from shared.jobs.runner import JobRunner
from shared.worker import service_principal
from tests.ideas_market.world import OTHER_DONOR, based_on, country, donor, events, published, reserved
from tests.kit.events import deliver
from tests.kit.service import RunningService, StartService


@pytest.fixture
async def long_ago(start_service: StartService) -> RunningService:
    """A market whose clock stands 40 days back, so that what is reserved in it is overdue by the database's."""
    clock = FixedClock(datetime.now(UTC) - timedelta(days=40))
    market = await start_service(SPEC, clock=clock)
    await deliver(market, *country())
    return market


@asynccontextmanager
async def runners(market: RunningService, count: int) -> AsyncIterator[None]:
    found = [
        JobRunner(market.database, jobs.JOBS, principal=service_principal(SPEC), lease=timedelta(seconds=5))
        for _ in range(count)
    ]
    async with asyncio.TaskGroup() as group:
        for runner in found:
            group.create_task(runner.run())
        yield
        for runner in found:
            await runner.stop()


async def eventually(condition: Callable[[], Awaitable[Any]]) -> None:
    async with asyncio.timeout(15):
        while not await condition():
            await asyncio.sleep(0.01)


async def timers(market: RunningService) -> list[tuple[str, Any]]:
    """(state, result) of the timers, oldest first."""
    rows = await market.database.pool.fetch(
        "SELECT state, result FROM job WHERE kind = $1 ORDER BY id", service.EXPIRE
    )
    return [(row["state"], row["result"]) for row in rows]


@pytest.mark.parametrize("count", [1, 2])
async def test_overdue_ideas_go_back_to_the_market_once(long_ago: RunningService, count: int) -> None:
    ideas = [(await published(long_ago)).json()["id"] for _ in range(4)]
    for idea in ideas:
        assert (await reserved(long_ago, idea)).status_code == 201
    before = len(await events(long_ago))

    async def over() -> bool:
        return all(state == "done" for state, _ in await timers(long_ago))

    async with runners(long_ago, count):
        await eventually(over)
    for idea in ideas:
        assert (await long_ago.client.get(f"/v1/ideas/{idea}")).json()["state"] == "published"
    told = (await events(long_ago))[before:]
    assert Counter(name for name, _ in told) == {RESERVATION_ENDED.name: 4, IDEA_CHANGED.name: 4}
    assert {payload["state"] for name, payload in told if name == RESERVATION_ENDED.name} == {"expired"}
    assert [result for _, result in await timers(long_ago)] == [{"expired": True}] * 4
    rows = await long_ago.database.pool.fetch("SELECT state, ended_at FROM reservation")
    assert {row["state"] for row in rows} == {"expired"}
    assert (await reserved(long_ago, ideas[0], OTHER_DONOR)).status_code == 201


async def test_two_expiries_at_once_have_one_effect(long_ago: RunningService) -> None:
    reservation = (await reserved(long_ago, (await published(long_ago)).json()["id"])).json()

    async def expire() -> bool:
        async with long_ago.unit_of_work() as uow:
            return await service.expire(uow, reservation["id"])

    assert sorted(await asyncio.gather(*(expire() for _ in range(4)))) == [False, False, False, True]


async def test_nothing_expires_before_its_time(market: RunningService) -> None:
    reservation = (await reserved(market, (await published(market)).json()["id"])).json()
    ((state, _),) = await timers(market)
    assert state == "queued"
    due = await market.database.pool.fetchval("SELECT run_at FROM job WHERE kind = $1", service.EXPIRE)
    assert due == datetime.fromisoformat(reservation["expires_at"])
    async with market.unit_of_work() as uow:
        assert not await service.expire(uow, reservation["id"])
    found = await market.client.get(f"/v1/reservations/{reservation['id']}", headers=donor(market))
    assert found.json()["state"] == "active"


async def test_a_reservation_that_ended_does_not_expire(long_ago: RunningService) -> None:
    """The timer of an ended reservation leaves the next one alone."""
    idea = (await published(long_ago)).json()["id"]
    first = await reserved(long_ago, idea)
    url = f"/v1/reservations/{first.json()['id']}/withdraw"
    assert (await long_ago.client.post(url, headers=based_on(donor(long_ago), first))).is_success
    assert isinstance(long_ago.runtime.clock, FixedClock)
    long_ago.runtime.clock.moment = datetime.now(UTC)
    assert (await reserved(long_ago, idea, OTHER_DONOR)).status_code == 201

    async def first_timer_ran() -> bool:
        return (await timers(long_ago))[0] == ("done", {"expired": False})

    async with runners(long_ago, 1):
        await eventually(first_timer_ran)
    assert (await long_ago.client.get(f"/v1/ideas/{idea}")).json()["state"] == "reserved"
    assert [state for state, _ in await timers(long_ago)] == ["done", "queued"]


async def test_the_period_is_a_setting(start_service: StartService) -> None:
    market = await start_service(SPEC, reservation_period=timedelta(days=7))
    await deliver(market, *country())
    found = (await reserved(market, (await published(market)).json()["id"])).json()
    made, expires = (datetime.fromisoformat(found[name]) for name in ("made_at", "expires_at"))
    assert expires - made == timedelta(days=7)
