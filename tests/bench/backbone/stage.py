"""What area `events` runs on: a durable PostgreSQL that keeps commit times, one Kafka broker, and what they hold."""

import asyncio
import json
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg

from deploy.kafka.cluster import KafkaCluster, start_kafka
from deploy.local.postgres import PostgresServer, start_postgres
from services.monitoring.spec import SPEC as MONITORING
from services.registry.spec import SPEC as REGISTRY
from shared.contracts.registry import ORGANISATION_CHANGED
from shared.db import migrations
from shared.db.unit_of_work import slot_of
from shared.ids import uuid7
from tests.bench.stage import CACHE
from tests.shared.messaging.shop import PRICED, create_tables

ITEMS = 5_000
NOTE = "Күтүү 20 мүнөткө созулду, кезек электрондук болду, квитанция берилген жок. " * 3
_EVENT_COLUMNS = (
    "event_id", "type", "topic", "key", "slot", "audience", "occurred_at", "value", "position", "published_at",
)  # fmt: skip
_EXAMPLE = Path("shared/contracts/examples/registry.organisation.changed.v1.json")


@dataclass(frozen=True)
class Backbone:
    postgres: PostgresServer
    kafka: KafkaCluster
    shop: str
    """URL of the service that tells; `market` is told."""
    market: str

    @property
    def bootstrap(self) -> str:
        return self.kafka.bootstrap

    def query(self, url: str, *statements: str) -> Any:
        """Rows of the last of the statements, each a transaction of its own."""

        async def ask() -> Any:
            connection = await asyncpg.connect(url)
            try:
                found: Any = None
                for statement in statements:
                    found = await connection.fetch(statement)
                return found
            finally:
                await connection.close()

        return asyncio.run(ask())

    def empty(self, url: str, tables: str) -> None:
        """The same start for whoever writes next, with no checkpoint due."""
        self.query(url, f"TRUNCATE {tables}")
        self.query(self.postgres.url("postgres"), "CHECKPOINT")

    def fill_outbox(self, count: int) -> None:
        """Committed and positioned events of `ITEMS` aggregates that no relay has seen."""
        asyncio.run(_copy_events(self.shop, [_priced(n) for n in range(count)]))
        self.query(self.shop, "VACUUM ANALYZE event")

    def unpublish(self) -> None:
        """As if no relay had seen them."""
        self.query(self.shop, "UPDATE event SET published_at = NULL", "VACUUM event")

    def registry_with(self, events: int) -> tuple[str, str]:
        """URLs of a registry that has told of so many organisations, and of a monitoring that knows none."""
        registry, monitoring = (
            self.postgres.ensure_database(name, name, secrets.token_hex(16))
            for name in ("registry", "monitoring")
        )
        migrations.upgrade(REGISTRY.migrations, registry)
        migrations.upgrade(MONITORING.migrations, monitoring)
        example = json.loads(_EXAMPLE.read_text())
        asyncio.run(_copy_events(registry, [_organisation(n, example) for n in range(events)]))
        self.query(registry, "VACUUM ANALYZE event")
        return registry, monitoring


@contextmanager
def backbone() -> Iterator[Backbone]:
    """Made anew each time: nothing of it takes long."""
    folder = CACHE / "events"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    settings = {"track_commit_timestamp": "on", "max_wal_size": "4GB"}
    with start_postgres(folder / "postgres", durable=True, max_connections=100, settings=settings) as server:
        shop, market = (
            server.ensure_database(name, name, secrets.token_hex(16)) for name in ("shop", "market")
        )
        for url in (shop, market):
            asyncio.run(create_tables(url))
        kafka = start_kafka(folder / "kafka")
        try:
            found = Backbone(server, kafka, shop, market)
            # Between rounds everything is written out, so that no round pays for the one before.
            found.query(server.url("postgres"), "GRANT pg_checkpoint TO shop, market")
            yield found
        finally:
            kafka.stop()


def _priced(number: int) -> tuple[Any, ...]:
    item, version = number % ITEMS, number // ITEMS + 1
    key = f"00000000-0000-7000-8000-{item:012d}"
    payload = {"id": key, "aggregate_version": version, "price": number, "note": NOTE}
    return _event(PRICED.name, PRICED.topic, key, payload, number + 1, None)


def _organisation(number: int, example: dict[str, Any]) -> tuple[Any, ...]:
    key = str(uuid4())
    payload = {**example, "id": key, "code": f"bench-{number}", "aggregate_version": 1}
    return _event(
        ORGANISATION_CHANGED.name, ORGANISATION_CHANGED.topic, key, payload, number + 1, datetime.now(UTC)
    )


def _event(
    name: str, topic: str, key: str, payload: dict[str, Any], position: int, published_at: datetime | None
) -> tuple[Any, ...]:
    value = json.dumps(payload, ensure_ascii=False).encode()
    return (
        uuid7(), name, topic, key, slot_of(key), "public", datetime.now(UTC), value, position, published_at,
    )  # fmt: skip


async def _copy_events(url: str, rows: list[tuple[Any, ...]]) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("TRUNCATE event RESTART IDENTITY")
        await connection.execute(
            """INSERT INTO epoch (epoch, base_position, system_identifier, timeline, database_oid)
               SELECT gen_random_uuid(), 0, (SELECT system_identifier::text FROM pg_control_system()),
                      ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int,
                      (SELECT oid::bigint FROM pg_database WHERE datname = current_database())
               WHERE NOT EXISTS (SELECT FROM epoch)"""
        )
        await connection.copy_records_to_table("event", records=rows, columns=_EVENT_COLUMNS)
    finally:
        await connection.close()
