"""The processes of a service as a fleet starts them, on real databases: how they answer, and how they leave."""

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from deploy.fleet import commands
from deploy.fleet.environment import process_environment, variables
from deploy.fleet.ports import HeldPorts
from deploy.fleet.programs import ServiceProcess, last_words
from deploy.local.processes import run
from services.ideas_market.spec import SPEC
from shared.messaging.local_schema import ensure_schema
from shared.service import ServiceSpec
from tests.kit.postgres import TemplateDatabases

HOST = "127.0.0.1"
Start = Callable[[str], Any]


@pytest.fixture
def environment(
    migrated_database: Callable[[ServiceSpec], str],
    template_databases: TemplateDatabases,
    fresh_database: Callable[[str], str],
) -> dict[str, str]:
    async def make(url: str) -> None:
        connection = await asyncpg.connect(url)
        await ensure_schema(connection)
        await connection.close()

    template_databases.ensure("worker_broker", make)
    known = {
        "database_url": migrated_database(SPEC),
        "broker_url": fresh_database("worker_broker"),
        "database_pool_max": 3,
        "env": "test",
    }
    return process_environment(variables(SPEC.settings, known))


@pytest.fixture
async def start(
    tmp_path: Path, ports: HeldPorts, environment: dict[str, str]
) -> AsyncIterator[Callable[[str], Any]]:
    """Starts an API or a worker; gives the process and its address."""
    started: list[ServiceProcess] = []

    async def begin(kind: str) -> tuple[ServiceProcess, str]:
        port = ports.hold(kind)
        command = {
            "api": commands.api(SPEC.name, HOST, port),
            "worker": commands.worker(SPEC.name, HOST, port, 0),
        }[kind]
        process = ServiceProcess(command, environment, tmp_path / f"{kind}.log", HOST, port)
        started.append(process)
        await process.start()
        return process, f"http://{HOST}:{port}"

    yield begin
    for process in started:
        await process.stop()
    ports.close()


async def ended_by(process: ServiceProcess, sent: signal.Signals) -> int:
    assert process.pid is not None
    os.kill(process.pid, sent)
    return await process.ended()


async def answer(client: httpx.AsyncClient, status: int) -> httpx.Response:
    """What /readyz says once it has this status."""
    async with asyncio.timeout(30):
        while (found := await client.get("/readyz")).status_code != status:
            await asyncio.sleep(0.05)
        return found


async def test_an_api_says_that_it_leaves_before_it_does(start: Start) -> None:
    process, url = await start("api")
    async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
        await answer(client, 200)
        os.kill(process.pid, signal.SIGUSR1)
        assert (await answer(client, 503)).json()["code"] == "shutting_down"
        assert (await client.get("/v1/ideas")).status_code == 200, "whoever comes is answered"
        assert (await client.get("/healthz")).status_code == 200
    code = await ended_by(process, signal.SIGTERM)
    assert code in {0, -signal.SIGTERM}, last_words(process.log)
    assert "Traceback" not in process.log.read_text()


async def test_a_worker_serves_its_health_and_leaves_on_sigterm(start: Start) -> None:
    process, url = await start("worker")
    async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
        await answer(client, 200)
        assert (await client.get("/progress")).json()["service"] == SPEC.name
    assert await ended_by(process, signal.SIGTERM) == 0, last_words(process.log)
    assert "Traceback" not in process.log.read_text()
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{url}/healthz", trust_env=False)


def test_a_worker_whose_port_is_taken_ends(tmp_path: Path, environment: dict[str, str]) -> None:
    log = tmp_path / "log"
    with socket.create_server((HOST, 0)) as taken:
        command = commands.worker(SPEC.name, HOST, taken.getsockname()[1], 0)
        code = run(command, timeout=60, log=log, cwd=commands.ROOT, env=environment)
    assert code == 1
    assert "Address already in use" in log.read_text()
