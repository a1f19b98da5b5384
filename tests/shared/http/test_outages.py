"""A database that goes, recovers and comes back under a service: 503 to whoever asks meanwhile, never 500."""

import asyncio
from collections.abc import AsyncIterator, Callable
from uuid import uuid4

import asyncpg
import httpx
import pytest

from shared.service import ServiceSpec
from tests.kit.sample.spec import SPEC
from tests.kit.service import RunningService, running_service
from tests.shared.http.conftest import ORG, WRITE
from tests.shared.messaging.tcp_proxy import TcpProxy

Outage = Callable[[TcpProxy], None]


@pytest.fixture
async def url(migrated_database: Callable[[ServiceSpec], str]) -> str:
    return migrated_database(SPEC)


@pytest.fixture
async def proxy(url: str) -> AsyncIterator[TcpProxy]:
    async with TcpProxy(url) as found:
        yield found


@pytest.fixture
async def service(proxy: TcpProxy) -> AsyncIterator[RunningService]:
    async with running_service(SPEC, proxy.url, database_pool_max=2) as found:
        yield found


async def asked(service: RunningService) -> dict[str, httpx.Response]:
    """One of each way to the database."""
    headers = service.headers(WRITE, org=ORG, sub=uuid4())
    client = service.client
    return {
        "hot": await client.get(f"/v1/pages/{uuid4()}"),
        "read": await client.get("/v1/notes", headers=headers),
        "write": await client.post("/v1/notes", json={"title": str(uuid4())}, headers=headers),
        "ready": await client.get("/readyz"),
    }


@pytest.mark.parametrize(
    "outage",
    [TcpProxy.take_away, TcpProxy.recover, TcpProxy.break_connections, TcpProxy.announce_the_end],
    ids=lambda outage: outage.__name__,
)
async def test_nobody_meets_an_internal_error(
    service: RunningService, proxy: TcpProxy, outage: Outage
) -> None:
    usual = {way: answer.status_code for way, answer in (await asked(service)).items()}
    assert usual == {"hot": 404, "read": 200, "write": 201, "ready": 200}
    outage(proxy)
    for _ in range(3):
        for way, answer in (await asked(service)).items():
            assert answer.status_code in {503, usual[way]}, f"{way}: {answer.text}"
            if answer.status_code == 503:
                assert answer.headers["content-type"] == "application/problem+json"
                assert way == "ready" or int(answer.headers["retry-after"]) > 0
    proxy.break_connections()
    proxy.give_back()
    async with asyncio.timeout(30):
        while {way: one.status_code for way, one in (await asked(service)).items()} != usual:
            await asyncio.sleep(0.05)


async def test_a_session_that_the_server_ends_under_a_request(service: RunningService, url: str) -> None:
    headers = service.headers(WRITE, org=ORG, sub=uuid4())
    other = await asyncpg.connect(url)
    async with other.transaction():
        await other.execute("LOCK TABLE note IN ACCESS EXCLUSIVE MODE")
        waiting = asyncio.create_task(
            service.client.post("/v1/notes", json={"title": "waits for the lock"}, headers=headers)
        )
        async with asyncio.timeout(30):
            while not await other.fetchval(
                """SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                   WHERE datname = current_database() AND wait_event_type = 'Lock'"""
            ):
                await asyncio.sleep(0.01)
                # Within a transaction Postgres shows who was busy when it was first asked.
                await other.execute("SELECT pg_stat_clear_snapshot()")
        answer = await waiting
    await other.close()
    assert answer.status_code == 503, answer.text
    again = await service.client.post("/v1/notes", json={"title": "waits for the lock"}, headers=headers)
    assert again.status_code == 201
