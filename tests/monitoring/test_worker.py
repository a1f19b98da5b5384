"""The whole service behind a real broker: what the registry says comes in, what visits say goes out."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import date
from typing import Any

import asyncpg
import pytest

from services.monitoring.spec import SPEC
from shared.clock import FixedClock
from shared.messaging.broker import Outgoing
from shared.messaging.contract import EventPayload
from shared.messaging.local import LocalBroker
from shared.messaging.local_schema import ensure_schema
from shared.worker import create_worker, topics_of
from tests.kit.postgres import TemplateDatabases
from tests.kit.service import RunningService, running_service
from tests.monitoring.field import Field
from tests.monitoring.registry import record_of, standard, tier, world


async def _make_broker(url: str) -> None:
    connection = await asyncpg.connect(url)
    await ensure_schema(connection)
    await connection.close()


@asynccontextmanager
async def working(service: RunningService, url: str, broker_url: str) -> AsyncIterator[LocalBroker]:
    settings: Any = {"database_url": url, "broker_url": broker_url, "env": "test"}
    worker = create_worker(SPEC, SPEC.settings(**settings), clock=service.runtime.clock)
    broker = LocalBroker(broker_url)
    await worker.start()
    await broker.start()
    await broker.ensure_topics(topics_of(SPEC))
    try:
        yield broker
    finally:
        await broker.stop()
        await worker.stop()


async def publish(broker: LocalBroker, *payloads: EventPayload) -> None:
    records = [record_of(payload) for payload in payloads]
    sent = await broker.publish(
        [Outgoing(it.topic, it.key or b"", it.value or b"", it.headers) for it in records]
    )
    assert not any(sent)


async def until(service: RunningService, condition: str) -> None:
    async with asyncio.timeout(30):
        while not await service.database.pool.fetchval(f"SELECT {condition}"):
            await asyncio.sleep(0.05)


@pytest.fixture
def broker_url(template_databases: TemplateDatabases, fresh_database: Callable[[str], str]) -> str:
    template_databases.ensure("monitoring_broker", _make_broker)
    return fresh_database("monitoring_broker")


async def test_from_the_registry_to_a_revised_visit(
    migrated_database: Callable[..., str], broker_url: str, clock: FixedClock
) -> None:
    url = migrated_database(SPEC)
    async with (
        running_service(SPEC, url, clock=clock) as service,
        working(service, url, broker_url) as broker,
    ):
        await publish(broker, *world())
        for table, rows in (
            ("standard", 1),
            ("calendar_year", 1),
            ("service", 2),
            ("territory", 3),
            ("organisation", 2),
        ):
            await until(service, f"(SELECT count(*) = {rows} FROM known_{table})")
        field = Field(service)
        await field.open_campaign()
        visit = await field.approved()
        await publish(broker, standard(2, 2, tiers=(tier(days=1),), valid_from=date(2026, 3, 1)))
        await until(service, "EXISTS (SELECT FROM event WHERE type = 'monitoring.submission.revised.v1')")
        assert (await field.get(visit["id"]))["check"]["verdict"] == "breached"
        await until(service, "NOT EXISTS (SELECT FROM event WHERE published_at IS NULL)")
        kinds = [it["type"].removeprefix("monitoring.") for it in await field.events()]
        assert kinds == [
            "campaign.opened.v1",
            "submission.approved.v1",
            "submission.revised.v1",
            "finding.opened.v1",
        ]
