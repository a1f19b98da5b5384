"""The worker as a process of its own, on each broker: killed, frozen and ended at the worst moments."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from deploy.local.families import family
from deploy.local.postgres import PostgresServer
from shared.db.database import Database
from shared.ids import uuid7
from shared.messaging.broker import Broker
from tests.shared.messaging.places import BrokerPlace
from tests.shared.messaging.reading import all_records
from tests.shared.messaging.shop import PRICED, effects, in_order, price, price_many, until

pytestmark = pytest.mark.crash
ROOT = Path(__file__).parents[3]
LONG = 60.0
SESSION_SECONDS = 6.0
"""After so long without a sign a member on Kafka has lost its partitions; see `quick_kafka`."""

Start = Callable[..., Awaitable[Process]]


@pytest.fixture
async def start(service_url: str, place: BrokerPlace, either: Broker) -> AsyncIterator[Start]:
    """Starts workers by member and mode; what still runs after the test is killed."""
    del either  # for its topics
    processes: list[Process] = []

    async def started(member: str = "0", *mode: str) -> Process:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.shared.messaging.worker_process", service_url, *place),
            *(member, *mode),
            cwd=ROOT,
            stdout=PIPE,
        )
        processes.append(process)
        assert process.stdout is not None
        async with asyncio.timeout(30):
            assert await process.stdout.readline() == b"ready\n"
        return process

    yield started
    for process in processes:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def ended(process: Process, seconds: float = LONG) -> int:
    async with asyncio.timeout(seconds):
        return await process.wait()


async def finish(start: Start, database: Database, count: int) -> None:
    """A worker that is left alone does the rest, and leaves when it is asked to."""
    last = await start()
    await until_effects(database, count)
    last.terminate()
    assert await ended(last, 30) == 0
    assert len(await effects(database)) == count
    assert in_order(await effects(database))


async def until_effects(database: Database, count: int) -> None:
    async def enough() -> bool:
        return len(await effects(database)) >= count

    await until(enough, LONG)


@asynccontextmanager
async def writing(database: Database, count: int) -> AsyncIterator[None]:
    """Somebody writes all the time."""
    task = asyncio.create_task(price_many(database, count))
    yield
    await task


async def test_killed_again_and_again_loses_and_doubles_nothing(database: Database, start: Start) -> None:
    async with writing(database, 600):
        for n in range(2):
            process = await start()
            await until_effects(database, 40 * (n + 1))
            process.kill()
            await ended(process)
    await finish(start, database, 600)


async def test_killed_between_acknowledgement_and_mark_publishes_twice_and_applies_once(
    database: Database, start: Start, either: Broker
) -> None:
    await price_many(database, 200)
    assert await ended(await start("0", "after-ack")) == -signal.SIGKILL
    acknowledged = len(await all_records(either, PRICED.topic))
    assert acknowledged > 0
    assert await database.pool.fetchval("SELECT count(published_at) FROM event") == 0
    await finish(start, database, 200)
    assert len(await all_records(either, PRICED.topic)) == 200 + acknowledged


async def test_killed_between_effect_and_offset_reads_twice_and_applies_once(
    database: Database, start: Start
) -> None:
    await price_many(database, 200)
    assert await ended(await start("0", "before-offset")) == -signal.SIGKILL
    applied = len(await effects(database))
    assert 0 < applied <= 200
    await finish(start, database, 200)


async def test_asked_to_stop_under_load_leaves_in_time_and_loses_nothing(
    database: Database, start: Start
) -> None:
    async with writing(database, 600):
        for n in range(2):
            process = await start()
            await until_effects(database, 40 * (n + 1))
            process.terminate()
            assert await ended(process, 30) == 0
    await finish(start, database, 600)


@pytest.mark.parametrize("place", ["kafka"], indirect=True)  # the embedded broker knows no sessions
async def test_frozen_while_it_applies_and_continued_after_its_session(
    database: Database, start: Start
) -> None:
    """Another member takes over meanwhile; what the frozen one had in hand has its effect once."""
    async with writing(database, 600):
        frozen = await start("0")
        await until_effects(database, 40)
        frozen.send_signal(signal.SIGSTOP)
        other = await start("1")
        await asyncio.sleep(SESSION_SECONDS + 2)
        frozen.send_signal(signal.SIGCONT)
    await until_effects(database, 600)
    for process in (frozen, other):
        process.terminate()
        assert await ended(process, 30) == 0
    assert len(await effects(database)) == 600
    assert in_order(await effects(database))


@pytest.mark.parametrize("mode", [[], ["stuck"]], ids=["idle", "in a handler"])
async def test_asked_to_stop_while_postgres_hangs_leaves_in_time(
    service_url: str, database: Database, start: Start, postgres_server: PostgresServer, mode: list[str]
) -> None:
    """Whoever started it kills it after 30 s; so long nobody has to wait."""
    await price(database, uuid7())
    process = await start("0", *mode)
    await asyncio.sleep(2)
    standing = family(postgres_server.pid)
    for pid in standing:
        os.kill(pid, signal.SIGSTOP)
    try:
        await asyncio.sleep(1)
        process.terminate()
        await ended(process, 29)
    finally:
        for pid in standing:
            os.kill(pid, signal.SIGCONT)


async def test_ends_with_its_loop(database: Database, start: Start) -> None:
    await price(database, uuid7())
    assert await ended(await start("0", "die")) not in {0, -signal.SIGTERM}
