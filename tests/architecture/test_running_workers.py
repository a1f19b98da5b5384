"""Running workers tell the same about themselves: health, readiness and what it lacks, figures, progress."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from deploy.fleet.progress import at_rest
from deploy.local.services import SPECS
from shared.messaging.local_schema import ensure_schema
from shared.service import ServiceSpec
from shared.worker import RunningWorker, create_worker
from shared.worker_health import worker_app
from tests.kit.postgres import TemplateDatabases
from tests.shared.messaging.tcp_proxy import TcpProxy

EACH_SPEC = pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
[IDEAS] = [spec for spec in SPECS if spec.name == "ideas_market"]
SECONDS = 30.0


@pytest.fixture
def broker_url(template_databases: TemplateDatabases, fresh_database: Callable[[str], str]) -> str:
    """An empty local broker."""

    async def make(url: str) -> None:
        connection = await asyncpg.connect(url)
        await ensure_schema(connection)
        await connection.close()

    template_databases.ensure("worker_broker", make)
    return fresh_database("worker_broker")


@asynccontextmanager
async def working(
    spec: ServiceSpec, url: str, broker_url: str, member: str = "0"
) -> AsyncIterator[tuple[RunningWorker, httpx.AsyncClient]]:
    """A worker and a client of its health application."""
    values: dict[str, Any] = {
        "database_url": url,
        "broker_url": broker_url,
        "env": "test",
        "database_pool_max": 3,
    }
    settings = spec.settings(**values)
    worker = create_worker(spec, settings, member=member)
    await worker.start()
    app = worker_app(worker, spec, settings)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    try:
        async with httpx.AsyncClient(transport=transport, base_url="http://worker") as client:
            yield worker, client
    finally:
        await worker.stop()


async def readiness(client: httpx.AsyncClient, code: str | None) -> httpx.Response:
    """The answer of /readyz once it is ready (None) or lacks what `code` says."""
    async with asyncio.timeout(SECONDS):
        while True:
            answer = await client.get("/readyz", headers={"Accept-Language": "ky"})
            if (answer.json()["code"] if answer.status_code == 503 else None) == code:
                return answer
            await asyncio.sleep(0.05)


async def rest(*clients: httpx.AsyncClient) -> list[dict[str, Any]]:
    """What the workers of one service tell once they are at rest."""
    async with asyncio.timeout(SECONDS):
        while True:
            told = [(await client.get("/progress")).json() for client in clients]
            if at_rest(told):
                return told
            await asyncio.sleep(0.05)


@EACH_SPEC
async def test_each_tells_the_same(
    spec: ServiceSpec, migrated_database: Callable[[ServiceSpec], str], broker_url: str
) -> None:
    async with working(spec, migrated_database(spec), broker_url) as (worker, client):
        assert (await client.get("/healthz")).json() == {"status": "ok"}
        ready = await readiness(client, None)
        assert ready.json()["checks"] == {
            "database": "ok",
            "migrations": "at head",
            "broker": "ok",
            "loops": "running",
        }
        assert (await client.get("/version")).json()["service"] == spec.name
        [told] = await rest(client)
        assert (told["service"], told["member"], told["unpublished"]) == (spec.name, "0", 0)
        consumers = {loop.consumer.name for loop in worker.opened.consumers}
        assert {one["name"] for one in told["consumers"]} == consumers
        assert all(one["partitions"] == one["of"] > 0 for one in told["consumers"])
        await worker.opened.report()
        figures = (await client.get("/metrics")).text
        families = {family.name: family for family in text_string_to_metric_families(figures)}
        assert {
            "outbox_unpublished",
            "outbox_oldest_age_seconds",
            "relay_published",
            "consumer_handled",
            "job_attempts",
            "http_requests",
        } <= families.keys()
        lag = {sample.labels["consumer"] for sample in families["consumer_lag_records"].samples}
        assert lag == consumers


async def test_what_is_not_there_is_a_problem(
    migrated_database: Callable[[ServiceSpec], str], broker_url: str
) -> None:
    async with working(IDEAS, migrated_database(IDEAS), broker_url) as (_, client):
        for method, path, status in (
            ("GET", "/nowhere", 404),
            ("GET", "/v1/changes", 404),
            ("GET", "/docs", 404),
            ("POST", "/readyz", 405),
        ):
            answer = await client.request(method, path, headers={"Accept-Language": "ru"})
            assert answer.status_code == status, path
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.headers["content-language"] == "ru"


async def test_a_broker_that_is_away_and_comes_back(
    migrated_database: Callable[[ServiceSpec], str], broker_url: str
) -> None:
    async with (
        TcpProxy(broker_url) as proxy,
        working(IDEAS, migrated_database(IDEAS), proxy.url) as (_, client),
    ):
        await rest(client)
        proxy.take_away()
        lacking = await readiness(client, "broker_unreachable")
        assert lacking.headers["content-type"] == "application/problem+json"
        assert lacking.json()["title"] == "Брокер жеткиликсиз"
        assert (await client.get("/healthz")).status_code == 200, "a restart would not help"
        told = (await client.get("/progress")).json()
        assert not at_rest([told])
        proxy.give_back()
        await readiness(client, None)
        await rest(client)


async def test_a_database_that_is_behind_or_away(
    migrated_database: Callable[[ServiceSpec], str], broker_url: str
) -> None:
    url = migrated_database(IDEAS)
    async with TcpProxy(url) as proxy, working(IDEAS, proxy.url, broker_url) as (worker, client):
        await readiness(client, None)
        known = await worker.database.pool.fetchval("SELECT version_num FROM alembic_version")
        await worker.database.pool.execute("UPDATE alembic_version SET version_num = '0000'")
        await readiness(client, "migrations_pending")
        await worker.database.pool.execute("UPDATE alembic_version SET version_num = $1", known)
        await readiness(client, None)
        proxy.take_away()
        await readiness(client, "database_unreachable")
        unknown = await client.get("/progress")
        assert (unknown.status_code, unknown.json()["code"]) == (503, "database_unreachable")
        proxy.give_back()
        await readiness(client, None)
        await rest(client)


async def test_members_share_the_partitions_between_them(
    migrated_database: Callable[[ServiceSpec], str], broker_url: str
) -> None:
    url = migrated_database(IDEAS)
    async with (
        working(IDEAS, url, broker_url, "0") as (_, one),
        working(IDEAS, url, broker_url, "1") as (_, other),
    ):
        async with asyncio.timeout(SECONDS):
            while True:
                first, second = await rest(one, other)
                held = [sum(part["partitions"] for part in told["consumers"]) for told in (first, second)]
                if all(held):
                    break
        assert (first["member"], second["member"]) == ("0", "1")
        assert sum(held) == sum(part["of"] for part in first["consumers"])


async def test_one_that_stops_says_so(
    migrated_database: Callable[[ServiceSpec], str], broker_url: str
) -> None:
    async with working(IDEAS, migrated_database(IDEAS), broker_url) as (worker, client):
        await readiness(client, None)
        stopping = asyncio.create_task(worker.opened.stop())
        await readiness(client, "shutting_down")
        await stopping


async def test_loops_that_do_not_run_are_named(
    migrated_database: Callable[[ServiceSpec], str], broker_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with working(IDEAS, migrated_database(IDEAS), broker_url) as (worker, client):
        await readiness(client, None)
        monkeypatch.setattr(type(worker.opened.consumers[0]), "stalled", True)
        lacking = await readiness(client, "loops_not_running")
        names = {f"consumer {loop.consumer.name}" for loop in worker.opened.consumers}
        assert set(lacking.json()["loops"].split(", ")) == names
        assert all(name in lacking.json()["detail"] for name in names)
