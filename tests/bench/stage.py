"""What area `core` runs on: a durable PostgreSQL with the registry and monitoring, seeded, kept under var/bench."""

import asyncio
import hashlib
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg

from deploy.local.postgres import PostgresServer, start_postgres
from services.monitoring.spec import SPEC as MONITORING
from services.registry.spec import SPEC as REGISTRY
from shared.db import migrations
from tests.bench.generated import fill_monitoring, fill_registry

CACHE = Path("var/bench").absolute()
SOURCES = (
    "services/registry",
    "services/monitoring",
    "shared/db",
    "shared/contracts/examples",
    "tests/bench/generated.py",
)
"""What decides whether a kept database is still the right one."""
QUIET_SECONDS = 10.0
BUSY = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND state <> 'idle' AND pid <> pg_backend_pid()
"""


@dataclass(frozen=True)
class Stage:
    """Where the databases are, and what lives in them."""

    postgres: PostgresServer
    registry_url: str
    monitoring_url: str
    keys: Path

    def query(self, url: str, sql: str, *values: Any) -> Any:
        """One value out of a database."""

        async def ask() -> Any:
            connection = await asyncpg.connect(url)
            try:
                return await connection.fetchval(sql, *values)
            finally:
                await connection.close()

        return asyncio.run(ask())

    def service_id(self, code: str) -> UUID:
        found: UUID = self.query(self.registry_url, "SELECT id FROM service WHERE code = $1", code)
        return found

    def clear_visits(self) -> None:
        """No visits, no audit rows, and no checkpoint due: the same start for whoever writes next."""
        deadline = time.monotonic() + QUIET_SECONDS
        while self.query(self.monitoring_url, BUSY):  # requests a load left behind when it ended
            if time.monotonic() > deadline:
                raise TimeoutError("the database does not come to rest")
        with self._audit_removable():
            self.query(
                self.monitoring_url,
                "TRUNCATE submission, submission_check, submission_version, submission_monitor, finding, audit",
            )
        self.query(self.postgres.url("postgres"), "CHECKPOINT")

    @contextmanager
    def _audit_removable(self) -> Iterator[None]:
        trigger = "TRIGGER audit_rows_stay"
        self.query(self.monitoring_url, f"ALTER TABLE audit DISABLE {trigger}")
        try:
            yield
        finally:
            self.query(self.monitoring_url, f"ALTER TABLE audit ENABLE ALWAYS {trigger}")


@contextmanager
def stage() -> Iterator[Stage]:
    """The kept databases, made anew where the code they were made from has changed."""
    folder = CACHE / f"core-{_digest()}"
    ready = folder / "ready"
    if not ready.exists():
        for older in CACHE.glob("core-*"):
            shutil.rmtree(older)
        folder.mkdir(parents=True)
    with start_postgres(folder / "postgres", durable=True, max_connections=100) as server:
        registry, monitoring = (
            server.ensure_database(name, name, secrets.token_hex(16)) for name in ("registry", "monitoring")
        )
        found = Stage(server, registry, monitoring, folder / "keys")
        if not ready.exists():
            _fill(found)
            ready.touch()
        yield found


def _fill(found: Stage) -> None:
    migrations.upgrade(REGISTRY.migrations, found.registry_url)
    migrations.upgrade(MONITORING.migrations, found.monitoring_url)
    asyncio.run(fill_registry(found.registry_url))
    asyncio.run(fill_monitoring(found.monitoring_url))
    for url in (found.registry_url, found.monitoring_url):
        found.query(url, "VACUUM ANALYZE")


def _digest() -> str:
    digest = hashlib.sha256()
    for source in map(Path, SOURCES):
        files = sorted(source.rglob("*")) if source.is_dir() else [source]
        for file in files:
            if file.suffix in {".py", ".csv", ".json"}:
                digest.update(file.read_bytes())
    return digest.hexdigest()[:12]
