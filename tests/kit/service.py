"""A service as its clients meet it: the real application on a real, migrated database of its own."""

import atexit
import functools
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

import asyncpg
import httpx
import pytest

from shared.auth.principal import Kind, Principal
from shared.clock import Clock, SystemClock
from shared.db import migrations
from shared.db.database import Database
from shared.db.unit_of_work import UnitOfWork
from shared.people.key_file import ensure_key_file
from shared.service import Runtime, ServiceApp, ServiceSpec, create_service_app
from shared.settings import ServiceSettings
from tests.kit.postgres import TemplateDatabases
from tests.kit.tokens import Issuer


@dataclass
class RunningService:
    """`client` speaks to the application; `database` looks behind it; `unit_of_work` acts as any principal."""

    app: ServiceApp
    runtime: Runtime
    client: httpx.AsyncClient
    issuer: Issuer

    @property
    def database(self) -> Database:
        return self.runtime.database

    def headers(self, *scopes: str, **claims: Any) -> dict[str, str]:
        return self.issuer.headers(*scopes, **claims)

    def unit_of_work(self, *scopes: str, **claims: Any) -> UnitOfWork:
        principal = Principal(
            sub=claims.get("sub", uuid4()),
            kind=Kind.PERSON,
            org=claims.get("org"),
            roles=frozenset(claims.get("roles", ())),
            scopes=frozenset(scopes),
            cid=uuid4(),
        )
        return UnitOfWork(self.database, principal, self.runtime.clock)


@asynccontextmanager
async def running_service(
    spec: ServiceSpec, url: str, *, clock: Clock | None = None, **settings: Any
) -> AsyncIterator[RunningService]:
    """Start `spec` on the database at `url` (already migrated)."""
    issuer = Issuer(clock or SystemClock())
    known = {"database_url": url, "env": "test", "people_keys": key_file(), **settings}
    made: ServiceSettings = spec.settings(**known)
    app = create_service_app(spec, made, clock=clock, fetch_keys=issuer.fetch)
    async with app.running() as runtime:
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=f"http://{spec.name}") as client:
            yield RunningService(app, runtime, client, issuer)


@functools.cache
def key_file() -> Path:
    """The data keys of this test process. Made here: a service in production makes none by itself."""
    folder = Path(tempfile.mkdtemp(prefix="ashar-keys-"))
    atexit.register(shutil.rmtree, folder)
    ensure_key_file(folder / "keys.json")
    return folder / "keys.json"


class StartService(Protocol):
    async def __call__(
        self, spec: ServiceSpec, *, clock: Clock | None = None, **settings: Any
    ) -> RunningService: ...


@pytest.fixture
def migrated_database(
    template_databases: TemplateDatabases, fresh_database: Callable[[str], str]
) -> Callable[[ServiceSpec], str]:
    """Gives the URL of a fresh database of a service, migrated to head."""

    def migrated(spec: ServiceSpec) -> str:
        template_databases.ensure(spec.name, lambda url: migrations.upgrade(spec.migrations, url))
        return fresh_database(spec.name)

    return migrated


@pytest.fixture
async def start_service(migrated_database: Callable[[ServiceSpec], str]) -> AsyncIterator[StartService]:
    """Starts services, each on a fresh database; all are stopped after the test."""
    async with AsyncExitStack() as stack:

        async def start(spec: ServiceSpec, *, clock: Clock | None = None, **settings: Any) -> RunningService:
            url = migrated_database(spec)
            return await stack.enter_async_context(running_service(spec, url, clock=clock, **settings))

        yield start


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every SQL statement with parameters, and every query without, that this process sends from now on."""
    seen: list[str] = []
    sending = asyncpg.Connection._do_execute

    async def noted(connection: Any, query: str, *arguments: Any, **options: Any) -> Any:
        seen.append(query)
        return await sending(connection, query, *arguments, **options)

    monkeypatch.setattr(asyncpg.Connection, "_do_execute", noted)
    return seen
