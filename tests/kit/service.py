"""A service as its clients meet it: the real application on a real, migrated database of its own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx

from shared.auth.principal import Kind, Principal
from shared.clock import Clock, SystemClock
from shared.db.database import Database
from shared.db.unit_of_work import UnitOfWork
from shared.service import Runtime, ServiceApp, ServiceSpec, create_service_app
from shared.settings import ServiceSettings
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
    made: ServiceSettings = spec.settings(database_url=url, env="test", **settings)  # type: ignore[arg-type]
    app = create_service_app(spec, made, clock=clock, fetch_keys=issuer.fetch)
    async with app.running() as runtime:
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=f"http://{spec.name}") as client:
            yield RunningService(app, runtime, client, issuer)
