"""The worker as a process of its own, killed and ended."""

import asyncio
import signal
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path
from typing import Any

import pytest

from shared.db.database import Database
from shared.ids import uuid7
from shared.messaging.local import LocalBroker
from tests.shared.messaging.shop import (
    effects,
    in_order,
    price,
    price_many,
    until,
)

pytestmark = pytest.mark.crash
ROOT = Path(__file__).parents[3]


def _effects(database: Database, count: int) -> Any:
    async def enough() -> bool:
        return len(await effects(database)) >= count

    return enough


async def start(*arguments: str) -> Process:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.shared.messaging.worker_process",
        *arguments,
        cwd=ROOT,
        stdout=PIPE,
        stderr=PIPE,
    )
    assert process.stdout is not None
    async with asyncio.timeout(30):
        assert await process.stdout.readline() == b"ready\n"
    return process


async def test_killed_again_and_again_loses_and_doubles_nothing(
    database: Database, broker: LocalBroker, service_url: str, broker_url: str
) -> None:
    writing = asyncio.create_task(price_many(database, 600))
    for n in range(2):
        process = await start(service_url, broker_url)
        await until(_effects(database, 40 * (n + 1)), 20)
        process.kill()
        await process.communicate()
    await writing
    last = await start(service_url, broker_url)
    await until(_effects(database, 600), 20)
    last.terminate()
    async with asyncio.timeout(20):
        await last.communicate()
    assert last.returncode == 0
    assert len(await effects(database)) == 600
    assert in_order(await effects(database))


async def test_ends_with_its_loop(
    database: Database, broker: LocalBroker, service_url: str, broker_url: str
) -> None:
    await price(database, uuid7())
    process = await start(service_url, broker_url, "die")
    async with asyncio.timeout(20):
        await process.communicate()
    assert process.returncode not in {0, -signal.SIGTERM}
